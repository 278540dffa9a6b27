//! What a server says against the use of its files: `X-Robots-Tag` (`noai`, `noimageai` and the tags of search engines)
//! and the reservation of rights of TDMRep (`tdm-reservation: 1`).

use http::HeaderMap;

/// The tags that are recorded.
const TAGS: &[&str] = &["noai", "noimageai", "noindex", "noimageindex", "none", "noarchive"];
/// What is not kept where opt-outs are obeyed. The others are for search engines: they say nothing against a copy.
const OBEYED: &[&str] = &["noai", "noimageai", "tdm-reservation"];
/// The header of TDMRep, and what it is recorded as.
const RESERVATION: &str = "tdm-reservation";

/// The signals of a response, by their names, in order and each once.
pub(super) fn read(headers: &HeaderMap) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    };
    for value in headers.get_all("x-robots-tag").iter().filter_map(|value| value.to_str().ok()) {
        // an agent's name before a colon holds for all that follows, up to the next one
        let mut is_for_us = true;
        for part in value.split(',') {
            let part = part.trim().to_ascii_lowercase();
            let tag = match part.split_once(':') {
                Some((name, rest)) if !is_rule_with_value(name.trim()) => {
                    is_for_us = matches!(name.trim(), "*" | "dragline");
                    rest.trim()
                }
                _ => part.as_str(),
            };
            if is_for_us && TAGS.contains(&tag) {
                add(tag);
            }
        }
    }
    if headers.get(RESERVATION).is_some_and(|value| value.as_bytes().trim_ascii() == b"1") {
        add(RESERVATION);
    }
    found
}

/// Rules that have a colon of their own.
fn is_rule_with_value(name: &str) -> bool {
    matches!(name, "unavailable_after" | "max-snippet" | "max-image-preview" | "max-video-preview")
}

/// The signal by which a file is not kept where opt-outs are obeyed.
pub(super) fn against(signals: &[String]) -> Option<&str> {
    signals.iter().map(String::as_str).find(|signal| OBEYED.contains(signal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn signals(fields: &[(&'static str, &'static str)]) -> Vec<String> {
        let fields = fields.iter();
        read(&fields.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect())
    }

    #[test]
    fn signals_are_read_wherever_they_stand() {
        assert_eq!(signals(&[("x-robots-tag", "NoAI, noimageai , nofollow")]), ["noai", "noimageai"]);
        let twice = [("x-robots-tag", "noai"), ("x-robots-tag", "noindex, noai")];
        assert_eq!(signals(&twice), ["noai", "noindex"]);
        assert_eq!(signals(&[("tdm-reservation", " 1 ")]), ["tdm-reservation"]);
        assert_eq!(signals(&[("tdm-reservation", "0"), ("x-robots-tag", "max-snippet:5")]), Vec::<String>::new());
    }

    #[test]
    fn what_is_for_another_agent_is_not_for_us() {
        assert_eq!(signals(&[("x-robots-tag", "otherbot: noai, noindex")]), Vec::<String>::new());
        assert_eq!(signals(&[("x-robots-tag", "otherbot: noindex, *: noai")]), ["noai"]);
    }

    #[test]
    fn only_what_speaks_against_a_copy_is_obeyed() {
        assert_eq!(against(&["noindex".to_owned()]), None);
        assert_eq!(against(&["noindex".to_owned(), "tdm-reservation".to_owned()]), Some("tdm-reservation"));
    }
}
