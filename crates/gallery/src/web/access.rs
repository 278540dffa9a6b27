//! The access token: what whoever comes from elsewhere must have. It stands in a file that only its owner reads.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dragline::error::{Error, Result};

use super::seal::{Seal, secret};

/// The fewest characters of a token that somebody has thought of.
const FEWEST: usize = 32;
/// The most bytes of the file.
const MOST: u64 = 4096;
/// The most addresses whose wrong tokens are counted; more are refused until the minute is over.
const ADDRESSES: usize = 4096;
const MINUTE: Duration = Duration::from_secs(60);

/// The access token.
pub(crate) struct Access(String);

/// A token that was read or made.
pub(crate) struct Found {
    /// The token.
    pub(crate) access: Access,
    /// The same for the operator, if it was made just now: it is told this once.
    pub(crate) told: Option<String>,
}

impl Access {
    /// The token in a file, which is made if it is not there.
    ///
    /// # Errors
    /// If others may read the file, it has no good token, or it cannot be read or made.
    pub(crate) fn open(path: &Path) -> Result<Found> {
        let cannot = |what: String| Error::setting("gallery.token_file", format!("= `{}` {what}", path.display()));
        match File::open(path) {
            Ok(file) => Ok(Found { access: Self(read(file).map_err(cannot)?), told: None }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let token = secret();
                make(path, &token).map_err(|error| cannot(format!("cannot be made: {error}")))?;
                Ok(Found { access: Self(token.clone()), told: Some(token) })
            }
            Err(error) => Err(cannot(format!("cannot be read: {error}"))),
        }
    }

    /// Whether this is the token; it takes the same time whatever is given.
    pub(crate) fn is(&self, seal: &Seal, given: &str) -> bool {
        seal.are_same(&self.0, given)
    }
}

fn read(file: File) -> std::result::Result<String, String> {
    let metadata = file.metadata().map_err(|error| format!("cannot be read: {error}"))?;
    if !metadata.is_file() {
        return Err("is no file".to_owned());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!(
                "may be read by others (mode {mode:o}): `chmod 600` it, or give a file that is not there"
            ));
        }
    }
    let mut text = String::new();
    file.take(MOST).read_to_string(&mut text).map_err(|error| format!("cannot be read: {error}"))?;
    let token = text.trim();
    if token.len() < FEWEST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "has no token of at least {FEWEST} visible characters: take it away, and one is made in its place"
        ));
    }
    Ok(token.to_owned())
}

/// A file with the token that has its name once it is whole; only its owner reads it.
fn make(path: &Path, token: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // `tempfile` makes it with mode 600
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{token}")?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    Ok(())
}

/// How often each address has given a wrong token in this minute.
pub(crate) struct Attempts {
    most: u32,
    wrong: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl Attempts {
    /// So many in a minute.
    pub(crate) fn new(most: u32) -> Self {
        Self { most, wrong: Mutex::default() }
    }

    /// Whether an address may try once more.
    pub(crate) fn may(&self, peer: IpAddr) -> bool {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.retain(|_, (since, _)| since.elapsed() < MINUTE);
        wrong.get(&network(peer)).map_or(wrong.len() < ADDRESSES, |(_, count)| *count < self.most)
    }

    /// It was wrong.
    pub(crate) fn was_wrong(&self, peer: IpAddr) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.entry(network(peer)).or_insert((Instant::now(), 0)).1 += 1;
    }
}

/// Whoever has one address of IPv6 has 2^64 of them.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Attempts;

    #[test]
    fn wrong_tokens_are_counted_by_network() {
        let attempts = Attempts::new(2);
        let peers: Vec<IpAddr> =
            ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"].iter().filter_map(|it| it.parse().ok()).collect();
        let [one, other, six, same] = peers[..] else { return assert_eq!(peers.len(), 4) };
        for _ in 0..2 {
            assert!(attempts.may(one) && attempts.may(six));
            attempts.was_wrong(one);
            attempts.was_wrong(six);
        }
        assert!(!attempts.may(one) && attempts.may(other) && !attempts.may(same));
    }
}
