//! The pass over the tags against the tree.

use std::path::Path;

use super::Scan;
use crate::page::{Limits, Page};

/// Numbers that look random, and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// All that is asked of a page.
fn answers(page: &Page) -> String {
    let mut out = format!("title {:?}\nbase {}\n", page.title(), page.base());
    for name in ["description", "robots", "og:title"] {
        out += &format!("{name} {:?}\n", page.meta(name));
    }
    out += &format!("canonical {:?}\n", page.canonical());
    for anchor in page.anchors() {
        out += &format!("{:?} {:?} {:?}\n", anchor.attr("href"), anchor.attr("rel"), anchor.prose());
    }
    out
}

fn passes(html: &str) -> bool {
    Scan::of(html, &Limits::default()).is_some()
}

/// Whether the pass knew; if it did, it agreed with the tree.
fn agrees(html: &str) -> bool {
    let (passed, parsed) = (Page::from_html("http://a.example/b/", html), Page::from_html("http://a.example/b/", html));
    let Some(_) = passed.scan() else { return false };
    assert!(!parsed.root().css("html").is_empty(), "{html}");
    assert_eq!(answers(&passed), answers(&parsed), "{html}");
    assert!(passed.tree.get().is_none() && parsed.tree.get().is_some());
    true
}

#[test]
fn the_pass_and_the_tree_agree_on_usual_pages() {
    for html in [
        "<title>a</title><base href=c/><meta name=robots content=none><a href=x>1</a><a href='y'>2<b>3</b></a>",
        "<a href=1>x<a href=2>y</a><p><a href=3>z</p>".trim_end_matches("</p>"),
        "<a href=1><div><h2>t</h2><p>u</p><img></div></a><ul><li><a href=2>v</a><li><a href=3>w</a></ul>",
        "<table><tr><td><a href=1>a<td><a href=2>b</a><tr><td><table><tr><td><a href=3>c</table><a href=4>d</table>",
        "<a href=1><svg><title>icon</title><path d='m'/><a href=2>in</a></svg> text</a><svg/><math><mi>x</mi></math>",
        "<script>'<a href=no>'</script><style><a></style><textarea><a href=no></textarea><noscript><p><a href=1>x</a></noscript>",
        "<script><!-- <a href=no> --></script><iframe><a href=no></iframe><xmp><a href=no></xmp><a href=1>&lt;</a>",
        "<!-- <a href=no> --><a href='?a=1&amp;b=2&copy=3&#38;'>&nbsp;a&amp;b\r\nc</a><area href=2><A HREF=3 HREF=4>d</A>",
        "<select><option>a<option>b</select><form><a href=1>x<form><input></form></a></form><button><a href=1>y</a></button>",
        "<a href=1>x</a><plain><a name=y><h1>z</h1><a href=2>q</a></body></html> <a href=3>late",
        "<a href=1><pre>\n\nverbatim</pre><textarea>\nx</textarea><script>a&amp;b</script></a>",
        "<title>unfinished <a href=1>",
        "<a href=1>x <a href=2",
        "a < b <3 </ x> <a href=1>a < b</a> </",
        "",
    ] {
        assert!(agrees(html), "the pass gave up: {html}");
    }
}

#[test]
fn the_pass_gives_up_where_only_the_tree_knows() {
    for html in [
        "<p><a href=1>x</p>y",
        "<p><a href=1><div>x</div></a>",
        "<li><a href=1>x<li>y",
        "<b><a href=1>x</b>y</a>",
        "<table><a href=1>x</a><tr><td><a href=2>y</a></table>",
        "<template><a href=1>x</a></template>",
        "<frameset><frame><noframes><a href=1>x</a></noframes></frameset>",
        "<plaintext><a href=1>",
        "<svg><foreignObject><div><a href=1>x</a></div></foreignObject></svg>",
        "<svg><![CDATA[<a href=1>]]></svg>",
        "<a href=1><table><tr><td>x</table></a>",
        "<select><a href=1>x</a></select>",
        "<script><!--<script></script><a href=1>--></script>",
        "<td><a href=1><object></td><table><td><a href=1><object><td></table>x",
        "<a href=1>\0</a>",
    ] {
        assert!(agrees(html) || !passes(html), "{html}");
    }
    assert!(!passes("<p><a href=1>x</p>y"));
}

