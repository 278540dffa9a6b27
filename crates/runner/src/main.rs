//! The binary `dragline`: the spiders and components of this workspace, by name. A runner of your own is these lines
//! with your spiders in them.

use std::process::ExitCode;

use dragline::Registry;

fn main() -> ExitCode {
    dragline_cli::main(
        Registry::new()
            .spider::<books::Books>()
            .spider::<kodak_pulse::KodakPulse>()
            .spider::<site::Site>()
            .pipeline::<dragline_images::Images>(),
    )
}
