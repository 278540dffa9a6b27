//! A manifest's promises: what is noted is known, by whom it may, and no file makes it panic.

use std::fs;
use std::path::PathBuf;

use super::*;

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Manifest::beside(folder.path());
    (folder, path)
}

fn visit(number: u32) -> Visit {
    Visit {
        url: format!("http://a.example/{number:06}.jpg?token=x"),
        final_url: Some("http://cdn.example/1.jpg".to_owned()),
        page: Some("http://a.example/".to_owned()),
        item: Some("Photo".to_owned()),
        name: Some(name(number)),
        status: "downloaded".to_owned(),
        reason: None,
        http_status: Some(200),
        etag: Some("\"abc\"".to_owned()),
        last_modified: Some("Sat, 21 Nov 2026 10:00:00 GMT".to_owned()),
        fetched_at: Some("2026-11-21T10:00:00.5Z".parse().expect("a time")),
        opt_outs: vec!["noai".to_owned()],
    }
}

fn name(number: u32) -> String {
    format!("full/{number:06}.jpg")
}

fn object(number: u32) -> Object {
    Object {
        name: name(number),
        sha1: format!("{:040x}", number / 2),
        size: 1000 + u64::from(number),
        mime: "image/jpeg".to_owned(),
        width: Some(640),
        height: Some(480),
        taken: Some("2010-07-04T12:00:00".to_owned()),
        perceptual: Some(u64::MAX - u64::from(number)),
        stored_at: "2026-11-21T10:00:00Z".parse().expect("a time"),
        thumbs: [("small".to_owned(), format!("thumbs/small/{number:06}.jpg"))].into(),
    }
}

#[test]
fn what_is_noted_is_known_at_once_and_after() {
    let (_folder, path) = file();
    let manifest = Manifest::open(&path).expect("opened");
    manifest.note(visit(1), Some(object(1)));
    let known = |manifest: &Manifest| {
        assert_eq!(manifest.visit(&visit(1).url).expect("read"), Some(visit(1)));
        assert_eq!(manifest.object(&name(1)).expect("read"), Some(object(1)));
        assert_eq!(manifest.of_hash(&object(1).sha1).expect("read"), [object(1)]);
        assert_eq!(manifest.visit("http://a.example/other").expect("read"), None);
        assert_eq!(manifest.object("full/other").expect("read"), None);
    };
    known(&manifest);
    manifest.flush().expect("flushed");
    known(&manifest);
    // the last note counts, and the same bytes under two names are two objects
    manifest.note(Visit { status: "failed".to_owned(), ..visit(1) }, Some(object(0)));
    assert_eq!(manifest.visit(&visit(1).url).expect("read").expect("known").status, "failed");
    assert_eq!(manifest.of_hash(&object(1).sha1).expect("read"), [object(0), object(1)]);
    drop(manifest);
    let manifest = Manifest::open(&path).expect("opened again");
    assert_eq!(manifest.visit(&visit(1).url).expect("read").expect("known").status, "failed");
    assert_eq!(manifest.totals().expect("read"), (2, 2001));
    assert_eq!(manifest.visits_of(&name(1)).expect("read").len(), 1);
}

#[test]
fn many_notes_come_whole_and_in_order() {
    let (_folder, path) = file();
    let manifest = Manifest::open(&path).expect("opened");
    for number in 0..3456 {
        manifest.note(visit(number), Some(object(number)));
        if number % 500 == 0 {
            assert!(manifest.object(&name(number)).expect("read").is_some());
        }
    }
    manifest.flush().expect("flushed");
    let objects: Vec<Object> = manifest.objects().collect::<Result<_, _>>().expect("read");
    assert_eq!(objects, (0..3456).map(object).collect::<Vec<_>>());
    let visits: Vec<Visit> = manifest.visits().collect::<Result<_, _>>().expect("read");
    assert_eq!(visits, (0..3456).map(visit).collect::<Vec<_>>());
    assert_eq!(manifest.check().expect("checked"), Vec::<String>::new());
}

