//! Where a store is, and who may use it.

use std::fmt;

use dragline_store::Name;
use percent_encoding::percent_decode_str;
use url::Url;

/// Whether what is sent can be read on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Plain,
    /// TLS, asked for on the ordinary port (RFC 4217), with a certificate that is checked.
    Tls,
}

/// A URI taken apart. What shows of it has no password.
pub(crate) struct Address {
    pub(crate) wire: Wire,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: String,
    /// From the server's root, without a slash at its end; empty for the root itself.
    pub(crate) folder: String,
}

impl Address {
    /// Takes a URI apart; what it does not say of the user is `FTP_USER` and `FTP_PASSWORD`, or else what anonymous
    /// guests say.
    ///
    /// # Errors
    /// What is wrong with it, without its password.
    pub(crate) fn of(uri: &str) -> Result<Self, String> {
        Self::with(uri, |name| std::env::var(name).ok())
    }

    fn with(uri: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let url = Url::parse(uri).map_err(|error| format!("is no URI of an FTP server: {error}"))?;
        let wire = if url.scheme() == "ftps" { Wire::Tls } else { Wire::Plain };
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err(format!("names no server: write `{}://USER@HOST/FOLDER`", url.scheme()));
        };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!(
                "has a `?` or a `#`, which means nothing to an FTP server: write `{}://USER@HOST/FOLDER`",
                url.scheme()
            ));
        }
        let decoded = |text: &str| match percent_decode_str(text).decode_utf8() {
            // a line of its own would be a command of its own
            Ok(text) if !text.contains(['\r', '\n', '\0']) => Ok(text.into_owned()),
            _ => Err("has an escape that is no text".to_owned()),
        };
        let folder = decoded(url.path().trim_matches('/'))?;
        if !folder.is_empty() {
            Name::new(folder.as_str()).map_err(|error| error.to_string())?;
        }
        let user = match url.username() {
            "" => environment("FTP_USER").unwrap_or_else(|| "anonymous".to_owned()),
            user => decoded(user)?,
        };
        let password = match url.password() {
            None => environment("FTP_PASSWORD").unwrap_or_else(|| "guest".to_owned()),
            Some(password) => decoded(password)?,
        };
        if [&user, &password].iter().any(|text| text.contains(['\r', '\n', '\0'])) {
            return Err("user and password must be one line each".to_owned());
        }
        let host = host.trim_matches(['[', ']']).to_owned();
        let folder = if folder.is_empty() { folder } else { format!("/{folder}") };
        Ok(Self { wire, host, port: url.port().unwrap_or(21), user, password, folder })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.wire == Wire::Tls { "ftps" } else { "ftp" };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let port = if self.port == 21 { String::new() } else { format!(":{}", self.port) };
        write!(f, "{scheme}://{host}{port}{}", self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str) -> Result<Address, String> {
        Address::with(uri, |name| (name == "FTP_PASSWORD").then(|| "canary of the environment".to_owned()))
    }

    #[test]
    fn the_password_is_in_the_uri_or_the_environment_and_shows_nowhere() {
        let address = of("ftp://me:p%40ss@host:2121/photos/2026/").expect("an address");
        assert_eq!((&*address.user, &*address.password), ("me", "p@ss"));
        assert_eq!(address.to_string(), "ftp://host:2121/photos/2026");
        let address = of("ftps://me@[::1]").expect("an address");
        assert_eq!((&*address.password, address.port, address.wire), ("canary of the environment", 21, Wire::Tls));
        assert_eq!((address.to_string().as_str(), &*address.host, &*address.folder), ("ftps://[::1]", "::1", ""));
        assert_eq!(of("ftp://host").expect("an address").user, "anonymous");
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_password() {
        for uri in [
            "ftp://me:canary@/photos",
            "ftp://me:canary@host/../photos/CON",
            "ftp://me:canary@host/a?b",
            "ftp://me:canary%0d%0aDELE%20a@host/a",
            "ftp://me:canary@host:99999/a",
        ] {
            let error = of(uri).err().expect("refused");
            assert!(!error.contains("canary"), "{uri}: {error}");
        }
    }
}
