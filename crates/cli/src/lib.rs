//! The command line of Dragline, for any registry of spiders. A runner is three lines:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     dragline_cli::main(dragline::Registry::new()) // .spider::<Yours>()
//! }
//! ```

mod browser;
mod cache;
mod crawl;
mod demo;
mod descriptors;
mod exit;
mod fail_on;
mod fetch;
mod gallery;
mod hotlink;
mod job;
mod layers;
mod links;
mod list;
mod log;
mod new;
mod options;
mod parse;
mod progress;
mod replica;
mod report;
mod schema;
mod select;
mod settings;
mod shell;
mod source;
mod store;
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use dragline::Registry;

pub use exit::Exit;
use options::{Command, Options};

/// The built-in settings: every key, its comment, its unit, its default.
pub const DEFAULTS: &str = include_str!("../../../config/default.toml");

/// Reads the command line, does what it says, and gives the process its exit code.
#[must_use]
pub fn main(registry: Registry) -> ExitCode {
    terminal::quiet_panics();
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(message) => {
            // help and version are messages too, and no errors
            let _ = message.print();
            return if message.use_stderr() { Exit::Usage } else { Exit::Finished }.into();
        }
    };
    descriptors::raise();
    let ended = match &options.command {
        Command::Crawl(command) => crawl::run(registry, command),
        Command::Fetch(command) => fetch::run(&registry, command),
        Command::Select(command) => select::run(&registry, command),
        Command::Links(command) => links::run(&registry, command),
        Command::Parse(command) => parse::run(registry, command),
        Command::Shell(command) => shell::run(&registry, command),
        Command::Gallery(command) => gallery::run(registry, command),
        Command::Hotlink(command) => hotlink::run(&registry, command),
        Command::New(command) => new::run(command),
        Command::List => list::run(&registry),
        Command::Schema { spider } => schema::run(&registry, spider),
        Command::Job(command) => job::run(command),
        Command::Cache(command) => cache::run(command),
        Command::Store(command) => store::run(&registry, command),
        Command::Settings(command) => settings::run(&registry, command),
        Command::Replica(command) => replica::run(command),
        Command::Demo(command) => demo::run(&registry, command),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::error(error.as_ref());
            Exit::of(&error).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use dragline::settings::{Layers, Settings};

    #[test]
    fn the_default_file_says_what_the_code_does() {
        let layers = Layers::new(super::DEFAULTS).expect("TOML");
        let mut settings = Settings::read(&layers).expect("settings");
        // the tables of components are read by the components; see below
        settings.middlewares.clear();
        settings.pipelines.each.clear();
        settings.gallery.clear();
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn the_tables_of_components_say_what_the_code_does() {
        use dragline::downloader::middlewares::{
            auth, cache, cookies, decompression, headers, meta_refresh, offsite, proxy, redirect, referrer, retry,
            robots,
        };
        let defaults: toml::Table = toml::from_str(super::DEFAULTS).expect("TOML");
        let read = |path: [&str; 2]| defaults[path[0]][path[1]].clone();
        let retry: retry::Settings = read(["middlewares", "retry"]).try_into().expect("settings");
        assert_eq!(retry, retry::Settings::default());
        let redirect: redirect::Settings = read(["middlewares", "redirect"]).try_into().expect("settings");
        assert_eq!(redirect, redirect::Settings::default());
        let cookies: cookies::Settings = read(["middlewares", "cookies"]).try_into().expect("settings");
        assert_eq!(cookies, cookies::Settings::default());
        let referrer: referrer::Settings = read(["middlewares", "referrer"]).try_into().expect("settings");
        assert_eq!(referrer, referrer::Settings::default());
        let robots: robots::Settings = read(["middlewares", "robots"]).try_into().expect("settings");
        assert_eq!(robots, robots::Settings::default());
        let cache: cache::Settings = read(["middlewares", "cache"]).try_into().expect("settings");
        assert_eq!(cache, cache::Settings::default());
        let headers: headers::Settings = read(["middlewares", "headers"]).try_into().expect("settings");
        assert_eq!(headers, headers::Settings::default());
        let offsite: offsite::Settings = read(["middlewares", "offsite"]).try_into().expect("settings");
        assert_eq!(offsite, offsite::Settings::default());
        let auth: auth::Settings = read(["middlewares", "auth"]).try_into().expect("settings");
        assert_eq!(auth, auth::Settings::default());
        let refresh: meta_refresh::Settings = read(["middlewares", "meta-refresh"]).try_into().expect("settings");
        assert_eq!(refresh, meta_refresh::Settings::default());
        let unpacking: decompression::Settings = read(["middlewares", "decompression"]).try_into().expect("settings");
        assert_eq!(unpacking, decompression::Settings::default());
        let proxy: proxy::Settings = read(["middlewares", "proxy"]).try_into().expect("settings");
        assert_eq!(proxy, proxy::Settings::default());
        let images: dragline_images::Settings = read(["pipelines", "images"]).try_into().expect("settings");
        assert_eq!(images, dragline_images::Settings::default());
        let files: dragline_images::FilesSettings = read(["pipelines", "files"]).try_into().expect("settings");
        assert_eq!(files, dragline_images::FilesSettings::default());
        let hotlink: dragline_images::hotlink::PipelineSettings =
            read(["pipelines", "hotlink"]).try_into().expect("settings");
        assert_eq!(hotlink, dragline_images::hotlink::PipelineSettings::default());
        let gallery: dragline_gallery::Settings = defaults["gallery"].clone().try_into().expect("settings");
        assert_eq!(gallery, dragline_gallery::Settings::default());
        let validate: dragline_items::validate::Settings =
            read(["pipelines", "validate"]).try_into().expect("settings");
        assert_eq!(validate, dragline_items::validate::Settings::default());
        let dedupe: dragline_items::dedupe::Settings = read(["pipelines", "dedupe"]).try_into().expect("settings");
        assert_eq!(dedupe, dragline_items::dedupe::Settings::default());
    }
}
