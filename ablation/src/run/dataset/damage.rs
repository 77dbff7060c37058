//! Pairs of images before and after a disaster, with the damage of each building.

use super::placement::{Building, place};
use super::random::{Purpose, Stream};
use super::scene::{Scale, ground, texture};
use super::{ImageSet, Split, image};
use crate::run::config::{Damage, Data};

/// Pairs of images of one channel each, stored one after the other and row by row, with their labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PairSet {
    /// Width and height.
    pub(crate) size: usize,
    pub(crate) before: Vec<f32>,
    pub(crate) after: Vec<f32>,
    /// 0 is background; buildings have 1 no damage, 2 minor damage, 3 major damage, 4 destroyed.
    pub(crate) labels: Vec<u8>,
}

impl ImageSet for PairSet {
    fn len(&self) -> usize {
        self.labels.len().checked_div(self.size * self.size).unwrap_or(0)
    }

    fn size(&self) -> usize {
        self.size
    }

    fn inputs(&self, index: usize) -> Vec<&[f32]> {
        self.pair(index).to_vec()
    }
}

impl PairSet {
    /// The pixels of a pair's images, before and after; empty past the last pair.
    pub(crate) fn pair(&self, index: usize) -> [&[f32]; 2] {
        [image(&self.before, self.size, index), image(&self.after, self.size, index)]
    }

    /// A number of pairs to show: for each class except background the pair with most of its pixels, then the first of the others.
    ///
    /// Damage is rare, so the first pairs may show none.
    pub(crate) fn telling(&self, count: usize) -> Vec<usize> {
        let mut chosen: Vec<usize> = Vec::new();
        let pixels_of = |pair: usize, class: u8| self.label(pair).iter().filter(|label| **label == class).count();
        for class in [4, 3, 2, 1] {
            let others = (0..self.len()).rev().filter(|pair| !chosen.contains(pair));
            chosen.extend(others.max_by_key(|pair| pixels_of(*pair, class)));
        }
        chosen.extend((0..self.len()).filter(|pair| !chosen.contains(pair)).take(count).collect::<Vec<_>>());
        chosen.truncate(count);
        chosen
    }

    /// The labels of a pair; empty past the last pair.
    pub(crate) fn label(&self, index: usize) -> &[u8] {
        image(&self.labels, self.size, index)
    }
}

/// The shares of the damage classes, scaled to sum to 1.
///
/// A negative or NaN share counts as 0; if all are 0, every pixel is background. The published shares of xBD, 96.0, 2.7,
/// 0.1, 0.1 and 0.1 %, sum to 99.0 %.
pub(crate) fn damage_shares(damage: &Damage) -> [f64; 5] {
    let shares = damage.shares.map(|share| if share.is_finite() { share.max(0.0) } else { 0.0 });
    let sum: f64 = shares.iter().sum();
    if sum > 0.0 && sum.is_finite() { shares.map(|share| share / sum) } else { [1.0, 0.0, 0.0, 0.0, 0.0] }
}

/// Pairs in which each building class covers exactly round(share · pixels) of all pixels, and background the rest.
///
/// Size, contrast and noise are those of the binary images. The image after differs from the one before in light and noise everywhere, and
/// in the roofs of damaged buildings.
pub(crate) fn damage(data: &Data, damage: &Damage, seed: u64, split: Split) -> PairSet {
    let count = match split {
        Split::Training => damage.training_images,
        Split::HeldOut => damage.held_out_images,
    };
    let shares = damage_shares(damage);
    let plan = place(count, data.size, &shares, seed, split);
    let scale = Scale::new(1.0 - shares[0], data.contrast, data.noise);
    let (mut before, mut after) = (Vec::with_capacity(plan.labels.len()), Vec::with_capacity(plan.labels.len()));
    for (index, buildings) in plan.buildings.iter().enumerate() {
        let mut stream = Stream::new(seed, Purpose::DamageScene, split, index);
        let ground = ground(data.size, &mut stream);
        let mut scenes = [ground.clone(), ground.clone()];
        for building in buildings {
            draw(building, data, &ground, &mut scenes, &mut stream);
        }
        let [scene_before, mut scene_after] = scenes.map(|scene| blurred(&scene, data.size, data.soft_edge));
        change_light(&mut scene_after, data.size, &mut stream);
        scale.finish(&scene_before, &mut stream, &mut before);
        scale.finish(&scene_after, &mut stream, &mut after);
    }
    PairSet { size: data.size, before, after, labels: plan.labels }
}

