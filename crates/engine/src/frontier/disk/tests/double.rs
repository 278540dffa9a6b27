//! A disk that crashes: it drops what was not synced, or keeps any part of it in any order, and fails when it is told to.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use redb::StorageBackend;

use crate::frontier::disk::Medium;

/// Files that lie in memory, by their names alone: a crash may move them to another folder.
#[derive(Debug, Default)]
pub(super) struct Double {
    files: Mutex<HashMap<OsString, Arc<Volume>>>,
    fault: Arc<Mutex<Fault>>,
}

/// What goes wrong, and when.
#[derive(Debug, Default)]
struct Fault {
    /// Calls that change or sync a file, so far.
    calls: usize,
    /// From this call on, until it is mended.
    at: Option<usize>,
    /// How.
    kind: Option<io::ErrorKind>,
}

/// One file: what a process sees, and what a crash leaves.
#[derive(Debug)]
struct Volume {
    bytes: Mutex<Bytes>,
    fault: Arc<Mutex<Fault>>,
}

#[derive(Debug, Default)]
struct Bytes {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// What was done since the last sync.
    unsynced: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl Double {
    /// What a power cut leaves: all that was synced, and of the rest any part in any order, torn anywhere.
    pub(super) fn after_a_crash(&self, seed: u64) -> Arc<Self> {
        let mut random = StdRng::seed_from_u64(seed);
        let after = Self::default();
        for (path, volume) in &*self.files.lock().expect("no panic") {
            let bytes = volume.bytes();
            let (mut left, mut changes) = (bytes.durable.clone(), bytes.unsynced.clone());
            for _ in 0..changes.len() {
                let at = random.random_range(0..changes.len());
                match changes.swap_remove(at) {
                    _ if random.random_bool(0.5) => {}
                    Change::Write(offset, mut data) => {
                        if random.random_bool(0.2) {
                            data.truncate(random.random_range(0..=data.len()) / 512 * 512);
                        }
                        write(&mut left, offset, &data);
                    }
                    Change::Length(length) => left.resize(usize::try_from(length).expect("small"), 0),
                }
            }
            after.put(Path::new(path), left);
        }
        Arc::new(after)
    }

    /// What a killed process leaves: everything that it wrote.
    pub(super) fn after_a_kill(&self) -> Arc<Self> {
        let after = Self::default();
        for (path, volume) in &*self.files.lock().expect("no panic") {
            after.put(Path::new(path), volume.bytes().seen.clone());
        }
        Arc::new(after)
    }

    /// Puts a file there.
    pub(super) fn put(&self, path: &Path, bytes: Vec<u8>) {
        let bytes = Bytes { durable: bytes.clone(), seen: bytes, unsynced: Vec::new() };
        let volume = Volume { bytes: Mutex::new(bytes), fault: self.fault.clone() };
        self.files.lock().expect("no panic").insert(name(path), Arc::new(volume));
    }

    /// Calls that change or sync a file fail from the `at`th on, until it is mended.
    pub(super) fn fail(&self, at: usize, kind: io::ErrorKind) {
        let mut fault = self.fault.lock().expect("no panic");
        (fault.at, fault.kind) = (Some(at), Some(kind));
    }

    /// Nothing fails any more.
    pub(super) fn mend(&self) {
        self.fault.lock().expect("no panic").at = None;
    }

    /// Calls that changed or synced a file.
    pub(super) fn calls(&self) -> usize {
        self.fault.lock().expect("no panic").calls
    }
}

impl Medium for Double {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn StorageBackend>> {
        let mut files = self.files.lock().expect("no panic");
        let new = || Arc::new(Volume { bytes: Mutex::default(), fault: self.fault.clone() });
        Ok(files.entry(name(path)).or_insert_with(new).clone())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.files.lock().expect("no panic");
        let file = files.remove(&name(from)).ok_or(io::ErrorKind::NotFound)?;
        files.insert(name(to), file);
        Ok(())
    }

    fn back_up(&self, from: &Path, to: &Path) -> io::Result<()> {
        let bytes = self.files.lock().expect("no panic")[&name(from)].bytes().seen.clone();
        self.put(to, bytes);
        Ok(())
    }

    fn remove(&self, path: &Path) {
        self.files.lock().expect("no panic").remove(&name(path));
    }

    fn exists(&self, path: &Path) -> bool {
        self.files.lock().expect("no panic").contains_key(&name(path))
    }
}

impl Volume {
    fn bytes(&self) -> MutexGuard<'_, Bytes> {
        self.bytes.lock().expect("no panic")
    }

    fn may_fail(&self) -> io::Result<()> {
        let mut fault = self.fault.lock().expect("no panic");
        fault.calls += 1;
        match (fault.at, fault.kind) {
            (Some(at), Some(kind)) if fault.calls > at => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

impl StorageBackend for Volume {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.bytes();
        let begin = usize::try_from(offset).map_err(io::Error::other)?;
        let there = bytes.seen.get(begin..begin + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(there);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.may_fail()?;
        let mut bytes = self.bytes();
        bytes.seen.resize(usize::try_from(length).map_err(io::Error::other)?, 0);
        bytes.unsynced.push(Change::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.may_fail()?;
        let mut bytes = self.bytes();
        bytes.durable = bytes.seen.clone();
        bytes.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.may_fail()?;
        let mut bytes = self.bytes();
        write(&mut bytes.seen, offset, data);
        bytes.unsynced.push(Change::Write(offset, data.to_vec()));
        Ok(())
    }
}

fn name(path: &Path) -> OsString {
    path.file_name().expect("a file").to_owned()
}

fn write(bytes: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let begin = usize::try_from(offset).expect("small");
    if bytes.len() < begin + data.len() {
        bytes.resize(begin + data.len(), 0);
    }
    bytes[begin..begin + data.len()].copy_from_slice(data);
}
