//! The lines of earlier shells: in the user's folder for data, without passwords, for the user alone.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use dragline::message::mask;
use reedline::{FileBackedHistory, History as _, HistoryItem};

/// Lines that are remembered.
const LINES: usize = 1000;

/// The file, where there is one.
pub(super) struct Past {
    file: Option<File>,
    before: String,
}

impl Past {
    /// Reads `dragline/history` in `$XDG_DATA_HOME` or `~/.local/share`. A shell without a home has no past.
    pub(super) fn open() -> Self {
        let path = path();
        let before = path.as_ref().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
        let file = path.and_then(|path| {
            std::fs::create_dir_all(path.parent()?).ok()?;
            let mut options = OpenOptions::new();
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.append(true).create(true).open(path).ok()
        });
        Self { file, before: String::from_utf8_lossy(&before).into_owned() }
    }

    /// The latest lines, for the keys that go back to them.
    pub(super) fn lines(&self) -> Option<FileBackedHistory> {
        let mut history = FileBackedHistory::new(LINES).ok()?;
        let lines: Vec<&str> = self.before.lines().collect();
        for line in &lines[lines.len().saturating_sub(LINES)..] {
            history.save(HistoryItem::from_command_line(*line)).ok()?;
        }
        Some(history)
    }

    /// Adds a line. One who cannot write loses history and nothing else.
    pub(super) fn keep(&mut self, line: &str) {
        let line = mask::text(line.trim()).replace(['\n', '\r'], " ");
        if let Some(file) = &mut self.file
            && !line.is_empty()
        {
            let _ = writeln!(file, "{line}");
        }
    }
}

fn path() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let data = data.or_else(|| Some(std::env::home_dir()?.join(".local/share")))?;
    Some(data.join("dragline/history"))
}
