//! The runner: spiders that are files need no line here, those in Rust are added to the registry.

use std::process::ExitCode;

use dragline::Registry;

fn main() -> ExitCode {
    dragline_cli::main(Registry::new())
}
