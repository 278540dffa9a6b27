//! What an expression may come to before it is parsed: the parser calls itself for each thing within another.

/// The longest expression, in bytes.
const LONGEST: usize = 16 * 1024;
/// How deep an expression may lie within others, and a chain of operators may be.
const DEEPEST: usize = 200;
/// As much of an expression as a message shows.
const SHOWN: usize = 200;

/// Refuses what is too long or too deep. Members of a list lie beside each other, and do not add up.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("it has {} bytes; {LONGEST} are the most", text.len()));
    }
    // for each bracket that is open, how many operators follow each other within it
    let mut levels = vec![0_usize];
    let mut sum = 0;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' | b'\'' | b'`' => {
                while let Some(within) = bytes.next() {
                    match within {
                        b'\\' => drop(bytes.next()),
                        within if within == byte => break,
                        _ => {}
                    }
                }
            }
            b'[' | b'(' | b'{' => {
                levels.push(1);
                sum += 1;
            }
            b']' | b')' | b'}' => {
                if levels.len() > 1 {
                    sum -= levels.pop().unwrap_or_default();
                }
                if let Some(level) = levels.last_mut() {
                    *level += 1;
                    sum += 1;
                }
            }
            b',' => {
                if let Some(level) = levels.last_mut() {
                    sum -= *level;
                    *level = 1;
                    sum += 1;
                }
            }
            b'.' | b'|' | b'&' | b'!' | b'<' | b'>' | b'=' | b'*' => {
                if let Some(level) = levels.last_mut() {
                    *level += 1;
                    sum += 1;
                }
            }
            _ => {}
        }
        if sum > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST}"));
        }
    }
    Ok(())
}

/// As much of an expression as a message should hold.
pub(super) fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN)]
}
