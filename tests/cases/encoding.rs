//! `encoding.jsonl`: what w3lib makes of bytes.

use dragline::message::charset::{self, Charset, Hints};
use serde_json::Value;

use crate::{bytes, check};

#[test]
fn bytes_become_text_as_in_w3lib() {
    check("encoding.jsonl", judge);
}

/// The name that we have for one of Python's.
pub(crate) fn our_name(codec: &str) -> Option<&'static str> {
    Charset::of_label(codec).map(name)
}

/// GBK is read as gb18030, by one decoder (Encoding Standard, section 10.1.1); Python has no other name for it.
pub(crate) fn name(charset: Charset) -> &'static str {
    if charset.name() == "GBK" { "gb18030" } else { charset.name() }
}

fn judge(case: &Value) -> Result<(), String> {
    let (args, want) = (&case["args"], &case["want"]);
    let is = |charset: Option<Charset>| {
        let (ours, theirs) = (charset.map(name), want.as_str().and_then(our_name));
        if ours == theirs { Ok(()) } else { Err(format!("{ours:?}")) }
    };
    match case["fn"].as_str().unwrap_or_default() {
        "read_bom" => {
            let ours = charset::byte_order_mark(&bytes(&args["data"])).map(|(charset, length)| (name(charset), length));
            let theirs = want[0].as_str().and_then(our_name).map(|name| (name, bytes(&want[1]).len()));
            if ours == theirs { Ok(()) } else { Err(format!("{ours:?}")) }
        }
        "http_content_type_encoding" => is(charset::of_content_type(args["content_type"].as_str().unwrap_or_default())),
        "html_body_declared_encoding" => {
            let body = bytes(&args["html_body_str"]);
            is(charset::in_html(&body[..body.len().min(charset::PRESCAN)]))
        }
        "resolve_encoding" => is(Charset::of_label(args["encoding_alias"].as_str().unwrap_or_default())),
        "to_unicode" => {
            let charset = Charset::of_label(args["encoding"].as_str().unwrap_or_default()).ok_or("no such encoding")?;
            let body = bytes(&args["data_str"]);
            let text = charset.decode(&body);
            if want.as_str() == Some(&*text) { Ok(()) } else { Err(text.into_owned()) }
        }
        "html_to_unicode" => {
            let body = bytes(&args["html_body_str"]);
            let hints = Hints { content_type: args["content_type_header"].as_str(), ..Hints::default() };
            let ours = charset::decode(&body, &hints);
            let is_same = want[0].as_str().and_then(our_name) == Some(name(ours.charset));
            if is_same && want[1].as_str() == Some(&*ours.text) { Ok(()) } else { Err(format!("{ours:?}")) }
        }
        other => Err(format!("`{other}` is not there")),
    }
}
