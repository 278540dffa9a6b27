//! A DNS server for tests: it says what a test wants it to say, and counts what it is asked. Only what is needed of
//! RFC 1035: one question, answers of types A, AAAA and CNAME, by UDP and TCP.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};

/// What the server says of a name.
#[derive(Debug, Clone)]
pub enum Told {
    /// Its addresses of whichever family is asked for, and for how many seconds that holds.
    At(Vec<IpAddr>, u32),
    /// Its addresses of the one family, and no answer about the other.
    Half(Vec<IpAddr>),
    /// Another name for it.
    Alias(String),
    /// NXDOMAIN.
    Nothing,
    /// SERVFAIL.
    Fails,
    /// No answer.
    Silence,
}

/// For how often a name was asked for, by name and type.
type Counts = Arc<Mutex<BTreeMap<(String, &'static str), usize>>>;

/// The running server, on port 53 of every address of IPv4. It runs for as long as the process.
#[derive(Debug)]
pub struct NameServer {
    counts: Counts,
}

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;
/// Longer answers go by TCP (RFC 1035, section 4.2.1).
const DATAGRAM: usize = 512;

impl NameServer {
    /// Starts it. It is asked with the name, and the number of times that this name and type were asked for before.
    #[must_use]
    pub fn start(told: impl Fn(&str, usize) -> Told + Send + Sync + 'static) -> Self {
        let (told, counts) = (Arc::new(told), Counts::default());
        let datagrams = UdpSocket::bind("0.0.0.0:53").expect("the port of DNS");
        let streams = TcpListener::bind("0.0.0.0:53").expect("the port of DNS");
        let (by_udp, counted) = (told.clone(), counts.clone());
        std::thread::spawn(move || {
            let mut question = [0; 1500];
            while let Ok((length, client)) = datagrams.recv_from(&mut question) {
                if let Some(mut answer) = answer(&question[..length], &counted, &*by_udp) {
                    if answer.len() > DATAGRAM {
                        answer.truncate(length);
                        // truncated: ask again by TCP
                        answer[2] |= 2;
                        answer[6..8].fill(0);
                    }
                    let _ = datagrams.send_to(&answer, client);
                }
            }
        });
        let (by_tcp, uncounted) = (told, Counts::default());
        std::thread::spawn(move || {
            for mut stream in streams.incoming().flatten() {
                let mut length = [0; 2];
                while stream.read_exact(&mut length).is_ok() {
                    let mut question = vec![0; u16::from_be_bytes(length).into()];
                    let Ok(()) = stream.read_exact(&mut question) else { break };
                    let Some(answer) = answer(&question, &uncounted, &*by_tcp) else { break };
                    let length = u16::try_from(answer.len()).expect("at most 64 KiB").to_be_bytes();
                    let _ = stream.write_all(&[&length, &answer[..]].concat());
                }
            }
        });
        Self { counts }
    }

    /// How often it was asked for a name by UDP: for addresses of IPv4 and of IPv6.
    #[must_use]
    pub fn asked(&self, name: &str) -> (usize, usize) {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |kind| counts.get(&(name.to_owned(), kind)).copied().unwrap_or(0);
        (count("A"), count("AAAA"))
    }
}

fn answer(question: &[u8], counts: &Counts, told: &dyn Fn(&str, usize) -> Told) -> Option<Vec<u8>> {
    let (name, end) = name(question)?;
    let kind = u16::from_be_bytes([*question.get(end)?, *question.get(end + 1)?]);
    let before = {
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let label = if kind == A {
            "A"
        } else if kind == AAAA {
            "AAAA"
        } else {
            "other"
        };
        let count = counts.entry((name.clone(), label)).or_default();
        *count += 1;
        *count - 1
    };
    let records = |addresses: Vec<IpAddr>, seconds: u32| -> Vec<(u16, u32, Vec<u8>)> {
        let record = |address: &IpAddr| match (kind, address) {
            (A, IpAddr::V4(address)) => Some((A, seconds, address.octets().to_vec())),
            (AAAA, IpAddr::V6(address)) => Some((AAAA, seconds, address.octets().to_vec())),
            _ => None,
        };
        addresses.iter().filter_map(record).collect()
    };
    let (records, code) = match told(&name, before) {
        Told::At(addresses, seconds) => (records(addresses, seconds), 0),
        Told::Half(addresses) => match records(addresses, 60) {
            none if none.is_empty() => return None,
            some => (some, 0),
        },
        Told::Alias(other) => (vec![(CNAME, 60, labels(&other))], 0),
        Told::Nothing => (Vec::new(), 3),
        Told::Fails => (Vec::new(), 2),
        Told::Silence => return None,
    };
    let mut answer = question.get(..end + 4)?.to_vec();
    // an answer, recursion wanted and had; no records but those that answer
    (answer[2], answer[3]) = (0x81, 0x80 | code);
    answer[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
    answer[6..8].copy_from_slice(&u16::try_from(records.len()).expect("few records").to_be_bytes());
    for (kind, seconds, data) in records {
        // the question's name, of class IN
        answer.extend([0xc0, 12]);
        answer.extend(kind.to_be_bytes().into_iter().chain([0, 1]).chain(seconds.to_be_bytes()));
        answer.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
        answer.extend(data);
    }
    Some(answer)
}

/// The name of the question, in small letters, and where it ends.
fn name(question: &[u8]) -> Option<(String, usize)> {
    let (mut parts, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            return Some((parts.join("."), at));
        }
        parts.push(String::from_utf8_lossy(question.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
}

fn labels(name: &str) -> Vec<u8> {
    let label = |label: &str| [&[u8::try_from(label.len()).expect("short")], label.as_bytes()].concat();
    name.split('.').flat_map(label).chain([0]).collect()
}
