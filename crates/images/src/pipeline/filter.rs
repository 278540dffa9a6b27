//! What a picture must be to be kept.

use bytesize::ByteSize;
use dragline::error::Result;
use dragline::settings::within;
use serde::{Deserialize, Serialize};

use crate::picture::{Glance, Kind};

/// `[pipelines.images.filter]`: what a picture must be to be kept. What is 0 or empty asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// The fewest pixels from left to right, as the picture is shown.
    pub min_width: u32,
    /// The fewest pixels from top to bottom, as the picture is shown.
    pub min_height: u32,
    /// The most pixels from left to right.
    pub max_width: u32,
    /// The most pixels from top to bottom.
    pub max_height: u32,
    /// The fewest pixels in all.
    pub min_pixels: u64,
    /// The most pixels in all.
    pub max_pixels: u64,
    /// The fewest bytes, as they came.
    pub min_bytes: ByteSize,
    /// The most bytes, as they came.
    pub max_bytes: ByteSize,
    /// The least width for each pixel of height: 0.2 refuses ribbons that stand.
    pub min_aspect: f64,
    /// The most width for each pixel of height: 5 refuses banners.
    pub max_aspect: f64,
    /// The kinds that are kept, such as `jpeg`; none means all.
    pub types: Vec<Kind>,
}

/// What a filter refuses, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filtered {
    /// The stable name: `filtered_min_width`.
    pub(super) reason: &'static str,
    /// The same for people.
    pub(super) detail: String,
}

impl Filter {
    /// Whether a picture of this size, as it is shown, is kept.
    #[must_use]
    pub fn admits(&self, width: u32, height: u32) -> bool {
        self.size(width, height).is_none()
    }

    /// Makes sure that it makes sense.
    pub(super) fn check(&self, table: &str) -> Result<()> {
        let key = |name: &str| format!("{table}.filter.{name}");
        for (name, value) in [("min_aspect", self.min_aspect), ("max_aspect", self.max_aspect)] {
            within(&key(name), value, 0.0..=f64::MAX)?;
        }
        for (name, least, most) in [
            ("max_width", u64::from(self.min_width), u64::from(self.max_width)),
            ("max_height", u64::from(self.min_height), u64::from(self.max_height)),
            ("max_pixels", self.min_pixels, self.max_pixels),
            ("max_bytes", self.min_bytes.as_u64(), self.max_bytes.as_u64()),
        ] {
            if most > 0 {
                within(&key(name), most, least..=u64::MAX)?;
            }
        }
        if self.max_aspect > 0.0 {
            within(&key("max_aspect"), self.max_aspect, self.min_aspect..=f64::MAX)?;
        }
        Ok(())
    }

    /// What it says of a number of bytes.
    pub(super) fn bytes(&self, size: u64) -> Option<Filtered> {
        let (least, most) = (self.min_bytes.as_u64(), self.max_bytes.as_u64());
        under("filtered_min_bytes", "bytes", size, least).or_else(|| over("filtered_max_bytes", "bytes", size, most))
    }

    /// What it says of a kind.
    pub(super) fn kind(&self, kind: Kind) -> Option<Filtered> {
        if self.types.is_empty() || self.types.contains(&kind) {
            return None;
        }
        Some(Filtered { reason: "filtered_types", detail: format!("{} is not one of `filter.types`", kind.mime()) })
    }

    /// What it says of a size, as the picture is shown.
    pub(super) fn size(&self, width: u32, height: u32) -> Option<Filtered> {
        let pixels = u64::from(width) * u64::from(height);
        let (wide, high) = (u64::from(width), u64::from(height));
        under("filtered_min_width", "pixels of width", wide, self.min_width.into())
            .or_else(|| under("filtered_min_height", "pixels of height", high, self.min_height.into()))
            .or_else(|| over("filtered_max_width", "pixels of width", wide, self.max_width.into()))
            .or_else(|| over("filtered_max_height", "pixels of height", high, self.max_height.into()))
            .or_else(|| under("filtered_min_pixels", "pixels", pixels, self.min_pixels))
            .or_else(|| over("filtered_max_pixels", "pixels", pixels, self.max_pixels))
            .or_else(|| self.aspect(width, height))
    }

    /// What it says of a picture of which only the beginning is there: what holds whatever follows. Whether it is to be
    /// turned may stand further back, so a size must be wrong both ways round.
    pub(super) fn glance(&self, glance: &Glance) -> Option<Filtered> {
        match glance {
            Glance::Kind(kind) => self.kind(*kind),
            Glance::Picture { kind, width, height } => self.kind(*kind).or_else(|| {
                let refused = self.size(*width, *height)?;
                self.size(*height, *width).map(|_| refused)
            }),
            _ => None,
        }
    }

