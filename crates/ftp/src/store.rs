//! The store: objects by way of one connection, which is made anew when it is lost.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use dragline::message::Body;
use dragline_store::{AT_ONCE, About, Existing, IDENTITY, Name, Pieces, Put, Stat, Store, StoreError};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use suppaftp::{FtpError, FtpResult};
use tokio::sync::Mutex;

use crate::address::Address;
use crate::facts::Entry;
use crate::session::Session;

/// How names for the time being begin; no object has such a name.
const PART: &str = ".part-";
/// What a dead run left under such a name goes after a day: nobody sends for so long.
const OLD: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder of a server. Clones share its connection.
#[derive(Clone)]
pub(crate) struct Server(Arc<Folder>);

struct Folder {
    address: Address,
    /// None until the first question, while one is under way, and after a failure.
    session: Mutex<Option<Session>>,
    /// What is begun has a name of its own: when the run began, and a number.
    begun: (u128, AtomicU64),
}

impl Server {
    pub(crate) fn new(address: Address) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let begun = (since ^ u128::from(std::process::id()) << 64, AtomicU64::new(0));
        Self(Arc::new(Folder { address, session: Mutex::default(), begun }))
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.0.address.folder)
    }

    fn failed(&self, name: &Name, error: FtpError) -> StoreError {
        StoreError::new(format!("{self}/{name}"), error)
    }

    /// Asks the connection for something. One that was kept may have been closed meanwhile, so that what fails on it is
    /// asked again on a new one.
    async fn ask<T, F>(&self, ask: impl Fn(Session) -> F) -> FtpResult<T>
    where
        F: Future<Output = (Session, FtpResult<T>)>,
    {
        let mut kept = self.0.session.lock().await;
        // whoever stops waiting in the middle leaves none behind
        if let Some(session) = kept.take() {
            match ask(session).await {
                (_, Err(error)) if is_lost(&error) => {}
                (session, answer) => {
                    *kept = Some(session);
                    return answer;
                }
            }
        }
        let (session, answer) = ask(Session::begin(&self.0.address).await?).await;
        if !answer.as_ref().is_err_and(is_lost) {
            *kept = Some(session);
        }
        answer
    }

    /// Sends a body under another name and gives it its own. Nobody else asks anything in between.
    async fn send(&self, session: &mut Session, path: &str, body: &Body, existing: Existing) -> FtpResult<Put> {
        if existing == Existing::Keep && session.stat(path).await?.is_some() {
            return Ok(Put::Kept);
        }
        let number = self.0.begun.1.fetch_add(1, Ordering::Relaxed);
        let part = self.path(&format!("{PART}{:x}-{number}", self.0.begun.0));
        let sent = async {
            match body {
                Body::Memory(bytes) => session.send(&part, &bytes[..]).await?,
                Body::File { file, .. } => {
                    let file = tokio::fs::File::open(file.path()).await.map_err(FtpError::ConnectionError)?;
                    session.send(&part, file).await?;
                }
            }
            if is_answer(&session.rename(&part, path).await)? {
                return Ok(Put::Written);
            }
            // there is no folder yet, or the server replaces nothing
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            session.make_folder(folder).await?;
            if is_answer(&session.rename(&part, path).await)? {
                return Ok(Put::Written);
            }
            if session.stat(path).await?.is_some() {
                session.remove(path).await?;
            }
            session.rename(&part, path).await.map(|()| Put::Written)
        }
        .await;
        if sent.is_err() {
            let _ = session.remove(&part).await;
        }
        sent
    }

    async fn entries(&self, folder: &str) -> Result<Vec<Entry>, StoreError> {
        let path = if folder.is_empty() { self.0.address.folder.clone() } else { self.path(folder) };
        let entries = self.ask(async |mut session: Session| {
            let entries = session.list(&path).await;
            (session, entries)
        });
        entries.await.map_err(|error| StoreError::new(format!("{self}/{folder}"), error))
    }
}

/// Whether a server did what it was asked; other failures than its refusal are errors.
fn is_answer(answer: &FtpResult<()>) -> FtpResult<bool> {
    match answer {
        Ok(()) => Ok(true),
        Err(FtpError::UnexpectedResponse(_)) => Ok(false),
        Err(FtpError::ConnectionError(error)) => Err(FtpError::ConnectionError(error.kind().into())),
        Err(_) => Err(FtpError::BadResponse),
    }
}

/// Whether an error ends a connection. Code 421 says that the server closes it.
fn is_lost(error: &FtpError) -> bool {
    match error {
        FtpError::UnexpectedResponse(response) => response.status.code() == 421,
        _ => true,
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.address.fmt(f)
    }
}

