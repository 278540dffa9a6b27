//! What was fetched gets its name: checked and made on a worker, put into the store, noted in the manifest.

use std::collections::BTreeMap;

use bytes::Bytes;
use dragline::error::Result;
use dragline::message::{Body, Response};
use dragline_store::manifest::{Object, Visit};
use dragline_store::{About, Existing, Name, Put, Scope, StoreError};
use http::header;
use jiff::Timestamp;
use sha1::{Digest, Sha1};

use super::check::{Checked, Checker, Facts, Said, Unkept};
use super::fetching::text;
use super::headers::{HeaderPick, picked};
use super::media::{Ask, Media, disk, key_of};
use super::names::{self, Names, Wanted};
use super::opt_outs;
use super::recall::Found;
use crate::entry::{Entry, Note, Status};
use crate::hex;
use crate::picture::Kind;

/// What an answer says beside its body.
struct Answer {
    status: Status,
    final_url: Option<String>,
    http_status: u16,
    etag: Option<String>,
    last_modified: Option<String>,
    opt_outs: Vec<String>,
    headers: Vec<(String, String)>,
}

/// An object that is in the store.
struct Kept {
    name: Name,
    facts: Facts,
    thumbs: BTreeMap<String, String>,
    notes: Vec<Note>,
}

impl Answer {
    fn of(ask: &Ask, response: &Response, wanted: &[HeaderPick]) -> Self {
        Self {
            status: if response.from_cache { Status::Cached } else { Status::Downloaded },
            final_url: ask.is_wire().then(|| response.url.as_str().to_owned()),
            http_status: response.status.as_u16(),
            etag: text(&response.headers, &header::ETAG),
            last_modified: text(&response.headers, &header::LAST_MODIFIED),
            opt_outs: opt_outs::read(&response.headers),
            headers: picked(wanted, &response.headers),
        }
    }
}

impl Media {
    /// Checks a body and gives it its name. What is not kept leaves the URL with the object that it had before.
    pub(super) async fn keep(&self, ask: &Ask, response: Response, before: Option<Visit>) -> Result<Entry> {
        let answer = Answer::of(ask, &response, &self.common.headers);
        let kept = match self.opted_out(ask, &answer.opt_outs) {
            Some(entry) => Err(entry),
            None => self.check_and_put(ask, response).await?,
        };
        match kept {
            Ok(kept) => Ok(self.note_kept(ask, answer, kept)),
            Err(entry) => {
                let Answer { final_url, http_status, opt_outs, headers, .. } = answer;
                let entry = Entry { final_url, http_status: Some(http_status), opt_outs, headers, ..entry };
                self.note_failure(ask, &entry, before);
                Ok(entry)
            }
        }
    }

    /// The object that a body has become, or the entry of what is not kept.
    async fn check_and_put(&self, ask: &Ask, response: Response) -> Result<Result<Kept, Entry>> {
        let refused = |reason: &str, detail: String| Ok(Err(Entry::failed(ask.text.clone(), reason, detail)));
        let said = Said { content_type: text(&response.headers, &header::CONTENT_TYPE), url: response.url };
        let (checker, hashes, body, min_side) = (self.checker.clone(), self.hashes, response.body, ask.min_side);
        let Checked { body, facts, thumbs, notes } =
            match self.workers.run(move || checker.check(body, &said, hashes, min_side)).await {
                Ok(Ok(checked)) => checked,
                Ok(Err(Unkept::Store(error))) => return Err(disk(error)),
                Ok(Err(Unkept::Refused { reason, detail })) => return refused(reason, detail),
                Err(lost) => return refused(lost.name(), lost.to_string()),
            };
        let name = match self.put(ask, &facts, body).await {
            Ok(Some(name)) => name,
            Ok(None) => {
                let detail = "another process has taken its name just now, for other bytes".to_owned();
                return refused("name_taken", detail);
            }
            Err(error) if error.scope == Scope::Object => {
                return refused("name_refused", format!("{error}: {}", error.source));
            }
            Err(error) => return Err(disk(error)),
        };
        let thumbs = self.put_thumbs(&name, thumbs).await?;
        Ok(Ok(Kept { name, facts, thumbs, notes }))
    }

