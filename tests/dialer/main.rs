//! Where connections lead, and what becomes of a crawl when the network fails: the rows S, N and B08 of the list of
//! faults, each under its number. Most run in a network of their own, in which every address there is leads to the test.
#![expect(clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking, and say what they skip")]

mod addresses;
mod certificates;
mod doors;
mod names;
mod outages;
mod proxies;
mod schemes;
mod wire;
