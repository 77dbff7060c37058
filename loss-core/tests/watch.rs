//! What a model is watched by: formulas against naive ones, states that add, and the rate of false alarms.

use loss_core::watch::{
    Agreement, AlarmError, AlarmLevel, ClassEntropy, DriftError, ExpectedDice, ForegroundShare, LogitBins,
    PredictiveEntropy, Watch,
};
use loss_core::{FinishError, StateError};
use quickcheck::{Arbitrary, Gen, quickcheck};

/// A finite logit of any size, most of them small.
#[derive(Clone, Copy, Debug)]
struct Logit(f32);

impl Arbitrary for Logit {
    fn arbitrary(g: &mut Gen) -> Self {
        let unit = f32::from(u16::arbitrary(g)) / 65535.0 - 0.47;
        match u8::arbitrary(g) % 8 {
            0 => Logit(f32::arbitrary(g)).finite(),
            1 => Logit(unit * 300.0),
            _ => Logit(unit * 14.0),
        }
    }
}

impl Logit {
    fn finite(self) -> Self {
        if self.0.is_finite() { self } else { Logit(1.25) }
    }
}

fn p(z: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(z)).exp())
}

fn q(z: f32) -> f64 {
    1.0 / (1.0 + f64::from(z).exp())
}

fn near(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * b.abs() + 1e-18
}

fn state<T: Stated>(of: &T) -> Vec<i64> {
    of.integers()
}

/// What all measures have, for tests that go through all of them.
trait Stated: Clone + PartialEq + std::fmt::Debug {
    fn integers(&self) -> Vec<i64>;
    fn load(&mut self, state: Vec<i64>) -> Result<(), StateError>;
    fn add(&mut self, other: &Self) -> Result<(), StateError>;
    fn take(&mut self, one: f32, other: f32);
    fn value(&self) -> Result<f64, FinishError>;
}

macro_rules! stated {
    ($([$($generics:tt)*] $type:ty, |$measure:ident, $one:ident, $other:ident| $push:expr, $value:expr;)*) => {
        $(impl<$($generics)*> Stated for $type {
            fn integers(&self) -> Vec<i64> {
                let mut state = Vec::new();
                self.for_each_of_state(|integer| state.push(integer));
                assert_eq!(state.len(), Self::STATE_LENGTH);
                assert_eq!(state.len(), self.state_length());
                state
            }
            fn load(&mut self, state: Vec<i64>) -> Result<(), StateError> {
                self.load_state(state)
            }
            fn add(&mut self, other: &Self) -> Result<(), StateError> {
                self.merge(other)
            }
            fn take(&mut self, $one: f32, $other: f32) {
                let $measure = self;
                $push;
            }
            fn value(&self) -> Result<f64, FinishError> {
                let $measure = self;
                $value
            }
        })*
    };
}
stated! {
    [] Agreement, |m, a, b| m.push(a, b), m.finish().map(|agreed| agreed.disagreement() + agreed.soft_disagreement());
    [] PredictiveEntropy, |m, a, _b| m.push(a), m.finish();
    [] ClassEntropy<3>, |m, a, b| m.push([a, b, 0.25]), m.finish();
    [] ExpectedDice, |m, a, _b| m.push(a), m.finish().map(|expected| expected.shortfall().unwrap_or(-1.0));
    [] ForegroundShare, |m, a, _b| m.push(a), m.finish().map(|share| share.mask + share.probability + share.distance(0.4));
    [const B: usize] LogitBins<B>, |m, a, _b| m.push(a), m.drift(m).map(|drift| drift.population_stability).map_err(|error| match error {
        DriftError::Here(error) => error,
        other => panic!("{other}"),
    });
    [const B: usize] Watch<B>, |m, a, _b| m.push(a), m.finish().map(|watched| watched.entropy + watched.foreground.probability);
}

