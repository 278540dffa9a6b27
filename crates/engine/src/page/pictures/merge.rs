//! The same picture at two places of a page is one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Picture;
use super::candidate::Candidate;
use super::rank::rank;

/// Each picture once, its candidates once and the best first.
///
/// Two are one where the best of one is a candidate of the other. Any candidate will not do: a hundred pictures that
/// wait for a script share one placeholder.
pub(super) fn merge(mut pictures: Vec<Picture>) -> Vec<Picture> {
    pictures.iter_mut().for_each(|picture| tidy(&mut picture.candidates));
    let into = targets(&pictures);
    let mut merged: Vec<Option<Picture>> = Vec::with_capacity(pictures.len());
    for (at, picture) in pictures.into_iter().enumerate() {
        match merged.get_mut(into[at]) {
            Some(Some(known)) => {
                join(known, picture);
                merged.push(None);
            }
            _ => merged.push(Some(picture)),
        }
    }
    let mut pictures: Vec<Picture> = merged.into_iter().flatten().collect();
    pictures.iter_mut().for_each(|picture| tidy(&mut picture.candidates));
    pictures
}

/// What a page shows goes before what it says of itself.
fn join(known: &mut Picture, other: Picture) {
    let is_said = |picture: &Picture| matches!(&*picture.element, "meta" | "link" | "script");
    let is_other_shown = is_said(known) && !is_said(&other);
    let (first, second) = if is_other_shown { (other, std::mem::take(known)) } else { (std::mem::take(known), other) };
    *known = Picture {
        candidates: [first.candidates, second.candidates].concat(),
        alt: first.alt.or(second.alt),
        title: first.title.or(second.title),
        element: first.element,
    };
}

/// For each picture the first one that it is one with; itself, if there is none before it.
fn targets(pictures: &[Picture]) -> Vec<usize> {
    let mut first_with: HashMap<&str, usize> = HashMap::new();
    for (at, picture) in pictures.iter().enumerate() {
        for candidate in picture.candidates.iter().skip(1) {
            first_with.entry(candidate.url.as_str()).or_insert(at);
        }
    }
    let mut first_best: HashMap<&str, usize> = HashMap::new();
    let mut into: Vec<usize> = (0..pictures.len()).collect();
    for (at, picture) in pictures.iter().enumerate() {
        let Some(best) = picture.best().map(|best| best.url.as_str()) else { continue };
        let same = match first_best.entry(best) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(free) => {
                free.insert(at);
                first_with.get(best).copied()
            }
        };
        if let Some(same) = same {
            let (a, b) = (root(&mut into, at), root(&mut into, same));
            into[a.max(b)] = a.min(b);
        }
    }
    (0..pictures.len()).map(|at| root(&mut into, at)).collect()
}

/// The first of those that are one with this, the way there shortened.
fn root(into: &mut [usize], mut at: usize) -> usize {
    while into[at] != at {
        into[at] = into[into[at]];
        at = into[at];
    }
    at
}

/// Each URL once, with all that is said of it, the best first.
fn tidy(candidates: &mut Vec<Candidate>) {
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<Candidate> = Vec::with_capacity(candidates.len());
    for candidate in candidates.drain(..) {
        match known.get(candidate.url.as_str()) {
            Some(&at) => add(&mut kept[at], candidate),
            None => {
                known.insert(candidate.url.to_string(), kept.len());
                kept.push(candidate);
            }
        }
    }
    rank(&mut kept);
    *candidates = kept;
}

fn add(known: &mut Candidate, other: Candidate) {
    // its own width and height stay together
    if known.width.is_none() && known.height.is_none() {
        (known.width, known.height) = (other.width, other.height);
    }
    known.density = known.density.or(other.density);
    known.mime = known.mime.take().or(other.mime);
    known.media = known.media.take().or(other.media);
}