#[test]
fn several_share_one_file() {
    let (_folder, path) = file();
    let each = |begin: u32| {
        let path = path.clone();
        std::thread::spawn(move || {
            let manifest = Manifest::open(&path).expect("opened");
            (begin..begin + 400).for_each(|number| manifest.note(visit(number), Some(object(number))));
            manifest.flush().expect("flushed");
        })
    };
    let threads: Vec<_> = (0..5).map(|thread| each(thread * 400)).collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    assert_eq!(Manifest::open(&path).expect("opened").totals().expect("read").0, 2000);
}

#[test]
fn what_gave_way_leads_to_what_was_kept() {
    let (_folder, path) = file();
    let manifest = Manifest::open(&path).expect("opened");
    (1..=4).for_each(|number| manifest.note(visit(number), Some(object(number))));
    let instead = |gone, kept| Change::Instead { gone: name(gone), kept: name(kept) };
    manifest.change(&[instead(1, 2), instead(2, 3), Change::Gone(name(4)), instead(3, 3)]).expect("changed");
    for gone in [1, 2, 3] {
        assert_eq!(manifest.object(&name(gone)).expect("read"), Some(object(3)), "{gone}");
        assert_eq!(manifest.visit(&visit(gone).url).expect("read").expect("known").name, Some(name(3)));
    }
    assert_eq!(manifest.object(&name(4)).expect("read"), None);
    let lost = manifest.visit(&visit(4).url).expect("read").expect("known");
    assert_eq!((lost.name, lost.etag), (None, None), "it is to be fetched again");
    // stored again, it is itself again
    manifest.note(visit(1), Some(object(1)));
    manifest.flush().expect("flushed");
    assert_eq!(manifest.object(&name(1)).expect("read"), Some(object(1)));
}

#[test]
fn no_password_is_kept() {
    let (_folder, path) = file();
    let manifest = Manifest::open(&path).expect("opened");
    let url = "http://user:hunter2@a.example/1.jpg";
    manifest.note(Visit { url: url.to_owned(), page: Some(url.to_owned()), ..visit(1) }, None);
    assert!(manifest.visit(url).expect("read").is_some(), "it is found by what it was noted by");
    manifest.flush().expect("flushed");
    let found = manifest.visit(url).expect("read").expect("known");
    assert_eq!(found.url, "http://user@a.example/1.jpg");
    drop(manifest);
    assert!(!String::from_utf8_lossy(&fs::read(path).expect("bytes")).contains("hunter2"));
}

#[cfg(unix)]
#[test]
fn f03_the_file_is_its_owners_and_a_link_in_its_place_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let (folder, path) = file();
    Manifest::open(&path).expect("opened").flush().expect("flushed");
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    let (other, planted) = (folder.path().join("other"), folder.path().join("planted.sqlite"));
    symlink(&other, &planted).expect("a link");
    let error = Manifest::open(&planted).expect_err("refused");
    assert!(error.to_string().contains("planted.sqlite") && !other.exists(), "{error}");
}

#[test]
fn f12_a_later_version_and_what_is_no_manifest_are_refused_in_words() {
    let (folder, path) = file();
    drop(Manifest::open(&path).expect("opened"));
    let database = Connection::open(&path).expect("opened");
    database.pragma_update(None, "user_version", 7).expect("set");
    drop(database);
    let error = Manifest::open(&path).expect_err("refused");
    assert!(error.to_string().contains("is of version 7, and this program knows 1"), "{error}");
    let letter = folder.path().join("letter");
    fs::write(&letter, "a letter to my mother, which is no database. ".repeat(50)).expect("written");
    let error = Manifest::open(&letter).expect_err("refused");
    assert!(error.is_about_the_file() && error.to_string().contains("`dragline store index`"), "{error}");
    let foreign = folder.path().join("foreign.sqlite");
    Connection::open(&foreign).expect("opened").execute_batch("CREATE TABLE mine (a)").expect("made");
    assert!(Manifest::open(&foreign).expect_err("refused").is_about_the_file());
}

