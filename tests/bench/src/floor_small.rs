//! Asks one host for many small pages and reads nothing: `floor-small URL COUNT`.

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;
use tokio::task::JoinSet;

/// Asks one host for many small pages, so many at once.
#[derive(Parser)]
struct Arguments {
    /// The page; a number is added to it
    url: String,
    /// How many
    count: usize,
    /// Requests at once
    #[arg(long, default_value = "8")]
    tasks: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    dragline_bench::run(NonZeroUsize::MIN, ask(arguments))
}

async fn ask(Arguments { url, count, tasks }: Arguments) -> anyhow::Result<()> {
    let (client, next, url) = (reqwest::Client::new(), Arc::new(AtomicUsize::new(0)), Arc::new(url));
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let (client, next, url) = (client.clone(), next.clone(), url.clone());
        running.spawn(async move {
            let mut bytes = 0;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(bytes);
                }
                let response = client.get(format!("{url}?n={number}")).send().await?.error_for_status()?;
                bytes += response.bytes().await?.len();
            }
        });
    }
    let mut bytes = 0;
    while let Some(task) = running.join_next().await {
        bytes += task??;
    }
    writeln!(std::io::stdout(), "{count} pages, {bytes} bytes")?;
    Ok(())
}
