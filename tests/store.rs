//! Stores against what the world does to them: real servers, a process that is killed at any call, disks that fail, fill
//! and go away.
#![cfg(unix)]
#![expect(clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking, and say what they skip")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use dragline::message::Body;
use dragline_store::{About, Existing, Local, Name, Options, Put, Scope, Store, StoreError, Stores};
use dragline_tests::servers::{Dialect, FtpServer, Moto};
use dragline_tests::{Album, Scene, nothing_half_done};
use futures_util::TryStreamExt;

/// What the other self of a test is told: what to do, and where.
const TASK: &str = "DRAGLINE_STORE_TASK";

/// This very test in a process of its own, with a task.
fn myself(test: &str, task: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the test's own path"));
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(TASK, task);
    command
}

fn succeeded(output: &Output) {
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success() && said[0].contains("1 passed"), "{}{}", said[0], said[1]);
    assert!(!said.iter().any(|text| text.contains("canary")), "{}{}", said[0], said[1]);
}

fn open(uri: &str) -> Arc<dyn Store> {
    let stores = Stores::new().with(dragline_objects::Objects).with(dragline_ftp::Ftp);
    stores.open(uri, &Options { sync: false }).expect("a store")
}

/// For the suite, which asks for a type.
struct Opened(Arc<dyn Store>);

impl std::fmt::Display for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait::async_trait]
impl Store for Opened {
    async fn open(&self) -> Result<(), StoreError> {
        self.0.open().await
    }

    async fn stat(&self, name: &Name) -> Result<Option<dragline_store::Stat>, StoreError> {
        self.0.stat(name).await
    }

    async fn get(&self, name: &Name) -> Result<Option<bytes::Bytes>, StoreError> {
        self.0.get(name).await
    }

    async fn read(&self, name: &Name) -> Result<Option<dragline_store::Pieces>, StoreError> {
        self.0.read(name).await
    }

    async fn put(&self, name: &Name, body: Body, about: &About, existing: Existing) -> Result<Put, StoreError> {
        self.0.put(name, body, about, existing).await
    }

    async fn delete(&self, name: &Name) -> Result<bool, StoreError> {
        self.0.delete(name).await
    }

    fn list(
        &self,
        folder: &str,
    ) -> futures_util::stream::BoxStream<'static, Result<(Name, dragline_store::Stat), StoreError>> {
        self.0.list(folder)
    }
}

/// Runs the suite against the store of a URI that the task names.
fn conforms(uri: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        dragline_store::conformance::run(|| Opened(open(uri))).await;
        // what is there was written just now, in whatever zone the server lives
        let (store, name) = (open(uri), Name::new("full/now.jpg").expect("a name"));
        store.open().await.expect("opened a second time");
        store.put(&name, Body::Memory("x".into()), &About::default(), Existing::Keep).await.expect("kept");
        let modified = store.stat(&name).await.expect("an answer").expect("an object").modified.expect("a time");
        let age = modified.elapsed().unwrap_or_default();
        assert!(age < Duration::from_secs(120), "{age:?} old");
    });
}

#[test]
fn a_bucket_of_a_real_server_is_a_store() {
    if let Ok(uri) = std::env::var(TASK) {
        return conforms(&uri);
    }
    let Some(moto) = Moto::start() else { return };
    moto.ask("PUT", "/photos");
    for uri in ["s3://photos", "s3://photos/a/b"] {
        let mut command = myself("a_bucket_of_a_real_server_is_a_store", uri);
        moto.known_to(&mut command);
        succeeded(&command.output().expect("it runs"));
        // the next one begins with nothing
        for key in moto.keys("photos") {
            moto.ask("DELETE", &format!("/photos/{key}"));
        }
    }
}

#[test]
fn an_ftp_server_is_a_store_whatever_it_knows() {
    if let Ok(uri) = std::env::var(TASK) {
        return conforms(&uri);
    }
    for dialect in [Dialect::Facts, Dialect::Old] {
        let folder = tempfile::tempdir().expect("a folder");
        let Some(server) = FtpServer::start(folder.path(), dialect) else { return };
        let task = format!("ftp://me@127.0.0.1:{}/photos/all", server.port);
        let mut command = myself("an_ftp_server_is_a_store_whatever_it_knows", &task);
        succeeded(&command.env("FTP_PASSWORD", "canary-secret").output().expect("it runs"));
        let found: BTreeSet<_> =
            fs::read_dir(folder.path().join("photos/all")).expect("a folder").flatten().collect_names();
        assert!(found.is_superset(&[".dragline-store", "full"].map(str::to_owned).into()), "{found:?}");
        nothing_half_done(folder.path());
    }
}

trait CollectNames {
    fn collect_names(self) -> BTreeSet<String>;
}

