//! `dragline store dupes`: what is there twice, and which of it to keep.

use dragline::Registry;
use dragline_images::keeping::{Group, dupes, part_with};
use indicatif::HumanCount;
use serde_json::json;

use super::ls::row;
use super::{Wanting, bytes, open, selection};
use crate::exit::Exit;
use crate::options::store::{Place, Which};
use crate::terminal::{json as line, print, say, shown};

/// What is to be done with the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acting {
    Name,
    Explain,
    Delete,
}

impl Acting {
    /// What two flags mean together; the second is not without the first.
    pub(super) fn of(keep_best: bool, yes: bool) -> Self {
        match (keep_best, yes) {
            (_, true) => Self::Delete,
            (true, false) => Self::Explain,
            (false, false) => Self::Name,
        }
    }
}

pub(super) async fn run(
    registry: &Registry,
    place: &Place,
    which: &Which,
    near: Option<u32>,
    acting: Acting,
    as_json: bool,
) -> anyhow::Result<Exit> {
    let shelf = open(registry, place, Wanting::Refuse)?;
    let (groups, without) = dupes(&shelf, &selection(which), near)?;
    if without > 0 {
        let cure = "`dragline store index` looks at those that it can decode";
        say(&format!(
            "{} pictures have no hash of their looks and are compared by their bytes: {cure}",
            HumanCount(without)
        ));
    }
    for group in &groups {
        match as_json {
            true => print(&described(group))?,
            false => explain(group, acting)?,
        }
    }
    let spare: u64 = groups.iter().map(Group::spare).sum();
    let mut exit = Exit::Finished;
    if acting == Acting::Delete {
        shelf.store.open().await?;
        let mut free = 0;
        for group in &groups {
            match part_with(&shelf, group).await? {
                Ok(bytes) => free += bytes,
                Err(why) => {
                    exit = Exit::Failed;
                    say(&format!(
                        "{} is to be kept, but {why}: nothing of its group is deleted",
                        shown(&group.objects[0].name)
                    ));
                }
            }
        }
        say(&format!("{} are free", bytes(free)));
    } else if acting == Acting::Explain && !groups.is_empty() {
        say("nothing is deleted: add `--yes` for that");
    }
    if !as_json {
        let others: usize = groups.iter().map(|group| group.objects.len() - 1).sum();
        print(&format!(
            "{} groups, {} objects more than needed, {}",
            groups.len(),
            HumanCount(others as u64),
            bytes(spare)
        ))?;
    }
    Ok(exit)
}

fn explain(group: &Group, acting: Acting) -> anyhow::Result<()> {
    let Some((best, others)) = group.objects.split_first() else { return Ok(()) };
    print(if group.is_exact { "the same bytes:" } else { "the same looks:" })?;
    let word = |word: &'static str| if acting == Acting::Name { "" } else { word };
    print(&format!("  {:<7}{}", word("keep"), row(best)))?;
    for other in others {
        let why = if acting == Acting::Name { String::new() } else { format!("  (of the kept: {})", group.why(other)) };
        print(&format!("  {:<7}{}{why}", word("delete"), row(other)))?;
    }
    Ok(())
}

fn described(group: &Group) -> String {
    let objects: Vec<_> = group
        .objects
        .iter()
        .enumerate()
        .map(|(place, object)| {
            let why = (place > 0).then(|| group.why(object));
            json!({
                "name": object.name, "size": object.size, "width": object.width, "height": object.height,
                "mime": object.mime, "keep": place == 0, "because_of_the_kept": why,
            })
        })
        .collect();
    line(&json!({ "exact": group.is_exact, "objects": objects }))
}
