//! The runner: the spiders of this project, by name.

mod {{module}};

use std::process::ExitCode;

use dragline::Registry;

fn main() -> ExitCode {
    let registry = Registry::new()
        // a spider that is not here is not known; pipelines and formats of feeds are added in the same way
        .spider::<{{module}}::{{Type}}>();
    dragline_cli::main(registry)
}
