//! States from elsewhere may hold anything. Every state that loads has finite values, parts and gradients, and loads again.

mod common;

use common::{Entry, Visitor, every_loss};
use loss_core::boundary::BoundaryAccumulator;
use loss_core::extend::{AnyOverlap, Link, SharedSums};
use loss_core::sorted::BinnedLovasz;
use loss_core::{
    Accumulator, AsymmetricFocalTversky, Bce, Denominator, Dice, EmptyImage, ExponentialLogDice, FinishError,
    FocalTversky, Histogram, Iou, LogCoshDice, LogDice, Loss, Mcc, Pointwise, Quantisation, StateError, Tversky,
};

/// The number of states drawn for each loss; smaller without optimisation.
const STATES: usize = if cfg!(debug_assertions) { 400 } else { 4000 };

/// Xorshift*: many integers for little.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    /// An integer of up to `bits` bits.
    fn of_bits(&mut self, bits: u64) -> i64 {
        let kept = self.below(bits + 1);
        if kept == 0 { 0 } else { (self.next() >> (64 - kept)) as i64 }
    }

    /// An integer of a state. Most are valid, so a state is rarely refused for several of them.
    fn integer(&mut self, wild: bool) -> i64 {
        match self.below(if wild { 12 } else { 8 }) {
            0..3 => 0,
            3 => 1,
            4 => 0xffff_ffff - self.of_bits(8),
            5 => self.of_bits(32),
            6 => self.of_bits(52),
            7 => self.of_bits(32) >> 20,
            8 => -self.of_bits(41),
            9 => self.of_bits(62),
            10 => -(1 << 42),
            _ => self.next() as i64,
        }
    }

    /// A state. Half of the states have a few integers that no pixels can produce.
    fn state(&mut self, length: usize, counts: usize) -> Vec<i64> {
        let wildness = if self.below(2) == 0 { 0 } else { 1 + self.below(40) };
        let mut draw = |place: usize| {
            let wild = self.below(40) < wildness;
            // At least one pixel is valid, because otherwise there is nothing to finish. Negative sums may have only a negative last digit.
            if place == 0 && !wild { 1 + self.of_bits(50) } else { self.integer(wild && place >= counts / 2) }
        };
        (0..length).map(&mut draw).collect()
    }
}

fn state_of<L: Loss, K: Link, C: SharedSums>(sums: &Accumulator<L, K, C>) -> Vec<i64> {
    let mut state = vec![0; sums.state_length()];
    sums.write_state(&mut state).unwrap();
    state
}

/// The number of loaded states, and of those with a value.
fn hunt<L: Loss, C: SharedSums>(name: &str, empty: &Accumulator<L, loss_core::Logits, C>, counts: usize) -> [usize; 2]
where
    (f32, bool): Into<C::Sample>,
{
    let mut random = Random(88_172_645_463_325_252);
    let [mut loaded, mut finished] = [0; 2];
    for _ in 0..STATES {
        let state = random.state(empty.state_length(), counts);
        let mut sums = empty.clone();
        match sums.load_state(state.iter().copied()) {
            Ok(()) => loaded += 1,
            Err(StateError::OutOfRange { index } | StateError::NegativeCount { index }) => {
                assert!(index < state.len() && sums == *empty, "{name}: {state:?}");
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        }
        // The state itself, with one pixel more, and twice.
        for step in 0..3 {
            match step {
                0 => {}
                1 => sums.push((0.5, true)),
                _ => (0..5).for_each(|_| sums.merge(&sums.clone()).unwrap()),
            }
            match sums.finish_valid() {
                Ok(result) => {
                    finished += usize::from(step == 0);
                    let value = result.value();
                    assert!(value.is_finite(), "{name}: {value} of {state:?}");
                    assert!(result.parts().all(|part| part.value.is_finite()), "{name}: parts of {state:?}");
                    for factor in [1.0, 1e300, f64::NAN] {
                        let gradient = result.gradient_times(factor);
                        for pixel in [(0.5, true), (-30.0, true), (3.0, false), (-104.0, false)] {
                            let slope = gradient.at(pixel);
                            assert!(slope.is_finite(), "{name}: {slope} at {pixel:?}, {factor} times, of {state:?}");
                        }
                    }
                }
                Err(FinishError::Saturated | FinishError::NoPixels | FinishError::NoValidPixels(_)) => {}
                Err(error) => panic!("{name}: {error}"),
            }
            let mut again = empty.clone();
            again
                .load_state(state_of(&sums))
                .unwrap_or_else(|error| panic!("{name}: {error}, after step {step} of {state:?}"));
            assert!(again == sums, "{name}: {state:?}");
        }
    }
    [loaded, finished]
}

struct EveryLoss;

impl Visitor for EveryLoss {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        let found = [hunt(entry.name, &loss.accumulator(), 6), hunt(entry.name, &loss.counting_accumulator(), 4)];
        for [loaded, finished] in found {
            assert!(
                loaded > STATES / 3 && loaded < STATES - STATES / 40 && finished > STATES / 8,
                "{}: {found:?}",
                entry.name
            );
        }
    }
}

