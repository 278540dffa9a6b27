//! Who a host of the TLS listener says it is, by the name that the client asks for: mostly itself, sometimes wrongly.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{CertifiedIssuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;

use crate::authority::{authority, config, leaf, signing};
use crate::faults::h2;

/// What goes wrong before a request can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Expired,
    NotYet,
    SelfSigned,
    WrongHost,
    UntrustedRoot,
    IncompleteChain,
    ManyNames,
    Stall,
    Garbage,
    Reset,
}

/// The labels of hosts, and what is wrong with them.
pub(crate) const HOSTS: [(&str, &str, Fault); 10] = [
    ("expired", "the certificate ended in 2001", Fault::Expired),
    ("not-yet", "the certificate begins in 2999", Fault::NotYet),
    ("self-signed", "the certificate is signed by itself", Fault::SelfSigned),
    ("wrong-host", "the certificate is for another name", Fault::WrongHost),
    ("untrusted-root", "the certificate is signed by an authority that nobody knows", Fault::UntrustedRoot),
    ("incomplete-chain", "the certificate between the root's and the host's is missing", Fault::IncompleteChain),
    (
        "many-sans",
        "the certificate is for 10,000 names, of which one is right; many-sans-500: for 500",
        Fault::ManyNames,
    ),
    ("tls-stall", "the handshake is never answered", Fault::Stall),
    ("tls-garbage", "the handshake is answered with what is no TLS", Fault::Garbage),
    ("tls-reset", "the handshake is answered with RST", Fault::Reset),
];

/// How many names the certificate with many names has, if its label does not say, and at most.
const MANY: usize = 10_000;

/// For how many names an identity is kept; beyond it they are made anew.
const MAX_KEPT: usize = 1_000;

/// What is wrong with a host, by its first label, which may go on after a hyphen.
pub(crate) fn fault(name: &str) -> Option<Fault> {
    HOSTS.iter().find(|(label, ..)| has_label(name, label)).map(|(.., fault)| *fault)
}

/// Whether a name's first label is this one, or begins with it and a hyphen.
pub(crate) fn has_label(name: &str, label: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    first.strip_prefix(label).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Makes a host's identity when it is first asked for.
pub(crate) struct Identities {
    root: CertifiedIssuer<'static, KeyPair>,
    unknown: CertifiedIssuer<'static, KeyPair>,
    between: CertifiedIssuer<'static, KeyPair>,
    /// One key for all hosts: what is tested is what the certificates say.
    key: KeyPair,
    made: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl Identities {
    pub(crate) fn new() -> io::Result<Self> {
        let root = authority("Dragline faults")?;
        let key = || KeyPair::generate().map_err(io::Error::other);
        let between = CertifiedIssuer::signed_by(signing("Dragline faults, between"), key()?, &root);
        Ok(Self {
            unknown: authority("Unknown to all")?,
            between: between.map_err(io::Error::other)?,
            key: key()?,
            made: Mutex::default(),
            root,
        })
    }

    /// The root's certificate as PEM.
    pub(crate) fn root(&self) -> String {
        self.root.pem()
    }

    /// The identity of the host with this name; a client that names none gets one for this machine.
    pub(crate) fn of(&self, name: Option<&str>) -> io::Result<Arc<ServerConfig>> {
        let name = name.unwrap_or_default();
        let kept = |made: &HashMap<String, Arc<ServerConfig>>| made.get(name).cloned();
        if let Some(config) = kept(&self.made.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(config);
        }
        let config = self.make(name)?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() >= MAX_KEPT {
            made.clear();
        }
        made.insert(name.to_owned(), config.clone());
        Ok(config)
    }

    fn make(&self, name: &str) -> io::Result<Arc<ServerConfig>> {
        let fault = fault(name);
        let names = match fault {
            _ if name.is_empty() => ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec(),
            Some(Fault::WrongHost) => vec!["another-host.localhost".to_owned()],
            Some(Fault::ManyNames) => {
                let label = name.split('.').next().unwrap_or_default();
                let many = label.rsplit('-').next().and_then(|count| count.parse().ok()).unwrap_or(MANY).min(MANY);
                let others = (1..many).map(|number| format!("name-{number}.localhost"));
                others.chain([name.to_owned()]).collect()
            }
            _ => vec![name.to_owned()],
        };
        let mut says = leaf(names)?;
        match fault {
            Some(Fault::Expired) => {
                (says.not_before, says.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1));
            }
            Some(Fault::NotYet) => says.not_before = date_time_ymd(2999, 1, 1),
            _ => {}
        }
        let signed = match fault {
            Some(Fault::SelfSigned) => says.self_signed(&self.key),
            Some(Fault::UntrustedRoot) => says.signed_by(&self.key, &self.unknown),
            Some(Fault::IncompleteChain) => says.signed_by(&self.key, &self.between),
            _ => says.signed_by(&self.key, &self.root),
        };
        let protocol = if h2::of_host(name).is_some() { "h2" } else { "http/1.1" };
        config(&signed.map_err(io::Error::other)?, &self.key, &[protocol])
    }
}
