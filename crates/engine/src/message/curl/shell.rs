//! A command line as its shell takes it apart. Nothing is expanded: a copied command has no variables.

use super::CurlError;

/// Whose quoting a command has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// `'…'`, `"…"`, `$'…'` and `\` (POSIX 2024, section 2.2).
    Posix,
    /// `^` before what is special, then `"…"` with `\"` (Windows).
    Cmd,
}

impl Shell {
    /// The shell that a command looks like: `^"`, or a `^` at the end of a line, is Windows'.
    #[must_use]
    pub fn of(command: &str) -> Self {
        let is_cmd = command.contains("^\"") || command.lines().any(|line| line.trim_end().ends_with(" ^"));
        if is_cmd { Self::Cmd } else { Self::Posix }
    }

    /// The words of a command, as the bytes that a program would get.
    pub(super) fn words(self, command: &str) -> Result<Vec<Vec<u8>>, CurlError> {
        match self {
            Self::Posix => Words::new(command).collect(),
            Self::Cmd => Ok(arguments(&without_carets(command))),
        }
    }
}

/// The words of a POSIX command line.
struct Words<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Words<'a> {
    fn new(command: &'a str) -> Self {
        Self { text: command.as_bytes(), at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next_byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// A word from its first byte on.
    fn word(&mut self) -> Result<Vec<u8>, CurlError> {
        let begin = self.at;
        let mut word = Vec::new();
        while let Some(byte) = self.next_byte() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => break,
                b'\'' => self.single(&mut word)?,
                b'"' => self.double(&mut word)?,
                b'$' if self.peek() == Some(b'\'') => {
                    self.at += 1;
                    self.escaped(&mut word)?;
                }
                b'$' if self.peek() == Some(b'"') => {}
                b'\\' => match self.next_byte() {
                    Some(b'\n') | None => {}
                    Some(b'\r') if self.peek() == Some(b'\n') => self.at += 1,
                    Some(byte) => word.push(byte),
                },
                b'|' | b'&' | b';' | b'<' | b'>' if self.at == begin + 1 => {
                    return Err(CurlError::Operator { operator: char::from(byte), at: begin });
                }
                _ => word.push(byte),
            }
        }
        Ok(word)
    }

    fn single(&mut self, word: &mut Vec<u8>) -> Result<(), CurlError> {
        let begin = self.at - 1;
        while let Some(byte) = self.next_byte() {
            match byte {
                b'\'' => return Ok(()),
                _ => word.push(byte),
            }
        }
        Err(CurlError::Unclosed { quote: "'", at: begin })
    }

    fn double(&mut self, word: &mut Vec<u8>) -> Result<(), CurlError> {
        let begin = self.at - 1;
        while let Some(byte) = self.next_byte() {
            match byte {
                b'"' => return Ok(()),
                b'\\' => match self.next_byte() {
                    Some(byte @ (b'$' | b'`' | b'"' | b'\\')) => word.push(byte),
                    Some(b'\n') | None => {}
                    Some(byte) => word.extend([b'\\', byte]),
                },
                _ => word.push(byte),
            }
        }
        Err(CurlError::Unclosed { quote: "\"", at: begin })
    }

    /// `$'…'`, from behind its quote on.
    fn escaped(&mut self, word: &mut Vec<u8>) -> Result<(), CurlError> {
        let begin = self.at - 2;
        while let Some(byte) = self.next_byte() {
            match byte {
                b'\'' => return Ok(()),
                b'\\' => self.escape(word),
                _ => word.push(byte),
            }
        }
        Err(CurlError::Unclosed { quote: "$'", at: begin })
    }

    fn escape(&mut self, word: &mut Vec<u8>) {
        let Some(byte) = self.next_byte() else { return };
        match byte {
            b'a' => word.push(7),
            b'b' => word.push(8),
            b'e' | b'E' => word.push(27),
            b'f' => word.push(12),
            b'n' => word.push(b'\n'),
            b'r' => word.push(b'\r'),
            b't' => word.push(b'\t'),
            b'v' => word.push(11),
            b'\\' | b'\'' | b'"' | b'?' => word.push(byte),
            b'c' => word.extend(self.next_byte().map(|byte| byte & 0x1F)),
            b'x' => match self.number(16, 2) {
                Some(byte) => word.push(byte as u8),
                None => word.extend(b"\\x"),
            },
            b'u' => self.character(word, 4),
            b'U' => self.character(word, 8),
            b'0'..=b'7' => {
                self.at -= 1;
                word.extend(self.number(8, 3).map(|byte| byte as u8));
            }
            _ => word.extend([b'\\', byte]),
        }
    }

    fn character(&mut self, word: &mut Vec<u8>, digits: usize) {
        let Some(mut code) = self.number(16, digits) else { return word.extend(b"\\u") };
        // browsers write what is beyond U+FFFF as two
        if (0xD800..0xDC00).contains(&code) && self.text[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 2;
            match self.number(16, 4) {
                Some(low) if (0xDC00..0xE000).contains(&low) => {
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
                }
                _ => self.at = before,
            }
        }
        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        word.extend(character.encode_utf8(&mut [0; 4]).bytes());
    }

    /// A number of at most so many digits.
    fn number(&mut self, radix: u32, digits: usize) -> Option<u32> {
        let begin = self.at;
        let mut number = 0;
        while self.at - begin < digits
            && let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(radix))
        {
            number = number * radix + digit;
            self.at += 1;
        }
        (self.at > begin).then_some(number)
    }
}

impl Iterator for Words<'_> {
    type Item = Result<Vec<u8>, CurlError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.text.get(self.at..)? {
                [b' ' | b'\t' | b'\n' | b'\r', ..] => self.at += 1,
                [b'\\', b'\n', ..] => self.at += 2,
                [b'\\', b'\r', b'\n', ..] => self.at += 3,
                [] | [b'\\'] => return None,
                _ => return Some(self.word()),
            }
        }
    }
}

/// What `cmd` gives to a program: a `^` makes the next character plain, but not between plain quotes.
fn without_carets(command: &str) -> String {
    let mut out = String::with_capacity(command.len());
    let mut quoted = false;
    let mut characters = command.chars().filter(|character| *character != '\r');
    while let Some(character) = characters.next() {
        match character {
            '^' if !quoted => match characters.next() {
                // the line goes on, and its first character is plain whatever it is
                Some('\n') => out.extend(characters.next()),
                next => out.extend(next),
            },
            '"' => {
                quoted = !quoted;
                out.push('"');
            }
            _ => out.push(character),
        }
    }
    out
}

/// The arguments as a Windows program takes them from its one line.
fn arguments(line: &str) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let (mut quoted, mut slashes) = (false, 0);
    let mut bytes = line.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' {
            slashes += 1;
            word.get_or_insert_default();
            continue;
        }
        let before = std::mem::take(&mut slashes);
        if byte != b'"' && before > 0 {
            word.get_or_insert_default().extend(std::iter::repeat_n(b'\\', before));
        }
        match byte {
            b'"' => {
                let word = word.get_or_insert_default();
                word.extend(std::iter::repeat_n(b'\\', before / 2));
                if before % 2 == 1 {
                    word.push(b'"');
                } else if quoted && bytes.peek() == Some(&b'"') {
                    bytes.next();
                    word.push(b'"');
                } else {
                    quoted = !quoted;
                }
            }
            b' ' | b'\t' | b'\n' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(byte),
        }
    }
    if slashes > 0 {
        word.get_or_insert_default().extend(std::iter::repeat_n(b'\\', slashes));
    }
    words.extend(word);
    words
}