#[test]
fn f12_no_change_of_the_file_makes_it_panic() {
    let (folder, path) = file();
    let manifest = Manifest::open(&path).expect("opened");
    (0..60).for_each(|number| manifest.note(visit(number), Some(object(number))));
    drop(manifest);
    let good = fs::read(&path).expect("bytes");
    assert!(!Path::new(&format!("{}-wal", path.display())).exists(), "the last to leave brings all into one file");
    let (mut refused, mut random) = (0, 0x2545_f491_4f6c_dd1d_u64);
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random >> 33).expect("31 bits")
    };
    for round in 0..400 {
        let mut bytes = good.clone();
        for _ in 0..=next() % 8 {
            // half of them where the structure is: the first bytes of a page
            let page = next() % (bytes.len() / 4096) * 4096;
            let at = if next() % 2 == 0 { page + next() % 120 } else { next() % bytes.len() };
            bytes[at] = u8::try_from(next() % 256).expect("a byte");
        }
        if round % 5 == 0 {
            bytes.truncate(next() % bytes.len());
        }
        let mutated = folder.path().join("mutated.sqlite");
        fs::write(&mutated, bytes).expect("written");
        let used = || -> Result<(), ManifestError> {
            let manifest = Manifest::open(&mutated)?;
            for number in 0..60 {
                manifest.visit(&visit(number).url)?;
                manifest.object(&name(number))?;
                manifest.of_hash(&object(number).sha1)?;
            }
            manifest.objects().collect::<Result<Vec<_>, _>>()?;
            manifest.visits().collect::<Result<Vec<_>, _>>()?;
            manifest.check()?;
            manifest.note(visit(100), Some(object(100)));
            manifest.flush()
        };
        refused += u32::from(used().is_err());
    }
    assert!(refused > 40, "changes were found: {refused}");
}

#[test]
fn a_disk_that_does_not_take_it_is_told_of_and_tried_again() {
    let (_folder, path) = file();
    let manifest = Manifest::open(&path).expect("opened");
    let other = Connection::open(&path).expect("opened");
    other
        .execute_batch("CREATE TRIGGER no BEFORE INSERT ON objects BEGIN SELECT RAISE(ABORT, 'no'); END")
        .expect("made");
    // triggers do not run: they are not ours
    manifest.note(visit(1), Some(object(1)));
    manifest.flush().expect("flushed");
    other.execute_batch("DROP TRIGGER no; ALTER TABLE objects RENAME TO away").expect("made");
    manifest.note(visit(2), Some(object(2)));
    let error = manifest.flush().expect_err("refused");
    assert!(error.to_string().contains("cannot be written"), "{error}");
    assert!(manifest.object(&name(2)).expect("read").is_some(), "it is queued");
    other.execute_batch("ALTER TABLE away RENAME TO objects").expect("made");
    manifest.flush().expect("flushed");
    assert_eq!(manifest.totals().expect("read").0, 2);
}

#[test]
fn a_queue_that_is_full_holds_nobody_up_twice_and_says_what_it_lost() {
    let (_folder, path) = file();
    let manifest = Manifest::open(&path).expect("opened");
    let other = Connection::open(&path).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    let begun = std::time::Instant::now();
    (0..25_000).for_each(|number| manifest.note(visit(number), None));
    assert!(begun.elapsed().as_secs() < 5, "one wait, and not one for each");
    other.execute_batch("COMMIT").expect("let go");
    let error = manifest.flush().expect_err("some are lost");
    assert!(matches!(error, ManifestError::Lost { count: 1.., .. }), "{error}");
    manifest.flush().expect("it is said once");
    let kept = manifest.visits().count();
    assert!((10_000..25_000).contains(&kept), "{kept}");
}
