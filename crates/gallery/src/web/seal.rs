//! What only this process can write: names of copies, tokens of forms, and comparisons that take the same time for all.

use ring::hmac::{HMAC_SHA256, Key, sign, verify};

/// A key that lives as long as the process. HMAC-SHA256 (RFC 2104).
#[derive(Debug)]
pub(crate) struct Seal(Key);

impl Seal {
    /// A key that nobody knows.
    pub(crate) fn new() -> Self {
        Self(Key::new(HMAC_SHA256, &rand::random::<[u8; 32]>()))
    }

    /// The seal of a text of several parts, in 64 hexadecimal digits.
    pub(crate) fn of(&self, parts: &[&str]) -> String {
        hex(sign(&self.0, &joined(parts)).as_ref())
    }

    /// Whether a seal is that of the parts.
    pub(crate) fn is_of(&self, parts: &[&str], given: &str) -> bool {
        unhex(given).is_some_and(|given| verify(&self.0, &joined(parts), &given).is_ok())
    }

    /// Whether two secrets are the same, however much of them is: what is compared are their seals.
    pub(crate) fn are_same(&self, one: &str, other: &str) -> bool {
        verify(&self.0, one.as_bytes(), sign(&self.0, other.as_bytes()).as_ref()).is_ok()
    }
}

/// 256 random bits in hexadecimal digits.
pub(crate) fn secret() -> String {
    hex(&rand::random::<[u8; 32]>())
}

/// Each part behind its length, so that no two lists give the same bytes.
fn joined(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|it| it.try_into().ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::{Seal, secret};

    #[test]
    fn a_seal_is_of_its_parts_alone() {
        let seal = Seal::new();
        let made = seal.of(&["copy", "ab", "c"]);
        assert!(seal.is_of(&["copy", "ab", "c"], &made));
        assert!(!seal.is_of(&["copy", "a", "bc"], &made));
        assert!(!seal.is_of(&["thumb", "ab", "c"], &made));
        assert!(!seal.is_of(&["copy", "ab", "c"], &made[..62]));
        assert!(!seal.is_of(&["copy", "ab", "c"], "é"));
        assert!(!Seal::new().is_of(&["copy", "ab", "c"], &made));
    }

    #[test]
    fn secrets_are_long_and_differ() {
        let seal = Seal::new();
        let (one, other) = (secret(), secret());
        assert_eq!(one.len(), 64);
        assert!(seal.are_same(&one, &one) && !seal.are_same(&one, &other) && !seal.are_same(&one, ""));
    }
}
