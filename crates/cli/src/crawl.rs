//! `dragline crawl`: a spider by its name, from the first setting to the exit code.

use std::fs::OpenOptions;
use std::io::{ErrorKind, IsTerminal};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use dragline::error::{Error, Result};
use dragline::settings::Layers;
use dragline::{Crawl, Registry, Report, Stopper, feed};
use toml::Value;

use crate::exit::Exit;
use crate::fail_on::FailOn;
use crate::log::Log;
use crate::options::{self, LogFormat, Logging};
use crate::settings::is_secret;
use crate::terminal::{escape, message};
use crate::{layers, progress, report};

/// Runs a spider.
pub(crate) fn run(registry: Registry, command: &options::Crawl) -> anyhow::Result<Exit> {
    let (registry, spider) = declared(registry, &command.spider)?;
    // an unknown name comes before everything that is wrong with its arguments
    registry.spider_settings(&spider)?;
    let mut layers = layers::read(&command.configured)?;
    for argument in &command.argument {
        layers.add_argument(&spider, argument)?;
    }
    add_feeds(&registry, &mut layers, &command.output, &command.overwrite)?;
    if let Some(folder) = &command.job {
        let folder = Value::String(folder.to_string_lossy().into_owned());
        layers.add_flag(&format!("job.dir={folder}"))?;
    }
    if let Some(file) = &command.cookies {
        let file = Value::String(file.to_string_lossy().into_owned());
        layers.add_flag(&format!("middlewares.cookies.file={file}"))?;
    }
    if command.no_traps {
        layers.add_flag("traps.enabled=false")?;
    }
    let crawl = build(&registry, &spider, &mut layers)?;
    if let Some(path) = &command.stats {
        // now, and not after an hour of crawling
        let is_new = !path.exists();
        OpenOptions::new().create(true).append(true).open(path).map_err(|source| unwritable(path, source))?;
        if is_new {
            // it is not there before there is something in it
            std::fs::remove_file(path).map_err(|source| unwritable(path, source))?;
        }
    }
    let (report, log) = drive(crawl, &command.logging)?;
    // first what a program waits for: a terminal may have stopped reading
    if let Some(path) = &command.stats {
        let json = report.to_json().context("the report cannot be written as JSON")?;
        std::fs::write(path, json + "\n").map_err(|source| unwritable(path, source))?;
    }
    Ok(conclude(&spider, &report, &command.fail_on, &command.logging, &log))
}

/// The registry with the spider of a file, if what was given is one, and the spider's name.
pub(crate) fn declared(registry: Registry, spider: &str) -> Result<(Registry, String)> {
    if spider.ends_with(".toml") { registry.declared(Path::new(spider)) } else { Ok((registry, spider.to_owned())) }
}

fn unwritable(path: &Path, source: std::io::Error) -> Error {
    Error::Disk { what: "the report", path: path.to_owned(), source }
}

/// `-o` and `-O` beside the feeds of the settings.
fn add_feeds(registry: &Registry, layers: &mut Layers, append: &[String], overwrite: &[String]) -> Result<()> {
    let of =
        |flags: &[String], mode| -> Vec<_> { flags.iter().map(|flag| feed::Settings::from_flag(flag, mode)).collect() };
    let flags = [of(append, feed::Mode::Append), of(overwrite, feed::Mode::Overwrite)].concat();
    if flags.is_empty() {
        return Ok(());
    }
    let mut feeds = match layers.merged().get("feeds") {
        Some(Value::Array(feeds)) => feeds.clone(),
        _ => Vec::new(),
    };
    for feed in flags {
        registry.feeds().plan(&feed)?;
        feeds.push(Value::try_from(feed).map_err(Error::other)?);
    }
    layers.add_flag(&format!("feeds={}", Value::Array(feeds)))
}

/// Puts the crawl together; a secret that is missing is asked for, where there is somebody to ask.
fn build(registry: &Registry, spider: &str, layers: &mut Layers) -> Result<Crawl> {
    loop {
        match Crawl::build(registry, spider, layers) {
            Err(Error::MissingArgument { key, .. }) if is_secret(&key) && std::io::stdin().is_terminal() => {
                let Ok(secret) = rpassword::prompt_password(format!("{key} for {spider}: ")) else {
                    return Err(Error::MissingArgument { spider: spider.to_owned(), key });
                };
                layers.add_argument(spider, &format!("{key}={secret}"))?;
            }
            built => return built,
        }
    }
}

