//! `data:` URLs.

use bytesize::ByteSize;
use dragline::message::urls::{Data, UrlError};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use url::Url;

/// The most that a URL may carry here.
const LIMIT: ByteSize = ByteSize::kib(1);

/// The input is text that may be a `data:` URL, and something to be carried. No more comes out than may; whatever is
/// carried comes out as it was.
pub fn data_urls(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let read = Data::from_text(&text, LIMIT);
    if let Ok(data) = &read {
        assert!(data.body.len() as u64 <= LIMIT.as_u64());
        assert!(data.media_type.contains('/'), "`{}`", data.media_type);
    }
    let is_data = text.trim_start_matches(|c: char| c <= ' ').to_ascii_lowercase().starts_with("data:");
    if let Some(url) = Url::parse(&text).ok().filter(|_| is_data) {
        let of_url = Data::read(&url, LIMIT);
        assert_eq!(of_url.as_ref().map(|data| &data.body).ok(), read.as_ref().map(|data| &data.body).ok(), "as a URL");
    }
    let escaped = percent_encode(input, NON_ALPHANUMERIC);
    let media_type = "data:image/x;a=\"b;,c\"".replace(',', "%2C");
    for text in [format!("{media_type},{escaped}"), format!("{media_type};base64,{}", base64(input))] {
        match Data::from_text(&text, LIMIT) {
            Ok(data) => assert_eq!((&*data.media_type, &*data.body), ("image/x", input)),
            Err(error) => assert!(matches!(error, UrlError::TooLarge { .. }) && input.len() > 1024, "{error}"),
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let digit = |six: &[u8]| {
        let value = (0..6).fold(0, |value, at| value << 1 | six.get(at).copied().unwrap_or(0));
        char::from(DIGITS[usize::from(value)])
    };
    bits.chunks(6).map(digit).collect()
}
