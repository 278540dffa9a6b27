//! What servers say of files: the facts of `MLST` and `MLSD` (RFC 3659), and the lines of `LIST` from those who know
//! nothing better.

use std::time::SystemTime;

use dragline_store::Stat;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use suppaftp::list::File;

/// One line of a folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Object(String, Stat),
    Folder(String),
    /// The folder itself, a link, a device.
    Other,
}

/// A line of facts: `type=file;size=7;modify=20261121234500; a.jpg`.
pub(crate) fn of_facts(line: &str) -> Entry {
    let Some((facts, path)) = line.trim_start().split_once(' ') else { return Entry::Other };
    let fact = |name: &str| {
        let facts = facts.split(';').filter_map(|fact| fact.split_once('='));
        facts.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    // `MLST` may answer with the whole path
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name).to_owned();
    match fact("type").map(str::to_ascii_lowercase).as_deref() {
        Some("file") => match fact("size").and_then(|size| size.parse().ok()) {
            Some(size) => Entry::Object(name, Stat { size, modified: fact("modify").and_then(time) }),
            None => Entry::Other,
        },
        Some("dir") => Entry::Folder(name),
        _ => Entry::Other,
    }
}

/// A line as `ls` or DOS write them. What they say of the time is of no known zone, and often has no year.
pub(crate) fn of_line(line: &str) -> Entry {
    // the sum above such a list would be read as a file
    if !line.starts_with(['-', 'd']) && !line.starts_with(|c: char| c.is_ascii_digit()) {
        return Entry::Other;
    }
    match line.parse::<File>() {
        Ok(file) if matches!(file.name(), "." | "..") => Entry::Other,
        Ok(file) if file.is_directory() => Entry::Folder(file.name().to_owned()),
        Ok(file) if file.is_file() => {
            Entry::Object(file.name().to_owned(), Stat { size: file.size() as u64, modified: None })
        }
        _ => Entry::Other,
    }
}

/// A time of fourteen digits, with or without a fraction: always in UTC (RFC 3659, section 2.3).
pub(crate) fn time(text: &str) -> Option<SystemTime> {
    let digits = text.split('.').next().filter(|digits| digits.len() == 14)?;
    DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn fourteen_digits_are_a_time_in_utc() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(time("20261121234500"), at(1_795_304_700));
        assert_eq!(time("19700101000001.123"), at(1));
        for text in ["", "2026112123450", "20261321000000", "20260230000000", "1795304700", "２0261121234500"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn facts_and_lines_say_what_there_is() {
        let object = |name: &str, size, seconds: Option<u64>| {
            let modified = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            Entry::Object(name.to_owned(), Stat { size, modified })
        };
        for (line, entry) in [
            (" Type=file;Size=7;Modify=19700101000007;perm=r; a b.jpg", object("a b.jpg", 7, Some(7))),
            ("type=file;size=7; /photos/full/a.jpg", object("a.jpg", 7, None)),
            ("type=dir;modify=19700101000007; full", Entry::Folder("full".to_owned())),
            ("type=cdir; .", Entry::Other),
            ("type=OS.unix=slink:/etc; link", Entry::Other),
            ("type=file;size=many; a", Entry::Other),
            ("size=7;", Entry::Other),
        ] {
            assert_eq!(of_facts(line), entry, "{line}");
        }
        assert_eq!(of_line("-rw-r--r--   1 me  us   1024 Nov 21 10:00 a b.jpg"), object("a b.jpg", 1024, None));
        assert_eq!(of_line("drwxr-xr-x   2 me  us   4096 Nov 21  2025 full"), Entry::Folder("full".to_owned()));
        assert_eq!(of_line("11-21-26  10:00AM             1024 a.jpg"), object("a.jpg", 1024, None));
        assert_eq!(of_line("total 8"), Entry::Other);
    }
}
