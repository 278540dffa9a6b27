//! Measures the gallery against a site in this process: `bench-gallery DRAGLINE [PICTURES] [RUNS]`, where DRAGLINE is the
//! binary. How soon the first copy is told after the page's HTML was sent, what a scan costs the gallery's process in CPU
//! and what the same costs `dragline crawl page-images`, and how long 50 scans in the line take.
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

/// A picture's pixels.
const SIZE: (u32, u32) = (800, 600);
/// What both sides do with pictures.
const SAME: [&str; 6] = [
    "pipelines.hotlink.sample=3",
    "pipelines.images.thumbs={small=[320, 320]}",
    "pipelines.images.perceptual=true",
    "pipelines.images.svg=true",
    "pipelines.images.manifest='off'",
    "spider.threads=1",
];
/// Clock ticks in a second, on every Linux (proc(5), `USER_HZ`).
const TICKS: f64 = 100.0;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let dragline = arguments.next().context("give the binary `dragline`")?;
    let pictures = arguments.next().map_or(Ok(500), |count| count.parse())?;
    let runs: usize = arguments.next().map_or(Ok(5), |count| count.parse())?;
    let site = Site::start(pictures)?;
    let (mut first, mut scan, mut crawl) = (Vec::new(), Vec::new(), Vec::new());
    let mut gallery = Gallery::start(&dragline)?;
    for _ in 0..runs {
        let (until_first, cpu, wall) = gallery.scan(&site, pictures)?;
        println!("scan:  first copy {:6.1} ms  cpu {cpu:.2} s  wall {wall:.2} s", until_first.as_secs_f64() * 1000.0);
        first.push(until_first.as_secs_f64() * 1000.0);
        scan.push(cpu);
        let (cpu, wall) = crawled(&dragline, &site, pictures)?;
        println!("crawl: cpu {cpu:.2} s  wall {wall:.2} s");
        crawl.push(cpu);
    }
    let (first, scan, crawl) = (median(first), median(scan), median(crawl));
    println!("{pictures} pictures, medians of {runs}: first copy {first:.1} ms after the HTML (wanted: 300 at most)");
    println!("  CPU: gallery {scan:.2} s, crawl {crawl:.2} s, ratio {:.2} (wanted: 1.3 at most)", scan / crawl);
    let wall = gallery.queue(&site, 50)?;
    println!("50 scans of a page with 10 pictures, four at once: {wall:.2} s, none lost");
    println!("  peak memory of the gallery: {}", gallery.peak()?);
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The site: `/` has all pictures, `/few` has ten.
struct Site {
    address: SocketAddr,
    /// When the last page was sent.
    sent: Arc<Mutex<Option<Instant>>>,
}

impl Site {
    fn start(pictures: usize) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let site = Self { address: listener.local_addr()?, sent: Arc::default() };
        let photos: Arc<Vec<Vec<u8>>> = Arc::new((0..pictures).map(photo).collect::<anyhow::Result<_>>()?);
        let sent = site.sent.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (photos, sent) = (photos.clone(), sent.clone());
                // a client that leaves is none of ours
                thread::spawn(move || drop(serve(&stream, &photos, &sent)));
            }
        });
        Ok(site)
    }
}

fn serve(mut stream: &TcpStream, photos: &[Vec<u8>], sent: &Mutex<Option<Instant>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next() {
        let line = line?;
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let path = line.split(' ').nth(1).unwrap_or_default();
        let photo = path.strip_prefix("/photos/").and_then(|name| name.strip_suffix(".jpg")?.parse::<usize>().ok());
        let (status, kind, body) = match (path, photo.and_then(|number| photos.get(number))) {
            ("/" | "/few", _) => {
                let count = if path == "/" { photos.len() } else { 10 };
                let page = (0..count).fold(String::from("<title>Photographs</title>"), |mut page, number| {
                    let _ = write!(page, "<img src=/photos/{number}.jpg>");
                    page
                });
                ("200 OK", "text/html", page.into_bytes())
            }
            (_, Some(photo)) => ("200 OK", "image/jpeg", photo.clone()),
            _ => ("404 Not Found", "text/plain", Vec::new()),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat())?;
        if kind == "text/html" {
            *sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Instant::now());
        }
    }
    Ok(())
}

/// Soft patches, of which no two pictures have the same.
fn photo(number: usize) -> anyhow::Result<Vec<u8>> {
    let mut state = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 56).unwrap_or_default()
    };
    let patches: Vec<[u8; 3]> = (0..16 * 12).map(|_| [next(), next(), next()]).collect();
    let picture = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| Rgb(patches[(y / 50 * 16 + x / 50) as usize]));
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&picture)?;
    Ok(bytes.into_inner())
}

/// A gallery that runs until this is dropped.
struct Gallery {
    child: Child,
    address: String,
}

