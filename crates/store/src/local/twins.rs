//! Names that differ in case alone, on disks that take them for one: those of macOS, of Windows, of memory cards.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, statat};

use crate::identity::IDENTITY;
use crate::local::beneath;
use crate::name::{Name, folded};

/// Whether a disk does not tell capitals from small letters: the store's identity is found by both.
pub(super) fn is_case_blind(root: &OwnedFd) -> bool {
    let capitals = IDENTITY.to_ascii_uppercase();
    let [small, large] = [IDENTITY, &capitals].map(|name| statat(root, name, AtFlags::SYMLINK_NOFOLLOW));
    small.is_ok_and(|small| large.is_ok_and(|large| (small.st_dev, small.st_ino) == (large.st_dev, large.st_ino)))
}

/// The name of what is there and would give way to a name that is another; none if there is nothing, or just that.
///
/// It reads the folders of the name, as no file system tells under which name it found something.
pub(super) fn twin(root: &OwnedFd, name: &Name) -> io::Result<Option<Name>> {
    let mut there = String::new();
    for segment in name.as_str().split('/') {
        let folder = match beneath::open(root, &there, beneath::FOLDER) {
            Err(error) if beneath::is_none(&error) => return Ok(None),
            folder => folder?,
        };
        let Some(found) = entry(folder, segment)? else { return Ok(None) };
        if !there.is_empty() {
            there.push('/');
        }
        there.push_str(&found);
    }
    Ok(if there == name.as_str() { None } else { Name::new(there).ok() })
}

/// The entry of a folder that a disk without case finds for a segment.
fn entry(folder: OwnedFd, segment: &str) -> io::Result<Option<String>> {
    let (wanted, mut twin) = (folded(segment), None);
    let mut entries = Dir::new(folder)?;
    while let Some(entry) = entries.read() {
        let entry = entry?;
        match entry.file_name().to_str() {
            Ok(found) if found == segment => return Ok(Some(found.to_owned())),
            Ok(found) if folded(found) == wanted => twin = Some(found.to_owned()),
            _ => {}
        }
    }
    Ok(twin)
}
