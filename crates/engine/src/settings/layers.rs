//! Layers of TOML, the later over the earlier, with the place of every key remembered for messages.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::arguments::{self, ArgumentError};
use super::layer::{Layer, Place, Source};
use super::read_table;
use crate::error::{Error, Result, nearest};

/// Tables in which any key may stand.
const OPEN: &[&str] = &["dns.hosts", "middlewares.headers.default", "middlewares.retry.rules"];
/// Tables whose keys are names of components: one that is not registered is found when the crawl is put together.
const COMPONENTS: &[&str] = &["pipelines", "middlewares"];

/// The table in which other tables are rules, by a pattern of hosts.
const PATTERNS: &str = "hosts";

/// All layers of settings.
#[derive(Clone)]
pub struct Layers {
    layers: Vec<Layer>,
}

// by hand: the values may be passwords
impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.layers.iter().map(|layer| &layer.source)).finish()
    }
}

impl Layers {
    /// The built-in defaults: every key that there is.
    ///
    /// # Errors
    /// If they are not TOML.
    pub fn new(defaults: &str) -> Result<Self> {
        Ok(Self { layers: vec![Layer::parse(Source::Default, defaults)?] })
    }

    /// Lays a file over what is there.
    ///
    /// # Errors
    /// If it cannot be read, is not TOML, or has a key that nobody knows.
    pub fn add_file(&mut self, path: &Path) -> Result<()> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::Setting {
            key: String::new(),
            message: format!("settings file `{}` cannot be read: {error}", path.display()),
        })?;
        self.add(Layer::parse(Source::File(path.to_owned()), &text)?)
    }

    /// Lays a project's own copy of the defaults over what is there. Only what it changes counts: a value that is the
    /// default as it is says nothing, and must not stand against what a spider brings along.
    ///
    /// # Errors
    /// As [`Layers::add_file`].
    pub fn add_project(&mut self, path: &Path) -> Result<()> {
        self.add_file(path)?;
        if let ([defaults, ..], Some(project)) = (self.layers.clone().as_slice(), self.layers.last_mut()) {
            project.keep_changes(&defaults.table);
        }
        Ok(())
    }

    /// Lays the variables `DRAGLINE__SECTION__KEY` over what is there. `_` stands for `-` where a key has that.
    ///
    /// # Errors
    /// If a key is one that nobody knows, or a value is not UTF-8.
    pub fn add_environment(&mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<()> {
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with("DRAGLINE__")) else { continue };
            let (name, path) = (name.to_owned(), name.trim_start_matches("DRAGLINE__"));
            let value = value.into_string().map_err(|_| Error::Setting {
                key: String::new(),
                message: format!("environment variable `{name}` is not UTF-8"),
            })?;
            let path: Vec<String> = path.split("__").map(str::to_lowercase).collect();
            let path = self.respell(&path);
            let is_text = path.first().is_some_and(|first| first == "spiders");
            let value = if is_text { Value::String(value) } else { toml_or_text(&value) };
            let mut layer = Layer::one(Source::Environment(name), &path, value);
            layer.is_text = is_text;
            self.add(layer)?;
        }
        Ok(())
    }

    /// Lays `section.key=value` (`-s`) over what is there. The value is TOML, or text if it is not.
    ///
    /// # Errors
    /// If there is no `=`, or the key is one that nobody knows.
    pub fn add_flag(&mut self, assignment: &str) -> Result<()> {
        let (key, value) = assignment.split_once('=').unwrap_or((assignment, ""));
        let key = key.trim();
        // what stands behind a space may be a password with its `=` forgotten
        let shown = key.split_whitespace().next().unwrap_or_default();
        let bad = || Error::Setting { key: String::new(), message: format!("`-s {shown}` is not `section.key=value`") };
        if !assignment.contains('=') {
            return Err(bad());
        }
        // the key is TOML's own: dotted, quoted where it must be
        let document: Table = toml::from_str(&format!("{key} = 0")).map_err(|_| bad())?;
        let mut path = Vec::new();
        let mut table = &document;
        while let Some((key, value)) = table.iter().next() {
            path.push(key.clone());
            match value {
                Value::Table(inner) => table = inner,
                _ => break,
            }
        }
        self.add(Layer::one(Source::Flag(format!("-s {key}")), &path, toml_or_text(value.trim())))
    }

    /// Lays an argument of a spider (`-a key=value`) over what is there.
    ///
    /// # Errors
    /// If there is no `=`.
    pub fn add_argument(&mut self, spider: &str, assignment: &str) -> Result<()> {
        let (key, value) = assignment.split_once('=').ok_or_else(|| Error::Setting {
            key: String::new(),
            // not what was given: it may be a password with its key forgotten
            message: "`-a` wants `key=value`".to_owned(),
        })?;
        let path = ["spiders", spider, key.trim()].map(str::to_owned);
        let mut layer = Layer::one(Source::Flag(format!("-a {}", key.trim())), &path, Value::String(value.to_owned()));
        layer.is_text = true;
        self.add(layer)
    }

    /// The layers as they are for one spider: its own under the user's, and of `[spiders.NAME.settings]` each part
    /// over the layer in which it stands.
    ///
    /// # Errors
    /// If the spider's own TOML is none, or has a key that nobody knows.
    pub fn for_spider(&self, spider: &str, settings: &str) -> Result<Self> {
        let own = Layer::parse(Source::Spider(spider.to_owned()), settings)?;
        self.over_defaults(spider, vec![own])
    }

    /// The same for a spider that a file declares: what it brings along is the file's table `settings`.
    ///
    /// # Errors
    /// If that has a key that nobody knows.
    pub(crate) fn for_declared(&self, spider: &str, file: &Path, text: &str, domains: &[String]) -> Result<Self> {
        let source = Source::File(file.to_owned());
        let mut own = Vec::new();
        if !domains.is_empty() {
            let path = ["middlewares", "offsite", "domains"].map(str::to_owned);
            own.push(Layer::one(source.clone(), &path, domains.to_vec().into()));
        }
        own.extend(Layer::parse(source, text)?.part(&["settings"]));
        self.over_defaults(spider, own)
    }

    /// What a spider brings along, right over the defaults.
    fn over_defaults(&self, spider: &str, mut own: Vec<Layer>) -> Result<Self> {
        for layer in &own {
            self.check(layer, &layer.table, &mut Vec::new())?;
        }
        let mut layers = Vec::new();
        for layer in &self.layers {
            let special = layer.part(&["spiders", spider, "settings"]);
            if layer.source != Source::Default {
                layers.append(&mut own);
            }
            layers.push(layer.clone());
            layers.extend(special);
        }
        layers.append(&mut own);
        Ok(Self { layers })
    }

    /// All layers as one table.
    #[must_use]
    pub fn merged(&self) -> Table {
        let mut merged = Table::new();
        for layer in &self.layers {
            merge(&mut merged, &layer.table);
        }
        merged
    }

    /// Where the value of a key was set last; for a key that was not set, where its table was.
    #[must_use]
    pub fn place(&self, key: &str) -> Option<Place> {
        let mut key = key;
        loop {
            if let Some(layer) = self.layers.iter().rev().find(|layer| layer.lines.contains_key(key)) {
                let line = layer.lines.get(key).copied().filter(|line| *line > 0);
                return Some(Place { source: layer.source.clone(), line });
            }
            key = key.rsplit_once('.')?.0;
        }
    }

    /// Every key with its value and its place, in the order of the keys: what `dragline settings` prints.
    #[must_use]
    pub fn effective(&self) -> Vec<(String, Value, Place)> {
        let mut rows = Vec::new();
        list(&self.merged(), &mut String::new(), &mut rows);
        (rows.into_iter())
            .filter_map(|(key, value)| {
                let place = self.place(&key)?;
                Some((key, value, place))
            })
            .collect()
    }

    /// Adds the place of its key to an error about a setting.
    #[must_use]
    pub fn blame(&self, error: Error) -> Error {
        match error {
            Error::Setting { key, message } => {
                let place = self.place(&key).filter(|place| place.source != Source::Default);
                let message = place.map_or_else(|| message.clone(), |place| format!("{message} ({place})"));
                Error::Setting { key, message }
            }
            other => other,
        }
    }

    /// An error that is about the value of a key: with its place.
    #[must_use]
    pub fn blame_on(&self, key: &str, error: &Error) -> Error {
        self.blame(Error::Setting { key: key.to_owned(), message: error.to_string() })
    }

    /// The table of a program that is built on the engine, such as `gallery`, as its struct.
    ///
    /// # Errors
    /// If a value does not fit: the key, the place, what is expected.
    pub fn table<S: DeserializeOwned>(&self, name: &str) -> Result<S> {
        let table = self.merged().remove(name).unwrap_or_else(|| Value::Table(Table::new()));
        read_table(name, table, self)
    }

    /// A spider's arguments as its struct.
    pub(crate) fn arguments<S: DeserializeOwned>(&self, spider: &str) -> Result<S> {
        let mut given = BTreeMap::new();
        for layer in &self.layers {
            let Some(Value::Table(table)) = layer.table.get("spiders").and_then(|spiders| spiders.get(spider)) else {
                continue;
            };
            for (key, value) in table.iter().filter(|(key, _)| *key != "settings") {
                given.insert(key.clone(), arguments::Argument { value: value.clone(), is_text: layer.is_text });
            }
        }
        arguments::read(given).map_err(|error| match error {
            ArgumentError::Missing(key) => Error::MissingArgument { spider: spider.to_owned(), key },
            ArgumentError::Unknown { ref key, .. } => {
                let key = format!("spiders.{spider}.{key}");
                self.blame(Error::Setting { key, message: format!("spider `{spider}` {error}") })
            }
            ArgumentError::At { ref key, .. } => self.blame(Error::setting(&format!("spiders.{spider}.{key}"), error)),
            ArgumentError::Other(what) => self.blame(Error::setting(&format!("spiders.{spider}"), what)),
        })
    }

    fn add(&mut self, layer: Layer) -> Result<()> {
        self.check(&layer, &layer.table, &mut Vec::new())?;
        self.layers.push(layer);
        Ok(())
    }

    /// Every key of a layer must be one of the defaults, which name them all.
    fn check(&self, layer: &Layer, table: &Table, path: &mut Vec<String>) -> Result<()> {
        let dotted = path.join(".");
        if OPEN.contains(&dotted.as_str()) {
            return Ok(());
        }
        for (key, value) in table {
            path.push(key.clone());
            let result = match (path.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), value) {
                (["spiders", name, "settings"], Value::Table(inner)) => {
                    // as a layer of its own, so that its keys are found with their lines
                    let part = layer.part(&["spiders", *name, "settings"]);
                    self.check(part.as_ref().unwrap_or(layer), inner, &mut Vec::new())
                }
                (["spiders", ..], _) if path.len() >= 3 => Ok(()),
                (["spiders"] | ["spiders", _], Value::Table(inner)) => self.check(layer, inner, path),
                _ => self.check_key(layer, value, path, &dotted),
            };
            result?;
            path.pop();
        }
        Ok(())
    }

    fn check_key(&self, layer: &Layer, value: &Value, path: &mut Vec<String>, parent: &str) -> Result<()> {
        let (key, known) = (path.last().cloned().unwrap_or_default(), self.default_at(&path[..path.len() - 1]));
        let is_of_component = path.first().is_some_and(|first| COMPONENTS.contains(&first.as_str()));
        match (known.and_then(|table| table.get(&key)), value) {
            // a table of the user's own names, which its component reads
            (Some(Value::Table(own)), Value::Table(_)) if own.is_empty() && is_of_component => Ok(()),
            (Some(Value::Table(_)), Value::Table(inner)) => self.check(layer, inner, path),
            (Some(_), _) => Ok(()),
            (None, Value::Table(_)) if COMPONENTS.contains(&parent) || parent == PATTERNS => Ok(()),
            // a component's own table, which it reads itself
            (None, _) if is_of_component && known.is_none() => Ok(()),
            (None, _) => {
                let dotted = path.join(".");
                let names: Vec<&str> =
                    known.map(|table| table.keys().map(String::as_str).collect()).unwrap_or_default();
                let hint = match nearest(&key, names.iter().copied()) {
                    Some(near) if parent.is_empty() => format!("did you mean `{near}`?"),
                    Some(near) => format!("did you mean `{parent}.{near}`?"),
                    None => format!("known here: {}", names.join(", ")),
                };
                let line = layer.lines.get(&dotted).copied().filter(|line| *line > 0);
                let place = Place { source: layer.source.clone(), line };
                Err(Error::Setting {
                    message: format!("there is no setting `{dotted}` ({place}); {hint}"),
                    key: dotted,
                })
            }
        }
    }

    fn default_at(&self, path: &[String]) -> Option<&Table> {
        let mut table = &self.layers.first()?.table;
        for key in path {
            table = table.get(key)?.as_table()?;
        }
        Some(table)
    }

    /// A path of an environment variable, with `-` where the known key has it.
    fn respell(&self, path: &[String]) -> Vec<String> {
        let merged = self.merged();
        let mut table = Some(&merged);
        let mut spelled = Vec::new();
        for part in path {
            let known = table.and_then(|table| table.keys().find(|key| key.replace('-', "_") == *part)).cloned();
            let key = known.unwrap_or_else(|| {
                // a spider's name has dashes; its arguments are Rust's names
                if spelled == ["spiders"] { part.replace('_', "-") } else { part.clone() }
            });
            table = table.and_then(|table| table.get(&key)).and_then(Value::as_table);
            spelled.push(key);
        }
        spelled
    }
}

