//! `--fail-on`: when a crawl that has come to its end counts as failed.

use std::fmt;
use std::str::FromStr;

use dragline::Report;
use dragline::error::nearest;
use dragline::stats::Stat;

use crate::report::Fills;

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FailOn {
    /// No item, and at least one failed request.
    NoItems,
    /// Any failed request, item or image.
    Failure,
    /// Never.
    Never,
    /// A figure that is on the wrong side of a number.
    Measured(Rule),
}

/// `fill(book.price) < 90%`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    text: String,
    measure: Measure,
    comparison: Comparison,
    /// A share of 1 where it is a percentage.
    bound: f64,
    is_share: bool,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Measure {
    /// Of the items that have this field, the share of those with a value in it.
    Fill(String),
    /// Items kept; of one kind, those that the spider has yielded.
    Items(Option<String>),
    /// Requests that failed for good.
    Failed,
    /// Any figure of the report.
    Figure(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
    Equal,
    NotEqual,
}

/// Longest first: `<=` is no `<`.
const COMPARISONS: [(&str, Comparison); 7] = [
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::MoreOrEqual),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    (">", Comparison::More),
    ("=", Comparison::Equal),
];

impl FailOn {
    /// What of this rule a report breaks, with the measured value; none if it holds.
    pub(crate) fn broken_by(&self, report: &Report) -> Option<String> {
        let failed = report.progress.failed > 0;
        let is_whole = !report.reason.starts_with("closespider_");
        match self {
            Self::NoItems => (is_whole && failed && report.count("item_scraped_count") == 0)
                .then(|| "no item, and a failed request".to_owned()),
            Self::Failure => {
                let lost = report.count("item_error_count") > 0 || report.count("file_status_count/failed") > 0;
                (is_whole && (failed || lost)).then(|| "something failed".to_owned())
            }
            Self::Never => None,
            Self::Measured(rule) => rule.broken_by(report),
        }
    }
}

impl Rule {
    fn broken_by(&self, report: &Report) -> Option<String> {
        let (measured, said) = self.measure(report);
        self.comparison.holds(measured, self.bound).then(|| format!("{}: {said}", self.text))
    }

    /// The measured value, and how it is said.
    fn measure(&self, report: &Report) -> (f64, String) {
        match &self.measure {
            Measure::Fill(field) => match Fills::of(report).rate(field) {
                Some((filled, items)) => {
                    let share = share(filled, items);
                    (self.scaled(share), format!("it is {} ({filled} of {items})", percent(share)))
                }
                None => {
                    let known = Fills::of(report).names();
                    let known = if known.is_empty() { "none is known".to_owned() } else { known.join(", ") };
                    (0.0, format!("no item has a field `{field}` (fields: {known})"))
                }
            },
            Measure::Failed if self.is_share => {
                let ended = report.progress.failed + report.progress.done;
                let share = share(report.progress.failed, ended);
                (share, format!("it is {} ({} of {ended})", percent(share), report.progress.failed))
            }
            Measure::Failed => count(report.progress.failed),
            Measure::Items(None) => count(report.count("item_scraped_count")),
            Measure::Items(Some(kind)) => count(report.count(&format!("items/{kind}/count"))),
            Measure::Figure(name) => match report.stats.get(name.as_str()) {
                Some(Stat::Count(figure)) => count(*figure),
                Some(Stat::Number(figure)) => (*figure, format!("it is {figure}")),
                Some(Stat::Text(text)) => (f64::NAN, format!("it is `{text}`, and no number")),
                None => {
                    let like = nearest(name, report.stats.keys().map(AsRef::as_ref));
                    let like = like.map(|like| format!("; did you mean `{like}`?")).unwrap_or_default();
                    (0.0, format!("it is 0: nothing was counted under this name{like}"))
                }
            },
        }
    }

    /// A share as the rule has it: `0.9`, or `90%`, which is the same.
    fn scaled(&self, share: f64) -> f64 {
        if self.is_share || self.bound <= 1.0 { share } else { share * 100.0 }
    }
}

