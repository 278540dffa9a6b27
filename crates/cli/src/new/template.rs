//! The files that a template consists of, with the places in them that names go to.

use std::path::PathBuf;

use super::names::Names;
use crate::options::new::Template;

/// A file of a new project or spider: where it goes, and what is in it.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

macro_rules! template {
    ($($path:literal <- $file:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../templates/", $file)))),*]
    };
}

/// Path and text, both with `{{name}}`, `{{module}}` and `{{Type}}` in them.
type Texts = &'static [(&'static str, &'static str)];

const PROJECT: Texts = template![
    "Cargo.toml" <- "project/Cargo.toml.in",
    "src/main.rs" <- "project/main.rs",
    "config/default.toml" <- "project/default.toml",
    "README.md" <- "project/README.md",
    ".gitignore" <- "project/gitignore",
];

const BASIC: Texts = template![
    "src/{{module}}.rs" <- "basic/spider.rs",
    "tests/pages/{{name}}-list.html" <- "basic/list.html",
    "tests/pages/{{name}}-book.html" <- "basic/book.html",
];

const LOGIN: Texts = template![
    "src/{{module}}.rs" <- "login/spider.rs",
    "tests/pages/{{name}}-notes.html" <- "login/notes.html",
    "tests/pages/{{name}}-login.html" <- "login/login.html",
];

/// The files of a project, without its spider.
pub(super) fn project(names: &Names, dependencies: &str) -> Vec<File> {
    let mut files = files(PROJECT, names);
    for file in &mut files {
        file.text = file.text.replace("{{dependencies}}", dependencies.trim_end());
    }
    files
}

/// The files of a spider.
pub(super) fn spider(template: Template, names: &Names) -> Vec<File> {
    let texts = match template {
        Template::Basic => BASIC,
        Template::Login => LOGIN,
    };
    files(texts, names)
}

fn files(texts: Texts, names: &Names) -> Vec<File> {
    let fill = |text: &str| {
        text.replace("{{name}}", &names.name).replace("{{module}}", &names.module).replace("{{Type}}", &names.type_name)
    };
    texts.iter().map(|(path, text)| File { path: fill(path).into(), text: fill(text) }).collect()
}
