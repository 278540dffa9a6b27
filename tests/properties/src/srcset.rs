//! `srcset`.

use dragline::page::pictures::srcset::parse;

/// The input is a `srcset`. What comes out is well formed, and the same once more if it is written down and read again.
pub fn srcset(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut again = String::new();
    for entry in parse(&text) {
        let url = entry.url;
        assert!(!url.is_empty() && !url.contains(|c: char| c.is_ascii_whitespace()), "`{url}`");
        assert!(!url.starts_with(',') && !url.ends_with(',') && text.contains(url), "`{url}`");
        assert!(entry.width != Some(0) && entry.height != Some(0), "{entry:?}");
        assert!(entry.density.is_none_or(|density| density >= 0.0 && density.is_finite()), "{entry:?}");
        assert!(entry.density.is_none() || entry.width.is_none() && entry.height.is_none(), "{entry:?}");
        assert!(entry.height.is_none() || entry.width.is_some(), "{entry:?}");
        again.push_str(url);
        let whole = [(entry.height, 'h'), (entry.width, 'w')];
        let numbers = whole.into_iter().filter_map(|(value, unit)| value.map(|value| format!(" {value}{unit}")));
        again.extend(numbers.chain(entry.density.map(|density| format!(" {density}x"))));
        again.push_str(", ");
    }
    assert!(parse(&text).eq(parse(&again)), "`{again}`");
}
