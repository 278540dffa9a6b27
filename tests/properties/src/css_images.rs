//! The images that CSS names.

use std::fmt::Write;

use dragline::page::pictures::css::images;

/// The input is a style sheet, and a URL to be named in one. Whatever is named comes out as it was.
pub fn css_images(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    assert!(images(&text).iter().all(|set| !set.is_empty()), "a set is a picture");
    // no escape stands for a NUL
    let url: String = text.chars().filter(|letter| *letter != '\0').collect();
    let mut escaped = String::new();
    for letter in url.chars() {
        match letter.is_ascii_alphanumeric() {
            true => escaped.push(letter),
            false => write!(escaped, "\\{:x} ", u32::from(letter)).expect("memory"),
        }
    }
    // a letter after an escape is none of its digits, for a space ends it
    for css in [
        format!("background:url({escaped})"),
        format!("a{{color:red;BACKGROUND-image : uRl( \"{escaped}\" ) }}"),
        format!("@import url(x);b{{background:image-set('{escaped}' 1x)}}"),
        format!("/*{{*/--own:no-repeat url('{escaped}"),
    ] {
        let found: Vec<String> = images(&css).into_iter().flatten().map(|drawn| drawn.url).collect();
        assert_eq!(found, [url.as_str()], "{css}");
    }
}
