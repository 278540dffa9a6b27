//! The end of a crawl, for people: the figures in Scrapy's names, and how each host was treated.

use dragline::Report;
use dragline::stats::Stat;

use crate::terminal::{escape, json};

/// Hosts that are shown; the rest is in `--stats`.
const HOSTS: usize = 20;

/// The report, a figure a line.
pub(crate) fn text(spider: &str, report: &Report) -> String {
    let mut lines = vec![String::new(), format!("Report of {spider}")];
    let width = report.stats.keys().map(|name| name.len()).max().unwrap_or(0);
    for (name, stat) in &report.stats {
        lines.push(format!("  {:<width$}  {}", escape(name), escape(&figure(name, stat))));
    }
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
