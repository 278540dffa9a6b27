//! What the pages look like.

use std::fmt::Write as _;

use crate::hotlink::exhibits::{EXHIBITS, Exhibit};
use crate::hotlink::kinds::{KINDS, Kind, Shown};
use crate::markup::escape;

/// The host of the list of all kinds.
pub const START: &str = "www.localhost";

/// The names of each kind's pictures.
#[derive(Debug)]
pub struct Photos {
    /// In `src`.
    pub plain: &'static str,
    /// In `data-src`, beside a tiny `data:` URL in `src`.
    pub lazy: &'static str,
    /// The larger one in `srcset`.
    pub large: &'static str,
    /// The smaller one in `srcset`, and in `src` beside it.
    pub small: &'static str,
}

/// The names of each kind's pictures.
pub const PHOTOS: Photos = Photos { plain: "photo.jpg", lazy: "lazy.jpg", large: "large.jpg", small: "small.jpg" };

impl Photos {
    /// All of them, in the order of the page.
    pub(crate) const NAMES: [&str; 4] = [PHOTOS.plain, PHOTOS.lazy, PHOTOS.large, PHOTOS.small];
}

/// The list of all kinds.
pub(crate) fn start(port: &str) -> String {
    let mut list = String::new();
    for Kind { name, about, verdict, .. } in KINDS {
        // Writing to a String does not fail.
        let _ = writeln!(
            list,
            "<li><a href=\"http://{name}.localhost{port}/\">{name}</a>: {}; <b>{verdict}</b></li>",
            escape(about)
        );
    }
    let mut pages = String::new();
    for Exhibit { name, about, pictures, .. } in EXHIBITS {
        let _ = writeln!(pages, "<li><a href=\"/{name}\">{name}</a>: {}; <b>{pictures}</b></li>", escape(about));
    }
    frame(
        "Pictures and who may see them",
        &format!(
            "<p><a href=\"/all\">All of them</a></p>\n<ul>\n{list}</ul>\n<h2>Pages to scan</h2>\n<ul>\n{pages}</ul>\n\
             <p><a href=\"/log\">What was asked</a></p>\n"
        ),
    )
}

/// A picture of each kind.
pub(crate) fn all(port: &str) -> String {
    let mut body = String::new();
    for kind in KINDS {
        let Kind { name, about, .. } = kind;
        let base = match kind.shown {
            Shown::Across => format!("http://{name}.localhost{port}/"),
            Shown::Within => format!("/{name}/"),
        };
        let _ = writeln!(
            body,
            "<figure><img src=\"{base}{}\" alt=\"{name}\" width=\"256\"><figcaption>{name}: {}</figcaption></figure>",
            PHOTOS.plain,
            escape(about)
        );
    }
    frame("All kinds", &body)
}

/// The page of a kind.
pub(crate) fn kind(kind: &Kind, base: &str) -> String {
    let Photos { plain, lazy, large, small } = PHOTOS;
    let body = format!(
        "<p>{}</p>
<p><img src=\"{base}{plain}\" alt=\"plain\"></p>
<p><img class=\"lazy\" src=\"data:image/gif;base64,R0lGODlhAQABAAAAACw=\" data-src=\"{base}{lazy}\" alt=\"lazy\"></p>
<p><img src=\"{base}{small}\" srcset=\"{base}{small} 128w, {base}{large} 1024w\" sizes=\"50vw\" alt=\"srcset\"></p>
",
        escape(kind.about)
    );
    frame(kind.name, &body)
}

/// What a login form looks like.
pub(crate) fn login() -> String {
    frame("Sign in", "<form method=\"post\"><input name=\"user\"><input type=\"password\" name=\"password\"></form>\n")
}

/// A page in the manner of all.
pub(crate) fn frame(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{body}</body></html>\n"
    )
}
