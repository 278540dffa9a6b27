//! HTTP's Basic authentication (RFC 7617), for the origins that it was given for and no other.

use std::fmt;

use async_trait::async_trait;
use http::{HeaderValue, header};
use serde::Deserialize;
use url::{Origin, Url};

use crate::downloader::{Hooks, Middleware, Outbound};
use crate::error::Error;
use crate::message::{Request, Secret};

/// `[middlewares.auth]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Who signs in where.
    pub accounts: Vec<Account>,
}

/// `[[middlewares.auth.accounts]]`: a user of one origin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Scheme, host and port: `https://api.example.com`; `https://*.example.com` is all that lies below a domain.
    pub origin: String,
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// How both are written where they are not ASCII.
    #[serde(default)]
    pub charset: Charset,
}

/// How names and passwords become bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charset {
    /// As RFC 7617 has it.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// As older servers have it.
    #[serde(rename = "latin-1")]
    Latin1,
}

/// Signs requests in.
pub struct Auth {
    accounts: Vec<Known>,
}

struct Known {
    place: Place,
    value: HeaderValue,
}

enum Place {
    One(Origin),
    /// All below a domain, by one scheme and port.
    Below {
        scheme: String,
        port: Option<u16>,
        /// With its leading dot.
        domain: String,
    },
}

impl Auth {
    /// # Errors
    /// If an origin is not one, or a name or password cannot be sent.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let mut accounts = settings.accounts.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        // who is known by name comes before who is known by domain
        accounts.sort_by_key(|known| matches!(known.place, Place::Below { .. }));
        Ok(Self { accounts })
    }
}

fn known(account: &Account) -> Result<Known, Error> {
    let wrong = |what: String| Error::setting("middlewares.auth.accounts", what);
    let place = place(&account.origin).ok_or_else(|| {
        // not as it was written: there may be a password in it
        wrong("has an origin that is not one: write it as \"https://api.example.com\", without path or user".to_owned())
    })?;
    let (user, password) = (&account.user, account.password.expose());
    if user.contains(':') || user.chars().chain(password.chars()).any(char::is_control) {
        let what = format!("has `{user}`, which cannot be sent: no `:` in a user, no control characters in either");
        return Err(wrong(what));
    }
    let pair = format!("{user}:{password}");
    let bytes = match account.charset {
        Charset::Utf8 => pair.into_bytes(),
        Charset::Latin1 => {
            let bytes: Result<Vec<u8>, _> = pair.chars().map(u8::try_from).collect();
            bytes
                .map_err(|_| wrong(format!("has `{user}`, with a character that \"latin-1\" lacks: take \"utf-8\"")))?
        }
    };
    let value = HeaderValue::try_from(format!("Basic {}", base64(&bytes)));
    let mut value = value.map_err(|_| wrong(format!("has `{user}`, which cannot be sent")))?;
    value.set_sensitive(true);
    Ok(Known { place, value })
}

fn place(origin: &str) -> Option<Place> {
    let url = Url::parse(origin.trim()).ok()?;
    let is_bare = url.path() == "/"
        && url.query().or(url.fragment()).or(url.password()).is_none()
        && url.username().is_empty()
        && matches!(url.scheme(), "http" | "https");
    let host = url.host_str().filter(|_| is_bare)?;
    match host.strip_prefix('*') {
        Some(domain) if is_ones_own(domain) => {
            Some(Place::Below { scheme: url.scheme().to_owned(), port: url.port(), domain: domain.to_owned() })
        }
        Some(_) => None,
        None => (!host.contains('*')).then(|| Place::One(url.origin())),
    }
}

/// Whether all that lies below a domain, which stands here with its dot, is somebody's: not all of `.com`.
fn is_ones_own(domain: &str) -> bool {
    let Some(name) = domain.strip_prefix('.').filter(|name| !name.is_empty() && !name.contains('*')) else {
        return false;
    };
    !psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix == name)
}

impl Place {
    fn is_of(&self, url: &Url) -> bool {
        match self {
            // compared by parts: `Url::origin` copies the host
            Self::One(Origin::Tuple(scheme, host, port)) => {
                url.scheme() == scheme
                    && url.port_or_known_default() == Some(*port)
                    && url.host().is_some_and(|is| is == *host)
            }
            Self::One(Origin::Opaque(_)) => false,
            Self::Below { scheme, port, domain } => {
                url.scheme() == scheme
                    && url.port() == *port
                    && url.domain().is_some_and(|host| host.ends_with(domain.as_str()))
            }
        }
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place) & 63) as usize;
            text.push(if place <= group.len() { char::from(DIGITS[digit]) } else { '=' });
        }
    }
    text
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("auth")
    }
}

#[async_trait]
impl Middleware for Auth {
    fn hooks(&self) -> Hooks {
        if self.accounts.is_empty() { Hooks::NONE } else { Hooks::OUT }
    }

