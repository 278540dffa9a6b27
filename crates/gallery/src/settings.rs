//! `[gallery]`.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use dragline::error::Result;
use dragline::settings::within;
use serde::{Deserialize, Serialize};

/// `[gallery]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where it listens.
    pub bind: String,
    /// The names by which browsers reach it, beside those of this machine itself.
    pub hosts: Vec<String>,
    /// The file of the token that whoever comes from elsewhere must have; it is made if it is not there.
    pub token_file: PathBuf,
    /// Which pictures the visitor's browser has from here.
    pub copies: Copies,
    /// The folder of the copies while they last; empty is one among the temporary files.
    pub folder: PathBuf,
    /// Scans at once.
    pub scans: usize,
    /// Scans of one session at once.
    pub session_scans: usize,
    /// Scans that wait; more are refused.
    pub queue: usize,
    /// Scans that one session may begin in a minute.
    pub scans_per_minute: u32,
    /// The longest time that a scan takes.
    #[serde(with = "humantime_serde")]
    pub scan_time: Duration,
    /// How long a scan's results stay.
    #[serde(with = "humantime_serde")]
    pub expires: Duration,
    /// The most results that stay; the oldest go first.
    pub results: usize,
    /// The most results of one session that stay.
    pub session_results: usize,
    /// The most bytes of copies of all results that stay.
    pub max_results: ByteSize,
    /// How long a scan goes on when nobody looks any more who did.
    #[serde(with = "humantime_serde")]
    pub linger: Duration,
    /// The most pictures of a page.
    pub max_pictures: usize,
    /// The most pages of a scan that follows links.
    pub max_pages: u64,
    /// The most bytes of a picture.
    pub max_picture: ByteSize,
    /// The most bytes that a scan fetches and keeps.
    pub max_bytes: ByteSize,
    /// The most bytes of an archive.
    pub max_zip: ByteSize,
    /// Archives that are sent at once; more are refused.
    pub zips: usize,
    /// How many bits of what they look like two pictures may differ in that are shown as one; with 0 only those of the same
    /// bytes are.
    pub near: u32,
    /// So many pictures of a directory with one and the same verdict speak for its others; 0 asks for each.
    pub sample: usize,
    /// Sessions that are remembered.
    pub sessions: usize,
    /// Wrong access tokens that one address may give in a minute.
    pub logins_per_minute: u32,
    /// Connections at once.
    pub connections: usize,
    /// How long a request's head may take.
    #[serde(with = "humantime_serde")]
    pub head_timeout: Duration,
    /// How long a connection may stand still.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// The most bytes of a request's head.
    pub max_head: ByteSize,
    /// The most bytes of a request's body.
    pub max_body: ByteSize,
}

/// Which pictures the visitor's browser has from here, and which from their site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Copies {
    /// From their site, where the verdict is `open`; else from here.
    #[default]
    Auto,
    /// All from here: the sites never see the visitor's address.
    Always,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8321".to_owned(),
            hosts: Vec::new(),
            token_file: PathBuf::new(),
            copies: Copies::Auto,
            folder: PathBuf::new(),
            scans: 4,
            session_scans: 1,
            queue: 32,
            scans_per_minute: 20,
            scan_time: Duration::from_secs(60),
            expires: Duration::from_secs(3600),
            results: 500,
            session_results: 20,
            max_results: ByteSize::gib(10),
            linger: Duration::from_millis(800),
            max_pictures: 2000,
            max_pages: 20,
            max_picture: ByteSize::mib(32),
            max_bytes: ByteSize::gib(1),
            max_zip: ByteSize::gib(1),
            zips: 16,
            near: 8,
            sample: 3,
            sessions: 1000,
            logins_per_minute: 10,
            connections: 1000,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            max_head: ByteSize::kib(64),
            max_body: ByteSize::kib(64),
        }
    }
}

impl Settings {
    /// Makes sure that they make sense.
    ///
    /// # Errors
    /// Names the key, the value and the bounds.
    pub fn check(&self) -> Result<()> {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        let moment = Duration::from_millis(1);
        within("gallery.scans", self.scans, 1..=64)?;
        within("gallery.session_scans", self.session_scans, 1..=64)?;
        within("gallery.queue", self.queue, 0..=100_000)?;
        within("gallery.scans_per_minute", self.scans_per_minute, 1..=1_000_000)?;
        within("gallery.scan_time", self.scan_time, moment..=DAY)?;
        within("gallery.expires", self.expires, moment..=30 * DAY)?;
        within("gallery.results", self.results, 1..=1_000_000)?;
        within("gallery.session_results", self.session_results, 1..=1_000_000)?;
        within("gallery.max_results", self.max_results.as_u64(), 1..=1 << 50)?;
        within("gallery.linger", self.linger, Duration::ZERO..=DAY)?;
        within("gallery.max_pictures", self.max_pictures, 1..=100_000)?;
        within("gallery.max_pages", self.max_pages, 1..=10_000)?;
        within("gallery.max_picture", self.max_picture.as_u64(), 1..=1 << 40)?;
        within("gallery.max_bytes", self.max_bytes.as_u64(), 1..=1 << 50)?;
        within("gallery.max_zip", self.max_zip.as_u64(), 1..=1 << 50)?;
        within("gallery.zips", self.zips, 1..=100_000)?;
        within("gallery.near", self.near, 0..=15)?;
        within("gallery.sample", self.sample, 0..=1_000)?;
        within("gallery.sessions", self.sessions, 1..=10_000_000)?;
        within("gallery.logins_per_minute", self.logins_per_minute, 1..=1_000_000)?;
        within("gallery.connections", self.connections, 1..=1_000_000)?;
        within("gallery.head_timeout", self.head_timeout, moment..=DAY)?;
        within("gallery.idle_timeout", self.idle_timeout, moment..=DAY)?;
        // the least that the server's reader works with
        within("gallery.max_head", self.max_head.as_u64(), 8192..=1 << 24)?;
        within("gallery.max_body", self.max_body.as_u64(), 1..=1 << 40)?;
        Ok(())
    }
}