/// Goes through all measures.
fn each_measure(visit: &mut impl Visit) {
    visit.measure("agreement", Agreement::new());
    visit.measure("agreement at 0.3", Agreement::at_threshold(0.3).unwrap());
    visit.measure("entropy", PredictiveEntropy::new());
    visit.measure("class entropy", ClassEntropy::<3>::new());
    visit.measure("expected dice", ExpectedDice::new());
    visit.measure("expected dice at 0.7", ExpectedDice::at_threshold(0.7).unwrap());
    visit.measure("foreground", ForegroundShare::new());
    visit.measure("foreground at 0.2", ForegroundShare::at_threshold(0.2).unwrap());
    visit.measure("bins", LogitBins::<5>::new(-3.0, 2.0).unwrap());
    visit.measure("watch", Watch::<7>::new(-6.0, 5.0).unwrap());
    visit.measure("watch at 0.4", Watch::<7>::new(-6.0, 5.0).unwrap().at_threshold(0.4).unwrap());
}

trait Visit {
    fn measure<T: Stated>(&mut self, name: &str, empty: T);
}

struct AnyOrder<'a>(&'a [(Logit, Logit)], usize);

impl Visit for AnyOrder<'_> {
    fn measure<T: Stated>(&mut self, name: &str, empty: T) {
        let of = |pixels: &[(Logit, Logit)]| {
            let mut measure = empty.clone();
            pixels.iter().for_each(|&(Logit(a), Logit(b))| measure.take(a, b));
            measure
        };
        let mut reversed = self.0.to_vec();
        reversed.reverse();
        let (whole, other) = (of(self.0), of(&reversed));
        assert_eq!(state(&whole), state(&other), "{name}: another order");
        assert_eq!(whole.value(), other.value(), "{name}: another order");

        let (first, second) = self.0.split_at(self.1.min(self.0.len()));
        let (mut merged, second) = (of(second), of(first));
        let plain: Vec<i64> = state(&merged).iter().zip(state(&second)).map(|(a, b)| a + b).collect();
        merged.add(&second).unwrap();
        assert_eq!(merged, whole, "{name}: merged");
        assert_eq!(state(&merged), state(&whole), "{name}: merged");
        let mut loaded = empty.clone();
        loaded.load(plain).unwrap();
        assert_eq!(loaded, whole, "{name}: states that were added");
        assert_eq!(loaded.value(), whole.value(), "{name}");
    }
}

