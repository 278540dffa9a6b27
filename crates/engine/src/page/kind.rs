//! What kind of document a body is: by its headers, its URL's extension, and then by looking at it (Scrapy's order).

use http::{HeaderMap, HeaderName, header};
use url::Url;

/// How many of a body's first bytes are looked at.
const LOOKED_AT: usize = 5000;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// HTML, or XHTML, which is read as HTML.
    Html,
    /// XML: feeds, sitemaps, SVG.
    Xml,
    /// JSON.
    Json,
    /// Other text: plain, scripts, styles, CSV.
    Text,
    /// No text: pictures, archives, programs.
    Binary,
}

impl Kind {
    /// The kind of a body, by all that is known of it.
    #[must_use]
    pub fn of(headers: &HeaderMap, url: &Url, body: &[u8]) -> Self {
        Self::of_headers(headers).or_else(|| Self::of_url(url)).unwrap_or_else(|| Self::of_body(body))
    }

    /// What the headers say: `Content-Type`, or else the file name of `Content-Disposition`. A body that is still encoded
    /// is no text, whatever is in it.
    #[must_use]
    pub fn of_headers(headers: &HeaderMap) -> Option<Self> {
        let text = |name: HeaderName| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let is_encoded = headers.contains_key(header::CONTENT_ENCODING);
        let by_type = text(header::CONTENT_TYPE).filter(|_| !is_encoded).and_then(|kind| Self::of_content_type(&kind));
        by_type.or_else(|| Self::of_disposition(&text(header::CONTENT_DISPOSITION)?))
    }

    /// What a media type says, with or without parameters; nothing if it may be anything, as `application/octet-stream`.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let kind = content_type.split([';', ',']).next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(match &*kind {
            "text/html" | "application/xhtml+xml" | "application/vnd.wap.xhtml+xml" => Self::Html,
            "text/xml" | "application/xml" => Self::Xml,
            "application/json" | "application/x-json" | "application/json-amazonui-streaming" | "text/json" => {
                Self::Json
            }
            "application/javascript" | "application/x-javascript" => Self::Text,
            _ if kind.ends_with("+xml") => Self::Xml,
            _ if kind.ends_with("+json") => Self::Json,
            _ if kind.starts_with("text/") => Self::Text,
            "application/pdf" | "application/zip" | "application/gzip" | "application/x-gzip" => Self::Binary,
            _ if ["image/", "audio/", "video/", "font/"].iter().any(|family| kind.starts_with(family)) => Self::Binary,
            _ => return None,
        })
    }

    /// What the file name says that a `Content-Disposition` gives.
    #[must_use]
    pub fn of_disposition(value: &str) -> Option<Self> {
        let parameter = value.split(';').nth(1)?.split('=').nth(1)?;
        Self::of_file_name(parameter.trim().trim_matches(['"', '\'']))
    }

    /// What the extension of a URL's path says.
    #[must_use]
    pub fn of_url(url: &Url) -> Option<Self> {
        Self::of_file_name(url.path())
    }

    /// What a file name's extension says; nothing of one that is compressed.
    #[must_use]
    pub fn of_file_name(name: &str) -> Option<Self> {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let extension = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?.1.to_ascii_lowercase();
        Some(match &*extension {
            "html" | "htm" | "xhtml" | "xht" | "shtml" => Self::Html,
            "xml" | "rss" | "atom" | "rdf" | "xsl" | "xslt" | "svg" | "wsdl" | "xpdl" => Self::Xml,
            "json" | "geojson" | "jsonld" | "webmanifest" => Self::Json,
            "txt" | "text" | "csv" | "tsv" | "js" | "mjs" | "css" | "md" | "log" | "ini" | "py" | "c" | "h" | "pl"
            | "bat" | "vcf" | "ics" | "rtx" | "sgm" | "sgml" | "etx" | "n3" | "vtt" => Self::Text,
            "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "bmp" | "tif" | "tiff" | "ico" | "pdf" | "zip"
            | "rar" | "7z" | "mp3" | "mp4" | "webm" | "mov" | "avi" | "woff" | "woff2" | "ttf" | "exe" | "docx"
            | "xlsx" | "pptx" => Self::Binary,
            _ => return None,
        })
    }

    /// What the first bytes look like.
    #[must_use]
    pub fn of_body(body: &[u8]) -> Self {
        let head = &body[..body.len().min(LOOKED_AT)];
        if is_binary(head) {
            return Self::Binary;
        }
        let lower = head.to_ascii_lowercase();
        let has = |what: &str| memchr::memmem::find(&lower, what.as_bytes()).is_some();
        // a page that begins with an XML declaration is XHTML
        if has("<html>") || has("<html ") || has("<!doctype html") {
            Self::Html
        } else if has("<?xml") {
            Self::Xml
        } else if is_json(head) {
            Self::Json
        } else {
            Self::Text
        }
    }
}

