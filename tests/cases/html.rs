//! `html.jsonl`: what w3lib does with HTML as text.

use std::borrow::Cow;

use dragline::message::charset::Charset;
use dragline::message::markup::{self, Illegal, Tags};
use serde_json::Value;
use url::Url;

use crate::{bytes, check};

#[test]
fn markup_is_handled_as_in_w3lib() {
    check("html.jsonl", judge);
}

fn judge(case: &Value) -> Result<(), String> {
    let (args, want) = (&case["args"], &case["want"]);
    let charset = Charset::of_label(args["encoding"].as_str().unwrap_or("utf-8")).unwrap_or(Charset::UTF_8);
    let raw = bytes(&args["text"]);
    let is_text = args["text"]["b64"].is_null();
    let text = if is_text { String::from_utf8_lossy(&raw) } else { charset.decode(&raw) };
    let which = strings(&args["which_ones"]);
    let which: Vec<&str> = which.iter().map(String::as_str).collect();
    let keep = strings(&args["keep"]);
    let keep: Vec<&str> = keep.iter().map(String::as_str).collect();
    let illegal = if args["remove_illegal"] == false { Illegal::Keep } else { Illegal::Remove };
    let is = |ours: Cow<'_, str>| {
        if ours.as_bytes() == bytes(want) { Ok(()) } else { Err(ours.chars().take(200).collect()) }
    };
    match case["fn"].as_str().unwrap_or_default() {
        "replace_entities" => is(markup::replace_entities(&text, &keep, illegal)),
        "unquote_markup" => is(markup::unquote_markup(&text, &keep, illegal)),
        "has_entities" => {
            let ours = markup::has_entities(&text);
            if want.as_bool() == Some(ours) { Ok(()) } else { Err(ours.to_string()) }
        }
        "replace_tags" => is(markup::replace_tags(&text, args["token"].as_str().unwrap_or_default())),
        "remove_comments" => is(markup::remove_comments(&text)),
        "remove_tags" if !which.is_empty() => is(markup::remove_tags(&text, Tags::Only(&which))),
        "remove_tags" => is(markup::remove_tags(&text, Tags::Except(&keep))),
        "remove_tags_with_content" => is(markup::remove_tags_with_content(&text, &which)),
        "replace_escape_chars" => {
            let which = if which.is_empty() { vec!["\n", "\t", "\r"] } else { which };
            let by = bytes(&args["replace_by"]);
            is(markup::replace_escape_chars(&text, &which, &String::from_utf8_lossy(&by)))
        }
        "get_base_url" => base_url(args, want, &text, is_text),
        "get_meta_refresh" => meta_refresh(args, want, &text, is_text),
        other => Err(format!("`{other}` is not there")),
    }
}

fn base_url(args: &Value, want: &Value, text: &str, is_text: bool) -> Result<(), String> {
    let ours = markup::base_url(text, &page(args), max_scan(args, text, is_text));
    let ours = ours.or_else(|| args["baseurl"].as_str().and_then(|page| Url::parse(page).ok()));
    let theirs = want.as_str().and_then(|want| Url::parse(want).ok());
    if ours == theirs { Ok(()) } else { Err(format!("{ours:?}")) }
}

fn meta_refresh(args: &Value, want: &Value, text: &str, is_text: bool) -> Result<(), String> {
    let ignored = if args["ignore_tags"].is_null() {
        vec!["script".into(), "noscript".into()]
    } else {
        strings(&args["ignore_tags"])
    };
    let ignored: Vec<&str> = ignored.iter().map(String::as_str).collect();
    let ours = markup::meta_refresh(text, &page(args), &ignored, max_scan(args, text, is_text));
    same_refresh(ours, want)
}

/// A refresh as the cases write it.
pub(crate) fn same_refresh(ours: Option<(std::time::Duration, Url)>, want: &Value) -> Result<(), String> {
    let theirs = want[1].as_str().and_then(|url| Some((want[0].as_f64()?, Url::parse(url).ok()?)));
    let ours = ours.map(|(delay, url)| (delay.as_secs_f64(), url));
    if ours == theirs { Ok(()) } else { Err(format!("{ours:?}")) }
}

fn page(args: &Value) -> Url {
    let page = args["baseurl"].as_str().unwrap_or("http://none.invalid/");
    Url::parse(page).expect("a URL")
}

/// Python counts the characters of a text, and the bytes of bytes.
fn max_scan(args: &Value, text: &str, is_text: bool) -> usize {
    let Some(most) = args["max_scan"].as_u64() else { return usize::MAX };
    let most = usize::try_from(most).expect("a small number");
    if is_text { text.char_indices().nth(most).map_or(usize::MAX, |(at, _)| at) } else { most }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}
