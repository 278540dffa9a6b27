//! One script against sites, a gallery and a browser of its own, all of which end with it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dragline_replica::hotlink::{EXHIBITS, Hotlink, KINDS, PAYLOADS};
use dragline_tests::servers::browser;
use dragline_tests::{dragline, signal};
use serde_json::json;

/// The longest that a script takes, before it is ended.
const PATIENCE: Duration = Duration::from_secs(150);

/// A process that ends when this is dropped. The browser ends with the script: its pipe is closed.
struct Ending(Child);

/// Runs a script to its end and fails with what it says, unless it succeeds or there is no browser here.
pub(crate) fn play(script: &str) {
    let Some(python) = browser() else { return };
    let sites = Hotlink::start(Default::default()).expect("the sites start");
    let (_gallery, address) = gallery();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let kinds: Vec<_> = KINDS.iter().map(|kind| json!({ "name": kind.name, "verdict": kind.verdict })).collect();
    let exhibits: Vec<_> =
        EXHIBITS.iter().map(|page| json!({ "name": page.name, "pictures": page.pictures })).collect();
    let setup = json!({
        "gallery": address,
        "dragline": dragline().get_program().to_string_lossy(),
        "sites": sites.url(),
        "port": sites.port(),
        "kinds": kinds,
        "exhibits": exhibits,
        "payloads": PAYLOADS.len(),
        "screens": screens(&python),
    });
    let mut command = Command::new(&python);
    command.arg(scripts.join(script)).env("DRAGLINE_BROWSER", setup.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = Ending(child.expect("python runs"));
    let (said, failed) = (read(child.0.stdout.take()), read(child.0.stderr.take()));
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.0.try_wait().expect("a process of ours") {
            break Some(status);
        }
        if begin.elapsed() > PATIENCE {
            break None;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    };
    let seconds = begin.elapsed().as_secs_f64();
    drop(child);
    let (said, failed) = (said.join().expect("text"), failed.join().expect("text"));
    println!("{script}: {seconds:.1} s\n{said}");
    let succeeded = status.is_some_and(|status| status.success());
    assert!(succeeded, "{script} ended with {status:?} after {seconds:.1} s (none: it was ended):\n{said}\n{failed}");
}

/// A gallery on a free port, for which sites on this machine are no secret and whose visitors are never too many.
fn gallery() -> (Ending, String) {
    let mut command = dragline();
    command.args(["gallery", "--bind", "127.0.0.1:0", "--allow-net", "127.0.0.0/8", "--allow-net", "::1/128"]);
    for setting in ["gallery.session_scans=8", "gallery.scans_per_minute=1000", "hosts.delay=0s"] {
        command.args(["-s", setting]);
    }
    let mut gallery = Ending(command.stdout(Stdio::piped()).spawn().expect("the binary runs"));
    let mut line = String::new();
    BufReader::new(gallery.0.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
    let address = line.trim().rsplit_once("http://").expect("an address").1.trim_end_matches('/').to_owned();
    (gallery, format!("http://{address}"))
}

/// What a pipe says until it is closed, read beside the waiting.
fn read(pipe: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    let mut pipe = pipe.expect("a pipe");
    std::thread::spawn(move || {
        let mut said = Vec::new();
        pipe.read_to_end(&mut said).expect("it can be read");
        String::from_utf8_lossy(&said).into_owned()
    })
}

/// Where pictures of the screen go.
fn screens(python: &Path) -> PathBuf {
    let target = python.ancestors().nth(3).expect("target/moto/bin/python");
    let folder = target.join("gallery-screens");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            signal(&self.0, "KILL");
            let _ = self.0.wait();
        }
    }
}
