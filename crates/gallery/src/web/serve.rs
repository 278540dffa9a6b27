//! Connections: how many, and how long they may take.
//!
//! A head has its time and its length, a body both (`guard`), and an answer is written as long as somebody reads it:
//! whoever stops for a while is cut off, and what made the answer is dropped with it.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Sleep, sleep};

use super::App;
use super::guard::{Ends, answer};

/// How long answers that are under way may take to end.
const GRACE: Duration = Duration::from_millis(800);

/// Answers until `stop` comes to its end.
pub(super) async fn serve(listener: TcpListener, router: Router, app: Arc<App>, stop: impl Future<Output = ()>) {
    let settings = app.scans.settings();
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(settings.head_timeout);
    builder.max_buf_size(usize::try_from(settings.max_head.as_u64()).unwrap_or(usize::MAX));
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(settings.connections));
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            // those for whom there is no room wait in the system's own queue
            accepted = accept(&listener, &room) => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, ends, place)) = accepted else {
            // no file descriptor left: those that are out come back
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (app, router) = (app.clone(), router.clone());
        let io = TokioIo::new(Patient::new(stream, settings.idle_timeout));
        let service = service_fn(move |request| {
            let (app, router) = (app.clone(), router.clone());
            async move { Ok::<_, Infallible>(answer(&app, router, ends, request).await) }
        });
        let connection = graceful.watch(builder.serve_connection(io, service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a visitor's connection ended");
            }
            drop(place);
        });
    }
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, Ends, tokio::sync::OwnedSemaphorePermit)> {
    let place = room.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // small events go out at once
    stream.set_nodelay(true)?;
    let ends = Ends { reached: stream.local_addr()?, peer };
    Ok((stream, ends, place))
}

/// A connection that ends if what is written stays unread for too long. How long there is nothing to write says nothing
/// about the visitor.
struct Patient {
    stream: TcpStream,
    patience: Duration,
    /// Since something could not be written.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn new(stream: TcpStream, patience: Duration) -> Self {
        Self { stream, patience, stuck: None }
    }

    /// A write was tried.
    fn wait<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let patience = self.patience;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stuck.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the visitor does not read")))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wait(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.wait(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::{Duration, Instant};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::Patient;

    const PATIENCE: Duration = Duration::from_millis(400);

    async fn pair() -> io::Result<(TcpStream, TcpStream)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let reader = TcpStream::connect(listener.local_addr()?).await?;
        Ok((listener.accept().await?.0, reader))
    }

    #[tokio::test]
    async fn w11_who_stops_reading_is_cut_off() -> io::Result<()> {
        let (writer, _reader) = pair().await?;
        let mut writer = Patient::new(writer, PATIENCE);
        let begin = Instant::now();
        let written = writer.write_all(&vec![0; 64 << 20]).await;
        assert_eq!(written.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
        assert!(begin.elapsed() >= PATIENCE);
        Ok(())
    }

    #[tokio::test]
    async fn w11_who_reads_slowly_has_all_of_it() -> io::Result<()> {
        let (writer, mut reader) = pair().await?;
        let whole = vec![0; 24 << 20];
        let length = whole.len();
        let sent = tokio::spawn(async move { Patient::new(writer, PATIENCE).write_all(&whole).await });
        let (mut read, begin) = (0, Instant::now());
        let mut piece = vec![0; 1 << 20];
        while read < length {
            read += reader.read(&mut piece).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sent.await??;
        assert!(begin.elapsed() > PATIENCE, "it took longer than anything may stand still");
        Ok(())
    }
}
