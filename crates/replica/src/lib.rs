//! Sites to crawl on this machine: for tests, for the demo and for benchmarks, when no outside network may be used.
//!
//! Each site runs on a thread of its own, listens on `127.0.0.1`, and stops when its handle is dropped; the caller need
//! not be asynchronous. What a site serves depends on its options alone, so two starts give the same bytes.
//!
//! - [`kodak`]: the photo-sharing service Kodak Pulse as its users met it: a sign-in, an album, photographs on a CDN.
//! - [`books`]: a bookshop of list pages and product pages.
//! - [`graph`]: many plain pages, so connected that following every link visits each of them once.
//! - [`faults`]: a server that does what servers should not, as each path or host says.
//! - [`hotlink`]: sites that guard their pictures against being shown elsewhere, each in its own way.
//!
//! ```
//! use dragline_replica::books::{Books, Options};
//!
//! let shop = Books::start(Options { books: 40, ..Options::default() })?;
//! assert!(shop.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(shop.log().served(), 0);
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod books;
pub mod faults;
pub mod graph;
pub mod hotlink;
pub mod kodak;

mod answer;
mod authority;
mod log;
mod markup;
mod pictures;
mod random;
mod running;
mod server;

pub use log::{Entry, HostLog, Log};
