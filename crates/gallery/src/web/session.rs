//! Sessions: who a browser is, by a cookie that no script reads and no other site sends. As many as are remembered; the one
//! that was away for the longest is forgotten.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::seal::{Seal, secret};

/// The session of all who come from this machine without a browser, or with the access token and no cookie.
pub(crate) const PROGRAMS: &str = "programs";

/// The sessions that are known.
pub(crate) struct Sessions {
    most: usize,
    /// Cookies of a host are the same for all of its ports: each gallery has its own.
    cookie: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// When each was here last, by its name.
    seen: HashMap<String, u64>,
    /// The same the other way round.
    order: BTreeMap<u64, String>,
    now: u64,
}

/// By which scheme the browser came, as far as a proxy in front has said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// In the clear, as on this machine.
    Http,
    /// Through a proxy that speaks TLS.
    Https,
}

impl Scheme {
    /// What `X-Forwarded-Proto` says. Who lies here harms nobody else: only the own cookie depends on it.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let proto = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
        match proto.is_some_and(|proto| proto.split(',').next().unwrap_or("").trim().eq_ignore_ascii_case("https")) {
            true => Self::Https,
            false => Self::Http,
        }
    }
}

impl Sessions {
    /// None yet, of a gallery at a port.
    pub(crate) fn new(most: usize, port: u16) -> Self {
        Self { most, cookie: format!("dragline-{port}"), known: Mutex::default() }
    }

    /// The name of the session that a request's cookie belongs to, if it is known.
    pub(crate) fn find(&self, seal: &Seal, headers: &HeaderMap, scheme: Scheme) -> Option<String> {
        let cookie = self.cookie(scheme);
        let pairs =
            headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(';'));
        // the names are seals of the cookies: how long it takes to look one up says nothing about a cookie
        let mut names = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(name, _)| *name == cookie);
        let name = names.find_map(|(_, value)| Some(name_of(seal, value)).filter(|name| self.lock().touch(name)))?;
        Some(name)
    }

    /// A new session: its name, and what `Set-Cookie` says.
    pub(crate) fn begin(&self, seal: &Seal, scheme: Scheme) -> (String, HeaderValue) {
        let value = secret();
        let name = name_of(seal, &value);
        let mut known = self.lock();
        known.see(name.clone());
        while known.seen.len() > self.most {
            let Some((_, oldest)) = known.order.pop_first() else { break };
            known.seen.remove(&oldest);
        }
        let secure = if scheme == Scheme::Https { "; Secure" } else { "" };
        let line = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}", self.cookie(scheme));
        (name, HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static("")))
    }

    /// Forgets a session.
    pub(crate) fn end(&self, name: &str) {
        let mut known = self.lock();
        if let Some(at) = known.seen.remove(name) {
            known.order.remove(&at);
        }
    }

    fn cookie(&self, scheme: Scheme) -> String {
        match scheme {
            Scheme::Http => self.cookie.clone(),
            // a browser takes this name only from the host itself, over TLS
            Scheme::Https => format!("__Host-{}", self.cookie),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn touch(&mut self, name: &str) -> bool {
        let is_known = self.seen.contains_key(name);
        if is_known {
            self.see(name.to_owned());
        }
        is_known
    }

    fn see(&mut self, name: String) {
        self.now += 1;
        if let Some(before) = self.seen.insert(name.clone(), self.now) {
            self.order.remove(&before);
        }
        self.order.insert(self.now, name);
    }
}

/// A session's name: not its cookie, so that whoever reads a name has nothing to come in with.
fn name_of(seal: &Seal, cookie: &str) -> String {
    seal.of(&["session", cookie])[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;
    use http::{HeaderMap, HeaderValue};

    use super::{Scheme, Sessions};
    use crate::web::seal::Seal;

    fn with(line: &HeaderValue) -> HeaderMap {
        let line = line.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        HeaderMap::from_iter([(
            COOKIE,
            HeaderValue::from_str(&format!("a=b; {line}")).unwrap_or(HeaderValue::from_static("")),
        )])
    }

    #[test]
    fn a_cookie_leads_to_its_session_and_its_name_is_another() {
        let (seal, sessions) = (Seal::new(), Sessions::new(2, 80));
        let (name, line) = sessions.begin(&seal, Scheme::Http);
        assert_eq!(sessions.find(&seal, &with(&line), Scheme::Http), Some(name.clone()));
        assert!(!line.to_str().unwrap_or_default().contains(&name));
        assert_eq!(sessions.find(&seal, &with(&line), Scheme::Https), None);
        sessions.end(&name);
        assert_eq!(sessions.find(&seal, &with(&line), Scheme::Http), None);
    }

    #[test]
    fn the_one_that_was_away_for_the_longest_is_forgotten() {
        let (seal, sessions) = (Seal::new(), Sessions::new(2, 80));
        let [first, second] = [(); 2].map(|()| sessions.begin(&seal, Scheme::Https).1);
        assert!(sessions.find(&seal, &with(&first), Scheme::Https).is_some());
        let (_, third) = sessions.begin(&seal, Scheme::Https);
        let known = [&first, &second, &third].map(|line| sessions.find(&seal, &with(line), Scheme::Https).is_some());
        assert_eq!(known, [true, false, true]);
    }

    #[test]
    fn over_tls_the_cookie_is_secure_and_of_the_host_alone() {
        let (seal, sessions) = (Seal::new(), Sessions::new(2, 80));
        let line = sessions.begin(&seal, Scheme::Https).1;
        let line = line.to_str().unwrap_or_default();
        assert!(
            line.starts_with("__Host-dragline-80=") && line.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure")
        );
    }
}
