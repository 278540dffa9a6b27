//! The commands and their options.

pub(crate) mod gallery;
pub(crate) mod hotlink;
pub(crate) mod new;
pub(crate) mod reading;
pub(crate) mod store;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use dragline_replica::kodak;

use self::gallery::Gallery;
use self::hotlink::Hotlink;
use self::new::New;
use self::reading::{Links, Parse, Select, Shell};
use self::store::StoreCommand;
use crate::fail_on::FailOn;

/// A web-crawling framework: spiders in Rust, jobs that survive, hosts treated politely.
#[derive(Debug, Parser)]
#[command(name = "dragline", version, max_term_width = 110, disable_help_subcommand = true)]
#[command(after_help = "Example:\n  dragline demo\n  dragline crawl site -a url=http://localhost:8000/ -o pages.jsonl")]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a spider by its name, or one that a file declares.
    #[command(after_help = "Example:\n  export KODAK_PASSWORD=…\n  dragline crawl kodak-pulse --config \
        config/kodak-pulse.toml -o photos.jsonl\n\nExit codes: 0 finished, 1 internal error, 2 usage or settings, 3 over \
        a --fail-on rule, 4 job in use or not readable, 5 sign-in refused, 6 store or feed cannot be written to, 11 stopped by Ctrl-C, 13 stopped at once.")]
    Crawl(Crawl),
    /// Fetch one URL as a crawl would, and print its body.
    #[command(after_help = "Example:\n  dragline fetch https://example.com/\n  dragline fetch --json -X POST -d \
        name=value https://example.com/form\n\nExit codes: 0 a whole response of any status, 2 usage or settings, 3 no \
        whole response.")]
    Fetch(Fetch),
    /// Print what queries find on a page, one line each.
    #[command(after_help = "Example:\n  dragline select https://example.com/ --css 'h1::text'\n  dragline select \
        page.html --css article --css 'a::attr(href)' --first\n  dragline select data.json --jmespath 'items[].price'\n\n\
        Several queries are asked one after the other, each of what the one before it has found.\n\nExit codes: 0 a \
        match, 2 usage or settings, 3 no match or no page.")]
    Select(Select),
    /// Print the links of a page.
    #[command(after_help = "Example:\n  dragline links https://example.com/ --allow '/catalogue/' --text\n  dragline \
        links page.html --base https://example.com/ --restrict-css nav --json\n\nExit codes: 0 a link, 2 usage or \
        settings, 3 no link or no page.")]
    Links(Links),
    /// Show what a spider makes of one page: requests with their steps, items, counts, errors.
    #[command(after_help = "Example:\n  dragline parse books http://localhost:8000/ -a url=http://localhost:8000/\n  \
        dragline parse books product.html --url http://books.example/1 --step Product -a url=http://books.example/\n\n\
        Nothing is queued or kept, and no pipeline runs.\n\nExit codes: 0 understood, 2 usage or settings, 3 not \
        understood or no page, 5 sign-in refused.")]
    Parse(Parse),
    /// Try queries on a page, one after the other.
    #[command(after_help = "Example:\n  dragline shell https://example.com/\n  echo 'css h1' | dragline shell \
        page.html\n\n`help` in the shell names its commands. Exit codes: 0 the end, 2 usage or settings, 3 no page; \
        and, of commands that came through a pipe, one that failed.")]
    Shell(Shell),
    /// Tell whether a site lets others show its pictures, and on which terms.
    #[command(after_help = "Example:\n  dragline hotlink https://example.com/album.html\n  dragline hotlink --page \
        https://example.com/album.html https://cdn.example.com/7.jpg --json\n\nVerdicts: open, referer, user-agent, \
        cookie, placeholder (another picture in its place), forbidden, gone, rate-limited, unreachable, unknown. A picture \
        is asked for four times, and two times more where the answers are not enough.\n\nExit codes: 0 a verdict for \
        each picture, 2 usage or settings, 3 no picture, or one that is unreachable or unknown.")]
    Hotlink(Hotlink),
    /// Show every picture of a page in a browser, whoever forbids it, and pack them into one archive.
    #[command(
        after_help = "Example:\n  dragline gallery\n  dragline gallery --open --copies always\n\nIt answers this \
        machine alone, unless `--bind` or `--host` says otherwise; others need the token of `--token-file`:\n  dragline \
        gallery --bind 0.0.0.0:8321 --host gallery.example.org --token-file token\n\nExit codes: 0 ended by Ctrl-C, 1 \
        internal error, 2 usage or settings, or the address is taken."
    )]
    Gallery(Gallery),
    /// Begin a project, or a spider in one.
    New(New),
    /// Name the spiders.
    #[command(after_help = "Example:\n  dragline list")]
    List,
    /// Print the JSON Schema of what a spider yields, as it has declared it.
    #[command(after_help = "Example:\n  dragline schema books > books.schema.json")]
    Schema {
        /// The spider's name; `dragline list` names them.
        spider: String,
    },
    /// Look at jobs that were kept with `crawl --job`, and mend them.
    #[command(after_help = "Example:\n  dragline job show job\n  dragline job failed job --reason http_status/503\n  \
        dragline job retry job --reason http_status/503")]
    Job(JobCommand),
    /// Look at the HTTP cache, and take out of it.
    #[command(
        after_help = "Example:\n  dragline cache ls 'https://example.com/*'\n  dragline cache rm --older 7days\n  \
        dragline cache stats --json"
    )]
    Cache(CacheCommand),
    /// Look after the pictures and files that crawls have kept: list, verify, find what is there twice, export.
    #[command(
        after_help = "Example:\n  dragline store index photos\n  dragline store verify photos\n  dragline store dupes \
        photos --near --keep-best\n  dragline store export photos photos.zip"
    )]
    Store(StoreCommand),
    /// Print the settings that are in force, and where each value came from.
    #[command(after_help = "Example:\n  dragline settings -s hosts.delay=2s --spider kodak-pulse")]
    Settings(SettingsCommand),
    /// Run a site to crawl on this machine.
    #[command(
        after_help = "Example:\n  dragline replica books\n  dragline replica kodak --photos 144 --fault 7=cut\n  \
        dragline replica faults --port 8000\n  dragline replica hotlink --port 8000"
    )]
    Replica(Replica),
    /// See it work: crawl a Kodak Pulse album that is served from this process.
    #[command(after_help = "Example:\n  dragline demo --photos 200")]
    Demo(Demo),
}

