//! The files that a template consists of, with the places in them that names go to.

use std::path::PathBuf;

use super::names::Names;
use crate::options::new::Template;

/// A file of a new project or spider: where it goes, and what is in it.
#[derive(Debug, Clone)]
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
    "config/default.toml" <- "project/default.toml",
    "README.md" <- "project/README.md",
    ".gitignore" <- "project/gitignore",
];

const RUNNER: Texts = template!["src/main.rs" <- "project/main.rs"];

/// That of a project whose spiders are files.
const BARE_RUNNER: Texts = template!["src/main.rs" <- "project/bare.rs"];

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

const RULES: Texts = template![
    "src/{{module}}.rs" <- "rules/spider.rs",
    "tests/pages/{{name}}-list.html" <- "rules/list.html",
    "tests/pages/{{name}}-book.html" <- "basic/book.html",
];

const SITEMAP: Texts = template![
    "src/{{module}}.rs" <- "sitemap/spider.rs",
    "tests/pages/{{name}}-sitemap.xml" <- "sitemap/sitemap.xml",
    "tests/pages/{{name}}-book.html" <- "basic/book.html",
];

const DECLARATIVE: Texts = template![
    "spiders/{{name}}.toml" <- "declarative/spider.toml",
    "tests/{{module}}.rs" <- "declarative/test.rs",
    "tests/pages/{{name}}-list.html" <- "basic/list.html",
    "tests/pages/{{name}}-book.html" <- "basic/book.html",
];

/// The files of a project with its first spider.
pub(super) fn project(template: Template, names: &Names, dependencies: &str) -> Vec<File> {
    let runner = if template.is_rust() { RUNNER } else { BARE_RUNNER };
    let mut all = [files(PROJECT, names), files(runner, names), spider(template, names)].concat();
    for file in &mut all {
        file.text = file.text.replace("{{dependencies}}", dependencies.trim_end());
        file.text = file.text.replace("{{spider}}", &template.spider(names));
    }
    all
}

impl Template {
    /// Whether its spider is a module that the runner must know.
    pub(super) fn is_rust(self) -> bool {
        self != Self::Declarative
    }

    /// What its spider is called on the command line.
    pub(super) fn spider(self, names: &Names) -> String {
        if self.is_rust() { names.name.clone() } else { format!("spiders/{}.toml", names.name) }
    }

    /// What its spider must be given.
    pub(super) fn arguments(self) -> &'static str {
        match self {
            Self::Login => "-a site=http://127.0.0.1:8000/ -a username=me -o items.jsonl",
            _ => "-a url=http://127.0.0.1:8000/ -o items.jsonl",
        }
    }
}

/// The files of a spider.
pub(super) fn spider(template: Template, names: &Names) -> Vec<File> {
    let texts = match template {
        Template::Basic => BASIC,
        Template::Login => LOGIN,
        Template::Rules => RULES,
        Template::Sitemap => SITEMAP,
        Template::Declarative => DECLARATIVE,
    };
    files(texts, names)
}

fn files(texts: Texts, names: &Names) -> Vec<File> {
    let fill = |text: &str| {
        text.replace("{{name}}", &names.name).replace("{{module}}", &names.module).replace("{{Type}}", &names.type_name)
    };
    texts.iter().map(|(path, text)| File { path: fill(path).into(), text: fill(text) }).collect()
}
