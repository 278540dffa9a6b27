//! A line of the shell: a command, or a query alone.

use dragline::error::nearest;
use dragline::page::query::Query;

use crate::options::reading::Language;

/// What a line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask<'l> {
    Query(Language, &'l str),
    Fetch(&'l str),
    Plain(Plain),
    Nothing,
}

/// The commands that take nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    Text,
    Title,
    Url,
    Headers,
    Links,
    Images,
    Forms,
    View,
    Help,
    Quit,
}

/// A command that takes something: its name, what it takes, what it does.
const QUERIES: [(Language, &str, &str, &str); 4] = [
    (Language::Css, "css", "SELECTOR", "what a CSS selector finds: css h1::text"),
    (Language::XPath, "xpath", "EXPRESSION", "what an XPath expression finds: xpath //h1/text()"),
    (Language::JmesPath, "jmespath", "EXPRESSION", "what a JMESPath expression finds in JSON: jmespath items[].name"),
    (Language::Re, "re", "REGEX", "what a regular expression finds in the page's text: re £(\\d+)"),
];

const FETCH: (&str, &str, &str) = ("fetch", "URL|FILE", "loads another page; a reference relative to this one too");

const PLAIN: [(Plain, &str, &str); 10] = [
    (Plain::Links, "links", "where the page leads"),
    (Plain::Images, "images", "its pictures, the best of each"),
    (Plain::Forms, "forms", "its forms: how and where each is sent, and its fields"),
    (Plain::Text, "text", "the page's text, white space collapsed"),
    (Plain::Title, "title", "its title"),
    (Plain::Url, "url", "its URL and status"),
    (Plain::Headers, "headers", "the headers that it came with"),
    (Plain::View, "view", "writes the page to a file for a browser; opens it there with `dragline shell --open`"),
    (Plain::Help, "help", "this"),
    (Plain::Quit, "quit", "the end; Ctrl-D too"),
];

/// The names of all commands.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let queries = QUERIES.iter().map(|(_, name, ..)| *name);
    queries.chain([FETCH.0]).chain(PLAIN.iter().map(|(_, name, _)| *name))
}

/// A line for each command.
pub(super) fn help() -> impl Iterator<Item = String> {
    let row = |name: &str, takes: &str, what: &str| format!("{:<20} {what}", format!("{name} {takes}"));
    let queries = QUERIES.iter().map(move |(_, name, takes, what)| row(name, takes, what));
    let plain = PLAIN.iter().map(move |(_, name, what)| row(name, "", what));
    queries
        .chain([row(FETCH.0, FETCH.1, FETCH.2)])
        .chain(plain)
        .chain(["A selector or an XPath expression alone is tried at once: h1::text, //h1, .price".to_owned()])
}

/// Reads a line.
pub(super) fn read(line: &str) -> Result<Ask<'_>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with("# ") {
        return Ok(Ask::Nothing);
    }
    let (name, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(name, rest)| (name, rest.trim()));
    if let Some((language, _, takes, what)) = QUERIES.iter().find(|(_, known, ..)| *known == name) {
        return if rest.is_empty() {
            Err(format!("`{name}` wants {takes}: {what}"))
        } else {
            Ok(Ask::Query(*language, rest))
        };
    }
    match name {
        "fetch" if rest.is_empty() => return Err(format!("`fetch` wants {}: {}", FETCH.1, FETCH.2)),
        "fetch" => return Ok(Ask::Fetch(rest)),
        "exit" | "q" if rest.is_empty() => return Ok(Ask::Plain(Plain::Quit)),
        _ => {}
    }
    if let Some((plain, ..)) = PLAIN.iter().find(|(_, known, _)| *known == name && rest.is_empty()) {
        return Ok(Ask::Plain(*plain));
    }
    alone(line)
}

/// A query without its language.
fn alone(line: &str) -> Result<Ask<'_>, String> {
    if ["/", "./", "../", "(", "@"].iter().any(|begin| line.starts_with(begin)) {
        return Ok(Ask::Query(Language::XPath, line));
    }
    match (Query::css(line), Query::xpath(line)) {
        (Ok(_), _) => Ok(Ask::Query(Language::Css, line)),
        (Err(_), Ok(_)) => Ok(Ask::Query(Language::XPath, line)),
        (Err(error), Err(_)) => Err(match like(line) {
            Some(near) => format!("no command is called `{line}`; did you mean `{near}`?"),
            None => format!("{error}; `help` names the commands"),
        }),
    }
}

/// The command that a line was most likely meant to be.
pub(super) fn like(line: &str) -> Option<&'static str> {
    nearest(line.split_whitespace().next()?, names())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_or_a_query_alone() {
        assert_eq!(read(" css  h1 > a "), Ok(Ask::Query(Language::Css, "h1 > a")));
        assert_eq!(read("re (a) b"), Ok(Ask::Query(Language::Re, "(a) b")));
        assert_eq!(read("links"), Ok(Ask::Plain(Plain::Links)));
        assert_eq!(read("exit"), Ok(Ask::Plain(Plain::Quit)));
        assert_eq!(read("fetch /next"), Ok(Ask::Fetch("/next")));
        for css in ["h1::text", ".price", "#id", "a[href]", "text tspan", "div > a, b"] {
            assert_eq!(read(css), Ok(Ask::Query(Language::Css, css)), "{css}");
        }
        for xpath in ["//h1", "./a", "(//a)[1]", "count(//a)", "@href"] {
            assert_eq!(read(xpath), Ok(Ask::Query(Language::XPath, xpath)), "{xpath}");
        }
        assert_eq!(read("  "), Ok(Ask::Nothing));
    }

    #[test]
    fn what_is_neither_is_said_with_the_nearest_command() {
        assert_eq!(
            read("css").expect_err("an argument"),
            "`css` wants SELECTOR: what a CSS selector finds: css h1::text"
        );
        assert_eq!(
            read("fecth http://[x").expect_err("a command"),
            "no command is called `fecth http://[x`; did you mean `fetch`?"
        );
        assert_eq!(like("hlep"), Some("help"));
    }
}
