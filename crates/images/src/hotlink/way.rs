//! The ways in which a picture is asked for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who asks for a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A browser on the page that shows the picture.
    Page,
    /// A browser on a page of another site that shows it.
    Foreign,
    /// The same page of another site, if it keeps to itself who it is (`referrerpolicy="no-referrer"`).
    Bare,
    /// A plain client, with the Referer and the cookies of the page.
    Plain,
    /// A browser on the page, without the page's cookies.
    Cookieless,
    /// A browser on the page, once more.
    Again,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Page, Self::Foreign, Self::Bare, Self::Plain, Self::Cookieless, Self::Again];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Foreign => "foreign",
            Self::Bare => "bare",
            Self::Plain => "plain",
            Self::Cookieless => "cookieless",
            Self::Again => "again",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
