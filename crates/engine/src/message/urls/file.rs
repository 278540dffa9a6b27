//! Paths as `file:` URLs (RFC 8089) and back.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

use super::scheme::scheme_of;
use super::shown::shown;
use super::{UrlError, from_text};

/// The `file:` URL of a path; a relative one is taken from the current folder (w3lib's `path_to_file_uri`).
///
/// # Errors
/// If the current folder is gone, or the path is empty.
pub fn file_url(path: &Path) -> Result<Url, UrlError> {
    let wrong = |what| UrlError::File { text: shown(&path.to_string_lossy()), what };
    let absolute = std::path::absolute(path).map_err(|_| wrong("it has no absolute path"))?;
    Url::from_file_path(absolute).map_err(|()| wrong("it has no absolute path"))
}

/// The path that a `file:` URL, or the path of one, means on this machine; query and fragment are left out (w3lib's
/// `file_uri_to_path`).
///
/// # Errors
/// If it is of another scheme or another machine, or has a NUL in it.
pub fn file_path(text: &str) -> Result<PathBuf, UrlError> {
    let wrong = |what| UrlError::File { text: shown(text), what };
    let after = match scheme_of(text) {
        Some(scheme) if scheme.eq_ignore_ascii_case("file") => &text[scheme.len() + 1..],
        Some(_) => return Err(wrong("its scheme is not `file`")),
        None => text,
    };
    let after = after.split(['?', '#']).next().unwrap_or_default();
    let path = match after.strip_prefix("//") {
        Some(after) => {
            let (host, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
                return Err(wrong("it lies on another machine"));
            }
            path
        }
        None => after,
    };
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    if bytes.contains(&0) {
        return Err(wrong("it has a NUL in it"));
    }
    to_path(bytes).ok_or_else(|| wrong("it is not UTF-8"))
}

/// The URL that a text is, or the `file:` URL of the path that it is (w3lib's `any_to_uri`).
///
/// # Errors
/// If it is neither.
pub fn any_url(text: &str) -> Result<Url, UrlError> {
    match scheme_of(text) {
        // a drive's letter
        Some(scheme) if cfg!(windows) && scheme.len() == 1 => file_url(Path::new(text)),
        Some(_) => from_text(text),
        None => file_url(Path::new(text)),
    }
}

#[cfg(unix)]
fn to_path(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn to_path(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_comes_back_from_its_url() {
        for path in ["/a b/50%.txt", "/ä/#?;", "/"] {
            let url = file_url(Path::new(path)).expect("a URL");
            assert_eq!(file_path(url.as_str()), Ok(PathBuf::from(path)), "{url}");
        }
        assert_eq!(any_url("/a").expect("a URL").as_str(), "file:///a");
        assert_eq!(any_url("http://a.example").expect("a URL").as_str(), "http://a.example/");
    }

    #[test]
    fn what_is_no_file_of_this_machine_is_refused() {
        for (text, what) in [
            ("file://other.example/a", "it lies on another machine"),
            ("http://a.example/", "its scheme is not `file`"),
            ("file:///a%00b", "it has a NUL in it"),
        ] {
            let error = file_path(text).expect_err(text).to_string();
            assert_eq!(error, format!("`{text}` names no file: {what}"));
        }
        assert!(file_url(Path::new("")).is_err());
    }
}
