//! `dragline gallery`: the pictures of any page, in a browser.

use dragline::{Registry, Settings};
use dragline_gallery::{Gallery, Told};
use toml::Value;

use crate::browser;
use crate::crawl::Signals;
use crate::exit::Exit;
use crate::layers;
use crate::options::gallery::Gallery as Command;
use crate::source::log;
use crate::terminal::{message, print, say};

/// Answers until Ctrl-C, or a service manager's SIGTERM.
pub(crate) fn run(registry: Registry, command: &Command) -> anyhow::Result<Exit> {
    let mut layers = layers::read(&command.configured)?;
    for (key, value) in [("bind", &command.bind), ("copies", &command.copies), ("token_file", &command.token_file)] {
        if let Some(value) = value {
            layers.add_flag(&format!("gallery.{key}={}", Value::String(value.clone())))?;
        }
    }
    if !command.host.is_empty() {
        let hosts = command.host.iter().cloned().map(Value::String).collect();
        layers.add_flag(&format!("gallery.hosts={}", Value::Array(hosts)))?;
    }
    let _log = log(&command.log_level, &Settings::read(&layers)?)?;
    keep_to_itself();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let gallery = Gallery::bind(registry, layers).await?;
        let mut signals = Signals::listen();
        tell(gallery.told())?;
        if command.open
            && let Err(error) = browser::open_gallery(gallery.address()?)
        {
            say(&message(&error));
        }
        gallery.run(async move { signals.next().await }).await?;
        Ok(Exit::Finished)
    })
}

/// What the operator has to know. The first line ends in the address.
fn tell(told: &Told) -> std::io::Result<()> {
    let mut text = format!("The gallery is at {}", told.url);
    if let Some(token) = &told.token {
        text.push_str(&format!("\nIts access token, which is not shown again: {token}"));
    }
    if told.copies.is_some() {
        text.push_str(
            "\nAll pictures come from here (`copies = \"always\"`), since it answers others than this machine.",
        );
    }
    text.push_str("\nCtrl-C ends it.");
    print(&text)
}

/// Tokens and cookies are in memory: no core is written, and no other process of the same user reads it (FAULTS, L05).
#[cfg(target_os = "linux")]
fn keep_to_itself() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // where the system does not let us, it is as it was
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// There is no such switch.
#[cfg(not(target_os = "linux"))]
fn keep_to_itself() {}
