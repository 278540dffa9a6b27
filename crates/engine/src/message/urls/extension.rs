//! What a URL's name says of its kind.

use url::Url;

/// Whether the path ends with one of these extensions, whatever their case: `.jpg`, `.tar.gz`; the dot may be left out
/// (Scrapy's `url_has_any_extension`).
#[must_use]
pub fn has_any_extension(url: &Url, extensions: &[impl AsRef<str>]) -> bool {
    let path = url.path();
    extensions.iter().map(AsRef::as_ref).any(|extension| {
        let extension = extension.strip_prefix('.').unwrap_or(extension);
        let Some(at) = path.len().checked_sub(extension.len()).filter(|at| path.is_char_boundary(*at)) else {
            return false;
        };
        !extension.is_empty() && path[..at].ends_with('.') && path[at..].eq_ignore_ascii_case(extension)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_is_the_end_of_the_path() {
        let url = Url::parse("http://a.example/archive.TAR.gz?x=.jpg#.png").expect("a URL");
        assert!(has_any_extension(&url, &[".tar.gz"]) && has_any_extension(&url, &["gz"]));
        assert!(!has_any_extension(&url, &[".jpg", ".png", "", "."]));
        assert!(!has_any_extension(&Url::parse("http://a.example/jpg").expect("a URL"), &["jpg"]));
    }
}
