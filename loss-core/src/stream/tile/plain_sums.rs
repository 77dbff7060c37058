//! The loop over tiles with ordinary floating-point sums instead of exact ones, for `loss-bench` to compare.
//!
//! It is not part of the interface. Only the sums differ: tiles, exponentials, terms, checks and the counted confusion are
//! those of [`Accumulator::extend_plane`].

use core::cell::Cell;
use core::marker::PhantomData;

use super::{Accepted, Activate, Activated, Prepare, TermRows, Tile};
use crate::arch::SimdLevel;
use crate::input::link::Logits;
use crate::input::plane::Plane;
use crate::input::sample::Target;
use crate::loss::Loss;
use crate::number::lanes::{Kernel, Lanes};
use crate::stream::accumulator::Accumulator;
use crate::stream::numbers::{Numbers, TILE};
use crate::sums::batch::{Batch, HardBatch, Targets, Terms, add_hard_confusion, sealed};
use crate::sums::exact::{ExactSum, UnitSum};

/// The largest number of sums: three of the soft confusion, and those of the loss.
pub const MOST_SUMS: usize = 8;

/// The widest vector of any level.
const MOST_LANES: usize = 64;

/// The kind of sum; each lane has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainSums {
    /// One addition.
    F32,
    /// One addition, in `f64`.
    F64,
    /// Kahan's compensated sum: four operations.
    Kahan,
    /// Kahan's and Babuška's (Neumaier's) compensated sum. Knuth's error of an addition replaces its two cases: seven operations.
    Neumaier,
}

/// A sum in each lane.
trait LaneSum<V: Lanes>: Copy {
    fn new() -> Self;
    fn add(&mut self, term: V);
    fn total(self) -> f64;
}

fn sum_of_lanes<V: Lanes>(lanes: V) -> f64 {
    let mut stored = [0.0; MOST_LANES];
    lanes.store(&mut stored);
    stored.into_iter().map(f64::from).sum()
}

#[derive(Clone, Copy)]
struct Single<V>(V);

impl<V: Lanes> LaneSum<V> for Single<V> {
    #[inline(always)]
    fn new() -> Self {
        Self(V::splat(0.0))
    }

    #[inline(always)]
    fn add(&mut self, term: V) {
        self.0 = self.0 + term;
    }

    #[inline(always)]
    fn total(self) -> f64 {
        sum_of_lanes(self.0)
    }
}

/// The compiler turns this into vectors.
#[derive(Clone, Copy)]
struct Double<V>([f64; MOST_LANES], PhantomData<V>);

impl<V: Lanes> LaneSum<V> for Double<V> {
    #[inline(always)]
    fn new() -> Self {
        Self([0.0; MOST_LANES], PhantomData)
    }

    #[inline(always)]
    fn add(&mut self, term: V) {
        let mut stored = [0.0; MOST_LANES];
        term.store(&mut stored);
        self.0.iter_mut().zip(stored).take(V::WIDTH).for_each(|(sum, term)| *sum += f64::from(term));
    }

    #[inline(always)]
    fn total(self) -> f64 {
        self.0.into_iter().sum()
    }
}

#[derive(Clone, Copy)]
struct Kahan<V> {
    sum: V,
    excess: V,
}

impl<V: Lanes> LaneSum<V> for Kahan<V> {
    #[inline(always)]
    fn new() -> Self {
        Self { sum: V::splat(0.0), excess: V::splat(0.0) }
    }

    #[inline(always)]
    fn add(&mut self, term: V) {
        let term = term - self.excess;
        let sum = self.sum + term;
        self.excess = (sum - self.sum) - term;
        self.sum = sum;
    }

    #[inline(always)]
    fn total(self) -> f64 {
        sum_of_lanes(self.sum) - sum_of_lanes(self.excess)
    }
}

#[derive(Clone, Copy)]
struct Neumaier<V> {
    sum: V,
    lost: V,
}

impl<V: Lanes> LaneSum<V> for Neumaier<V> {
    #[inline(always)]
    fn new() -> Self {
        Self { sum: V::splat(0.0), lost: V::splat(0.0) }
    }

    #[inline(always)]
    fn add(&mut self, term: V) {
        let sum = self.sum + term;
        let of_term = sum - self.sum;
        self.lost = self.lost + ((self.sum - (sum - of_term)) + (term - of_term));
        self.sum = sum;
    }

    #[inline(always)]
    fn total(self) -> f64 {
        sum_of_lanes(self.sum) + sum_of_lanes(self.lost)
    }
}

/// A tile whose terms go to its own sums, in the order in which a loss asks for them.
struct PlainTile<'a, V, K, S> {
    tile: Tile<'a, V, K>,
    sums: &'a [Cell<S>; MOST_SUMS],
    used: Cell<usize>,
}

