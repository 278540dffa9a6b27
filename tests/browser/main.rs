//! The gallery as people have it: Chromium, driven by the scripts beside this file, looks at the replica's pages.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking, and say what they skip")]

mod play;

use crate::play::play;

#[test]
fn i10_each_picture_has_its_verdict_and_comes_from_where_it_may() {
    play("verdicts.py");
}

#[test]
fn pictures_of_every_manner_are_found_and_shown_as_they_are() {
    play("pictures.py");
}

#[test]
fn w10_what_is_chosen_is_taken_along() {
    play("archive.py");
}

#[test]
fn a_scan_can_be_looked_into_stopped_and_found_again() {
    play("scans.py");
}

#[test]
fn all_of_it_works_without_a_script() {
    play("scriptless.py");
}

#[test]
fn it_fits_a_telephone_and_a_desk_by_day_and_by_night() {
    play("screens.py");
}

#[test]
fn nobody_is_kept_out() {
    play("access.py");
}

#[test]
fn w04_what_a_page_says_is_never_run() {
    play("hostile.py");
}

#[test]
fn the_first_picture_is_soon_there() {
    play("speed.py");
}
