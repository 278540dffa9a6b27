//! The form of a URL that the seen set compares.

use dragline::frontier::Fingerprinter;
use dragline::message::urls::{self, Canonical};
use percent_encoding::percent_decode_str;
use url::{Position, Url};

/// The input is a URL. Its canonical form is a URL and is its own canonical form, has its fingerprint, and says what
/// the URL says; other spellings of the URL have the same.
pub fn canonical(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let _ = urls::guess(&text);
    let Ok(url) = urls::from_text(&text) else { return };
    // a parser that reads its own writing otherwise, as `url` does `file://host/C:/`, is beyond us
    if Url::parse(url.as_str()).as_ref() != Ok(&url) {
        return;
    }
    let form = urls::canonical(&url);
    let again = Url::parse(&form).expect("a canonical form is a URL");
    assert_eq!(urls::canonical(&again), form, "twice is as once");
    let prints = Fingerprinter::new(7);
    assert_eq!(prints.get(&again), prints.get(&url), "both are one wish");
    assert_eq!(means(&form), means(url.as_str()), "it says what the URL says");
    for other in spellings(&url) {
        assert_eq!(urls::canonical(&other), form, "`{other}` is another spelling");
    }
    for options in [
        Canonical::default(),
        Canonical { fragment: true, blank_values: false, ..Canonical::default() },
        Canonical { separator: ';', ..Canonical::default() },
    ] {
        let once = urls::canonicalise(&url, options);
        assert_eq!(urls::canonicalise(&once, options), once, "twice is as once, with {options:?}");
    }
}

/// What is before the query, decoded, and the query's pairs in no order.
fn means(text: &str) -> (Vec<u8>, Vec<Vec<u8>>) {
    let text = text.split_once('#').map_or(text, |(text, _)| text.trim_end_matches(' '));
    let (before, query) = text.split_once('?').unwrap_or((text, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs.map(|pair| percent_decode_str(&pair.replace('+', "%20")).collect()).collect();
    pairs.sort_unstable();
    (percent_decode_str(before).collect(), pairs)
}

/// The same page: with another fragment, its pairs from behind, its letters escaped.
fn spellings(url: &Url) -> Vec<Url> {
    let mut fragment = url.clone();
    fragment.set_fragment(Some("other"));
    let mut all = vec![fragment];
    if let Some(query) = url.query() {
        let mut backwards = url.clone();
        backwards.set_query(Some(&query.rsplit('&').collect::<Vec<_>>().join("&&")));
        all.push(backwards);
    }
    if matches!(url.scheme(), "http" | "https") {
        let (before, after) = (&url[..Position::BeforePath], &url[Position::AfterPath..]);
        all.push(Url::parse(&format!("{before}{}{after}", escaped(url.path()))).expect("a URL"));
    }
    all
}

/// Letters and digits as escapes, but for those behind a `%`.
fn escaped(path: &str) -> String {
    let mut last = [' '; 2];
    let escape = |letter: char| {
        let is_free = letter.is_ascii_alphanumeric() && !last.contains(&'%');
        last = [last[1], letter];
        if is_free { format!("%{:02x}", u32::from(letter)) } else { letter.to_string() }
    };
    path.chars().map(escape).collect()
}
