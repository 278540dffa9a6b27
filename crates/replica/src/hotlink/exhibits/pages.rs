//! What the pages look like.

use std::fmt::Write as _;

use http::StatusCode;

use crate::answer::Answer;
use crate::hotlink::exhibits::Wall;
use crate::hotlink::pages::{PHOTOS, frame};

/// The most pictures of one page.
const MOST: usize = 10_000;
/// What a picture that waits for a script shows meanwhile.
const NOTHING: &str = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";

fn page(title: &str, body: &str) -> Answer {
    Answer::html(frame(title, body))
}

pub(super) fn plain(wall: &Wall) -> Answer {
    let mut body = String::new();
    for (number, what) in
        ["the pier", "the dunes", "the harbour", "the cliffs", "the lagoon", "the mole"].iter().enumerate()
    {
        // Writing to a String does not fail.
        let _ = writeln!(
            body,
            "<p><img src=\"/plain/scene-{number}.jpg\" alt=\"A view of {what}\" title=\"No. {number}\" width=\"512\"></p>"
        );
    }
    let _ =
        writeln!(body, "<p><img src=\"http://open.localhost{}/{}\" alt=\"elsewhere\"></p>", wall.port, PHOTOS.plain);
    page("Plain pictures", &body)
}

pub(super) fn lazy(_: &Wall) -> Answer {
    page(
        "Lazy pictures",
        &format!(
            "<p><img src=\"{NOTHING}\" data-src=\"/lazy/mosaic-0.jpg\" alt=\"data-src\"></p>
<p><img src=\"{NOTHING}\" data-original=\"/lazy/mosaic-1.jpg\" alt=\"data-original\"></p>
<p><img data-lazy-src=\"/lazy/mosaic-2.jpg\" alt=\"data-lazy-src\"></p>
<p><img src=\"{NOTHING}\" data-srcset=\"/lazy/mosaic-3-120.jpg 120w, /lazy/mosaic-3-480.jpg 480w\" alt=\"data-srcset\"></p>
<p><img class=\"lazyload\" data-src=\"/lazy/mosaic-4.jpg\" alt=\"data-src and noscript\">
<noscript><img src=\"/lazy/mosaic-4.jpg\" alt=\"data-src and noscript\"></noscript></p>
<p><noscript><img src=\"/lazy/mosaic-5.jpg\" alt=\"noscript alone\"></noscript></p>
<p><img src=\"/lazy/mosaic-6.jpg\" loading=\"lazy\" alt=\"loading\"></p>
<div data-bg=\"/lazy/mosaic-7.jpg\" style=\"width:240px;height:180px\"></div>
"
        ),
    )
}

pub(super) fn srcset(_: &Wall) -> Answer {
    page(
        "Pictures in several resolutions",
        "<p><img src=\"/srcset/mosaic-0-160.jpg\" sizes=\"50vw\" alt=\"by width\"
 srcset=\"/srcset/mosaic-0-160.jpg 160w, /srcset/mosaic-0-320.jpg 320w, /srcset/mosaic-0-1280.jpg 1280w\"></p>
<p><img src=\"/srcset/mosaic-1-200.jpg\" srcset=\"/srcset/mosaic-1-400.jpg 2x, /srcset/mosaic-1-600.jpg 3x\" alt=\"by density\"></p>
<p><img srcset=\"/srcset/mosaic-2-320.jpg, /srcset/mosaic-2-640.jpg 2x\" alt=\"no src\"></p>
<p><img src=\"/srcset/mosaic-3.jpg\" srcset=\"/srcset/mosaic-3.jpg 1x, , broken 7q,\" alt=\"broken\"></p>
",
    )
}

pub(super) fn picture(_: &Wall) -> Answer {
    page(
        "Pictures in several formats",
        "<picture><source type=\"image/webp\" srcset=\"/picture/mosaic-0-640.webp\">
<source type=\"image/jpeg\" srcset=\"/picture/mosaic-0-640.jpg\"><img src=\"/picture/mosaic-0-160.png\" alt=\"by type\"></picture>
<picture><source media=\"(min-width: 800px)\" srcset=\"/picture/mosaic-1-1024.jpg\">
<source media=\"(min-width: 400px)\" srcset=\"/picture/mosaic-1-512.jpg\"><img src=\"/picture/mosaic-1-128.jpg\" alt=\"by screen\"></picture>
<picture><img src=\"/picture/mosaic-2.png\" alt=\"no choice\"></picture>
",
    )
}

