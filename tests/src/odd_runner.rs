//! A runner with spiders that misbehave, for tests of what the engine makes of that.

use std::process::ExitCode;

use dragline::Registry;
use dragline::message::{Field, ItemType};
use dragline::prelude::*;

mod given;
mod listed;

use crate::given::Given;
use crate::listed::Listed;

/// Panics, fails or goes on, as the page's path says.
#[derive(Deserialize)]
struct Odd {
    url: Url,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Step {
    Start,
    Page { number: u32 },
}

#[derive(Serialize)]
struct Seen {
    number: u32,
}

impl Item for Seen {
    const KIND: &'static str = "seen";
}

impl Spider for Odd {
    const NAME: &'static str = "odd";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::Start);
    }

    fn parse(&self, step: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        match step {
            Step::Start => {
                for number in 0..6 {
                    out.follow(format!("/p/{number}?as=it-is").as_str(), Step::Page { number });
                }
                out.follow("http://[bad", Step::Start);
                out.follow("file:///etc/passwd", Step::Start);
                Ok(())
            }
            Step::Page { number } => {
                out.item(Seen { number });
                match number {
                    1 => panic!("page {number} is too much\u{1b}[2J"),
                    2 => Err(Error::page("this page is not what it was")),
                    3 => page.css("h1[").text().map(|_| ()),
                    4 => {
                        out.item(Nothing);
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    fn failed(&self, step: Step, failure: &Failure, _out: &mut Output<Self>) -> Result<()> {
        Err(Error::page(format!("told of {step:?}: {}", failure.kind)))
    }
}

/// An item without fields.
#[derive(Serialize)]
struct Nothing;

impl Item for Nothing {
    const KIND: &'static str = "nothing";
}

/// Fails with what a page should never get printed, as the page's path says.
#[derive(Deserialize)]
struct Telltale {
    url: Url,
}

impl Spider for Telltale {
    const NAME: &'static str = "telltale";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::Start);
    }

    fn parse(&self, _: Step, page: &Page, _: &mut Output<Self>) -> Result<()> {
        let controls = || (0..=0xff_u8).map(char::from).chain("\u{202e}\u{2066}\u{2028}\u{61c}".chars());
        Err(Error::page(match page.url().path() {
            "/secrets" => "`http://me:canary13@b.example/?token=canary13` has ended".to_owned(),
            "/controls" => controls().collect(),
            "/forged" => "a\n2026-11-21T10:00:00.000000Z  WARN forged\r\u{2028}WARN forged\" kind=forged".to_owned(),
            _ => "x".repeat(10_000_000),
        }))
    }
}

/// Offers more first requests than anybody would hold.
#[derive(Deserialize)]
struct Many {
    url: Url,
    count: u32,
}

impl Spider for Many {
    const NAME: &'static str = "many";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        let (url, count) = (self.url.clone(), self.count);
        out.seeds(
            (0..count).filter_map(move |number| Some((url.join(&format!("/p/{number}")).ok()?, Step::Page { number }))),
        );
    }

    fn parse(&self, step: Step, _page: &Page, out: &mut Output<Self>) -> Result<()> {
        if let Step::Page { number } = step {
            out.item(Seen { number });
        }
        Ok(())
    }
}

/// Declares its items, which have not all of their fields.
#[derive(Deserialize)]
struct Sparse {
    url: Url,
}

#[derive(Serialize)]
struct Note {
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
    empty: [u8; 0],
}

impl Item for Note {
    const KIND: &'static str = "note";
    const FIELDS: &'static [Field] = &[
        Field { name: "note", required: false, schema: || serde_json::json!({"type": "string"}) },
        Field { name: "number", required: true, schema: || serde_json::json!({"type": "integer"}) },
        Field { name: "gone", required: false, schema: || serde_json::json!({"type": "string"}) },
    ];
}

impl Spider for Sparse {
    const NAME: &'static str = "sparse";
    const ITEMS: &'static [ItemType] = &[ItemType::of::<Note>()];
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::Start);
    }

    fn parse(&self, _: Step, _page: &Page, out: &mut Output<Self>) -> Result<()> {
        out.item(Note { number: 1, note: None, empty: [] });
        out.item(Note { number: 2, note: Some("two"), empty: [] });
        out.item(Note { number: 3, note: Some(""), empty: [] });
        Ok(())
    }
}

/// Asks for a page before the crawl, as signing in does.
#[derive(Deserialize)]
struct Opens {
    url: Url,
}

impl Spider for Opens {
    const NAME: &'static str = "opens";
    type Step = Step;

    async fn open(&self, session: &Session) -> Result<()> {
        session.get(self.url.clone()).await.map(drop)
    }

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::Start);
    }

    fn parse(&self, _step: Step, _page: &Page, _out: &mut Output<Self>) -> Result<()> {
        Ok(())
    }
}

/// Reads a few pages in a way that takes long, or for ever, as the page's path says.
#[derive(Deserialize)]
struct Slow {
    url: Url,
}

impl Spider for Slow {
    const NAME: &'static str = "slow";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        for number in 0..4 {
            out.follow(
                self.url.join(&format!("/p/{number}")).unwrap_or_else(|_| self.url.clone()),
                Step::Page { number },
            );
        }
    }

    fn parse(&self, step: Step, _page: &Page, out: &mut Output<Self>) -> Result<()> {
        let Step::Page { number } = step else { return Ok(()) };
        match number {
            // whoever tests waits for a line of the log, and not for this
            1 => std::thread::sleep(std::time::Duration::from_millis(700)),
            2 => loop {
                std::thread::park();
            },
            _ => {}
        }
        out.item(Seen { number });
        Ok(())
    }
}

/// Looks for something in each page by an expression that others take for ever to try.
#[derive(Deserialize)]
struct Patterns {
    url: Url,
}

impl Spider for Patterns {
    const NAME: &'static str = "patterns";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::Start);
    }

    fn parse(&self, _: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        let rules = LinkRules::new().follow(Links::new().allow("^http://.*/(a+)+$"), Step::Start);
        rules.follow_links(page, out);
        out.item(Seen { number: 0 });
        Ok(())
    }
}

fn main() -> ExitCode {
    let registry = Registry::new().spider::<Odd>().spider::<Many>().spider::<Sparse>().spider::<Telltale>();
    let registry = registry.spider::<Opens>().spider::<Slow>().spider::<Patterns>();
    let registry = registry.spider::<Listed>().spider::<Given>();
    dragline_cli::main(registry.pipeline::<dragline_images::Images>().pipeline::<dragline_images::Files>())
}