quickcheck! {
    fn any_order_and_any_split(pixels: Vec<(Logit, Logit)>, split: u8) -> bool {
        each_measure(&mut AnyOrder(&pixels, split.into()));
        true
    }

    fn formulas(pixels: Vec<(Logit, Logit)>) -> bool {
        if pixels.is_empty() {
            return true;
        }
        let logits: Vec<f32> = pixels.iter().map(|(Logit(z), _)| *z).collect();
        let n = logits.len() as f64;
        let sum = |of: &dyn Fn(f32) -> f64| logits.iter().map(|&z| of(z)).sum::<f64>();

        // Entropy, by the softplus.
        let softplus = |z: f64| z.max(0.0) + (-z.abs()).exp().ln_1p();
        let entropy = sum(&|z| p(z) * softplus(-f64::from(z)) + q(z) * softplus(z.into())) / n;
        let mut measure = PredictiveEntropy::new();
        measure.extend(logits.iter().copied());
        let found = measure.finish().unwrap();
        assert!(near(found, entropy, 1e-6) && (0.0..=std::f64::consts::LN_2 + 1e-7).contains(&found), "{found} {entropy}");

        // Expected Dice and foreground, at two thresholds.
        for threshold in [0.5f64, 0.3] {
            let logit = (threshold / (1.0 - threshold)).ln() as f32;
            let is_in = |z: f32| f64::from(u8::from(z >= logit));
            let [inside, unsure, outside] =
                [sum(&|z| is_in(z) * p(z)), sum(&|z| is_in(z) * q(z)), sum(&|z| (1.0 - is_in(z)) * p(z))];
            let mut measure = ExpectedDice::at_threshold(threshold).unwrap();
            measure.extend(logits.iter().copied());
            let found = measure.finish().unwrap();
            let mask = sum(&is_in);
            match found.shortfall() {
                None => assert_eq!(mask, 0.0),
                Some(shortfall) => {
                    let expected = (unsure + outside) / (2.0 * inside + unsure + outside);
                    assert!(near(shortfall, expected, 1e-6), "{shortfall} {expected}");
                    let dice = 2.0 * inside / (mask + sum(&p));
                    assert!((found.dice().unwrap() - dice).abs() < 1e-6);
                }
            }
            let mut measure = ForegroundShare::at_threshold(threshold).unwrap();
            measure.extend(logits.iter().copied());
            let found = measure.finish().unwrap();
            assert!(found.mask == mask / n && near(found.probability, sum(&p) / n, 4e-7));
            assert_eq!(found.distance(0.25), (mask / n - 0.25).abs());
        }

        // Pairwise Dice.
        let mut measure = Agreement::new();
        measure.extend(pixels.iter().map(|(Logit(a), Logit(b))| (*a, *b)));
        let found = measure.finish().unwrap();
        let both = |of: &dyn Fn(f32, f32) -> f64| pixels.iter().map(|(Logit(a), Logit(b))| of(*a, *b)).sum::<f64>();
        let overlap = both(&|a, b| p(a) * p(b));
        let [first, second] = [both(&|a, b| p(a) * q(b)), both(&|a, b| q(a) * p(b))];
        let soft = (first + second) / (2.0 * overlap + first + second);
        assert!(near(found.soft_disagreement(), soft, 1e-6), "{} {soft}", found.soft_disagreement());
        let hard = |of: &dyn Fn(bool, bool) -> bool| both(&|a, b| f64::from(u8::from(of(a >= 0.0, b >= 0.0))));
        let (overlap, errors) = (hard(&|a, b| a && b), hard(&|a, b| a != b));
        let expected = if overlap + errors == 0.0 { 0.0 } else { errors / (2.0 * overlap + errors) };
        assert_eq!(found.disagreement(), expected);
        let mut swapped = Agreement::new();
        swapped.extend(pixels.iter().map(|(Logit(a), Logit(b))| (*b, *a)));
        let swapped = swapped.finish().unwrap();
        assert_eq!((found.disagreement(), found.soft_disagreement()), (swapped.disagreement(), swapped.soft_disagreement()));

        // Classes.
        let mut measure = ClassEntropy::<3>::new();
        let mut expected = 0.0;
        for (Logit(a), Logit(b)) in &pixels {
            measure.push([*a, *b, 0.25]);
            let z = [f64::from(*a), f64::from(*b), 0.25];
            let largest = z[0].max(z[1]).max(z[2]);
            let total = z.iter().map(|z| (z - largest).exp()).sum::<f64>();
            let of = |z: f64| {
                let p = (z - largest).exp() / total;
                if p == 0.0 { 0.0 } else { p * (largest - z + total.ln()) }
            };
            expected += z.iter().map(|&z| of(z)).sum::<f64>() / n;
        }
        let found = measure.finish().unwrap();
        assert!((found - expected).abs() < 2e-6 * expected + 1e-12 && found <= 3f64.ln() + 1e-6, "{found} {expected}");
        true
    }

    fn one_pass_has_the_bits_of_many(codes: Vec<(i8, u8)>) -> bool {
        let mut watch = Watch::<9>::new(-5.0, 4.0).unwrap();
        let mut counted = watch.clone();
        let (mut entropy, mut expected) = (PredictiveEntropy::new(), ExpectedDice::new());
        let (mut share, mut bins) = (ForegroundShare::new(), LogitBins::<9>::new(-5.0, 4.0).unwrap());
        for (code, times) in codes {
            let logit = f32::from(code) * 0.07;
            for _ in 0..times {
                watch.push(logit);
                entropy.push(logit);
                expected.push(logit);
                share.push(logit);
            }
            counted.push_times(logit, times.into());
            bins.push_times(logit, times.into());
        }
        assert!(watch == counted && state(&watch) == state(&counted));
        let Ok(watched) = watch.finish() else { return true };
        assert_eq!(watched.entropy, entropy.finish().unwrap());
        assert_eq!(watched.expected, expected.finish().unwrap());
        assert_eq!(watched.foreground, share.finish().unwrap());
        assert_eq!(watch.integers()[watch.integers().len() - 9..], bins.bins());
        true
    }

    fn drift_by_formulas(here: Vec<u16>, there: Vec<u16>) -> bool {
        const B: usize = 6;
        let fill = |counts: &[u16]| {
            let mut bins = LogitBins::<B>::new(-3.0, 3.0).unwrap();
            // The last bin is empty in half of the cases.
            (0..B).zip(counts).for_each(|(i, &count)| bins.push_times(i as f32 - 2.5, count.into()));
            bins
        };
        let (a, b) = (fill(&here), fill(&there));
        let Ok(drift) = a.drift(&b) else { return a.counts().valid == 0 || b.counts().valid == 0 };
        let (n, m) = (a.counts().valid as f64, b.counts().valid as f64);
        let (mut stability, mut divergence, mut distance, mut sums) = (0.0, 0.0, 0.0f64, [0.0; 2]);
        for (&a, &b) in a.bins().iter().zip(&b.bins()) {
            let (a, b) = (a as f64, b as f64);
            let (x, y) = ((a + 0.5) / (n + 3.0), (b + 0.5) / (m + 3.0));
            stability += (x - y) * (x / y).ln();
            let (x, y) = (a / n, b / m);
            sums = [sums[0] + x, sums[1] + y];
            distance = distance.max((sums[0] - sums[1]).abs());
            let half = |x: f64, y: f64| if x == 0.0 { 0.0 } else { 0.5 * x * (2.0 * x / (x + y)).ln() };
            divergence += half(x, y) + half(y, x);
        }
        // The naive forms cancel: they are known to the sixteenth digit of 1.
        assert!((drift.population_stability - stability).abs() < 1e-13 + 1e-12 * stability, "{drift:?} {stability}");
        assert!((drift.jensen_shannon - divergence).abs() < 1e-14, "{drift:?} {divergence}");
        assert!((drift.kolmogorov_smirnov - distance).abs() < 1e-14, "{drift:?} {distance}");
        assert!(drift.population_stability >= 0.0 && (0.0..=1.0).contains(&drift.kolmogorov_smirnov));
        assert!((0.0..=std::f64::consts::LN_2).contains(&drift.jensen_shannon));
        let back = b.drift(&a).unwrap();
        assert!((back.population_stability - drift.population_stability).abs() <= 1e-13 * stability.abs());
        assert_eq!(back.kolmogorov_smirnov, drift.kolmogorov_smirnov);
        assert!((back.jensen_shannon - drift.jensen_shannon).abs() <= 1e-13 * divergence + 1e-300);
        true
    }

    fn any_order_of_scores(scores: Vec<f64>, split: u8) -> bool {
        let scores: Vec<f64> = scores.into_iter().filter(|score| score.is_finite()).collect();
        let of = |scores: &mut dyn Iterator<Item = &f64>| {
            let mut level = AlarmLevel::<3>::new();
            scores.for_each(|score| level.calibrate(*score).unwrap());
            level
        };
        let whole = of(&mut scores.iter());
        let (first, second) = scores.split_at(usize::from(split).min(scores.len()));
        let mut merged = of(&mut second.iter());
        merged.merge(&of(&mut first.iter()));
        let mut sorted = scores.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let places = sorted.len() as f64 + 1.0;
        for k in 1..=3.min(sorted.len()) {
            // The k-th largest is passed with a rate of k/(n + 1), and by no rate that is lower.
            if k as f64 / places < 1.0 {
                assert_eq!(whole.at(k as f64 / places), Ok(sorted[k - 1]));
                if k == 1 {
                    let lower = whole.at(0.999 / places);
                    assert!(matches!(lower, Err(AlarmError::TooFew { .. })), "{lower:?}");
                }
            }
        }
        whole == merged && whole == of(&mut scores.iter().rev()) && AlarmLevel::from_state(whole.state()) == Ok(whole)
    }
}

