//! Seascapes: a sky with clouds and far mountains, water, a shore. Each scene has its own hour, weather and ground.

use crate::pictures::noise::Noise;

/// Width of a scene in pixels, as that of a photograph.
pub(crate) const WIDTH: usize = 1024;
/// Rows of blocks, 16 pixels high, of each part of a scene.
pub(crate) const SKY_ROWS: usize = 26;
pub(crate) const WATER_ROWS: usize = 14;
pub(crate) const SHORE_ROWS: usize = 20;
/// How many scenes there are.
pub(crate) const SCENES: usize = 12;

const SKY: usize = SKY_ROWS * 16;
const WATER: usize = WATER_ROWS * 16;
const SHORE: usize = SHORE_ROWS * 16;

type Color = [f32; 3];

/// The colours of a scene, as `0xRRGGBB`.
struct Palette {
    zenith: u32,
    horizon: u32,
    cloud: u32,
    /// From 0, clear, to 1, overcast.
    cloudiness: f32,
    sun: u32,
    /// Where the sun stands, in pixels.
    sun_at: (f32, f32),
    mountains: u32,
    water: u32,
    glitter: u32,
    ground: u32,
    /// The second colour of the ground: grass, stones or wet sand.
    growth: u32,
}

#[rustfmt::skip]
const PALETTES: [Palette; SCENES] = [
    Palette { zenith: 0x2F6FBF, horizon: 0xBFDDF2, cloud: 0xFFFFFF, cloudiness: 0.45, sun: 0xFFFBE6, sun_at: (780., 150.), mountains: 0x6F8FA8, water: 0x1F5F8F, glitter: 0xCFE8F5, ground: 0xD9C08C, growth: 0xA88A55 },
    Palette { zenith: 0x3A2E5F, horizon: 0xF59A5A, cloud: 0xD9667A, cloudiness: 0.55, sun: 0xFFE08A, sun_at: (512., 360.), mountains: 0x4A3355, water: 0x6B3F66, glitter: 0xFFC27A, ground: 0x6B4A3A, growth: 0x3A2A2A },
    Palette { zenith: 0x5F6B75, horizon: 0xA9B3B8, cloud: 0x868F96, cloudiness: 0.95, sun: 0xC9CFD2, sun_at: (300., 120.), mountains: 0x5A666B, water: 0x4A5A60, glitter: 0xB9C6C9, ground: 0x7A7A72, growth: 0x4F5550 },
    Palette { zenith: 0x0B1533, horizon: 0x2F4A78, cloud: 0x1E2C4F, cloudiness: 0.40, sun: 0xF2F4E0, sun_at: (240., 170.), mountains: 0x141F38, water: 0x0F2144, glitter: 0xB8C6DE, ground: 0x2A3040, growth: 0x161B26 },
    Palette { zenith: 0x7FB8D9, horizon: 0xFBE6C8, cloud: 0xFFF2E0, cloudiness: 0.60, sun: 0xFFFFFF, sun_at: (160., 260.), mountains: 0x9FB0A8, water: 0x4FA0A0, glitter: 0xE8FFF8, ground: 0x8FAE4A, growth: 0x4F7A2F },
    Palette { zenith: 0x1F8FA8, horizon: 0xD8F0D0, cloud: 0xF5FFF5, cloudiness: 0.30, sun: 0xFFFFD0, sun_at: (900., 90.), mountains: 0x3F7F6A, water: 0x12A09A, glitter: 0xC8FFF0, ground: 0xF2E2B8, growth: 0xD0B47C },
    Palette { zenith: 0x8F5F8A, horizon: 0xFFC8B0, cloud: 0xFFDFD5, cloudiness: 0.50, sun: 0xFFF0D0, sun_at: (680., 330.), mountains: 0x7A5A80, water: 0x9A7AA0, glitter: 0xFFE0D0, ground: 0xA87F78, growth: 0x70505A },
    Palette { zenith: 0x3F5F4F, horizon: 0xC8D0A0, cloud: 0x9FA890, cloudiness: 0.80, sun: 0xF0F0C0, sun_at: (420., 200.), mountains: 0x3F5A40, water: 0x3A5A50, glitter: 0xC0D0B0, ground: 0x5A7A3A, growth: 0x2F4A22 },
    Palette { zenith: 0xB04A2A, horizon: 0xFFD070, cloud: 0xF07A3A, cloudiness: 0.65, sun: 0xFFFFC0, sun_at: (340., 320.), mountains: 0x70301F, water: 0xA0522D, glitter: 0xFFE090, ground: 0x8A4A2A, growth: 0x4F2A1A },
    Palette { zenith: 0x4A80D0, horizon: 0xE0ECF8, cloud: 0xF8FAFF, cloudiness: 0.70, sun: 0xFFFFFF, sun_at: (600., 100.), mountains: 0xC8D4E0, water: 0x5A88A8, glitter: 0xF0F8FF, ground: 0xE8EEF4, growth: 0xB0BCCC },
    Palette { zenith: 0x2A3A70, horizon: 0xE8A0C0, cloud: 0x8A6AA8, cloudiness: 0.50, sun: 0xFFE8F0, sun_at: (860., 300.), mountains: 0x3A3A68, water: 0x3A4A88, glitter: 0xF0C0E0, ground: 0x4A4A5A, growth: 0x6A4A68 },
    Palette { zenith: 0xC0A060, horizon: 0xF0E0B0, cloud: 0xE0C890, cloudiness: 0.75, sun: 0xFFFFF0, sun_at: (500., 160.), mountains: 0xA08A60, water: 0x8A9070, glitter: 0xF0F0D0, ground: 0xC89A50, growth: 0x98702F },
];