    fn note_kept(&self, ask: &Ask, answer: Answer, kept: Kept) -> Entry {
        let Kept { name, facts, thumbs, notes } = kept;
        let mut entry = self.entry_of(ask, answer.status, &name, &facts, thumbs);
        (entry.final_url, entry.http_status) = (answer.final_url, Some(answer.http_status));
        entry.headers = answer.headers;
        (entry.fetched_at, entry.opt_outs, entry.notes) = (Some(Timestamp::now()), answer.opt_outs, notes);
        if self.ledger().is_kept() {
            let mut visit = ask.visit(answer.status);
            (visit.final_url, visit.http_status) = (entry.final_url.clone(), entry.http_status);
            (visit.name, visit.opt_outs) = (Some(name.to_string()), entry.opt_outs.clone());
            (visit.etag, visit.last_modified) = (answer.etag, answer.last_modified);
            visit.fetched_at = entry.fetched_at;
            self.note(ask, visit, Some(self.row(&name, &facts, &entry.thumbs, None)));
        }
        entry
    }

    /// Puts a body where it belongs; none if the name has gone to others meanwhile.
    async fn put(&self, ask: &Ask, facts: &Facts, body: Body) -> Result<Option<Name>, StoreError> {
        let subject = &ask.subject;
        let wanted = Wanted { of_url: &ask.sha1, of_bytes: &facts.sha1, extension: &facts.extension, subject };
        let name = self.common.names.name(&wanted);
        let about = about(facts);
        let existing = match &self.common.names {
            Names::Url => Existing::Replace,
            Names::Content => Existing::Keep,
            Names::Template(_) => return self.put_beside(name, facts, body, &about).await,
        };
        self.store.put(&name, body, &about, existing).await?;
        Ok(Some(name))
    }

    /// Puts a body under the first name of a few that is free or has these bytes: nothing is overwritten.
    async fn put_beside(
        &self,
        name: Name,
        facts: &Facts,
        body: Body,
        about: &About,
    ) -> Result<Option<Name>, StoreError> {
        // of this process, one at a time looks whether a name is free
        let turn = self.naming.turn(key_of(name.as_str().as_bytes()));
        let _alone = turn.lock().await;
        let names = [8, 40].map(|digits| names::beside(&name, &facts.sha1, digits));
        let mut body = Some(body);
        for name in [name].into_iter().chain(names) {
            match self.store.stat(&name).await? {
                Some(stat) => {
                    if stat.size == facts.size && self.has_bytes(&name, facts).await? {
                        return Ok(Some(name));
                    }
                }
                None => {
                    let Some(whole) = body.take() else { break };
                    // what is in memory can be put once more
                    if let Body::Memory(bytes) = &whole {
                        body = Some(Body::Memory(bytes.clone()));
                    }
                    let put = self.store.put(&name, whole, about, Existing::Keep).await?;
                    if put == Put::Written || self.has_bytes(&name, facts).await? {
                        return Ok(Some(name));
                    }
                }
            }
        }
        Ok(None)
    }

    async fn has_bytes(&self, name: &Name, facts: &Facts) -> Result<bool, StoreError> {
        let Some(bytes) = self.store.get(name).await? else { return Ok(false) };
        let sha1 = self.workers.run(move || hex(&Sha1::digest(&bytes))).await;
        Ok(sha1.is_ok_and(|sha1| sha1 == facts.sha1))
    }

    async fn put_thumbs(&self, name: &Name, thumbs: Vec<(String, Kind, Bytes)>) -> Result<BTreeMap<String, String>> {
        let mut names = BTreeMap::new();
        for (id, kind, bytes) in thumbs {
            let thumb = names::thumb(name, &id, kind.extension());
            let about = About { mime: kind.mime().to_owned(), metadata: Vec::new() };
            self.store.put(&thumb, Body::Memory(bytes), &about, Existing::Replace).await.map_err(disk)?;
            names.insert(id, thumb.to_string());
        }
        Ok(names)
    }