/// Relative accuracy where two histograms are nearly equal: nothing may cancel.
#[test]
fn small_drift_keeps_its_digits() {
    let [mut a, mut b] = [LogitBins::<2>::new(-1.0, 1.0).unwrap(), LogitBins::<2>::new(-1.0, 1.0).unwrap()];
    let n = 1u64 << 40;
    a.push_times(-0.5, n + 3);
    a.push_times(0.5, n - 3);
    b.push_times(-0.5, n);
    b.push_times(0.5, n);
    let drift = a.drift(&b).unwrap();
    // Shares of ½ ± d: PSI ≈ 2d·ln((1+2d)/(1−2d)) = 8d², JSD ≈ d²·½·… = d²/ (2·…); d = 3/2n.
    let d = 1.5 / n as f64;
    assert!(near(drift.population_stability, 4.0 * d * d * 2.0 / 2.0, 1e-9), "{drift:?} {d}");
    assert!(near(drift.kolmogorov_smirnov, d, 1e-15), "{drift:?}");
    assert!(near(drift.jensen_shannon, d * d / 2.0, 1e-9), "{drift:?}");
}

#[test]
fn far_drift_is_the_largest_there_is() {
    let [mut a, mut b] = [LogitBins::<4>::new(-1.0, 1.0).unwrap(), LogitBins::<4>::new(-1.0, 1.0).unwrap()];
    a.push_times(f32::MIN, 1 << 40);
    b.push_times(f32::MAX, 1 << 39);
    assert_eq!((a.bins(), b.bins()), ([1 << 40, 0, 0, 0], [0, 0, 0, 1 << 39]));
    let drift = a.drift(&b).unwrap();
    assert_eq!((drift.kolmogorov_smirnov, drift.jensen_shannon), (1.0, std::f64::consts::LN_2));
    assert!(drift.population_stability > 50.0 && drift.population_stability.is_finite());
}

