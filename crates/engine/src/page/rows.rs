//! Tables and long lists: the rows of a CSV file, and the nodes of an XML document, one after the other.

mod csv;
mod nodes;

pub use csv::{Csv, Row, Rows};
pub use nodes::{Part, XmlNodes};