#[test]
fn every_loss_is_finite() {
    every_loss(&mut EveryLoss);
}

/// Without smoothing, or with little, a denominator can be 0 or tiny.
#[test]
fn without_smoothing_or_with_little_every_loss_is_finite() {
    fn both<L: Loss>(name: &str, loss: L) {
        hunt(name, &loss.accumulator(), 6);
        hunt(name, &loss.counting_accumulator(), 4);
    }
    for smooth in [0.0, 5e-324, 1e-40, 3e38] {
        for overlap in [AnyOverlap::Product, AnyOverlap::Squared, AnyOverlap::Minimum] {
            both("dice", Dice::new(smooth).unwrap().overlap(overlap));
            both("dice, uneven", Dice::new(0.0).unwrap().smooth(3e38, smooth).unwrap().overlap(overlap));
            both("dice, floor", Dice::new(0.0).unwrap().floor(smooth).unwrap().overlap(overlap));
            both("iou", Iou::new(smooth).unwrap().overlap(overlap));
            both("tversky", Tversky::new(5.0, 0.0, smooth).unwrap().overlap(overlap));
            both("tversky, tiny", Tversky::new(1e-300, 5e-324, smooth).unwrap().overlap(overlap));
            both("tversky, huge", Tversky::new(3e38, 3e38, smooth).unwrap().overlap(overlap));
            both("focal tversky", FocalTversky::new(1e-300, 0.7, 1e-3, smooth).unwrap().overlap(overlap));
            both("focal tversky", FocalTversky::new(3.0, 0.7, 1000.0, smooth).unwrap().overlap(overlap));
            both("log dice", LogDice::tversky(3.0, 0.7, smooth).unwrap().floor(0.0).unwrap().overlap(overlap));
            both("log cosh dice", LogCoshDice::new(smooth).unwrap().smooth(1.0, smooth).unwrap().overlap(overlap));
            both(
                "log dice, power",
                ExponentialLogDice::new(16.0, smooth).unwrap().floor(0.0).unwrap().overlap(overlap),
            );
            both("log dice, root", ExponentialLogDice::new(1e-3, smooth).unwrap().overlap(overlap));
        }
        both("mcc", Mcc::new(smooth).unwrap());
        both("asymmetric focal tversky", AsymmetricFocalTversky::new(1e-300, 0.999, smooth).unwrap());
    }
    for denominator in [Denominator::WeightPlus(1e-300), Denominator::WeightPlus(-1.0), Denominator::Pixels] {
        both("bce", 3e38 * Bce::new().over(denominator));
    }
}

/// The correlations of the first integers that were found: 0, 6, 8, 19, 33 and 34 are 1, 21 is −1.
#[test]
fn a_negative_sum_of_weights_is_refused() {
    let mut sums = Mcc::new(1.0).unwrap().accumulator();
    let mut state = vec![0; sums.state_length()];
    for index in [0, 6, 8, 19, 33, 34] {
        state[index] = 1;
    }
    sums.load_state(state.iter().copied()).unwrap();
    for index in [9, 13, 17, 21, 25, 29, 33, 37] {
        let mut state = state.clone();
        state[index] = -1;
        let error = sums.load_state(state).unwrap_err();
        assert_eq!(error, StateError::OutOfRange { index });
        assert_eq!(
            error.to_string(),
            format!("integer {index} of the state is out of range: no pixels can have made it")
        );
    }
    // A sum of terms of both signs may be negative.
    let mut sums = Bce::new().mean().accumulator();
    let mut state = vec![0; sums.state_length()];
    (state[0], state[40]) = (1, -1);
    sums.load_state(state).unwrap();
}

#[test]
fn counts_stop_in_time() {
    let loss = Bce::new().mean() + Dice::new(1.0).unwrap();
    fn counts_stop<L: Loss, C: SharedSums>(
        empty: &Accumulator<L, loss_core::Logits, C>,
        counts: impl Iterator<Item = usize>,
    ) where
        (f32, bool): Into<C::Sample>,
    {
        for index in counts {
            let mut sums = empty.clone();
            let mut state = vec![0; sums.state_length()];
            for count in [i64::MAX, (1 << 60) + 1] {
                state[index] = count;
                assert_eq!(sums.load_state(state.iter().copied()), Err(StateError::OutOfRange { index }));
            }
            state[index] = 1 << 60;
            sums.load_state(state.iter().copied()).unwrap();
            for _ in 0..3 {
                sums.push((2.5, false));
                sums.push((f32::NAN, false));
                sums.merge(&sums.clone()).unwrap();
            }
            let stopped = state_of(&sums);
            assert_eq!(stopped[index], 1 << 60);
            let mut again = empty.clone();
            again.load_state(stopped).unwrap();
            assert!(sums.finish_valid().unwrap().value().is_finite() && again.finish_valid().is_ok());
        }
    }
    counts_stop(&loss.accumulator(), 0..6);
    counts_stop(&loss.counting_accumulator(), (0..4).chain(13..16));
}