#[test]
fn bins_have_equal_widths() {
    let mut bins = LogitBins::<4>::new(-2.0, 6.0).unwrap();
    bins.extend([-2.0, -0.01, -1e9, 0.0, 1.99, 2.0, 3.99, 4.0, 6.0, 1e9]);
    assert_eq!(bins.bins(), [3, 2, 2, 3]);
}

#[test]
fn what_is_out_of_range_is_refused() {
    struct Refuse;
    impl Visit for Refuse {
        fn measure<T: Stated>(&mut self, name: &str, empty: T) {
            assert_eq!(empty.value(), Err(FinishError::NoPixels), "{name}");
            let mut measure = empty.clone();
            measure.take(f32::NAN, 0.0);
            assert!(matches!(measure.value(), Err(FinishError::Rejected { .. })), "{name}: {:?}", measure.value());
            measure.take(f32::INFINITY, 0.0);
            measure.take(0.5, 0.5);
            let Err(FinishError::Rejected { counts, .. }) = measure.value() else { panic!("{name}") };
            assert_eq!((counts.rejected_inputs, counts.valid), (2, 1), "{name}");
            // Too long, too short, negative.
            let state = state(&measure);
            let mut long = state.clone();
            long.push(0);
            assert!(matches!(measure.load(long), Err(StateError::Length { .. })), "{name}");
            assert!(matches!(measure.load(state[1..].to_vec()), Err(StateError::Length { .. })), "{name}");
            for place in 0..state.len() {
                let mut bad = state.clone();
                bad[place] = -1 << 41;
                assert!(measure.load(bad).is_err(), "{name}: integer {place}");
                assert_eq!(self::state(&measure), state, "{name}: changed by a state that was refused");
            }
        }
    }
    each_measure(&mut Refuse);

    assert!(Agreement::new().merge(&Agreement::at_threshold(0.3).unwrap()).is_err());
    assert!(ExpectedDice::new().merge(&ExpectedDice::at_threshold(0.3).unwrap()).is_err());
    let mut bins = LogitBins::<4>::new(-2.0, 2.0).unwrap();
    let mut others = LogitBins::<4>::new(-2.0, 2.5).unwrap();
    assert!(bins.merge(&others).is_err());
    others.push(0.0);
    assert!(matches!(bins.drift(&others), Err(DriftError::Bins(_))));
    assert!(matches!(bins.drift(&bins), Err(DriftError::Here(FinishError::NoPixels))));
    let empty = bins.clone();
    bins.push(1.0);
    assert!(matches!(bins.drift(&empty), Err(DriftError::Reference(FinishError::NoPixels))));
    for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f32::NAN, 1.0), (0.0, f32::INFINITY), (f32::MIN, f32::MAX)] {
        assert!(LogitBins::<4>::new(low, high).is_err() && Watch::<4>::new(low, high).is_err(), "{low} {high}");
    }
    for threshold in [0.0, 1.0, f64::NAN, -0.5] {
        assert!(Agreement::at_threshold(threshold).is_err() && ForegroundShare::at_threshold(threshold).is_err());
    }

    let mut level = AlarmLevel::<2>::new();
    assert!(matches!(level.calibrate(f64::NAN), Err(AlarmError::Score(_))));
    assert!(matches!(level.calibrate(f64::INFINITY), Err(AlarmError::Score(_))));
    assert_eq!(level.scores(), 0);
    (0..9).for_each(|i| level.calibrate(f64::from(i)).unwrap());
    for rate in [0.0, 1.0, f64::NAN, -0.1] {
        assert!(matches!(level.at(rate), Err(AlarmError::Rate(_))));
    }
    assert!(matches!(level.at(0.09), Err(AlarmError::TooFew { scores: 9, .. })));
    assert!(matches!(level.at(0.3), Err(AlarmError::TooMany { kept: 2, .. })));
    let good: Vec<i64> = level.state().collect();
    let bits = |score: f64| score.to_bits() as i64;
    for bad in [
        vec![9, bits(7.0), bits(8.0)],
        vec![9, bits(7.0), bits(f64::NAN)],
        vec![-1, good[1], good[2]],
        vec![1, good[1], good[2]],
        vec![9, good[1]],
        vec![9, good[1], good[2], 0],
        vec![9, bits(7.0), bits(f64::NEG_INFINITY)],
    ] {
        assert!(AlarmLevel::<2>::from_state(bad.clone()).is_err(), "{bad:?}");
    }
}

