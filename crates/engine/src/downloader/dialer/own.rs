//! Dragline's own questions: both families at once, and neither waits long for the other.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::RecordType;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::NameError;
use crate::downloader::explain::of_system;
use crate::message::FailureKind;

/// How long the other family is waited for once there are addresses of the one (RFC 8305, section 3). There are servers
/// that say nothing when they are asked for the other.
const OTHER: Duration = Duration::from_millis(50);

/// Whoever is asked.
pub(super) struct Own {
    pub(super) resolver: TokioResolver,
    /// Where it asks.
    pub(super) servers: Vec<SocketAddr>,
}

type Found = Result<Vec<IpAddr>, NetError>;

/// The addresses of a name, of IPv6 and IPv4.
pub(super) async fn addresses(own: &Own, name: &str) -> Result<Vec<IpAddr>, NameError> {
    // a name with a dot in it is whole, and no search list is tried for it
    let whole = if name.contains('.') && !name.ends_with('.') { format!("{name}.") } else { name.to_owned() };
    let (mut v4, mut v6) = (ask(own, &whole, RecordType::A), ask(own, &whole, RecordType::AAAA));
    let (first, other) = tokio::select! {
        found = &mut v4 => (read(found), v6),
        found = &mut v6 => (read(found), v4),
    };
    let has_some = first.as_ref().is_ok_and(|found| !found.is_empty());
    let other = match has_some {
        // an answer that comes later is kept for the next who asks
        true => timeout(OTHER, other).await.map_or_else(|_| Ok(Vec::new()), read),
        false => read(other.await),
    };
    match (first, other) {
        (Ok(first), Ok(other)) => Ok([first, other].concat()),
        (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.is_empty() => Ok(found),
        // one error tells enough: a name that is not there has neither (RFC 8020)
        (Err(error), Err(other)) => Err(explain(own, name, if other.is_nx_domain() { other } else { error }).await),
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => Err(explain(own, name, error).await),
    }
}

/// Goes on if nobody waits for it any more.
fn ask(own: &Own, name: &str, kind: RecordType) -> JoinHandle<Found> {
    let (resolver, name) = (own.resolver.clone(), name.to_owned());
    tokio::spawn(async move {
        match resolver.lookup(name, kind).await {
            Ok(found) => Ok(found.answers().iter().filter_map(|record| record.data.ip_addr()).collect()),
            // there is such a name, without such an address
            Err(error) if error.is_no_records_found() && !error.is_nx_domain() && !is_servfail(&error) => {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    })
}

fn read(found: Result<Found, tokio::task::JoinError>) -> Found {
    found.unwrap_or_else(|error| Err(NetError::from(std::io::Error::other(error))))
}

fn is_servfail(error: &NetError) -> bool {
    error.to_string().contains("SERVFAIL")
}

async fn explain(own: &Own, name: &str, error: NetError) -> NameError {
    let name = name.to_owned();
    if error.is_nx_domain() {
        return NameError::Unknown(name);
    }
    let kind = match &error {
        NetError::Io(_) | NetError::NoConnections => lack(&own.servers, &error).await,
        _ => FailureKind::DnsTemporary,
    };
    NameError::Temporary { kind, name, why: error.to_string() }
}

/// What this machine lacks if no server could be asked. The resolver keeps that to itself, so the way to a server is tried
/// once more; nothing is sent on it.
async fn lack(servers: &[SocketAddr], error: &NetError) -> FailureKind {
    let mut lack = None;
    for server in servers {
        let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let tried = match UdpSocket::bind(any).await {
            Ok(socket) => socket.connect(server).await,
            Err(error) => Err(error),
        };
        match tried {
            // there is a way now, and there was no socket then
            Ok(()) if matches!(error, NetError::NoConnections) => return FailureKind::NoSockets,
            Ok(()) => return FailureKind::DnsTemporary,
            Err(error) => lack = lack.or(of_system(&error)),
        }
    }
    lack.unwrap_or(FailureKind::DnsTemporary)
}