impl Gallery {
    fn start(dragline: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(dragline);
        command.args(["gallery", "--bind", "127.0.0.1:0", "--allow-net", "127.0.0.0/8"]);
        for setting in ["gallery.queue=64", "gallery.session_scans=4", "gallery.scans_per_minute=1000"] {
            command.args(["-s", setting]);
        }
        command.args(SAME.iter().flat_map(|setting| ["-s", setting]));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().context("a pipe")?).read_line(&mut line)?;
        let address = line.trim().rsplit_once("http://").context("an address")?.1.trim_end_matches('/').to_owned();
        Ok(Self { child, address })
    }

    fn send(&self, method: &str, path: &str, body: &str) -> anyhow::Result<TcpStream> {
        let mut stream = TcpStream::connect(&self.address)?;
        let (address, length) = (&self.address, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )?;
        Ok(stream)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> anyhow::Result<serde_json::Value> {
        let mut answer = String::new();
        self.send(method, path, body)?.read_to_string(&mut answer)?;
        let body = answer.split_once("\r\n\r\n").context("an answer")?.1;
        serde_json::from_str(body).with_context(|| answer.clone())
    }

    fn begin(&self, url: &str) -> anyhow::Result<String> {
        let scan = self.ask("POST", "/api/scans", &serde_json::json!({ "url": url }).to_string())?;
        Ok(scan["id"].as_str().with_context(|| scan.to_string())?.to_owned())
    }

    /// The time from the page's HTML to the first copy that is told, and CPU and wall seconds of the whole scan.
    fn scan(&self, site: &Site, pictures: usize) -> anyhow::Result<(Duration, f64, f64)> {
        let (before, begin) = (cpu(&format!("/proc/{}/stat", self.child.id()), 13)?, Instant::now());
        let id = self.begin(&format!("http://{}/", site.address))?;
        let mut first = None;
        let events = BufReader::new(self.send("GET", &format!("/api/scans/{id}/events"), "")?);
        for line in events.lines() {
            let line = line?;
            if first.is_none() && line.contains("\"progress\":\"kept\"") {
                first = Some(Instant::now());
            }
        }
        let wall = begin.elapsed().as_secs_f64();
        let cpu = cpu(&format!("/proc/{}/stat", self.child.id()), 13)? - before;
        let scan = self.ask("GET", &format!("/api/scans/{id}"), "")?;
        let is_whole = scan["state"] == "finished" && scan["judged"].as_u64() == Some(pictures as u64);
        ensure!(is_whole, "the scan is not whole: {scan}");
        let sent = *site.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (first, sent) = (first.context("no copy was told")?, sent.context("no page was sent")?);
        Ok((first.saturating_duration_since(sent), cpu, wall))
    }

    /// How long so many scans take, in seconds, if all are asked for at once.
    fn queue(&mut self, site: &Site, count: usize) -> anyhow::Result<f64> {
        let begin = Instant::now();
        let url = format!("http://{}/few", site.address);
        let ids: Vec<String> = (0..count).map(|_| self.begin(&url)).collect::<anyhow::Result<_>>()?;
        for id in ids {
            loop {
                let scan = self.ask("GET", &format!("/api/scans/{id}"), "")?;
                if scan["state"] == "finished" {
                    break;
                }
                ensure!(scan["state"] == "queued" || scan["state"] == "running", "a scan is lost: {scan}");
                thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(begin.elapsed().as_secs_f64())
    }

    fn peak(&self) -> anyhow::Result<String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        Ok(line.context("`VmHWM` is missing")?.trim().to_owned())
    }
}

impl Drop for Gallery {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU and wall seconds of the same as a crawl.
fn crawled(dragline: &str, site: &Site, pictures: usize) -> anyhow::Result<(f64, f64)> {
    let folder = std::env::temp_dir().join(format!("bench-gallery-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let (before, begin) = (cpu("/proc/self/stat", 15)?, Instant::now());
    let mut command = Command::new(dragline);
    let url = format!("url=http://{}/", site.address);
    command.args(["crawl", "page-images", "-a", &url, "-O", "pictures.jsonl", "--allow-net", "127.0.0.0/8"]);
    command.args(["-s", "pipelines.order=['images', 'hotlink']", "-s", "pipelines.images.store='copies'"]);
    command.args(["-s", &format!("pipelines.concurrency={}", pictures.max(1))]);
    command.args(SAME.iter().flat_map(|setting| ["-s", setting]));
    let status = command.current_dir(&folder).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let (cpu, wall) = (cpu("/proc/self/stat", 15)? - before, begin.elapsed().as_secs_f64());
    let kept = count(&folder.join("pictures.jsonl"))?;
    fs::remove_dir_all(&folder)?;
    ensure!(status.success() && kept == pictures, "the crawl is not whole: {status}, {kept} pictures");
    Ok((cpu, wall))
}

/// Pictures with a copy and a verdict.
fn count(feed: &Path) -> anyhow::Result<usize> {
    let text = fs::read_to_string(feed)?;
    Ok(text.lines().filter(|line| line.contains("\"downloaded\"") && line.contains("\"verdict\"")).count())
}

/// CPU seconds, user and system: two fields of a `stat` in `/proc`, counted from 0 (proc(5): 13 its own, 15 its
/// children's that it has waited for).
fn cpu(stat: &str, field: usize) -> anyhow::Result<f64> {
    let text = fs::read_to_string(stat)?;
    // the second field is a name in brackets, which may have spaces
    let rest = text.rsplit_once(") ").context("a name")?.1;
    let ticks: Vec<f64> = rest.split(' ').skip(field - 2).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS)
}