/// Runs a crawl with progress, log and signals.
pub(crate) fn drive(crawl: Crawl, logging: &Logging) -> anyhow::Result<(Report, Log)> {
    let bar = progress::bar(crawl.spider()).filter(|_| logging.log == LogFormat::Text);
    let log = Log::start(logging, &crawl.settings().log, bar.clone())?;
    stop_on_signals(crawl.stopper(), crawl.settings().crawl.grace, log.clone())?;
    // One thread for all input and output: a connection pool that is shared between threads costs more than it gains,
    // and pages are parsed and pictures decoded elsewhere.
    let (begin, watch) = (Instant::now(), crawl.watch());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let shown = tokio::spawn(progress::show(crawl.watch(), bar.clone(), begin));
        let report = crawl.run().await;
        shown.abort();
        report
    });
    // a decoder that is still at work after the grace has nobody to tell
    runtime.shutdown_background();
    log.flush();
    match (&bar, &report) {
        (Some(bar), Ok(report)) => progress::finish(bar, &watch, &report.progress, begin),
        (Some(bar), Err(_)) => bar.finish_and_clear(),
        (None, _) => {}
    }
    Ok((report?, log))
}

/// The first signal stops the crawl, the second the process. On a thread of its own, so that neither a busy crawl nor
/// a terminal that has stopped reading keeps them waiting.
fn stop_on_signals(stopper: Stopper, grace: Duration, log: Log) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (ready, listening) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new().name("dragline-signals".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let mut signals = Signals::listen();
            let _ = ready.send(());
            signals.next().await;
            stopper.stop();
            log.say(&format!(
                "stopping: what is under way may end within {}s; once more to stop at once",
                grace.as_secs()
            ));
            signals.next().await;
            log.say("stopped at once");
            log.flush();
            std::process::exit(Exit::Forced as i32);
        });
    })?;
    // from here on a signal is heard
    let _ = listening.recv();
    Ok(())
}

/// Ctrl-C, and what a supervisor sends.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
    /// The terminal is gone.
    hang_up: Option<tokio::signal::unix::Signal>,
    /// SIGXFSZ, which would end the process: a file over its limit is an error like a full disk.
    #[expect(dead_code, reason = "held so that it is not what the system makes of it")]
    too_large: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).ok();
        Self {
            interrupt: listen(SignalKind::interrupt()),
            terminate: listen(SignalKind::terminate()),
            hang_up: listen(SignalKind::hangup()),
            too_large: listen(SignalKind::from_raw(25)),
        }
    }

    pub(crate) async fn next(&mut self) {
        async fn heard(signal: Option<&mut tokio::signal::unix::Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = heard(self.interrupt.as_mut()) => {}
            () = heard(self.terminate.as_mut()) => {}
            () = heard(self.hang_up.as_mut()) => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn listen() -> Self {
        Self
    }

    pub(crate) async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Prints the report, and in one line what it means where that is not plain success.
pub(crate) fn conclude(spider: &str, report: &Report, fail_on: &[FailOn], logging: &Logging, log: &Log) -> Exit {
    match logging.log {
        LogFormat::Text => log.say(&report::text(spider, report)),
        LogFormat::Json => log.say(&report::line(spider, report)),
    }
    let (exit, meaning) = verdict(report, fail_on);
    if let Some(meaning) = meaning {
        log.say(&meaning);
    }
    log.flush();
    exit
}

fn verdict(report: &Report, fail_on: &[FailOn]) -> (Exit, Option<String>) {
    let pending = report.progress.pending;
    let go_on = match &report.job {
        Some(job) => {
            format!("run the same command again to go on (the job is in `{}`)", escape(&job.to_string_lossy()))
        }
        None => {
            "run the same command again to begin anew; with --job DIR it would go on; images that are in the store \
                 are not fetched again"
                .to_owned()
        }
    };
    if let Some(error) = &report.error {
        let (what, exit) = match (report.reason, error) {
            ("sign_in_failed", Error::SignIn(_)) => ("", Exit::SignIn),
            ("sign_in_failed", _) => ("signing in failed: ", Exit::SignIn),
            // `dragline … -o - | head` has what it wants
            (_, Error::Disk { path, source, .. })
                if path.as_os_str() == "-" && source.kind() == ErrorKind::BrokenPipe =>
            {
                return (Exit::Stopped, None);
            }
            _ => ("", Exit::of_engine(error)),
        };
        let go_on = if report.job.is_some() { format!("\n{go_on}") } else { String::new() };
        return (exit, Some(format!("error: {what}{}{go_on}", message(error))));
    }
    if report.reason == "shutdown" {
        return (Exit::Stopped, Some(format!("stopped: {pending} requests were not done: {go_on}")));
    }
    let broken: Vec<String> = fail_on.iter().filter_map(|rule| rule.broken_by(report)).collect();
    let limit = report.reason.strip_prefix("closespider_");
    let stopped = limit.map(|limit| format!("limit reached ({limit}): {pending} requests were not done: {go_on}"));
    if broken.is_empty() {
        return (Exit::Finished, stopped);
    }
    let rules = broken.iter().map(|rule| format!("error: finished, but over the rule --fail-on: {rule}"));
    (Exit::Failed, Some(stopped.into_iter().chain(rules).collect::<Vec<_>>().join("\n")))
}
