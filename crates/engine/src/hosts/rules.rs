//! `[hosts]`, and the rules for single hosts under it: `[hosts."*.example.com"]`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::message::Secret;

/// `[hosts]`: how a host is treated unless a rule says something else for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Requests at once to one host.
    pub concurrency: usize,
    /// Requests at once to one address, however many names it has, but never fewer than a host itself may have; 0 is no
    /// limit.
    pub per_address: usize,
    /// Time between the starts of two requests to one host.
    pub delay: Duration,
    /// The part of the delay by which it varies, 0 to 1: 0.5 waits between half and one and a half of it.
    pub jitter: f64,
    /// Whether fewer requests are sent at once to a host that is slow, refuses or fails.
    pub adaptive: bool,
    /// The most requests at once to a host that nothing is known of yet.
    pub begin_with: usize,
    /// By pattern: a name, with or without a port, in which `*` stands for anything.
    pub rules: BTreeMap<String, Rule>,
}

/// What holds for the hosts of one pattern; what is not given is what holds for all.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Requests at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<usize>,
    /// Time between the starts of two requests.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    pub delay: Option<Duration>,
    /// The part of the delay by which it varies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<f64>,
    /// Requests in a time, evenly: `"30/m"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Whether concurrency follows how the host does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<bool>,
    /// Headers that requests carry unless they bring their own; they go to no other host.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", serialize_with = "starred")]
    pub headers: BTreeMap<String, Secret>,
    /// The proxy that leads there; empty is straight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// From the request until the end of the body.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Whether the certificate must be trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<bool>,
}

// by hand: headers are keys to a host, and a proxy's URL may have a password
impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("headers", &self.headers.keys()).finish_non_exhaustive()
    }
}

/// So many requests in a time: `"30/m"`, with `s`, `m`, `h` or `d`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(pub Duration);

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 8,
            per_address: 8,
            delay: Duration::ZERO,
            jitter: 0.0,
            adaptive: true,
            begin_with: 1,
            rules: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// The patterns that fit a host, the longest first.
    #[must_use]
    pub fn patterns(&self, host: &str) -> Vec<&str> {
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|c| c.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name);
        let fits = |pattern: &&str| is_like(pattern, host) || is_like(pattern, name);
        let mut fitting: Vec<_> = self.rules.keys().map(String::as_str).filter(fits).collect();
        fitting.sort_by_key(|pattern| std::cmp::Reverse(pattern.bytes().filter(|byte| *byte != b'*').count()));
        fitting
    }

    /// What holds for a host: of two patterns that fit, the one with more letters says more.
    #[must_use]
    pub fn rule(&self, host: &str) -> Option<Rule> {
        let fitting = self.patterns(host).into_iter().rev();
        fitting.filter_map(|pattern| self.rules.get(pattern).cloned()).reduce(Rule::but)
    }
}

impl Rule {
    /// This, but what `other` says.
    fn but(mut self, other: Self) -> Self {
        self.headers.extend(other.headers);
        Self {
            concurrency: other.concurrency.or(self.concurrency),
            delay: other.delay.or(self.delay),
            jitter: other.jitter.or(self.jitter),
            rate: other.rate.or(self.rate),
            adaptive: other.adaptive.or(self.adaptive),
            headers: self.headers,
            proxy: other.proxy.or(self.proxy),
            timeout: other.timeout.or(self.timeout),
            verify: other.verify.or(self.verify),
        }
    }

    /// The proxy, where there is one.
    ///
    /// # Errors
    /// If it is not a URL.
    pub fn proxy_url(&self) -> Option<Result<Url, url::ParseError>> {
        self.proxy.as_deref().filter(|proxy| !proxy.is_empty()).map(Url::parse)
    }
}