    fn aspect(&self, width: u32, height: u32) -> Option<Filtered> {
        let aspect = f64::from(width) / f64::from(height.max(1));
        let refused = |reason, what: &str, limit: f64| {
            Some(Filtered { reason, detail: format!("{width} x {height} is {what} than {limit} to 1") })
        };
        if aspect < self.min_aspect {
            return refused("filtered_min_aspect", "narrower", self.min_aspect);
        }
        if self.max_aspect > 0.0 && aspect > self.max_aspect {
            return refused("filtered_max_aspect", "wider", self.max_aspect);
        }
        None
    }
}

/// What a wish for a picture with such a shorter side says of its size, whichever way it is turned.
pub(super) fn side(width: u32, height: u32, min_side: u32) -> Option<Filtered> {
    let detail = || format!("{width} x {height} has a side under `min_side` = {min_side}");
    (width.min(height) < min_side).then(|| Filtered { reason: "filtered_min_side", detail: detail() })
}

/// A refusal of what is less than it must be.
pub(super) fn under(reason: &'static str, what: &str, found: u64, least: u64) -> Option<Filtered> {
    let key = reason.trim_start_matches("filtered_");
    (found < least).then(|| Filtered { reason, detail: format!("{found} {what} are under `filter.{key}` = {least}") })
}

/// A refusal of what is more than it may be; 0 is no limit.
pub(super) fn over(reason: &'static str, what: &str, found: u64, most: u64) -> Option<Filtered> {
    let key = reason.trim_start_matches("filtered_");
    let is_over = most > 0 && found > most;
    is_over.then(|| Filtered { reason, detail: format!("{found} {what} are over `filter.{key}` = {most}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(filtered: Option<Filtered>) -> &'static str {
        filtered.map_or("kept", |filtered| filtered.reason)
    }

    #[test]
    fn each_rule_has_a_name_of_its_own() {
        let filter = Filter { min_width: 10, min_height: 10, max_width: 100, max_height: 200, ..Filter::default() };
        assert_eq!(reason(filter.size(10, 10)), "kept");
        assert_eq!(reason(filter.size(9, 10)), "filtered_min_width");
        assert_eq!(reason(filter.size(10, 9)), "filtered_min_height");
        assert_eq!(reason(filter.size(101, 10)), "filtered_max_width");
        assert_eq!(reason(filter.size(10, 201)), "filtered_max_height");
        let filter = Filter { min_pixels: 100, max_pixels: 1000, ..Filter::default() };
        assert_eq!(reason(filter.size(9, 11)), "filtered_min_pixels");
        assert_eq!(reason(filter.size(11, 100)), "filtered_max_pixels");
        let filter = Filter { min_aspect: 0.5, max_aspect: 2.0, ..Filter::default() };
        assert_eq!(reason(filter.size(49, 100)), "filtered_min_aspect");
        assert_eq!(reason(filter.size(201, 100)), "filtered_max_aspect");
        assert_eq!(reason(filter.size(200, 100)), "kept");
        let filter = Filter { min_bytes: ByteSize(10), max_bytes: ByteSize(20), ..Filter::default() };
        assert_eq!(reason(filter.bytes(9)), "filtered_min_bytes");
        assert_eq!(reason(filter.bytes(21)), "filtered_max_bytes");
        let filter = Filter { types: vec![Kind::Png], ..Filter::default() };
        assert_eq!(reason(filter.kind(Kind::Jpeg)), "filtered_types");
        assert_eq!(Filter::default().size(1, u32::MAX), None, "nothing is asked for");
    }

    #[test]
    fn what_may_be_turned_is_refused_early_only_if_it_is_wrong_both_ways() {
        let filter = Filter { min_width: 100, ..Filter::default() };
        let glance = |width, height| Glance::Picture { kind: Kind::Jpeg, width, height };
        assert_eq!(filter.glance(&glance(50, 200)), None);
        assert_eq!(reason(filter.glance(&glance(50, 60))), "filtered_min_width");
    }

    #[test]
    fn bounds_that_let_nothing_through_are_an_error() {
        let filter = Filter { min_width: 100, max_width: 50, ..Filter::default() };
        let error = filter.check("pipelines.covers").expect_err("no sense").to_string();
        assert!(error.contains("`pipelines.covers.filter.max_width` = 50"), "{error}");
    }
}