impl<I: Iterator<Item = fs::DirEntry>> CollectNames for I {
    fn collect_names(self) -> BTreeSet<String> {
        self.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

#[test]
fn a_crawl_fills_a_bucket_and_an_ftp_server_and_says_no_password() {
    let (album, scene) = (Album::of(5), Scene::new());
    let folder = tempfile::tempdir().expect("a folder");
    let (Some(moto), Some(ftp)) = (Moto::start(), FtpServer::start(folder.path(), Dialect::Facts)) else { return };
    moto.ask("PUT", "/shop");
    let uris = ["s3://shop/photos".to_owned(), format!("ftp://me:canary-secret@127.0.0.1:{}/photos", ftp.port)];
    for uri in &uris {
        let arguments = album.arguments();
        let store = format!("pipelines.images.store={uri}");
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.extend(["-s", &store]);
        let mut statuses = Vec::new();
        for _ in 0..2 {
            let mut command = scene.command("kodak-pulse", &arguments);
            moto.known_to(&mut command);
            let ended = scene.ended(&command.output().expect("the binary runs"));
            ended.expect_code(0);
            assert!(
                !ended.stderr.contains("canary") && !ended.report.to_string().contains("canary"),
                "{}",
                ended.stderr
            );
            statuses.push((ended.count("file_status_count/downloaded"), ended.count("file_status_count/uptodate")));
        }
        assert_eq!(statuses, [(5, 0), (0, 5)], "{uri}");
    }
    let keys = moto.keys("shop");
    let photos: Vec<_> = keys.iter().filter(|key| key.starts_with("photos/full/")).collect();
    assert_eq!(photos.len(), 5, "{keys:?}");
    let (head, _) = moto.answer("GET", &format!("/shop/{}", photos[0]));
    let head = head.to_ascii_lowercase();
    assert!(head.contains("content-type: image/jpeg") && head.contains("cache-control: max-age=172800"), "{head}");
    assert_eq!(fs::read_dir(folder.path().join("photos/full")).expect("a folder").count(), 5);
    nothing_half_done(folder.path());
}

/// What is put by a process that is disturbed: new names, and one that is replaced.
const NAMES: [&str; 3] = ["full/new.jpg", "replaced.jpg", "a/b/c/kept.jpg"];

fn body(text: &str) -> Vec<u8> {
    text.repeat(20_000).into_bytes()
}

/// Puts all of them, and says which were kept.
fn put_all(root: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let store = Local::new(root.to_owned(), true);
        if let Err(error) = store.open().await {
            return println!("not open: {error}");
        }
        for (text, existing) in NAMES.into_iter().zip([Existing::Keep, Existing::Replace, Existing::Keep]) {
            let name = Name::new(text).expect("a name");
            match store.put(&name, Body::Memory(body("new").into()), &About::default(), existing).await {
                Ok(put) => println!("put {text}: {put:?}"),
                Err(error) => println!("failed {text}: {error}: {}", error.source),
            }
        }
    });
}

/// Runs it under strace with a fault; none where tracing is not allowed.
fn traced(test: &str, root: &Path, fault: &str) -> Option<Output> {
    let me = myself(test, &root.display().to_string());
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o", "/dev/null", "-e", fault]).arg(me.get_program()).args(me.get_args());
    let output = traced.env(TASK, root).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    if text.contains("Operation not permitted") && text.contains("ptrace") {
        println!("skipped: tracing is not allowed here ({text})");
        return None;
    }
    Some(output)
}

fn with_one_object() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("photos");
    fs::create_dir(&root).expect("a folder");
    fs::write(root.join(NAMES[1]), body("old")).expect("written");
    (folder, root)
}

/// Every name has the whole of what was put, or what it had before.
fn is_whole(root: &Path, when: &str) {
    for text in NAMES {
        match fs::read(root.join(text)) {
            Ok(bytes) => assert!(bytes == body("new") || text == NAMES[1] && bytes == body("old"), "{when}: {text}"),
            Err(_) => assert_ne!(text, NAMES[1], "{when}: what was there is there"),
        }
    }
}

#[test]
fn f05_killed_at_any_call_it_leaves_whole_files_and_the_next_run_clears_up() {
    const TEST: &str = "f05_killed_at_any_call_it_leaves_whole_files_and_the_next_run_clears_up";
    const CALLS: &str = "write,pwrite64,fsync,rename,renameat,renameat2,unlinkat,mkdir,mkdirat,openat,openat2,flock";
    if let Some(root) = std::env::var_os(TASK) {
        return put_all(Path::new(&root));
    }
    let mut killed = 0;
    // strace counts each kind of call by itself
    for kind in CALLS.split(',') {
        for call in 1.. {
            let (_folder, root) = with_one_object();
            let Some(output) = traced(TEST, &root, &format!("inject={kind}:signal=SIGKILL:when={call}")) else {
                return;
            };
            is_whole(&root, &format!("killed at {kind} {call}"));
            let was_killed = output.status.code() != Some(0);
            killed += u32::from(was_killed);
            // whoever comes next finds the store in order, and puts what is missing
            put_all(&root);
            for text in NAMES {
                assert_eq!(fs::read(root.join(text)).expect("an object"), body("new"), "killed at {kind} {call}");
            }
            nothing_half_done(&root);
            if !was_killed {
                break;
            }
        }
    }
    // of each thread, too: how they share the calls differs from run to run
    assert!(killed > 20, "it was killed at {killed} calls");
}

