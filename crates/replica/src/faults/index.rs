//! What there is: the index of all scenarios, from the table that plays them.

use std::fmt::Write;

use crate::faults::asked::Asked;
use crate::faults::scenario::{HOSTS, PATHS as ALL, Scenario, row};
use crate::faults::script::Reply;
use crate::faults::{h2, tls};
use crate::markup::escape;

pub(crate) const PATHS: &[Scenario] = &[row("/", "/", "this index; as plain text with ?format=text", |asked| {
    Ok(match asked.asked_for("format").as_deref() {
        Some("text") => asked.answer(Reply::text(200, text())),
        _ => asked.answer(Reply::html(html(asked))),
    })
})];

/// A line of the index: what to ask for, an example of it, what happens.
struct Line {
    pattern: &'static str,
    example: &'static str,
    about: &'static str,
}

/// A part of the index.
struct Part {
    title: &'static str,
    scheme: &'static str,
    lines: Vec<Line>,
}

const BY_PATH: &str = "By path, on any host that is not below";
const BY_HOST: &str = "By the first label of the host: robots-500.localhost";

fn parts() -> [Part; 4] {
    let of = |row: &'static Scenario| Line { pattern: row.pattern, example: row.example, about: row.about };
    let label = |(label, about): (&'static str, &'static str)| Line { pattern: label, example: label, about };
    let tls = tls::HOSTS.into_iter().map(|(name, about, _)| label((name, about))).collect();
    let h2 = h2::HOSTS.into_iter().map(|(name, about, _)| label((name, about))).collect();
    [
        Part { title: BY_PATH, scheme: "", lines: ALL.into_iter().flatten().map(of).collect() },
        Part { title: BY_HOST, scheme: "http", lines: HOSTS.into_iter().flatten().map(of).collect() },
        Part { title: "By the host's first label, over TLS", scheme: "https", lines: tls },
        Part { title: "By the host's first label, over TLS with HTTP/2", scheme: "https", lines: h2 },
    ]
}

/// A title for each part, and a line for each scenario: what to ask for, two spaces or more, what happens.
pub(crate) fn text() -> String {
    let mut text = String::new();
    for part in parts() {
        // writing to a string does not fail
        let _ = writeln!(text, "{}{}\n", if text.is_empty() { "" } else { "\n" }, part.title);
        for line in part.lines {
            let _ = writeln!(text, "  {:<32}  {}", line.pattern, line.about);
        }
    }
    text
}

fn html(asked: &Asked) -> String {
    let mut page = "<!DOCTYPE html>\n<html><head><title>Faults</title></head>\n<body>\n<h1>Faults</h1>\n".to_owned();
    let port = asked.request.host().rsplit_once(':').map_or(String::new(), |(_, port)| format!(":{port}"));
    for part in parts() {
        let _ = writeln!(page, "<h2>{}</h2>\n<dl>", escape(part.title));
        for Line { pattern, example, about } in part.lines {
            let link = match part.scheme {
                "" => escape(example).into_owned(),
                // the port of the other listener is not known here, and TLS faults cannot be met on this one
                scheme if (scheme == "https") == asked.secure => format!("{scheme}://{example}.localhost{port}/"),
                _ => String::new(),
            };
            let (name, about) = (escape(pattern), escape(about));
            let _ = match link.is_empty() {
                true => writeln!(page, "<dt><code>{name}</code></dt><dd>{about}</dd>"),
                false => writeln!(page, "<dt><a href=\"{link}\"><code>{name}</code></a></dt><dd>{about}</dd>"),
            };
        }
        page.push_str("</dl>\n");
    }
    page.push_str("</body></html>\n");
    page
}