/// Whether a name is like a pattern in which `*` stands for any characters, in time linear in their product at worst.
fn is_like(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut here, mut star) = (0, 0, None);
    while here < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(byte) if byte.eq_ignore_ascii_case(&name[here]) => (at, here) = (at + 1, here + 1),
            _ => match star {
                Some((back, from)) => {
                    star = Some((back, from + 1));
                    (at, here) = (back + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Whoever prints the settings does not print the keys in them.
fn starred<S: Serializer>(headers: &BTreeMap<String, Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.iter().map(|(name, value)| (name, value.to_string())))
}

impl Rate {
    fn read(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once('/')?;
        let count: f64 = count.trim().parse().ok().filter(|count: &f64| *count > 0.0 && count.is_finite())?;
        let seconds = match unit.trim() {
            "s" | "sec" | "second" => 1.0,
            "m" | "min" | "minute" => 60.0,
            "h" | "hour" => 3600.0,
            "d" | "day" => 86_400.0,
            _ => return None,
        };
        Duration::try_from_secs_f64(seconds / count).ok().map(Self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not a rate: write `30/m` or `2/s`")))
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/d", 86_400.0 / self.0.as_secs_f64()))
    }
}

/// The keys that are no patterns.
#[derive(Deserialize)]
#[serde(transparent)]
struct Time(#[serde(with = "humantime_serde")] Duration);

// By hand, so that every other key is a pattern and a type error still names its key.
impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tables;

        impl<'de> Visitor<'de> for Tables {
            type Value = Settings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("settings of hosts, and a table for each pattern of names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings, A::Error> {
                let mut settings = Settings::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "concurrency" => settings.concurrency = map.next_value()?,
                        "per_address" => settings.per_address = map.next_value()?,
                        "delay" => settings.delay = map.next_value::<Time>()?.0,
                        "jitter" => settings.jitter = map.next_value()?,
                        "adaptive" => settings.adaptive = map.next_value()?,
                        "begin_with" => settings.begin_with = map.next_value()?,
                        _ => {
                            let rule = map.next_value()?;
                            settings.rules.insert(key.to_ascii_lowercase(), rule);
                        }
                    }
                }
                Ok(settings)
            }
        }

        deserializer.deserialize_map(Tables)
    }
}

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("concurrency", &self.concurrency)?;
        map.serialize_entry("per_address", &self.per_address)?;
        map.serialize_entry("delay", &humantime_serde::Serde::from(self.delay))?;
        map.serialize_entry("jitter", &self.jitter)?;
        map.serialize_entry("adaptive", &self.adaptive)?;
        map.serialize_entry("begin_with", &self.begin_with)?;
        for (pattern, rule) in &self.rules {
            map.serialize_entry(pattern, rule)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn of_two_rules_the_longer_pattern_says_more() {
        let settings = read(
            r#"
            delay = "1s"
            ["*.example.com"]
            delay = "2s"
            concurrency = 2
            ["api.example.com"]
            rate = "30/m"
            concurrency = 1
            "#,
        )
        .expect("settings");
        assert_eq!(settings.rule("example.com"), None);
        assert_eq!(settings.rule("www.Example.com").expect("a rule").concurrency, Some(2));
        let api = settings.rule("api.example.com:8443").expect("a rule");
        assert_eq!((api.concurrency, api.delay), (Some(1), Some(Duration::from_secs(2))));
        assert_eq!(api.rate, Some(Rate(Duration::from_secs(2))));
        let again: Settings = toml::from_str(&toml::to_string(&settings).expect("TOML")).expect("settings");
        assert_eq!(again, settings);
    }

    #[test]
    fn a_key_that_is_neither_is_named() {
        assert!(read("dealy = \"1s\"").is_err(), "a value is no rule");
        let error = read("[\"a.example\"]\ndealy = \"1s\"").expect_err("a slip").to_string();
        assert!(error.contains("dealy"), "{error}");
        assert!(read("[\"a.example\"]\nrate = \"often\"").expect_err("no rate").to_string().contains("30/m"));
    }

    #[test]
    fn patterns_are_matched_in_linear_time() {
        assert!(is_like("*", "a.example") && is_like("10.*.1", "10.2.3.1") && !is_like("*.b.example", "b.example"));
        assert!(!is_like(&"*a".repeat(64), &"a".repeat(63)));
    }
}
