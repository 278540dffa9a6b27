//! The frontier alone, in memory or as a job on disk: what a submit costs, what a lease and a settlement cost, and how
//! long any call made its caller wait.
//!
//! `frontier [--job DIR] [--order depth-first|breadth-first] pairs N`: N submits of which a tenth are known, then N
//! leases and settlements of 100, each 100 with 100 children. `… grow FROM TO`: the cost of a request with FROM and with
//! TO queued. `… large QUEUED SEEN`: memory, and the time to open it again, which `… open` does alone.

#![expect(clippy::print_stdout, reason = "a program that prints figures")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use dragline::frontier::{Disk, Frontier, Memory, Order, Outcome, Pace, Settings, Settlement, Want, disk};
use dragline::message::Request;

struct Bench {
    frontier: Arc<dyn Frontier>,
    job: Option<PathBuf>,
    order: Order,
    worst: Duration,
}

fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut flag = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.remove(at);
        Some(arguments.remove(at))
    };
    let job = flag("--job").map(PathBuf::from);
    let order = match flag("--order").as_deref() {
        Some("breadth-first") => Order::BreadthFirst,
        _ => Order::DepthFirst,
    };
    let number =
        |at: usize| -> Result<u64> { Ok(arguments.get(at).context("a number is missing")?.replace('_', "").parse()?) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let begin = Instant::now();
        let mut bench = Bench { frontier: open(job.as_ref(), order).await?, job, order, worst: Duration::ZERO };
        match arguments.first().map(String::as_str) {
            Some("pairs") => bench.pairs(number(1)?).await,
            Some("grow") => bench.grow(number(1)?, number(2)?).await,
            Some("open") => bench.opened(begin).await,
            Some("large") => bench.large(number(1)?, number(2)?).await,
            _ => bail!("pairs N, grow FROM TO, large QUEUED SEEN or open"),
        }
    })
}

async fn open(job: Option<&PathBuf>, order: Order) -> Result<Arc<dyn Frontier>> {
    let frontier: Arc<dyn Frontier> = match job {
        Some(folder) => Arc::new(Disk::new(disk::Options {
            folder: folder.clone(),
            spider: "bench".to_owned(),
            settings: Settings { order, ..Settings::default() },
            patience: Duration::ZERO,
        })),
        None => Arc::new(Memory::new(order, 7)),
    };
    frontier.open().await?;
    Ok(frontier)
}

fn wish(number: u64) -> Request {
    let url = format!("http://host-{}.example/articles/{number}?page={}", number % 100, number % 7);
    let mut wish = Request::get(url.parse().unwrap_or_else(|_| unreachable!("a URL")));
    wish.step = dragline::message::Sealed(bytes::Bytes::from_static(b"\"Page\""));
    wish
}

impl Bench {
    async fn pairs(&mut self, count: u64) -> Result<()> {
        let (begin, cpu) = (Instant::now(), cpu()?);
        // a tenth comes twice
        let mut next = 0;
        while next < count {
            let batch: Vec<Request> =
                (next..(next + 1000).min(count)).map(|n| wish(if n % 10 == 9 { n - 5 } else { n })).collect();
            next += 1000;
            self.submit(batch).await?;
        }
        self.wait().await?;
        report("submit", count, begin, cpu)?;
        println!("  worst call {:.1} ms", self.worst.as_secs_f64() * 1000.0);
        self.worst = Duration::ZERO;
        let (begin, cpu) = (Instant::now(), self::cpu()?);
        self.turn_over(count, 10 * count).await?;
        self.wait().await?;
        report("lease, settle, child", count, begin, cpu)?;
        println!("  worst call {:.1} ms", self.worst.as_secs_f64() * 1000.0);
        self.close().await
    }

    async fn grow(&mut self, from: u64, to: u64) -> Result<()> {
        let pairs = 200_000;
        let mut queued = 0;
        for size in [from, to] {
            while queued < size {
                self.submit((queued..queued + 1000).map(wish).collect()).await?;
                queued += 1000;
            }
            self.wait().await?;
            let (begin, cpu) = (Instant::now(), cpu()?);
            self.turn_over(pairs, 1_000_000_000 + size * 10).await?;
            self.wait().await?;
            report(&format!("with {size} queued"), pairs, begin, cpu)?;
        }
        self.close().await
    }