/// Any integers: what loads is a state that loads again, and has finite numbers.
#[test]
fn hostile_states() {
    struct Hunt(u64, [usize; 2]);
    impl Visit for Hunt {
        fn measure<T: Stated>(&mut self, name: &str, empty: T) {
            let mut random = || {
                self.0 ^= self.0 << 13;
                self.0 ^= self.0 >> 7;
                self.0 ^= self.0 << 17;
                self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
            };
            for _ in 0..3000 {
                let state: Vec<i64> = (0..state(&empty).len())
                    .map(|_| {
                        let bits = random() % 64;
                        let sign = if random() % 40 == 0 { -1 } else { 1 };
                        if random() % 3 == 0 { 0 } else { sign * (random() >> 1 >> bits) as i64 }
                    })
                    .collect();
                let mut measure = empty.clone();
                if measure.load(state).is_err() {
                    assert_eq!(measure, empty, "{name}");
                    continue;
                }
                self.1[0] += 1;
                let again = self::state(&measure);
                let mut other = empty.clone();
                other.load(again.clone()).unwrap();
                assert_eq!((self::state(&other), &other), (again, &measure), "{name}");
                other.add(&measure).unwrap();
                if let Ok(value) = measure.value() {
                    assert!(value.is_finite(), "{name}: {value}");
                    self.1[1] += 1;
                }
            }
        }
    }
    let mut hunt = Hunt(88_172_645_463_325_252, [0; 2]);
    each_measure(&mut hunt);
    assert!(hunt.1[0] > 1000 && hunt.1[1] > 30, "{:?}", hunt.1);
}

/// Numbers that are the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly normal.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// An image whose pixels depend strongly on their neighbours, and on what the whole image has: nothing a threshold for independent pixels could be used for.
fn image(random: &mut Random, shift: f64) -> Vec<(f32, f32)> {
    let (own, mut field) = (random.normal(), random.normal());
    (0..60)
        .map(|_| {
            field = 0.95 * field + 0.3 * random.normal();
            let logit = 2.5 * field + own + shift;
            (logit as f32, (logit + 0.8 * random.normal() * (1.0 + shift.abs())) as f32)
        })
        .collect()
}

/// One score of each measure.
fn scores(pixels: &[(f32, f32)], reference: &Watch<12>, share: f64) -> [f64; 7] {
    let mut watch = Watch::<12>::new(-6.0, 6.0).unwrap();
    let mut agreement = Agreement::new();
    agreement.extend(pixels.iter().copied());
    watch.extend(pixels.iter().map(|(logit, _)| *logit));
    let (watched, drift) = (watch.finish().unwrap(), watch.drift(reference).unwrap());
    [
        agreement.finish().unwrap().soft_disagreement(),
        watched.entropy,
        // An empty mask is the most suspect one.
        watched.expected.shortfall().unwrap_or(1.0) + 1e-9 * watched.entropy,
        watched.foreground.distance(share) + 1e-9 * watched.entropy,
        drift.population_stability,
        drift.kolmogorov_smirnov + 1e-9 * watched.entropy,
        drift.jensen_shannon,
    ]
}

