//! The rules as the settings have them: RFC 9111, or everything.

use std::time::SystemTime;

use http::{HeaderMap, header};

use super::fields::CacheControl;
use super::policy::{self, Kept, Policy};
use super::{Entry, Limits, Store};
use crate::downloader::middlewares::cache::{Mode, Settings};
use crate::message::{Request, Response};

/// What a crawl's cache takes, keeps and answers with.
#[derive(Debug, Clone)]
pub struct Rules {
    settings: Settings,
    policy: Policy,
}

impl Rules {
    /// The rules of these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let policy = Policy {
            always_store: settings.always_store,
            ignored: settings.ignore_directives.clone(),
            stale_on_error: settings.stale_on_error,
        };
        Self { settings, policy }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The store's limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            max_size: self.settings.max_size.as_u64(),
            max_age: self.settings.max_age,
            max_variants: self.settings.max_variants,
            spill: self.settings.spill.as_u64(),
        }
    }

    /// Whether RFC 9111 holds.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        self.settings.mode == Mode::Standard
    }

    /// Whether a request may be answered by the cache and by nobody else.
    #[must_use]
    pub fn asks_nobody(&self, request: &Request) -> bool {
        self.settings.mode == Mode::Offline
            || request.headers.contains_key(header::CACHE_CONTROL)
                && CacheControl::of(&request.headers).has("only-if-cached")
    }

    /// Whether the cache has anything to do with a request.
    #[must_use]
    pub fn takes(&self, request: &Request) -> bool {
        let is_ignored = self.settings.ignore_schemes.iter().any(|scheme| scheme == request.url.scheme());
        !is_ignored
            && match self.settings.mode {
                Mode::Standard => self.policy.takes(request),
                // a part must not answer for the whole
                _ => !request.headers.contains_key(header::RANGE),
            }
    }

    /// Whether a response is kept.
    #[must_use]
    pub fn keeps(&self, request: &Request, response: &Response) -> bool {
        match self.settings.mode {
            Mode::Standard => self.policy.keeps(request, response.status, &response.headers),
            Mode::Everything => {
                policy::is_whole(response.status, &response.headers)
                    && !self.settings.ignore_statuses.contains(&response.status.as_u16())
            }
            Mode::Off | Mode::Offline => false,
        }
    }

    /// Whether an entry is one that may answer or be asked for again.
    #[must_use]
    pub fn fits(&self, entry: &Entry, request: &Request, store: &Store, now: SystemTime) -> bool {
        !entry.is_older_than(self.settings.max_age, now) && (!self.is_standard() || store.varies_as(entry, request))
    }

    /// Whether a response answers as it is.
    #[must_use]
    pub fn is_fresh(&self, request: &Request, kept: &Kept<'_>, now: SystemTime) -> bool {
        !self.is_standard() || self.policy.is_fresh(request, kept, now)
    }

    /// Whether a response may answer because the server fails.
    #[must_use]
    pub fn may_stand_in(&self, request: &Request, kept: &Kept<'_>, now: SystemTime) -> bool {
        self.is_standard() && self.policy.may_stand_in(request, kept, now)
    }

    /// The headers that a response from the cache carries (RFC 9111, section 4: its age).
    #[must_use]
    pub fn headers(&self, kept: &Kept<'_>, now: SystemTime) -> HeaderMap {
        let mut headers = kept.headers.clone();
        if self.is_standard() {
            headers.insert(header::AGE, self.policy.age(kept, now).as_secs().into());
        }
        headers
    }

    /// Whether `Set-Cookie` is written down: a replay needs what signing in gave.
    #[must_use]
    pub fn keeps_cookies(&self) -> bool {
        !self.is_standard()
    }

    /// The longest body that is kept.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.settings.max_body.as_u64().min(self.settings.max_size.as_u64())
    }
}
