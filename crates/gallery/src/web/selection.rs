//! Which pictures of a scan are meant: `?n=1-3,7&n=9`, as scripts and forms write it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::scan::{Picture, Scan};

/// A part of a query that names no pictures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`n={0}` names no pictures: numbers and ranges are needed, such as `n=1-3,7`")]
pub(crate) struct BadSelection(String);

/// The pictures that a query means, in their order; all of them if it says nothing. What a scan does not have is left out.
pub(crate) fn pictures(scan: &Scan, query: Option<&str>) -> Result<Vec<Arc<Picture>>, BadSelection> {
    let mut pictures = scan.pictures();
    if let Some(numbers) = numbers(query.unwrap_or_default(), pictures.len())? {
        pictures.retain(|picture| numbers.contains(&picture.number));
    }
    Ok(pictures)
}

fn numbers(query: &str, count: usize) -> Result<Option<BTreeSet<usize>>, BadSelection> {
    let mut numbers = None;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if name != "n" {
            continue;
        }
        let numbers = numbers.get_or_insert_with(BTreeSet::new);
        for part in value.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let bad = |_| BadSelection(value.chars().take(100).collect());
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (usize, usize) = (first.parse().map_err(bad)?, last.parse().map_err(bad)?);
            numbers.extend(first..last.saturating_add(1).min(count));
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Option<Vec<usize>>, String> {
        let read = numbers(query, 10).map_err(|bad| bad.to_string());
        read.map(|numbers| numbers.map(|numbers| numbers.into_iter().collect()))
    }

    #[test]
    fn numbers_and_ranges_are_read_and_what_there_is_not_is_left_out() {
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("sort=size"), Ok(None));
        assert_eq!(read("n=3"), Ok(Some(vec![3])));
        assert_eq!(read("n=1-3,7&sort=size&n=9"), Ok(Some(vec![1, 2, 3, 7, 9])));
        assert_eq!(read("n=7%2C1"), Ok(Some(vec![1, 7])));
        assert_eq!(read("n=8-18446744073709551615,99"), Ok(Some(vec![8, 9])));
        assert_eq!(read("n=5-2"), Ok(Some(vec![])));
        assert_eq!(read("n="), Ok(Some(vec![])));
    }

    #[test]
    fn what_is_no_number_is_told() {
        for wrong in ["n=a", "n=-1", "n=1-", "n=1-2-3", "n=99999999999999999999"] {
            assert!(read(wrong).expect_err(wrong).contains("numbers and ranges are needed"), "{wrong}");
        }
    }
}
