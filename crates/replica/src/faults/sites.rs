//! Small good sites, a host each: to see that the good ones do not suffer from the others.

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{End, Reply, Script, filler};

pub(crate) const HOSTS: &[Scenario] = &[
    row("good", "good-1", "a good site: / links to /1, /2 and so on, pages of 1 KB; no robots.txt", |asked| {
        Ok(graph(asked))
    }),
    row(
        "no-close-notify",
        "no-close-notify",
        "every path: a page without length, whose end over TLS is FIN alone",
        no_close_notify,
    ),
];

fn graph(asked: &Asked) -> Script {
    let path = asked.request.path();
    let number = path.strip_prefix('/').and_then(|number| number.parse().ok());
    match number {
        _ if path == "/" => front(asked, (1..=asked.site.pages).map(|number| format!("/{number}"))),
        Some(number) if (1..=asked.site.pages).contains(&number) => {
            page(asked, &format!("Page {number}"), ["/".to_owned()])
        }
        _ => missing(asked),
    }
}

fn no_close_notify(asked: &Asked) -> Result<Script, Unplayable> {
    let page = Reply::html("").unsized_until_close().send(html("No end", ["/".to_owned()]));
    Ok(match asked.request.path() {
        "/robots.txt" => missing(asked),
        _ => page.ending(End::Cut),
    })
}

pub(crate) fn front(asked: &Asked, links: impl IntoIterator<Item = String>) -> Script {
    page(asked, "The front page", links)
}

/// A page of about 1 KB and its links.
pub(crate) fn page(asked: &Asked, title: &str, links: impl IntoIterator<Item = String>) -> Script {
    asked.answer(Reply::html(html(title, links)))
}

pub(crate) fn missing(asked: &Asked) -> Script {
    asked.answer(Reply::text(404, "no such page\n"))
}

/// Titles and links come from this module's siblings and need no escape but of `&`, which they write as an entity.
fn html(title: &str, links: impl IntoIterator<Item = String>) -> String {
    let mut page = format!("<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body>\n<p>");
    page.push_str(&String::from_utf8_lossy(&filler(900)));
    page.push_str("</p>\n");
    for link in links {
        page.push_str("<a href=\"");
        page.push_str(&link);
        page.push_str("\">more</a>\n");
    }
    page.push_str("</body></html>\n");
    page
}
