//! Bytes as text.

use dragline::message::charset::{self, Charset, Hints, Source};

use crate::message::first_line;

/// The input is a `Content-Type`, and a body. There is always a text; what has a mark is read by it, what is UTF-8 and says
/// nothing else is itself, and who says an encoding is believed.
pub fn encodings(input: &[u8]) {
    let (content_type, body) = first_line(input);
    let content_type = std::str::from_utf8(content_type).ok();
    for is_xml in [false, true] {
        for top_level_domain in [None, Some("jp"), Some("Xn--É")] {
            let hints = Hints { given: None, content_type, is_xml, top_level_domain };
            holds(body, &hints);
        }
    }
    let given = Hints { given: Some(Charset::UTF_8), content_type, ..Hints::default() };
    let read = charset::decode(body, &given);
    let text = String::from_utf8_lossy(body);
    assert_eq!((&*read.text, read.source), (text.strip_prefix('\u{feff}').unwrap_or(&text), Source::Given));
}

fn holds(body: &[u8], hints: &Hints<'_>) {
    let read = charset::decode(body, hints);
    assert_eq!(Charset::of_label(read.charset.name()), Some(read.charset), "a name is a label");
    assert_eq!((read.charset, read.source), charset::encoding_of(body, hints));
    assert!(read.text.len() <= body.len() * 3 + 3, "no byte is more than a character");
    match charset::byte_order_mark(body) {
        Some((mark, _)) => assert_eq!((read.charset, read.source), (mark, Source::ByteOrderMark)),
        None => assert_ne!(read.source, Source::ByteOrderMark),
    }
    if read.source == Source::Guessed
        && !body[..body.len().min(512)].contains(&0)
        && let Ok(text) = std::str::from_utf8(body)
    {
        assert_eq!(read.text, text, "UTF-8 is itself");
    }
}
