//! Images like a segmentation model's: logits around −2, a few per cent of foreground in discs. They are the same on every machine.

use fastrand::Rng;

/// Logits and a mask, row by row.
pub struct Image {
    /// About N(−2, 3²), with 3 added in the foreground.
    pub logits: Vec<f32>,
    /// 1 in discs, 0 elsewhere.
    pub mask: Vec<u8>,
}

/// The content of an image, and how certain the network is of it.
#[derive(Clone, Copy)]
pub struct Scene {
    /// In words.
    pub name: &'static str,
    /// The share of cells of 64 × 64 pixels that have a disc.
    share: f32,
    /// The radius of a disc.
    radius: f32,
    /// The factor on logits like those of [`Image::new`].
    certainty: f32,
}

/// The scenes of the suite: discs over a hundredth, a twentieth and half of the image with |z| up to 12.4, and one scene with |z| up to 40.
pub const SCENES: [Scene; 4] = [
    Scene { name: "1 % foreground", share: 0.05, radius: 16.0, certainty: 1.0 },
    Scene { name: "5 % foreground", share: 0.25, radius: 16.0, certainty: 1.0 },
    Scene { name: "50 % foreground", share: 1.0, radius: 25.5, certainty: 1.0 },
    Scene { name: "5 % foreground, a sure network", share: 0.25, radius: 16.0, certainty: 3.2 },
];

/// Logits of several classes, all pixels of class 0 first, and labels.
pub struct ClassImage {
    /// About N(0, 2²), with 3 added for the class of the label.
    pub logits: Vec<f32>,
    /// The same logits, all classes of pixel 0 first.
    pub interleaved: Vec<f32>,
    /// A disc's class; 0 elsewhere.
    pub labels: Vec<u8>,
    /// How many classes there are.
    pub classes: usize,
}

/// A number of mean 0 and variance 1 that is never beyond ±3.5: the sum of four uniform numbers.
///
/// The bound keeps 1 − p above 0 in `f32`, because some peers take its logarithm.
fn normal(random: &mut Rng) -> f32 {
    let bits = random.u64(..);
    let sum: i32 = (0..4).map(|part| i32::from((bits >> (16 * part)) as u16)).sum();
    (sum as f32 / 65_536.0 - 2.0) * 3f32.sqrt()
}

/// Discs in a third of a grid of square cells, each of a class from 1 on.
fn discs(random: &mut Rng, side: usize, classes: u8) -> Vec<u8> {
    const CELL: usize = 32;
    let mut labels = vec![0; side * side];
    for top in (0..side).step_by(CELL) {
        for left in (0..side).step_by(CELL) {
            let radius = (4.0 + 10.0 * random.f32()) * f32::from(u8::from(random.u8(..3) == 0));
            fill_disc(&mut labels, side, [top, left], CELL, radius, random.u8(1..classes));
        }
    }
    labels
}

/// Fills a disc in the middle of a square cell.
fn fill_disc(labels: &mut [u8], side: usize, [top, left]: [usize; 2], cell: usize, radius: f32, class: u8) {
    let centre = [top, left].map(|corner| corner as f32 + cell as f32 / 2.0);
    for y in top..side.min(top + cell) {
        for x in left..side.min(left + cell) {
            let [dy, dx] = [y as f32 - centre[0], x as f32 - centre[1]];
            if dy * dy + dx * dx < radius * radius {
                labels[y * side + x] = class;
            }
        }
    }
}

impl Image {
    /// An image of `side`×`side` pixels.
    pub fn new(side: usize) -> Self {
        let mut random = Rng::with_seed(side as u64);
        let mask = discs(&mut random, side, 2);
        let logits = mask.iter().map(|&target| 3.0 * normal(&mut random) - 2.0 + 3.0 * f32::from(target)).collect();
        Self { logits, mask }
    }

    /// Makes an image of `side`×`side` pixels that shows a scene.
    pub fn of(scene: &Scene, side: usize) -> Self {
        const CELL: usize = 64;
        let mut random = Rng::with_seed(side as u64);
        let mut mask = vec![0; side * side];
        for top in (0..side).step_by(CELL) {
            for left in (0..side).step_by(CELL) {
                if random.f32() < scene.share {
                    fill_disc(&mut mask, side, [top, left], CELL, scene.radius, 1);
                }
            }
        }
        let moderate = mask.iter().map(|&target| 3.0 * normal(&mut random) - 2.0 + 3.0 * f32::from(target));
        let logits = moderate.map(|logit| logit * scene.certainty).collect();
        Self { logits, mask }
    }

    /// How many pixels there are.
    pub fn pixels(&self) -> usize {
        self.mask.len()
    }

    /// The mask as numbers, for other crates.
    pub fn mask_as_numbers(&self) -> Vec<f32> {
        self.mask.iter().map(|&target| f32::from(target)).collect()
    }
}

impl ClassImage {
    /// Makes an image of `side`×`side` pixels and at least two classes.
    pub fn new(side: usize, classes: u8) -> Self {
        let mut random = Rng::with_seed(side as u64 + u64::from(classes));
        let labels = discs(&mut random, side, classes);
        let pixels = labels.len();
        let mut logits = Vec::with_capacity(pixels * usize::from(classes));
        for class in 0..classes {
            for &label in &labels {
                logits.push(2.0 * normal(&mut random) + 3.0 * f32::from(u8::from(label == class)));
            }
        }
        let classes = usize::from(classes);
        let interleaved = (0..logits.len()).map(|i| logits[i % classes * pixels + i / classes]).collect();
        Self { logits, interleaved, labels, classes }
    }

    /// How many pixels there are.
    pub fn pixels(&self) -> usize {
        self.labels.len()
    }
}
