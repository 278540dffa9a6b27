//! Asks for a picture in the ways that are needed, serially for each host, and says what follows.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dragline::downloader::Fetch;
use dragline::message::{Host, Reach, ReferrerPolicy, Request, Via};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;

use crate::hotlink::answers::Asker;
use crate::hotlink::explain::explain;
use crate::hotlink::{Answer, Probe, Verdict, next, verdict};

/// Hosts that are remembered; beyond it those are forgotten that nobody is asking now.
const HOSTS: usize = 1000;
/// The wait before a host is asked again that has asked for time and not said for how much.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest time for which a host is left alone because it has asked for it.
const LONGEST: Duration = Duration::from_secs(3600);

/// How pictures are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The most bytes of a picture; a larger one cannot be judged.
    pub max_body: u64,
    /// From a request until the last byte of its answer.
    pub timeout: Duration,
    /// The longest time that is waited for a host which asks for it, or whose turn does not come.
    pub patience: Duration,
    /// The longest time that looking at a picture may take.
    pub image_timeout: Duration,
    /// Threads that look at pictures.
    pub threads: usize,
    /// Whether robots.txt has a say.
    pub robots: Robots,
}

/// Whether robots.txt has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Robots {
    /// What it forbids is not asked for, and so the verdict is `unknown`.
    Obeyed,
    /// It is not asked for: it is for crawlers, and somebody has named this very picture.
    PassedOver,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_body: 32 << 20,
            timeout: Duration::from_secs(20),
            patience: Duration::from_secs(10),
            image_timeout: Duration::from_secs(10),
            threads: 2,
            robots: Robots::Obeyed,
        }
    }
}

/// A picture, and the page that shows it.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The picture.
    pub picture: Url,
    /// The page that shows it.
    pub page: Url,
    /// The jar that has the page's cookies; the default one if it is not given.
    pub jar: Option<Arc<str>>,
    /// The proxy through which the page came, if it was not the usual one.
    pub via: Option<Via>,
    /// What the page says of how it is named to those that it leads to; what browsers do if it says nothing.
    pub policy: Option<ReferrerPolicy>,
    /// How far what stands on the page may lead.
    pub reach: Reach,
}

impl Subject {
    /// A picture on a page.
    #[must_use]
    pub fn new(picture: Url, page: Url) -> Self {
        Self { picture, page, jar: None, via: None, policy: None, reach: Reach::Anywhere }
    }

    /// A picture of which no page is known: that of its own origin.
    #[must_use]
    pub fn alone(picture: Url) -> Self {
        let page = front_of(&picture);
        Self::new(picture, page)
    }
}

/// The front page of a URL's origin.
fn front_of(url: &Url) -> Url {
    let mut page = url.clone();
    page.set_path("/");
    page.set_query(None);
    page.set_fragment(None);
    // a URL with a host takes both; any other one is refused before it is asked for
    let _ = page.set_username("").and_then(|()| page.set_password(None));
    page
}

/// A verdict and its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The picture.
    pub picture: Url,
    /// The page that shows it.
    pub page: Url,
    /// What the site does.
    pub verdict: Verdict,
    /// Why that is the verdict, in a sentence.
    pub explanation: String,
    /// What was asked and what came, in this order.
    pub probes: Vec<Probe>,
}

/// Judges pictures. One of them is enough for a run: it keeps hosts apart, and remembers those that have asked for time.
#[derive(Debug)]
pub struct Judge {
    asker: Asker,
    patience: Duration,
    hosts: Mutex<HashMap<Host, Arc<tokio::sync::Mutex<Rest>>>>,
}

/// Until when a host wants to be left alone. Who holds it is the only one to ask the host.
#[derive(Debug, Default)]
struct Rest(Option<Instant>);

impl Judge {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn new(fetch: Fetch, settings: Settings) -> io::Result<Self> {
        let patience = settings.patience;
        Ok(Self { asker: Asker::new(fetch, settings)?, patience, hosts: Mutex::default() })
    }

    /// Asks for a picture as often as is needed, [`MOST`](crate::hotlink::MOST) times at most, and says what follows.
    pub async fn judge(&self, subject: &Subject) -> Report {
        let host = Request::get(subject.picture.clone()).host();
        let rest = self.host(&host);
        let mut rest = rest.lock().await;
        let mut probes: Vec<Probe> = Vec::new();
        let mut original = None;
        while let Some(way) = next(&probes, self.patience) {
            if let Some(left) = rest.0.map(|until| until.saturating_duration_since(Instant::now()))
                && left > self.patience
            {
                let mut probe = Probe::new(way, Answer::Limited);
                probe.retry_after = Some(left.as_secs());
                probe.detail = Some("not sent: the host has asked to be left alone".to_owned());
                probes.push(probe);
                break;
            }
            if let Some(wait) = probes.last().and_then(wait_after) {
                tokio::time::sleep(wait).await;
            }
            let (probe, sample) = self.asker.ask(subject, way, original.as_ref()).await;
            if probe.answer == Answer::Limited {
                let asked = probe.retry_after.map(|seconds| Duration::from_secs(seconds).min(LONGEST));
                rest.0 = asked.map(|asked| Instant::now() + asked);
            }
            if original.is_none() {
                original = sample;
            }
            probes.push(probe);
        }
        let verdict = verdict(&probes);
        let explanation = explain(verdict, &probes);
        let Subject { picture, page, .. } = subject.clone();
        Report { picture, page, verdict, explanation, probes }
    }

    fn host(&self, host: &Host) -> Arc<tokio::sync::Mutex<Rest>> {
        // an entry is whole whatever has panicked
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS {
            hosts.retain(|_, rest| Arc::strong_count(rest) > 1);
        }
        hosts.entry(host.clone()).or_default().clone()
    }
}

/// How long to wait before the next request.
fn wait_after(probe: &Probe) -> Option<Duration> {
    (probe.answer == Answer::Limited).then(|| probe.retry_after.map_or(PAUSE, Duration::from_secs))
}

/// One verdict: a [`Judge`] for a single picture. Without a page, that of the picture's own origin is meant.
///
/// # Errors
/// If the system has no thread left.
pub async fn judge(fetch: &Fetch, picture: Url, page: Option<Url>) -> io::Result<Report> {
    let subject = match page {
        Some(page) => Subject::new(picture, page),
        None => Subject::alone(picture),
    };
    Ok(Judge::new(fetch.clone(), Settings::default())?.judge(&subject).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_picture_alone_is_that_of_its_origin() {
        let picture = Url::parse("https://me:pass@a.example:8443/x/y.jpg?token=1#z").expect("a URL");
        assert_eq!(Subject::alone(picture).page.as_str(), "https://a.example:8443/");
    }
}
