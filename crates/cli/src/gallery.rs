//! `dragline gallery`: the pictures of any page, in a browser.

use dragline::{Registry, Settings};
use dragline_gallery::Gallery;
use toml::Value;

use crate::exit::Exit;
use crate::layers;
use crate::options::gallery::Gallery as Command;
use crate::source::log;
use crate::terminal::print;

/// Answers until Ctrl-C.
pub(crate) fn run(registry: Registry, command: &Command) -> anyhow::Result<Exit> {
    let mut layers = layers::read(&command.configured)?;
    for (key, value) in [("bind", &command.bind), ("copies", &command.copies)] {
        if let Some(value) = value {
            layers.add_flag(&format!("gallery.{key}={}", Value::String(value.clone())))?;
        }
    }
    let _log = log(&command.log_level, &Settings::read(&layers)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let gallery = Gallery::bind(registry, layers).await?;
        print(&format!("The gallery is at {}\nCtrl-C ends it.", gallery.told().url))?;
        gallery.run(async { drop(tokio::signal::ctrl_c().await) }).await?;
        Ok(Exit::Finished)
    })
}
