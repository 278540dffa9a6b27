//! What the derives say to who writes something that cannot be: every message is kept beside the mistake that it is for.
//!
//! After a change, `TRYBUILD=overwrite cargo test -p dragline-macros --test messages` writes them anew: read the difference.

#[test]
fn mistakes_are_told_where_they_are_and_how_they_are_mended() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/messages/*.rs");
}
