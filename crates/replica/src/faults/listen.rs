//! Takes connections, plain and TLS, and closes them as their last script says.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::server::Acceptor;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;

use crate::faults::asked::Site;
use crate::faults::connection::{Connection, leaving};
use crate::faults::h2;
use crate::faults::script::End;
use crate::faults::tls::{self, Fault, Identities};
use crate::log::Log;
use crate::running::AFTER_FAILED_ACCEPT;

/// How long a closed connection may go on to send what nobody reads. Without it what is still unread makes RST of FIN.
const LINGER: Duration = Duration::from_secs(2);

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) site: Site,
    pub(crate) log: Arc<Log>,
    pub(crate) identities: Identities,
}

/// Serves both listeners for good.
pub(crate) async fn serve(http: TcpListener, https: TcpListener, shared: Arc<Shared>) -> Infallible {
    loop {
        let (accepted, secure) = tokio::select! {
            accepted = http.accept() => (accepted, false),
            accepted = https.accept() => (accepted, true),
        };
        let Ok((mut socket, _)) = accepted else {
            tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
            continue;
        };
        // Drips are to go out byte by byte; its failure costs only that.
        let _ = socket.set_nodelay(true);
        shared.log.connected();
        let shared = shared.clone();
        tokio::spawn(async move {
            let served = match secure {
                true => encrypted(&mut socket, &shared).await,
                false => Connection::new(&mut socket).serve(&shared.site, &shared.log, false).await,
            };
            // An error is a client that has left: there is nobody to close for.
            if let Ok(end) = served {
                close(socket, end).await;
            }
        });
    }
}

async fn encrypted(socket: &mut TcpStream, shared: &Shared) -> io::Result<End> {
    let hello = LazyConfigAcceptor::new(Acceptor::default(), &mut *socket).await?;
    let name = hello.client_hello().server_name().map(str::to_ascii_lowercase);
    match name.as_deref().and_then(tls::fault) {
        Some(Fault::Stall) => {
            leaving(socket).await;
            return Ok(End::Close);
        }
        Some(Fault::Garbage) => {
            socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\nThis port does not know TLS.\n").await?;
            return Ok(End::Close);
        }
        Some(Fault::Reset) => return Ok(End::Reset),
        _ => {}
    }
    let config = shared.identities.of(name.as_deref())?;
    let mut stream = hello.into_stream(config).await?;
    let end = match name.as_deref().and_then(|name| Some((name, h2::of_host(name)?))) {
        Some((name, fault)) => h2::serve(&mut stream, fault, name, &shared.log).await?,
        None => Connection::new(&mut stream).serve(&shared.site, &shared.log, true).await?,
    };
    if end == End::Close {
        stream.shutdown().await?;
    }
    Ok(end)
}

async fn close(mut socket: TcpStream, end: End) {
    if end == End::Reset {
        // Its failure leaves FIN in the place of RST, which nothing here can mend.
        let _ = socket.set_zero_linger();
        return;
    }
    if socket.shutdown().await.is_ok() {
        let _ = tokio::time::timeout(LINGER, leaving(&mut socket)).await;
    }
}
