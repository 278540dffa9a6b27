//! Finds the refresh in a page's head. Most pages have none, and are told so by a look at the bytes.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::time::Duration;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use url::Url;

use crate::downloader::middlewares::redirect::join;

/// Elements whose content is text, and how it ends (HTML standard, section 13.2.6.4.7).
const RAW: [(&str, RawKind); 8] = [
    ("script", RawKind::ScriptData),
    ("style", RawKind::Rawtext),
    ("xmp", RawKind::Rawtext),
    ("iframe", RawKind::Rawtext),
    ("noembed", RawKind::Rawtext),
    ("noframes", RawKind::Rawtext),
    ("title", RawKind::Rcdata),
    ("textarea", RawKind::Rcdata),
];

/// The text of a page that may have a refresh in it.
pub(super) fn worth_reading<'a>(head: &'a [u8], content_type: Option<&str>) -> Option<Cow<'a, str>> {
    let encoding = said(head, content_type);
    if encoding.is_some_and(|encoding| [UTF_16LE, UTF_16BE].contains(&encoding)) {
        let text = encoding?.decode(head).0;
        return has_refresh(text.as_bytes()).then_some(text);
    }
    has_refresh(head).then(|| encoding.unwrap_or_else(|| guessed(head)).decode(head).0)
}

/// The encoding by byte order mark, then as the server says.
fn said(head: &[u8], content_type: Option<&str>) -> Option<&'static Encoding> {
    const NAME: &[u8] = b"charset=";
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Some(encoding);
    }
    let kind = content_type?.as_bytes();
    let at = kind.windows(NAME.len()).position(|part| part.eq_ignore_ascii_case(NAME))?;
    let label = kind[at + NAME.len()..].split(|byte| *byte == b';').next()?.trim_ascii();
    let label = label.strip_prefix(b"\"").unwrap_or(label);
    Encoding::for_label(label.strip_suffix(b"\"").unwrap_or(label))
}

/// The encoding by looking: what a URL in a page's head needs.
fn guessed(head: &[u8]) -> &'static Encoding {
    match std::str::from_utf8(head) {
        // what ends within a character was cut there
        Err(error) if error.error_len().is_some() => WINDOWS_1252,
        _ => UTF_8,
    }
}

/// Whether `http-equiv` stands before `refresh` anywhere. The rarest letter is looked for; most attributes of that name
/// are about something else.
fn has_refresh(bytes: &[u8]) -> bool {
    const NAME: &[u8] = b"http-equiv";
    memchr::memchr2_iter(b'q', b'Q', bytes).any(|at| {
        let Some(start) = at.checked_sub(6) else { return false };
        let Some(name) = bytes.get(start..start + NAME.len()).filter(|name| name.eq_ignore_ascii_case(NAME)) else {
            return false;
        };
        let value = bytes[start + name.len()..].iter().copied();
        let mut value = value.skip_while(|byte| byte.is_ascii_whitespace() || b"=\"'".contains(byte)).take(7);
        match value.next() {
            // it may be written in character references
            Some(b'&') => true,
            Some(first) => {
                first.eq_ignore_ascii_case(&b'r') && value.map(|byte| byte.to_ascii_lowercase()).eq(*b"efresh")
            }
            None => false,
        }
    })
}

/// The first refresh of a page that can be read.
pub(super) fn first(text: &str, page: &Url, ignored: &[String]) -> Option<(Duration, Url)> {
    let finder = Finder { page, ignored, base: RefCell::default(), within: RefCell::default(), found: Cell::default() };
    let tokenizer = Tokenizer::new(finder, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(text));
    // it stops behind the refresh: that is where a browser would run a script
    let _ = tokenizer.feed(&input);
    tokenizer.sink.found.take()
}

struct Finder<'a> {
    page: &'a Url,
    ignored: &'a [String],
    /// The first `<base href>`, if it is one that can be used.
    base: RefCell<Option<Option<Url>>>,
    /// The ignored element that it is in, and how many of that name lie around.
    within: RefCell<Option<(String, usize)>>,
    found: Cell<Option<(Duration, Url)>>,
}

