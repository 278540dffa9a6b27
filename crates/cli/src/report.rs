//! The end of a crawl, for people: the figures in Scrapy's names, and how each host was treated.

use dragline::Report;
use dragline::stats::Stat;

use crate::fail_on::{percent, share};
use crate::terminal::{escape, json};

/// Hosts that are shown; the rest is in `--stats`.
const HOSTS: usize = 20;
/// Fields of a kind that are shown even if every item has them; of more only those that some lack.
const FIELDS: usize = 12;

/// The report, a figure a line.
pub(crate) fn text(spider: &str, report: &Report) -> String {
    let mut lines = vec![String::new(), format!("Report of {spider}")];
    let fills = Fills::of(report);
    // what the table below says is not said twice
    let figures = || report.stats.iter().filter(|(name, _)| !fills.says(name));
    let width = figures().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, stat) in figures() {
        lines.push(format!("  {:<width$}  {}", escape(name), escape(&figure(name, stat))));
    }
    fills.write(&mut lines);
    if !report.hosts.is_empty() {
        let width = report.hosts.iter().take(HOSTS).map(|host| host.host.len()).max().unwrap_or(0).max(4);
        lines.push(String::new());
        lines.push(format!("  {:<width$}  {:>9}  {:>12}  {:>12}", "host", "requests", "most at once", "smallest gap"));
        for host in report.hosts.iter().take(HOSTS) {
            let gap = host.smallest_gap.map_or_else(|| "–".to_owned(), |gap| format!("{:.3} ms", gap * 1000.0));
            let name = escape(&host.host);
            lines.push(format!("  {name:<width$}  {:>9}  {:>12}  {gap:>12}", host.requests, host.most_at_once));
        }
        if report.hosts.len() > HOSTS {
            lines.push(format!("  and {} more", report.hosts.len() - HOSTS));
        }
    }
    lines.join("\n")
}

/// How many items there are of each kind, and how many of them have a value in each field.
#[derive(Debug, Default)]
pub(crate) struct Fills<'r> {
    kinds: Vec<Kind<'r>>,
}

#[derive(Debug)]
struct Kind<'r> {
    name: &'r str,
    items: u64,
    fields: Vec<(&'r str, u64)>,
}

impl<'r> Fills<'r> {
    /// Those of a report: `items/book/count`, `items/book/price/filled`.
    pub(crate) fn of(report: &'r Report) -> Self {
        let mut kinds: Vec<Kind<'r>> = Vec::new();
        for (name, stat) in &report.stats {
            let kind = name.strip_prefix("items/").and_then(|name| name.strip_suffix("/count"));
            if let (Some(name), Stat::Count(items)) = (kind, stat) {
                kinds.push(Kind { name, items: *items, fields: Vec::new() });
            }
        }
        for (name, stat) in &report.stats {
            let Some(rest) = name.strip_prefix("items/").and_then(|name| name.strip_suffix("/filled")) else {
                continue;
            };
            let Stat::Count(filled) = stat else { continue };
            // a kind may have a slash in its name: the longest that fits
            let of = |kind: &Kind<'r>| rest.strip_prefix(kind.name)?.strip_prefix('/');
            let kind = kinds.iter_mut().filter(|kind| of(kind).is_some()).max_by_key(|kind| kind.name.len());
            if let Some(kind) = kind
                && let Some(field) = of(kind)
            {
                kind.fields.push((field, *filled));
            }
        }
        Self { kinds }
    }

    /// How many of how many items have a value in a field: `price`, or `book.price` for one kind only.
    pub(crate) fn rate(&self, field: &str) -> Option<(u64, u64)> {
        let of = |kind: &Kind<'r>, field: &str| {
            kind.fields.iter().find(|(name, _)| *name == field).map(|(_, filled)| (*filled, kind.items))
        };
        let whole = self.kinds.iter().filter_map(|kind| of(kind, field));
        let sum = whole.reduce(|(filled, items), (more, others)| (filled + more, items + others));
        let named = |kind: &Kind<'r>| of(kind, field.strip_prefix(kind.name)?.strip_prefix('.')?);
        sum.or_else(|| self.kinds.iter().find_map(named))
    }

    /// `book.price` for each field of each kind.
    pub(crate) fn names(&self) -> Vec<String> {
        let of = |kind: &Kind<'r>| -> Vec<String> {
            kind.fields.iter().map(|(field, _)| format!("{}.{field}", kind.name)).collect()
        };
        self.kinds.iter().flat_map(of).collect()
    }

    /// Whether a figure stands in the table.
    fn says(&self, name: &str) -> bool {
        name.strip_prefix("items/").is_some_and(|rest| rest.ends_with("/count") || rest.ends_with("/filled"))
    }

    fn write(&self, lines: &mut Vec<String>) {
        if self.kinds.is_empty() {
            return;
        }
        let fields = |kind: &Kind<'r>| -> Vec<(String, u64)> {
            let is_shown = |filled: u64| kind.fields.len() <= FIELDS || filled < kind.items;
            let shown = kind.fields.iter().filter(|(_, filled)| is_shown(*filled));
            shown.map(|(name, filled)| (escape(name).into_owned(), *filled)).collect()
        };
        let names = self.kinds.iter().flat_map(|kind| {
            let of = fields(kind).into_iter().map(|(name, _)| name.chars().count() + 2);
            of.chain([escape(kind.name).chars().count()]).collect::<Vec<_>>()
        });
        let width = names.max().unwrap_or(0).max(4);
        lines.push(String::new());
        lines.push(format!("  {:<width$}  {:>9}  {:>8}", "item", "count", "filled"));
        for kind in &self.kinds {
            lines.push(format!("  {:<width$}  {:>9}", escape(kind.name), kind.items));
            let shown = fields(kind);
            for (name, filled) in &shown {
                // many items may share one name for what has none of its own
                let rate = percent(share(*filled, kind.items).min(1.0));
                lines.push(format!("    {name:<0$}  {filled:>9}  {rate:>8}", width - 2));
            }
            if shown.len() < kind.fields.len() {
                lines.push(format!("    and {} fields that every item has", kind.fields.len() - shown.len()));
            }
        }
    }
}

/// The report as one line of JSON, for those who read log lines as such.
pub(crate) fn line(spider: &str, report: &Report) -> String {
    let figures = report.to_json().ok().and_then(|json| serde_json::from_str::<serde_json::Value>(&json).ok());
    json(&serde_json::json!({ "level": "INFO", "message": "report", "spider": spider, "report": figures }))
}

fn figure(name: &str, stat: &Stat) -> String {
    match stat {
        Stat::Count(count) if name.ends_with("bytes") || name == "memusage/max" => {
            format!("{count} ({})", indicatif::HumanBytes(*count))
        }
        Stat::Count(count) => count.to_string(),
        Stat::Number(number) => format!("{number:.3}").trim_end_matches('0').trim_end_matches('.').to_owned(),
        Stat::Text(text) => text.clone(),
    }
}
