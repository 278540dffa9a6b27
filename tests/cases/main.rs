//! What the peers' own suites ask, from `../shared/cases` or `$DRAGLINE_CASES`: a file of cases, a module here.
#![expect(clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking, and say what they skip")]

mod cookies;
mod curl;
mod encoding;
mod exports;
mod fingerprints;
mod follow;
mod forms;
mod html;
mod httpcache;
mod jmespath;
mod json;
mod links;
mod loaders;
mod media;
mod middlewares;
mod pages;
mod redirect;
mod referrer;
mod requests;
mod retry;
mod robots;
mod rows;
mod selectors;
mod sitemaps;
mod urls;
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Holds every case of a file against the judge, who says what was wrong. Those that are listed in
/// `expected_failures.toml` must be wrong.
fn check(file: &str, judge: impl Fn(&Value) -> Result<(), String>) {
    hold(file, |_| true, judge);
}

/// The same for the cases of these functions only: the others, and what is listed of them, are other modules'.
fn check_only(file: &str, functions: &[&str], judge: impl Fn(&Value) -> Result<(), String>) {
    hold(file, |case| case["fn"].as_str().is_some_and(|function| functions.contains(&function)), judge);
}

fn hold(file: &str, is_ours: impl Fn(&Value) -> bool, judge: impl Fn(&Value) -> Result<(), String>) {
    let cases = lines(file);
    if cases.is_empty() {
        return;
    }
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("expected_failures.toml");
    let expected = std::fs::read_to_string(expected).expect("text");
    let mut expected: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(&expected).expect("TOML");
    let mut expected = expected.remove(file).unwrap_or_default();
    let (mut wrong, mut looked_at) = (Vec::new(), 0);
    for (line, case) in (1..).zip(cases) {
        let listed = expected.remove(&line.to_string());
        if !is_ours(&case) {
            continue;
        }
        looked_at += 1;
        match (judge(&case), listed) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Ok(()), Some(reason)) => wrong.push(format!("{line} passes, and is listed as failing: {reason}")),
            (Err(what), None) => {
                let from = case["from"].as_str().unwrap_or_default();
                wrong.push(format!("{line} {from}\n  ours {what}\n  case {case}"));
            }
        }
    }
    wrong.extend(expected.keys().map(|line| format!("{line} is listed and is no case")));
    assert!(looked_at > 0, "the cases are there");
    assert!(wrong.is_empty(), "{} of {looked_at}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The cases of a file; none where they are not here, which is said.
fn lines(file: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    let folder = std::env::var_os("DRAGLINE_CASES").map_or(root, PathBuf::from);
    let Ok(cases) = std::fs::read_to_string(folder.join(file)) else {
        eprintln!("skipped: `{file}` is not here (DRAGLINE_CASES names the folder of the cases)");
        return Vec::new();
    };
    cases.lines().map(|case| serde_json::from_str(case).expect("a case")).collect()
}

/// Bytes of a case: text, or `{"b64": …}`; nothing for anything else.
fn bytes(value: &Value) -> Vec<u8> {
    match (value.as_str(), value["b64"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(text)) => from_base64(text),
        (None, None) => (value["repeat"].as_array().into_iter().flatten())
            .flat_map(|part| bytes(&part[0]).repeat(part[1].as_u64().unwrap_or(0) as usize))
            .collect(),
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter_map(|digit| DIGITS.iter().position(|known| *known == digit));
    let bits: Vec<bool> = digits.flat_map(|digit| (0..6).rev().map(move |bit| digit >> bit & 1 == 1)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
}
