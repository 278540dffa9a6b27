//! Jobs that cannot be lost: killed, starved of room, stopped, limited; and then gone on with.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking, and say what they skip")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use dragline_replica::books::{Books, Options};
use dragline_tests::{Album, Ended, Scene, dragline, nothing_half_done, odd_runner, signal, soak, wait_until};
use serde_json::Value;

/// The local feeds that every test of this kind writes at once.
const FEEDS: [&str; 5] = ["items.jsonl", "items.csv", "items.json", "items.xml", "items.sqlite"];

/// A shop, and a crawl of it that is kept in a job.
struct Kept {
    shop: Books,
    scene: Scene,
}

impl Kept {
    fn new(books: usize, latency: u64) -> Self {
        let latency = Duration::from_millis(latency);
        let shop = Books::start(Options { books, latency, ..Options::default() }).expect("the replica starts");
        Self { shop, scene: Scene::new() }
    }

    /// The arguments of a crawl with covers and every kind of feed.
    fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> =
            ["crawl", "books", "--job", "job", "--stats", "stats.json", "-a"].map(str::to_owned).into();
        arguments.push(format!("url={}", self.shop.url()));
        arguments.extend(["-s", "pipelines.order=['images']", "-s", "disk.min_free='0 B'"].map(str::to_owned));
        for feed in FEEDS {
            arguments.extend(["-o".to_owned(), feed.to_owned()]);
        }
        arguments
    }

    fn command(&self, scene: &Scene, more: &[&str]) -> Command {
        let mut command = dragline();
        command.current_dir(scene.path("")).args(self.arguments()).args(more);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    fn begin(&self) -> Child {
        self.command(&self.scene, &[]).stderr(Stdio::null()).spawn().expect("the binary runs")
    }

    /// Runs it to its end.
    fn finish(&self, more: &[&str]) -> Ended {
        self.scene.ended(&self.command(&self.scene, more).output().expect("the binary runs"))
    }

    /// The items of a crawl that nobody disturbs, by the page that each is of.
    fn undisturbed(&self) -> (BTreeMap<String, Value>, BTreeSet<String>) {
        let scene = Scene::new();
        let ended = scene.ended(&self.command(&scene, &[]).output().expect("the binary runs"));
        ended.expect_code(0);
        let asked = self.paths();
        (by_page(&ended.items), asked)
    }

    fn paths(&self) -> BTreeSet<String> {
        self.shop.log().requests().iter().map(|entry| entry.path.clone()).collect()
    }

    /// Every feed has each item once, every page was asked for, and nothing is left behind.
    fn is_exactly(&self, wanted: &BTreeMap<String, Value>) {
        let items = fs::read_to_string(self.scene.path("items.jsonl")).expect("items");
        let items: Vec<Value> = items.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(items.len(), wanted.len(), "JSON lines");
        for (page, item) in by_page(&items) {
            assert_eq!(Some(&item), wanted.get(&page), "the items are those of the undisturbed run");
        }
        let array = fs::read(self.scene.path("items.json")).expect("items");
        let array: Vec<Value> = serde_json::from_slice(&array).expect("a JSON array");
        assert!(array.len() == items.len() && by_page(&array) == *wanted, "JSON");
        let csv = fs::read_to_string(self.scene.path("items.csv")).expect("items");
        let xml = fs::read_to_string(self.scene.path("items.xml")).expect("items");
        for page in wanted.keys() {
            assert_eq!(csv.matches(&format!("{page},")).count(), 1, "CSV has {page}");
            assert_eq!(xml.matches(&format!("<url>{page}</url>")).count(), 1, "XML has {page}");
        }
        let database = rusqlite::Connection::open(self.scene.path("items.sqlite")).expect("a database");
        let counts = database.query_row("SELECT count(*), count(DISTINCT url) FROM items", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        });
        let all = i64::try_from(wanted.len()).expect("few");
        assert_eq!(counts.expect("counts"), (all, all), "SQLite");
        let stored = fs::read_dir(self.scene.path("images/full")).expect("the store").count();
        assert_eq!(stored, wanted.len(), "covers");
        nothing_half_done(&self.scene.path(""));
        let left: BTreeSet<String> = (fs::read_dir(self.scene.path("job")).expect("the job").flatten())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(left, ["job.redb", "lock", "status.json"].map(str::to_owned).into(), "the job's folder");
    }
}

