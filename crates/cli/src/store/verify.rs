//! `dragline store verify`: is every object still what it was?

use dragline::Registry;
use dragline_images::keeping::{set_aside, verify};
use indicatif::HumanCount;
use serde_json::json;

use super::{Wanting, bytes, open};
use crate::exit::Exit;
use crate::options::store::Place;
use crate::terminal::{json as line, print, shown};

pub(super) async fn run(registry: &Registry, place: &Place, aside: bool, as_json: bool) -> anyhow::Result<Exit> {
    let shelf = open(registry, place, Wanting::Refuse)?;
    let verified = verify(&shelf).await?;
    for finding in &verified.findings {
        let (name, what, reason) = (&finding.name, finding.what.name(), &finding.reason);
        print(&match as_json {
            true => line(&json!({ "name": name, "what": what, "reason": reason })),
            false => format!("{what:<10}  {}: {}", shown(name), shown(reason)),
        })?;
    }
    for wrong in &verified.manifest {
        print(&match as_json {
            true => line(&json!({ "name": null, "what": "manifest", "reason": wrong })),
            false => format!("manifest    {}", shown(wrong)),
        })?;
    }
    let moved = if aside { set_aside(&shelf, &verified.findings).await? } else { 0 };
    if as_json {
        let sums = json!({
            "whole": verified.whole, "thumbs": verified.thumbs, "bytes": verified.bytes,
            "findings": verified.findings.len(), "set_aside": moved,
        });
        print(&line(&sums))?;
    } else {
        print(&format!(
            "{} objects and {} thumbnails are whole, {}; {} findings{}",
            HumanCount(verified.whole),
            HumanCount(verified.thumbs),
            bytes(verified.bytes),
            verified.findings.len() + verified.manifest.len(),
            if moved > 0 { format!("; {moved} moved to damaged/") } else { String::new() },
        ))?;
    }
    Ok(match () {
        () if !verified.manifest.is_empty() => Exit::Job,
        () if verified.is_damaged() => Exit::Failed,
        () => Exit::Finished,
    })
}