#[test]
fn the_boundary_loss_is_finite() {
    let mut random = Random(3);
    let mut finished = 0;
    for _ in 0..20 * STATES {
        let mut sums = BoundaryAccumulator::new();
        let state = random.state(sums.state_length(), 6);
        if sums.load_state(state.iter().copied()).is_err() {
            continue;
        }
        if let Ok(result) = sums.finish_valid() {
            finished += 1;
            let slope = result.gradient_times(1e300).at((0.5, -3.0));
            assert!(result.value().is_finite() && result.sum().is_finite() && slope.is_finite(), "{state:?}");
        }
        let mut state = Vec::new();
        sums.for_each_of_state(|integer| state.push(integer));
        sums.load_state(state).unwrap();
    }
    assert!(finished > STATES);
}

#[test]
fn means_over_images_are_finite_or_refused() {
    let loss = Bce::new().mean() + Dice::new(1.0).unwrap();
    let mut random = Random(5);
    let mut loaded = 0;
    for _ in 0..20 * STATES {
        let mut mean = loss.image_mean(EmptyImage::Skip);
        let state: [i64; 9] = random.state(9, 2).try_into().unwrap();
        match mean.add_state(state) {
            Err(StateError::OutOfRange { .. } | StateError::NegativeCount { .. }) => {
                assert_eq!(mean.state(), [0; 9], "{state:?}");
                continue;
            }
            added => added.unwrap(),
        }
        loaded += 1;
        let is_finite = |result: Result<f64, _>| result == Err(FinishError::Saturated) || result.unwrap().is_finite();
        mean.push((0.5, true));
        mean.end_image().unwrap();
        assert!(is_finite(mean.finish()), "{state:?}");
        mean.add_state(mean.state()).unwrap();
        assert!(is_finite(mean.finish()), "{state:?}");
    }
    assert!(loaded > STATES);
    let mut mean = loss.image_mean(EmptyImage::Skip);
    mean.add_state([1, 0, 0, 0, 0, 0, 0, 0, -(1 << 42)]).unwrap();
    assert_eq!(mean.finish(), Err(FinishError::Saturated));
    assert_eq!(mean.add_state([-1, 0, 0, 0, 0, 0, 0, 0, 0]), Err(StateError::NegativeCount { index: 0 }));
    assert_eq!(mean.add_state([1, i64::MAX, 0, 0, 0, 0, 0, 0, 0]), Err(StateError::OutOfRange { index: 1 }));
}

#[test]
fn histograms_count_what_they_can() {
    let quantisation = Quantisation::new(0.5, 0).unwrap();
    let mut state = vec![0; Histogram::<i8>::STATE_LENGTH];
    (state[40], state[400]) = (1 << 49, 1 << 49);
    let mut histogram = Histogram::<i8>::from_state(quantisation, state.iter().copied()).unwrap();
    for _ in 0..5 {
        histogram.merge(&histogram.clone()).unwrap();
    }
    assert_eq!(histogram.counts().valid, 1 << 55);
    assert_eq!(histogram.curves().unwrap().roc_auc(), Some(1.0));
    state[3] = 1;
    assert_eq!(Histogram::<i8>::from_state(quantisation, state.clone()), Err(StateError::OutOfRange { index: 400 }));

    // Of probabilities: a refused state changes nothing.
    let mut probabilities =
        Histogram::<i8, 2, _>::of_probabilities(Quantisation::new(1.0 / 256.0, -128).unwrap()).unwrap();
    probabilities.push(3, true);
    let before = probabilities.clone();
    assert_eq!(probabilities.load_state(state.iter().copied()), Err(StateError::OutOfRange { index: 400 }));
    assert!(probabilities == before);
    state[3] = 0;
    probabilities.load_state(state).unwrap();
    assert_eq!(probabilities.counts().valid, 1 << 50);
    assert!(probabilities.probability_accumulator(&Dice::new(1.0).unwrap(), 1e-7).unwrap().finish().is_ok());
}

#[test]
fn binned_lovasz_states_are_counts() {
    let mut random = Random(7);
    for _ in 0..20 * STATES {
        let state = random.state(BinnedLovasz::<8>::STATE_LENGTH, 5);
        let Ok(mut sums) = BinnedLovasz::<8>::from_state(state.iter().copied()) else { continue };
        sums.push((0.75, true));
        sums.merge(&sums.clone());
        assert!(sums.finish_valid().unwrap().value().is_finite(), "{state:?}");
        let mut again = Vec::new();
        sums.for_each_of_state(|integer| again.push(integer));
        assert!(BinnedLovasz::<8>::from_state(again).is_ok(), "{state:?}");
    }
    for (index, integer, error) in [
        (3, -1, StateError::NegativeCount { index: 3 }),
        (9, -1, StateError::NegativeCount { index: 9 }),
        (20, i64::MAX, StateError::OutOfRange { index: 20 }),
    ] {
        let mut state = [0; BinnedLovasz::<8>::STATE_LENGTH];
        state[index] = integer;
        assert_eq!(BinnedLovasz::<8>::from_state(state).unwrap_err(), error);
    }
}