/// Draws a building's roof before, and its remains after.
fn draw(building: &Building, data: &Data, ground: &[f64], [before, after]: &mut [Vec<f64>; 2], stream: &mut Stream) {
    let contrast = data.contrast;
    let (sin, cos) = building.axis;
    let size = data.size.max(1);
    let roof = contrast * stream.between(0.8, 1.2);
    // Positions from the middle, along and across the ridge, the roof's longer axis.
    let local = |pixel: usize| {
        let (dx, dy) = ((pixel % size) as f64 - building.centre[0], (pixel / size) as f64 - building.centre[1]);
        (cos * dx + sin * dy, cos * dy - sin * dx)
    };
    // Damage comes from a random end.
    let end = if stream.unit() < 0.5 { 1.0 } else { -1.0 };
    let mut pixels: Vec<(f64, usize)> = building.pixels.iter().map(|&pixel| (end * local(pixel).0, pixel)).collect();
    pixels.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let hit = match building.class {
        2 => stream.between(0.4, 0.55),
        3 => stream.between(0.55, 0.7),
        _ => 1.0,
    } * pixels.len() as f64;
    for (rank, &(_, pixel)) in pixels.iter().enumerate() {
        let ground = ground.get(pixel).copied().unwrap_or_default();
        // One side of the ridge is lit.
        let whole = 0.3 * ground + roof + 0.12 * contrast * local(pixel).1.signum();
        let is_hit = (rank as f64) < hit;
        let rest = match (building.class, is_hit) {
            (2, true) => whole - contrast * (0.7 + 0.2 * stream.normal()),
            (3, true) => ground + contrast * (0.1 + 0.45 * stream.normal()),
            (3, false) => whole - contrast * (0.25 + 0.2 * stream.normal()),
            (4, _) => ground + contrast * (0.05 + 0.3 * stream.normal()),
            _ => whole,
        };
        for (scene, value) in [(&mut *before, whole), (&mut *after, rest)] {
            if let Some(pixel) = scene.get_mut(pixel) {
                *pixel = value;
            }
        }
    }
    if building.class == 4 {
        scatter_rubble(building, data, after, stream);
    }
}

/// Adds rubble on about a third of the pixels around a destroyed building, which blurs its outline.
fn scatter_rubble(building: &Building, data: &Data, after: &mut [f64], stream: &mut Stream) {
    let size = data.size;
    let mut around: Vec<usize> = building
        .pixels
        .iter()
        .flat_map(|&pixel| {
            let near = move |at: usize| at.saturating_sub(1)..(at + 2).min(size);
            near(pixel / size).flat_map(move |y| near(pixel % size).map(move |x| y * size + x))
        })
        .filter(|pixel| !building.pixels.contains(pixel))
        .collect();
    around.sort_unstable();
    around.dedup();
    for pixel in around {
        let rubble = 0.3 * data.contrast * stream.normal();
        match after.get_mut(pixel) {
            Some(pixel) if stream.unit() < 0.35 => *pixel += rubble,
            _ => {}
        }
    }
}

/// Changes the time of day: a little more or less light, unevenly.
fn change_light(scene: &mut [f64], size: usize, stream: &mut Stream) {
    let (gain, offset) = (stream.between(0.92, 1.08), stream.between(-0.08, 0.08));
    let haze = texture(size, stream);
    for (pixel, haze) in scene.iter_mut().zip(haze) {
        *pixel = gain * *pixel + offset + 0.1 * haze;
    }
}

/// The scene through an optic that spreads an edge over about `width` pixels, up to three: each pixel is mixed with its neighbours.
fn blurred(scene: &[f64], size: usize, width: f64) -> Vec<f64> {
    let side = (width / 12.0).clamp(0.0, 0.25);
    let mix = |before: f64, own: f64, after: f64| (1.0 - 2.0 * side) * own + side * (before + after);
    let value = |scene: &[f64], x: usize, y: usize| scene.get(y * size + x).copied().unwrap_or_default();
    let last = size.saturating_sub(1);
    // Beyond the image, the border continues.
    let along: Vec<f64> = (0..scene.len())
        .map(|index| (index % size, index / size))
        .map(|(x, y)| mix(value(scene, x.saturating_sub(1), y), value(scene, x, y), value(scene, (x + 1).min(last), y)))
        .collect();
    (0..scene.len())
        .map(|index| (index % size, index / size))
        .map(|(x, y)| {
            mix(value(&along, x, y.saturating_sub(1)), value(&along, x, y), value(&along, x, (y + 1).min(last)))
        })
        .collect()
}
