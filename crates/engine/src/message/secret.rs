//! A value that is used and never shown.

use std::env::VarError;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// A password or token. Prints as `***` everywhere; [`Secret::expose`] is the one way to its text.
///
/// In settings it is a string, `{ env = "NAME" }` or `{ file = "PATH" }` (without the file's last line end).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret from its text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to be sent and not to be kept.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Source)
    }
}

struct Source;

impl<'de> Visitor<'de> for Source {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, `{ env = \"NAME\" }` or `{ file = \"PATH\" }`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }

    // a number is no text, and its digits are not for a message
    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom("a secret is text: put it in quotes"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        self.visit_i64(0)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Secret, E> {
        self.visit_i64(0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        let Some((source, name)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::custom("an empty table says neither `env` nor `file`"));
        };
        let text = match source.as_str() {
            "env" => std::env::var(&name).map_err(|error| match error {
                VarError::NotPresent => {
                    A::Error::custom(format!("environment variable `{name}` is not set: `export {name}=…`"))
                }
                VarError::NotUnicode(_) => A::Error::custom(format!("environment variable `{name}` is not UTF-8")),
            })?,
            "file" => std::fs::read_to_string(&name)
                .map_err(|error| A::Error::custom(format!("secret file `{name}` cannot be read: {error}")))?
                .trim_end_matches(['\r', '\n'])
                .to_owned(),
            _ => return Err(A::Error::unknown_field(&source, &["env", "file"])),
        };
        Ok(Secret(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn a_secret_comes_from_text_or_a_file() {
        #[derive(serde::Deserialize)]
        struct Login {
            password: Secret,
        }
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("password");
        std::fs::write(&path, "from a file\n").expect("a file");
        let login: Login = toml::from_str("password = 'plain'").expect("a string");
        assert_eq!(login.password.expose(), "plain");
        let login: Login = toml::from_str(&format!("password = {{ file = '{}' }}", path.display())).expect("a table");
        assert_eq!(login.password.expose(), "from a file");
        let error = toml::from_str::<Login>("password = 7788").err().expect("an error");
        assert!(!error.message().contains("7788") && error.message().contains("quotes"), "{error}");
        let error = toml::from_str::<Login>("password = { env = 'NOT_SET_ANYWHERE' }").err().expect("an error");
        assert!(error.message().contains("`NOT_SET_ANYWHERE` is not set"), "{error}");
    }
}
