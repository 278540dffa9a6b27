//! The one place where a program is run (FAULTS, L04, W15): the desktop's own opener, when whoever sits at the terminal
//! has asked for it with `--open`. Its one argument is the path of a file that Dragline has named, or the address of the
//! gallery on this machine; nothing of a page is in it, and no shell is between.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use dragline::error::{Error, Result};

use crate::terminal;

/// What opens a file on this system.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Opens a file of ours in the browser.
pub(crate) fn open(path: &Path) -> Result<()> {
    run(path.as_os_str())
}

/// Opens the gallery that listens at an address. Not waited for: an opener that is the browser itself ends with it.
pub(crate) fn open_gallery(address: SocketAddr) -> Result<()> {
    let url = own(address).ok_or_else(|| {
        Error::other(format!("`--open` opens 127.0.0.1, and the gallery listens at {address}: go there by hand"))
    })?;
    std::thread::spawn(move || {
        // whoever has no desktop goes there by hand
        if let Err(error) = run(OsStr::new(&url)) {
            terminal::say(&terminal::message(&error));
        }
    });
    Ok(())
}

/// The URL of a gallery on this machine.
fn own(address: SocketAddr) -> Option<String> {
    let ip = address.ip().to_canonical();
    (ip.is_loopback() || ip.is_unspecified()).then(|| match ip.is_ipv4() || ip.is_unspecified() {
        true => format!("http://127.0.0.1:{}/", address.port()),
        false => format!("http://[::1]:{}/", address.port()),
    })
}

fn run(argument: &OsStr) -> Result<()> {
    let mut command = Command::new(OPENER);
    command.arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let failed = |why: String| Error::other(format!("`{OPENER}` does not open `{}`: {why}", argument.display()));
    let status = command.status().map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        return Err(failed(status.to_string()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::own;

    #[test]
    fn w15_only_our_own_address_is_opened() {
        let of = |address: &str| address.parse().ok().and_then(own);
        assert_eq!(of("127.0.0.1:8321").as_deref(), Some("http://127.0.0.1:8321/"));
        assert_eq!(of("0.0.0.0:80").as_deref(), Some("http://127.0.0.1:80/"));
        assert_eq!(of("[::1]:8321").as_deref(), Some("http://[::1]:8321/"));
        assert_eq!(of("192.0.2.1:8321"), None);
        assert_eq!(of("[2001:db8::1]:8321"), None);
    }
}
