//! The layers that come with the engine, a file each, in the default order: outermost first.
//!
//! Cookies lie inside redirects, so that they see a `Set-Cookie` before the redirect is made a new request. The cache is
//! innermost: it keeps what came over the wire, under the cookies that were sent.

pub mod cache;
pub mod cookies;
pub mod headers;
pub mod redirect;
pub mod referrer;
pub mod retry;

pub use cache::Cache;
pub use cookies::Cookies;
pub use headers::Headers;
pub use redirect::Redirects;
pub use referrer::Referrer;
pub use retry::Retry;
