//! What a folder holds up against: links, swaps, faults of the disk, other runs, a place that is gone.

use std::collections::BTreeSet;
use std::os::unix::fs::{MetadataExt, symlink};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::TryStreamExt;
use rustix::io::Errno;
use tempfile::TempDir;

use super::*;
use crate::error::{CaseTwin, Scope};
use crate::hostile;
use crate::identity::IDENTITY;
use crate::local::calls::At;

fn opened(sync: bool, calls: Arc<dyn Calls>) -> (TempDir, Local) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Local::with(folder.path().join("photos"), sync, calls);
    store.0.open().expect("opened");
    (folder, store)
}

fn store() -> (TempDir, Local) {
    opened(false, Arc::new(Real))
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn put(store: &Local, text: &str, bytes: &'static [u8], existing: Existing) -> Result<Put, StoreError> {
    store.0.put(&name(text), Body::Memory(bytes.into()), existing)
}

fn parts(store: &Local) -> PathBuf {
    store.parts().expect("a folder")
}

fn at(store: &Local, path: &str) -> PathBuf {
    store.0.root.join(path)
}

fn entries(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Numbers that look random and are the same each time.
#[derive(Debug)]
struct Dice(AtomicU64);

impl Dice {
    fn below(&self, end: u64) -> u64 {
        let step = |state: u64| state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let state = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| Some(step(state)));
        (step(state.expect("always a next")) >> 33) % end
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_is_a_store() {
    for sync in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        crate::conformance::run(|| Local::new(folder.path().join("photos"), sync)).await;
    }
}

#[test]
fn nothing_but_the_object_is_left() {
    let (_folder, store) = store();
    put(&store, "full/a.png", b"x", Existing::Replace).expect("kept");
    assert_eq!(entries(&parts(&store)), ["lock".to_owned()].into(), "nothing but the lock is left");
    let (root, parts) = (at(&store, ""), parts(&store));
    drop(store);
    assert!(!parts.exists() && root.join("full/a.png").exists());
    assert_eq!(entries(&root), [".dragline-store", "full"].map(str::to_owned).into());
}

#[test]
fn f11_what_dead_processes_left_is_removed_and_the_living_are_let_be() {
    let (_folder, living) = store();
    fs::write(parts(&living).join("half.part"), b"half").expect("written");
    let root = at(&living, "");
    let dead = root.join(".part-dead");
    fs::create_dir(&dead).expect("a folder");
    fs::write(dead.join("lock"), b"taken").expect("written");
    // one that was killed before it could lock its folder
    let unlocked = root.join(".part-unlocked");
    fs::create_dir(&unlocked).expect("a folder");
    // and one that is none
    symlink("/", root.join(".part-link")).expect("a link");
    let second = Local::new(root, false);
    second.0.open().expect("opened beside the first");
    assert!(parts(&living).join("half.part").exists() && !unlocked.exists() && !dead.exists());
    assert!(at(&living, ".part-link").is_symlink(), "links are nobody's run");
    // and the second one's end takes nothing from the first
    drop(second);
    assert!(parts(&living).exists());
}

#[test]
fn f11_a_store_that_somebody_else_holds_is_opened_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let held = File::open(folder.path()).expect("a handle");
    held.lock().expect("locked");
    let store = Local::new(folder.path().to_owned(), false);
    store.0.open().expect("opened");
    put(&store, "a.png", b"x", Existing::Keep).expect("kept");
}

#[test]
fn a_store_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, b"").expect("written");
    let error = Local::new(file.join("photos"), false).0.open().expect_err("a file is in the way");
    assert!(error.to_string().ends_with("photos` cannot be used as a store"), "{error}");
}

#[test]
fn a_folder_that_everybody_may_change_is_known() {
    assert!(is_open_to_all(0o40777) && is_open_to_all(0o40702));
    assert!(!is_open_to_all(0o41777) && !is_open_to_all(0o40775));
}

