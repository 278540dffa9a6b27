//! Which groups speak to a crawler: by its product token, case-insensitively (RFC 9309, section 2.2.1).

/// Whom a `User-agent` line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// `*`.
    Everybody,
    /// In small letters, without asterisks and version.
    Crawler(String),
}

impl Name {
    /// Nobody, if the line has no value.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let text = plain(&String::from_utf8_lossy(value));
        let is_everybody = matches!(value, [b'*'] | [b'*', b' ' | b'\t', ..]) || text.is_empty();
        match value {
            [] => None,
            _ if is_everybody => Some(Self::Everybody),
            _ if is_versioned(&text) => Some(Self::Crawler(token(&text).to_owned())),
            _ => Some(Self::Crawler(text)),
        }
    }
}

/// Who asks: a product token, or a whole `User-Agent` header.
#[derive(Debug)]
pub(super) struct Agent {
    text: String,
    /// The product token, if there is nothing else but a version.
    token: Option<String>,
}

/// How well a name fits; of several, the best count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    Everybody,
    /// So many bytes of it are the crawler's, all of them or its first word.
    Crawler {
        bytes: usize,
        is_whole: bool,
    },
}

impl Agent {
    pub(super) fn new(agent: &str) -> Self {
        let text = plain(agent.trim());
        let token = token(&text);
        let is_bare = token == text || is_versioned(&text);
        let token = (is_bare && !token.is_empty()).then(|| token.to_owned());
        Self { text, token }
    }

    /// How well the name fits, if it does.
    ///
    /// A name fits where it stands in the text as a word: `googlebot` speaks to `Googlebot-News` and to
    /// `Mozilla/5.0 (compatible; Googlebot/2.1)`, and not to `mygooglebot`. Of a name that is no product token, as
    /// `MauiBot (crawler@example.com)` is none, the first word fits too, to a crawler that goes by that alone.
    pub(super) fn fit(&self, name: &Name) -> Option<Fit> {
        let Name::Crawler(name) = name else { return Some(Fit::Everybody) };
        let is_word = |(at, _): (usize, &str)| {
            let (before, after) = (&self.text[..at], &self.text[at + name.len()..]);
            let goes_on = |c: char| c.is_alphanumeric() || c == '_';
            !before.ends_with(|c| goes_on(c) || c == '-') && !after.starts_with(goes_on)
        };
        if self.text.match_indices(name.as_str()).any(is_word) {
            return Some(Fit::Crawler { bytes: name.len(), is_whole: true });
        }
        let first = token(name);
        (self.token.as_deref() == Some(first)).then_some(Fit::Crawler { bytes: first.len(), is_whole: false })
    }
}

/// In small letters and without asterisks: wildcards mean nothing in a name.
fn plain(text: &str) -> String {
    text.to_lowercase().replace('*', "").trim().to_owned()
}

/// The first word, without a version.
fn token(text: &str) -> &str {
    text.split(|c: char| c.is_whitespace() || matches!(c, '/' | '(' | ';' | ',')).next().unwrap_or_default()
}

/// Whether it is `token/version` and nothing else.
fn is_versioned(text: &str) -> bool {
    let token = token(text);
    !token.is_empty() && text[token.len()..].starts_with('/') && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(name: &str, agent: &str) -> bool {
        Name::read(name.as_bytes()).is_some_and(|name| Agent::new(agent).fit(&name).is_some())
    }

    #[test]
    fn a_name_fits_where_it_stands_as_a_word() {
        assert!(fits("FooBot", "foobot"));
        assert!(fits("foobot", "Mozilla/5.0 (compatible; FooBot/1.0; +http://a.example)"));
        assert!(fits("googlebot", "Googlebot-News"));
        assert!(!fits("googlebot-news", "Googlebot"));
        assert!(!fits("bot", "mybot"));
        assert!(!fits("bot", "my-bot"));
        assert!(!fits("foo", "foobot"));
        assert!(!fits("unicöde", "unicödeböt"));
    }

    #[test]
    fn versions_and_asterisks_mean_nothing() {
        assert!(fits("foobot/1.0", "FooBot"));
        assert!(fits("foobot/1.0", "Mozilla/5.0 (compatible; foobot/2.0)"));
        assert!(fits("foo*bot", "foobot"));
        assert!(fits("Foobot*", "foobot/7"));
    }

    #[test]
    fn the_first_word_of_a_longer_name_fits_a_bare_token() {
        assert!(fits("Foo Bar", "foo"));
        assert!(fits("Foo (mail@foo.example)", "foo/2"));
        assert!(!fits("Mozilla/5.0 (compatible; Other)", "Mozilla/5.0 (compatible; foobot/1.0)"));
    }

    #[test]
    fn an_asterisk_is_everybody_and_nothing_is_nobody() {
        assert_eq!(Name::read(b"*"), Some(Name::Everybody));
        assert_eq!(Name::read(b"* and all"), Some(Name::Everybody));
        assert_eq!(Name::read(b"**"), Some(Name::Everybody));
        assert_eq!(Name::read(b""), None);
        assert!(fits("*", "") && !fits("foobot", "") && !fits("foobot", "*"));
    }

    #[test]
    fn the_longest_name_fits_best() {
        let fit = |name: &[u8]| Agent::new("hedwig-news").fit(&Name::read(name).expect("a name"));
        assert!(fit(b"hedwig-news") > fit(b"hedwig"));
        assert!(fit(b"hedwig") > fit(b"*"));
        assert!(fit(b"hedwig-news") > fit(b"hedwig-news of mine"));
    }
}
