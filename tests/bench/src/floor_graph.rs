//! Follows every link on one host and writes title and links of each page: `floor-graph URL OUT`.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use clap::Parser;
use dragline_bench::TASKS;
use scraper::{Html, Selector};
use serde::Serialize;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use url::Url;

/// Follows every link on one host and writes title and links of each page as JSON lines.
#[derive(Parser)]
struct Arguments {
    /// The page to begin with
    url: Url,
    /// The file to write
    out: PathBuf,
    /// Threads of the runtime
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // reqwest is built without a provider of its own. An error says that there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    dragline_bench::run(arguments.threads, crawl(arguments.url, arguments.out))
}

struct Crawl {
    client: reqwest::Client,
    frontier: Mutex<Frontier>,
    /// Told when pages were added and when a page is done.
    changed: Notify,
    out: Mutex<BufWriter<File>>,
    title: Selector,
    link: Selector,
}

#[derive(Default)]
struct Frontier {
    queue: VecDeque<Url>,
    seen: HashSet<String>,
    /// Pages that were taken from the queue and are not done.
    open: usize,
    pages: usize,
}

#[derive(Serialize)]
struct Page<'a> {
    url: &'a str,
    title: String,
    links: &'a [Url],
}

async fn crawl(start: Url, out: PathBuf) -> anyhow::Result<()> {
    let file = File::create(&out).with_context(|| format!("failed to create `{}`", out.display()))?;
    let selector = |css| Selector::parse(css).map_err(|error| anyhow::anyhow!("`{css}` is no selector: {error}"));
    let crawl = Arc::new(Crawl {
        client: reqwest::Client::builder().build()?,
        frontier: Mutex::default(),
        changed: Notify::new(),
        out: Mutex::new(BufWriter::new(file)),
        title: selector("title")?,
        link: selector("a[href]")?,
    });
    lock(&crawl.frontier).add(&start, std::slice::from_ref(&start));

    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let crawl = crawl.clone();
        tasks.spawn(async move {
            while let Some(url) = crawl.next().await {
                let visited = crawl.visit(&url).await;
                lock(&crawl.frontier).open -= 1;
                crawl.changed.notify_waiters();
                visited.with_context(|| format!("failed at `{url}`"))?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    lock(&crawl.out).flush()?;
    writeln!(std::io::stdout(), "{} pages", lock(&crawl.frontier).pages)?;
    Ok(())
}

impl Crawl {
    /// The next page, or `None` when there is none and no page is open that could add one.
    async fn next(&self) -> Option<Url> {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            {
                let mut frontier = lock(&self.frontier);
                if let Some(url) = frontier.queue.pop_front() {
                    frontier.open += 1;
                    return Some(url);
                }
                if frontier.open == 0 {
                    return None;
                }
            }
            changed.await;
        }
    }

    async fn visit(&self, url: &Url) -> anyhow::Result<()> {
        let response = self.client.get(url.clone()).send().await?.error_for_status()?;
        let body = response.bytes().await?;
        let (title, links) = self.read(url, &String::from_utf8_lossy(&body));
        let mut line = serde_json::to_vec(&Page { url: url.as_str(), title, links: &links })?;
        line.push(b'\n');
        lock(&self.out).write_all(&line)?;
        let mut frontier = lock(&self.frontier);
        frontier.pages += 1;
        frontier.add(url, &links);
        Ok(())
    }

    fn read(&self, url: &Url, html: &str) -> (String, Vec<Url>) {
        let page = Html::parse_document(html);
        let title = page.select(&self.title).next().map(|title| title.text().collect()).unwrap_or_default();
        let hrefs = page.select(&self.link).filter_map(|link| link.attr("href"));
        (title, hrefs.filter_map(|href| url.join(href).ok()).collect())
    }
}

impl Frontier {
    /// Queues the links that lead to the same host and were not seen before.
    fn add(&mut self, page: &Url, links: &[Url]) {
        for link in links.iter().filter(|link| link.origin() == page.origin()) {
            let mut link = link.clone();
            link.set_fragment(None);
            if !self.seen.contains(link.as_str()) {
                self.seen.insert(link.as_str().to_owned());
                self.queue.push_back(link);
            }
        }
    }
}

/// After a panic elsewhere the program ends with its error; what the lock guards no longer matters.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
