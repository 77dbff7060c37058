//! Pixels of an iterator, gathered into tiles that are added like those of slices.

use super::accumulator::Accumulator;
use super::numbers::TILE;
use super::tile::SumScratch;
use crate::arch::SimdLevel;
use crate::input::link::Link;
use crate::input::plane::Plane;
use crate::input::sample::Sample;
use crate::loss::Loss;
use crate::sums::shared::SharedSums;

/// The number of pixels added one by one before any are gathered. A short iterator may end with them, and then never pays for a tile.
const FEW: usize = 128;

/// Pixels not yet added. They are added when they fill a tile and when this is dropped, even during a panic of the iterator.
struct Gathered<'a, L: Loss, K: Link, C: SharedSums> {
    to: &'a mut Accumulator<L, K, C>,
    level: SimdLevel,
    pixels: Pixels,
    scratch: SumScratch,
}

/// The pixels, as slices.
struct Pixels {
    inputs: [f32; TILE],
    targets: [f32; TILE],
    weights: [f32; TILE],
    length: usize,
}

impl Pixels {
    /// Takes pixels while there is room. Each is counted at once, because taking the next may panic.
    #[inline(always)]
    fn fill(&mut self, samples: &mut impl Iterator<Item = Sample>) {
        let Self { inputs, targets, weights, length } = self;
        let places = inputs.iter_mut().zip(targets).zip(weights).zip(1..);
        // `zip` asks for a place first, so it takes no pixel without a place.
        for ((((input, target), weight), count), sample) in places.zip(samples) {
            (*input, *target, *weight) = (sample.input, sample.target, sample.weight);
            *length = count;
        }
    }

    /// Takes the pixels as a plane and leaves none.
    fn take(&mut self) -> Option<Plane<'_, f32>> {
        let length = core::mem::take(&mut self.length);
        let plane = Plane::new(self.inputs.get(..length)?, self.targets.get(..length)?).ok()?;
        plane.with_weights(self.weights.get(..length)?).ok()
    }
}

impl<L: Loss, K: Link, C: SharedSums> Gathered<'_, L, K, C> {
    /// Adds all gathered pixels.
    #[inline(never)]
    fn add(&mut self) {
        let Self { to, level, pixels, scratch } = self;
        if let Some(plane) = pixels.take() {
            to.extend_tiles(*level, plane, None, scratch);
        }
    }
}

impl<L: Loss, K: Link, C: SharedSums> Drop for Gathered<'_, L, K, C> {
    fn drop(&mut self) {
        if self.pixels.length > 0 {
            self.add();
        }
    }
}

impl<L: Loss, K: Link, C: SharedSums> Accumulator<L, K, C> {
    /// Adds the pixels of an iterator at a level that has lanes.
    #[inline(always)]
    pub(super) fn extend_gathered(&mut self, level: SimdLevel, mut samples: impl Iterator<Item = Sample>) {
        let mut run = self.run();
        for _ in 0..FEW {
            match samples.next() {
                Some(sample) => run.push(sample),
                None => return,
            }
        }
        drop(run);
        let row = [0.0; TILE];
        let pixels = Pixels { inputs: row, targets: row, weights: row, length: 0 };
        let mut gathered = Gathered { to: self, level, pixels, scratch: SumScratch::new() };
        loop {
            gathered.pixels.fill(&mut samples);
            if gathered.pixels.length < TILE {
                return;
            }
            gathered.add();
        }
    }
}
