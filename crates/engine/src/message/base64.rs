//! Base64 (RFC 4648, section 4): for `Authorization: Basic` and for `data:` URLs.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as base64, padded.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or_default()));
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            text.push(if digit <= three.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    text
}

/// Bytes of base64 as browsers read it (WHATWG Infra, "forgiving-base64 decode"): white space and missing padding do not
/// matter. Where it is wrong, if it is.
pub(super) fn decode(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut digits, mut padding) = (0_u32, 0_usize, 0_usize);
    for (at, byte) in text.iter().enumerate() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' | 0x0C => continue,
            _ => return Err(at),
        };
        if padding > 0 {
            return Err(at);
        }
        bits = bits << 6 | u32::from(value);
        digits += 1;
        if digits % 4 == 0 {
            let [_, three @ ..] = bits.to_be_bytes();
            bytes.extend(three);
            bits = 0;
        }
    }
    let is_whole = padding == 0 || (digits + padding) % 4 == 0 && padding <= 2;
    match digits % 4 {
        _ if !is_whole => return Err(text.len()),
        0 => {}
        2 => bytes.push((bits >> 4) as u8),
        3 => bytes.extend([(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => return Err(text.len()),
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for length in 0..40_u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37)).collect();
            assert_eq!(decode(encode(&bytes).as_bytes()), Ok(bytes));
        }
        assert_eq!(encode(b"some_username:some_password"), "c29tZV91c2VybmFtZTpzb21lX3Bhc3N3b3Jk");
    }

    #[test]
    fn padding_and_white_space_are_forgiven_and_nothing_else_is() {
        for (text, bytes) in [("YQ", &b"a"[..]), ("Y Q\n=\t=", b"a"), ("YWI", b"ab"), ("", b"")] {
            assert_eq!(decode(text.as_bytes()).as_deref(), Ok(bytes), "{text}");
        }
        for (text, at) in [("Y", 1), ("YQ=", 3), ("YQ==YQ==", 4), ("Y-Q=", 1), ("====", 4), ("YWJj=", 5)] {
            assert_eq!(decode(text.as_bytes()), Err(at), "{text}");
        }
    }
}
