//! A class of a tile against the rest, independent of the number of classes, so that its kernels are compiled once.

use core::marker::PhantomData;

use super::load;
use crate::class::numbers::Row;
use crate::class::pixel::against_the_rest;
use crate::number::lanes::{Kernel, Lanes};
use crate::sums::batch::{Batch, Terms, sealed};
use crate::sums::confusion::ConfusionSums;
use crate::sums::exact::{ExactSum, UnitSum};
use crate::sums::rows::{Digits, Stored};

/// The targets of a class.
#[derive(Clone, Copy)]
pub(super) enum Targets<'a, const TILE: usize> {
    /// The label of each pixel.
    Labels(&'a Row<TILE>),
    /// The share of the class in each pixel.
    Soft(&'a Row<TILE>),
}

impl<const TILE: usize> Targets<'_, TILE> {
    /// The targets of a class.
    #[inline(always)]
    pub(super) fn of_class<V: Lanes>(self, class: f32, vector: usize) -> V {
        match self {
            Targets::Labels(labels) => {
                let of_class = equal(load::<V, TILE>(labels, vector), V::splat(class));
                V::select(of_class, V::splat(1.0), V::splat(0.0))
            }
            Targets::Soft(targets) => load(targets, vector),
        }
    }
}

/// The pixels whose number is that of the class.
#[inline(always)]
pub(super) fn equal<V: Lanes>(number: V, class: V) -> V::Mask {
    V::both(number.ge(class), class.ge(number))
}

/// A class of a tile.
#[derive(Clone, Copy)]
pub(in crate::class) struct OneClassOfTile<'a, V, const TILE: usize> {
    pub(super) targets: Targets<'a, TILE>,
    pub(super) p: &'a Row<TILE>,
    pub(super) q: &'a Row<TILE>,
    pub(super) cross_entropy: &'a Row<TILE>,
    /// The class of the largest logit.
    pub(super) predicted: &'a Row<TILE>,
    pub(super) weights: &'a Row<TILE>,
    pub(super) class: f32,
    pub(super) factor: f32,
    pub(super) vectors: usize,
    pub(super) lanes: PhantomData<V>,
}

impl<'a, V, const TILE: usize> OneClassOfTile<'a, V, TILE> {
    /// The same, for other lanes.
    #[inline(always)]
    fn with_lanes<W>(&self) -> OneClassOfTile<'a, W, TILE> {
        let Self { targets, p, q, cross_entropy, predicted, weights, class, factor, vectors, .. } = *self;
        OneClassOfTile { targets, p, q, cross_entropy, predicted, weights, class, factor, vectors, lanes: PhantomData }
    }
}

impl<V: Lanes, const TILE: usize> OneClassOfTile<'_, V, TILE> {
    #[inline(always)]
    fn add_terms<M: Terms<N>, const DIGITS: usize, const N: usize>(&self, terms: &M, sums: &mut [ExactSum<DIGITS>; N]) {
        let (mut rows, mut stored) = ([[0.0; TILE]; N], Stored::default());
        for vector in 0..self.vectors {
            let weight = load::<V, TILE>(self.weights, vector) * V::splat(self.factor);
            let prediction = equal(load::<V, TILE>(self.predicted, vector), V::splat(self.class));
            let is_predicted = V::select(prediction, V::splat(1.0), V::splat(0.0));
            let (target, p, q) =
                (self.targets.of_class(self.class, vector), load(self.p, vector), load(self.q, vector));
            let pixel = against_the_rest(is_predicted, target, p, q, load(self.cross_entropy, vector));
            stored.store(terms.terms(&pixel, weight), M::SPARSE, &mut rows);
        }
        stored.add::<V, TILE, DIGITS, N>(&rows, M::SPARSE, false, sums);
    }
}

impl<V, const TILE: usize> sealed::Batch for OneClassOfTile<'_, V, TILE> {}

impl<V: Lanes, const TILE: usize> Batch for OneClassOfTile<'_, V, TILE> {
    #[inline(always)]
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        self.add_terms(terms, sums);
    }

    #[inline(always)]
    fn add_apart<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        V::apart(AddTerms { pixels: self.with_lanes(), terms, sums });
    }
}

/// Adds the terms of a class of a tile.
struct AddTerms<'a, M, const DIGITS: usize, const N: usize, const TILE: usize> {
    pixels: OneClassOfTile<'a, (), TILE>,
    terms: &'a M,
    sums: &'a mut [ExactSum<DIGITS>; N],
}

impl<M: Terms<N>, const DIGITS: usize, const N: usize, const TILE: usize> Kernel for AddTerms<'_, M, DIGITS, N, TILE> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        self.pixels.with_lanes::<V>().add(self.terms, self.sums);
    }
}

/// Adds the soft and the hard confusion of a class of a tile with labels and without weights.
///
/// The sums are those of three terms a pixel, but only vectors with pixels of the class add true positives and false negatives, and false positives are
/// what true positives leave of all probabilities, which is exact.
pub(super) struct AddConfusion<'a, const TILE: usize> {
    pub(super) labels: &'a Row<TILE>,
    pub(super) predicted: &'a Row<TILE>,
    pub(super) p: &'a Row<TILE>,
    pub(super) q: &'a Row<TILE>,
    pub(super) class: f32,
    pub(super) vectors: usize,
    pub(super) soft: &'a mut ConfusionSums,
    pub(super) hard: &'a mut ConfusionSums,
}

impl<const TILE: usize> Kernel for AddConfusion<'_, TILE> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { labels, predicted, p, q, class, vectors, soft, hard } = self;
        let (class, zero) = (V::splat(class), V::splat(0.0));
        // Probabilities are at most 1, so three digits hold them.
        let (mut all, mut of_class, mut complements) =
            (Digits::<V, 3, 0>::new(), Digits::<V, 3, 0>::new(), Digits::<V, 3, 0>::new());
        let (mut predictions, mut members, mut both) = (0, 0, 0);
        for vector in 0..vectors {
            let p = load::<V, TILE>(p, vector);
            all.add(p);
            let prediction = equal(load(predicted, vector), class);
            predictions += V::count(prediction);
            let member = equal(load(labels, vector), class);
            let count = V::count(member);
            if count > 0 {
                of_class.add(V::select(member, p, zero));
                complements.add(V::select(member, load(q, vector), zero));
                members += count;
                both += V::count(V::both(prediction, member));
            }
        }
        let [true_positive, false_positive, false_negative] = soft;
        let of_class = of_class.units();
        true_positive.add_units(of_class);
        false_positive.add_units(all.units() - of_class);
        false_negative.add_units(complements.units());
        for (sum, count) in hard.iter_mut().zip([both, predictions - both, members - both]) {
            UnitSum::add_count(sum, count);
        }
    }
}
