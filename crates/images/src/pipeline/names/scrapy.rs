//! The names that Scrapy gives to files, so that a store that it filled is taken over.

use sha1::{Digest, Sha1};

use super::types::{OF_SCRAPY, TYPES};
use crate::hex;

/// The name of an image: `full/<sha1 of the URL>.jpg`, whatever its format.
#[must_use]
pub fn image_name(url: &str) -> String {
    format!("full/{}.jpg", sha1(url))
}

/// The name of a thumbnail: `thumbs/<id>/<sha1 of the URL>.jpg`.
#[must_use]
pub fn thumb_name(url: &str, id: &str) -> String {
    format!("thumbs/{id}/{}.jpg", sha1(url))
}

/// The name of a file: `full/<sha1 of the URL>` and the extension that its URL seems to have.
#[must_use]
pub fn file_name(url: &str) -> String {
    format!("full/{}{}", sha1(url), extension_of(url).map(|extension| format!(".{extension}")).unwrap_or_default())
}

/// The SHA-1 of a URL, in hex.
pub(crate) fn sha1(url: &str) -> String {
    hex(&Sha1::digest(url.as_bytes()))
}

/// The extension by Scrapy's rule: what the URL's path ends in if it is known, else what the URL ends in, else by the type
/// of a `data:` URL.
fn extension_of(url: &str) -> Option<String> {
    let known = |extension: &str| TYPES[..OF_SCRAPY].iter().find(|(known, _)| *known == extension).copied();
    let end = suffix(url);
    if let Some((extension, _)) = known(end) {
        return Some(extension.to_owned());
    }
    let kind = match url.strip_prefix("data:") {
        Some(data) => Some(type_of_data(data)?),
        None => {
            let path = url.split_once("://").map_or(url, |(_, rest)| rest);
            let path = path.split_once('/').map_or("", |(_, path)| path);
            let path = path.split(['?', '#']).next().unwrap_or_default();
            let of_path = known(&suffix(path).to_ascii_lowercase());
            of_path.or_else(|| known(&end.to_ascii_lowercase())).map(|(_, kind)| kind)
        }
    }?;
    TYPES.iter().find(|(_, known)| *known == kind).map(|(extension, _)| (*extension).to_owned())
}

/// What stands behind the last dot of the last segment.
fn suffix(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or_default();
    match file.rsplit_once('.') {
        Some((stem, suffix)) if !stem.is_empty() => suffix,
        _ => "",
    }
}

/// The type of what a `data:` URL carries, as Python's `guess_type` has it.
fn type_of_data(data: &str) -> Option<&str> {
    let head = data.split_once(',')?.0;
    let kind = head.split(';').next().unwrap_or_default();
    Some(if kind.contains('/') && !kind.contains('=') { kind } else { "text/plain" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_scrapy() {
        // the cases of Scrapy's own suite
        assert_eq!(
            image_name("https://dev.mydeco.com/mydeco.gif"),
            "full/3fd165099d8e71b8a48b2683946e64dbfad8b52d.jpg"
        );
        assert_eq!(thumb_name("file:///tmp/foo.jpg", "50"), "thumbs/50/38a86208c36e59d4404db9e37ce04be863ef0335.jpg");
        assert_eq!(
            file_name("https://dev.mydeco.com/two/dirs/with%20spaces%2Bsigns.doc"),
            "full/94ccc495a17b9ac5d40e3eabf3afcb8c2c9b9e1a.doc"
        );
    }

    #[test]
    fn the_extension_of_a_file_is_what_its_url_seems_to_have() {
        for (url, extension) in [
            ("http://a.example/a.pdf", "pdf"),
            ("http://a.example/a.tar.gz", ""),
            ("http://a.example/a.foo", ""),
            ("http://a.example/view?f=pic.jpeg", "jpeg"),
            ("http://a.example/a.asp?x=1.gif&y=2", ""),
            ("http://a.example/a.JPG", "jpg"),
            ("http://a.example/x%2Epdf", ""),
            ("http://a.example/.pdf", ""),
            ("http://pages.example.zip", ""),
            ("data:image/png;base64,iVBOR", "png"),
            ("data:,x", "txt"),
        ] {
            assert_eq!(extension_of(url).unwrap_or_default(), extension, "{url}");
        }
    }
}