#[test]
fn f01_no_name_leads_out_of_the_store() {
    let (folder, store) = store();
    let names = hostile::names();
    assert!(names.len() >= 120, "{}", names.len());
    let cleaned: BTreeSet<Name> = names.iter().map(|bytes| Name::of_bytes(bytes)).collect();
    for name in &cleaned {
        // a name that is a folder of another is refused, and says so
        match store.0.put(name, Body::Memory("x".into()), Existing::Replace) {
            Ok(put) => {
                assert_eq!(put, Put::Written);
                assert_eq!(store.0.get(name).expect("an answer").as_deref(), Some(&b"x"[..]), "{name}");
            }
            Err(error) => {
                let why = error.source.to_string();
                assert!(
                    error.scope == Scope::Object || why.contains("where a folder should be"),
                    "{name}: {error} {why}"
                );
            }
        }
    }
    assert_eq!(entries(folder.path()), ["photos".to_owned()].into(), "nothing lies outside");
}

#[test]
fn f03_a_link_that_was_planted_is_not_followed() {
    let (folder, store) = store();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).expect("a folder");
    fs::write(outside.join("secret.jpg"), b"secret").expect("written");
    symlink(&outside, at(&store, "away")).expect("a link");
    fs::create_dir(at(&store, "full")).expect("a folder");
    symlink(outside.join("secret.jpg"), at(&store, "full/a.jpg")).expect("a link");
    fs::hard_link(outside.join("secret.jpg"), at(&store, "full/b.jpg")).expect("a second name");
    assert!(
        std::process::Command::new("mkfifo").arg(at(&store, "full/c.jpg")).status().expect("mkfifo runs").success()
    );

    for planted in ["away/secret.jpg", "full/a.jpg", "full/c.jpg"] {
        assert_eq!(store.0.get(&name(planted)).expect("an answer"), None, "{planted}");
        assert!(store.0.object(&name(planted), beneath::LOOK).expect("an answer").is_none(), "{planted}");
        assert!(!store.0.delete(&name(planted)).expect("an answer"), "{planted}");
    }
    let error = put(&store, "away/new.jpg", b"new", Existing::Replace).expect_err("a link is in the way");
    assert!(error.source.to_string().contains("links in a store are not followed"), "{}", error.source);
    // what is no object gives way, and what is another's is not written through
    for (planted, existing) in [("a", Existing::Keep), ("b", Existing::Replace), ("c", Existing::Keep)] {
        let planted = format!("full/{planted}.jpg");
        assert_eq!(put(&store, &planted, b"new", existing).expect("kept"), Put::Written, "{planted}");
        assert_eq!(store.0.get(&name(&planted)).expect("an answer").as_deref(), Some(&b"new"[..]));
    }
    assert_eq!(fs::read(outside.join("secret.jpg")).expect("the file"), b"secret");
    assert_eq!(entries(&outside), ["secret.jpg".to_owned()].into());
    // what is large and spilled comes the same way
    let mut spilled = Body::part_file(&parts(&store)).expect("a file");
    io::Write::write_all(&mut spilled, b"spilled").expect("written");
    let body = Body::File { file: spilled, length: 7 };
    store.0.put(&name("full/b.jpg"), body, Existing::Replace).expect("kept");
    assert_eq!(fs::read(at(&store, "full/b.jpg")).expect("the object"), b"spilled");
}

