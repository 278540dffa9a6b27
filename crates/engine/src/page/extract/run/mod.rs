//! What `derive(Extract)` needs at run time. No part of the interface: it changes with the macro.

mod answers;
mod source;
mod steps;

pub use answers::{Answer, Mapped, built_in, from_text, made, of_node, of_text};
pub use source::{Field, Piece, Reading, Scope, Source, find, missing};
pub use steps::{
    each, each_node, each_text, first, first_node, first_text, join, map, only_first, only_last, texts, trim, whole,
};