impl Comparison {
    /// Whether it holds; whatever is no number breaks every rule.
    fn holds(self, measured: f64, bound: f64) -> bool {
        if measured.is_nan() {
            return true;
        }
        match self {
            Self::Less => measured < bound,
            Self::LessOrEqual => measured <= bound,
            Self::More => measured > bound,
            Self::MoreOrEqual => measured >= bound,
            Self::Equal => (measured - bound).abs() < f64::EPSILON,
            Self::NotEqual => (measured - bound).abs() >= f64::EPSILON,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count that is held against a number of a rule")]
fn count(figure: u64) -> (f64, String) {
    (figure as f64, format!("it is {figure}"))
}

/// A part of a whole; none of nothing is 0.
#[expect(clippy::cast_precision_loss, reason = "a rate")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// `87.5 %`: never 100 for less than all, and never 0 for more than none.
pub(crate) fn percent(share: f64) -> String {
    let rounded = (share * 1000.0).round() / 10.0;
    let rounded = if rounded >= 100.0 && share < 1.0 { 99.9 } else { rounded };
    let rounded = if rounded <= 0.0 && share > 0.0 { 0.1 } else { rounded };
    format!("{rounded} %")
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text {
            "no-items" => return Ok(Self::NoItems),
            "failure" => return Ok(Self::Failure),
            "never" => return Ok(Self::Never),
            _ => {}
        }
        let error = |at: usize, what: &str| {
            let column = text[..at].chars().count() + 1;
            format!(
                "{what}, at column {column}; rules are `no-items`, `failure`, `never`, `fill(price) < 90%`, \
                 `items < 100`, `failed > 5%`, `item_error_count > 0`"
            )
        };
        let Some(at) = text.find(['<', '>', '=', '!']) else {
            return Err(error(text.len(), "a comparison is missing: `<`, `<=`, `>`, `>=`, `==` or `!=`"));
        };
        let found = COMPARISONS.iter().find(|(sign, _)| text[at..].starts_with(sign));
        let Some((sign, comparison)) = found else { return Err(error(at, "`!` is no comparison; `!=` is one")) };
        let measure = measure(text[..at].trim_end()).map_err(|(at, what)| error(at, &what))?;
        let from = at + sign.len();
        let number = text[from..].trim_start();
        let place = text.len() - number.len();
        let (number, is_share) = match number.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (number, false),
        };
        let Some(bound) = number.parse::<f64>().ok().filter(|bound| bound.is_finite()) else {
            return Err(error(place, "a number is missing"));
        };
        if is_share && !matches!(measure, Measure::Fill(_) | Measure::Failed) {
            return Err(error(place, "only `fill(…)` and `failed` are shares; here a number is meant"));
        }
        let bound = if is_share { bound / 100.0 } else { bound };
        Ok(Self::Measured(Rule { text: text.to_owned(), measure, comparison: *comparison, bound, is_share }))
    }
}

/// What stands before the comparison; or the place of what is wrong with it.
fn measure(text: &str) -> Result<Measure, (usize, String)> {
    let Some((function, rest)) = text.split_once('(') else {
        return match text {
            "" => Err((0, "a figure is missing before the comparison".to_owned())),
            "items" => Ok(Measure::Items(None)),
            "failed" => Ok(Measure::Failed),
            "fill" => Err((text.len(), "`fill` needs a field: `fill(price)`".to_owned())),
            name if name.contains(char::is_whitespace) => {
                let at = name.find(char::is_whitespace).unwrap_or_default();
                Err((at, "the name of a figure has no spaces".to_owned()))
            }
            name => Ok(Measure::Figure(name.to_owned())),
        };
    };
    let Some(argument) = rest.trim_end().strip_suffix(')').map(str::trim) else {
        return Err((text.len(), "`)` is missing".to_owned()));
    };
    match function.trim_end() {
        _ if argument.is_empty() => Err((function.len() + 1, "a name is missing between `(` and `)`".to_owned())),
        "fill" => Ok(Measure::Fill(argument.to_owned())),
        "items" => Ok(Measure::Items(Some(argument.to_owned()))),
        other => Err((0, format!("there is no `{other}(…)`; there are `fill(field)` and `items(kind)`"))),
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoItems => "no-items",
            Self::Failure => "failure",
            Self::Never => "never",
            Self::Measured(rule) => &rule.text,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use dragline::frontier::Progress;

    use super::*;

    fn report(figures: &[(&'static str, u64)]) -> Report {
        let stats: BTreeMap<_, _> = figures.iter().map(|(name, count)| ((*name).into(), Stat::Count(*count))).collect();
        let progress = Progress { done: 95, failed: 5, ..Progress::default() };
        Report { reason: "finished", stats, hosts: Vec::new(), progress, job: None, error: None }
    }

    fn broken(rule: &str) -> Option<String> {
        let figures = [
            ("item_scraped_count", 40),
            ("items/book/count", 40),
            ("items/book/price/filled", 35),
            ("items/book/title/filled", 40),
            ("items/author/count", 10),
            ("items/author/title/filled", 0),
            ("downloader/exception_count", 3),
        ];
        rule.parse::<FailOn>().expect(rule).broken_by(&report(&figures))
    }

    #[test]
    fn a_rule_is_held_against_what_was_measured() {
        assert_eq!(broken("fill(price) < 90%").as_deref(), Some("fill(price) < 90%: it is 87.5 % (35 of 40)"));
        assert_eq!(
            broken("fill( book.price )<=0.875").as_deref(),
            Some("fill( book.price )<=0.875: it is 87.5 % (35 of 40)")
        );
        assert_eq!(broken("fill(price) < 87.5%"), None);
        assert_eq!(broken("fill(title) < 90%").as_deref(), Some("fill(title) < 90%: it is 80 % (40 of 50)"));
        assert_eq!(broken("fill(book.title) != 100%"), None);
        let unknown = "fill(pirce) < 90%: no item has a field `pirce` (fields: author.title, book.price, book.title)";
        assert_eq!(broken("fill(pirce) < 90%").as_deref(), Some(unknown));
        assert_eq!(broken("items<100").as_deref(), Some("items<100: it is 40"));
        assert_eq!(broken("items(author) == 10").as_deref(), Some("items(author) == 10: it is 10"));
        assert_eq!(broken("failed > 4.9%").as_deref(), Some("failed > 4.9%: it is 5 % (5 of 100)"));
        assert_eq!(broken("failed > 5"), None);
        assert_eq!(
            broken("downloader/exception_count >= 3").as_deref(),
            Some("downloader/exception_count >= 3: it is 3")
        );
        let unknown = "downloader/exception_coun = 0: it is 0: nothing was counted under this name; did you mean \
                       `downloader/exception_count`?";
        assert_eq!(broken("downloader/exception_coun = 0").as_deref(), Some(unknown));
        assert_eq!((broken("no-items"), broken("never")), (None, None));
        assert_eq!(broken("failure").as_deref(), Some("something failed"));
    }

    #[test]
    fn a_rule_that_is_none_says_where_and_what_there_is() {
        let wrong = [
            ("", "a comparison is missing: `<`, `<=`, `>`, `>=`, `==` or `!=`, at column 1; rules are `no-items`"),
            ("no-item", "a comparison is missing"),
            ("fill(price) < ", "a number is missing, at column 14"),
            ("fill(price) < 90 %%", "a number is missing, at column 15"),
            ("fill(price < 90%", "`)` is missing, at column 11"),
            ("fill() < 90%", "a name is missing between `(` and `)`, at column 6"),
            ("rate(price) < 90%", "there is no `rate(…)`; there are `fill(field)` and `items(kind)`, at column 1"),
            ("fill < 9%", "`fill` needs a field: `fill(price)`, at column 5"),
            ("items > 5%", "only `fill(…)` and `failed` are shares"),
            ("item count > 5", "the name of a figure has no spaces, at column 5"),
            ("items ! 5", "`!` is no comparison; `!=` is one, at column 7"),
            ("< 5", "a figure is missing before the comparison, at column 1"),
            ("items > NaN", "a number is missing"),
        ];
        for (text, what) in wrong {
            let error = text.parse::<FailOn>().expect_err(text);
            assert!(error.starts_with(what), "{text}: {error}");
        }
    }

    #[test]
    fn a_rate_is_100_for_all_of_them_only() {
        assert_eq!(
            (percent(0.99999), percent(1.0), percent(0.0), percent(0.000_01)),
            ("99.9 %".to_owned(), "100 %".to_owned(), "0 %".to_owned(), "0.1 %".to_owned())
        );
    }
}