#[test]
fn f03_a_folder_that_is_swapped_for_a_link_again_and_again_leads_nowhere() {
    let (folder, store) = store();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).expect("a folder");
    fs::write(outside.join("secret.jpg"), b"secret").expect("written");
    let soak = std::env::var_os("DRAGLINE_SOAK").is_some();
    let (begin, long) = (Instant::now(), Duration::from_secs(if soak { 10 } else { 2 }));
    let (full, real) = (at(&store, "full"), at(&store, "real"));
    fs::create_dir(&full).expect("a folder");
    let (done, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut written = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // what the writer makes anew in between may stand in the way
                let swapped = fs::rename(&full, &real).and_then(|()| symlink(&outside, &full));
                swaps.fetch_add(usize::from(swapped.is_ok()), Ordering::Relaxed);
                if full.is_symlink() {
                    let _ = fs::remove_file(&full);
                }
                if fs::rename(&real, &full).is_err() {
                    let _ = fs::remove_dir_all(&real);
                }
            }
        });
        while begin.elapsed() < long {
            for number in 0..50 {
                let name = name(&format!("full/{number}.jpg"));
                for existing in [Existing::Replace, Existing::Keep] {
                    let put = store.0.put(&name, Body::Memory("x".into()), existing);
                    written += usize::from(put.is_ok_and(|put| put == Put::Written));
                }
                let _ = store.0.delete(&name);
            }
            let secret = store.0.get(&name("full/secret.jpg"));
            assert!(!matches!(secret, Ok(Some(_))), "read from outside");
            assert!(
                store
                    .0
                    .list("", &mut |name, _| {
                        assert!(!name.as_str().contains("secret"), "listed from outside");
                        ControlFlow::Continue(())
                    })
                    .is_ok_or_gone()
            );
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(written > 100 && swaps.into_inner() > 100, "{written} written");
    assert_eq!(entries(&outside), ["secret.jpg".to_owned()].into(), "nothing landed outside");
    assert_eq!(fs::read(outside.join("secret.jpg")).expect("the file"), b"secret");
}

trait OkOrGone {
    fn is_ok_or_gone(&self) -> bool;
}

impl OkOrGone for Result<(), StoreError> {
    fn is_ok_or_gone(&self) -> bool {
        self.as_ref().err().is_none_or(|error| error.source.downcast_ref().is_some_and(beneath::is_none))
    }
}

/// A disk that fails as it likes: before anything is done, half way, or when all is done.
#[derive(Debug)]
struct Faulty {
    dice: Dice,
    faults: AtomicUsize,
    is_on: AtomicBool,
}

impl Faulty {
    fn new() -> Arc<Self> {
        let (dice, faults) = (Dice(AtomicU64::new(7)), AtomicUsize::new(0));
        Arc::new(Self { dice, faults, is_on: AtomicBool::new(false) })
    }

    fn maybe(&self) -> io::Result<()> {
        if !self.is_on.load(Ordering::Relaxed) || self.dice.below(8) != 0 {
            return Ok(());
        }
        self.faults.fetch_add(1, Ordering::Relaxed);
        let errors = [Errno::NOSPC, Errno::IO, Errno::DQUOT, Errno::ROFS];
        Err(errors[usize::try_from(self.dice.below(4)).expect("few")].into())
    }

    fn around<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.maybe()?;
        let done = work()?;
        self.maybe()?;
        Ok(done)
    }
}

impl Calls for Faulty {
    fn create(&self, at: At<'_>) -> io::Result<File> {
        self.around(|| Real.create(at))
    }

    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.maybe() {
            let half = usize::try_from(self.dice.below(bytes.len() as u64 + 1)).expect("short");
            Real.write(file, &bytes[..half])?;
            return Err(error);
        }
        Real.write(file, bytes)
    }

    fn sync(&self, _file: &File) -> io::Result<()> {
        self.maybe()
    }

    fn make_folder(&self, at: At<'_>) -> io::Result<calls::Made> {
        self.around(|| Real.make_folder(at))
    }

    fn rename(&self, from: At<'_>, to: At<'_>, existing: Existing) -> io::Result<()> {
        self.around(|| Real.rename(from, to, existing))
    }

    fn remove(&self, at: At<'_>) -> io::Result<()> {
        self.around(|| Real.remove(at))
    }
}

/// A body that says by itself whether it is whole: its length and a checksum of the rest come first.
fn sealed(seed: u64) -> Vec<u8> {
    let dice = Dice(AtomicU64::new(seed));
    let length = usize::try_from(dice.below(20_000)).expect("short");
    let rest: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
    let mut body = length.to_le_bytes().to_vec();
    body.extend(checksum(&rest).to_le_bytes());
    body.extend(rest);
    body
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(17, |sum: u64, byte| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(*byte))
}

