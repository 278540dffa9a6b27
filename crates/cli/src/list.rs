//! `dragline list`

use dragline::Registry;

use crate::exit::Exit;
use crate::terminal::{escape, print};

/// One name a line.
pub(crate) fn run(registry: &Registry) -> anyhow::Result<Exit> {
    for name in registry.spiders() {
        print(&escape(name))?;
    }
    Ok(Exit::Finished)
}
