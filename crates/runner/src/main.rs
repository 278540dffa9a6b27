//! The binary `dragline`: the spiders and components of this workspace, by name. A runner of your own is these lines
//! with your spiders in them.

use std::process::ExitCode;

use dragline::Registry;

fn main() -> ExitCode {
    let registry = Registry::new()
        .spider::<books::Books>()
        .spider::<kodak_pulse::KodakPulse>()
        .spider::<page_images::PageImages>()
        .spider::<shelf::Shelf>()
        .spider::<site::Site>()
        .pipeline::<dragline_items::Validate>()
        .pipeline::<dragline_items::Dedupe>()
        .pipeline::<dragline_images::Images>()
        .pipeline::<dragline_images::Files>()
        .pipeline::<dragline_images::hotlink::Hotlink>()
        .provide(dragline_store::Stores::new().with(dragline_objects::Objects).with(dragline_ftp::Ftp))
        .feed_format(dragline_sqlite::sqlite())
        .feed_storage(dragline_objects::Objects);
    #[cfg(feature = "parquet")]
    let registry = registry.feed_format(dragline_parquet::parquet());
    dragline_cli::main(registry)
}
