//! The layers that come with the engine, a file each, in the default order: outermost first.
//!
//! Cookies lie innermost, so that they see a redirect's `Set-Cookie` before the redirect is made a new request.

pub mod cookies;
pub mod headers;
pub mod redirect;
pub mod referrer;
pub mod retry;
pub mod robots;

pub use cookies::Cookies;
pub use headers::Headers;
pub use redirect::Redirects;
pub use referrer::Referrer;
pub use retry::Retry;
pub use robots::Robots;
