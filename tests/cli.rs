//! What bad input gets: one message with the key, the place and the cure, before any request.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::process::{Command, Output, Stdio};

use dragline_replica::graph;
use dragline_tests::{Album, Scene, dragline};

fn run(scene: &Scene, arguments: &[&str]) -> Output {
    dragline().current_dir(scene.path("")).args(arguments).output().expect("the binary runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Exit code 2 and this message.
fn refused(scene: &Scene, arguments: &[&str], message: &str) {
    let output = run(scene, arguments);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(said.contains(message), "{arguments:?} should say `{message}` and says `{said}`");
}

const CRAWL: [&str; 4] = ["crawl", "site", "-a", "url=http://127.0.0.1:9/"];

#[test]
fn names_that_nothing_answers_to_are_met_with_those_that_there_are() {
    let scene = Scene::new();
    let known = "no spider is called `kodak` (known: books, kodak-pulse, page-images, shelf, site; did you mean `kodak-pulse`?)";
    refused(&scene, &["crawl", "kodak"], known);
    let format = "no feed format is called `jsonk` (known: jsonl, json, csv, xml, sqlite; did you mean `json`?)";
    refused(&scene, &[&CRAWL[..], &["-o", "x.jsonk"]].concat(), format);
    let pipeline =
        "no pipeline is called `imagse` (known: dedupe, files, hotlink, images, validate; did you mean `images`?)";
    refused(&scene, &[&CRAWL[..], &["-s", "pipelines.order=['imagse']"]].concat(), pipeline);
    refused(&scene, &[&CRAWL[..], &["-s", "pipelines.imagse.store='x'"]].concat(), pipeline);
    let middleware = "no middleware is called `retyr`";
    refused(&scene, &[&CRAWL[..], &["-s", "downloader.middlewares=['retyr']"]].concat(), middleware);
    refused(&scene, &["crawls"], "unrecognized subcommand 'crawls'");
}

#[test]
fn arguments_that_are_missing_unknown_or_wrong_are_named_with_both_places() {
    let scene = Scene::new();
    let missing = "spider `site` needs `url`: give `-a url=…`, or `url = …` under `[spiders.site]`";
    refused(&scene, &["crawl", "site"], missing);
    let unknown = "spider `site` has no argument `ulr`; did you mean `url`? (`-a ulr`)";
    refused(&scene, &["crawl", "site", "-a", "ulr=http://a.example/"], unknown);
    let wrong = "`spiders.site.max_depth` cannot be: `deep` is not a whole number that fits (`-a max_depth`)";
    refused(&scene, &[&CRAWL[..], &["-a", "max_depth=deep"]].concat(), wrong);
    let url = "`spiders.site.url` cannot be";
    refused(&scene, &["crawl", "site", "-a", "url=not a URL"], url);
    refused(&scene, &["crawl", "site", "-a", "url"], "`-a` wants `key=value`");
    refused(&scene, &["crawl", "site", "-a", "url=ftp://a.example/"], "none of the first requests can be sent");
    let environment = dragline()
        .args(["crawl", "kodak-pulse", "-a", "username=me"])
        .env("DRAGLINE__SPIDERS__KODAK_PULSE__PASWORD", "canary-1b2c")
        .output()
        .expect("the binary runs");
    let said = stderr(&environment);
    assert!(said.contains("has no argument `pasword`; did you mean `password`?"), "{said}");
    assert!(!said.contains("canary-1b2c"));
}

#[test]
fn a_secret_that_is_not_set_is_named_and_never_shown() {
    let scene = Scene::new();
    std::fs::write(scene.path("k.toml"), "[spiders.kodak-pulse]\nusername = 'me'\npassword = { env = 'NO_SUCH' }\n")
        .expect("written");
    let said = "environment variable `NO_SUCH` is not set: `export NO_SUCH=…` (k.toml:3)";
    refused(&scene, &["crawl", "kodak-pulse", "--config", "k.toml"], said);
    let missing = "spider `kodak-pulse` needs `password`";
    refused(&scene, &["crawl", "kodak-pulse", "-a", "username=me"], missing);
}

#[test]
fn settings_that_cannot_be_are_named_with_file_line_and_the_nearest_key() {
    let scene = Scene::new();
    for (text, message) in [
        ("[hosts]\n\ndely = '1s'", "there is no setting `hosts.dely` (s.toml:3); did you mean `hosts.delay`?"),
        ("[host]\ndelay = '1s'", "there is no setting `host` (s.toml:1); did you mean `hosts`?"),
        ("[hosts]\ndelay = '1 fortnight'", "`hosts.delay` cannot be"),
        ("[hosts]\ndelay = '1 fortnight'", "(s.toml:2)"),
        ("[hosts]\nconcurrency = 'many'", "(s.toml:2)"),
        ("[hosts]\nconcurrency = 0", "`hosts.concurrency` = 0 is not from 1 to 10000 (s.toml:2)"),
        ("[crawl]\nconcurrency = -1", "`crawl.concurrency` cannot be"),
        ("[download]\nmax_body = '10 parsecs'", "`download.max_body` cannot be"),
        ("[frontier]\norder = 'sideways'", "`frontier.order` cannot be"),
        ("[middlewares.retry]\ntimes = 'x'", "`middlewares.retry.times` cannot be"),
        ("[middlewares.retry]\ntime = 3", "did you mean `middlewares.retry.times`?"),
        (
            "[middlewares.headers.default]\n'bad header' = 'x'",
            "`middlewares.headers.default.bad header` is not a header's name",
        ),
        ("[tls]\nroots = ['missing.pem']", "`tls.roots`: `missing.pem` cannot be read"),
        ("[tls]\nroots = ['s.toml']", "`tls.roots`: `s.toml` holds no certificate"),
        ("[dns.hosts]\n'a.example' = 'nowhere'", "`dns.hosts.\"a.example\"` = `nowhere` is not an address"),
        ("[hosts\ndelay = 1", "s.toml:1 is not TOML: "),
        ("[pipelines]\nconcurrency = 0", "`pipelines.concurrency` = 0 is not from 1"),
        ("[crawl]\nconcurrency = 1000000000000000000", "`crawl.concurrency` = 1000000000000000000 is not from 1"),
        ("[download]\ntimeout = '500000000000y'", "`download.timeout`"),
        ("[pipelines]\norder = ['images', 'images']", "`pipelines.order` names `images` twice"),
        (
            "[spiders.sitee]\nurl = 'x'",
            "no spider is called `sitee` (known: books, kodak-pulse, page-images, shelf, site; did you mean `site`?)",
        ),
        ("[pipelines.images]\nverify = 'hope'", "`pipelines.images.verify` cannot be"),
        ("[[feeds]]\nuri = 'x.jsonl'\n[[feeds]]\nuri = './x.jsonl'", "names `./x.jsonl` twice"),
        ("[spiders.site.settings.hosts]\ndely = 1", "there is no setting"),
        ("[[feeds]]\nuri = 'x.jsonl'\nformt = 'jsonl'", "unknown field `formt`"),
    ] {
        std::fs::write(scene.path("s.toml"), text).expect("written");
        refused(&scene, &[&CRAWL[..], &["--config", "s.toml"]].concat(), message);
    }
    refused(&scene, &[&CRAWL[..], &["--config", "none.toml"]].concat(), "settings file `none.toml` cannot be read");
    refused(&scene, &[&CRAWL[..], &["-s", "hosts.dely=1s"]].concat(), "(`-s hosts.dely`); did you mean `hosts.delay`?");
    refused(&scene, &[&CRAWL[..], &["-s", "hosts"]].concat(), "`-s hosts` is not `section.key=value`");
    refused(&scene, &[&CRAWL[..], &["--resolve", "a.example"]].concat(), "is not `HOST:PORT:ADDRESS[:PORT]`");
    let images = ["-s", "pipelines.order=['images']", "-s", "pipelines.images.store=''"];
    refused(&scene, &[&CRAWL[..], &images].concat(), "`pipelines.images.store` is empty");
}

#[test]
fn a_place_that_cannot_be_written_to_ends_it_before_any_request() {
    let (album, scene) = (Album::of(10), Scene::new());
    std::fs::write(scene.path("file"), "in the way").expect("written");
    let ended = album.crawl(&scene, &["-s", "pipelines.images.store=file/photos"]);
    ended.expect_code(6);
    assert!(ended.stderr.contains("`file/photos` cannot be used as the image store"), "{}", ended.stderr);
    let ended = album.crawl(&scene, &["-o", "no/such/folder/x.jsonl"]);
    ended.expect_code(6);
    assert!(ended.stderr.contains("`no/such/folder/x.jsonl` cannot be used as a feed"), "{}", ended.stderr);
    let ended = album.crawl(&scene, &["--stats", "no/such/folder/stats.json"]);
    ended.expect_code(6);
    assert!(ended.stderr.contains("`no/such/folder/stats.json` cannot be used as the report"), "{}", ended.stderr);
    assert_eq!(album.log().served(), 0);
}

#[test]
fn a_feed_whose_disk_is_full_stops_the_crawl() {
    let (album, scene) = (Album::of(480), Scene::new());
    let ended = album.crawl(&scene, &["-o", "/dev/full:jsonl", "-s", "crawl.patience=0s"]);
    ended.expect_code(6);
    assert_eq!(ended.report["finish_reason"], "feed_failed");
    assert!(ended.stderr.contains("`/dev/full` cannot be used as a feed: No space left on device"), "{}", ended.stderr);
    assert!(album.log().served() < 400, "the rest was not fetched");
}

#[test]
fn settings_print_what_is_in_force_and_where_it_came_from() {
    let scene = Scene::new();
    std::fs::create_dir(scene.path("config")).expect("a folder");
    std::fs::write(scene.path("config/default.toml"), "[crawl]\nconcurrency = 4\n").expect("written");
    std::fs::write(
        scene.path("mine.toml"),
        "[hosts]\ndelay = '2s'\n[spiders.kodak-pulse]\npassword = 'canary-9d'\n[spiders.kodak-pulse.settings.hosts]\ndelay = '3s'\n",
    )
    .expect("written");
    let arguments = ["settings", "--config", "mine.toml", "-s", "frontier.batch=7", "--spider", "kodak-pulse"];
    let output = dragline()
        .current_dir(scene.path(""))
        .args(arguments)
        .env("DRAGLINE__MIDDLEWARES__RETRY__TIMES", "5")
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let printed = stdout(&output);
    let line =
        |key: &str| printed.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("{key} in {printed}"));
    for (key, value, place) in [
        ("crawl.concurrency ", "= 4 ", "# config/default.toml:2"),
        ("crawl.grace ", "\"30s\"", "# default:"),
        ("hosts.delay ", "\"3s\"", "# mine.toml:6"),
        ("frontier.batch ", "= 7 ", "# `-s frontier.batch`"),
        ("middlewares.retry.times ", "= 5 ", "# environment `DRAGLINE__MIDDLEWARES__RETRY__TIMES`"),
        ("pipelines.order ", "[\"images\"]", "# spider `kodak-pulse`:"),
        ("spiders.kodak-pulse.password ", "\"***\"", "# mine.toml:4"),
    ] {
        assert!(line(key).contains(value) && line(key).contains(place), "{}", line(key));
    }
    assert!(!printed.contains("canary-9d"));
    let json = run(&scene, &["settings", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&json)).expect("JSON");
    assert_eq!(json["hosts.concurrency"]["value"], 8);
}

#[test]
fn the_spiders_are_listed_and_every_command_has_an_example() {
    let scene = Scene::new();
    assert_eq!(stdout(&run(&scene, &["list"])), "books\nkodak-pulse\npage-images\nshelf\nsite\n");
    for command in ["crawl", "select", "links", "parse", "shell", "list", "settings", "replica", "demo"] {
        let help = run(&scene, &[command, "--help"]);
        assert_eq!(help.status.code(), Some(0));
        assert!(stdout(&help).contains("Example:\n"), "{command}");
    }
}

#[test]
fn items_go_to_the_standard_output_and_everything_else_does_not() {
    let site = graph::Graph::start(graph::Options { pages: 20, ..Default::default() }).expect("a graph");
    let scene = Scene::new();
    let url = format!("url={}", site.url());
    let output =
        run(&scene, &["crawl", "site", "-a", &url, "-o", "-", "--log", "json", "--log-level", "dragline=debug"]);
    assert_eq!(output.status.code(), Some(0));
    let lines: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).expect("an item a line")).collect();
    assert_eq!(lines.len(), 20);
    let said = stderr(&output);
    let log: Vec<&str> = said.lines().take_while(|line| line.starts_with('{')).collect();
    assert!(
        log.len() >= 20 && log.iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{said}"
    );
}

