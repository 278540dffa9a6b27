//! The order of the house: inside the engine, arrows point one way.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The stages of a request's life and what puts them together. A module may use those that stand before it.
const ORDER: [&str; 12] = [
    "message",
    "hosts",
    "frontier",
    "downloader",
    "page",
    "spider",
    "pipeline",
    "feed",
    "settings",
    "registry",
    "engine",
    "crawl",
];
/// What all may use: words, not stages.
const WORDS: [&str; 3] = ["error", "stats", "observer"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn engine() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/engine/src")
}

/// The module of the crate that a file belongs to, and the modules that its code names.
fn arrows(path: &Path) -> (String, Vec<String>) {
    let relative = path.strip_prefix(engine()).expect("within the engine");
    let first = relative.iter().next().expect("a name").to_string_lossy().into_owned();
    let module = first.trim_end_matches(".rs").to_owned();
    let text = fs::read_to_string(path).expect("text");
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    // `use crate::{a, b}` is written out as its parts, so that the names that follow `crate::` are all there are
    let mut named = Vec::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(list) => {
                let list = list.split_once('}').map_or(list, |(list, _)| list);
                named.extend(list.split(',').map(|name| name.trim().split("::").next().unwrap_or_default().to_owned()));
            }
            None => named.push(after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()),
        }
    }
    named.retain(|name| name.chars().next().is_some_and(char::is_lowercase));
    (module, named)
}

#[test]
fn a_stage_uses_only_what_stands_before_it() {
    let mut files = Vec::new();
    sources(&engine(), &mut files);
    assert!(files.len() > 30, "the engine's files are found");
    let rank = |module: &str| ORDER.iter().position(|name| *name == module);
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    for path in &files {
        let (module, named) = arrows(path);
        if module == "lib" || WORDS.contains(&module.as_str()) {
            continue;
        }
        let own = rank(&module).unwrap_or_else(|| panic!("`{module}` has no place in the order"));
        for name in named.iter().filter(|name| !WORDS.contains(&name.as_str())) {
            looked_at += 1;
            match rank(name) {
                Some(other) if other <= own => {}
                _ => wrong.push(format!("{} uses `{name}`", path.display())),
            }
        }
    }
    assert!(looked_at > 50, "arrows are found: {looked_at}");
    assert!(wrong.is_empty(), "against the order {ORDER:?}:\n{}", wrong.join("\n"));
}

#[test]
fn one_file_opens_sockets_and_one_runs_the_loop() {
    let mut files = Vec::new();
    sources(&engine(), &mut files);
    for path in &files {
        let text = fs::read_to_string(path).expect("text");
        let name = path.strip_prefix(engine()).expect("within the engine").display().to_string();
        if text.contains("reqwest::Client") || text.contains("TcpStream") {
            assert_eq!(name, "downloader/clients.rs", "the wire has one door");
        }
        assert!(text.starts_with("//!") || text.starts_with("#![doc"), "{name} opens with what it is for");
        assert!(!text.contains("use super::super"), "{name} climbs");
    }
}

#[test]
fn l04_no_program_is_run_and_no_shell() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for member in ["crates", "spiders"] {
        for package in fs::read_dir(root.join(member)).expect("a folder").flatten() {
            sources(&package.path().join("src"), &mut files);
        }
    }
    assert!(files.len() > 200, "the sources are found");
    // what only tests have may run programs
    for path in files.into_iter().filter(|path| !path.ends_with("tests.rs")) {
        let text = fs::read_to_string(&path).expect("text");
        let code = text.split("\n#[cfg(test)]").next().unwrap_or_default();
        // the desktop's opener, for `--open`: one argument, a path of ours or our own address
        let may_open = path.ends_with("crates/cli/src/browser.rs");
        for door in [
            "process::{Command",
            "process::Command",
            "Command::new(",
            "CommandExt",
            "execv",
            "libc::system",
            "\"sh\"",
            "\"-c\"",
        ] {
            let is_opener = may_open && ["process::{Command", "Command::new("].contains(&door);
            // an extension among others, which links are not followed to, or which files may have
            let lists = ["page/links/extensions.rs", "names/types.rs", "names/extension.rs"];
            let is_extension = lists.iter().any(|list| path.ends_with(list)) && door == "\"sh\"";
            assert!(is_opener || is_extension || !code.contains(door), "{} runs programs: `{door}`", path.display());
        }
    }
}

#[test]
fn the_readme_shows_the_spider_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).expect("text");
    let spider = fs::read_to_string(root.join("spiders/kodak-pulse/src/lib.rs")).expect("text");
    let (spider, _) = spider.split_once("\n#[cfg(test)]").expect("tests at the end");
    assert!(readme.contains(&format!("```rust\n{}\n```", spider.trim_end())), "README.md shows another spider");
}

/// The rows of the list of faults that are to be held by tests here: letter, and the number of the last one.
const ROWS: [(char, u8); 10] =
    [('S', 10), ('C', 14), ('H', 22), ('N', 9), ('P', 12), ('B', 10), ('L', 5), ('F', 13), ('I', 11), ('W', 15)];

/// The rows that the names of tests begin with: `S01` of `fn s01_…`.
fn tested() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    ["crates", "spiders", "tests"].iter().for_each(|folder| sources(&root.join(folder), &mut files));
    let mut rows = BTreeSet::new();
    for path in files {
        let text = fs::read_to_string(path).expect("text");
        let names = text.lines().filter_map(|line| line.trim_start().trim_start_matches("async ").strip_prefix("fn "));
        for name in names {
            // a second row may follow: `s06_and_s07_…`
            let mut parts = name.split('_').take(3).filter(|part| *part != "and");
            let is_row = |part: &&str| part.len() == 3 && part[1..].bytes().all(|byte| byte.is_ascii_digit());
            rows.extend(parts.by_ref().take_while(is_row).map(str::to_ascii_uppercase));
        }
    }
    rows
}

#[test]
fn every_row_of_the_list_of_faults_is_held_by_a_test_or_says_why_not() {
    let list = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rows.toml")).expect("text");
    let list: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(&list).expect("tables of reasons");
    let (tested, untested, in_part) = (tested(), &list["untested"], &list["in_part"]);
    let all = ROWS.iter().flat_map(|(letter, last)| (1..=*last).map(move |number| format!("{letter}{number:02}")));
    let missing: Vec<String> = all.filter(|row| !tested.contains(row) && !untested.contains_key(row)).collect();
    assert!(missing.is_empty(), "neither a test nor a reason in tests/rows.toml: {missing:?}");
    let stale: Vec<&String> = untested.keys().filter(|row| tested.contains(*row)).collect();
    assert!(stale.is_empty(), "tests/rows.toml says that no test holds {stale:?}, and one does");
    let gone: Vec<&String> = in_part.keys().filter(|row| !tested.contains(*row)).collect();
    assert!(gone.is_empty(), "tests/rows.toml says that tests hold {gone:?}, and none does");
}