impl Finder<'_> {
    fn has_found(&self) -> bool {
        let found = self.found.take();
        let has = found.is_some();
        self.found.set(found);
        has
    }

    /// Whether a tag belongs to what is ignored.
    fn passes_over(&self, tag: &Tag) -> bool {
        let mut within = self.within.borrow_mut();
        let is_start = tag.kind == TagKind::StartTag;
        match within.as_mut() {
            Some((name, depth)) if *name == *tag.name => {
                *depth = if is_start { *depth + 1 } else { *depth - 1 };
                if *depth == 0 {
                    *within = None;
                }
                true
            }
            Some(_) => true,
            None => {
                let is_ignored = *tag.name == *"template" || self.ignored.iter().any(|name| *tag.name == **name);
                if is_start && is_ignored {
                    *within = Some((tag.name.to_string(), 1));
                }
                is_ignored
            }
        }
    }

    fn look_at(&self, tag: &Tag) {
        let attribute = |name: &str| {
            let attribute = tag.attrs.iter().find(|attribute| *attribute.name.local == *name)?;
            Some(&*attribute.value)
        };
        if *tag.name == *"base" {
            let mut base = self.base.borrow_mut();
            if let (None, Some(href)) = (&*base, attribute("href")) {
                let href = self.page.join(href).ok().filter(|url| !matches!(url.scheme(), "data" | "javascript"));
                *base = Some(href);
            }
        } else if *tag.name == *"meta"
            && attribute("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh"))
            && let Some((delay, place)) = attribute("content").and_then(read)
        {
            let base = self.base.borrow();
            let base = base.as_ref().and_then(Option::as_ref).unwrap_or(self.page);
            // a refresh without a place is one of the page itself
            let target = if place.is_empty() { Some(self.page.clone()) } else { join(base, place) };
            self.found.set(target.map(|target| (delay, target)));
        }
    }
}

impl TokenSink for Finder<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        if !self.passes_over(&tag) && tag.kind == TagKind::StartTag {
            self.look_at(&tag);
        }
        if self.has_found() {
            return TokenSinkResult::Script(());
        }
        if tag.kind == TagKind::StartTag {
            if *tag.name == *"plaintext" {
                return TokenSinkResult::Plaintext;
            }
            if let Some((_, kind)) = RAW.iter().find(|(name, _)| *tag.name == **name) {
                return TokenSinkResult::RawData(*kind);
            }
        }
        TokenSinkResult::Continue
    }
}

/// The delay and the place of a refresh (HTML standard, "shared declarative refresh steps", 2 to 13); no place is the
/// page itself.
pub(super) fn read(content: &str) -> Option<(Duration, &str)> {
    const SPACE: [char; 5] = [' ', '\t', '\n', '\x0c', '\r'];
    let rest = content.trim_start_matches(SPACE);
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    if digits == 0 && !rest.starts_with('.') {
        return None;
    }
    let seconds = if digits == 0 { 0 } else { rest[..digits].parse().unwrap_or(u64::MAX) };
    let delay = Duration::from_secs(seconds);
    let rest = rest[digits..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if !rest.is_empty() && !rest.starts_with([';', ',']) && !rest.starts_with(SPACE) {
        return None;
    }
    let rest = rest.trim_start_matches(SPACE);
    let place = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start_matches(SPACE);
    let after = match place.strip_prefix(['u', 'U']) {
        None => place,
        Some(rest) => {
            let name = rest.strip_prefix(['r', 'R']).and_then(|rest| rest.strip_prefix(['l', 'L']));
            let value = name.and_then(|rest| rest.trim_start_matches(SPACE).strip_prefix('='));
            match value {
                Some(value) => value.trim_start_matches(SPACE),
                // a place that only begins like the word
                None => return Some((delay, place.trim_end_matches(SPACE))),
            }
        }
    };
    let place = match after.strip_prefix(['\'', '"']) {
        Some(quoted) => quoted.split(after.chars().next().unwrap_or('"')).next().unwrap_or(quoted),
        None => after,
    };
    Some((delay, place.trim_end_matches(SPACE)))
}
