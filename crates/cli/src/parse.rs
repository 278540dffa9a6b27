//! `dragline parse`: what a spider makes of one page, and of those that it leads to, as a tree.

mod tree;

use std::collections::HashSet;

use anyhow::Context as _;
use dragline::message::{Failure, Record, Request, Response, Sealed};
use dragline::{Error, Registry, Trial};
use serde_json::{Map, Value};
use url::Url;

use crate::crawl::declared;
use crate::exit::Exit;
use crate::options::reading::Parse;
use crate::source::{Place, asked, asked_for, from_disk, log, usage};
use crate::terminal::{pretty_json, print, say};

/// A page, and what came of it.
#[derive(Debug)]
pub(crate) struct Branch {
    url: Url,
    step: Step,
    status: Option<u16>,
    requests: Vec<Wish>,
    items: Vec<(String, Map<String, Value>)>,
    counts: Vec<(String, u64)>,
    error: Option<String>,
}

/// A step: as its author's `Debug` prints it, and as it is sealed.
#[derive(Debug, Clone)]
struct Step {
    shown: String,
    sealed: Value,
}

/// A request that came of a page, and what came of it, if it was fetched.
#[derive(Debug)]
struct Wish {
    method: String,
    url: Url,
    step: Step,
    page: Option<Branch>,
}

/// Fetches, parses, prints.
pub(crate) fn run(registry: Registry, command: &Parse) -> anyhow::Result<Exit> {
    let (registry, spider) = declared(registry, &command.spider)?;
    registry.spider_settings(&spider)?;
    let place = Place::read(&command.source)?;
    let url = command.url.as_deref().map(Url::parse).transpose();
    let url = url.map_err(|error| usage(format!("`--url` is no URL: {error}")))?;
    if url.is_some() && matches!(place, Place::Url(_)) {
        return Err(usage("`--url` says where a file came from, and this is no file".to_owned()));
    }
    let mut layers = asked_for(&command.configured)?;
    for argument in &command.argument {
        layers.add_argument(&spider, argument)?;
    }
    let trial = Trial::build(&registry, &spider, &layers)?;
    let _log = log(&command.log_level, trial.settings())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let branch = runtime.block_on(async {
        let mut walk = Walk { trial: &trial, fetched: HashSet::new(), room: command.pages, is_open: command.no_open };
        let branch = walk.begin(command, &place, url).await;
        trial.close().await;
        branch
    });
    runtime.shutdown_background();
    let branch = branch?;
    if command.json {
        print(&pretty_json(&branch.to_json()))?;
    } else {
        branch.lines().iter().try_for_each(|line| print(line))?;
    }
    Ok(if branch.is_understood() { Exit::Finished } else { Exit::Failed })
}

/// The way from page to page.
struct Walk<'t> {
    trial: &'t Trial,
    fetched: HashSet<(String, Url)>,
    /// Pages that may still be fetched.
    room: usize,
    is_open: bool,
}

impl Walk<'_> {
    async fn begin(&mut self, command: &Parse, place: &Place, url: Option<Url>) -> anyhow::Result<Branch> {
        let known = match place {
            Place::Url(url) => Some(url.clone()),
            _ => url.clone(),
        };
        let step = self.step(command, known.as_ref())?;
        let request = match place {
            Place::Url(url) => asked(url.clone()),
            _ => {
                if url.is_none() {
                    say("note: relative links need `--url URL`: where the page came from");
                }
                let response = from_disk(place, url, self.trial.settings())?;
                return Box::pin(self.read(&step, response, 0, command.depth)).await;
            }
        };
        match self.fetch(request).await? {
            Ok(response) => Box::pin(self.read(&step, response, 0, command.depth)).await,
            Err(failure) => Err(Error::from(failure).into()),
        }
    }

    /// The step that is given, or that of a first request.
    fn step(&self, command: &Parse, url: Option<&Url>) -> anyhow::Result<Sealed> {
        if let Some(written) = &command.step {
            return Ok(self.trial.step(written)?);
        }
        let known = self.trial.steps().join(", ");
        let which = if known.is_empty() { String::new() } else { format!("; give `--step`: {known}") };
        let requests = self.trial.start().with_context(|| format!("the first requests do not say a step{which}"))?;
        let same = requests.iter().find(|request| Some(&request.url) == url);
        let Some(first) = same.or(requests.first()) else {
            return Err(usage(format!("the spider has no first request that would say a step{which}")));
        };
        if same.is_none() && self.trial.steps().len() > 1 {
            let step = self.trial.describe(&first.step);
            say(&format!("note: read as `{step}`, the spider's first step; `--step` says another: {known}"));
        }
        Ok(first.step.clone())
    }

    async fn fetch(&mut self, request: Request) -> anyhow::Result<Result<Response, Failure>> {
        if !self.is_open {
            self.is_open = true;
            self.trial.open().await?;
        }
        self.room = self.room.saturating_sub(1);
        self.fetched.insert((request.method.to_string(), request.url.clone()));
        Ok(self.trial.fetch(request).await)
    }

    async fn read(&mut self, step: &Sealed, response: Response, depth: u32, most: u32) -> anyhow::Result<Branch> {
        let (url, status) = (response.url.clone(), response.status.as_u16());
        let found = self.trial.read(step, response, depth);
        let mut branch = Branch {
            url,
            step: self.shown(step),
            status: Some(status),
            requests: Vec::new(),
            items: found.records.into_iter().map(item).collect(),
            counts: found.counts,
            error: found.error.map(|failure| failure.detail),
        };
        for request in found.requests {
            let mut wish = Wish {
                method: request.method.to_string(),
                url: request.url.clone(),
                step: self.shown(&request.step),
                page: None,
            };
            let is_new = !self.fetched.contains(&(wish.method.clone(), wish.url.clone()));
            if depth < most && self.room > 0 && is_new {
                wish.page = Some(Box::pin(self.follow(request, depth + 1, most)).await?);
            }
            branch.requests.push(wish);
        }
        Ok(branch)
    }

    async fn follow(&mut self, request: Request, depth: u32, most: u32) -> anyhow::Result<Branch> {
        let (url, step) = (request.url.clone(), request.step.clone());
        match self.fetch(request).await? {
            Ok(response) => self.read(&step, response, depth, most).await,
            Err(failure) => Ok(Branch {
                url,
                step: self.shown(&step),
                status: failure.status.map(|status| status.as_u16()),
                requests: Vec::new(),
                items: Vec::new(),
                counts: Vec::new(),
                error: Some(crate::source::failed(&failure)),
            }),
        }
    }

    fn shown(&self, step: &Sealed) -> Step {
        Step { shown: self.trial.describe(step), sealed: serde_json::from_slice(&step.0).unwrap_or_default() }
    }
}

fn item(mut record: Record) -> (String, Map<String, Value>) {
    (record.kind.to_string(), std::mem::take(record.fields()))
}