/// The rule holds what it states: of images like those of the calibration, the stated share raises an alarm, for every measure, however their pixels
/// depend on each other; and images that are not like them raise more.
#[test]
fn the_rate_of_false_alarms_is_the_stated_one() {
    const CALIBRATIONS: usize = 300;
    const IMAGES: usize = 39;
    const NEW: usize = 10;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut reference = Watch::<12>::new(-6.0, 6.0).unwrap();
    for _ in 0..200 {
        reference.extend(image(&mut random, 0.0).iter().map(|(logit, _)| *logit));
    }
    let share = reference.finish().unwrap().foreground.mask;
    for (rate, rank) in [(0.05, 2.0), (0.1, 4.0)] {
        let (mut false_alarms, mut alarms) = ([0; 7], [0; 7]);
        for _ in 0..CALIBRATIONS {
            let mut levels = [AlarmLevel::<4>::new(); 7];
            for _ in 0..IMAGES {
                let scores = scores(&image(&mut random, 0.0), &reference, share);
                levels.iter_mut().zip(scores).for_each(|(level, score)| level.calibrate(score).unwrap());
            }
            for (shift, count) in [(0.0, &mut false_alarms), (-4.5, &mut alarms)] {
                for _ in 0..NEW {
                    let scores = scores(&image(&mut random, shift), &reference, share);
                    for ((count, level), score) in count.iter_mut().zip(&levels).zip(scores) {
                        *count += u32::from(score > level.at(rate).unwrap());
                    }
                }
            }
        }
        let all = (CALIBRATIONS * NEW) as f64;
        let stated = rank / (IMAGES as f64 + 1.0);
        // Within a calibration the images share its level: a variance of α(1−α)/(n+2) between calibrations, and of a binomial within.
        let deviation =
            (stated * (1.0 - stated) * (1.0 / all + 1.0 / ((IMAGES as f64 + 2.0) * CALIBRATIONS as f64))).sqrt();
        for (measure, count) in false_alarms.iter().enumerate() {
            let found = f64::from(*count) / all;
            assert!(
                (found - stated).abs() < 4.5 * deviation,
                "measure {measure}: {found}, stated {stated} ± {deviation}"
            );
        }
        // Darker images: seen by drift and by the share, by each far more often than by chance.
        for measure in [2, 3, 4, 5, 6] {
            let found = f64::from(alarms[measure]) / all;
            assert!(found > 3.0 * stated, "measure {measure}: {found} of the changed images");
        }
    }
}

/// The expected Dice is the mean Dice over masks that are drawn pixel by pixel.
#[test]
fn expected_dice_is_what_drawn_masks_have() {
    let mut random = Random(0x1234_5678_9abc_def1);
    let logits: Vec<f32> = (0..400).map(|_| (3.0 * random.normal() - 1.0) as f32).collect();
    let mut measure = ExpectedDice::new();
    measure.extend(logits.iter().copied());
    let expected = measure.finish().unwrap().dice().unwrap();
    let mask = logits.iter().filter(|logit| **logit >= 0.0).count() as f64;
    let draws = 3000;
    let mut mean = 0.0;
    for _ in 0..draws {
        let (mut both, mut drawn) = (0.0, 0.0);
        for &logit in &logits {
            if random.next() < p(logit) {
                drawn += 1.0;
                both += f64::from(u8::from(logit >= 0.0));
            }
        }
        mean += 2.0 * both / (mask + drawn) / f64::from(draws);
    }
    assert!((mean - expected).abs() < 2e-3, "{mean} {expected}");
}

/// A second model that errs differently is seen where the model is sure of its own error.
#[test]
fn agreement_sees_what_confidence_does_not() {
    let sure_and_wrong = [(9.0, 9.0), (9.0, -9.0), (-9.0, -9.0), (9.0, -9.0)];
    let (mut expected, mut agreement) = (ExpectedDice::new(), Agreement::new());
    expected.extend(sure_and_wrong.map(|(one, _)| one));
    agreement.extend(sure_and_wrong);
    assert!(expected.finish().unwrap().shortfall().unwrap() < 1e-3);
    let agreed = agreement.finish().unwrap();
    assert!(agreed.disagreement() == 0.5 && (agreed.soft_disagreement() - 0.5).abs() < 1e-3);
}
