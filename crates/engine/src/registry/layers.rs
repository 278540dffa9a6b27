//! The layers that come with the engine, made of their settings.

use std::time::Duration;

use super::{Component, Context};
use crate::downloader::middlewares::{
    Auth, Cache, Cookies, Decompression, Headers, MetaRefresh, Offsite, Proxies, Redirects, Referrer, Retry, Robots,
    auth, cache, cookies, decompression, headers, meta_refresh, offsite, proxy, redirect, referrer, retry, robots,
};
use crate::error::{Error, Result};
use crate::settings::within;

impl Component for Offsite {
    const NAME: &'static str = "offsite";
    type Settings = offsite::Settings;

    fn build(settings: Self::Settings, context: &Context) -> Result<Self> {
        Self::new(&settings, context.stats.clone())
    }
}

impl Component for Headers {
    const NAME: &'static str = "headers";
    type Settings = headers::Settings;

    fn build(settings: Self::Settings, context: &Context) -> Result<Self> {
        Self::new(&settings, context.hosts.clone())
    }
}

impl Component for Robots {
    const NAME: &'static str = "robots";
    type Settings = robots::Settings;

    fn build(settings: Self::Settings, context: &Context) -> Result<Self> {
        Ok(Self::new(settings, context.hosts.clone(), context.stats.clone()))
    }
}

impl Component for Auth {
    const NAME: &'static str = "auth";
    type Settings = auth::Settings;

    fn build(settings: Self::Settings, _context: &Context) -> Result<Self> {
        Self::new(&settings)
    }
}

impl Component for Referrer {
    const NAME: &'static str = "referrer";
    type Settings = referrer::Settings;

    fn build(settings: Self::Settings, _context: &Context) -> Result<Self> {
        Ok(Self::new(settings))
    }
}

impl Component for Retry {
    const NAME: &'static str = "retry";
    type Settings = retry::Settings;

    fn build(settings: Self::Settings, context: &Context) -> Result<Self> {
        let month = Duration::from_secs(30 * 24 * 3600);
        for (key, time) in [
            ("middlewares.retry.backoff", settings.backoff),
            ("middlewares.retry.max_backoff", settings.max_backoff),
            ("middlewares.retry.max_retry_after", settings.max_retry_after),
        ] {
            within(key, time, Duration::ZERO..=month)?;
        }
        Self::new(settings, context.hosts.clone(), context.stats.clone())
    }
}

impl Component for MetaRefresh {
    const NAME: &'static str = "meta-refresh";
    type Settings = meta_refresh::Settings;

    fn build(settings: Self::Settings, context: &Context) -> Result<Self> {
        let redirects = context.settings.middlewares.get(Redirects::NAME).cloned().unwrap_or_default();
        // it has been read once before, when the registry checked all tables
        let redirects = redirects.try_into().map_err(Error::other)?;
        Self::new(settings, redirects, context.settings.download.max_url, context.stats.clone())
    }
}

impl Component for Redirects {
    const NAME: &'static str = "redirect";
    type Settings = redirect::Settings;

    fn build(settings: Self::Settings, context: &Context) -> Result<Self> {
        Self::new(settings, context.settings.download.max_url, context.stats.clone())
    }
}

impl Component for Decompression {
    const NAME: &'static str = "decompression";
    type Settings = decompression::Settings;

    fn build(settings: Self::Settings, context: &Context) -> Result<Self> {
        within("middlewares.decompression.max_codings", settings.max_codings, 0..=10)?;
        Ok(Self::new(settings, context.stats.clone()))
    }
}

impl Component for Cookies {
    const NAME: &'static str = "cookies";
    type Settings = cookies::Settings;

    fn build(settings: Self::Settings, context: &Context) -> Result<Self> {
        let years = Duration::from_secs(10_000 * 24 * 3600);
        within("middlewares.cookies.max_life", settings.max_life, Duration::ZERO..=years)?;
        Self::new(settings, context.stats.clone())
    }
}

impl Component for Proxies {
    const NAME: &'static str = "proxy";
    type Settings = proxy::Settings;

    fn build(settings: Self::Settings, context: &Context) -> Result<Self> {
        within("middlewares.proxy.rest", settings.rest, Duration::ZERO..=Duration::from_secs(30 * 24 * 3600))?;
        Self::new(&settings, |name| std::env::var(name).ok(), context.stats.clone())
    }
}

impl Component for Cache {
    const NAME: &'static str = "cache";
    type Settings = cache::Settings;

    fn build(settings: Self::Settings, context: &Context) -> Result<Self> {
        within("middlewares.cache.max_variants", settings.max_variants, 1..=10_000)?;
        within("middlewares.cache.max_body", settings.max_body.as_u64(), 1..=1 << 40)?;
        within("middlewares.cache.max_size", settings.max_size.as_u64(), 1..=1 << 50)?;
        Ok(Self::new(settings, context.stats.clone()))
    }
}
