//! The resamples of the hierarchical bootstrap: seeds with replacement and, within each drawn seed, its images with replacement.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many resamples are drawn.
pub(crate) const RESAMPLES: usize = 10_000;

/// The key of ChaCha8, which never changes. Data of the same shape always get the same resamples, in any thread.
const KEY: [u8; 32] = [15; 32];

/// A drawn seed with its drawn images.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Drawn {
    pub(super) seed: usize,
    pub(super) images: Vec<usize>,
}

/// Calls `each` with every resample, for data with these numbers of images in the seeds.
///
/// The draws come in this order: a seed, then as many images of it as it has, then the next seed. A number below n is ⌊x·n / 2³²⌋ of the next 32-bit
/// word x of ChaCha8 (key: 32 bytes of 15, stream 0).
pub(super) fn resamples(images_of_seeds: &[usize], mut each: impl FnMut(&[Drawn])) {
    let mut generator = ChaCha8Rng::from_seed(KEY);
    let mut below = |count: usize| ((u64::from(generator.next_u32()) * count as u64) >> 32) as usize;
    let mut drawn: Vec<Drawn> = vec![Drawn::default(); images_of_seeds.len()];
    for _ in 0..RESAMPLES {
        for place in &mut drawn {
            place.seed = below(images_of_seeds.len());
            let images = images_of_seeds.get(place.seed).copied().unwrap_or(0);
            place.images.clear();
            place.images.extend((0..images).map(|_| below(images)));
        }
        each(&drawn);
    }
}
