//! What the store has of a URL already: as the manifest says, or under a name that Scrapy gives.

use bytes::Bytes;
use dragline::error::Result;
use dragline_store::manifest::{Object, Visit};
use dragline_store::{Name, Stat};
use futures_util::future::join_all;
use jiff::Timestamp;

use super::check::{Checker, Facts};
use super::ledger::Past;
use super::media::{Ask, Media, disk};
use super::names::{self, Names, scrapy};

/// An object that a URL led to before.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: Name,
    pub(super) facts: Facts,
    /// The manifest's row, if there is one.
    pub(super) object: Option<Object>,
    /// What became of the URL, if that is known.
    pub(super) visit: Option<Visit>,
    /// When its server last said that this is the file.
    pub(super) since: Option<Timestamp>,
}

impl Media {
    /// The object of a URL, if the store has it and it is what it was.
    pub(super) async fn recall(&self, ask: &Ask, past: Past) -> Result<Option<Found>> {
        let Past { visit, object } = past;
        let known = visit.as_ref().and_then(|visit| Name::new(visit.name.as_deref()?).ok());
        if let Some(name) = known.filter(|name| self.has_kind(name))
            && let Some(stat) = self.store.stat(&name).await.map_err(disk)?
            && let Some(found) = self.found(ask, name, &stat, visit.clone(), object).await?
        {
            return Ok(Some(found));
        }
        for name in self.usual_names(ask).await? {
            let Some(stat) = self.store.stat(&name).await.map_err(disk)? else { continue };
            let object = self.ledger().object(name.as_str()).await;
            if let Some(found) = self.found(ask, name, &stat, None, object).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// An object that is there: by its row if that has its size, else by its bytes.
    async fn found(
        &self,
        ask: &Ask,
        name: Name,
        stat: &Stat,
        visit: Option<Visit>,
        object: Option<Object>,
    ) -> Result<Option<Found>> {
        let object = object.filter(|object| object.size == stat.size && object.name == name.as_str());
        let facts = match &object {
            Some(object) if !self.hashes.md5 => Some(facts_of(object)),
            _ => self.facts(ask, &name).await?,
        };
        let Some(facts) = facts else { return Ok(None) };
        let asked = visit.as_ref().and_then(|visit| visit.fetched_at);
        let since = asked.or_else(|| Timestamp::try_from(stat.modified?).ok());
        Ok(Some(Found { name, facts, object, visit, since }))
    }

    /// What an object's bytes say; none if they are not whole.
    async fn facts(&self, ask: &Ask, name: &Name) -> Result<Option<Facts>> {
        let Some(bytes) = self.store.get(name).await.map_err(disk)? else { return Ok(None) };
        let (checker, url, hashes) = (self.checker.clone(), ask.url.clone(), self.hashes);
        // whose decoder panics or hangs is not whole
        Ok(self.workers.run(move || checker.recognise(&bytes, &url, hashes)).await.ok().flatten())
    }

    /// The names that the object of a URL has where nothing is known of it, those of Scrapy first.
    async fn usual_names(&self, ask: &Ask) -> Result<Vec<Name>> {
        if self.common.names != Names::Url || self.began_empty() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        match &*self.checker {
            Checker::Images(pictures) => {
                let by_url = names::extension::suffix_of(&ask.url).unwrap_or_default();
                let mut kinds = pictures.kinds();
                // where each look is a request, only those are asked for that are likely; others are known by the manifest
                if self.store.root().is_none() && self.ledger().is_kept() {
                    kinds.retain(|kind| matches!(kind.extension(), "jpg") || kind.extension() == by_url);
                }
                kinds.sort_by_key(|kind| kind.extension() != by_url);
                names.extend(kinds.iter().map(|kind| format!("full/{}.{}", ask.sha1, kind.extension())));
            }
            Checker::Files(_) => names.push(scrapy::file_name(ask.url.as_str())),
        }
        let names = names.into_iter().filter_map(|name| Name::new(name).ok()).collect::<Vec<_>>();
        // all at once: each may be a round trip
        let there = join_all(names.iter().map(|name| self.store.stat(name))).await;
        let there = there.into_iter().collect::<Result<Vec<_>, _>>().map_err(disk)?;
        Ok(names.into_iter().zip(there).filter_map(|(name, stat)| stat.map(|_| name)).collect())
    }

    /// Whether an object's name is that of a kind which this pipeline makes: after `convert` has changed, it may not be.
    fn has_kind(&self, name: &Name) -> bool {
        match &*self.checker {
            Checker::Files(_) => true,
            Checker::Images(pictures) => {
                let extension = name.file().rsplit_once('.').map_or("", |(_, extension)| extension);
                pictures.kinds().iter().any(|kind| kind.extension() == extension)
            }
        }
    }

    /// The bytes of an object that was just found.
    pub(super) async fn bytes(&self, name: &Name) -> Result<Option<Bytes>> {
        self.store.get(name).await.map_err(disk)
    }
}

/// What a row says of an object.
fn facts_of(object: &Object) -> Facts {
    let extension = object.name.rsplit_once('.').filter(|(_, end)| !end.contains('/'));
    Facts {
        size: object.size,
        sha1: object.sha1.clone(),
        md5: String::new(),
        mime: object.mime.clone(),
        extension: extension.map(|(_, extension)| extension.to_owned()).unwrap_or_default(),
        width: object.width,
        height: object.height,
        taken: object.taken.clone(),
        perceptual: object.perceptual,
    }
}
