//! Softmax or sigmoids of a loaded tile.

use super::{load, store};
use crate::class::numbers::{ClassNumbers, Row};
use crate::class::pixel::Activation;
use crate::class::plane::Ahead;
use crate::class::sample::Reading;
use crate::class::softmax::Exponentials;
use crate::input::link::{Link, Logits};
use crate::number::lanes::{Kernel, Lanes};

/// The difference of logits up to this size is finite. Pixels with larger ones go one by one, and get the right value or error there.
const LARGEST_LOGIT: f32 = f32::MAX / 2.0;

/// Activates every pixel of a loaded tile.
///
/// It is independent of the loss, of the type of labels and of the room for classes, so that it is compiled once. Each loop takes one step for all
/// pixels: a processor works on several short steps at once, and their numbers stay in its registers whatever the number of classes.
pub(super) struct Activate<'a, 'p, const TILE: usize> {
    logits: &'a [Row<TILE>],
    p: &'a mut [Row<TILE>],
    q: &'a mut [Row<TILE>],
    cross_entropy: &'a mut [Row<TILE>],
    /// Where the class of the largest logit goes.
    predicted: &'a mut Row<TILE>,
    activation: Activation,
    length: usize,
    /// Whether the class of the largest logit is needed.
    predicts: bool,
    /// The logits of the next tile.
    ahead: Ahead<'p>,
}

impl<'a, 'p, const TILE: usize> Activate<'a, 'p, TILE> {
    #[inline(always)]
    pub(super) fn new<const C: usize>(
        numbers: &'a mut ClassNumbers<C, TILE>,
        reading: Reading,
        length: usize,
        predicts: bool,
        ahead: Ahead<'p>,
    ) -> Self {
        let ClassNumbers { logits, p, q, cross_entropy, predicted, .. } = numbers;
        let Reading { classes, activation, .. } = reading;
        Self {
            logits: logits.get(..classes).unwrap_or_default(),
            p: p.get_mut(..classes).unwrap_or_default(),
            q: q.get_mut(..classes).unwrap_or_default(),
            cross_entropy: cross_entropy.get_mut(..classes).unwrap_or_default(),
            predicted,
            activation,
            length,
            predicts,
            ahead,
        }
    }
}

impl<const TILE: usize> Kernel for Activate<'_, '_, TILE> {
    /// Whether all logits are finite, and their differences as well.
    type Output = bool;

    #[inline(always)]
    fn run<V: Lanes>(self) -> bool {
        let Self { logits, p, q, cross_entropy, predicted, activation, length, predicts, ahead } = self;
        let vectors = length / V::WIDTH;
        let mut finite = 0;
        for vector in 0..vectors {
            ahead.prefetch(vector * V::WIDTH, V::WIDTH);
            let mut is_finite = V::splat(0.0).ge(V::splat(0.0));
            let (mut largest, mut class, mut most) = (V::splat(f32::MIN), V::splat(0.0), V::splat(0.0));
            for row in logits {
                let logit = load::<V, TILE>(row, vector);
                is_finite = V::both(is_finite, V::splat(LARGEST_LOGIT).ge(logit.abs()));
                let stays = largest.ge(logit);
                most = V::select(stays, most, class);
                largest = V::select(stays, largest, logit);
                class = class + V::splat(1.0);
            }
            finite += V::count(is_finite) as usize;
            if predicts {
                store(most, predicted, vector);
            }
            for (row, gap) in logits.iter().zip(&mut *cross_entropy) {
                store(largest - load::<V, TILE>(row, vector), gap, vector);
            }
        }
        if finite != length {
            return false;
        }
        match activation {
            Activation::Softmax => {
                for (gap, exponential) in cross_entropy.iter().zip(&mut *p) {
                    for vector in 0..vectors {
                        store(load::<V, TILE>(gap, vector).exp_neg(), exponential, vector);
                    }
                }
                for vector in 0..vectors {
                    let mut exponentials = Exponentials::<V>::new();
                    for ((gap, exponential), largest) in cross_entropy.iter().zip(&*p).zip(&mut *q) {
                        store(exponentials.add(load(gap, vector), load(exponential, vector)), largest, vector);
                    }
                    let shares = exponentials.finish();
                    for ((loss, p), q) in cross_entropy.iter_mut().zip(&mut *p).zip(&mut *q) {
                        let [of_p, of_q, of_loss] = shares.class(load(loss, vector), load(p, vector), load(q, vector));
                        store(of_p, p, vector);
                        store(of_q, q, vector);
                        store(of_loss, loss, vector);
                    }
                }
            }
            Activation::Sigmoid => {
                for (((logits, p), q), loss) in logits.iter().zip(p).zip(q).zip(cross_entropy) {
                    for vector in 0..vectors {
                        let pixel = Logits.pixel(load::<V, TILE>(logits, vector), V::splat(0.0));
                        store(pixel.p, p, vector);
                        store(pixel.q, q, vector);
                        store(pixel.foreground_loss, loss, vector);
                    }
                }
            }
        }
        true
    }
}
