//! How objects are named: by their URL as in Scrapy, by their content, or by a template over the item.

pub(crate) mod extension;
pub mod scrapy;
mod template;
mod types;

use std::fmt;
use std::str::FromStr;

use dragline_store::Name;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use self::template::Subject;
pub use self::template::{BadTemplate, Template};

/// How objects are named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Names {
    /// `full/<sha1 of the URL>.<extension>`: Scrapy's layout.
    #[default]
    Url,
    /// `<first two digits>/<next two>/<sha1 of the bytes>.<extension>`: the same bytes are one object, wherever they
    /// came from.
    Content,
    /// A template over the item. The first item that names a URL names its file.
    Template(Template),
}

/// A name before it is one: where the object of a URL is to be.
pub(crate) struct Wanted<'a> {
    /// SHA-1 of the URL, in hex.
    pub(crate) of_url: &'a str,
    /// SHA-1 of the bytes, in hex.
    pub(crate) of_bytes: &'a str,
    /// The extension without its dot; may be empty.
    pub(crate) extension: &'a str,
    /// What a template may name.
    pub(crate) subject: &'a Subject,
}

impl Names {
    /// The name of an object.
    pub(crate) fn name(&self, wanted: &Wanted<'_>) -> Name {
        let stem = match self {
            Self::Url => format!("full/{}", wanted.of_url),
            Self::Content => {
                let sha1 = wanted.of_bytes;
                // 40 digits, or none where there is no hash
                format!("{}/{}/{sha1}", sha1.get(..2).unwrap_or("00"), sha1.get(2..4).unwrap_or("00"))
            }
            Self::Template(template) => {
                return template.name(wanted.subject, wanted.of_url, wanted.of_bytes, wanted.extension);
            }
        };
        Name::cleaned(&with_extension(stem, wanted.extension))
    }
}

/// The name of an object beside one that has taken its name with other bytes: `3.jpg` becomes `3-1f2e3d4c.jpg`.
pub(crate) fn beside(name: &Name, of_bytes: &str, digits: usize) -> Name {
    let text = name.as_str();
    let sha1 = of_bytes.get(..digits).unwrap_or(of_bytes);
    // a cleaned name has no dot at its beginning
    match text.rsplit_once('.').filter(|(_, extension)| !extension.contains('/')) {
        Some((stem, extension)) => Name::cleaned(&format!("{}.{extension}", shortened(stem, sha1))),
        None => Name::cleaned(&shortened(text, sha1)),
    }
}

/// A stem with a hash behind it that no cleaning will cut off.
fn shortened(stem: &str, sha1: &str) -> String {
    let (folder, file) = stem.rsplit_once('/').map_or(("", stem), |(folder, file)| (folder, file));
    let mut end = file.len().min(130);
    while !file.is_char_boundary(end) {
        end -= 1;
    }
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}{}-{sha1}", &file[..end])
}

/// The name of a thumbnail of an object: where Scrapy has it, and the object's own path in other layouts.
pub(crate) fn thumb(object: &Name, id: &str, extension: &str) -> Name {
    let text = object.as_str();
    let text = text.strip_prefix("full/").unwrap_or(text);
    let stem = text.rsplit_once('.').filter(|(_, end)| !end.contains('/')).map_or(text, |(stem, _)| stem);
    Name::cleaned(&format!("thumbs/{id}/{stem}.{extension}"))
}

fn with_extension(stem: String, extension: &str) -> String {
    if extension.is_empty() { stem } else { format!("{stem}.{extension}") }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("url"),
            Self::Content => f.write_str("content"),
            Self::Template(template) => template.fmt(f),
        }
    }
}

impl FromStr for Names {
    type Err = BadTemplate;

    fn from_str(text: &str) -> Result<Self, BadTemplate> {
        match text {
            "url" => Ok(Self::Url),
            "content" => Ok(Self::Content),
            text => text.parse().map(Self::Template),
        }
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1: &str = "3fd165099d8e71b8a48b2683946e64dbfad8b52d";

    #[test]
    fn by_url_is_the_layout_of_scrapy_and_by_content_is_sharded() {
        let subject = Subject::default();
        let wanted = Wanted { of_url: SHA1, of_bytes: "abcdef", extension: "png", subject: &subject };
        assert_eq!(Names::Url.name(&wanted).as_str(), format!("full/{SHA1}.png"));
        assert_eq!(Names::Content.name(&wanted).as_str(), "ab/cd/abcdef.png");
        let bare = Wanted { extension: "", ..wanted };
        assert_eq!(Names::Url.name(&bare).as_str(), format!("full/{SHA1}"));
    }

    #[test]
    fn another_object_of_a_name_stands_beside_the_first() {
        let beside = |text: &str| beside(&Name::cleaned(text), SHA1, 8).to_string();
        assert_eq!(beside("a/3.jpg"), "a/3-3fd16509.jpg");
        assert_eq!(beside("a.b/3"), "a.b/3-3fd16509");
        let long = beside(&format!("a/{}.jpg", "ä".repeat(300)));
        assert!(long.ends_with("ä-3fd16509.jpg") && long.len() <= 202, "{long}");
    }

    #[test]
    fn a_thumbnail_is_where_scrapy_has_it() {
        let full = Name::cleaned(&format!("full/{SHA1}.png"));
        assert_eq!(thumb(&full, "small", "jpg").as_str(), format!("thumbs/small/{SHA1}.jpg"));
        let other = Name::cleaned("Ferien.2026/3.png");
        assert_eq!(thumb(&other, "small", "webp").as_str(), "thumbs/small/Ferien.2026/3.webp");
    }
}
