//! A page of the graph: text from a few ready pieces, with links in between. Made anew for each request, which takes
//! a few microseconds, for 20,000 pages kept would be 500 MB.

use std::io::Write;

use crate::random::{Sequence, draw};

const STREAM: u64 = 0x0047_7261_7068;

/// Links in the text, besides those of the head: children, others, and some of them again.
const LINKS: usize = 47;
/// The n-th link is a second one to the page of the n-th before it.
const AGAIN_EVERY: usize = 12;
/// Links in a section.
const SECTION: usize = 8;
/// What the head, the table and the foot of a page take, in bytes.
const FRAME: usize = 3_000;

/// The page with this number as HTML, 15 to 40 KB.
pub(crate) fn render(number: usize, pages: usize) -> Vec<u8> {
    let mut dice = Sequence::new(draw(STREAM, number));
    let size = 16_000 + dice.below(22_000);
    let mut html = Vec::with_capacity(size + 2 * 1024);
    let topic = dice.pick(&TOPICS);
    head(&mut html, number, topic);
    let start = html.len();
    let mut targets = [0; LINKS];
    for link in 0..LINKS {
        if link % SECTION == 0 {
            section(&mut html, link / SECTION, dice.pick(&TOPICS));
        }
        let due = start + (size - FRAME) * (link + 1) / LINKS;
        while html.len() < due {
            html.extend_from_slice(dice.pick(&PIECES).as_bytes());
        }
        targets[link] = match link {
            0 | 1 => child(number, link, pages),
            _ if link % AGAIN_EVERY == 0 => targets[link - 5],
            _ => dice.below(pages),
        };
        anchor(&mut html, targets[link], dice.below(16), dice.pick(&TOPICS));
    }
    foot(&mut html, &mut dice);
    html
}

/// Pages form a binary tree, by which all of them are reached; a leaf links to the first page instead.
fn child(number: usize, which: usize, pages: usize) -> usize {
    let child = 2 * number + 1 + which;
    if child < pages { child } else { 0 }
}

// Writing to a Vec does not fail, hence the results that are not looked at.

fn head(html: &mut Vec<u8>, number: usize, topic: &str) {
    let parent = number.saturating_sub(1) / 2;
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Page {number} &mdash; {topic}</title>\n"
    );
    html.extend_from_slice(HEAD.as_bytes());
    let _ = write!(
        html,
        "<nav class=\"top\"><ul><li><a href=\"/p/0\">Home</a></li><li><a href=\"/p/{parent}\" rel=\"up\">Up</a></li>\
         <li><a href=\"#section-0\">Contents</a></li></ul></nav>\n<main>\n<h1>{topic} <small>No. {number}</small></h1>\n<p>"
    );
}

fn section(html: &mut Vec<u8>, number: usize, topic: &str) {
    let end = if number == 0 { "</p>\n" } else { "</p>\n</section>\n" };
    let _ = write!(html, "{end}<section id=\"section-{number}\" class=\"entry\">\n<h2>{topic}</h2>\n<p>");
}

/// A link in one of the spellings that people use.
fn anchor(html: &mut Vec<u8>, target: usize, spelling: usize, text: &str) {
    let _ = match spelling {
        0 | 1 => write!(html, "<a href=\"{target}\">{text}</a> "),
        2 | 3 => write!(html, "<a href=\"../p/{target}\">{text}</a> "),
        4 => write!(html, "<a href=\"/p/{target}#section-{}\">{text}</a> ", target % 5),
        5 => write!(html, "<a class=\"ref\" href=\"./{target}\" title=\"See also: {text}\"><b>{text}</b></a> "),
        _ => write!(html, "<a href=\"/p/{target}\">{text}</a> "),
    };
}

fn foot(html: &mut Vec<u8>, dice: &mut Sequence) {
    html.extend_from_slice(b"</p>\n</section>\n<table class=\"data\">\n<thead><tr><th>Year</th><th>Name</th><th>Value</th></tr></thead>\n<tbody>\n");
    for row in 0..16 {
        let (name, value) = (dice.pick(&TOPICS), dice.below(100_000));
        let _ = writeln!(html, "<tr><td>{}</td><td>{name}</td><td class=\"number\">{value}</td></tr>", 1990 + row);
    }
    html.extend_from_slice(FOOT.as_bytes());
}

const HEAD: &str = r#"<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A page among many, with text &amp; links, to be read by machines">
<style>body { font-family: serif; max-width: 60em } nav li { display: inline } td.number { text-align: right } .entry { margin: 1em 0 }</style>
<script>document.documentElement.className = "js"; if (1 < 2 && 3 > 2) { window.pages = ["<a href='/nowhere'>", "</p>"]; }</script>
</head>
<body class="page">
<!-- a comment with <a href="/p/not-a-page">markup</a> in it -->
"#;

