//! Where a document type ends. What is in it is passed over.

/// How long a declaration is that a text begins with.
pub(super) fn length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let end =
        if bytes.get(2..9).is_some_and(|name| name.eq_ignore_ascii_case(b"DOCTYPE")) { of_doctype(text) } else { None };
    // a quote that is not closed is none
    end.or_else(|| memchr::memchr(b'>', bytes)).map_or(bytes.len(), |end| end + 1)
}

/// Where the `>` stands that is neither in quotes nor in the brackets of a subset.
fn of_doctype(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut is_subset) = (1, false);
    loop {
        at += bytes[at..].iter().position(|byte| b"\"'[]<>".contains(byte))?;
        match bytes[at] {
            b'>' if !is_subset => return Some(at),
            b'[' => is_subset = true,
            b']' => is_subset = false,
            quote @ (b'"' | b'\'') => at += 1 + memchr::memchr(quote, &bytes[at + 1..])?,
            b'<' if bytes[at..].starts_with(b"<!--") => at += 4 + memchr::memmem::find(&bytes[at + 4..], b"-->")?,
            b'<' if bytes[at..].starts_with(b"<?") => at += 2 + memchr::memmem::find(&bytes[at + 2..], b"?>")?,
            _ => {}
        }
        at += 1;
    }
}
