//! `dragline store ls`: the objects, as the manifest knows them.

use std::collections::BTreeMap;

use dragline::Registry;
use dragline::message::mask;
use dragline_store::manifest::{Object, Visit};
use indicatif::HumanCount;
use serde_json::{Value, json};

use super::{Wanting, bytes, open, selection};
use crate::exit::Exit;
use crate::options::store::{Place, Which};
use crate::terminal::{escape, json as line, print, shown};

pub(super) fn run(registry: &Registry, place: &Place, which: &Which, long: bool, json: bool) -> anyhow::Result<Exit> {
    let shelf = open(registry, place, Wanting::Refuse)?;
    let selection = selection(which);
    let (mut count, mut size, mut types) = (0_u64, 0_u64, BTreeMap::<String, u64>::new());
    for object in shelf.manifest.objects() {
        let object = object?;
        if !selection.has(&object) {
            continue;
        }
        count += 1;
        size += object.size;
        *types.entry(object.mime.clone()).or_default() += 1;
        let visits = if long || json { shelf.manifest.visits_of(&object.name)? } else { Vec::new() };
        match json {
            true => print(&line(&described(&object, &visits)?))?,
            false => {
                print(&row(&object))?;
                for visit in &visits {
                    print(&format!("    {}", from(visit)))?;
                }
            }
        }
    }
    if !json {
        let types = types.iter().map(|(mime, count)| format!("{} {}", HumanCount(*count), escape(mime)));
        let types = types.collect::<Vec<_>>().join(", ");
        print(&format!("{} objects, {}: {types}", HumanCount(count), bytes(size)))?;
    }
    Ok(Exit::Finished)
}

/// An object in a line.
pub(super) fn row(object: &Object) -> String {
    let side = |side: Option<u32>| side.map_or("-".to_owned(), |side| side.to_string());
    let size = format!("{}×{}", side(object.width), side(object.height));
    format!("{:>10}  {size:>11}  {:<10}  {}", bytes(object.size), escape(&object.mime), escape(&object.name))
}

fn from(visit: &Visit) -> String {
    let page = visit.page.as_ref().map(|page| format!(", on {}", shown(page))).unwrap_or_default();
    let signals = match visit.opt_outs.is_empty() {
        true => String::new(),
        false => format!(", {}", escape(&visit.opt_outs.join(" "))),
    };
    let at = visit.fetched_at.map(|at| format!(", {}", at.strftime("%Y-%m-%d %H:%M"))).unwrap_or_default();
    format!("{}{page}{at}{signals}", shown(&visit.url))
}

/// An object in JSON, secrets of its URLs masked.
pub(super) fn described(object: &Object, visits: &[Visit]) -> anyhow::Result<Value> {
    let mut value = serde_json::to_value(object)?;
    // 64 bits are more than many readers of JSON can hold
    value["perceptual"] = object.perceptual.map(|hash| format!("{hash:016x}")).into();
    let mut visits = json!(visits);
    mask::json(&mut visits);
    value["urls"] = visits;
    Ok(value)
}