    /// The thumbnails of an object that is there; those that are missing are made of it.
    pub(super) async fn thumbs_of(&self, found: &Found) -> Result<BTreeMap<String, String>> {
        let (mut names, mut missing) = (BTreeMap::new(), Vec::new());
        let Checker::Images(pictures) = &*self.checker else { return Ok(names) };
        let extension = pictures.thumb_format.kind().extension();
        for id in pictures.thumbs.keys() {
            let name = names::thumb(&found.name, id, extension);
            match self.store.stat(&name).await.map_err(disk)? {
                Some(_) => drop(names.insert(id.clone(), name.to_string())),
                None => missing.push(id.clone()),
            }
        }
        if missing.is_empty() {
            return Ok(names);
        }
        let Some(bytes) = self.bytes(&found.name).await? else { return Ok(names) };
        let checker = self.checker.clone();
        let made = self.workers.run(move || match &*checker {
            Checker::Images(pictures) => pictures.missing_thumbs(&bytes, &missing),
            Checker::Files(_) => Ok(Vec::new()),
        });
        match made.await {
            Ok(Ok(thumbs)) => names.extend(self.put_thumbs(&found.name, thumbs).await?),
            Ok(Err(Unkept::Store(error))) => return Err(disk(error)),
            // the picture is there all the same
            Ok(Err(Unkept::Refused { reason, detail })) => self.no_thumbs(&found.name, reason, &detail),
            Err(lost) => self.no_thumbs(&found.name, lost.name(), &lost.to_string()),
        }
        Ok(names)
    }

    fn no_thumbs(&self, name: &Name, reason: &str, detail: &str) {
        self.stats.add("file_thumb_failed_count", 1);
        tracing::warn!(%name, kind = reason, detail, "no thumbnail can be made of a picture of the store");
    }

    /// The entry of an object.
    pub(super) fn entry_of(
        &self,
        ask: &Ask,
        status: Status,
        name: &Name,
        facts: &Facts,
        thumbs: BTreeMap<String, String>,
    ) -> Entry {
        let is_hashed = matches!(&*self.checker, Checker::Images(pictures) if pictures.perceptual);
        Entry {
            perceptual: facts.perceptual.filter(|_| is_hashed).map(|hash| format!("{hash:016x}")),
            path: Some(name.to_string()),
            checksum: Some(facts.checksum(self.common.checksum).to_owned()),
            size: Some(facts.size),
            mime: Some(facts.mime.clone()),
            width: facts.width,
            height: facts.height,
            thumbs,
            ..Entry::new(ask.text.clone(), status)
        }
    }

    /// The manifest's row of an object, with what an older one knows of the same bytes.
    pub(super) fn row(
        &self,
        name: &Name,
        facts: &Facts,
        thumbs: &BTreeMap<String, String>,
        older: Option<&Object>,
    ) -> Object {
        let older = older.filter(|older| older.sha1 == facts.sha1);
        let mut all = older.map(|older| older.thumbs.clone()).unwrap_or_default();
        all.extend(thumbs.clone());
        Object {
            name: name.to_string(),
            sha1: facts.sha1.clone(),
            size: facts.size,
            mime: facts.mime.clone(),
            width: facts.width,
            height: facts.height,
            taken: facts.taken.clone().or_else(|| older?.taken.clone()),
            perceptual: facts.perceptual.or_else(|| older?.perceptual),
            stored_at: older.map_or_else(Timestamp::now, |older| older.stored_at),
            thumbs: all,
        }
    }
}

fn about(facts: &Facts) -> About {
    let side = |name, side: Option<u32>| Some((name, side?.to_string()));
    let metadata = [side("width", facts.width), side("height", facts.height)];
    About { mime: facts.mime.clone(), metadata: metadata.into_iter().flatten().collect() }
}
