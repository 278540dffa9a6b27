//! `dragline settings`: what is in force, and where it came from. Secrets print as `***`.

use dragline::Registry;
use dragline::message::mask;
use dragline::settings::Settings;
use toml::Value;

use crate::exit::Exit;
use crate::layers;
use crate::options::SettingsCommand;
use crate::terminal::{escape, pretty_json, print};

/// Prints every setting with its place.
pub(crate) fn run(registry: &Registry, command: &SettingsCommand) -> anyhow::Result<Exit> {
    let mut layers = layers::read(&command.configured)?;
    if let Some(spider) = &command.spider {
        layers = registry.layers_for(spider, &layers)?;
    }
    registry.check(&layers, &Settings::read(&layers)?)?;
    let rows = layers.effective();
    if command.json {
        let rows = rows.into_iter().map(|(key, value, place)| {
            let value = shown(&key, &value);
            (key, serde_json::json!({ "value": value, "from": place.to_string() }))
        });
        print(&pretty_json(&serde_json::Value::Object(rows.collect())))?;
        return Ok(Exit::Finished);
    }
    let rows: Vec<(String, String)> = rows
        .into_iter()
        .map(|(key, value, place)| (format!("{key} = {}", shown(&key, &value)), place.to_string()))
        .collect();
    let width = rows.iter().map(|(setting, _)| setting.len().min(70)).max().unwrap_or(0);
    for (setting, place) in rows {
        print(&format!("{:<width$}  # {}", escape(&setting), escape(&place)))?;
    }
    Ok(Exit::Finished)
}

fn shown(key: &str, value: &Value) -> Value {
    let from_elsewhere = value.as_table().is_some_and(|table| table.contains_key("env") || table.contains_key("file"));
    match value {
        _ if from_elsewhere || is_secret(key) || is_of_a_host(key) => Value::String("***".to_owned()),
        Value::String(text) => Value::String(mask::text(text).into_owned()),
        // accounts, proxies
        Value::Array(values) => values.iter().map(|value| shown(key, value)).collect::<Vec<_>>().into(),
        Value::Table(table) => {
            let inner = table.iter().map(|(key, value)| (key.clone(), shown(key, value)));
            Value::Table(inner.collect())
        }
        other => other.clone(),
    }
}

/// Whether a key is a header of single hosts: such are keys to them, whatever their names.
fn is_of_a_host(key: &str) -> bool {
    key.starts_with("hosts.") && key.contains(".headers.")
}

/// Whether a key's name says that its value is not for show.
pub(crate) fn is_secret(key: &str) -> bool {
    const WORDS: [&str; 9] = ["pass", "pwd", "secret", "token", "apikey", "auth", "cookie", "credential", "privatekey"];
    let name = key.rsplit('.').next().unwrap_or(key).to_lowercase();
    let is_pin = name.split(['-', '_']).any(|part| part == "pin");
    let name = name.replace(['-', '_'], "");
    // limits are numbers of things, and no secrets
    !name.starts_with("max") && (is_pin || WORDS.iter().any(|word| name.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_print_as_stars() {
        let table: toml::Table = toml::from_str("a = { env = 'X' }\nb = 'plain'").expect("TOML");
        assert_eq!(shown("spiders.x.pin", &table["a"]).as_str(), Some("***"));
        assert_eq!(shown("spiders.x.Password", &table["b"]).as_str(), Some("***"));
        assert_eq!(shown("spiders.x.username", &table["b"]).as_str(), Some("plain"));
        let table: toml::Table = toml::from_str(
            "accounts = [{ user = 'me', password = 'hunter2' }]\npool = ['http://me:hunter2@p', { env = 'X' }]",
        )
        .expect("TOML");
        for (name, value) in &table {
            let text = shown(&format!("middlewares.x.{name}"), value).to_string();
            assert!(text.contains("***") && !text.contains("hunter2"), "{text}");
        }
        for name in ["authorization", "cookie", "x-api-key", "my_token", "pin", "my_pin", "pwd", "passphrase"] {
            assert!(is_secret(&format!("middlewares.headers.default.{name}")), "{name}");
        }
        let key = Value::String("canary".to_owned());
        assert_eq!(shown("hosts.*.example.com.headers.x-odd", &key).as_str(), Some("***"));
        let url = Value::String("http://me:pw@a.example/".to_owned());
        assert_eq!(shown("spiders.x.url", &url).as_str(), Some("http://***@a.example/"));
    }
}
