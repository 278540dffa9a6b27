//! Which pictures are shown as one: those of the same bytes, and those that look alike. The best of them stays.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use dragline_images::Entry;
use dragline_images::keeping::groups_of;

use super::{Picture, Progress};

/// For each picture the number of the better one that it is folded into. `near` is how many of the 64 bits of what two
/// look like may differ; with 0 only those of the same bytes are one.
pub(crate) fn fold(pictures: &[Arc<Picture>], near: u32) -> Vec<Option<usize>> {
    let kept = pictures.iter().enumerate().filter(|(_, picture)| picture.progress() == Progress::Kept);
    let mut kept: Vec<(usize, &Entry)> =
        kept.filter_map(|(place, picture)| Some((place, picture.entry.as_ref()?))).collect();
    // the best first, and of equals the one that stands first on the page
    kept.sort_by_key(|(place, entry)| (Reverse(pixels(entry)), Reverse(entry.size), *place));
    let mut into = vec![None; pictures.len()];
    let mut of_bytes = HashMap::<&str, usize>::new();
    let mut differing = Vec::new();
    for (place, entry) in kept {
        let first = entry.checksum.as_deref().map_or(place, |checksum| *of_bytes.entry(checksum).or_insert(place));
        if first == place {
            differing.push((place, entry));
        } else {
            into[place] = Some(first);
        }
    }
    if near == 0 {
        return into;
    }
    let hashed: Vec<(usize, u64)> =
        differing.into_iter().filter_map(|(place, entry)| Some((place, looks(entry)?))).collect();
    let hashes: Vec<u64> = hashed.iter().map(|(_, hash)| *hash).collect();
    for group in groups_of(&hashes, near) {
        let mut places = group.into_iter().map(|index| hashed[index].0);
        let Some(best) = places.next() else { continue };
        for place in places {
            into[place] = Some(best);
        }
    }
    // what has the same bytes as one that was folded goes with it
    for place in 0..into.len() {
        if let Some(further) = into[place].and_then(|first| into[first]) {
            into[place] = Some(further);
        }
    }
    into
}

fn pixels(entry: &Entry) -> u64 {
    u64::from(entry.width.unwrap_or_default()) * u64::from(entry.height.unwrap_or_default())
}

/// What it looks like, in 64 bits.
fn looks(entry: &Entry) -> Option<u64> {
    u64::from_str_radix(entry.perceptual.as_deref()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A kept picture: its checksum, its width (it is as high), and its bytes.
    fn kept(number: usize, checksum: &str, side: u32, size: u64) -> Picture {
        let entry = json!({
            "url": "http://a.example/", "path": "full/a.jpg", "checksum": checksum, "status": "downloaded",
            "width": side, "height": side, "size": size,
        });
        let page = url::Url::parse("http://a.example/").expect("a URL");
        let found = serde_json::from_value(json!({"candidates": [], "element": "img"})).expect("a picture");
        let entry = serde_json::from_value(entry).expect("an entry");
        Picture { number, page, found, entry: Some(entry), report: None, folded: None }
    }

    fn folded(pictures: Vec<Picture>, near: u32) -> Vec<Option<usize>> {
        fold(&pictures.into_iter().map(Arc::new).collect::<Vec<_>>(), near)
    }

    #[test]
    fn the_same_bytes_are_one_picture_whatever_else() {
        let pictures = || vec![kept(0, "a", 10, 5), kept(1, "b", 10, 5), kept(2, "a", 10, 5), kept(3, "a", 10, 5)];
        for near in [0, 4] {
            assert_eq!(folded(pictures(), near), [None, None, Some(0), Some(0)]);
        }
    }

    fn looking(picture: Picture, hash: u64) -> Picture {
        let entry = picture.entry.map(|entry| Entry { perceptual: Some(format!("{hash:016x}")), ..entry });
        Picture { entry, ..picture }
    }

    #[test]
    fn of_those_that_look_alike_the_one_with_the_most_pixels_stays() {
        const LOOK: u64 = 0xf0f0_1234_5678_9abc;
        let pictures = || {
            vec![
                looking(kept(0, "a", 100, 9), LOOK),
                looking(kept(1, "b", 400, 5), LOOK ^ 0b11),
                looking(kept(2, "c", 400, 7), LOOK ^ 0b100),
                // as large and as heavy: the first one stays
                looking(kept(3, "d", 400, 7), LOOK),
                looking(kept(4, "e", 900, 9), !LOOK),
                // the same bytes as one that is folded
                looking(kept(5, "b", 400, 5), LOOK ^ 0b11),
            ]
        };
        assert_eq!(folded(pictures(), 4), [Some(2), Some(2), None, Some(2), None, Some(2)]);
        assert_eq!(folded(pictures(), 0), [None, None, None, None, None, Some(1)]);
    }

    #[test]
    fn plain_surfaces_look_like_nothing() {
        let plain = |number, checksum| looking(kept(number, checksum, 10, 5), 0);
        assert_eq!(folded(vec![plain(0, "a"), plain(1, "b")], 4), [None, None]);
    }

    #[test]
    fn what_is_not_kept_folds_into_nothing() {
        let mut failed = kept(1, "a", 10, 5);
        failed.entry = Some(Entry::failed("http://a.example/".to_owned(), "http_status", String::new()));
        let under_way = Picture { entry: None, ..kept(2, "a", 10, 5) };
        assert_eq!(folded(vec![kept(0, "a", 10, 5), failed, under_way], 4), [None, None, None]);
    }
}
