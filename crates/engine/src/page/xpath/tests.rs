//! Expressions and their answers.
