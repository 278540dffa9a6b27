//! A runner with spiders that misbehave, for tests of what the engine makes of that.

use std::process::ExitCode;

use dragline::Registry;
use dragline::prelude::*;

mod listed;

use crate::listed::Listed;

/// Panics, fails or goes on, as the page's path says.
#[derive(Deserialize)]
struct Odd {
    url: Url,
}

#[derive(Debug, Serialize, Deserialize)]
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

fn main() -> ExitCode {
    let registry = Registry::new().spider::<Odd>().spider::<Many>().spider::<Listed>();
    dragline_cli::main(registry.pipeline::<dragline_images::Images>())
}
