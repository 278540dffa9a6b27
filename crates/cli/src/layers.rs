//! The layers of settings that a command line means.

use std::path::Path;

use dragline::error::{Error, Result};
use dragline::settings::Layers;
use toml::Value;

use crate::DEFAULTS;
use crate::options::Configured;

/// The project's own settings, where one runs `dragline`.
const PROJECT: &str = "config/default.toml";

/// Defaults, project, `--config`, environment, `--resolve`, `-s`.
pub(crate) fn read(configured: &Configured) -> Result<Layers> {
    let mut layers = Layers::new(DEFAULTS)?;
    // in Dragline's own folder that file is the defaults themselves
    let project = std::fs::read_to_string(PROJECT);
    let is_there = Path::new(PROJECT).symlink_metadata().is_ok();
    if is_there && project.as_deref().ok() != Some(DEFAULTS) {
        layers.add_project(Path::new(PROJECT))?;
    }
    for file in &configured.config {
        layers.add_file(file)?;
    }
    layers.add_environment(std::env::vars_os())?;
    for resolve in &configured.resolve {
        let (name, address) = pin(resolve)?;
        layers.add_flag(&format!("dns.hosts.\"{name}\"=\"{address}\""))?;
    }
    if !configured.allow_net.is_empty() {
        let networks = configured.allow_net.iter().map(|network| Value::String(network.clone())).collect();
        layers.add_flag(&format!("dialer.allow_net={}", Value::Array(networks)))?;
    }
    for assignment in &configured.set {
        layers.add_flag(assignment)?;
    }
    Ok(layers)
}

/// `HOST:PORT:ADDRESS[:PORT]` as an entry of `dns.hosts`.
fn pin(resolve: &str) -> Result<(String, String)> {
    let bad = || Error::Setting {
        key: String::new(),
        message: format!(
            "`--resolve {resolve}` is not `HOST:PORT:ADDRESS[:PORT]`, as `www.example.com:443:127.0.0.1:8443`"
        ),
    };
    let (host, rest) = resolve.split_once(':').ok_or_else(bad)?;
    let (port, address) = rest.split_once(':').ok_or_else(bad)?;
    let well_formed =
        !host.is_empty() && !host.contains(['"', '\\']) && port.parse::<u16>().is_ok() && !address.is_empty();
    if well_formed { Ok((format!("{host}:{port}"), address.to_owned())) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolve_is_read_as_curl_reads_it() {
        let read = |text: &str| pin(text).map_err(|error| error.to_string());
        assert_eq!(read("a.example:443:127.0.0.1"), Ok(("a.example:443".into(), "127.0.0.1".into())));
        assert_eq!(read("a.example:80:[::1]:8080"), Ok(("a.example:80".into(), "[::1]:8080".into())));
        for wrong in ["a.example", "a.example:443", "a.example:https:127.0.0.1", ":443:127.0.0.1"] {
            assert!(read(wrong).expect_err(wrong).contains("is not `HOST:PORT:ADDRESS[:PORT]`"));
        }
    }
}
