//! As many open files as the system allows: a crawl of many hosts holds a connection to each.

/// Raises the soft limit to the hard one. Where that is refused, the crawl makes do with fewer connections.
#[cfg(unix)]
pub(crate) fn raise() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// There is no such limit.
#[cfg(not(unix))]
pub(crate) fn raise() {}
