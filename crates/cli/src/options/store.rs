//! The options of `dragline store`.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Subcommand, ValueEnum};

use crate::options::duration;

#[derive(Debug, Args)]
pub(crate) struct StoreCommand {
    #[command(subcommand)]
    pub(crate) action: StoreAction,
}

/// Which store, and where its manifest is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The store: a folder, or a URI that the runner knows, such as `s3://bucket/photos`.
    pub(crate) store: String,
    /// The manifest's file; beside the objects if it is not given and the store is a folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
}

/// Which objects are meant.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Those of a type: `jpeg`, `image/png`; may be given several times.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) types: Vec<String>,
    /// Those that are so wide at least.
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    pub(crate) min_width: u32,
    /// Those that are so high at least.
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    pub(crate) min_height: u32,
    /// Those that have so many bytes at least: `50 KiB`.
    #[arg(long, value_name = "SIZE", default_value = "0")]
    pub(crate) min_bytes: ByteSize,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreAction {
    /// Make the manifest from the objects, or make it complete. What is known of URLs stays.
    #[command(after_help = "Example:\n  dragline store index photos --from photos.jsonl\n\nExit codes: 0 done, 3 \
        done, but some objects are damaged or cannot be read and were not taken in, 6 the store cannot be used.")]
    Index {
        #[command(flatten)]
        place: Place,
        /// Read every object again, and not just what is new or has another size.
        #[arg(long)]
        all: bool,
        /// Take over the URLs that a feed has (JSON lines or an array); may be given several times.
        #[arg(long, value_name = "FEED")]
        from: Vec<PathBuf>,
    },
    /// Name the objects, and their sums.
    #[command(after_help = "Example:\n  dragline store ls photos --type jpeg --min-width 1024 --long")]
    Ls {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        which: Which,
        /// Say where each came from.
        #[arg(long)]
        long: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Read, hash and decode every object, and say which are not what they were.
    #[command(after_help = "Example:\n  dragline store verify photos\n  dragline store verify photos --set-aside\n\n\
        An object that the manifest does not know is named and is no damage.\n\nExit codes: 0 all are whole, 3 some \
        are damaged, missing or cannot be read, 4 the manifest is damaged, 6 the store cannot be used.")]
    Verify {
        #[command(flatten)]
        place: Place,
        /// Move damaged objects to `damaged/` in the store, so that the next crawl fetches them again.
        #[arg(long)]
        set_aside: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Name the objects that are there twice: of the same bytes, or with `--near` of the same looks.
    #[command(after_help = "Example:\n  dragline store dupes photos --near\n  dragline store dupes photos --near 4 \
        --keep-best        # says what it would do\n  dragline store dupes photos --near 4 --keep-best --yes\n\nThe best \
        is the one with most pixels, then most bytes, then the format that loses least, then the one that says when it \
        was taken, then the oldest.")]
    Dupes {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        which: Which,
        /// Pictures whose looks differ in so many of 64 bits at most; 4 if no number is given.
        #[arg(long, value_name = "BITS", num_args = 0..=1, default_missing_value = "4", value_parser = clap::value_parser!(u32).range(0..=15))]
        near: Option<u32>,
        /// Say which of each group would be kept, and why.
        #[arg(long)]
        keep_best: bool,
        /// Delete the others, and let their URLs lead to the one that is kept.
        #[arg(long, requires = "keep_best")]
        yes: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Name what nobody needs any more: objects that the manifest does not know or no feed names, and lost thumbnails.
    #[command(
        after_help = "Example:\n  dragline store gc photos --feed photos.jsonl          # says what would go\n  \
        dragline store gc photos --feed photos.jsonl --yes"
    )]
    Gc {
        #[command(flatten)]
        place: Place,
        /// Keep what this feed names, and nothing else; may be given several times.
        #[arg(long, value_name = "FEED")]
        feed: Vec<PathBuf>,
        /// Leave what is younger: a crawl may be about to name it.
        #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
        older_than: Duration,
        /// Delete it.
        #[arg(long)]
        yes: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Take the objects along: an archive, shards to learn from, pages to look at, or a table of what is known of them.
    #[command(after_help = "Example:\n  dragline store export photos photos.zip\n  dragline store export photos \
        'train/photos-{000000..}.tar' --shard-size 1GB\n  dragline store export photos gallery --format html\n  dragline \
        store export photos photos.csv\n\nA file that is there is not written over; shards go on behind those that are \
        there.\n\nExit codes: 0 done, 3 done, but some objects could not be read (they are listed), 6 cannot be written.")]
    Export {
        #[command(flatten)]
        place: Place,
        /// The file, the shards' name, or the folder of the pages.
        out: PathBuf,
        #[command(flatten)]
        which: Which,
        /// What is written; by the name of the file if it is not given.
        #[arg(long, value_name = "FORMAT")]
        format: Option<ExportFormat>,
        /// The bytes of a shard.
        #[arg(long, value_name = "SIZE", default_value = "1 GB")]
        shard_size: ByteSize,
        /// With pages: copy the originals into their folder, so that it can be moved.
        #[arg(long)]
        copy: bool,
        /// With pages: what stands above them; the store's name if it is not given.
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
    },
}

/// What a store is exported to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A ZIP; pictures are stored and not packed.
    Zip,
    /// A tar.
    Tar,
    /// Tars of samples, as WebDataset reads them.
    Webdataset,
    /// Pages with small pictures.
    Html,
    /// A table of what is known of each, in a format that the runner has for feeds: .jsonl, .csv, .sqlite, .parquet.
    Table,
}
