//! Two tiles of noise that all scenes are painted with: soft for clouds and waves, rough for sand and grain.

use crate::random::{draw, scramble};

/// Edge of a tile, a power of two.
const EDGE: usize = 512;

/// Tiles of noise that repeat in both directions without a seam.
pub(crate) struct Noise {
    soft: Vec<f32>,
    rough: Vec<f32>,
}

impl Noise {
    pub(crate) fn new() -> Self {
        let rough = (0..EDGE * EDGE).map(|at| (scramble(at as u64) >> 40) as f32 / (1 << 24) as f32).collect();
        Self { soft: soft(), rough }
    }

    /// Fractal noise from 0 to 1.
    pub(crate) fn soft(&self, x: usize, y: usize) -> f32 {
        self.soft[y % EDGE * EDGE + x % EDGE]
    }

    /// White noise from 0 to 1.
    pub(crate) fn rough(&self, x: usize, y: usize) -> f32 {
        self.rough[y % EDGE * EDGE + x % EDGE]
    }
}

/// A sum of lattices, each twice as fine and half as strong as the one before, stretched to fill 0 to 1.
fn soft() -> Vec<f32> {
    let mut tile = vec![0.0f32; EDGE * EDGE];
    for octave in 0..6 {
        let cells = 4 << octave;
        let cell = EDGE / cells;
        let strength = 0.5f32.powi(octave);
        let lattice: Vec<f32> =
            (0..cells * cells).map(|at| (draw(octave as u64, at) >> 40) as f32 / (1 << 24) as f32).collect();
        for y in 0..EDGE {
            let (row, below) = (y / cell * cells, (y / cell + 1) % cells * cells);
            let down = smooth((y % cell) as f32 / cell as f32);
            for x in 0..EDGE {
                let (column, right) = (x / cell, (x / cell + 1) % cells);
                let across = smooth((x % cell) as f32 / cell as f32);
                let top = lattice[row + column] + (lattice[row + right] - lattice[row + column]) * across;
                let bottom = lattice[below + column] + (lattice[below + right] - lattice[below + column]) * across;
                tile[y * EDGE + x] += (top + (bottom - top) * down) * strength;
            }
        }
    }
    let (least, most) =
        tile.iter().fold((f32::MAX, f32::MIN), |(least, most), &value| (least.min(value), most.max(value)));
    tile.iter_mut().for_each(|value| *value = (*value - least) / (most - least));
    tile
}

fn smooth(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}