fn is_whole(body: &[u8]) -> bool {
    let number = |at: usize| body.get(at..at + 8).map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight")));
    number(0) == Some(body.len().saturating_sub(16) as u64) && number(8) == body.get(16..).map(checksum)
}

#[test]
fn f05_ten_thousand_faults_and_no_reader_ever_sees_a_part_of_a_file() {
    let calls = Faulty::new();
    let (folder, store) = opened(true, calls.clone());
    calls.is_on.store(true, Ordering::Relaxed);
    let bodies: Vec<Vec<u8>> = (0..16).map(sealed).collect();
    assert!(bodies.iter().all(|body| is_whole(body) && !is_whole(&body[..body.len() - 1])));
    let (read, kept) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let (store, bodies, faults, kept) = (&store, &bodies, &calls.faults, &kept);
                scope.spawn(move || {
                    let dice = Dice(AtomicU64::new(writer));
                    while faults.load(Ordering::Relaxed) < 10_000 {
                        let pick = |end: usize| usize::try_from(dice.below(end as u64)).expect("few");
                        let name = name(&format!("full/{}/{}.jpg", pick(4), pick(4)));
                        let body = bodies[pick(bodies.len())].clone();
                        let put = match pick(8) {
                            0 => store.0.delete(&name).map(|_| Put::Kept),
                            1 => {
                                let file = Body::part_file(&parts(store))
                                    .and_then(|mut file| io::Write::write_all(&mut file, &body).map(|()| file));
                                let file = file.expect("a file");
                                let body = Body::File { file, length: body.len() as u64 };
                                store.0.put(&name, body, Existing::Replace)
                            }
                            2 => store.0.put(&name, Body::Memory(body.into()), Existing::Keep),
                            _ => store.0.put(&name, Body::Memory(body.into()), Existing::Replace),
                        };
                        kept.fetch_add(usize::from(put.is_ok_and(|put| put == Put::Written)), Ordering::Relaxed);
                    }
                })
            })
            .collect();
        // somebody who knows nothing of us
        while writers.iter().any(|writer| !writer.is_finished()) {
            for shelf in 0..4 {
                for file in fs::read_dir(at(&store, &format!("full/{shelf}"))).into_iter().flatten().flatten() {
                    if let Ok(body) = fs::read(file.path()) {
                        assert!(is_whole(&body), "{} has {} bytes", file.path().display(), body.len());
                        read.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    });
    assert!(read.into_inner() > 1000 && kept.into_inner() > 1000);
    calls.is_on.store(false, Ordering::Relaxed);
    drop(store);
    assert_eq!(entries(&folder.path().join("photos")), [".dragline-store", "full"].map(str::to_owned).into());
}

/// A disk that writes down what is done, and fails at one of them.
#[derive(Debug, Default)]
struct Told {
    done: Mutex<Vec<String>>,
    fails: Mutex<Option<&'static str>>,
}

impl Told {
    fn tell(&self, what: &str) -> io::Result<()> {
        self.done.lock().expect("a list").push(what.to_owned());
        match *self.fails.lock().expect("a fault") == Some(what) {
            true => Err(Errno::IO.into()),
            false => Ok(()),
        }
    }
}

impl Calls for Told {
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        self.tell("write")?;
        Real.write(file, bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.tell(if file.metadata()?.is_dir() { "sync of a folder" } else { "sync of the file" })
    }

    fn make_folder(&self, at: At<'_>) -> io::Result<calls::Made> {
        self.tell("folder")?;
        Real.make_folder(at)
    }

    fn rename(&self, from: At<'_>, to: At<'_>, existing: Existing) -> io::Result<()> {
        self.tell("rename")?;
        Real.rename(from, to, existing)
    }
}

#[test]
fn f05_a_file_is_on_the_disk_before_its_name_and_its_name_before_it_is_kept() {
    let calls = Arc::new(Told::default());
    let (_folder, store) = opened(true, calls.clone());
    let told = || std::mem::take(&mut *calls.done.lock().expect("a list"));
    assert_eq!(told(), ["sync of a folder", "write", "sync of the file", "rename", "sync of a folder"]);
    put(&store, "full/a.jpg", b"a", Existing::Replace).expect("kept");
    let made = ["folder", "sync of a folder"];
    let kept = ["write", "sync of the file", "rename", "sync of a folder"];
    assert_eq!(told(), [&kept[..2], &made, &kept[2..]].concat());
    put(&store, "full/b.jpg", b"b", Existing::Keep).expect("kept");
    assert_eq!(told(), kept);
    let (_folder, unhurried) = opened(false, calls.clone());
    told();
    put(&unhurried, "full/a.jpg", b"a", Existing::Replace).expect("kept");
    assert_eq!(told(), ["write", "folder", "rename"]);
}

#[test]
fn f06_what_could_not_be_synced_is_lost_and_not_synced_again() {
    for fault in ["sync of the file", "sync of a folder"] {
        let calls = Arc::new(Told::default());
        let (_folder, store) = opened(true, calls.clone());
        put(&store, "full/other.jpg", b"x", Existing::Replace).expect("kept");
        calls.done.lock().expect("a list").clear();
        *calls.fails.lock().expect("a fault") = Some(fault);
        let error = put(&store, "full/a.jpg", b"a", Existing::Replace).expect_err("a fault");
        assert!(error.scope == Scope::Store && error.source.to_string().contains("Input/output"), "{}", error.source);
        let syncs = calls.done.lock().expect("a list").iter().filter(|call| *call == fault).count();
        assert_eq!(syncs, 1, "it is not asked for again");
        assert_eq!(store.0.get(&name("full/a.jpg")).expect("an answer"), None, "{fault}");
        assert_eq!(entries(&parts(&store)), ["lock".to_owned()].into());
    }
}

#[test]
fn f10_a_store_that_is_gone_is_not_written_to() {
    let (folder, store) = store();
    put(&store, "full/a.jpg", b"a", Existing::Replace).expect("kept");
    let (root, away) = (at(&store, ""), folder.path().join("away"));
    let refused = |why: &str| {
        let error = put(&store, "full/b.jpg", b"b", Existing::Replace).expect_err("it is gone");
        let text = error.source.to_string();
        assert!(error.scope == Scope::Store && text.contains(why), "{text}");
        assert!(store.0.delete(&name("full/a.jpg")).is_err());
    };
    // as an empty mount point
    fs::rename(&root, &away).expect("moved");
    refused("the store is gone: is it still mounted?");
    fs::create_dir(&root).expect("a folder");
    refused("the store is gone");
    assert_eq!(entries(&root), BTreeSet::new(), "nothing was written to the mount point");
    // another store in its place
    let other = Local::new(root.clone(), false);
    other.0.open().expect("opened");
    refused("another store is in its place");
    drop(other);
    // back again, and its identity restored from a copy
    fs::remove_dir_all(&root).expect("removed");
    fs::rename(&away, &root).expect("moved back");
    put(&store, "full/c.jpg", b"c", Existing::Replace).expect("kept");
    let identity = root.join(IDENTITY);
    fs::copy(&identity, root.join("copy")).expect("a copy");
    fs::rename(root.join("copy"), &identity).expect("put back");
    put(&store, "full/d.jpg", b"d", Existing::Replace).expect("kept");
    assert_eq!(entries(&root.join("full")), ["a.jpg", "c.jpg", "d.jpg"].map(str::to_owned).into());
    assert!(!away.exists(), "nor to what was moved away");
}

#[test]
fn a_store_of_another_format_is_refused_and_one_keeps_its_identity() {
    let folder = tempfile::tempdir().expect("a folder");
    let identity = folder.path().join(IDENTITY);
    let open = || Local::new(folder.path().to_owned(), false).0.open();
    open().expect("opened");
    let first = fs::read_to_string(&identity).expect("an identity");
    assert!(first.starts_with("dragline-store 1\n") && first.len() == 50, "{first}");
    open().expect("opened again");
    assert_eq!(fs::read_to_string(&identity).expect("an identity"), first);
    fs::write(&identity, "dragline-store 2\nx\n").expect("written");
    assert!(open().expect_err("of another version").source.to_string().contains("not of this version"));
}

#[test]
fn f13_of_many_who_keep_one_name_the_first_has_it() {
    let (_folder, store) = store();
    for round in 0..50 {
        let name = name(&format!("ab/{round}.jpg"));
        let written = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let (store, name, written) = (&store, &name, &written);
                scope.spawn(move || {
                    let put = store.0.put(name, Body::Memory(sealed(writer).into()), Existing::Keep).expect("put");
                    written.fetch_add(usize::from(put == Put::Written), Ordering::Relaxed);
                });
            }
        });
        assert_eq!(written.into_inner(), 1);
        let inode = fs::metadata(at(&store, name.as_str())).expect("the object").ino();
        let again = store.0.put(&name, Body::Memory("other".into()), Existing::Keep).expect("put");
        assert_eq!((again, fs::metadata(at(&store, name.as_str())).expect("the object").ino()), (Put::Kept, inode));
    }
}