impl<V, K, S> sealed::Batch for PlainTile<'_, V, K, S> {}

impl<V: Lanes, S: LaneSum<V>> Batch for PlainTile<'_, V, Logits, S> {
    #[inline(always)]
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, _: &mut [ExactSum<DIGITS>; N]) {
        let first = self.used.replace(self.used.get() + N);
        let cells = self.sums.get(first..).unwrap_or_default();
        let mut sums = [S::new(); N];
        sums.iter_mut().zip(cells).for_each(|(sum, cell)| *sum = cell.get());
        for column in self.tile.columns() {
            let terms = terms.terms(&self.tile.pixel(column), V::splat(1.0));
            sums.iter_mut().zip(terms).for_each(|(sum, term)| sum.add(term));
        }
        sums.into_iter().zip(cells).for_each(|(sum, cell)| cell.set(sum));
    }
}

/// Σ p t, Σ p (1−t), Σ (1−p) t and the sums of the loss, over pixels of weight 1.
struct Extend<'a, 'p, L: Loss, T> {
    /// Counts pixels and the hard confusion, as usual.
    accumulator: &'a mut Accumulator<L>,
    plane: Plane<'p, T>,
    sums: PlainSums,
}

impl<L: Loss, T: Target> Extend<'_, '_, L, T> {
    #[inline(always)]
    fn with<V: Lanes, S: LaneSum<V>>(self) -> Option<[f64; MOST_SUMS]> {
        let Self { accumulator, plane, .. } = self;
        let sums: [Cell<S>; MOST_SUMS] = core::array::from_fn(|_| Cell::new(S::new()));
        let mut numbers = Numbers::new();
        let (mut prepared, mut activated) = ([0.0; TILE], [[0.0; TILE]; 2]);
        let rows = TermRows::new([[0.0; TILE]; 3]);
        let mut rest = plane;
        while !rest.is_empty() {
            let (tile, others) = rest.split_at(TILE);
            rest = others;
            rest.prefetch_targets();
            let loaded = tile.numbers(&mut numbers)?;
            let prepared = prepared.get_mut(..tile.len())?;
            let next = rest.inputs_to_prefetch();
            let accepted = Prepare { link: &Logits, inputs: loaded.inputs, to: &mut *prepared, next }.run::<V>();
            if accepted == Accepted::NotAll || !loaded.hard || loaded.weights.is_some() {
                return None;
            }
            let activate = Activate { link: &Logits, inputs: loaded.inputs, prepared, both: true, to: &mut activated };
            let activated = activate.run::<V>();
            let tile = Activated { link: &Logits, plane: loaded, activated, moderate: false, rows: &rows }.tile::<V>();
            let targets = tile.count_confusion(accumulator.threshold_input, &mut [0; 3], |count, more| *count += more);
            // The sums of the confusion come first. Without foreground one of them is enough, as for the exact sums.
            let tile = PlainTile::<V, Logits, S> { tile, sums: &sums, used: Cell::new(0) };
            tile.used.set(if let Targets::Background = targets { 1 } else { 0 });
            add_hard_confusion(&tile, targets, &mut [UnitSum::ZERO; 3]);
            tile.used.set(3);
            accumulator.loss.add(&tile, &mut accumulator.sums.1);
        }
        Some(sums.map(|sum| sum.into_inner().total()))
    }
}

impl<L: Loss, T: Target> Kernel for Extend<'_, '_, L, T> {
    type Output = Option<[f64; MOST_SUMS]>;

    #[inline(always)]
    fn run<V: Lanes>(self) -> Self::Output {
        match self.sums {
            PlainSums::F32 => self.with::<V, Single<V>>(),
            PlainSums::F64 => self.with::<V, Double<V>>(),
            PlainSums::Kahan => self.with::<V, Kahan<V>>(),
            PlainSums::Neumaier => self.with::<V, Neumaier<V>>(),
        }
    }
}

/// Computes Σ p t, Σ p (1−t), Σ (1−p) t and then the sums of the loss, up to [`MOST_SUMS`] in all, without exact sums.
///
/// Returns `None` for a level without lanes, for a number of pixels that is not a multiple of 64, and for pixels that are out of range or have
/// weights or soft targets. This loop is made to be timed, not to be used.
pub fn plain_sums<L: Loss, T: Target>(
    level: SimdLevel,
    sums: PlainSums,
    loss: &L,
    plane: Plane<'_, T>,
) -> Option<[f64; MOST_SUMS]> {
    if plane.len() % MOST_LANES != 0 {
        return None;
    }
    level.run(Extend { accumulator: &mut loss.accumulator(), plane, sums })?
}
