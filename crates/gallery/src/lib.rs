//! The gallery: a web page that shows every picture of a page, whoever forbids it, and packs them into one archive.
//!
//! A scan is a crawl by the spider `page-images`, through the pipelines `images` and `hotlink`, on a thread of its own. What
//! is found is kept in one place, [`scan::Scan`], from which the page, its events and the API read.
//!
//! ```text
//! web/guard        who may ask at all: Host, Origin, session, token
//! scans            whose turn it is: one scan for each session, a few at once, the others wait in a fair line
//! scan/run         the crawl: settings laid over those of the operator, a thread, a deadline
//! scan/stage       a picture has passed a stage of the crawl: found, kept, judged
//! scan             what is known by now, and who waits for more
//! web/pages, api   the same, as HTML and as JSON; media and zip: the bytes
//! ```

pub mod scan;
mod scans;
mod settings;
mod web;

pub use scan::stage::Stage;
pub use scans::{Refused, Scans};
pub use settings::{Copies, Settings};
pub use web::{Gallery, Told};