/// The scene as RGB pixels, [`WIDTH`] by the three parts' rows.
pub(crate) fn paint(scene: usize, noise: &Noise) -> Vec<u8> {
    let palette = &PALETTES[scene];
    let mut pixels = Vec::with_capacity(WIDTH * (SKY + WATER + SHORE) * 3);
    // Each scene takes its noise from elsewhere in the tiles.
    let shift = scene * 151;
    let ridge: Vec<usize> = (0..WIDTH).map(|x| SKY - (noise.soft(x / 2 + shift, shift) * 170.0) as usize).collect();
    for y in 0..SKY {
        for (x, &ridge) in ridge.iter().enumerate() {
            put(&mut pixels, sky(palette, noise, (x, y), shift, ridge), grain(noise, x + shift, y, 17.0));
        }
    }
    for y in 0..WATER {
        for x in 0..WIDTH {
            put(&mut pixels, water(palette, noise, (x, y), shift), grain(noise, x + shift, y + 77, 16.0));
        }
    }
    for y in 0..SHORE {
        for x in 0..WIDTH {
            put(&mut pixels, shore(palette, noise, (x, y), shift), grain(noise, x, y + shift, 32.0));
        }
    }
    pixels
}

fn sky(palette: &Palette, noise: &Noise, (x, y): (usize, usize), shift: usize, ridge: usize) -> Color {
    if y >= ridge {
        let haze = (SKY - y) as f32 / (SKY - ridge) as f32;
        let rock = 0.75 + 0.5 * noise.soft(x * 2 + shift, y * 3);
        return mix(color(palette.horizon), color(palette.mountains).map(|part| part * rock), 0.55 + 0.45 * haze);
    }
    let height = y as f32 / SKY as f32;
    let air = mix(color(palette.zenith), color(palette.horizon), height * height);
    let cloud = noise.soft(x / 2 + shift, y * 3 / 2 + shift) - 1.0 + palette.cloudiness;
    let cloudy = mix(air, color(palette.cloud), (cloud * 3.0).clamp(0.0, 0.9));
    let (across, down) = (x as f32 - palette.sun_at.0, y as f32 - palette.sun_at.1);
    let glow = 900.0 / (across * across + down * down);
    mix(cloudy, color(palette.sun), glow.min(1.0))
}

fn water(palette: &Palette, noise: &Noise, (x, y): (usize, usize), shift: usize) -> Color {
    let near = y as f32 / WATER as f32;
    // Waves are flatter the farther they are.
    let wave = noise.soft(x / 2 + shift, (y * 6).saturating_sub(y * y / 60) + shift);
    let depth = mix(mix(color(palette.water), color(palette.horizon), 0.5), color(palette.water), near);
    let under_sun = 1.0 - ((x as f32 - palette.sun_at.0) / (60.0 + 120.0 * near)).abs();
    let light = (wave - 0.55) * 1.5 + under_sun.max(0.0) * wave * 0.9;
    mix(depth.map(|part| part * (0.8 + 0.4 * wave)), color(palette.glitter), light.clamp(0.0, 1.0))
}

fn shore(palette: &Palette, noise: &Noise, (x, y): (usize, usize), shift: usize) -> Color {
    let near = y as f32 / SHORE as f32;
    let patch = noise.soft(x + shift, y * 2 + shift);
    let foam = 1.0 - (y as f32 / 14.0 + (noise.soft(x * 2, shift) - 0.5) * 2.0);
    let growth = ((patch - 0.5 + near * 0.2) * 4.0).clamp(0.0, 1.0);
    let ground = mix(color(palette.ground), color(palette.growth), growth);
    mix(ground, color(palette.glitter), foam.clamp(0.0, 0.8))
}

/// The sensor's noise, which is what makes a photograph as large as it is.
fn grain(noise: &Noise, x: usize, y: usize, strength: f32) -> f32 {
    (noise.rough(x, y) - 0.5) * strength
}

fn put(pixels: &mut Vec<u8>, color: Color, grain: f32) {
    // A float that does not fit is clamped by the cast.
    pixels.extend(color.map(|part| (part + grain) as u8));
}

fn mix(from: Color, to: Color, share: f32) -> Color {
    [0, 1, 2].map(|part| from[part] + (to[part] - from[part]) * share)
}

fn color(rgb: u32) -> Color {
    [16, 8, 0].map(|shift| (rgb >> shift & 0xFF) as f32)
}
