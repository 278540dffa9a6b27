//! A runner with spiders that read nothing: what is measured is the way to the server and back.

use std::process::ExitCode;

use dragline::prelude::*;
use serde::{Deserialize, Serialize};

fn main() -> ExitCode {
    dragline_cli::main(dragline::Registry::new().spider::<Small>().spider::<Hosts>())
}

/// Many requests to one host.
#[derive(Deserialize)]
struct Small {
    /// A page; a number is added to it.
    url: String,
    count: usize,
}

/// A few requests to each of many hosts, which are names of this machine.
#[derive(Deserialize)]
struct Hosts {
    port: u16,
    hosts: usize,
    pages: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct Step;

impl Spider for Small {
    const NAME: &'static str = "small";
    const SETTINGS: &'static str = "traps.enabled = false";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        let url = self.url.clone();
        out.seeds(
            (0..self.count).filter_map(move |number| Some((Url::parse(&format!("{url}?n={number}")).ok()?, Step))),
        );
    }

    fn parse(&self, _step: Step, _page: &Page, _out: &mut Output<Self>) -> Result<()> {
        Ok(())
    }
}

impl Spider for Hosts {
    const NAME: &'static str = "hosts";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        let (port, hosts) = (self.port, self.hosts);
        let each = (0..self.pages).flat_map(move |page| (0..hosts).map(move |host| (host, page)));
        out.seeds(each.filter_map(move |(host, page)| {
            Some((Url::parse(&format!("http://good-{host}.localhost:{port}/{page}")).ok()?, Step))
        }));
    }

    fn parse(&self, _step: Step, _page: &Page, _out: &mut Output<Self>) -> Result<()> {
        Ok(())
    }
}
