//! Projects as `dragline new` begins them: each template builds and passes its own test at once.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dragline_tests::{Scene, dragline};

fn root() -> PathBuf {
    std::fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).expect("the checkout")
}

fn run(scene: &Scene, below: &str, arguments: &[&str]) -> Output {
    dragline().current_dir(scene.path(below)).args(arguments).output().expect("the binary runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn begin(scene: &Scene, below: &str, arguments: &[&str]) -> String {
    let output = run(scene, below, &[&["new"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// Cargo in a project, without a network and with what is built already: the versions of this workspace's own lock file.
fn cargo(scene: &Scene, project: &str, arguments: &[&str]) -> Output {
    let target = std::env::current_exe().expect("the test's own path");
    let target = target.ancestors().nth(3).expect("target/debug/deps/test").to_owned();
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(scene.path(project)).arg("--offline");
    // as they are built for the tests of this workspace
    for ours in ["dragline", "dragline-cli", "dragline-images", "dragline-query", "dragline-macros"] {
        command.arg("--config").arg(format!("profile.dev.package.{ours}.opt-level=0"));
    }
    // what the outer cargo tells its tests would make the inner one build anew what asks for it, ring and all above it
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_") && name != "CARGO_HOME" {
            command.env_remove(&*name);
        }
    }
    command.args(arguments).env("CARGO_TARGET_DIR", target).output().expect("cargo runs")
}

#[test]
fn every_template_builds_and_passes_its_test_at_once() {
    let scene = Scene::new();
    let checkout = root().display().to_string();
    let told = begin(&scene, "", &["project", "shop", "--dragline", &checkout]);
    assert!(told.contains("cargo run -- crawl shop "), "{told}");
    for template in ["login", "rules", "sitemap"] {
        let told = begin(&scene, "shop", &["spider", &format!("my-{template}"), "--template", template]);
        assert!(told.contains(&format!("`mod my_{template};`")), "{told}");
    }
    let told = begin(&scene, "shop", &["spider", "my-file", "--template", "declarative"]);
    assert!(told.contains("cargo run -- crawl spiders/my-file.toml -a url="), "{told}");
    std::fs::copy(root().join("Cargo.lock"), scene.path("shop/Cargo.lock")).expect("copied");
    let tested = cargo(&scene, "shop", &["test"]);
    assert!(tested.status.success(), "{}", said(&tested));
    assert!(!said(&tested).contains("warning"), "{}", said(&tested));
    let listed = cargo(&scene, "shop", &["run", "--quiet", "--", "list"]);
    assert_eq!(said(&listed), "my-login\nmy-rules\nmy-sitemap\nshop\n");
    let formatted = cargo_fmt(&scene.path("shop"));
    assert!(formatted.status.success(), "{}", said(&formatted));
}

fn cargo_fmt(project: &Path) -> Output {
    // a line may be as long as the name of its spider makes it
    Command::new(env!("CARGO")).current_dir(project).args(["fmt", "--check"]).output().expect("cargo runs")
}

#[test]
fn a_project_names_a_version_or_a_checkout_and_never_this_machine() {
    let scene = Scene::new();
    begin(&scene, "", &["project", "plain"]);
    let manifest = std::fs::read_to_string(scene.path("plain/Cargo.toml")).expect("text");
    let version = env!("CARGO_PKG_VERSION");
    assert!(manifest.contains(&format!("dragline = \"{version}\"\ndragline-cli = \"{version}\"\n")), "{manifest}");
    std::fs::create_dir_all(scene.path("checkout/crates/engine")).expect("folders");
    std::fs::create_dir_all(scene.path("checkout/mine")).expect("folders");
    std::fs::write(scene.path("checkout/crates/engine/Cargo.toml"), "[package]\nname = \"dragline\"\n")
        .expect("written");
    begin(&scene, "checkout/mine", &["project", "inside"]);
    let manifest = std::fs::read_to_string(scene.path("checkout/mine/inside/Cargo.toml")).expect("text");
    assert!(manifest.contains("dragline = { path = \"../../crates/engine\" }"), "{manifest}");
    begin(&scene, "", &["project", "beside", "--dragline", "checkout"]);
    let manifest = std::fs::read_to_string(scene.path("beside/Cargo.toml")).expect("text");
    assert!(manifest.contains("dragline-cli = { path = \"../checkout/crates/cli\" }"), "{manifest}");
}

#[test]
fn what_is_there_is_not_written_over_and_nothing_half_done_stays() {
    let scene = Scene::new();
    let refused = |below: &str, arguments: &[&str], message: &str| {
        let output = run(&scene, below, &[&["new"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(message), "`{message}`: {}", said(&output));
    };
    refused("", &["spider", "books"], "this folder is in no project of Dragline's");
    refused("", &["project", "My Shop"], "`My Shop` cannot be a name: small letters, digits and `-`");
    refused("", &["project", "match"], "`match` cannot be a name: it means something else; `match-spider` would do");
    refused("", &["project", "shop", "--dragline", "nowhere"], "`nowhere` is no checkout of Dragline");
    refused("", &["project", "shop", "--template", "basci"], "a similar value exists: 'basic'");
    assert_eq!(std::fs::read_dir(scene.path("")).expect("a folder").count(), 0);
    begin(&scene, "", &["project", "shop"]);
    refused("", &["project", "shop"], "`shop` is there already");
    let before = std::fs::read_to_string(scene.path("shop/src/main.rs")).expect("text");
    refused("shop", &["spider", "shop"], "`src/shop.rs` is there already");
    assert_eq!(std::fs::read_to_string(scene.path("shop/src/main.rs")).expect("text"), before);
    // a runner that its owner has changed is left as it is
    std::fs::write(scene.path("shop/src/main.rs"), "fn main() { dragline_cli::main(mine()); }").expect("written");
    let told = begin(&scene, "shop/src", &["spider", "more"]);
    assert!(told.contains("add to src/main.rs:\n  mod more;\n  .spider::<more::More>()"), "{told}");
    assert!(scene.path("shop/src/more.rs").exists());
    assert_eq!(std::fs::read_dir(scene.path("")).expect("a folder").count(), 1);
}
