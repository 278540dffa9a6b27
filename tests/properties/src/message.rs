//! Requests and responses from lines of text, and the layers that they go through.

use std::cell::RefCell;

use dragline::downloader::{Inbound, Keep, Middleware, Trip};
use dragline::message::{Request, Response};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: RefCell<Runtime> =
        RefCell::new(Builder::new_current_thread().enable_all().max_blocking_threads(1).build().expect("a runtime"));
}

/// What a future gives, on this thread.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with_borrow(|runtime| runtime.block_on(future))
}

/// What a layer says of an answer.
pub(crate) fn inbound(layer: &impl Middleware, wish: &Request, keep: &Keep, response: Response) -> Inbound {
    wait(layer.inbound(&Trip { wish, sent: wish, keep }, Ok(response)))
}

/// The lines that are headers, `Name: value`. The wire lets nothing else through.
pub(crate) fn headers<'a>(lines: impl Iterator<Item = &'a [u8]>) -> HeaderMap {
    let header = |line: &'a [u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(line[..colon].trim_ascii()).ok()?;
        Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
    };
    lines.filter_map(header).take(100).fold(HeaderMap::new(), |mut headers, (name, value)| {
        headers.append(name, value);
        headers
    })
}

/// The first line, and what follows it.
pub(crate) fn first_line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&input[..at], &input[at + 1..]),
        None => (input, &[]),
    }
}

/// The numbers of a line.
pub(crate) fn numbers(line: &[u8]) -> impl Iterator<Item = u64> {
    let words = line.split(|byte| *byte == b' ');
    words.map(|word| std::str::from_utf8(word).ok().and_then(|word| word.parse().ok()).unwrap_or(0))
}
