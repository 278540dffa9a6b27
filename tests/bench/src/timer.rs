//! What decoding costs those who wait: pages go on being fetched while photographs of 12 megapixels are checked, and a timer
//! on the thread that does all input and output is asked each millisecond how late it is.
//!
//! `bench-timer [PHOTOS] [section.key=value]…`: the site is a thread of this process.

#![expect(clippy::print_stdout, reason = "a program that prints figures")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use dragline::prelude::*;
use dragline::{Crawl, Layers, Registry};
use jpeg_encoder::{ColorType, Encoder};
use serde::{Deserialize, Serialize};

const WIDTH: u16 = 4000;
const HEIGHT: u16 = 3000;
/// Pages that each lead to the next until the last photograph is kept.
const PAGES: usize = 3000;

/// Pages one after the other, and with the first of them items with a photograph each.
#[derive(Deserialize)]
struct Mixed {
    site: Url,
    photos: usize,
}

#[derive(Debug, Serialize, Deserialize)]
enum Step {
    Page(usize),
}

#[derive(Debug, Serialize, Deserialize, Item)]
struct Photo {
    image_urls: Vec<String>,
}

impl Spider for Mixed {
    const NAME: &'static str = "mixed";
    const SETTINGS: &'static str =
        "pipelines.order = [\"images\"]\ntraps.enabled = false\nmiddlewares.robots.obey = false";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        if let Ok(page) = self.site.join("/page/0") {
            out.follow(page, Step::Page(0));
        }
    }

    fn parse(&self, Step::Page(number): Step, page: &Page, out: &mut Output<Self>) -> dragline::error::Result<()> {
        if number == 0 {
            for photo in 0..self.photos {
                out.item(Photo { image_urls: vec![page.join(&format!("/photo/{photo}.jpg"))?.into()] });
            }
        }
        if number < PAGES {
            out.follow(page.join(&format!("/page/{}", number + 1))?, Step::Page(number + 1));
        }
        Ok(())
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let photos: usize =
        arguments.next().unwrap_or_else(|| "40".to_owned()).parse().context("a number of photographs")?;
    let photo = Arc::new(photograph()?);
    println!("{photos} photographs of {WIDTH} x {HEIGHT} pixels, {:.1} MB each", photo.len() as f64 / 1e6);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let site = format!("http://{}/", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let photo = photo.clone();
            std::thread::spawn(move || serve(stream, &photo));
        }
    });
    let folder = std::env::temp_dir().join(format!("bench-timer-{}", std::process::id()));
    let mut layers = Layers::new(dragline_cli::DEFAULTS)?;
    layers.add_flag(&format!("pipelines.images.store={:?}", folder.display().to_string()))?;
    layers.add_flag("dialer.policy=off")?;
    for flag in arguments {
        layers.add_flag(&flag)?;
    }
    layers.add_argument(Mixed::NAME, &format!("site={site}"))?;
    layers.add_argument(Mixed::NAME, &format!("photos={photos}"))?;
    let registry = Registry::new().spider::<Mixed>().pipeline::<dragline_images::Images>();
    let crawl = Crawl::build(&registry, Mixed::NAME, &layers)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begun = Instant::now();
    let (report, mut late) = runtime.block_on(async {
        let watched = tokio::spawn(lateness());
        let report = crawl.run().await;
        watched.abort();
        anyhow::Ok((report?, LATE.lock().map(|mut late| std::mem::take(&mut *late)).unwrap_or_default()))
    })?;
    std::fs::remove_dir_all(&folder)?;
    late.sort_unstable();
    let at = |part: f64| late.get(((late.len() as f64 - 1.0) * part) as usize).copied().unwrap_or_default();
    let count = |name: &str| {
        report.stats.get(name).map_or_else(|| "0".to_owned(), |stat| serde_json::to_string(stat).unwrap_or_default())
    };
    println!(
        "{} pictures kept, {} responses, {:.2} s; a timer of 1 ms was late by {:.1?} (median), {:.1?} (99 %), {:.1?} at most",
        count("file_status_count/downloaded"),
        count("response_received_count"),
        begun.elapsed().as_secs_f64(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

/// How late the timer was, each time.
static LATE: std::sync::Mutex<Vec<Duration>> = std::sync::Mutex::new(Vec::new());

async fn lateness() {
    const PERIOD: Duration = Duration::from_millis(1);
    loop {
        let asked = Instant::now();
        tokio::time::sleep(PERIOD).await;
        if let Ok(mut late) = LATE.lock() {
            late.push(asked.elapsed().saturating_sub(PERIOD));
        }
    }
}

/// A photograph of 12 megapixels, with the noise of a camera.
fn photograph() -> Result<Vec<u8>> {
    let (mut pixels, mut state) = (Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT) * 3), 7_u32);
    for y in 0..u32::from(HEIGHT) {
        for x in 0..u32::from(WIDTH) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 28) as u8;
            let wave = ((x / 9) ^ (y / 7)) as u8 & 31;
            pixels
                .extend([(x / 20) as u8, (y / 15) as u8, 90].map(|value| value.wrapping_add(noise).wrapping_add(wave)));
        }
    }
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, 80).encode(&pixels, WIDTH, HEIGHT, ColorType::Rgb)?;
    Ok(jpeg)
}

/// Answers what is asked on one connection, one after the other.
fn serve(mut stream: TcpStream, photo: &[u8]) -> std::io::Result<()> {
    let (mut asked, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        while let Some(end) = asked.windows(4).position(|window| window == b"\r\n\r\n") {
            let is_photo = asked.starts_with(b"GET /photo/");
            asked.drain(..end + 4);
            let (mime, body) =
                if is_photo { ("image/jpeg", photo) } else { ("text/html", &b"<title>A page</title>"[..]) };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {mime}\r\ncontent-length: {}\r\n\r\n", body.len());
            // in one piece, or each answer waits for the acknowledgement of its head
            stream.write_all(&[head.as_bytes(), body].concat())?;
        }
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            length => asked.extend_from_slice(&piece[..length]),
        }
    }
}
