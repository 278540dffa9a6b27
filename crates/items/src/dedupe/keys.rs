//! The keys that are known: those of this run, and those that earlier runs of the job have left in its folder.
//!
//! The file is a head (what it is, and the seed of the job's hashes) and one entry a key: the key, its page, and a check,
//! 20 bytes. It only grows. An entry that a crash has cut ends it.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// What it is, and the version of its form.
const NAME: &[u8; 16] = b"dragline-dedupe1";
const HEAD: usize = NAME.len() + 8;
const ENTRY: usize = 20;

/// The keys.
#[derive(Debug)]
pub(super) struct Keys {
    seed: u64,
    /// What this run has let through.
    seen: HashSet<u64>,
    /// What earlier runs have let through, each with its page.
    before: HashMap<u64, u64>,
    file: Option<File>,
}

/// Whether a key is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    New,
    Before,
    /// It would be one too many.
    TooMany,
}

impl Default for Keys {
    fn default() -> Self {
        Self { seed: rand::random(), seen: HashSet::new(), before: HashMap::new(), file: None }
    }
}

impl Keys {
    /// Those of a job.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut keys = Self::default();
        let mut reader = BufReader::new(&mut file);
        let mut head = [0; HEAD];
        let length = match reader.read_exact(&mut head) {
            Ok(()) if head.starts_with(NAME) => {
                let (_, seed) = head.split_at(NAME.len());
                keys.seed = seed.try_into().map(u64::from_le_bytes).unwrap_or_default();
                keys.read(&mut reader)?
            }
            Ok(()) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it is of another version, or no such file"));
            }
            // it was cut before it had a key
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(error),
        };
        file.set_len(length)?;
        if length == 0 {
            file.write_all(&[&NAME[..], &keys.seed.to_le_bytes()].concat())?;
        }
        file.seek(SeekFrom::End(0))?;
        keys.file = Some(file);
        Ok(keys)
    }

    /// Reads entries up to the first that is not whole; gives the length of what is.
    fn read(&mut self, reader: &mut impl Read) -> io::Result<u64> {
        let (mut length, mut entry) = (HEAD as u64, [0; ENTRY]);
        loop {
            match reader.read_exact(&mut entry) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(length),
                Err(error) => return Err(error),
            }
            let number = |at: usize| entry[at..at + 8].try_into().map(u64::from_le_bytes).unwrap_or_default();
            let (key, page) = (number(0), number(8));
            if entry != self.entry(key, page) {
                return Ok(length);
            }
            self.before.insert(key, page);
            length += ENTRY as u64;
        }
    }

    fn entry(&self, key: u64, page: u64) -> [u8; ENTRY] {
        let mut entry = [0; ENTRY];
        entry[..8].copy_from_slice(&key.to_le_bytes());
        entry[8..16].copy_from_slice(&page.to_le_bytes());
        let check = xxh3_64_with_seed(&entry[..16], self.seed).to_le_bytes();
        entry[16..].copy_from_slice(&check[..4]);
        entry
    }

    /// What keys are made with.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether a key of an item of this page is known; from now on it is.
    pub(super) fn meet(&mut self, key: u64, page: u64, most: usize) -> io::Result<Known> {
        if self.seen.contains(&key) {
            return Ok(Known::Before);
        }
        match self.before.get(&key) {
            // the page comes again: it was not committed
            Some(owner) if *owner == page => {
                self.before.remove(&key);
                self.seen.insert(key);
                return Ok(Known::New);
            }
            Some(_) => return Ok(Known::Before),
            None => {}
        }
        if self.seen.len() + self.before.len() >= most {
            return Ok(Known::TooMany);
        }
        let entry = self.entry(key, page);
        if let Some(file) = &mut self.file {
            file.write_all(&entry)?;
        }
        self.seen.insert(key);
        Ok(Known::New)
    }
}
