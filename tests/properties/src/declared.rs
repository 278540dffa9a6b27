//! Files that declare a spider.

use dragline::spider::Declaration;

/// The input is a file. Whatever it is, it is a spider or an error that points into it: a line and a column that are there.
pub fn declared(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let Err(error) = Declaration::parse("a.toml", &text) else { return };
    let message = error.to_string();
    let mut parts = message.strip_prefix("a.toml:").unwrap_or_else(|| panic!("no place in: {message}")).splitn(3, ':');
    let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok()).expect("a number");
    let (line, column) = (number(), number());
    let lines: Vec<&str> = text.split('\n').collect();
    assert!((1..=lines.len()).contains(&line), "line {line} of {}: {message}", lines.len());
    let length = lines[line - 1].chars().count();
    assert!((1..=length + 1).contains(&column), "column {column} of {length}: {message}");
}
