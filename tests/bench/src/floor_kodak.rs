//! Signs in to Kodak Pulse and keeps the album's originals:
//! `floor-kodak --www ADDRESS --cdn ADDRESS --root PEMFILE OUTDIR`.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use dragline_bench::TASKS;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, StatusCode, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use scraper::{Html, Selector};
use serde::Serialize;
use sha1::{Digest, Sha1};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use url::Url;

const WWW: &str = "www.kodakpulse.com";
const CDN: &str = "d2e6lg84of5d93.cloudfront.net";
/// Thumbnails on a full album page.
const PAGE: usize = 48;
/// Originals that may wait for a task; beyond them the walk through the album waits.
const QUEUE: usize = 256;

/// Signs in to Kodak Pulse and keeps the album's originals.
#[derive(Parser)]
struct Arguments {
    /// Where www.kodakpulse.com is served
    #[arg(long)]
    www: SocketAddr,
    /// Where the CloudFront host is served
    #[arg(long)]
    cdn: SocketAddr,
    /// The root certificate to trust besides the usual ones, a PEM file
    #[arg(long)]
    root: PathBuf,
    /// The directory to write to
    out: PathBuf,
    #[arg(long, default_value = "demo")]
    username: String,
    #[arg(long, default_value = "demo")]
    password: String,
    /// Keep what ends as a picture does, and decode nothing
    #[arg(long)]
    undecoded: bool,
    /// Threads of the runtime
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // reqwest is built without a provider of its own. An error says that there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    dragline_bench::run(arguments.threads, crawl(arguments))
}

#[derive(Serialize)]
struct Record {
    url: String,
    path: String,
    checksum: String,
    width: u32,
    height: u32,
}

async fn crawl(arguments: Arguments) -> anyhow::Result<()> {
    let out: Arc<Path> = arguments.out.as_path().into();
    fs::create_dir_all(out.join("full"))?;
    let client = client(&arguments)?;
    let cookie = sign_in(&client, &arguments).await?;

    let (queue, waiting) = mpsc::channel(QUEUE);
    let waiting = Arc::new(Mutex::new(waiting));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (client, waiting, out, decodes) = (client.clone(), waiting.clone(), out.clone(), !arguments.undecoded);
        tasks.spawn(async move {
            let mut records = Vec::new();
            while let Some(url) = next(&waiting).await {
                records.push(keep(&client, &out, url, decodes).await?);
            }
            anyhow::Ok(records)
        });
    }
    // So that the queue closes when no task is left to take from it.
    drop(waiting);
    walk(&client, &cookie, queue).await?;

    let mut feed = BufWriter::new(File::create(out.join("photos.jsonl"))?);
    let mut count = 0;
    while let Some(records) = tasks.join_next().await {
        for record in records?? {
            serde_json::to_writer(&mut feed, &record)?;
            feed.write_all(b"\n")?;
            count += 1;
        }
    }
    feed.flush()?;
    writeln!(std::io::stdout(), "{count} photographs")?;
    Ok(())
}

fn client(arguments: &Arguments) -> anyhow::Result<Client> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in CertificateDer::pem_file_iter(&arguments.root)? {
        roots.add(certificate?)?;
    }
    let mut tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let builder = Client::builder().tls_backend_preconfigured(tls).redirect(redirect::Policy::none());
    Ok(builder.resolve(WWW, arguments.www).resolve(CDN, arguments.cdn).build()?)
}

/// Posts the form, follows the redirects, and gives the session's cookie.
async fn sign_in(client: &Client, arguments: &Arguments) -> anyhow::Result<String> {
    let mut url = Url::parse(&format!("https://{WWW}/"))?;
    let form: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("username", &arguments.username)
        .append_pair("password", &arguments.password)
        .finish();
    let post = client.post(url.clone()).header("Content-Type", "application/x-www-form-urlencoded").body(form);
    let mut response = post.send().await?;
    let cookie = response.headers().get(SET_COOKIE).context("no session: are user name and password right?")?;
    let cookie = cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
    while response.status() == StatusCode::FOUND {
        let location = response.headers().get(LOCATION).context("a redirect to nowhere")?;
        url = url.join(location.to_str()?)?;
        response = client.get(url.clone()).header(COOKIE, &cookie).send().await?;
    }
    ensure!(response.text().await?.contains("id=\"signout\""), "not signed in at `{url}`");
    Ok(cookie)
}

/// Goes through the album up to the first page that is not full.
async fn walk(client: &Client, cookie: &str, queue: mpsc::Sender<String>) -> anyhow::Result<()> {
    for page in 1.. {
        let url = format!("https://{WWW}//Frame/AllPictures?p={page}");
        let response = client.get(&url).header(COOKIE, cookie).send().await?;
        if response.status() != StatusCode::OK {
            bail!("`{url}` answered {}", response.status());
        }
        let originals = originals(&response.text().await?)?;
        let is_last = originals.len() < PAGE;
        for original in originals {
            // The queue closes only if all tasks have failed, and their errors say more.
            let _ = queue.send(original).await;
        }
        if is_last {
            break;
        }
    }
    Ok(())
}

fn originals(page: &str) -> anyhow::Result<Vec<String>> {
    let images = Selector::parse("img[src]").map_err(|error| anyhow::anyhow!("no selector: {error}"))?;
    let page = Html::parse_document(page);
    let sources = page.select(&images).filter_map(|image| image.attr("src"));
    Ok(sources.filter(|source| source.contains("cloudfront")).map(|source| source.replace("~t~", "~a~")).collect())
}

async fn next(waiting: &Mutex<mpsc::Receiver<String>>) -> Option<String> {
    waiting.lock().await.recv().await
}

async fn keep(client: &Client, out: &Arc<Path>, url: String, decodes: bool) -> anyhow::Result<Record> {
    let body = client.get(&url).send().await?.error_for_status()?.bytes().await?;
    let out = out.clone();
    let kept = tokio::task::spawn_blocking(move || {
        // `image` decodes half a JPEG without an error, so the end is looked at too.
        ensure!(body.ends_with(&[0xFF, 0xD9]), "`{url}` is not a whole picture");
        let (width, height) = match decodes {
            true => image::load_from_memory(&body).map(|picture| (picture.width(), picture.height())),
            false => image::ImageReader::new(std::io::Cursor::new(&body)).with_guessed_format()?.into_dimensions(),
        }
        .with_context(|| format!("`{url}` is not a picture"))?;
        let path = format!("full/{}.jpg", hex(&Sha1::digest(url.as_bytes())));
        fs::write(out.join(&path), &body)?;
        let checksum = hex(&Sha1::digest(&body));
        Ok(Record { url, path, checksum, width, height })
    });
    kept.await?
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