const FOOT: &str = "</tbody>\n</table>\n</main>\n<footer>\n<p>&copy; 2012&ndash;2025 The Graph. Made by <em>no one</em> in particular; \
    all &ldquo;facts&rdquo; are invented.</p>\n</footer>\n</body>\n</html>\n";

const TOPICS: [&str; 16] = [
    "Lighthouses",
    "Tide tables",
    "Caf&eacute;s of Trieste",
    "Bread &amp; salt",
    "Cartography",
    "Railway clocks",
    "Łódź",
    "Glass",
    "Harbour pilots",
    "The olive trade",
    "Migratory birds",
    "Weather &amp; wind",
    "Field notes",
    "Ferries",
    "Almanacs",
    "Signal flags",
];

const PIECES: [&str; 16] = [
    "The keeper wrote down the hour of every ship that passed, and on most nights there was <em>nothing to write</em>. ",
    "In the autumn of that year the price of oil rose by 12&nbsp;%, and the council, <b>after long debate</b>, voted for gas. ",
    "It is often said that the tables were printed in advance &mdash; they were not; a clerk copied them by hand &amp; checked them twice. ",
    "Compare the chart of 1874, where the shoal is shown a full <span class=\"unit\">cable&rsquo;s length</span> further to the east. ",
    "Whether x &lt; y or y &lt; x, the sum is the same, as <code>a + b == b + a</code> shows to anyone who cares to look. ",
    "</p>\n<p>There were three inns on the quay, of which the <i>Anker</i> was the oldest and the <i>Zwei Brüder</i> the loudest. ",
    "No record survives of the winter, except for a receipt: 40&nbsp;loaves, 2&nbsp;barrels of herring, one bell rope (long). ",
    "The engineer&#8217;s report runs to four hundred pages and comes to the conclusion that <strong>more study is needed</strong>. ",
    "</p>\n<p class=\"note\">Note: the spelling of names follows the register, which is not consistent &ndash; Smith, Smyth and Schmidt are one person. ",
    "From the terrace one sees on clear days the whole bay, the islands, and behind them a line that may be mountains or clouds. ",
    "Later editions leave this out.<br>\nThe reason is not known. ",
    "A letter of the same month asks for “two dozen lamps, wicks, and <abbr title=\"as soon as possible\">asap</abbr> a new ladder”. ",
    "</p>\n<ul>\n<li>first, that the light be seen from all sides;</li>\n<li>second, that it be not mistaken for another;</li>\n<li>third, that it burn till dawn.</li>\n</ul>\n<p>",
    "Das Original liegt in Hamburg; eine Abschrift, <span lang=\"fr\">très abîmée</span>, in the municipal archive, box&nbsp;17. ",
    "Since then the timetable has changed only twice, and both times the change was taken back within the week, to general relief. ",
    "<img src=\"/img/plan.png\" alt=\"Plan of the harbour\" width=\"320\" height=\"200\"> The plan shows the old mole and, dotted, the one that was never built. ",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The numbers of the pages that a page links to, each as often as it does.
    fn targets(number: usize, pages: usize) -> Vec<usize> {
        let html = String::from_utf8(render(number, pages)).expect("pages are UTF-8");
        let body = html.split("<!-- ").nth(1).and_then(|rest| rest.split("-->").nth(1)).expect("a comment").to_owned();
        let links = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let paths = links.filter(|link| !link.starts_with('#')).map(|link| link.split('#').next().unwrap_or_default());
        paths
            .map(|path| path.rsplit('/').next().and_then(|digits| digits.parse().ok()).expect("a page's number"))
            .collect()
    }

    #[test]
    fn following_all_links_from_page_0_visits_every_page_and_nothing_else() {
        for pages in [1, 2, 3, 500] {
            let mut seen = HashSet::from([0]);
            let mut open = vec![0];
            while let Some(number) = open.pop() {
                open.extend(targets(number, pages).into_iter().filter(|&target| seen.insert(target)));
            }
            assert_eq!(seen, (0..pages).collect());
        }
    }

    #[test]
    fn a_page_has_15_to_40_kilobytes_and_about_50_links() {
        for number in (0..20_000).step_by(37) {
            let size = render(number, 20_000).len();
            assert!((15_000..40_960).contains(&size), "page {number} has {size} bytes");
            let links = targets(number, 20_000);
            assert_eq!(links.len(), 49);
            assert!(links.iter().collect::<HashSet<_>>().len() < links.len(), "page {number} links to no page twice");
        }
    }
}