/// What every command that has settings takes.
#[derive(Debug, Args, Default)]
pub(crate) struct Configured {
    /// A settings file, laid over config/default.toml; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,
    /// A setting, laid over all files: `-s hosts.delay=2s`.
    #[arg(short, value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Lead a name elsewhere, as with curl: `--resolve www.example.com:443:127.0.0.1:8443`.
    #[arg(long, value_name = "HOST:PORT:ADDRESS[:PORT]")]
    pub(crate) resolve: Vec<String>,
    /// Let this network be dialled whatever led there: `--allow-net 10.0.0.0/8`; may be given several times.
    #[arg(long, value_name = "CIDR")]
    pub(crate) allow_net: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// The URL: http, https, data or file; http if it names none.
    pub(crate) url: String,
    /// Print status, headers, final URL, history, timing, the body's hash and the failure's kind instead of the body.
    #[arg(long)]
    pub(crate) json: bool,
    /// The method; GET, or POST with data.
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// A header; may be given several times.
    #[arg(short = 'H', long, value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// A body, as a form's; several are joined by `&`.
    #[arg(short = 'd', long, value_name = "DATA", allow_hyphen_values = true)]
    pub(crate) data: Vec<String>,
    /// Print the response's head before its body.
    #[arg(short = 'i', long)]
    pub(crate) include: bool,
    /// Say what was sent and what came, hop by hop.
    #[arg(short = 'v', long)]
    pub(crate) verbose: bool,
    /// Write the body to a file.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The proxy: http://, https://, socks5:// or socks5h://.
    #[arg(short = 'x', long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Read cookies from this file, if it is there, and write them to it: cookies.txt, or JSON by its extension.
    #[arg(long, value_name = "FILE")]
    pub(crate) cookie_jar: Option<PathBuf>,
    /// Answer from the HTTP cache, and keep what may be kept (RFC 9111).
    #[arg(long)]
    pub(crate) cache: bool,
    /// Write all hops as an HTTP Archive.
    #[arg(long, value_name = "FILE")]
    pub(crate) har: Option<PathBuf>,
    /// A redirect is the answer.
    #[arg(long)]
    pub(crate) no_redirect: bool,
    /// Keep to robots.txt, as a crawl does. It is for crawlers, and this one URL is asked for by you.
    #[arg(long, overrides_with = "no_robots")]
    pub(crate) robots: bool,
    /// Ask for no robots.txt, as is usual here; overrides an earlier `--robots`.
    #[arg(long, overrides_with = "robots")]
    pub(crate) no_robots: bool,
    /// What is logged, as for `crawl`.
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    pub(crate) log_level: String,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct Crawl {
    /// The spider's name; `dragline list` names them. Or a file that declares one: `books.toml`.
    #[arg(value_name = "SPIDER|FILE.toml")]
    pub(crate) spider: String,
    /// An argument of the spider.
    #[arg(short = 'a', value_name = "KEY=VALUE")]
    pub(crate) argument: Vec<String>,
    /// Append the items to a file, its format by its extension or after a colon; `-` is the standard output.
    #[arg(short = 'o', value_name = "FILE[:FORMAT]", allow_hyphen_values = true)]
    pub(crate) output: Vec<String>,
    /// The same, beginning anew.
    #[arg(short = 'O', value_name = "FILE[:FORMAT]", allow_hyphen_values = true)]
    pub(crate) overwrite: Vec<String>,
    /// Keep the crawl in a folder, so that it goes on there after whatever has ended it.
    #[arg(long, value_name = "DIR")]
    pub(crate) job: Option<PathBuf>,
    /// Begin with these cookies: a cookies.txt as curl and browsers write it, or JSON as extensions and Playwright do.
    #[arg(long, value_name = "FILE")]
    pub(crate) cookies: Option<PathBuf>,
    /// Follow sites that never end too; the same as `-s traps.enabled=false`.
    #[arg(long)]
    pub(crate) no_traps: bool,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE", overrides_with = "stats")]
    pub(crate) stats: Option<PathBuf>,
    /// When a finished crawl counts as failed (exit code 3); may be given several times, instead of the default.
    ///
    /// `no-items` (no item, and a failed request), `failure` (any failed request, item or image), `never`, or a figure
    /// held against a number: 'fill(price) < 90%', 'fill(book.price) < 90%', 'items < 100', 'items(book) < 100',
    /// 'failed > 5%', 'item_error_count > 0', any name of the report.
    #[arg(long, value_name = "RULE", default_value = "no-items")]
    pub(crate) fail_on: Vec<FailOn>,
    #[command(flatten)]
    pub(crate) configured: Configured,
    #[command(flatten)]
    pub(crate) logging: Logging,
}

#[derive(Debug, Args, Clone, Default)]
pub(crate) struct Logging {
    /// How log lines look.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log: LogFormat,
    /// What is logged: error, warn, info, debug, trace, or a filter such as `dragline=debug,warn`.
    #[arg(long, value_name = "LEVEL", default_value = "warn,dragline=info,dragline_images=info")]
    pub(crate) log_level: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub(crate) enum LogFormat {
    /// One line for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct JobCommand {
    #[command(subcommand)]
    pub(crate) action: JobAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobAction {
    /// Name the jobs in the folders of a folder, and how far each is.
    Ls {
        /// The folder; the current one if it is not given.
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
    },
    /// How far a job is, also while it runs.
    Show {
        /// The job's folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// The requests that wait, host by host, the next ones first.
    Requests {
        /// The job's folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Those of one host only.
        #[arg(long, value_name = "HOST")]
        host: Option<String>,
        /// So many at most.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// The requests that failed for good, and why.
    Failed {
        /// The job's folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Those that failed for one reason only: `timeout`, `http_status`, `http_status/503`.
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Put failed requests back, to be sent by the next run.
    Retry {
        /// The job's folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Those that failed for one reason only.
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,
    },
    /// Let go of a feed that is not to be written to any more.
    Forget {
        /// The job's folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// The feed, as `job show` names it.
        #[arg(value_name = "FEED", allow_hyphen_values = true)]
        feed: String,
    },
    /// Save what can be read of a damaged job, and count what cannot.
    Repair {
        /// The job's folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CacheCommand {
    #[command(subcommand)]
    pub(crate) action: CacheAction,
    /// The cache's folder; `middlewares.cache.dir` if it is not given.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheAction {
    /// The responses: status, size, age, whether it is fresh by RFC 9111, URL.
    #[command(after_help = "Example:\n  dragline cache ls 'https://example.com/album*' --json")]
    Ls {
        /// Those of these URLs only; `*` stands for anything.
        #[arg(value_name = "PATTERN")]
        pattern: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Take responses out.
    #[command(
        after_help = "Example:\n  dragline cache rm 'https://example.com/album*'\n  dragline cache rm --older 7days"
    )]
    #[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
    Rm {
        /// Those of these URLs; `*` stands for anything.
        #[arg(value_name = "PATTERN", group = "which")]
        pattern: Option<String>,
        /// Every one.
        #[arg(long, group = "which", conflicts_with_all = ["pattern", "older"])]
        all: bool,
        /// Those that came longer ago: `12h`, `7days`.
        #[arg(long, value_name = "AGE", group = "which", value_parser = duration)]
        older: Option<Duration>,
    },
    /// How many there are, and what they take.
    #[command(after_help = "Example:\n  dragline cache stats --dir httpcache --json")]
    Stats {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SettingsCommand {
    /// The settings as this spider sees them.
    #[arg(long, value_name = "NAME")]
    pub(crate) spider: Option<String>,
    /// As one JSON object: key to value and place.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct Replica {
    #[command(subcommand)]
    pub(crate) site: Site,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Site {
    /// Kodak Pulse as its users met it: sign-in, album, photographs.
    Kodak(KodakSite),
    /// A bookshop: 50 list pages, 1,000 products.
    Books(PlainSite),
    /// A graph of linked pages of 15 to 40 KB.
    Graph(PlainSite),
    /// A server that does what servers should not: each path is a fault, and so is each host.
    #[command(after_help = "Example:\n  dragline replica faults --port 8000 --https-port 8443\n  \
        curl 'http://127.0.0.1:8000/?format=text'\n  curl http://127.0.0.1:8000/length/200/send/100\n  \
        curl http://robots-500.localhost:8000/robots.txt\n  \
        curl --cacert faults-root.pem https://expired.localhost:8443/")]
    Faults(FaultsSite),
    /// Sites that guard their pictures against being shown elsewhere, each in its own way.
    #[command(after_help = "Example:\n  dragline replica hotlink --port 8000\n  dragline hotlink \
        http://referer-403.localhost:8000/")]
    Hotlink(HotlinkSite),
}

#[derive(Debug, Args)]
pub(crate) struct KodakSite {
    /// Photographs in the album.
    #[arg(long, value_name = "N", default_value_t = 1374)]
    pub(crate) photos: usize,
    /// The session ends after so many album pages.
    #[arg(long, value_name = "PAGES")]
    pub(crate) expire_after: Option<usize>,
    /// What is wrong with a photograph, by its number from 0: not-found, error-once, truncated, cut or html.
    #[arg(long, value_name = "N=FAULT", value_parser = fault)]
    pub(crate) fault: Vec<(usize, kodak::Fault)>,
    /// Before each answer: `20ms`.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) latency: Duration,
    /// The port of www.kodakpulse.com; any free one if it is not given.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) https_port: u16,
    /// The port of the photographs' host; any free one if it is not given.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) http_port: u16,
    /// Where the root certificate goes.
    #[arg(long, value_name = "FILE", default_value = "kodak-root.pem")]
    pub(crate) root: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PlainSite {
    /// Books, or pages of the graph; 1,000 and 20,000 if it is not given.
    #[arg(long, value_name = "N")]
    pub(crate) size: Option<usize>,
    /// Before each answer: `20ms`.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) latency: Duration,
    /// The port; any free one if it is not given.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
}

#[derive(Debug, Args)]
pub(crate) struct FaultsSite {
    /// The address to listen on.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) address: IpAddr,
    /// The port of plain HTTP; any free one if it is not given.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// The port of TLS; any free one if it is not given.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) https_port: u16,
    /// Where the root certificate goes.
    #[arg(long, value_name = "FILE", default_value = "faults-root.pem")]
    pub(crate) root: PathBuf,
    /// Pages of each small site, beside its front page.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) pages: usize,
    /// Before each answer: `20ms`.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) latency: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct HotlinkSite {
    /// The port; any free one if it is not given.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// Before each answer: `20ms`.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) latency: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Photographs in the album.
    #[arg(long, value_name = "N", default_value_t = 1374)]
    pub(crate) photos: usize,
    /// The folder for photographs, items and contact sheet.
    #[arg(long, value_name = "FOLDER", default_value = "demo")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) logging: Logging,
}

/// `7=cut`
fn fault(text: &str) -> Result<(usize, kodak::Fault), String> {
    let (number, fault) = text.split_once('=').ok_or("write the photograph's number, `=` and the fault: 7=cut")?;
    let number = number.parse().map_err(|_| format!("`{number}` is not a photograph's number"))?;
    let fault = match fault {
        "not-found" => kodak::Fault::NotFound,
        "error-once" => kodak::Fault::ErrorOnce,
        "truncated" => kodak::Fault::Truncated,
        "cut" => kodak::Fault::Cut,
        "html" => kodak::Fault::Html,
        other => {
            return Err(format!("no fault is called `{other}` (known: not-found, error-once, truncated, cut, html)"));
        }
    };
    Ok((number, fault))
}

/// `20ms`
fn duration(text: &str) -> Result<Duration, String> {
    humantime_serde::re::humantime::parse_duration(text).map_err(|error| error.to_string())
}
