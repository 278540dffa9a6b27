//! The layers that come with the engine, a file each, in the default order: outermost first.
//!
//! What is off the site goes no further than the first. Redirects and refreshes come after retries, for a status that may
//! pass is no answer yet; a refresh is read in a body that is unpacked, so decompression lies within. Cookies lie within
//! redirects, so that they see a redirect's `Set-Cookie` before it is made a new request, and the way to the server is
//! chosen last. The cache is innermost: it keeps what came over the wire, under the cookies that were sent.

pub mod auth;
pub mod cache;
pub mod cookies;
pub mod decompression;
pub mod headers;
pub mod meta_refresh;
pub mod offsite;
pub mod proxy;
pub mod redirect;
pub mod referrer;
pub mod retry;
pub mod robots;

pub use auth::Auth;
pub use cache::Cache;
pub use cookies::Cookies;
pub use decompression::Decompression;
pub use headers::Headers;
pub use meta_refresh::MetaRefresh;
pub use offsite::Offsite;
pub use proxy::Proxies;
pub use redirect::Redirects;
pub use referrer::Referrer;
pub use retry::Retry;
pub use robots::Robots;