#[test]
fn a_crawl_without_items_and_with_failures_has_failed_unless_it_is_told_not_to() {
    let scene = Scene::new();
    // nothing listens on the discard port
    let ended = scene.crawl("site", &["-a", "url=http://127.0.0.1:9/"]);
    ended.expect_code(3);
    assert_eq!((ended.count("requests/failed_count/connect"), ended.count("retry/count")), (1, 2));
    assert!(ended.stderr.contains("kind=connect"), "{}", ended.stderr);
    scene.crawl("site", &["-a", "url=http://127.0.0.1:9/", "--fail-on", "never"]).expect_code(0);
}

#[test]
fn the_demo_leaves_photographs_and_a_page_that_shows_them() {
    let scene = Scene::new();
    let output = run(&scene, &["demo", "--photos", "60"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("60 photographs are in demo/photos/, and on one page in demo/index.html"));
    assert!(stderr(&output).contains("file_status_count/downloaded"));
    let page = std::fs::read_to_string(scene.path("demo/index.html")).expect("a page");
    let shown: Vec<&str> = page.split("<img src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(shown.len(), 60);
    assert!(shown.iter().all(|source| scene.path("demo").join(source).is_file()));
}

/// What a replica says until it can be crawled.
fn until_ready(replica: &mut std::process::Child) -> String {
    let mut said = String::new();
    let mut out = std::io::BufReader::new(replica.stdout.take().expect("its output"));
    while !said.contains("Ctrl-C ends it.") {
        assert!(std::io::BufRead::read_line(&mut out, &mut said).expect("a line") > 0, "{said}");
    }
    said
}

#[test]
fn the_server_of_faults_says_where_it_is_and_leaves_its_root_certificate() {
    let scene = Scene::new();
    let mut replica = dragline()
        .current_dir(scene.path(""))
        .args(["replica", "faults", "--root", "root.pem"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let said = until_ready(&mut replica);
    let url = said.split("-a url=").nth(1).and_then(|rest| rest.split(' ').next()).expect("a URL to crawl");
    let url = format!("url={url}");
    let crawled =
        dragline().current_dir(scene.path("")).args(["crawl", "site", "-a", &url, "-o", "pages.jsonl"]).output();
    let crawled = crawled.expect("it runs");
    replica.kill().expect("ended");
    replica.wait().expect("gone");
    assert_eq!(crawled.status.code(), Some(0), "{}", stderr(&crawled));
    assert!(stderr(&crawled).contains("downloader/response_status_count/302  3"), "{}", stderr(&crawled));
    let root = std::fs::read_to_string(scene.path("root.pem")).expect("the certificate");
    assert!(root.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn a_replica_says_how_to_crawl_it_and_that_works() {
    let scene = Scene::new();
    let mut replica = dragline()
        .current_dir(scene.path(""))
        .args(["replica", "kodak", "--photos", "5", "--fault", "2=html"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let said = until_ready(&mut replica);
    let command = said.split_once("Crawl it with:\n").expect("a command").1.split_once("Ctrl-C").expect("an end").0;
    let folder = dragline().get_program().to_owned();
    let folder = std::path::Path::new(&folder).parent().expect("a folder").to_owned();
    let path = std::env::join_paths([folder, "/usr/bin".into(), "/bin".into()]).expect("a path");
    let crawled = Command::new("sh").current_dir(scene.path("")).args(["-c", command]).env("PATH", path).output();
    let crawled = crawled.expect("it runs");
    replica.kill().expect("ended");
    replica.wait().expect("gone");
    assert_eq!(crawled.status.code(), Some(0), "{}", stderr(&crawled));
    assert!(stderr(&crawled).contains("file_failed_count/not_an_image"));
    assert_eq!(std::fs::read_to_string(scene.path("photos.jsonl")).expect("a feed").lines().count(), 5);
}
