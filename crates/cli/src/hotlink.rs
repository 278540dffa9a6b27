//! `dragline hotlink`: whether a site lets others show its pictures, and the evidence.

mod shown;
mod subjects;

use dragline::{Fetcher, Registry, Settings};
use dragline_images::hotlink::{self, Judge, Report, Robots, Subject, Verdict};
use futures_util::StreamExt as _;
use indicatif::ProgressBar;

use self::subjects::{Found, Visitor};
use crate::exit::Exit;
use crate::options::hotlink::Hotlink;
use crate::progress;
use crate::source::{asked_for, log, usage};
use crate::terminal::{json, print, say};

/// Hosts that are asked at once. Each of them is asked for one picture at a time.
const AT_ONCE: usize = 8;

/// Judges pictures.
pub(crate) fn run(registry: &Registry, command: &Hotlink) -> anyhow::Result<Exit> {
    if command.max == 0 {
        return Err(usage("`--max 0` leaves no picture: 1 or more".to_owned()));
    }
    let places = subjects::read(command)?;
    let layers = asked_for(&command.configured)?;
    let fetcher = Fetcher::build(registry, &layers, None)?;
    let _log = log(&command.log_level, &Settings::read(&layers)?)?;
    let robots = if command.robots { Robots::Obeyed } else { Robots::PassedOver };
    let settings = hotlink::Settings {
        max_body: command.max_body.as_u64(),
        timeout: command.timeout,
        patience: command.patience,
        robots,
        ..hotlink::Settings::default()
    };
    let judge = Judge::new(fetcher.wire().clone(), settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let exit = runtime.block_on(async {
        let found = Visitor::new(&fetcher, command).find(&places).await?;
        let exit = judge_all(&judge, &found, command).await;
        fetcher.close().await;
        exit
    });
    runtime.shutdown_background();
    exit
}

async fn judge_all(judge: &Judge, found: &Found, command: &Hotlink) -> anyhow::Result<Exit> {
    let bar = progress::bar("hotlink");
    let all = found.subjects.len();
    let mut reports = futures_util::stream::iter(&found.subjects).map(|subject| judge.judge(subject)).buffered(AT_ONCE);
    let (mut done, mut untold) = (0, false);
    show(bar.as_ref(), done, all, found.subjects.first());
    while let Some(report) = reports.next().await {
        done += 1;
        untold |= !report.verdict.is_told();
        hidden(bar.as_ref(), || say_report(command, &report))?;
        if report.verdict == Verdict::Forbidden && report.page == Subject::alone(report.picture.clone()).page {
            let picture = shown::url(&report.picture);
            hidden(bar.as_ref(), || {
                note(&format!("{picture} was asked for as from its own site; `--page URL` names another page"))
            });
        }
        show(bar.as_ref(), done, all, found.subjects.get(done));
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(if all == 0 || untold || found.is_missing { Exit::Failed } else { Exit::Finished })
}

fn say_report(command: &Hotlink, report: &Report) -> anyhow::Result<()> {
    if command.json {
        print(&json(&shown::object(report)))?;
    } else {
        shown::lines(report).iter().try_for_each(|line| print(line))?;
    }
    Ok(())
}

/// What is printed while the progress line is out of the way.
fn hidden<T>(bar: Option<&ProgressBar>, print: impl FnOnce() -> T) -> T {
    match bar {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

fn show(bar: Option<&ProgressBar>, done: usize, all: usize, next: Option<&Subject>) {
    if let (Some(bar), Some(next)) = (bar, next) {
        bar.set_message(format!("{done} of {all} pictures  {}", shown::url(&next.picture)));
        bar.tick();
    }
}

/// A page of which nothing more can be said.
fn note(text: &str) {
    say(&format!("note: {text}"));
}
