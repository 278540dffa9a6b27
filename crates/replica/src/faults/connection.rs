//! One connection: reads requests, finds their scripts, plays them. Stops as soon as the client has left.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::faults::asked::{Request, Site};
use crate::faults::request;
use crate::faults::scenario;
use crate::faults::script::{End, Reply, Script, Step};
use crate::log::Log;

/// What is repeated without a pause goes out in pieces of about so many bytes.
const PIECE: usize = 64 * 1024;

/// How much a client may send ahead while it is being answered.
const MAX_AHEAD: usize = 1024 * 1024;

/// How long what was sent is left to the kernel before a connection is torn down, which forgets what is on its way.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// A client and what it has sent that was not looked at yet.
pub(crate) struct Connection<S> {
    pub(crate) stream: S,
    pub(crate) buffer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Answers requests until the connection is to end, and says how. An error means that the client has left.
    pub(crate) async fn serve(&mut self, site: &Site, log: &Arc<Log>, secure: bool) -> io::Result<End> {
        loop {
            let mut request = Request::default();
            let Some(length) = request::read_head(self, &mut request).await? else { return Ok(End::Close) };
            let turn = log.begin(request.host());
            let script = match request::read_body(self, length, &mut request).await {
                Ok(()) => {
                    self.pause(site.latency).await?;
                    scenario::play(&request, site, secure)
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    Reply::text(400, format!("{error}\n")).script(false).ending(End::Close)
                }
                Err(error) => return Err(error),
            };
            let method = Method::from_bytes(request.method.as_bytes()).unwrap_or_default();
            let status = StatusCode::from_u16(script.status).unwrap_or_default();
            log.answered(&turn, &method, request.host(), &request.target, status);
            match self.play(script).await? {
                End::Keep if !request.last => {}
                End::Keep => return Ok(End::Close),
                End::Hold => return self.gone().await,
                End::Reset => {
                    self.pause(BEFORE_RESET).await?;
                    return Ok(End::Reset);
                }
                end => return Ok(end),
            }
        }
    }

    async fn play(&mut self, script: Script) -> io::Result<End> {
        for step in script.steps {
            match step {
                Step::Send(bytes) => self.send(&bytes).await?,
                Step::Drip { bytes, every } => {
                    for byte in bytes.chunks(1) {
                        self.pause(every).await?;
                        self.send(byte).await?;
                    }
                }
                Step::Repeat { bytes, times, every } => self.repeat(&bytes, times, every).await?,
                Step::Make(pieces) => {
                    for piece in pieces {
                        self.send(&piece).await?;
                    }
                }
                Step::Wait(time) => self.pause(time).await?,
            }
        }
        Ok(script.end)
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    async fn repeat(&mut self, bytes: &Bytes, times: u64, every: Duration) -> io::Result<()> {
        let at_once = if every.is_zero() { (PIECE / bytes.len().max(1)).max(1) } else { 1 };
        let at_once = at_once.min(usize::try_from(times).unwrap_or(usize::MAX));
        let piece = bytes.repeat(at_once);
        let mut left = times;
        while left > 0 {
            self.pause(every).await?;
            let now = left.min(at_once as u64);
            self.send(&piece[..now as usize * bytes.len()]).await?;
            left -= if times == u64::MAX { 0 } else { now };
        }
        Ok(())
    }

    /// Waits, and is an error if the client leaves meanwhile.
    async fn pause(&mut self, time: Duration) -> io::Result<()> {
        if time.is_zero() {
            return Ok(());
        }
        let end = tokio::time::sleep(time);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                read = self.stream.read_buf(&mut self.buffer), if self.buffer.len() < MAX_AHEAD => {
                    if read? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    }

    /// Waits until the client leaves.
    async fn gone(&mut self) -> io::Result<End> {
        leaving(&mut self.stream).await;
        Ok(End::Close)
    }
}

/// Waits until the other side has closed, or failed.
pub(crate) async fn leaving(stream: &mut (impl AsyncRead + Unpin)) {
    let mut unread = [0; 4096];
    while stream.read(&mut unread).await.is_ok_and(|read| read > 0) {}
}
