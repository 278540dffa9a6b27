//! Projects on disk: a new one appears whole or not at all, and nothing that is there is written over.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use dragline::error::Error;

use super::names::Names;
use super::runner;
use super::template::{self, File};
use crate::options::new::Template;
use crate::source::usage;
use crate::terminal::escape;

const MAIN: &str = "src/main.rs";

/// Begins a project in a folder of its name. Gives the lines that say what to do next.
pub(super) fn begin(names: &Names, template: Template, dragline: Option<&Path>) -> anyhow::Result<Vec<String>> {
    let folder = Path::new(&names.name);
    if folder.symlink_metadata().is_ok() {
        return Err(usage(format!("`{}` is there already", names.name)));
    }
    let (dependencies, from) = dependencies(dragline)?;
    let files = template::project(template, names, &dependencies);
    let begun =
        tempfile::Builder::new().prefix(".dragline-new-").tempdir_in(".").map_err(|error| failed(folder, error))?;
    for file in &files {
        write(begun.path(), file)?;
    }
    // it is a folder of the user's like any other, and no secret
    fs::create_dir(folder).map_err(|error| failed(folder, error))?;
    let moved = fs::read_dir(begun.path()).and_then(|mut entries| {
        entries.try_for_each(|entry| {
            let entry = entry?;
            fs::rename(entry.path(), folder.join(entry.file_name()))
        })
    });
    if let Err(error) = moved {
        let _ = fs::remove_dir_all(folder);
        return Err(failed(folder, error));
    }
    let name = &names.name;
    Ok(vec![
        format!("{name}/ is a project with the spider `{}` (Dragline: {})", template.spider(names), escape(&from)),
        format!("  cd {name}"),
        "  cargo test".to_owned(),
        format!("  cargo run -- crawl {} {}", template.spider(names), template.arguments()),
    ])
}

/// Adds a spider to the project that the current folder is in.
pub(super) fn add(names: &Names, template: Template) -> anyhow::Result<Vec<String>> {
    let here = std::env::current_dir()?;
    let is_project =
        |folder: &&Path| fs::read_to_string(folder.join(MAIN)).is_ok_and(|text| text.contains("dragline_cli::main("));
    let Some(folder) = here.ancestors().find(is_project) else {
        return Err(usage(
            "this folder is in no project of Dragline's (`src/main.rs` with `dragline_cli::main`): `dragline new project \
             NAME` begins one"
                .to_owned(),
        ));
    };
    let files = template::spider(template, names);
    if let Some(there) = files.iter().find(|file| folder.join(&file.path).symlink_metadata().is_ok()) {
        return Err(usage(format!("`{}` is there already", there.path.display())));
    }
    let main = folder.join(MAIN);
    let text = fs::read_to_string(&main).map_err(|error| failed(&main, error))?;
    let with = runner::with_spider(&text, names).filter(|_| template.is_rust());
    let written = files.iter().try_for_each(|file| write(folder, file));
    let written = written.and_then(|()| with.as_ref().map_or(Ok(()), |text| replace(&main, text)));
    if let Err(error) = written {
        files.iter().for_each(|file| drop(fs::remove_file(folder.join(&file.path))));
        return Err(error);
    }
    let mut said: Vec<String> = files.iter().map(|file| format!("{} is new", file.path.display())).collect();
    if with.is_some() {
        said.push(format!("{MAIN} has `{}` and `{}`", runner::module(names), runner::registration(names)));
    } else if template.is_rust() {
        said.push(format!("add to {MAIN}:"));
        said.push(format!("  {}", runner::module(names)));
        said.push(format!("  {}    (after `Registry::new()`)", runner::registration(names)));
    }
    said.push(format!("cargo run -- crawl {} {}", template.spider(names), template.arguments()));
    Ok(said)
}

/// The lines of `Cargo.toml` that name Dragline, and where that comes from.
fn dependencies(checkout: Option<&Path>) -> anyhow::Result<(String, String)> {
    // relative to the project, which is a folder of the current one
    let relative = |path: &Path| if path.is_absolute() { path.to_owned() } else { Path::new("..").join(path) };
    let checkout = match checkout {
        Some(path) if is_checkout(path) => Some(relative(path)),
        Some(path) => return Err(usage(format!("`{}` is no checkout of Dragline", path.display()))),
        None => {
            let here = std::env::current_dir()?;
            let up = here.ancestors().position(is_checkout);
            up.map(|levels| (0..=levels).map(|_| Component::ParentDir).collect::<PathBuf>())
        }
    };
    let version = env!("CARGO_PKG_VERSION");
    let line = |name: &str, folder: &str| match &checkout {
        Some(root) => {
            let path = toml::Value::String(root.join("crates").join(folder).to_string_lossy().into_owned());
            format!("{name} = {{ path = {path} }}\n")
        }
        None => format!("{name} = \"{version}\"\n"),
    };
    let from = checkout.as_ref().map_or_else(|| format!("{version} of crates.io"), |root| root.display().to_string());
    Ok((line("dragline", "engine") + &line("dragline-cli", "cli"), from))
}

fn is_checkout(folder: &Path) -> bool {
    fs::read_to_string(folder.join("crates/engine/Cargo.toml")).is_ok_and(|text| text.contains("name = \"dragline\"\n"))
}

fn write(folder: &Path, file: &File) -> anyhow::Result<()> {
    let path = folder.join(&file.path);
    let parent = path.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
    fs::write(&path, &file.text).map_err(|error| failed(&path, error))
}

/// A file is changed whole or not at all.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(parent).map_err(|error| failed(path, error))?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| failed(path, error))?;
    if let Ok(metadata) = fs::metadata(path) {
        fs::set_permissions(file.path(), metadata.permissions()).map_err(|error| failed(path, error))?;
    }
    file.persist(path).map_err(|error| failed(path, error.error))?;
    Ok(())
}

fn failed(path: &Path, source: io::Error) -> anyhow::Error {
    Error::Disk { what: "a file of the project", path: path.to_owned(), source }.into()
}
