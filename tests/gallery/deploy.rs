//! The files by which it is installed: of known words, and with the options that there are.

use std::fs;
use std::process::Command;

use dragline_tests::dragline;

const UNIT: &str = include_str!("../../crates/gallery/deploy/dragline-gallery.service");
const IMAGE: &str = include_str!("../../crates/gallery/deploy/Dockerfile");

/// The value of each key of a unit, in their order.
fn keys() -> Vec<(&'static str, &'static str, &'static str)> {
    let (mut section, mut keys) = ("", Vec::new());
    for line in UNIT.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = name,
            None => {
                let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("no key: {line}"));
                keys.push((section, key, value));
            }
        }
    }
    keys
}

#[test]
fn the_service_has_no_more_than_it_needs() {
    let keys = keys();
    assert!(keys.iter().all(|(section, ..)| ["Unit", "Service", "Install"].contains(section)), "{keys:?}");
    for (key, value) in [
        ("DynamicUser", "yes"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("CapabilityBoundingSet", ""),
        ("MemoryDenyWriteExecute", "yes"),
        ("RestrictNamespaces", "yes"),
        ("SystemCallFilter", "@system-service"),
        ("UMask", "0077"),
        ("StateDirectory", "dragline-gallery"),
        ("CacheDirectory", "dragline-gallery"),
    ] {
        assert!(keys.contains(&("Service", key, value)), "{key}={value} is missing");
    }
}

#[test]
fn the_service_is_what_systemd_understands() {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = folder.path().join("dragline-gallery.service");
    let binary = dragline().get_program().to_string_lossy().into_owned();
    // the program has to be there
    fs::write(&unit, UNIT.replace("/usr/local/bin/dragline", &binary)).expect("written");
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no", "--recursive-errors=no"]).arg(&unit);
    // where there is no systemd, the keys above are what is known
    let Ok(output) = verify.output() else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    let about: Vec<&str> = said.lines().filter(|line| line.contains("dragline-gallery.service")).collect();
    assert!(about.is_empty() && output.status.success(), "{said}");
}

#[test]
fn the_service_and_the_image_start_what_there_is() {
    let start = keys().into_iter().find(|(_, key, _)| *key == "ExecStart").expect("a start").2;
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().to_str().expect("UTF-8");
    let start = start.replace("%S", own).replace("%C", own).replace("127.0.0.1:8321", "127.0.0.1:0").replace('"', "");
    let arguments: Vec<&str> = start.split(' ').skip(1).collect();
    crate::run::Running::of(dragline().args(&arguments));
    assert!(folder.path().join("dragline-gallery/token").exists(), "{arguments:?}");

    let command = IMAGE.lines().find_map(|line| line.strip_prefix("CMD ")).expect("a command");
    let arguments: Vec<String> = serde_json::from_str(command).expect("a JSON list");
    let token = folder.path().join("token").display().to_string();
    let arguments = arguments.iter().map(|it| it.replace("0.0.0.0:8321", "0.0.0.0:0").replace("/data/token", &token));
    let gallery = crate::run::Running::of(dragline().args(arguments));
    let health = IMAGE.lines().find_map(|line| line.trim().strip_prefix("CMD [\"/usr")).expect("a check of its health");
    let health: Vec<String> = serde_json::from_str(&format!("[\"/usr{health}")).expect("a JSON list");
    let health = health[1..].iter().map(|it| it.replace("127.0.0.1:8321", &gallery.address));
    let output = dragline().args(health).output().expect("the binary runs");
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("Token"), "{output:?}");
}

#[test]
fn the_image_has_known_instructions_and_another_user_than_root() {
    let whole = IMAGE.replace("\\\n", " ");
    let lines = || whole.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines() {
        let word = line.split(' ').next().unwrap_or_default();
        let known = [
            "FROM",
            "RUN",
            "WORKDIR",
            "COPY",
            "USER",
            "VOLUME",
            "EXPOSE",
            "STOPSIGNAL",
            "HEALTHCHECK",
            "ENTRYPOINT",
            "CMD",
        ];
        assert!(known.contains(&word), "{line}");
        if ["VOLUME", "ENTRYPOINT", "CMD"].contains(&word) {
            serde_json::from_str::<Vec<String>>(&line[word.len()..]).expect("a JSON list");
        }
    }
    let last: Vec<&str> = lines().skip_while(|line| *line != "FROM scratch").collect();
    let user = last.iter().find_map(|line| line.strip_prefix("USER ")).expect("a user");
    assert_ne!(user.split(':').next(), Some("0"));
    assert!(!last.iter().any(|line| line.starts_with("RUN")), "there is no shell");
}