#[test]
fn f04_a_twin_in_capitals_is_found_and_what_is_equal_is_none() {
    let (_folder, store) = store();
    let opened = store.0.opened().expect("open");
    put(&store, "Full/Ä.jpg", b"x", Existing::Replace).expect("kept");
    let twin = |text: &str| twins::twin(&opened.root, &name(text)).expect("an answer").map(|name| name.to_string());
    assert_eq!(twin("Full/Ä.jpg"), None);
    assert_eq!(twin("Full/B.jpg"), None);
    assert_eq!(twin("none/Ä.jpg"), None);
    assert_eq!(twin("Full/ä.JPG").as_deref(), Some("Full/Ä.jpg"));
    assert!(opened.case_blind.is_none() || cfg!(not(target_os = "linux")));
    // on such a disk, a name that is there as it is written is no twin
    let mut blind = Local::with(at(&store, ""), false, Arc::new(Real));
    blind.0.open().expect("opened");
    Arc::get_mut(&mut blind.0).expect("alone").opened.get_mut().expect("open").case_blind = Some(Mutex::default());
    assert_eq!(put(&blind, "Full/Ä.jpg", b"y", Existing::Replace).expect("kept"), Put::Written);
    let error = StoreError::of_object("a", CaseTwin { twin: name("Full/Ä.jpg") });
    assert!(error.source.to_string().contains("does not tell capitals from small letters"));
}