#[async_trait]
impl Store for Server {
    async fn open(&self) -> Result<(), StoreError> {
        let (identity, folder) = (self.path(IDENTITY), self.0.address.folder.clone());
        let text = Body::Memory(dragline_store::new_identity().into());
        let opened = self.ask(async |mut session: Session| {
            let opened = async {
                session.make_folder(&folder).await?;
                self.send(&mut session, &identity, &text, Existing::Keep).await?;
                for entry in session.list(&folder).await? {
                    if let Entry::Object(name, Stat { modified: Some(modified), .. }) = entry
                        && name.starts_with(PART)
                        && modified.elapsed().is_ok_and(|age| age > OLD)
                    {
                        session.remove(&self.path(&name)).await?;
                    }
                }
                // that nothing is kept there shows only when it is asked for
                session.stat(&identity).await
            };
            let opened = opened.await;
            (session, opened)
        });
        match opened.await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(StoreError::new(self, "what is put there cannot be found there")),
            Err(error) => Err(StoreError::new(self, error)),
        }
    }

    async fn stat(&self, name: &Name) -> Result<Option<Stat>, StoreError> {
        let path = self.path(name.as_str());
        let stat = self.ask(async |mut session: Session| {
            let stat = session.stat(&path).await;
            (session, stat)
        });
        stat.await.map_err(|error| self.failed(name, error))
    }

    async fn get(&self, name: &Name) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(name.as_str());
        let bytes = self.ask(async |mut session: Session| {
            let bytes = session.get(&path, AT_ONCE).await;
            (session, bytes)
        });
        match bytes.await.map_err(|error| self.failed(name, error))? {
            Some(bytes) if bytes.len() as u64 > AT_ONCE => {
                Err(StoreError::of_object(format!("{self}/{name}"), "it is too large to be read at once"))
            }
            bytes => Ok(bytes.map(Bytes::from)),
        }
    }

    /// By a connection of its own, so that whoever reads slowly, and asks for more meanwhile, keeps nobody waiting.
    async fn read(&self, name: &Name) -> Result<Option<Pieces>, StoreError> {
        let open = async { Session::begin(&self.0.address).await?.open(&self.path(name.as_str())).await };
        let incoming = open.await.map_err(|error| self.failed(name, error))?;
        let place = format!("{self}/{name}");
        Ok(incoming.map(|incoming| {
            let next = move |incoming: Option<_>| {
                let place = place.clone();
                async move {
                    let incoming: crate::session::Incoming = incoming?;
                    match incoming.next().await {
                        Ok(None) => None,
                        Ok(Some((piece, rest))) => Some((Ok(piece), Some(rest))),
                        Err(error) => Some((Err(StoreError::new(place, error)), None)),
                    }
                }
            };
            stream::unfold(Some(incoming), next).boxed()
        }))
    }

    async fn put(&self, name: &Name, body: Body, _about: &About, existing: Existing) -> Result<Put, StoreError> {
        let path = self.path(name.as_str());
        let sent = self.ask(async |mut session: Session| {
            let sent = self.send(&mut session, &path, &body, existing).await;
            (session, sent)
        });
        sent.await.map_err(|error| self.failed(name, error))
    }

    async fn delete(&self, name: &Name) -> Result<bool, StoreError> {
        let path = self.path(name.as_str());
        let removed = self.ask(async |mut session: Session| {
            let removed = session.remove(&path).await;
            (session, removed)
        });
        removed.await.map_err(|error| self.failed(name, error))
    }

    fn list(&self, folder: &str) -> BoxStream<'static, Result<(Name, Stat), StoreError>> {
        let next = |(server, mut folders, passed): (Self, Vec<String>, u64)| async move {
            let Some(folder) = folders.pop() else {
                if passed > 0 {
                    tracing::warn!(store = %server, count = passed, "what is no object was passed over");
                }
                return None;
            };
            let (mut found, mut passed) = (Vec::new(), passed);
            match server.entries(&folder).await {
                Ok(entries) => {
                    let below = |name: String| if folder.is_empty() { name } else { format!("{folder}/{name}") };
                    for entry in entries {
                        match entry {
                            Entry::Object(name, stat) => match Name::new(below(name)) {
                                Ok(name) => found.push(Ok((name, stat))),
                                // our own begin with a dot
                                Err(_) => passed += 1,
                            },
                            // names are only so deep, and no link leads around in a circle for ever
                            Entry::Folder(name) => folders.extend(Name::new(below(name)).map(|name| name.to_string())),
                            Entry::Other => {}
                        }
                    }
                }
                Err(error) => {
                    folders.clear();
                    found.push(Err(error));
                }
            }
            Some((stream::iter(found), (server, folders, passed)))
        };
        stream::unfold((self.clone(), vec![folder.to_owned()], 0), next).flatten().boxed()
    }
}
