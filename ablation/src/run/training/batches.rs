//! The order in which images are seen.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Batches of images. Each epoch sees each image once, in an order that depends on the seed. A last, smaller batch is filled from the next epoch.
pub(super) struct Batches {
    order: Vec<usize>,
    next: usize,
    batch: usize,
    random: ChaCha8Rng,
}

/// The stream of random numbers for the order of images; the first weights use stream 0.
const STREAM: u64 = 1;

impl Batches {
    pub(super) fn new(images: usize, batch: usize, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(STREAM);
        Self { order: (0..images).collect(), next: images, batch, random }
    }

    pub(super) fn next(&mut self) -> Vec<usize> {
        (0..self.batch).filter_map(|_| self.next_image()).collect()
    }

    fn next_image(&mut self) -> Option<usize> {
        if self.next >= self.order.len() {
            self.order.shuffle(&mut self.random);
            self.next = 0;
        }
        let image = self.order.get(self.next).copied();
        self.next += 1;
        image
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    quickcheck::quickcheck! {
        fn each_image_once_an_epoch(images: u8, batch: u8, seed: u64) -> bool {
            let (images, batch) = (usize::from(images) + 1, usize::from(batch) + 1);
            let mut batches = Batches::new(images, batch, seed);
            let seen: Vec<usize> = (0..4 * images / batch + 1).flat_map(|_| batches.next()).collect();
            seen.chunks_exact(images).all(|epoch| {
                let mut epoch = epoch.to_vec();
                epoch.sort_unstable();
                epoch.iter().copied().eq(0..images)
            })
        }
    }
}
