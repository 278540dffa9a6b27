//! `dragline new`: a project that builds and passes its test at once, or a spider in one.

mod names;
mod project;
mod runner;
mod template;

use crate::exit::Exit;
use crate::options::new::{New, What};
use crate::terminal::print;

use self::names::Names;

/// Does what is asked.
pub(crate) fn run(command: &New) -> anyhow::Result<Exit> {
    let said = match &command.what {
        What::Project { name, template, dragline } => {
            project::begin(&Names::of(name)?, *template, dragline.as_deref())?
        }
        What::Spider { name, template } => project::add(&Names::of(name)?, *template)?,
    };
    said.iter().try_for_each(|line| print(line))?;
    Ok(Exit::Finished)
}
