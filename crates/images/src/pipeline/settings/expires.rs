//! How long a file in the store is taken as it is.

use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NEVER: &str = "never";

/// For how long nobody asks whether a file that is in the store has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expires {
    /// After so long it is asked for again; if the server says that nothing has changed, it counts as new. Zero asks
    /// each time.
    After(Duration),
    /// What is there stays as it is.
    Never,
}

impl Default for Expires {
    fn default() -> Self {
        Self::After(Duration::from_secs(90 * 24 * 3600))
    }
}

impl Expires {
    /// Whether a file of this age is to be asked for again.
    #[must_use]
    pub fn is_over(self, age: Duration) -> bool {
        match self {
            Self::Never => false,
            Self::After(limit) => limit.is_zero() || age > limit,
        }
    }
}

impl fmt::Display for Expires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(limit) => humantime::format_duration(*limit).fmt(f),
            Self::Never => f.write_str(NEVER),
        }
    }
}

impl Serialize for Expires {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Expires {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == NEVER {
            return Ok(Self::Never);
        }
        match humantime::parse_duration(&text) {
            Ok(limit) => Ok(Self::After(limit)),
            Err(error) => {
                Err(D::Error::custom(format!("`{text}` is neither \"never\" nor a time such as \"90 days\": {error}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_new_for_as_long_as_the_setting_says() {
        let day = Duration::from_secs(24 * 3600);
        assert!(!Expires::default().is_over(89 * day));
        assert!(Expires::default().is_over(91 * day));
        assert!(Expires::After(Duration::ZERO).is_over(Duration::ZERO), "zero asks each time");
        assert!(!Expires::Never.is_over(u32::MAX * day));
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        let read = |text: &str| serde_json::from_value::<Expires>(text.into());
        assert_eq!(read("90 days").expect("a time"), Expires::default());
        assert_eq!(read("never").expect("a time"), Expires::Never);
        assert_eq!(read("0s").expect("a time"), Expires::After(Duration::ZERO));
        let error = read("soon").expect_err("no time").to_string();
        assert!(error.starts_with("`soon` is neither \"never\" nor a time such as \"90 days\""), "{error}");
    }
}
