//! One connection to a server, signed in: what can be asked of it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dragline_store::Stat;
use rustls::{ClientConfig, RootCertStore};
use suppaftp::tokio::{AsyncRustlsConnector, AsyncRustlsFtpStream, AsyncRustlsStream, TransferStream};
use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpResult, Status};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::address::{Address, Wire};
use crate::facts::{self, Entry};

/// How long a connection may take to come about, and a server to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much is read or sent at a time; each of them is waited for on its own.
const PIECE: usize = 64 << 10;

/// A connection.
pub(crate) struct Session {
    stream: AsyncRustlsFtpStream,
    /// Whether the server knows `MLST` and `MLSD`.
    has_facts: bool,
}

/// A file on its way here, and the connection that it comes by.
pub(crate) struct Incoming {
    file: TransferStream<AsyncRustlsStream>,
    // until the file has come
    _session: Session,
}

/// Waits no longer than a server may take.
async fn within<T>(answer: impl Future<Output = FtpResult<T>>) -> FtpResult<T> {
    let late = || FtpError::ConnectionError(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer"));
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(late()))
}

impl Session {
    /// Connects and signs in.
    pub(crate) async fn begin(address: &Address) -> FtpResult<Self> {
        within(async {
            let wire = TcpStream::connect((&*address.host, address.port)).await.map_err(FtpError::ConnectionError)?;
            wire.set_nodelay(true).map_err(FtpError::ConnectionError)?;
            let mut stream = AsyncRustlsFtpStream::connect_with_stream(wire).await?;
            if address.wire == Wire::Tls {
                stream = stream.into_secure(AsyncRustlsConnector::from(connector()?), &address.host).await?;
            }
            // data comes from the server that was asked, whatever address it gives
            stream.set_passive_nat_workaround(true);
            stream.login(&address.user, &address.password).await?;
            stream.transfer_type(FileType::Binary).await?;
            let features = refused(stream.feat().await)?.unwrap_or_default();
            let knows = |name: &str| features.keys().any(|known| known.eq_ignore_ascii_case(name));
            if knows("UTF8") {
                // some send other letters until they are asked
                refused(stream.opts("UTF8", Some("ON")).await)?;
            }
            Ok(Self { has_facts: knows("MLST"), stream })
        })
        .await
    }

    /// What is known of a file; none of what is none.
    pub(crate) async fn stat(&mut self, path: &str) -> FtpResult<Option<Stat>> {
        if self.has_facts {
            let line = refused(within(self.stream.mlst(Some(path))).await)?;
            return Ok(line.and_then(|line| match facts::of_facts(&line) {
                Entry::Object(_, stat) => Some(stat),
                _ => None,
            }));
        }
        let Some(size) = refused(within(self.stream.size(path)).await)? else { return Ok(None) };
        let modified = refused(within(self.stream.mdtm(path)).await)?;
        let modified = modified.and_then(|time| facts::time(&time.format("%Y%m%d%H%M%S").to_string()));
        Ok(Some(Stat { size: size as u64, modified }))
    }

    /// Reads all of a file that is no longer than a limit; none if it cannot be had.
    pub(crate) async fn get(&mut self, path: &str, limit: u64) -> FtpResult<Option<Vec<u8>>> {
        let Some(file) = refused(within(self.stream.retr_as_stream(path)).await)? else { return Ok(None) };
        let (mut file, mut bytes) = (file, Vec::new());
        while (bytes.len() as u64) <= limit && within(read(&mut file, &mut bytes)).await? > 0 {}
        within(file.finish()).await?;
        Ok(Some(bytes))
    }

    /// Begins to read a file, and has no other use from then on.
    pub(crate) async fn open(mut self, path: &str) -> FtpResult<Option<Incoming>> {
        let file = refused(within(self.stream.retr_as_stream(path)).await)?;
        Ok(file.map(|file| Incoming { file, _session: self }))
    }

    /// Sends all of a body.
    pub(crate) async fn send(&mut self, path: &str, mut body: impl AsyncRead + Unpin) -> FtpResult<()> {
        let mut file = within(self.stream.put_with_stream(path)).await?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = body.read(&mut piece).await.map_err(FtpError::ConnectionError)?;
            if read == 0 {
                break;
            }
            within(async { file.write_all(&piece[..read]).await.map_err(FtpError::ConnectionError) }).await?;
        }
        within(file.finish()).await
    }

    /// Gives a file another name: one that no other has, on servers that replace nothing.
    pub(crate) async fn rename(&mut self, from: &str, to: &str) -> FtpResult<()> {
        within(self.stream.rename(from, to)).await
    }

    /// Removes a file; says whether the server did.
    pub(crate) async fn remove(&mut self, path: &str) -> FtpResult<bool> {
        Ok(refused(within(self.stream.rm(path)).await)?.is_some())
    }

    /// Makes a folder and those that it lies in. That they are there is no error, and that they are not will be told by
    /// what is put there.
    pub(crate) async fn make_folder(&mut self, path: &str) -> FtpResult<()> {
        for (at, _) in path.match_indices('/').skip(1).chain([(path.len(), "")]) {
            if at > 0 {
                refused(within(self.stream.mkdir(&path[..at])).await)?;
            }
        }
        Ok(())
    }

    /// What is in a folder; nothing if it cannot be read.
    pub(crate) async fn list(&mut self, path: &str) -> FtpResult<Vec<Entry>> {
        let path = if path.is_empty() { "/" } else { path };
        if self.has_facts {
            let lines = refused(within(self.stream.mlsd(Some(path))).await)?.unwrap_or_default();
            return Ok(lines.iter().map(|line| facts::of_facts(line)).collect());
        }
        // `LIST` of a file is a list with the file in it: only a folder can be gone into
        if refused(within(self.stream.cwd(path)).await)?.is_none() {
            return Ok(Vec::new());
        }
        let lines = refused(within(self.stream.list(None)).await)?.unwrap_or_default();
        Ok(lines.iter().map(|line| facts::of_line(line)).collect())
    }
}

impl Incoming {
    /// The next piece; none at the end, when the server has said that it was all.
    pub(crate) async fn next(mut self) -> FtpResult<Option<(Bytes, Self)>> {
        let mut piece = Vec::new();
        while piece.len() < 16 * PIECE && within(read(&mut self.file, &mut piece)).await? > 0 {}
        if piece.is_empty() {
            within(self.file.finish()).await?;
            return Ok(None);
        }
        Ok(Some((piece.into(), self)))
    }
}

async fn read(file: &mut TransferStream<AsyncRustlsStream>, bytes: &mut Vec<u8>) -> FtpResult<usize> {
    file.take(PIECE as u64).read_to_end(bytes).await.map_err(FtpError::ConnectionError)
}

/// None of what a server refuses because there is nothing, or because it does not know how.
fn refused<T>(answer: FtpResult<T>) -> FtpResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(FtpError::UnexpectedResponse(response))
            if matches!(
                response.status,
                Status::FileUnavailable
                    | Status::BadFilename
                    | Status::BadCommand
                    | Status::BadArguments
                    | Status::NotImplemented
                    | Status::NotImplementedParameter
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// TLS with Mozilla's roots.
fn connector() -> FtpResult<tokio_rustls::TlsConnector> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| FtpError::SecureError(error.to_string()))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()).into())
}
