//! What one request for a picture came to.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::hotlink::Way;

/// One request for a picture, and its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Who asked.
    pub way: Way,
    /// What it came to, in a word.
    pub answer: Answer,
    /// The status, where there was one.
    pub status: Option<u16>,
    /// The stable name of what is wrong with the answer, if something is.
    pub failure: Option<String>,
    /// What happened, for people.
    pub detail: Option<String>,
    /// The media type, by the bytes; none if they are no picture.
    pub mime: Option<String>,
    /// The media type, as the answer has it.
    pub declared: Option<String>,
    /// How many bytes the body has.
    pub size: Option<u64>,
    /// The SHA-1 of the body, in hexadecimal digits.
    pub sha1: Option<String>,
    /// Pixels from left to right.
    pub width: Option<u32>,
    /// Pixels from top to bottom.
    pub height: Option<u32>,
    /// The URL that answered, after redirects; none if nothing was sent.
    pub final_url: Option<Url>,
    /// How many redirects led there.
    pub redirects: usize,
    /// The time for which the server has asked to be left alone, in seconds.
    pub retry_after: Option<u64>,
    /// From the request until the last byte, in milliseconds; without the wait for the host's turn.
    pub milliseconds: u64,
    /// How the picture compares with that of [`Way::Page`].
    pub resemblance: Option<Resemblance>,
}

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// 2xx with a whole picture.
    Picture,
    /// 2xx with something else: a page, half a picture, nothing.
    NoPicture,
    /// 4xx, but for those below.
    Refused,
    /// 404 or 410.
    Missing,
    /// 429 or 503; or not sent, because the host has asked for more time than is waited for.
    Limited,
    /// No answer that could be used: a connection that was closed, another 5xx, redirects that lead nowhere.
    Broken,
    /// Not sent, or not read to its end, for a reason of ours: robots.txt, an address that may not be dialled, a limit.
    Withheld,
}

/// How a picture compares with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resemblance {
    /// The same bytes.
    Same,
    /// Other bytes, of the same size in pixels, that look the same place by place.
    Alike,
    /// Another size, or it looks otherwise.
    Other,
    /// The same size, other bytes, and at least one of them cannot be decoded.
    Untold,
}

impl Answer {
    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::NoPicture => "no-picture",
            Self::Refused => "refused",
            Self::Missing => "missing",
            Self::Limited => "limited",
            Self::Broken => "broken",
            Self::Withheld => "withheld",
        }
    }
}

impl Probe {
    /// A probe of which nothing is known but the answer.
    #[must_use]
    pub fn new(way: Way, answer: Answer) -> Self {
        Self {
            way,
            answer,
            status: None,
            failure: None,
            detail: None,
            mime: None,
            declared: None,
            size: None,
            sha1: None,
            width: None,
            height: None,
            final_url: None,
            redirects: 0,
            retry_after: None,
            milliseconds: 0,
            resemblance: None,
        }
    }

    /// Whether it gave the picture that the page gets.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.answer == Answer::Picture
            && (self.way == Way::Page || matches!(self.resemblance, Some(Resemblance::Same | Resemblance::Alike)))
    }

    /// Whether it says nothing of the way: it was not sent, or cannot be compared.
    #[must_use]
    pub fn is_untold(&self) -> bool {
        let is_compared =
            self.way == Way::Page || matches!(self.resemblance, Some(other) if other != Resemblance::Untold);
        self.answer == Answer::Withheld || self.answer == Answer::Picture && !is_compared
    }

    /// Whether it gave a picture, and another one.
    #[must_use]
    pub fn is_other_picture(&self) -> bool {
        self.answer == Answer::Picture && self.resemblance == Some(Resemblance::Other)
    }
}
