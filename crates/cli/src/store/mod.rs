//! `dragline store`: looking after the pictures and files that crawls have kept.

mod dupes;
mod export;
mod gc;
mod index;
mod ls;
mod verify;

use std::io;

use anyhow::Context as _;
use bytesize::ByteSize;
use dragline::{Error, Registry};
use dragline_images::keeping::{Selection, Shelf};
use dragline_images::{Bounds, keeping};
use dragline_store::manifest::{Manifest, ManifestError};
use dragline_store::{Options, StoreError, Stores};

use crate::exit::Exit;
use crate::options::store::{Place, StoreAction, StoreCommand, Which};

/// Does what is asked.
pub(crate) fn run(registry: &Registry, command: &StoreCommand) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        match &command.action {
            StoreAction::Index { place, all, from } => index::run(registry, place, *all, from).await,
            StoreAction::Ls { place, which, long, json } => ls::run(registry, place, which, *long, *json),
            StoreAction::Verify { place, set_aside, json } => verify::run(registry, place, *set_aside, *json).await,
            StoreAction::Dupes { place, which, near, keep_best, yes, json } => {
                let acting = dupes::Acting::of(*keep_best, *yes);
                dupes::run(registry, place, which, *near, acting, *json).await
            }
            StoreAction::Gc { place, feed, older_than, yes, json } => {
                gc::run(registry, place, feed, *older_than, *yes, *json).await
            }
            StoreAction::Export { place, out, which, format, shard_size, copy, title } => {
                let wanted = export::Wanted {
                    out,
                    format: *format,
                    shard_size: shard_size.as_u64(),
                    copy: *copy,
                    title: title.as_deref(),
                };
                export::run(registry, place, which, &wanted).await
            }
        }
    });
    // an abandoned decoder holds nobody up
    runtime.shutdown_background();
    ended
}

/// Whether a manifest that is not there is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanting {
    Make,
    Refuse,
}

/// The store of a command, with its manifest.
fn open(registry: &Registry, place: &Place, wanting: Wanting) -> anyhow::Result<Shelf> {
    let stores = registry.provided().get::<Stores>().unwrap_or_default();
    let store = stores.open(&place.store, &Options { sync: true }).map_err(|why| Error::setting("STORE", why))?;
    if let Some(root) = store.root().filter(|root| !root.is_dir()) {
        let error = io::Error::new(io::ErrorKind::NotFound, "it is no folder");
        return Err(error).with_context(|| format!("`{}` is no store", root.display()));
    }
    let path = match (&place.manifest, store.root()) {
        (Some(path), _) => path.clone(),
        (None, Some(root)) => Manifest::beside(root),
        (None, None) => {
            let why = "is not on this machine, so that its manifest is a file of yours: name it with `--manifest FILE`";
            return Err(Error::setting("STORE", why).into());
        }
    };
    if wanting == Wanting::Refuse && !path.exists() {
        let why = format!("has no manifest `{}`: `dragline store index` makes it from the objects", path.display());
        return Err(Error::setting("STORE", why).into());
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Shelf { store, manifest: Manifest::open(&path)?, bounds: Bounds::default(), threads })
}

fn selection(which: &Which) -> Selection {
    Selection {
        types: which.types.clone(),
        min_width: which.min_width,
        min_height: which.min_height,
        min_bytes: which.min_bytes.as_u64(),
    }
}

fn bytes(size: u64) -> String {
    ByteSize(size).display().iec().to_string()
}

/// The exit code of an error, if it is about a store; none of another.
pub(crate) fn exit_of(error: &anyhow::Error) -> Option<Exit> {
    let of_manifest = |error: &ManifestError| if error.is_about_the_file() { Exit::Job } else { Exit::Disk };
    match error.downcast_ref::<keeping::KeepingError>() {
        Some(keeping::KeepingError::Manifest(error)) => Some(of_manifest(error)),
        Some(keeping::KeepingError::Refused(_)) => Some(Exit::Usage),
        Some(_) => Some(Exit::Disk),
        None if error.downcast_ref::<StoreError>().is_some() => Some(Exit::Disk),
        None => error.downcast_ref::<ManifestError>().map(of_manifest),
    }
}