#[tokio::test]
async fn a_list_says_what_is_there_while_it_looks_and_passes_over_the_rest() {
    let (_folder, store) = store();
    for number in 0..3000 {
        put(&store, &format!("full/{number}.jpg"), b"x", Existing::Replace).expect("kept");
    }
    fs::write(at(&store, "full/.hidden"), b"x").expect("written");
    fs::write(at(&store, "full/a:b"), b"x").expect("written");
    symlink("/etc", at(&store, "full/link")).expect("a link");
    let deep = at(&store, "1/2/3/4/5/6/7/8/9");
    fs::create_dir_all(&deep).expect("folders");
    fs::write(deep.join("a.jpg"), b"x").expect("written");
    let names: Vec<_> = store.list("").try_collect().await.expect("a list");
    assert_eq!(names.len(), 3000);
    assert!(names.iter().all(|(_, stat)| stat.size == 1 && stat.modified.is_some()));
    let mut passed = Passed::default();
    let root = beneath::root(&store.0.root).expect("a handle");
    let _ = list::walk(root, "", &mut passed, &mut |_, _| ControlFlow::Continue(())).expect("a list");
    assert_eq!(passed.count, 4, "{passed:?}");
    // who has seen enough stops it
    let mut some = store.list("full");
    assert!(some.next().await.expect("one").is_ok());
    drop(some);
    // and what is listed goes on while others write
    let mut slow = store.list("full");
    let mut seen = 0;
    while let Some(found) = slow.next().await {
        let (found, _) = found.expect("an object");
        store.delete(&found).await.expect("removed");
        seen += 1;
    }
    assert_eq!((seen, entries(&at(&store, "full")).len()), (3000, 3));
}
