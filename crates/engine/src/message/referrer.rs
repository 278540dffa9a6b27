//! Referrer policies by their names (Referrer Policy, sections 3 and 8.1).

use http::{HeaderMap, header};

use super::ReferrerPolicy;

impl ReferrerPolicy {
    /// All of them, in the order of the standard.
    pub const ALL: [Self; 8] = [
        Self::NoReferrer,
        Self::NoReferrerWhenDowngrade,
        Self::SameOrigin,
        Self::Origin,
        Self::StrictOrigin,
        Self::OriginWhenCrossOrigin,
        Self::StrictOriginWhenCrossOrigin,
        Self::UnsafeUrl,
    ];

    /// Its name in headers and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoReferrer => "no-referrer",
            Self::NoReferrerWhenDowngrade => "no-referrer-when-downgrade",
            Self::SameOrigin => "same-origin",
            Self::Origin => "origin",
            Self::StrictOrigin => "strict-origin",
            Self::OriginWhenCrossOrigin => "origin-when-cross-origin",
            Self::StrictOriginWhenCrossOrigin => "strict-origin-when-cross-origin",
            Self::UnsafeUrl => "unsafe-url",
        }
    }

    /// The last one of a list that is known; the others are for later browsers, or for none.
    #[must_use]
    pub fn of_list(list: &str) -> Option<Self> {
        list.rsplit(',').find_map(|name| {
            let name = name.trim_ascii();
            Self::ALL.into_iter().find(|policy| policy.name().eq_ignore_ascii_case(name))
        })
    }

    /// What a response says, if it says any that is known.
    #[must_use]
    pub fn of_response(headers: &HeaderMap) -> Option<Self> {
        let lists = headers.get_all(header::REFERRER_POLICY).iter();
        lists.filter_map(|list| Self::of_list(list.to_str().ok()?)).next_back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_name_is_what_serde_calls_it() {
        for policy in ReferrerPolicy::ALL {
            assert_eq!(serde_json::to_value(policy).expect("JSON"), policy.name());
        }
    }

    #[test]
    fn c06_the_last_known_policy_of_all_headers_counts() {
        let of = |lists: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append(header::REFERRER_POLICY, HeaderValue::from_static(list));
            }
            ReferrerPolicy::of_response(&headers)
        };
        assert_eq!(of(&["no-referrer, Same-Origin ,new-policy,"]), Some(ReferrerPolicy::SameOrigin));
        assert_eq!(of(&["origin", "unsafe-url, x", "y"]), Some(ReferrerPolicy::UnsafeUrl));
        for unknown in [&[][..], &[""], &["scrapy-default"], &["os.system"], &["no referrer"], &[",,,"]] {
            assert_eq!(of(unknown), None);
        }
        let mut headers = HeaderMap::new();
        headers.append(header::REFERRER_POLICY, HeaderValue::from_bytes(b"origin, \xFF").expect("a header"));
        assert_eq!(ReferrerPolicy::of_response(&headers), None);
    }
}
