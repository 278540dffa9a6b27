//! `dragline gallery`, as its visitors have it.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

mod api;
mod crawl;
mod deploy;
mod limits;
mod media;
mod run;
mod safety;
mod scans;
mod site;
mod start;

use dragline_replica::hotlink::Hotlink;

use crate::run::Running;

#[test]
fn a_page_is_scanned_and_its_pictures_are_named() {
    let sites = Hotlink::start(Default::default()).expect("the sites start");
    let gallery = Running::start(&[]);
    let page = gallery.scan(&sites.all());
    assert!(page.contains("All kinds") && page.contains("photo.jpg"), "{page}");
}