    async fn outbound(&self, mut request: Request) -> Outbound {
        // who signs in on his own, by header or URL, is let alone
        if !self.accounts.is_empty()
            && !request.headers.contains_key(header::AUTHORIZATION)
            && request.url.username().is_empty()
            && request.url.password().is_none()
            && let Some(known) = self.accounts.iter().find(|known| known.place.is_of(&request.url))
        {
            request.headers.insert(header::AUTHORIZATION, known.value.clone());
        }
        Outbound::Send(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(origin: &str, user: &str, password: &str) -> Account {
        let password = Secret::new(password);
        Account { origin: origin.to_owned(), user: user.to_owned(), password, charset: Charset::Utf8 }
    }

    async fn sent(accounts: &[Account], url: &str) -> Option<String> {
        let auth = Auth::new(&Settings { accounts: accounts.to_vec() }).expect("accounts");
        let request = Request::get(Url::parse(url).expect("a URL"));
        let Outbound::Send(sent) = auth.outbound(request).await else { panic!("sent") };
        let value = sent.headers.get(header::AUTHORIZATION)?;
        assert!(value.is_sensitive());
        Some(value.to_str().expect("text").to_owned())
    }

    #[tokio::test]
    async fn c03_an_account_is_for_its_origin_only() {
        let accounts = [account("https://api.example.com", "Aladdin", "open sesame")];
        let value = Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned());
        assert_eq!(sent(&accounts, "https://api.example.com/a").await, value);
        assert_eq!(sent(&accounts, "https://api.example.com:443/a").await, value);
        for other in [
            "http://api.example.com/",
            "https://api.example.com:8443/",
            "https://example.com/",
            "https://x.api.example.com/",
            "https://api.example.com.evil/",
            "https://me:own@api.example.com/",
        ] {
            assert_eq!(sent(&accounts, other).await, None, "{other}");
        }
    }

    #[tokio::test]
    async fn c03_an_account_may_be_for_all_below_a_domain() {
        let accounts = [account("https://*.example.com", "a", "all"), account("https://b.example.com", "b", "own")];
        assert_eq!(sent(&accounts, "https://x.y.example.com/").await, Some("Basic YTphbGw=".to_owned()));
        assert_eq!(sent(&accounts, "https://b.example.com/").await, Some("Basic Yjpvd24=".to_owned()));
        for other in
            ["https://example.com/", "http://x.example.com/", "https://notexample.com/", "https://x.example.com:81/"]
        {
            assert_eq!(sent(&accounts, other).await, None, "{other}");
        }
    }

    #[tokio::test]
    async fn c02_a_requests_own_header_stays() {
        let auth = Auth::new(&Settings { accounts: vec![account("http://a.example", "a", "b")] }).expect("accounts");
        let request = Request::get(Url::parse("http://a.example/").expect("a URL"))
            .header(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        let Outbound::Send(sent) = auth.outbound(request).await else { panic!("sent") };
        assert_eq!(sent.headers[header::AUTHORIZATION], "Bearer x");
    }

    #[tokio::test]
    async fn names_are_utf_8_unless_a_server_wants_latin_1() {
        let mut name = account("http://a.example", "test", "123£");
        assert_eq!(sent(&[name.clone()], "http://a.example/").await, Some("Basic dGVzdDoxMjPCow==".to_owned()));
        name.charset = Charset::Latin1;
        assert_eq!(sent(&[name], "http://a.example/").await, Some("Basic dGVzdDoxMjOj".to_owned()));
    }

    #[test]
    fn what_cannot_be_is_refused_and_no_password_shown() {
        let mut greek = account("http://a.example", "α", "hunter2");
        greek.charset = Charset::Latin1;
        for (account, part) in [
            (account("a.example", "u", "hunter2"), "origin"),
            (account("http://a.example/path", "u", "hunter2"), "origin"),
            (account("http://x:hunter2@a.example", "u", "hunter2"), "origin"),
            (account("http://*", "u", "hunter2"), "origin"),
            (account("https://*.com", "u", "hunter2"), "origin"),
            (account("https://*.github.io", "u", "hunter2"), "origin"),
            (account("http://a.example", "u:v", "hunter2"), "`:`"),
            (account("http://a.example", "u", "hunter2\r\n"), "control"),
            (greek, "latin-1"),
        ] {
            let error = Auth::new(&Settings { accounts: vec![account] }).err().expect("refused").to_string();
            assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
        }
        let settings = toml::from_str::<Settings>(
            "[[accounts]]\norigin = 'http://a.example'\nuser = 'u'\npassword = 'hunter2'\ncharset = 'latin-1'",
        );
        assert!(!format!("{:?}", settings.expect("settings")).contains("hunter2"));
    }
}
