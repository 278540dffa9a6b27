//! `dragline gallery`, as its visitors have it.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

mod run;
mod scans;

use crate::run::Running;

#[test]
fn a_page_is_scanned_and_its_pictures_are_named() {
    let sites = dragline_replica::hotlink::Hotlink::start(Default::default()).expect("the sites start");
    let gallery = Running::start(&[]);
    let page = gallery.scan(&format!("{}all", sites.url()));
    assert!(page.contains("All kinds") && page.contains("/photo.jpg"), "{page}");
}