pub(super) fn styles(_: &Wall) -> Answer {
    let html = "<!DOCTYPE html>
<html><head><meta charset=\"utf-8\"><title>Pictures of styles</title>
<link rel=\"stylesheet\" href=\"/styles/sheet.css\">
<style>
.a { background: #ccc url(/styles/mosaic-0.jpg) no-repeat }
@media (min-width: 40em) { .b { background-image: url('/styles/mosaic-1.jpg') } }
.c { background-image: image-set(url(/styles/mosaic-2-200.jpg) 1x, url(/styles/mosaic-2-400.jpg) 2x) }
@font-face { font-family: None; src: url(/styles/none.woff2) }
</style></head>
<body>
<h1>Pictures of styles</h1>
<div class=\"a\">element</div><div class=\"b\">media</div><div class=\"c\">set</div><div class=\"d e\">sheet</div>
<div style=\"background: url(&quot;/styles/mosaic-3.jpg&quot;)\">attribute</div>
<ul style=\"list-style-image: url(/styles/mosaic-4.jpg)\"><li>list</li></ul>
</body></html>
";
    Answer::html(html)
}

pub(super) fn sheet() -> Answer {
    let css = ".d { background-image: url(mosaic-5.jpg) }
/* url(/styles/comment.jpg) */
@media (max-width: 9999px) { .e { border-image: url(\"mosaic-6.jpg\") 30 } }
";
    Answer::new(StatusCode::OK, "text/css; charset=utf-8", css)
}

pub(super) fn many(wall: &Wall) -> Answer {
    let count = wall.asked.query("n").and_then(|count| count.parse().ok()).unwrap_or(100).min(MOST);
    let mut body = String::new();
    for number in 0..count {
        let _ = writeln!(
            body,
            "<img src=\"/many/mosaic-{number}-96.jpg\" alt=\"No. {number}\" width=\"96\" height=\"72\">"
        );
    }
    page(&format!("{count} pictures"), &body)
}

pub(super) fn twins(_: &Wall) -> Answer {
    let names = [
        "scene-0.jpg",
        "scene-0-again.jpg",
        "scene-0-small.jpg",
        "scene-0-small.webp",
        "scene-700.jpg",
        "mosaic-1-400.png",
        "mosaic-1-400.jpg",
        "mosaic-1-120.jpg",
    ];
    page("Twins", &names.map(|name| format!("<p><img src=\"/twins/{name}\" alt=\"{name}\"></p>\n")).concat())
}

pub(super) fn exif(_: &Wall) -> Answer {
    page(
        "What pictures say of themselves",
        "<p><img src=\"/exif/place-0.jpg\" alt=\"with a place\"></p>
<p><img src=\"/exif/scene-1.jpg\" alt=\"with a camera\"></p>
<p><img src=\"/exif/mosaic-2.png\" alt=\"with nothing\"></p>
",
    )
}

pub(super) fn links(wall: &Wall) -> Answer {
    page(
        "A page with links",
        &format!(
            "<p><img src=\"/links/mosaic-0.jpg\" alt=\"here\"></p>
<p><a href=\"/links/one\">one</a> <a href=\"/links/two#part\">two</a> <a href=\"/links\">here</a>
<a href=\"http://open.localhost{}/\">elsewhere</a> <a href=\"mailto:nobody@localhost\">nobody</a></p>
",
            wall.port
        ),
    )
}

/// What [`links`] links to.
pub(super) fn linked(name: &str) -> Answer {
    let own = if name == "one" { 1 } else { 2 };
    page(
        name,
        &format!(
            "<p><img src=\"/links/mosaic-{own}.jpg\" alt=\"{name}\"></p>
<p><img src=\"/links/mosaic-3.jpg\" alt=\"on both\"></p>
<p><a href=\"/links\">back</a> <a href=\"/plain\">farther</a></p>
"
        ),
    )
}

pub(super) fn kinds(_: &Wall) -> Answer {
    let names = [
        "mosaic-0.jpg",
        "mosaic-1.png",
        "moving-2.gif",
        "mosaic-6.webp",
        "land.svg",
        "mosaic-7.bmp",
        "mosaic-8-64.ico",
        "sun.avif",
    ];
    page("Formats", &names.map(|name| format!("<p><img src=\"/kinds/{name}\" alt=\"{name}\"></p>\n")).concat())
}

pub(super) fn seaside(wall: &Wall) -> Answer {
    const VIEWS: [(&str, &str, &str); 12] = [
        ("open", "photo.jpg", "Morning on the pier"),
        ("open", "lazy.jpg", "The dunes after rain"),
        ("referer-403", "photo.jpg", "Low tide"),
        ("noise", "photo.jpg", "The old lighthouse road"),
        ("open", "large.jpg", "Evening swim"),
        ("placeholder", "lazy.jpg", "Storm from the west"),
        ("noise", "lazy.jpg", "Pines above the bay"),
        ("user-agent", "photo.jpg", "First snow on the beach"),
        ("noise", "large.jpg", "The lagoon at noon"),
        ("referer-login", "large.jpg", "Harbour lights"),
        ("forbidden", "photo.jpg", "The lifeboat"),
        ("empty-allowed", "large.jpg", "Home before dark"),
    ];
    let mut body = String::new();
    for (kind, name, view) in VIEWS {
        let port = wall.port;
        let _ =
            writeln!(body, "<p><img src=\"http://{kind}.localhost{port}/{name}\" alt=\"{view}\" width=\"512\"></p>");
    }
    page("A week at the seaside", &body)
}

pub(super) fn empty(_: &Wall) -> Answer {
    page("Words alone", "<p>There is nothing to see.</p>\n")
}