    async fn large(&mut self, queued: u64, seen: u64) -> Result<()> {
        let begin = Instant::now();
        for thousand in 0..queued / 1000 {
            self.submit((thousand * 1000..(thousand + 1) * 1000).map(wish).collect()).await?;
        }
        // seen, and done: they go as fast as they come
        for thousand in 0..(seen - queued) / 1000 {
            let wishes = (0..1000).map(|n| wish(queued + thousand * 1000 + n).priority(1)).collect();
            self.submit(wishes).await?;
            self.settle_all_of_priority(1000).await?;
        }
        self.wait().await?;
        println!("filled in {:.0} s, peak {} MiB", begin.elapsed().as_secs_f64(), memory("VmHWM:")? / 1024);
        self.close().await?;
        let Some(job) = self.job.clone() else { return Ok(()) };
        self.frontier = Arc::new(Memory::new(self.order, 0));
        println!("closed, {} MiB left", memory("VmRSS:")? / 1024);
        let begin = Instant::now();
        self.frontier = open(Some(&job), self.order).await?;
        self.opened(begin).await
    }

    /// What it took to open.
    async fn opened(&self, begin: Instant) -> Result<()> {
        let progress = self.frontier.progress().await?;
        println!(
            "opened in {:.2} s, {} queued, resident {} MiB",
            begin.elapsed().as_secs_f64(),
            progress.pending,
            memory("VmRSS:")? / 1024
        );
        self.close().await
    }

    async fn submit(&mut self, wishes: Vec<Request>) -> Result<()> {
        let begin = Instant::now();
        self.frontier.submit(wishes).await?;
        self.worst = self.worst.max(begin.elapsed());
        self.keep_up().await
    }

    /// Leases and settles so many, each hundred with a hundred children.
    async fn turn_over(&mut self, count: u64, first_child: u64) -> Result<()> {
        let mut done = 0;
        while done < count {
            let begin = Instant::now();
            let leases = self.frontier.lease(Want { hosts: 1, requests: 100, refill: Vec::new() }).await?;
            self.worst = self.worst.max(begin.elapsed());
            let Some(lease) = leases.into_iter().next() else { bail!("nothing to lease") };
            let children = lease.requests.len() as u64;
            let mut children: Vec<Request> = (0..children).map(|n| wish(first_child + done + n)).collect();
            done += lease.requests.len() as u64;
            let batch = (lease.requests.iter())
                .map(|leased| Settlement {
                    lease: lease.id,
                    request: leased.id,
                    outcome: Outcome::Done,
                    children: std::mem::take(&mut children),
                    records: Vec::new(),
                    counts: Vec::new(),
                })
                .collect();
            let begin = Instant::now();
            self.frontier.settle(batch).await?;
            self.frontier.release(lease.id, Pace::default()).await?;
            self.worst = self.worst.max(begin.elapsed());
            self.keep_up().await?;
        }
        Ok(())
    }

    async fn settle_all_of_priority(&mut self, count: usize) -> Result<()> {
        let mut left = count;
        while left > 0 {
            let leases = self.frontier.lease(Want { hosts: 100, requests: 10, refill: Vec::new() }).await?;
            for lease in leases {
                let settle = |id| Settlement {
                    lease: lease.id,
                    request: id,
                    outcome: Outcome::Done,
                    children: Vec::new(),
                    records: Vec::new(),
                    counts: Vec::new(),
                };
                let mine: Vec<_> = lease.requests.iter().filter(|leased| leased.request.priority == 1).collect();
                left -= mine.len().min(left);
                self.frontier.settle(mine.into_iter().map(|leased| settle(leased.id)).collect()).await?;
                self.frontier.release(lease.id, Pace::default()).await?;
            }
        }
        self.keep_up().await
    }

    /// Waits as the engine does, where the disk is behind.
    async fn keep_up(&self) -> Result<()> {
        while self.frontier.is_behind() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn wait(&self) -> Result<()> {
        Ok(self.frontier.flush().await?)
    }

    async fn close(&self) -> Result<()> {
        Ok(self.frontier.close("finished").await?)
    }
}

fn report(what: &str, count: u64, begin: Instant, before: f64) -> Result<()> {
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let each = |seconds: f64| seconds * 1e6 / count as f64;
    let (wall, cpu) = (begin.elapsed().as_secs_f64(), cpu()? - before);
    println!("{what}: {:.2} µs of CPU, {:.2} µs of time each", each(cpu), each(wall));
    Ok(())
}

/// Seconds of CPU of all threads of this process so far.
fn cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}

/// A line of the process's status, in KiB.
fn memory(name: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
