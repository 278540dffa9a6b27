//! What can be done with HTML and XML as text, without a tree: find the base and the refresh, take tags, comments and
//! character references out. All of it is linear in the text, whatever the text is.
//!
//! Who comes from Python finds `w3lib.html` here, under its own names.
//!
//! ```
//! use dragline::message::markup::{Illegal, Tags, remove_tags, replace_entities};
//!
//! let html = "<p>Fish &amp; <b title='a>b'>chips</b>&hellip;</p>";
//! let text = remove_tags(html, Tags::All);
//! assert_eq!(replace_entities(&text, &[], Illegal::Remove), "Fish & chips…");
//! ```

mod clean;
mod content;
mod entities;
mod find;
mod references;
mod refresh;
mod tags;

pub use clean::{Tags, remove_comments, remove_tags, replace_escape_chars, replace_tags};
pub use content::{remove_tags_with_content, unquote_markup};
pub use entities::{Illegal, has_entities, replace_entities};
pub use find::{base_url, meta_refresh};
pub(crate) use references::named;
pub use refresh::{Refresh, refresh};
pub(crate) use tags::Scanner;