#[test]
fn f06_a_sync_that_fails_loses_the_file_and_says_so() {
    const TEST: &str = "f06_a_sync_that_fails_loses_the_file_and_says_so";
    if let Some(root) = std::env::var_os(TASK) {
        return put_all(Path::new(&root));
    }
    let mut failed = 0;
    for call in 1.. {
        let (_folder, root) = with_one_object();
        let Some(output) = traced(TEST, &root, &format!("inject=fsync:error=EIO:when={call}")) else { return };
        assert!(output.status.success());
        let said = String::from_utf8_lossy(&output.stdout);
        for text in NAMES {
            let is_new = fs::read(root.join(text)).is_ok_and(|bytes| bytes == body("new"));
            assert_eq!(is_new, said.contains(&format!("put {text}: Written")), "sync {call} failed: {said}");
        }
        nothing_half_done(&root);
        let is_told = said.contains("Input/output error") || said.contains("not open");
        failed += u32::from(is_told);
        if !is_told {
            break;
        }
    }
    // strace counts the calls of each thread by itself, so that one number may fail several of them
    assert!(failed >= u32::try_from(NAMES.len()).expect("few"), "{failed} syncs failed");
}

/// Runs a script with its own mounts; none where that is not allowed.
fn in_a_namespace(test: &str, folder: &Path, mount: &str) -> Option<Output> {
    let me = myself(test, "");
    let arguments: Vec<_> = me.get_args().map(|argument| argument.to_string_lossy()).collect();
    let script = format!("{mount} && touch mounted && exec {} {}", me.get_program().display(), arguments.join(" "));
    let mut namespace = Command::new("unshare");
    namespace.current_dir(folder).args(["-Urm", "sh", "-c", &script]).env(TASK, folder);
    let output = namespace.output().expect("unshare runs");
    if folder.join("mounted").exists() {
        return Some(output);
    }
    println!("skipped: no disk can be mounted here: {}", String::from_utf8_lossy(&output.stderr));
    None
}

#[test]
fn f05_a_disk_that_is_full_keeps_what_is_whole() {
    const TEST: &str = "f05_a_disk_that_is_full_keeps_what_is_whole";
    let Some(folder) = std::env::var_os(TASK).map(PathBuf::from) else {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("photos")).expect("a folder");
        let mounted = in_a_namespace(TEST, folder.path(), "mount -t tmpfs -o size=1m none photos");
        return mounted.iter().for_each(succeeded);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let store = Local::new(folder.join("photos"), false);
        store.open().await.expect("opened");
        let (mut kept, about) = (0, About::default());
        let error = loop {
            let name = Name::new(format!("full/{kept}.jpg")).expect("a name");
            match store.put(&name, Body::Memory(body("new").into()), &about, Existing::Keep).await {
                Ok(put) => assert_eq!(put, Put::Written),
                Err(error) => break error,
            }
            kept += 1;
        };
        assert!(error.scope == Scope::Store && error.source.to_string().contains("No space left"), "{}", error.source);
        let found: Vec<_> = store.list("").try_collect().await.expect("a list");
        assert!(found.len() == kept && kept > 5, "{kept} kept, {found:?}");
        assert!(found.iter().all(|(_, stat)| stat.size == 60_000));
        // with some room it goes on
        store.delete(&found[0].0).await.expect("removed");
        let put = store.put(&found[0].0, Body::Memory("x".into()), &about, Existing::Keep).await;
        assert_eq!(put.expect("kept"), Put::Written);
    });
}

#[test]
fn f10_a_disk_that_is_unmounted_is_not_written_beneath() {
    const TEST: &str = "f10_a_disk_that_is_unmounted_is_not_written_beneath";
    let Some(folder) = std::env::var_os(TASK).map(PathBuf::from) else {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("disk")).expect("a folder");
        let mounted = in_a_namespace(TEST, folder.path(), "mount -t tmpfs none disk");
        return mounted.iter().for_each(succeeded);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let disk = folder.join("disk");
        // the store is the disk's root, and so is the mount point when it is gone
        let store = Local::new(disk.clone(), false);
        store.open().await.expect("opened");
        let put = async |text: &str| {
            let name = Name::new(text).expect("a name");
            store.put(&name, Body::Memory("x".into()), &About::default(), Existing::Replace).await
        };
        put("full/a.jpg").await.expect("kept");
        assert!(Command::new("umount").arg("-l").arg(&disk).status().expect("umount runs").success());
        let error = put("full/b.jpg").await.expect_err("it is gone");
        assert!(error.source.to_string().contains("is it still mounted?"), "{}", error.source);
        assert_eq!(fs::read_dir(&disk).expect("the mount point").count(), 0, "nothing lies beneath");
    });
}
