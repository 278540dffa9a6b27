//! Single pages through the command line: what queries find, where links lead, what a spider makes of a page.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use dragline_replica::books::{Books, Options};
use dragline_tests::{Album, Scene, dragline};
use serde_json::Value;

const PAGE: &str = "<title>A\u{1b}[2J page</title><h1>\n  One <b>big</b>\n title</h1><ul><li class=x>1 <a href='/a' \
                    title=first>A\u{202e}</a><li>2 <a href='b?y=2&x=1#top'>B</a><li><a href='mailto:a@b'>C</a></ul>\
                    <script>{\"books\": [{\"name\": \"x\", \"price\": 7}, {\"name\": \"y\"}]}</script>";

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let code = output.status.code().expect("not ended by a signal");
        Self { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn lines(&self) -> Vec<&str> {
        self.out.lines().collect()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect("JSON")
    }
}

fn page() -> Scene {
    let scene = Scene::new();
    std::fs::write(scene.path("page.html"), PAGE).expect("written");
    scene
}

fn run(scene: &Scene, arguments: &[&str]) -> Said {
    Said::of(&dragline().current_dir(scene.path("")).args(arguments).output().expect("the binary runs"))
}

fn fed(scene: &Scene, arguments: &[&str], input: &str) -> Said {
    let mut command: Command = dragline();
    command.current_dir(scene.path("")).args(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("written");
    Said::of(&child.wait_with_output().expect("its end"))
}

fn shop() -> (Books, String) {
    let shop = Books::start(Options { books: 45, ..Options::default() }).expect("a shop");
    let url = shop.url();
    (shop, url)
}

#[test]
fn one_match_is_one_line_in_the_form_that_is_asked_for() {
    let scene = page();
    let select = |more: &[&str]| run(&scene, &[&["select", "page.html"], more].concat());
    assert_eq!(select(&["--css", "h1"]).out, "One big title\n");
    assert_eq!(select(&["--css", "h1", "--raw"]).out, "\\n  One big\\n title\n");
    assert_eq!(select(&["--css", "h1 b", "--html"]).out, "<b>big</b>\n");
    assert_eq!(select(&["--css", "li a", "--attr", "title"]).out, "first\n");
    assert_eq!(select(&["--css", "li a::attr(href)"]).lines(), ["/a", "b?y=2&x=1#top", "mailto:a@b"]);
    assert_eq!(select(&["--css", "li", "--first"]).out, "1 A\u{202e}\n");
    assert_eq!(select(&["--css", "li", "--count"]).out, "3\n");
    assert_eq!(select(&["--re", "<li[^>]*>(\\d)"]).lines(), ["1", "2"]);
    let json = select(&["--css", "li a", "--first", "--json"]);
    // JSON is safe on every terminal, piped or not
    assert!(json.out.is_ascii(), "{}", json.out);
    assert_eq!(json.json()["attrs"]["title"], "first");
    assert_eq!(json.json()["text"], "A\u{202e}");
    assert_eq!(select(&["--css", "li a", "--attr", "href", "--json", "--first"]).out, "\"/a\"\n");
}

#[test]
fn queries_are_asked_one_after_the_other_in_the_order_of_the_command_line() {
    let scene = page();
    let select = |more: &[&str]| run(&scene, &[&["select", "page.html"], more].concat());
    assert_eq!(select(&["--css", "li.x", "--css", "a::text", "--re", "\\w"]).out, "A\n");
    assert_eq!(select(&["--css", "script", "--jmespath", "books[].name"]).lines(), ["x", "y"]);
    assert_eq!(select(&["--css", "script", "--re", "\\{.*\\}", "--jmespath", "books[0].price"]).out, "7\n");
    let values = select(&["--css", "script", "--jmespath", "books[?price]", "--json"]);
    assert_eq!(values.out, "{\"name\":\"x\",\"price\":7}\n");
    std::fs::write(scene.path("data.json"), r#"{"html": "<p>in</p>", "none": null}"#).expect("written");
    let json = |more: &[&str]| run(&scene, &[&["select", "data.json"], more].concat());
    assert_eq!(json(&["--jmespath", "html", "--css", "p::text"]).out, "in\n");
    assert_eq!(json(&["--jmespath", "none"]).code, 3);
}

#[test]
fn a_page_comes_from_a_url_a_file_or_the_input() {
    let (_shop, url) = shop();
    let scene = page();
    let titles = run(&scene, &["select", &url, "--css", "article", "--css", "h3 a", "--attr", "title"]);
    assert_eq!((titles.code, titles.lines().len()), (0, 20), "{}", titles.err);
    let without = run(&scene, &["select", url.trim_start_matches("http://"), "--css", "h1"]);
    assert_eq!(without.out, "All products\n");
    assert_eq!(fed(&scene, &["select", "-", "--css", "p"], "<p>piped</p>").out, "piped\n");
    assert_eq!(run(&scene, &["select", "data:text/html,<p>here</p>", "--css", "p"]).out, "here\n");
    let missing = run(&scene, &["select", &format!("{url}nothing"), "--css", "title"]);
    assert!(missing.err.contains("note: 404 Not Found"), "{}", missing.err);
}

#[test]
fn what_cannot_be_asked_is_said_before_anything_is_fetched_and_no_match_is_no_success() {
    let scene = page();
    let refused = |arguments: &[&str], code: i32, message: &str| {
        let said = run(&scene, arguments);
        assert_eq!(said.code, code, "{arguments:?}: {}", said.err);
        assert!(said.err.contains(message), "{arguments:?} should say `{message}` and says `{}`", said.err);
    };
    refused(&["select", "http://127.0.0.1:9/", "--css", "h1["], 2, "`h1[` is no CSS selector");
    refused(&["select", "page.html", "--re", "("], 2, "`(` is no regular expression");
    refused(&["select", "page.html", "--jmespath", "a["], 2, "`a[` is no JMESPath expression");
    refused(&["select", "page.html"], 2, "--css <SELECTOR>|--xpath <EXPRESSION>|--jmespath <EXPRESSION>|--re <REGEX>");
    refused(&["select", "pages.html", "--css", "a"], 2, "`pages.html` is no file that can be read, and no URL");
    refused(&["select", "http://[x", "--css", "a"], 2, "`http://[x` is no file, and no URL");
    refused(&["select", "http://127.0.0.1:9/", "--css", "a"], 3, "error: connect: ");
    refused(&["select", "page.html", "--jmespath", "a"], 3, "error: the JSON of file://");
    refused(&["select", "page.html", "--css", "h2"], 3, "");
    refused(&["select", "page.html", "--css", "a", "-s", "download.max_body=10B"], 2, "`download.max_body`");
    assert_eq!(run(&scene, &["select", "page.html", "--css", "h2", "--count"]).out, "0\n");
}

#[test]
fn links_are_filtered_as_scrapy_filters_them() {
    let scene = page();
    let links =
        |more: &[&str]| run(&scene, &[&["links", "page.html", "--base", "http://a.example/dir/"], more].concat());
    assert_eq!(links(&[]).lines()[..2], ["http://a.example/a", "http://a.example/dir/b?y=2&x=1#top"]);
    assert_eq!(links(&["--canonicalise", "--allow", "b\\?"]).out, "http://a.example/dir/b?x=1&y=2\n");
    assert_eq!(links(&["--deny", "b\\?", "--allow-domain", "a.example"]).out, "http://a.example/a\n");
    assert_eq!(links(&["--restrict-css", "li.x", "--text"]).out, "http://a.example/a\tA\u{202e}\n");
    assert_eq!(links(&["--restrict-text", "^B$"]).lines().len(), 1);
    assert_eq!(links(&["--tag", "link"]).code, 3);
    let json = links(&["--allow", "/a$", "--json"]).json();
    assert_eq!((&json["url"], &json["nofollow"]), (&Value::from("http://a.example/a"), &Value::from(false)));
    let wrong = run(&scene, &["links", "http://127.0.0.1:9/", "--allow", "("]);
    assert!(wrong.code == 2 && wrong.err.contains("`(` is no regular expression"), "{}", wrong.err);
    let without = fed(&scene, &["links", "-"], "<a href='/x'>x</a>");
    assert_eq!(without.out, "file:///x\n");
    assert!(without.err.contains("relative links need `--base URL`"), "{}", without.err);
    let (_shop, url) = shop();
    let found = run(&scene, &["links", &url, "--allow", "page-2"]);
    assert_eq!(found.out, format!("{url}catalogue/page-2.html\n"));
}

#[test]
fn a_step_is_taken_as_json_as_debug_prints_it_or_from_the_first_request() {
    let (_shop, url) = shop();
    let scene = Scene::new();
    let argument = format!("url={url}");
    let parse = |more: &[&str]| run(&scene, &[&["parse", "books"], more, &["-a", &argument]].concat());
    let list = parse(&[&url]);
    assert_eq!(list.code, 0, "{}", list.err);
    assert!(list.out.starts_with(&format!("{url} (200) as List\n├─ request Product  {url}catalogue/")), "{}", list.out);
    assert!(list.out.ends_with("└─ 0 items, 21 requests\n"), "{}", list.out);
    let json = parse(&[&url, "--json"]).json();
    assert_eq!((&json["step"], json["requests"].as_array().map(Vec::len)), (&Value::from("List"), Some(21)));
    let book = json["requests"][0]["url"].as_str().expect("a URL").to_owned();
    for step in ["Product", "product", "\"Product\""] {
        let json = parse(&[&book, "--step", step, "--json"]).json();
        assert_eq!(json["items"][0]["kind"], "book", "{step}");
        assert_eq!(json["items"][0]["fields"]["url"], book.as_str(), "{step}");
    }
    let guessed = parse(&[&book]);
    assert!(
        guessed.err.contains("note: read as `List`, the spider's first step; `--step` says another: List, Product")
    );
    let deep = parse(&[&url, "--depth", "1", "--pages", "3", "--json"]).json();
    let pages = deep["requests"].as_array().expect("requests").iter().filter(|request| request.get("page").is_some());
    assert_eq!(pages.count(), 2, "three pages are fetched, and one of them is the list");
    assert!(deep["requests"][0]["page"]["items"][0]["fields"]["title"].is_string());
}

#[test]
fn a_saved_page_is_parsed_as_if_it_came_from_its_url() {
    let scene = Scene::new();
    let html = include_str!("../spiders/books/tests/pages/product.html");
    std::fs::write(scene.path("product.html"), html).expect("written");
    let url = "http://books.example/17/index.html";
    let arguments = ["parse", "books", "product.html", "--step", "Product", "-a", "url=http://books.example/"];
    let parsed = run(&scene, &[&arguments[..], &["--url", url, "--json"]].concat()).json();
    assert_eq!(parsed["items"][0]["fields"]["url"], url);
    let without = run(&scene, &arguments);
    assert!(without.err.contains("relative links need `--url URL`"), "{}", without.err);
    std::fs::write(scene.path("empty.html"), "<p>").expect("written");
    let arguments = ["parse", "books", "empty.html", "--step", "Product", "-a", "url=http://books.example/"];
    let empty = run(&scene, &[&arguments[..], &["--url", url]].concat());
    assert_eq!(empty.code, 3);
    assert!(
        empty.out.contains(&format!("├─ error field `title` of `Book`: nothing matches `h1` on {url}\n")),
        "{}",
        empty.out
    );
}

#[test]
fn what_a_newcomer_gets_wrong_is_said_with_what_there_is() {
    let scene = Scene::new();
    let url = "http://127.0.0.1:9/";
    let said = |arguments: &[&str], code: i32, message: &str| {
        let said = run(&scene, arguments);
        assert_eq!(said.code, code, "{arguments:?}: {}", said.err);
        assert!(said.err.contains(message), "{arguments:?} should say `{message}` and says `{}`", said.err);
    };
    said(
        &["parse", "book", url],
        2,
        "no spider is called `book` (known: books, kodak-pulse, page-images, shelf, site; did you mean `books`?)",
    );
    said(&["parse", "books", url], 2, "spider `books` needs `url`: give `-a url=…`");
    let books = ["parse", "books", url, "-a", "url=http://a.example/"];
    let step = |step: &'static str| [&books[..], &["--step", step]].concat();
    let known = "no step of this spider is called `Prodct` (known: List, Product; did you mean `Product`?)";
    said(&step("Prodct"), 2, known);
    said(&step("List {"), 2, "step `List {` cannot be: ");
    said(&books, 3, "error: connect: ");
    let kodak = ["parse", "kodak-pulse", url, "-a", "username=me", "-a", "password=canary-3c"];
    let step = |step: &'static str| [&kodak[..], &["--step", step]].concat();
    said(&step("Pictures"), 2, "step `Pictures` cannot be: ");
    said(&step("Pictures { page: one }"), 2, "invalid type: string \"one\", expected u32");
    said(&[&books[..], &["--url", "nonsense"]].concat(), 2, "`--url` is no URL");
    said(&[&books[..], &["--url", url]].concat(), 2, "`--url` says where a file came from, and this is no file");
}

#[test]
fn a_spider_with_an_account_signs_in_before_its_page_is_fetched() {
    let (album, scene) = (Album::of(60), Scene::new());
    let arguments = album.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let page = ["parse", "kodak-pulse", "https://www.kodakpulse.com/Frame/AllPictures?p=2", "--json"];
    let step = ["--step", "Pictures(page=2)"];
    let parsed = run(&scene, &[&page[..], &step, &arguments].concat());
    assert_eq!(parsed.code, 0, "{}", parsed.err);
    let json = parsed.json();
    assert_eq!((&json["items"][0]["fields"]["page"], json["items"].as_array().map(Vec::len)), (&2.into(), Some(12)));
    let outside = run(&scene, &[&page[..], &["--no-open"], &step, &arguments].concat());
    assert_eq!(outside.code, 3, "{}", outside.out);
    assert!(outside.json()["error"].as_str().is_some_and(|error| error.contains("nobody is signed in")));
    let way = album.way();
    let way: Vec<&str> = way.iter().map(String::as_str).collect();
    let wrong = ["-a", "username=demo", "-a", "password=canary-77"];
    let refused = run(&scene, &[&page[..], &step, &way, &wrong].concat());
    assert_eq!(refused.code, 5, "{}", refused.err);
    assert!(refused.err.contains("sign-in refused: ") && !refused.err.contains("canary-77"), "{}", refused.err);
}

#[test]
fn the_shell_does_what_a_pipe_says() {
    let (_shop, url) = shop();
    let scene = page();
    let shell = |input: &str| fed(&scene, &["shell", &url], input);
    let forms = "<base href='http://a.example/'><form id=in method=post action=login><input name=user value=me><input \
                 type=password name=password value=canary-9b></form><img src=a.png srcset='b.png 2x'>";
    std::fs::write(scene.path("forms.html"), forms).expect("written");
    assert_eq!(shell("title\n").out, "All products | Books to Scrape - Sandbox\n");
    assert_eq!(shell("h1\ncss h1::text\n").out, "<h1>All products</h1>\nAll products\n");
    assert_eq!(shell("css h3 a::attr(href)\n").lines().len(), 20);
    assert_eq!(shell("re Page (\\d+) of (\\d+)").lines(), ["1", "3"]);
    assert_eq!(shell("fetch catalogue/page-2.html\nurl\n").out, format!("200 {url}catalogue/page-2.html\n"));
    assert!(shell("headers").out.contains("content-type: text/html"));
    let links = shell("links\n");
    assert!(links.lines().contains(&format!("{url}catalogue/page-2.html").as_str()), "{}", links.out);
    let forms = fed(&scene, &["shell", "forms.html"], "forms\nimages\n");
    let expected = "POST http://a.example/login  #in  user=me password=***\nhttp://a.example/b.png\n";
    assert_eq!(forms.out, expected, "{}", forms.err);
    let help = shell("help\nquit\nh1\n");
    assert!(help.out.contains("xpath EXPRESSION") && !help.out.contains("All products"), "{}", help.out);
    let wrong = shell("hlep\nh1\n");
    assert_eq!((wrong.code, wrong.out.as_str()), (3, "<h1>All products</h1>\n"));
    assert!(wrong.err.contains("nothing matches `hlep` (did you mean the command `help`?)"), "{}", wrong.err);
    let local = fed(&scene, &["shell", "page.html"], "h1 b\n");
    assert_eq!(local.out, "<b>big</b>\n");
    let none = fed(&scene, &["shell"], "h1\n");
    assert!(none.code == 3 && none.err.contains("no page is loaded: `fetch URL`"), "{}", none.err);
}

#[test]
fn the_shell_writes_the_page_for_a_browser_and_runs_nothing() {
    let scene = page();
    let view = fed(&scene, &["shell", "page.html"], "view\n");
    let path = view.out.trim().strip_prefix("file://").expect("a file");
    let html = std::fs::read_to_string(path).expect("the page");
    assert!(html.contains("script-src 'none'") && html.ends_with(PAGE), "{html}");
    std::fs::remove_file(path).expect("removed");
}

/// `script` gives the command a terminal.
#[test]
fn l02_a_page_does_nothing_to_a_terminal() {
    let scene = page();
    let binary = dragline().get_program().to_string_lossy().into_owned();
    for command in [
        "select page.html --css title",
        "select page.html --css 'li a' --html",
        "select page.html --css title --json",
        "links page.html --text --base http://a.example/",
    ] {
        let typed = format!("{binary} {command}");
        let mut terminal = Command::new("script");
        terminal.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(scene.path(""));
        let output = terminal.args(["-qec", &typed, "/dev/null"]).stdin(Stdio::null()).output().expect("`script` runs");
        let said = Said::of(&output);
        assert!(!said.out.is_empty(), "{command}");
        assert!(!said.out.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{command}: {:?}", said.out);
    }
}
