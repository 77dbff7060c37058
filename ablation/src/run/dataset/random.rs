//! Random numbers, one independent stream for each image and purpose.

use core::f64::consts::TAU;

use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::Split;
use crate::run::normal::normal_pair;

/// The purpose of a stream. Each purpose has its own stream, so that a change in one leaves the others unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    // From 1, so that no image has stream 0 or 1: the first weights and the order of images use these.
    Quota = 1,
    BinaryScene,
    LabelNoise,
    DamagePlan,
    Placement,
    DamageScene,
    Annotator,
    Folds,
    Crop,
}

/// A stream of random numbers.
pub(super) struct Stream {
    generator: ChaCha8Rng,
    /// The second number of a pair; normal numbers are made in pairs.
    spare: Option<f64>,
}

impl Stream {
    /// The stream of one image. Streams of other seeds, purposes, splits and images are independent of it.
    pub(super) fn new(seed: u64, purpose: Purpose, split: Split, image: usize) -> Stream {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let split = match split {
            Split::Training => 0,
            Split::HeldOut => 1,
        };
        generator.set_stream((purpose as u64) << 56 | split << 48 | image as u64);
        Stream { generator, spare: None }
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        self.generator.random()
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..count; 0 if the count is 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.generator.random_range(0..count) }
    }

    /// Sine and cosine of a uniform angle.
    pub(super) fn direction(&mut self) -> (f64, f64) {
        libm::sincos(TAU * self.unit())
    }

    /// Normal with mean 0 and standard deviation 1.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let [first, second] = normal_pair(&mut self.generator);
        self.spare = Some(second);
        first
    }

    /// Rounds down or up at random, so that the mean is the value.
    pub(super) fn round(&mut self, value: f64) -> usize {
        (value + self.unit()).floor() as usize
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.generator);
    }
}
