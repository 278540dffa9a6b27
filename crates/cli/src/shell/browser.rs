//! The one place where a program is run (FAULTS, L04): the desktop's own opener, when whoever sits at the shell has
//! started it with `--open` and types `view`. Its one argument is the path of a file that Dragline has named; nothing of
//! a page is in it, and no shell is between.

use std::path::Path;
use std::process::{Command, Stdio};

use dragline::error::Error;

/// What opens a file on this system.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Opens a file of ours in the browser.
pub(super) fn open(path: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(OPENER);
    command.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let failed = |why: String| Error::other(format!("`{OPENER}` does not open `{}`: {why}", path.display()));
    let status = command.status().map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        return Err(failed(status.to_string()).into());
    }
    Ok(())
}
