//! The options of what reads single pages: `select`, `links`, `parse`, `shell`.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::Configured;

/// How a page is got that is a URL, a file or the standard input.
#[derive(Debug, Args, Default)]
pub(crate) struct Reading {
    /// What the references of a file, or of the standard input, are relative to.
    #[arg(long, value_name = "URL")]
    pub(crate) base: Option<String>,
    /// What is logged, as for `crawl`.
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    pub(crate) log_level: String,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct Select {
    /// The page: a URL, a file, or `-` for the standard input.
    #[arg(value_name = "URL|FILE|-")]
    pub(crate) source: String,
    #[command(flatten)]
    pub(crate) queries: Queries,
    /// Print the text of what is found, white space collapsed: what is printed if nothing else is asked for.
    #[arg(long, group = "form")]
    pub(crate) text: bool,
    /// Print the text as it stands; a line's end is written `\n`.
    #[arg(long, group = "form")]
    pub(crate) raw: bool,
    /// Print elements with their tags.
    #[arg(long, group = "form")]
    pub(crate) html: bool,
    /// Print this attribute of what is found, where it has it.
    #[arg(long, value_name = "NAME", group = "form")]
    pub(crate) attr: Option<String>,
    /// Print each match as JSON: an element with its name, attributes, text and tags, all else as a string.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print how many matches there are, and nothing else.
    #[arg(long, conflicts_with_all = ["form", "json"])]
    pub(crate) count: bool,
    /// Print the first match only.
    #[arg(long)]
    pub(crate) first: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct Links {
    /// The page: a URL, a file, or `-` for the standard input.
    #[arg(value_name = "URL|FILE|-")]
    pub(crate) source: String,
    /// Only URLs that this regular expression finds something in; may be given several times.
    #[arg(long, value_name = "REGEX")]
    pub(crate) allow: Vec<String>,
    /// No URL that this regular expression finds something in; may be given several times.
    #[arg(long, value_name = "REGEX")]
    pub(crate) deny: Vec<String>,
    /// Only links to this domain and those below it; may be given several times.
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) allow_domain: Vec<String>,
    /// No link to this domain or one below it; may be given several times.
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) deny_domain: Vec<String>,
    /// No URL whose path ends in this: `pdf`; may be given several times. If none is given: those of pictures, films,
    /// archives and the like.
    #[arg(long, value_name = "EXTENSION")]
    pub(crate) deny_extension: Vec<String>,
    /// Links of any extension.
    #[arg(long, conflicts_with = "deny_extension")]
    pub(crate) any_extension: bool,
    /// Only links within what this CSS selector finds; may be given several times.
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) restrict_css: Vec<String>,
    /// Only links within what this XPath expression finds; may be given several times.
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) restrict_xpath: Vec<String>,
    /// Only links whose text this regular expression finds something in; may be given several times.
    #[arg(long, value_name = "REGEX")]
    pub(crate) restrict_text: Vec<String>,
    /// The elements that are links, in place of `a` and `area`; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) tag: Vec<String>,
    /// The attributes that name the target, in place of `href`; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) attr: Vec<String>,
    /// Bring URLs to one form: the query in order, no fragment.
    #[arg(long, alias = "canonicalize")]
    pub(crate) canonicalise: bool,
    /// A link as often as it stands there.
    #[arg(long)]
    pub(crate) no_unique: bool,
    /// Leave out links that say `nofollow`.
    #[arg(long)]
    pub(crate) nofollow: bool,
    /// Print each link's text behind its URL, after a tab.
    #[arg(long)]
    pub(crate) text: bool,
    /// Print each link as JSON.
    #[arg(long, conflicts_with = "text")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct Parse {
    /// The spider's name, as `dragline list` has it; or the TOML file that declares it.
    pub(crate) spider: String,
    /// The page: a URL, or a file with `--url`.
    #[arg(value_name = "URL|FILE")]
    pub(crate) source: String,
    /// The step that the page is parsed with: `List`, `Pictures { page: 7 }`, `Pictures(page=7)`, or JSON. If it is not
    /// given: that of the first request with this URL, else of the spider's very first.
    #[arg(long, value_name = "STEP")]
    pub(crate) step: Option<String>,
    /// The URL that a file came from.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// An argument of the spider.
    #[arg(short = 'a', value_name = "KEY=VALUE")]
    pub(crate) argument: Vec<String>,
    /// Fetch and parse what the page leads to as well, so many levels deep.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) depth: u32,
    /// The most pages that are fetched.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) pages: usize,
    /// Do not sign in first.
    #[arg(long)]
    pub(crate) no_open: bool,
    /// As one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// What is logged, as for `crawl`.
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    pub(crate) log_level: String,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct Shell {
    /// The page: a URL, a file, or `-` for the standard input; without one, `fetch URL` gets the first.
    #[arg(value_name = "URL|FILE|-")]
    pub(crate) source: Option<String>,
    /// Let `view` open the page in the browser, and not only write it to a file.
    #[arg(long)]
    pub(crate) open: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Queries of several languages, in the order in which they stand on the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queries(pub(crate) Vec<(Language, String)>);

/// The language of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Css,
    XPath,
    JmesPath,
    Re,
}

/// A language, its option, what it takes, and what it asks.
const LANGUAGES: [(Language, &str, &str, &str); 4] = [
    (Language::Css, "css", "SELECTOR", "What this CSS selector finds, also with `::text` or `::attr(name)` at its end"),
    (Language::XPath, "xpath", "EXPRESSION", "What this XPath 1.0 expression finds"),
    (Language::JmesPath, "jmespath", "EXPRESSION", "What this JMESPath expression finds in JSON"),
    (Language::Re, "re", "REGEX", "What this regular expression finds: its groups, or all that it matches"),
];

impl Args for Queries {
    fn augment_args(command: Command) -> Command {
        let argument = |(_, name, value, help): (Language, &'static str, &'static str, &'static str)| {
            Arg::new(name).long(name).value_name(value).help(help).action(ArgAction::Append).allow_hyphen_values(true)
        };
        command
            .args(LANGUAGES.map(argument))
            .group(clap::ArgGroup::new("query").args(LANGUAGES.map(|(_, name, ..)| name)).required(true).multiple(true))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Queries {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut queries = Vec::new();
        for (language, name, ..) in LANGUAGES {
            let texts = matches.get_many::<String>(name).into_iter().flatten().cloned();
            queries.extend(matches.indices_of(name).into_iter().flatten().zip(texts.map(|text| (language, text))));
        }
        queries.sort_by_key(|(index, _)| *index);
        Ok(Self(queries.into_iter().map(|(_, query)| query).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