/// Items by their page, without what may differ: a cover that was there already was not downloaded again.
fn by_page(items: &[Value]) -> BTreeMap<String, Value> {
    let plain = |item: &Value| {
        let mut item = item.clone();
        for image in item["images"].as_array_mut().expect("images") {
            for once in ["status", "final_url", "http_status", "fetched_at"] {
                image.as_object_mut().expect("an image").remove(once);
            }
        }
        (item["url"].as_str().expect("a URL").to_owned(), item)
    };
    items.iter().map(plain).collect()
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn kill(child: &mut Child) -> bool {
    let was_running = child.try_wait().expect("asked").is_none();
    child.kill().expect("killed");
    child.wait().expect("ended");
    was_running
}

#[test]
fn f08_killed_at_random_instants_and_gone_on_with_it_is_as_if_nothing_had_been() {
    let (books, kills) = if soak() { (2857, 200) } else { (380, 12) };
    let kept = Kept::new(books, 20);
    let (wanted, asked) = kept.undisturbed();
    assert_eq!(wanted.len(), books);
    let mut dice = Dice(7);
    let mut killed = 0;
    for _ in 0..kills {
        let mut child = kept.begin();
        std::thread::park_timeout(Duration::from_millis(30 + dice.below(if soak() { 220 } else { 350 })));
        killed += u32::from(kill(&mut child));
    }
    assert!(killed > kills * 3 / 4, "only {killed} were killed before they had finished");
    let ended = kept.finish(&[]);
    ended.expect_code(0);
    assert_eq!(ended.report["finish_reason"], "finished");
    assert_eq!(ended.count("item_scraped_count"), books as u64);
    assert_eq!(ended.count("response_received_count"), ended.count("requests/done"));
    kept.is_exactly(&wanted);
    assert!(kept.paths().is_superset(&asked), "each request was served");
    // and there is nothing more to do
    let again = kept.finish(&[]);
    again.expect_code(0);
    assert_eq!(again.count("item_scraped_count"), books as u64);
    kept.is_exactly(&wanted);
}

/// Runs a crawl under strace with a fault; none where tracing is not allowed.
fn traced(kept: &Kept, fault: &str) -> Option<Output> {
    let mut traced = Command::new("strace");
    traced.current_dir(kept.scene.path("")).args(["-f", "-qq", "-o", "/dev/null", "-e", fault]);
    traced.arg(dragline().get_program()).args(kept.arguments()).args(["-s", "crawl.patience=0s"]);
    let output = traced.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    if text.contains("Operation not permitted") && text.contains("ptrace") {
        println!("skipped: tracing is not allowed here ({text})");
        return None;
    }
    Some(output)
}

const DURABLE: &str =
    "write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat";

#[test]
fn killed_before_each_durable_call_it_loses_nothing_and_writes_nothing_twice() {
    let kept = Kept::new(20, 0);
    let (wanted, _) = kept.undisturbed();
    let mut survived = 0;
    for call in 1.. {
        for name in fs::read_dir(kept.scene.path("")).expect("a folder").flatten() {
            let path = name.path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("removed");
        }
        let Some(output) = traced(&kept, &format!("inject={DURABLE}:signal=SIGKILL:when={call}")) else { return };
        if output.status.code() == Some(0) {
            // no thread makes so many calls
            survived += 1;
            if survived == 3 {
                assert!(call > 40, "it makes durable calls: {call}");
                return;
            }
            continue;
        }
        let ended = kept.finish(&[]);
        assert_eq!(ended.code, 0, "killed at call {call}: {}", ended.stderr);
        kept.is_exactly(&wanted);
    }
}

#[test]
fn a_sync_that_fails_ends_the_run_and_the_job_goes_on() {
    let kept = Kept::new(20, 0);
    let (wanted, _) = kept.undisturbed();
    for call in if soak() { 1..40 } else { 2..5 } {
        fs::remove_dir_all(kept.scene.path("")).expect("removed");
        fs::create_dir(kept.scene.path("")).expect("made");
        let Some(output) = traced(&kept, &format!("inject=fsync,fdatasync:error=EIO:when={call}+")) else { return };
        let code = output.status.code();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(code == Some(6) || code == Some(0), "call {call}: {code:?}: {text}");
        assert!(code == Some(0) || text.contains("error: "), "{text}");
        let ended = kept.finish(&[]);
        assert_eq!(ended.code, 0, "after sync {call} failed: {}", ended.stderr);
        kept.is_exactly(&wanted);
    }
}

#[test]
fn a_full_disk_ends_the_run_after_its_patience_and_the_job_goes_on_when_there_is_room() {
    let kept = Kept::new(200, 0);
    let (wanted, _) = kept.undisturbed();
    fs::create_dir(kept.scene.path("small")).expect("made");
    let arguments: Vec<String> =
        kept.arguments().iter().map(|argument| format!("'{}'", argument.replace('\'', "'\\''"))).collect();
    let run = format!("{} {}", dragline().get_program().display(), arguments.join(" "));
    // a disk of its own: 2 MB, and then enough
    let script = format!(
        "mount -t tmpfs -o size=2m none small && cd small && {{ {run} -s crawl.patience=1s 2>../first.txt; echo $? >../code; \
         mount -o remount,size=200m . && {run} 2>../second.txt; echo $? >>../code; \
         cp -r . ../whole; }}"
    );
    let namespace =
        Command::new("unshare").current_dir(kept.scene.path("")).args(["-Urm", "sh", "-c", &script]).output();
    let output = namespace.expect("unshare runs");
    if !kept.scene.path("code").exists() {
        println!("skipped: no disk can be mounted here: {}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let read = |name: &str| fs::read_to_string(kept.scene.path(name)).expect("text");
    assert_eq!(read("code"), "6\n0\n", "{}\n{}", read("first.txt"), read("second.txt"));
    assert!(read("first.txt").contains("No space left on device"), "{}", read("first.txt"));
    let whole = fs::read_to_string(kept.scene.path("whole/items.jsonl")).expect("items");
    let items: Vec<Value> = whole.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(items.len() == wanted.len() && by_page(&items) == wanted, "{} items", items.len());
}

#[test]
fn a_disk_that_is_nearly_full_is_not_crawled_on() {
    let kept = Kept::new(20, 0);
    let ended = kept.finish(&["-s", "disk.min_free='1000 PiB'", "-s", "crawl.patience=1s"]);
    ended.expect_code(6);
    assert_eq!(ended.report["finish_reason"], "disk_full");
    assert!(ended.stderr.contains("less than `disk.min_free` = "), "{}", ended.stderr);
    assert!(ended.count("requests/pending") > 0);
    kept.finish(&[]).expect_code(0);
}

#[test]
fn a_second_process_is_refused_and_told_who_is_there() {
    let kept = Kept::new(400, 20);
    let mut first = kept.begin();
    wait_until("a page", || kept.shop.log().served() > 3);
    let second = kept.command(&kept.scene, &[]).output().expect("the binary runs");
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(4), "{text}");
    assert!(text.contains(&format!("in use by process {}, crawling `books`", first.id())), "{text}");
    // looking is allowed
    let show =
        dragline().current_dir(kept.scene.path("")).args(["job", "show", "job"]).output().expect("the binary runs");
    assert!(String::from_utf8_lossy(&show.stdout).contains("state      running"), "{show:?}");
    assert!(kill(&mut first));
    let ended = kept.finish(&[]);
    ended.expect_code(0);
    assert_eq!(ended.items.len(), 400);
}

#[test]
fn stopped_once_or_twice_it_says_how_to_go_on_and_does() {
    let kept = Kept::new(600, 20);
    let (wanted, _) = kept.undisturbed();
    let begin = || kept.command(&kept.scene, &[]).spawn().expect("the binary runs");
    let before = kept.shop.log().served();
    let once = begin();
    wait_until("pages", || kept.shop.log().served() > before + 100);
    signal(&once, "INT");
    let once = kept.scene.ended(&once.wait_with_output().expect("ended"));
    once.expect_code(11);
    assert!(once.stderr.contains("run the same command again to go on (the job is in `job`)"), "{}", once.stderr);
    let twice = begin();
    let before = kept.shop.log().served();
    wait_until("pages", || kept.shop.log().served() > before + 100);
    signal(&twice, "INT");
    signal(&twice, "TERM");
    let twice = twice.wait_with_output().expect("ended");
    assert!(matches!(twice.status.code(), Some(13 | 11)), "{twice:?}");
    let ended = kept.finish(&[]);
    ended.expect_code(0);
    assert!(ended.stderr.contains("job job goes on"), "{}", ended.stderr);
    kept.is_exactly(&wanted);
}

#[test]
fn limits_are_kept_exactly_and_what_is_left_is_done_by_the_next_run() {
    let kept = Kept::new(100, 0);
    let (wanted, _) = kept.undisturbed();
    let first = kept.finish(&["-s", "limits.items=7"]);
    first.expect_code(0);
    assert_eq!((first.items.len(), first.count("item_scraped_count")), (7, 7));
    assert_eq!(first.report["finish_reason"], "closespider_itemcount");
    assert!(first.stderr.contains("limit reached (itemcount)"), "{}", first.stderr);
    let second = kept.finish(&["-s", "limits.pages=20"]);
    assert_eq!(second.report["finish_reason"], "closespider_pagecount");
    assert_eq!(second.count("response_received_count") - first.count("response_received_count"), 20);
    let third = kept.finish(&["-s", "limits.bytes='1 KiB'"]);
    assert_eq!(third.report["finish_reason"], "closespider_bytecount");
    let fourth = kept.finish(&["-s", "limits.time=1ms"]);
    assert_eq!(fourth.report["finish_reason"], "closespider_timeout");
    kept.finish(&[]).expect_code(0);
    kept.is_exactly(&wanted);
}

#[test]
fn a_page_with_more_items_than_the_limit_comes_again_for_the_rest() {
    let (album, scene) = (Album::of(100), Scene::new());
    for (run, items) in [(1, 30), (2, 60), (3, 90), (4, 100)] {
        let ended = album.crawl(&scene, &["--job", "job", "-o", "photos.jsonl", "-s", "limits.items=30"]);
        ended.expect_code(0);
        let photos = fs::read_to_string(scene.path("photos.jsonl")).expect("photos");
        let urls: BTreeSet<&str> = photos.lines().collect();
        assert_eq!((urls.len(), photos.lines().count()), (items, items), "run {run}");
    }
}

#[test]
fn errors_over_the_limit_are_not_counted_and_come_again() {
    let scene = Scene::new();
    let shop = Books::start(Options { books: 3, ..Options::default() }).expect("the replica starts");
    let url = format!("url={}", shop.url());
    // pages that are not there: each is a failure
    let run = |more: &[&str]| {
        let arguments = ["-a", url.as_str(), "-a", "count=9", "--job", "job", "-s", "disk.min_free='0 B'"];
        scene.ended(&scene.of(odd_runner(), "many", &[&arguments, more].concat()).output().expect("it runs"))
    };
    let first = run(&["-s", "limits.errors=4"]);
    assert_eq!((first.count("requests/failed"), first.count("requests/pending")), (4, 5), "{:#}", first.report);
    assert_eq!(first.report["finish_reason"], "closespider_errorcount");
    assert_eq!(run(&[]).count("requests/failed"), 9);

    // and they can be put back
    let job = |arguments: &[&str]| {
        let output = dragline().current_dir(scene.path("")).arg("job").args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let failed = job(&["failed", "job"]);
    assert_eq!(failed.lines().filter(|line| line.starts_with("http_status/404  GET http://")).count(), 9, "{failed}");
    assert!(job(&["show", "job"]).contains("           9  http_status/404"));
    assert!(job(&["retry", "job", "--reason", "http_status/404"]).starts_with("9 requests wait again"));
    let queued = job(&["requests", "job", "--json"]);
    assert_eq!(queued.lines().count(), 9);
    assert!(queued.lines().all(|line| line.contains("\"attempts\":0")), "{queued}");
    let ended = run(&[]);
    assert_eq!((ended.count("requests/failed"), ended.count("requests/scheduled")), (9, 9));
}

#[test]
fn first_requests_without_end_are_taken_up_where_they_were_left() {
    let scene = Scene::new();
    let shop =
        dragline_replica::graph::Graph::start(dragline_replica::graph::Options { pages: 3000, ..Default::default() });
    let shop = shop.expect("the replica starts");
    let url = format!("url={}", shop.url());
    let arguments =
        ["-a", url.as_str(), "-a", "count=3000", "--job", "job", "-o", "items.csv", "-s", "disk.min_free='0 B'"];
    let mut dice = Dice(3);
    for _ in 0..8 {
        let mut command = scene.of(odd_runner(), "many", &arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        std::thread::park_timeout(Duration::from_millis(20 + dice.below(200)));
        kill(&mut child);
    }
    let ended = scene.ended(&scene.of(odd_runner(), "many", &arguments).output().expect("it runs"));
    ended.expect_code(0);
    let numbers = fs::read_to_string(scene.path("items.csv")).expect("items");
    let mut numbers: Vec<u32> = numbers.lines().skip(1).map(|line| line.parse().expect("a number")).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(0..3000), "each once: {} of them", numbers.len());
}

#[test]
fn a_job_holds_no_password_and_is_for_its_owner_alone() {
    let (album, scene) = (Album::of(200), Scene::new());
    let mut arguments = album.way();
    arguments.extend(["-a", "username=demo", "-a", "password=demo", "--job", "job"].map(str::to_owned));
    let canary: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let refused = scene.crawl("kodak-pulse", &[canary.as_slice(), &["-a", "password=canary-7391"]].concat());
    refused.expect_code(5);
    let ended = scene.crawl("kodak-pulse", &canary);
    ended.expect_code(0);
    assert_eq!(ended.items.len(), 200);
    for entry in fs::read_dir(scene.path("job")).expect("a folder").flatten() {
        let bytes = fs::read(entry.path()).expect("bytes");
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!has(b"canary-7391") && !has(b"password=demo"), "{:?} has the password", entry.path());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| fs::metadata(scene.path(name)).expect("metadata").permissions().mode() & 0o777;
        assert_eq!((mode("job"), mode("job/job.redb")), (0o700, 0o600));
    }
}

#[test]
fn a_damaged_job_is_refused_until_it_is_repaired() {
    let kept = Kept::new(200, 10);
    let mut child = kept.begin();
    wait_until("pages", || kept.shop.log().served() > 120);
    assert!(kill(&mut child));
    let path = kept.scene.path("job/job.redb");
    let mut bytes = fs::read(&path).expect("the file");
    let middle = bytes.len() / 2;
    for at in (4096..bytes.len()).step_by(4096) {
        // the first byte of every page behind the middle, where there is one
        if at > middle {
            bytes[at + 7] ^= 0x55;
        }
    }
    fs::write(&path, bytes).expect("written");
    let refused = kept.command(&kept.scene, &[]).output().expect("it runs");
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    if refused.status.code() == Some(0) {
        // nothing that counts lay there
        return;
    }
    assert_eq!(refused.status.code(), Some(4), "{text}");
    assert!(text.contains("dragline job repair job") && !text.contains("panicked"), "{text}");
    let repair = dragline().current_dir(kept.scene.path("")).args(["job", "repair", "job"]).output().expect("it runs");
    let said = format!("{}{}", String::from_utf8_lossy(&repair.stdout), String::from_utf8_lossy(&repair.stderr));
    assert!(!said.contains("panicked"), "{said}");
    match repair.status.code() {
        Some(0) => {
            assert!(said.contains("saved ") && said.contains("the damaged file is kept as"), "{said}");
            let ended = kept.finish(&[]);
            assert!(ended.code == 0, "{}", ended.stderr);
        }
        code => assert!(code == Some(4) && said.contains("nothing of it can be read"), "{said}"),
    }
}

#[test]
fn a_feed_is_the_same_one_however_its_place_is_written_and_stays_of_its_format() {
    let kept = Kept::new(300, 10);
    let url = format!("url={}", kept.shop.url());
    let crawl = |feed: &[&str]| {
        let mut command = dragline();
        command.current_dir(kept.scene.path("")).args(["crawl", "books", "--job", "job", "-a", &url]).args(feed);
        command.args(["-s", "disk.min_free='0 B'"]).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().expect("the binary runs")
    };
    let mut first = crawl(&["-o", "items.jsonl"]);
    wait_until("pages", || kept.shop.log().served() > 120);
    assert!(kill(&mut first));
    let other = crawl(&["-o", "items.jsonl:csv"]).wait_with_output().expect("ended");
    let text = String::from_utf8_lossy(&other.stderr).into_owned();
    assert_eq!(other.status.code(), Some(2), "{text}");
    assert!(text.contains("one file cannot be both"), "{text}");
    let rest = crawl(&["-o", "./items.jsonl"]).wait_with_output().expect("ended");
    assert_eq!(rest.status.code(), Some(0), "{}", String::from_utf8_lossy(&rest.stderr));
    let items = fs::read_to_string(kept.scene.path("items.jsonl")).expect("items");
    let urls: BTreeSet<&str> = items.lines().collect();
    assert_eq!((items.lines().count(), urls.len()), (300, 300));
}

#[test]
fn files_of_others_with_the_names_of_batches_are_left_alone() {
    let kept = Kept::new(300, 10);
    let url = format!("url={}", kept.shop.url());
    fs::write(kept.scene.path("feeds.toml"), "[[feeds]]\nuri = 'part-{batch}.jsonl'\nbatch_items = 40\n")
        .expect("written");
    let crawl = || {
        let mut command = dragline();
        command.current_dir(kept.scene.path("")).args(["crawl", "books", "--job", "job", "-a", &url]);
        command
            .args(["--config", "feeds.toml", "-s", "disk.min_free='0 B'"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().expect("the binary runs")
    };
    for served in [60, 130, 200] {
        let mut child = crawl();
        wait_until("pages", || kept.shop.log().served() > served);
        kill(&mut child);
        // somebody else takes names that are free
        for batch in 3..30 {
            let path = kept.scene.path(&format!("part-{batch}.jsonl"));
            if batch % 4 == 0 && !path.exists() {
                fs::write(path, "another's\n").expect("written");
            }
        }
    }
    assert!(crawl().wait().expect("ended").success());
    let mut items: Vec<String> = Vec::new();
    let mut others = 0;
    for batch in 1..40 {
        let text = fs::read_to_string(kept.scene.path(&format!("part-{batch}.jsonl"))).unwrap_or_default();
        others += usize::from(text == "another's\n");
        items.extend(text.lines().filter(|line| line.starts_with('{')).map(str::to_owned));
    }
    let distinct: BTreeSet<&String> = items.iter().collect();
    assert_eq!((items.len(), distinct.len()), (300, 300));
    assert!(others >= 4, "{others} are left");
}

#[test]
fn a_file_that_somebody_else_has_written_to_is_not_cut() {
    let kept = Kept::new(200, 5);
    let url = format!("url={}", kept.shop.url());
    let crawl = |more: &[&str]| {
        let mut command = dragline();
        command.current_dir(kept.scene.path("")).args(["crawl", "books", "-a", &url, "-s", "disk.min_free='0 B'"]);
        command.args(["-o", "items.jsonl"]).args(more).stdout(Stdio::null()).stderr(Stdio::piped());
        let output = command.spawn().expect("the binary runs").wait_with_output().expect("ended");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let path = kept.scene.path("items.jsonl");
    let child = {
        let mut command = dragline();
        command.current_dir(kept.scene.path("")).args(["crawl", "books", "-a", &url, "-s", "disk.min_free='0 B'"]);
        command.args(["-o", "items.jsonl", "--job", "job"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the binary runs")
    };
    wait_until("pages", || kept.shop.log().served() > 60);
    signal(&child, "INT");
    assert_eq!(child.wait_with_output().expect("ended").status.code(), Some(11));
    let mine = fs::read_to_string(&path).expect("items");
    // another crawl appends to the same file
    let (code, said) = crawl(&["-s", "limits.items=20"]);
    assert_eq!(code, Some(0), "{said}");
    let both = fs::read_to_string(&path).expect("items");
    assert!(both.starts_with(&mine) && both.lines().count() == mine.lines().count() + 20);
    let (code, said) = crawl(&["--job", "job"]);
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("somebody else has changed it"), "{said}");
    // or somebody edits what the job wrote
    let edited = mine.replace("upc", "upd");
    fs::write(&path, &edited).expect("written");
    let (code, said) = crawl(&["--job", "job"]);
    assert_eq!(code, Some(6), "{said}");
    assert_eq!(fs::read_to_string(&path).expect("items"), edited, "nothing was cut off");
    fs::write(&path, mine).expect("written");
    let (code, said) = crawl(&["--job", "job"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read_to_string(&path).expect("items").lines().count(), 200);
}

#[test]
fn two_crawls_cannot_write_one_file() {
    let kept = Kept::new(300, 20);
    let url = format!("url={}", kept.shop.url());
    let command = |job: &str| {
        let mut command = dragline();
        command.current_dir(kept.scene.path("")).args(["crawl", "books", "-a", &url, "-s", "disk.min_free='0 B'"]);
        command.args(["-o", "items.jsonl", "--job", job]).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    let first = command("one").spawn().expect("the binary runs");
    wait_until("pages", || kept.shop.log().served() > 30);
    let second = command("two").output().expect("the binary runs");
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(second.status.code() == Some(6) && said.contains("another process or feed is writing to it"), "{said}");
    let first = first.wait_with_output().expect("ended");
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(fs::read_to_string(kept.scene.path("items.jsonl")).expect("items").lines().count(), 300);
}

#[test]
fn killed_in_its_first_moments_a_job_begins_as_if_it_had_not() {
    let kept = Kept::new(20, 0);
    let url = format!("url={}", kept.shop.url());
    let feeds = "[[feeds]]\nuri = 'a.jsonl'\nmode = 'fail'\n[[feeds]]\nuri = 'b{batch}.json.gz'\nbatch_items = 7\n";
    for moment in (0..60).step_by(4) {
        fs::remove_dir_all(kept.scene.path("")).expect("removed");
        fs::create_dir(kept.scene.path("")).expect("made");
        fs::write(kept.scene.path("feeds.toml"), feeds).expect("written");
        let mut command = dragline();
        command.current_dir(kept.scene.path("")).args(["crawl", "books", "--config", "feeds.toml", "--job", "job"]);
        command.args(["-a", &url, "-s", "disk.min_free='0 B'", "-s", "frontier.commit=1s"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        std::thread::park_timeout(Duration::from_millis(moment));
        kill(&mut child);
        let ended = command.output().expect("the binary runs");
        assert_eq!(ended.status.code(), Some(0), "after {moment} ms: {}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(fs::read_to_string(kept.scene.path("a.jsonl")).expect("items").lines().count(), 20);
        let batches: Vec<usize> = (1..=3)
            .map(|batch| {
                let packed = fs::read(kept.scene.path(&format!("b{batch}.json.gz"))).expect("a batch");
                let items: Vec<Value> =
                    serde_json::from_reader(flate2::read::MultiGzDecoder::new(&packed[..])).expect("a JSON array");
                items.len()
            })
            .collect();
        assert_eq!((batches, kept.scene.path("b4.json.gz").exists()), (vec![7, 7, 6], false), "after {moment} ms");
    }
}

#[test]
fn a_feed_that_cannot_be_written_to_is_let_go_of() {
    let kept = Kept::new(20, 0);
    let url = format!("url={}", kept.shop.url());
    let crawl = |more: &[&str]| {
        let mut command = dragline();
        command.current_dir(kept.scene.path("")).args(["crawl", "books", "--job", "job", "-a", &url]);
        command.args(["-s", "disk.min_free='0 B'", "-s", "crawl.patience=0s"]).args(more);
        command.output().expect("the binary runs")
    };
    assert_eq!(crawl(&["-o", "/dev/full:jsonl", "-o", "items.jsonl"]).status.code(), Some(6));
    assert_eq!(crawl(&[]).status.code(), Some(6), "a job's feeds are named once");
    let job = |arguments: &[&str]| {
        dragline().current_dir(kept.scene.path("")).arg("job").args(arguments).output().expect("the binary runs")
    };
    let unknown = job(&["forget", "job", "/dev/ful"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean `/dev/full`"), "{unknown:?}");
    assert!(job(&["forget", "job", "/dev/full"]).status.success());
    assert_eq!(crawl(&[]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(kept.scene.path("items.jsonl")).expect("items").lines().count(), 20);
}