fn merge(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => merge(under, over),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

fn list(table: &Table, path: &mut String, rows: &mut Vec<(String, Value)>) {
    for (key, value) in table {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(key);
        match value {
            Value::Table(inner) if !inner.is_empty() && !inner.contains_key("env") && !inner.contains_key("file") => {
                list(inner, path, rows);
            }
            Value::Table(_) if length == 0 => {}
            _ => rows.push((path.clone(), value.clone())),
        }
        path.truncate(length);
    }
}

fn toml_or_text(text: &str) -> Value {
    let parsed = toml::from_str::<Table>(&format!("value = {text}")).ok();
    parsed.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Secret;
    use serde::Deserialize;

    const DEFAULTS: &str = "[hosts]\ndelay = '0s'\nconcurrency = 8\n[dns.hosts]\n[pipelines]\norder = []\n\
                            [pipelines.images]\nstore = ''\n[spiders]\n";

    fn layers() -> Layers {
        Layers::new(DEFAULTS).expect("defaults")
    }

    fn add(layers: &mut Layers, text: &str) -> Result<()> {
        layers.add(Layer::parse(Source::File("a.toml".into()), text)?)
    }

    #[test]
    fn later_layers_win_and_say_where_they_stand() {
        let mut layers = layers();
        add(&mut layers, "\n[hosts]\ndelay = '2s'").expect("a file");
        layers.add_flag("hosts.concurrency=3").expect("a flag");
        assert_eq!(layers.place("hosts.delay").expect("a place").to_string(), "a.toml:3");
        assert_eq!(layers.place("hosts.concurrency").expect("a place").to_string(), "`-s hosts.concurrency`");
        assert_eq!(layers.merged()["hosts"]["concurrency"].as_integer(), Some(3));
        layers.add_environment([("DRAGLINE__HOSTS__DELAY".into(), "5s".into())]).expect("a variable");
        assert_eq!(layers.merged()["hosts"]["delay"].as_str(), Some("5s"));
    }

    #[test]
    fn an_unknown_key_names_its_place_and_the_nearest() {
        let error = add(&mut layers(), "[hosts]\n\ndely = '1s'").expect_err("unknown");
        assert_eq!(error.to_string(), "there is no setting `hosts.dely` (a.toml:3); did you mean `hosts.delay`?");
        let error = layers().add_flag("host.delay=1s").expect_err("unknown");
        assert_eq!(error.to_string(), "there is no setting `host` (`-s host.delay`); did you mean `hosts`?");
        let error = add(&mut layers(), "[pipelines.images]\nstor = 'x'").expect_err("unknown");
        assert!(error.to_string().contains("`pipelines.images.store`"), "{error}");
        add(&mut layers(), "[pipelines.mine]\nanything = 1\n[dns.hosts]\n'a.b' = '127.0.0.1'").expect("known tables");
    }

    #[test]
    fn a_spiders_settings_lie_between_the_defaults_and_the_users() {
        let mut layers = layers();
        add(&mut layers, "[spiders.quick.settings.hosts]\ndelay = '3s'").expect("a file");
        let own = layers.for_spider("quick", "hosts.delay = '1s'\nhosts.concurrency = 2").expect("layers");
        assert_eq!(own.merged()["hosts"]["delay"].as_str(), Some("3s"));
        assert_eq!(own.merged()["hosts"]["concurrency"].as_integer(), Some(2));
        assert_eq!(own.place("hosts.concurrency").expect("a place").to_string(), "spider `quick`:2");
        let other = layers.for_spider("other", "").expect("layers");
        assert_eq!(other.merged()["hosts"]["delay"].as_str(), Some("0s"));
        let error = add(&mut layers, "\n[spiders.quick.settings.hosts]\ndely = 1").expect_err("unknown");
        assert_eq!(error.to_string(), "there is no setting `hosts.dely` (a.toml:3); did you mean `hosts.delay`?");
    }

    #[test]
    fn a_projects_copy_of_the_defaults_counts_where_it_differs() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("default.toml");
        std::fs::write(&path, format!("# mine\n{}", DEFAULTS.replace("delay = '0s'", "delay = '1s'")))
            .expect("written");
        let mut layers = layers();
        layers.add_project(&path).expect("a file");
        let own = layers.for_spider("quick", "pipelines.order = ['images']").expect("layers").merged();
        assert_eq!(own["pipelines"]["order"].as_array().map(Vec::len), Some(1), "the spider's stays");
        assert_eq!(own["hosts"]["delay"].as_str(), Some("1s"));
        assert!(layers.place("hosts.delay").expect("a place").to_string().ends_with("default.toml:3"));
        assert_eq!(layers.place("hosts.concurrency").expect("a place").source, Source::Default);
    }

    #[test]
    fn quoted_keys_reach_names_with_dots() {
        let mut layers = layers();
        layers.add_flag("dns.hosts.\"www.a.example\"=127.0.0.1:80").expect("a flag");
        assert_eq!(layers.merged()["dns"]["hosts"]["www.a.example"].as_str(), Some("127.0.0.1:80"));
        for (flag, message) in [
            ("hosts.delay", "`-s hosts.delay` is not `section.key=value`"),
            ("spiders.x.password S3cr=et", "`-s spiders.x.password` is not `section.key=value`"),
        ] {
            assert_eq!(layers.add_flag(flag).expect_err(flag).to_string(), message);
        }
        let error = add(&mut layers, "[spiders.x]\npassword = \"S3cr\"et\"").expect_err("broken");
        assert!(
            error.to_string().starts_with("a.toml:2 is not TOML: ") && !error.to_string().contains("S3cr"),
            "{error}"
        );
        layers.add_flag("hosts={ delay = '7s' }").expect("a flag");
        assert_eq!(layers.place("hosts.delay").expect("a place").to_string(), "`-s hosts`");
    }

    #[derive(Debug, Deserialize)]
    struct Arguments {
        username: String,
        password: Secret,
        #[serde(default)]
        depth: u32,
        #[serde(default)]
        same_host: bool,
    }

    #[test]
    fn arguments_are_read_as_what_the_spider_wants() {
        let mut layers = layers();
        add(&mut layers, "[spiders.quick]\nusername = 'from file'\npassword = 'x'\ndepth = 2").expect("a file");
        for assignment in ["username=007", "depth=3", "same_host=true"] {
            layers.add_argument("quick", assignment).expect("an argument");
        }
        let arguments: Arguments = layers.arguments("quick").expect("arguments");
        assert_eq!((arguments.username.as_str(), arguments.depth, arguments.same_host), ("007", 3, true));
        assert_eq!(arguments.password.expose(), "x");
    }

    #[test]
    fn a_missing_unknown_or_wrong_argument_is_named() {
        let mut layers = layers();
        let message = |layers: &Layers| layers.arguments::<Arguments>("quick").expect_err("refused").to_string();
        assert!(message(&layers).starts_with("spider `quick` needs `username`: give `-a username=…`"));
        layers.add_argument("quick", "usrname=me").expect("an argument");
        let text = message(&layers);
        assert!(text.contains("`usrname`") && text.contains("did you mean `username`?"), "{text}");
        let mut layers = super::tests::layers();
        for assignment in ["username=me", "password=x", "depth=deep"] {
            layers.add_argument("quick", assignment).expect("an argument");
        }
        let text = message(&layers);
        assert!(text.contains("`spiders.quick.depth`") && text.contains("`-a depth`"), "{text}");
    }
}
