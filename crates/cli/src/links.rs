//! `dragline links`: where a page leads.

use dragline::Registry;
use dragline::page::{Link, Links};
use serde_json::json;

use crate::exit::Exit;
use crate::options::reading;
use crate::source::{Place, Reader, usage};
use crate::terminal::{json as json_line, line, print, say};

/// Prints the links.
pub(crate) fn run(registry: &Registry, command: &reading::Links) -> anyhow::Result<Exit> {
    let filter = filter(command);
    filter.check().map_err(|error| usage(error.to_string()))?;
    let place = Place::read(&command.source)?;
    let reader = Reader::build(registry, &command.reading)?;
    let page = reader.page(&place)?;
    let links = page.links_by(&filter);
    links.iter().try_for_each(|link| print(&shown(command, link)))?;
    if !reader.knows_base(&place) && !links.iter().any(|link| link.url.has_host()) {
        say("note: relative links need `--base URL`: where the page came from");
    }
    reader.close();
    page.take_fault().map_or(Ok(()), Err)?;
    Ok(if links.is_empty() { Exit::Failed } else { Exit::Finished })
}

fn shown(command: &reading::Links, link: &Link) -> String {
    let text = || link.text.split_whitespace().collect::<Vec<_>>().join(" ");
    if command.json {
        return json_line(&json!({ "url": link.url, "text": text(), "nofollow": link.nofollow }));
    }
    match command.text {
        true => format!("{}\t{}", line(link.url.as_str()), line(&text())),
        false => line(link.url.as_str()).into_owned(),
    }
}

/// What adds one value to a filter.
type Add = fn(Links, &str) -> Links;

/// The options as the engine's filter.
fn filter(command: &reading::Links) -> Links {
    let mut filter =
        Links::new().canonicalise(command.canonicalise).unique(!command.no_unique).obey_nofollow(command.nofollow);
    let lists: [(&[String], Add); 7] = [
        (&command.allow, Links::allow),
        (&command.deny, Links::deny),
        (&command.allow_domain, Links::allow_domains),
        (&command.deny_domain, Links::deny_domains),
        (&command.restrict_css, Links::restrict_css),
        (&command.restrict_xpath, Links::restrict_xpath),
        (&command.restrict_text, Links::restrict_text),
    ];
    for (given, add) in lists {
        filter = given.iter().fold(filter, |filter, one| add(filter, one));
    }
    let (tags, attrs, extensions) = (names(&command.tag), names(&command.attr), names(&command.deny_extension));
    if !tags.is_empty() {
        filter = filter.tags(&tags);
    }
    if !attrs.is_empty() {
        filter = filter.attrs(&attrs);
    }
    if !extensions.is_empty() || command.any_extension {
        filter = filter.deny_extensions(&extensions);
    }
    filter
}

fn names(given: &[String]) -> Vec<&str> {
    given.iter().map(String::as_str).collect()
}
