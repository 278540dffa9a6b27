//! `dragline links`: where a page leads.

use dragline::Registry;

use crate::exit::Exit;
use crate::options::reading::Links;
use crate::source::{Place, Reader};
use crate::terminal::{line, print, say};

/// Prints the links.
pub(crate) fn run(registry: &Registry, command: &Links) -> anyhow::Result<Exit> {
    let place = Place::read(&command.source)?;
    let reader = Reader::build(registry, &command.reading)?;
    let page = reader.page(&place)?;
    let mut count = 0_usize;
    for link in page.links() {
        count += 1;
        print(&line(link.as_str()))?;
    }
    if count == 0 && !reader.knows_base(&place) {
        say("note: relative links need `--base URL`: where the page came from");
    }
    reader.close();
    Ok(if count > 0 { Exit::Finished } else { Exit::Failed })
}
