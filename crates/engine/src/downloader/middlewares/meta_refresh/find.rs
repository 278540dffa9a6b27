//! Tells the pages that may have a refresh in their heads from those that have none, which are most, by a look at the
//! bytes.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE};

use crate::message::charset::{self, Charset, Hints};

/// The text of a page that may have a refresh in it.
pub(super) fn worth_reading<'a>(head: &'a [u8], content_type: Option<&str>) -> Option<Cow<'a, str>> {
    let said = charset::byte_order_mark(head).map(|(mark, _)| mark);
    let said = said.or_else(|| content_type.and_then(charset::of_content_type));
    let is_wide = said.is_some_and(|charset| match charset {
        Charset::Known(encoding) => [UTF_16LE, UTF_16BE].contains(&encoding),
        Charset::Utf32Le | Charset::Utf32Be => true,
    });
    if !is_wide && !has_refresh(head) {
        return None;
    }
    let text = charset::decode(head, &Hints { content_type, ..Hints::default() }).text;
    (!is_wide || has_refresh(text.as_bytes())).then_some(text)
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
