//! The thread on which a site serves, and its end.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

/// How long to wait after a failed `accept`, which fails for want of file descriptors.
pub(crate) const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(10);

/// A thread with a runtime of its own; both end, with all tasks, when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    /// Set until it is stopped.
    thread: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Running {
    /// `prepare` runs at once and inside the runtime, so that what it cannot have is an error here; what it makes runs on
    /// the thread.
    pub(crate) fn start<F>(name: &str, prepare: impl FnOnce() -> io::Result<F>) -> io::Result<Self>
    where
        F: Future<Output = Infallible> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serving = {
            let _inside = runtime.enter();
            prepare()?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    never = serving => match never {},
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { thread: Some((stop, thread)) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            // An error of either means that the thread has ended already, which is what is wanted.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

/// A socket that listens, ready for a runtime, and its address with the port that it got.
pub(crate) fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
