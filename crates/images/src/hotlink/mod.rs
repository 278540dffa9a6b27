//! Whether a site lets others show its pictures, and on which terms: a verdict, and the evidence for it.
//!
//! A picture is asked for in a few [`Way`]s, one after the other, and what each way was given is held against what a
//! browser gets that is on the picture's own page. The difference between two ways is one thing, so that the verdict
//! names it; where that cannot be told, it says so.
//!
//! # Who asks
//!
//! | way | User-Agent | Referer, Sec-Fetch-Site | cookies |
//! |---|---|---|---|
//! | `page` | a browser's | the page's | the page's |
//! | `foreign` | a browser's | another site's | none |
//! | `bare` | a browser's | none, as from another site | none |
//! | `plain` | Dragline's, and no more headers than a plain client's | the page's | the page's |
//! | `cookieless` | a browser's | the page's | none |
//! | `again` | a browser's | the page's | the page's |
//!
//! # In which order
//!
//! 1. `page`. If it gives no picture: `bare`, and that is all.
//! 2. `foreign`. If it gives the same picture: `plain`, `bare`; if it does not: `cookieless`, and then `bare` if that was
//!    given the picture, which tells whether a `Referer` may be missing.
//! 3. A refusal only says something of the way if the picture is still served after it: who counts requests refuses the
//!    later ones. If nothing has shown that it is, the page asks `again`.
//! 4. What breaks once may have broken by chance: a way that alone got no answer is asked a second time.
//!
//! So there are four requests mostly, and a fifth where the last was refused. Whoever answers 429 or 503 is asked once
//! more when the time is over that it names, if that is not too long. There are never more than [`MOST`], beside those
//! that redirects lead to. Nothing else is retried, but for what the client does by itself: where a server closes a
//! connection that was idle, it is asked on a new one.
//!
//! # What follows
//!
//! The first row that fits:
//!
//! | what was seen | verdict |
//! |---|---|
//! | the last answer was 429 or 503, or the host has asked for more time than is waited for | `rate-limited` |
//! | `page` was not sent: robots.txt, an address that may not be dialled, a limit of ours | `unknown` |
//! | `page` 404 or 410; `bare` no picture | `gone` |
//! | `page` another 4xx; `bare` no picture | `forbidden` |
//! | `page` no answer, 5xx, or redirects that lead nowhere; `bare` the same | `unreachable` |
//! | `page` no picture, in any other combination | `unknown` |
//! | `foreign`, `bare` and `plain` the same picture | `open` |
//! | of those that decide, one could not be compared, or was not sent, or alone got no answer and was not asked twice | `unknown` |
//! | refused, and `again` refused with a 4xx or a page, although `page` was served | `rate-limited` |
//! | refused, and nothing was served afterwards | `unknown` |
//! | `foreign`, or the first of `bare`, `plain`, `cookieless` that is refused, gets another picture | `placeholder` |
//! | `foreign` refused, `cookieless` served | `referer` |
//! | `foreign` refused, `cookieless` refused | `cookie` |
//! | `foreign` served, `bare` refused | `referer` |
//! | `foreign` served, `bare` served, `plain` refused | `user-agent` |
//!
//! Two answers are the same picture if their bytes are, or if they are equally large and look the same place by place:
//! servers choose a format by `Accept`, and some write another comment into each copy. What has the same size and cannot
//! be decoded is compared by its bytes alone, and if these differ, that is no evidence of anything.

mod answers;
mod ask;
mod evidence;
mod explain;
mod judge;
mod likeness;
mod pipeline;
mod plan;
mod rules;
mod way;

pub use ask::{PICTURE_ACCEPT, USER_AGENT, page_request};
pub use evidence::{Answer, Probe, Resemblance};
pub use judge::{Judge, Report, Robots, Settings, Subject, judge};
pub use pipeline::{Hotlink, PipelineSettings};
pub use plan::{MOST, next};
pub use rules::{Verdict, verdict};
pub use way::Way;