/// Whether there is a byte that no text has (MIME Sniffing standard, "binary data byte"); but for NUL, which UTF-16 has,
/// and which one broken program or another leaves in text.
#[must_use]
pub fn is_binary(head: &[u8]) -> bool {
    // UTF-16 and UTF-32 have any byte
    let is_marked = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || head.starts_with(b"\0\0\xfe\xff");
    !is_marked && head.iter().any(|byte| matches!(byte, 1..=8 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F))
}

/// Whether it begins as an object or an array of JSON does.
fn is_json(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let Some((first, rest)) = head.split_first() else { return false };
    match (first, rest.trim_ascii_start().first()) {
        (b'{', Some(second)) => matches!(second, b'"' | b'}'),
        (b'[', Some(second)) => matches!(second, b'"' | b'[' | b'{' | b']' | b'-' | b'0'..=b'9'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(headers: &[(&'static str, &'static str)], url: &str, body: &str) -> Kind {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Kind::of(&headers.collect(), &Url::parse(url).expect("a URL"), body.as_bytes())
    }

    #[test]
    fn headers_beat_the_url_and_the_url_beats_the_body() {
        let html = "<html><p>";
        assert_eq!(of(&[("content-type", "Text/XML; charset=x")], "http://a.example/x.html", html), Kind::Xml);
        assert_eq!(of(&[("content-type", "application/octet-stream")], "http://a.example/x.json", html), Kind::Json);
        assert_eq!(
            of(&[("content-disposition", "attachment; filename=\"a.csv\"")], "http://a.example/", html),
            Kind::Text
        );
        assert_eq!(of(&[], "http://a.example/x.xml?a=b.html", html), Kind::Xml);
        assert_eq!(of(&[], "http://a.example/", html), Kind::Html);
        assert_eq!(of(&[("content-type", "image/svg+xml")], "http://a.example/", ""), Kind::Xml);
        assert_eq!(of(&[("content-type", "application/ld+json")], "http://a.example/", ""), Kind::Json);
        assert_eq!(of(&[("content-type", "image/png")], "http://a.example/", html), Kind::Binary);
        let encoded = [("content-type", "text/html"), ("content-encoding", "x-odd")];
        assert_eq!(of(&encoded, "http://a.example/", "\u{1}"), Kind::Binary);
    }

    #[test]
    fn bodies_are_looked_at() {
        for (body, kind) in [
            ("<?xml version='1.0'?><rss>", Kind::Xml),
            ("<?xml version='1.0'?><!DOCTYPE html PUBLIC", Kind::Html),
            (" {\"a\": 1}", Kind::Json),
            ("[1]", Kind::Json),
            ("{braces}", Kind::Text),
            ("plain\ttext\0", Kind::Text),
            ("\u{1}", Kind::Binary),
            ("", Kind::Text),
        ] {
            assert_eq!(Kind::of_body(body.as_bytes()), kind, "{body:?}");
        }
        assert_eq!(Kind::of_body(b"\xff\xfea\0\x01\x02"), Kind::Text);
    }
}