const PIECES: &[&str] = &[
    "<a href=1>",
    "<a href='2'>",
    "<a HREF=\"3&amp;x\" rel=nofollow>",
    "<a name=n>",
    "</a>",
    "</a>",
    "</a>",
    "<area href=4>",
    "text",
    " ",
    "\n",
    "&amp;",
    "&notit;",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<span>",
    "</span>",
    "<ul>",
    "</ul>",
    "<li>",
    "</li>",
    "<dl>",
    "<dt>",
    "<dd>",
    "</dl>",
    "<h1>",
    "</h1>",
    "<h2>",
    "</h2>",
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "</th>",
    "<tbody>",
    "</tbody>",
    "<thead>",
    "</thead>",
    "<caption>",
    "</caption>",
    "<col>",
    "<colgroup>",
    "</colgroup>",
    "<form>",
    "</form>",
    "<button>",
    "</button>",
    "<object>",
    "</object>",
    "<marquee>",
    "</marquee>",
    "<select>",
    "</select>",
    "<option>",
    "</option>",
    "<hr>",
    "<br>",
    "</br>",
    "<img src=x>",
    "<input>",
    "<input type=hidden>",
    "<svg>",
    "</svg>",
    "<svg/>",
    "<path/>",
    "<g>",
    "</g>",
    "<title>",
    "</title>",
    "<desc>",
    "</desc>",
    "<math>",
    "</math>",
    "<mi>",
    "</mi>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<textarea>",
    "</textarea>",
    "<noscript>",
    "</noscript>",
    "<iframe>",
    "</iframe>",
    "<xmp>",
    "</xmp>",
    "<template>",
    "</template>",
    "<!--",
    "-->",
    "<!-- c -->",
    "<!doctype html>",
    "<html>",
    "<head>",
    "</head>",
    "<body>",
    "</body>",
    "</html>",
    "<base href=c/>",
    "<meta name=robots content=x>",
    "<link rel=canonical href=/own>",
    "<ruby>",
    "</ruby>",
    "<rt>",
    "</rt>",
    "<rp>",
    "<nobr>",
    "</nobr>",
    "<font>",
    "</font>",
    "<pre>",
    "</pre>",
    "<center>",
    "</center>",
    "<section>",
    "</section>",
    "<label>",
    "</label>",
    "<x-y>",
    "</x-y>",
    "<frameset>",
    "<frame>",
    "<plaintext>",
    "<address>",
    "</address>",
    "<details>",
    "<summary>",
    "</summary>",
    "</details>",
    "<![CDATA[x]]>",
    "<?x?>",
    "<",
    ">",
    "\"",
    "<a",
    "<a href=5",
    "/>",
    "<image>",
    "<isindex>",
];

/// Pieces that usual pages are made of.
const USUAL: usize = 33;

#[test]
fn the_pass_and_the_tree_agree_on_broken_pages() {
    let mut dice = Dice(1);
    let mut known = 0;
    let rounds = std::env::var("DRAGLINE_MUTATIONS").map_or(10_000, |rounds| rounds.parse().expect("a number"));
    for round in 0..rounds {
        let pieces = if round % 2 == 0 { &PIECES[..USUAL] } else { PIECES };
        let length = 2 + dice.roll(if round % 3 == 0 { 40 } else { 10 });
        let html: String = (0..length).map(|_| pieces[dice.roll(pieces.len())]).collect();
        known += usize::from(agrees(&html));
    }
    assert!(known * 4 > rounds, "the pass knew {known} of {rounds}");
}

#[test]
fn the_pass_and_the_tree_agree_on_the_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
    let folder = std::env::var_os("DRAGLINE_CASES").map_or(folder, Into::into);
    for file in ["links.jsonl", "responses.jsonl", "selectors.jsonl", "forms.jsonl", "html.jsonl"] {
        for line in std::fs::read_to_string(folder.join(file)).unwrap_or_default().lines() {
            let case: serde_json::Value = serde_json::from_str(line).expect("a case");
            for text in [&case["body"], &case["text"]].into_iter().filter_map(|text| text.as_str()) {
                agrees(text);
            }
        }
    }
}
