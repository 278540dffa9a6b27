//! A URL without what is nobody else's business.

use url::Url;

/// What is taken from a URL. A default port is never there: the parser drops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strip {
    /// User and password.
    pub credentials: bool,
    /// The fragment.
    pub fragment: bool,
    /// All but scheme, host and port; credentials and fragment too.
    pub all_but_origin: bool,
}

impl Default for Strip {
    fn default() -> Self {
        Self { credentials: true, fragment: true, all_but_origin: false }
    }
}

/// The URL without some of its parts (Scrapy's `strip_url`).
#[must_use]
pub fn strip(url: &Url, what: Strip) -> Url {
    let mut url = url.clone();
    if what.credentials || what.all_but_origin {
        // refused only where there are none
        let _ = url.set_username("").and_then(|()| url.set_password(None));
    }
    if what.fragment || what.all_but_origin {
        url.set_fragment(None);
    }
    if what.all_but_origin {
        url.set_query(None);
        if !url.cannot_be_a_base() {
            url.set_path("/");
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_goes() {
        let url = Url::parse("https://joe:secret@a.example:8443/b?c#d").expect("a URL");
        let of = |what| strip(&url, what).to_string();
        assert_eq!(of(Strip::default()), "https://a.example:8443/b?c");
        assert_eq!(of(Strip { fragment: false, ..Strip::default() }), "https://a.example:8443/b?c#d");
        assert_eq!(of(Strip { all_but_origin: true, credentials: false, fragment: false }), "https://a.example:8443/");
        let mail = Url::parse("mailto:joe@a.example#x").expect("a URL");
        assert_eq!(strip(&mail, Strip { all_but_origin: true, ..Strip::default() }).as_str(), "mailto:joe@a.example");
    }
}
