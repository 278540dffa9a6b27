//! Groups of pictures that look alike, without comparing each with each.
//!
//! Two hashes of 64 bits that differ in at most *n* are equal in at least one of *n* + 1 parts, so only those that share a
//! part are compared (multi-index hashing: Norouzi, Punjani and Fleet, 2012).

use std::collections::{BTreeMap, HashMap};

/// A hash with fewer bits set, or with fewer not set, says nothing: it is that of a plain surface.
const FEATURES: u32 = 3;

/// Whether a hash says something of a picture's looks.
pub(crate) fn tells(hash: u64) -> bool {
    (FEATURES..=64 - FEATURES).contains(&hash.count_ones())
}

/// Groups of two and more, by index; each begins with its best. `hashes` stand in order, the best first. In a group
/// everyone differs from the best in at most `near` bits, so that no chain of likenesses joins what is not alike.
///
/// `near` is at most 15.
#[must_use]
pub fn groups_of(hashes: &[u64], near: u32) -> Vec<Vec<usize>> {
    // pictures of one hash are compared once
    let mut equal = BTreeMap::<u64, Vec<usize>>::new();
    for (index, hash) in hashes.iter().enumerate().filter(|(_, hash)| tells(**hash)) {
        equal.entry(*hash).or_default().push(index);
    }
    let mut distinct: Vec<(u64, Vec<usize>)> = equal.into_iter().collect();
    distinct.sort_by_key(|(_, indexes)| indexes[0]);
    // beside each other, for they are compared often
    let keys: Vec<u64> = distinct.iter().map(|(hash, _)| *hash).collect();
    let parts = Parts::of(near.min(15) + 1);
    let mut shelves = vec![HashMap::<u64, Vec<usize>>::new(); parts.0.len()];
    for (place, (hash, _)) in distinct.iter().enumerate() {
        for (part, shelf) in parts.0.iter().zip(&mut shelves) {
            shelf.entry(part.of(*hash)).or_default().push(place);
        }
    }
    let (mut is_taken, mut groups) = (vec![false; distinct.len()], Vec::new());
    for (place, (hash, indexes)) in distinct.iter().enumerate() {
        if std::mem::replace(&mut is_taken[place], true) {
            continue;
        }
        let mut group = indexes.clone();
        for (part, shelf) in parts.0.iter().zip(&mut shelves) {
            let Some(others) = shelf.get_mut(&part.of(*hash)) else { continue };
            // who has a group leaves the shelf, so that a crowded one is not walked again and again for nothing
            others.retain(|other| {
                let is_near = !is_taken[*other] && (keys[*other] ^ hash).count_ones() <= near;
                if is_near {
                    is_taken[*other] = true;
                    group.extend(&distinct[*other].1);
                }
                !is_taken[*other]
            });
        }
        if group.len() > 1 {
            group[1..].sort_unstable();
            groups.push(group);
        }
    }
    groups
}

/// How 64 bits are divided.
struct Parts(Vec<Part>);

struct Part {
    shift: u32,
    bits: u32,
}

impl Parts {
    fn of(count: u32) -> Self {
        let bounds: Vec<u32> = (0..=count).map(|index| index * 64 / count).collect();
        Self(bounds.windows(2).map(|pair| Part { shift: pair[0], bits: pair[1] - pair[0] }).collect())
    }
}

impl Part {
    fn of(&self, hash: u64) -> u64 {
        let rest = hash >> self.shift;
        if self.bits == 64 { rest } else { rest & ((1 << self.bits) - 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(count: usize) -> Vec<u64> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let next = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn the_groups_are_those_of_comparing_each_with_each() {
        let mut hashes = random(300);
        for index in 0..300 {
            // some are near, some just beyond
            let hash = hashes[index];
            hashes.push(hash ^ (0x8000_0000_0100_0101 >> (index % 3)));
            hashes.push(hash ^ 0x0f0f << (index % 40));
        }
        for near in [0, 1, 4, 7, 10, 15] {
            let mut is_taken = vec![false; hashes.len()];
            let mut expected = Vec::new();
            for (index, hash) in hashes.iter().enumerate() {
                if !is_taken[index] && tells(*hash) {
                    let is_near = |other: &usize| tells(hashes[*other]) && (hashes[*other] ^ hash).count_ones() <= near;
                    let group: Vec<usize> =
                        (index..hashes.len()).filter(|other| !is_taken[*other]).filter(is_near).collect();
                    group.iter().for_each(|other| is_taken[*other] = true);
                    expected.extend((group.len() > 1).then_some(group));
                }
            }
            assert_eq!(groups_of(&hashes, near), expected, "{near}");
        }
    }

    #[test]
    fn plain_surfaces_are_not_alike() {
        assert!(groups_of(&[0, 0, 1, u64::MAX, u64::MAX], 4).is_empty());
    }

    #[test]
    fn a_chain_joins_nobody_who_is_not_near_the_best() {
        let (a, b, c) = (0xffff, 0xffff ^ 0b111, 0xffff ^ 0b11_1111);
        assert_eq!(groups_of(&[a, b, c], 3), [[0, 1]]);
        assert_eq!(groups_of(&[b, a, c], 3), [[0, 1, 2]]);
    }
}
