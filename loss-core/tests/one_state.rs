//! A loss is the same loss as types, as an array, or chosen at run time: fingerprints, states, values and gradients are equal to the
//! bit, and each form loads and merges the sums of the others.

mod common;

use common::{Px, samples, with_stack};
use loss_core::class::{
    AnyClassLoss, AnyClassSet, AnyRegion, ClassAccumulator, ClassLoss, ClassPlane, ClassPointwise, ClassReduction,
    CrossEntropy, EveryClass, Foreground, GeneralisedDice, Layout, PerClass, SoftmaxFocal, WeightMode,
};
use loss_core::extend::{AnyOverlap, Overlap};
use loss_core::{
    AnyLoss, AsymmetricFocal, AsymmetricFocalTversky, BalancedBce, Bce, Denominator, Dice, EmptyMask,
    ExponentialLogCrossEntropy, ExponentialLogDice, Focal, FocalTversky, GeneralisedCrossEntropy, Iou, LogCoshDice,
    LogDice, Loss, Mcc, Minimum, NormalisedFocal, Plane, Pointwise, Poly1, Product, QualityFocal, ReducedFocal, Scaled,
    SimdLevel, Squared, Tversky, unified_focal,
};
use quickcheck::{Arbitrary, Gen, quickcheck};

/// Parameters of any loss.
#[derive(Clone, Copy, Debug)]
struct Choice {
    a: f64,
    b: f64,
    smooth: f64,
    coefficient: f64,
    denominator: Denominator,
    overlap: AnyOverlap,
    kind: usize,
}

impl Arbitrary for Choice {
    fn arbitrary(g: &mut Gen) -> Self {
        let share = |g: &mut Gen| f64::from(u8::arbitrary(g)) / 256.0;
        Self {
            a: share(g),
            b: share(g),
            smooth: *g.choose(&[0.0, 1e-5, 1.0]).unwrap(),
            coefficient: *g.choose(&[1.0, 0.5, -0.3, 0.0, 17.0]).unwrap(),
            denominator: *g.choose(&[Denominator::Weight, Denominator::Pixels, Denominator::Fixed(1.0)]).unwrap(),
            overlap: *g.choose(&[AnyOverlap::Product, AnyOverlap::Squared, AnyOverlap::Minimum]).unwrap(),
            kind: usize::arbitrary(g),
        }
    }
}

impl Choice {
    fn dice<O: Overlap>(&self, overlap: O) -> Dice<O> {
        Dice::new(self.smooth).unwrap().overlap(overlap)
    }

    fn iou<O: Overlap>(&self, overlap: O) -> Iou<O> {
        Iou::new(self.smooth).unwrap().empty_mask(EmptyMask::Zero).overlap(overlap)
    }

    fn tversky<O: Overlap>(&self, overlap: O) -> Tversky<O> {
        Tversky::new(self.a, self.b, self.smooth).unwrap().overlap(overlap)
    }

    fn focal_tversky<O: Overlap>(&self, overlap: O) -> FocalTversky<O> {
        FocalTversky::new(self.a, self.b, 0.75, self.smooth).unwrap().overlap(overlap)
    }

    fn log_dice<O: Overlap>(&self, overlap: O) -> LogDice<O> {
        LogDice::new(self.smooth).unwrap().overlap(overlap)
    }

    fn log_cosh_dice<O: Overlap>(&self, overlap: O) -> LogCoshDice<O> {
        LogCoshDice::new(self.smooth).unwrap().overlap(overlap)
    }

    fn exponential_log_dice<O: Overlap>(&self, overlap: O) -> ExponentialLogDice<O> {
        ExponentialLogDice::new(0.3, self.smooth).unwrap().overlap(overlap)
    }

    fn bce(&self) -> Bce {
        Bce::new().pos_weight(4.0 * self.a as f32).unwrap()
    }

    fn focal(&self) -> Focal {
        Focal::new(2.0).unwrap().alpha(self.a as f32).unwrap()
    }

    fn mcc(&self) -> Mcc {
        Mcc::new(self.smooth).unwrap()
    }

    fn asymmetric_focal_tversky(&self) -> AsymmetricFocalTversky {
        AsymmetricFocalTversky::new(self.a, self.b, self.smooth).unwrap()
    }

    /// Visits the loss of this kind by its own type, and as a loss chosen at run time.
    fn visit(&self, visitor: &mut impl Visitor) {
        macro_rules! pointwise {
            ($loss:expr, $any:ident) => {{
                let loss = $loss.over(self.denominator);
                visitor.visit(loss, AnyLoss::$any(loss));
            }};
        }
        macro_rules! similarity {
            ($loss:ident, $any:ident) => {{
                let any = AnyLoss::$any(self.$loss(self.overlap));
                match self.overlap {
                    AnyOverlap::Product => visitor.visit(self.$loss(Product), any),
                    AnyOverlap::Squared => visitor.visit(self.$loss(Squared), any),
                    _ => visitor.visit(self.$loss(Minimum), any),
                }
            }};
            // Compiling all forms of all of them would take minutes, and their sums are the same.
            (product $loss:ident, $any:ident) => {
                visitor.visit(self.$loss(Product), AnyLoss::$any(self.$loss(AnyOverlap::Product)))
            };
        }
        macro_rules! other {
            ($loss:expr, $any:ident) => {{
                let loss = $loss;
                visitor.visit(loss, AnyLoss::$any(loss));
            }};
        }
        let (a, b) = (self.a as f32, self.b as f32);
        match self.kind % KINDS {
            0 => pointwise!(self.bce(), Bce),
            1 => pointwise!(self.focal(), Focal),
            2 => pointwise!(Poly1::new(a).unwrap(), Poly1),
            3 => pointwise!(AsymmetricFocal::new(a, b).unwrap(), AsymmetricFocal),
            4 => pointwise!(ExponentialLogCrossEntropy::new(a + 0.1).unwrap(), ExponentialLogCrossEntropy),
            5 => pointwise!(GeneralisedCrossEntropy::new(0.7).unwrap(), GeneralisedCrossEntropy),
            6 => pointwise!(QualityFocal::new(2.0 * a).unwrap(), QualityFocal),
            7 => pointwise!(ReducedFocal::new(2.0, 0.5).unwrap(), ReducedFocal),
            8 => similarity!(dice, Dice),
            9 => similarity!(product iou, Iou),
            10 => similarity!(tversky, Tversky),
            11 => similarity!(product focal_tversky, FocalTversky),
            12 => similarity!(product log_dice, LogDice),
            13 => similarity!(product log_cosh_dice, LogCoshDice),
            14 => similarity!(product exponential_log_dice, ExponentialLogDice),
            15 => other!(self.mcc(), Mcc),
            16 => other!(self.asymmetric_focal_tversky(), AsymmetricFocalTversky),
            17 => other!(BalancedBce::new().over(self.denominator), BalancedBce),
            _ => other!(NormalisedFocal::new(self.focal()), NormalisedFocal),
        }
    }

    fn any(&self) -> AnyLoss {
        struct Any(Option<AnyLoss>);

        impl Visitor for Any {
            fn visit<L: Loss + Copy>(&mut self, _: L, any: AnyLoss) {
                self.0 = Some(any);
            }
        }
        let mut any = Any(None);
        self.visit(&mut any);
        any.0.unwrap()
    }
}

const KINDS: usize = 19;

trait Visitor {
    fn visit<L: Loss + Copy>(&mut self, loss: L, any: AnyLoss);
}

/// Logits, targets and weights, more than a tile of them.
fn columns(pixels: &[Px]) -> [Vec<f32>; 3] {
    let usual = (0..1500).map(|i| (i as f32 * 0.37 % 9.0 - 4.5, [0.0, 1.0, 0.0, 0.3, 0.0][i % 5], [1.0, 0.5][i % 2]));
    let given = samples(pixels).filter(|(z, _, _)| z.abs() < 1e30);
    let all: Vec<_> = given.chain(usual).collect();
    [all.iter().map(|p| p.0).collect(), all.iter().map(|p| p.1).collect(), all.iter().map(|p| p.2).collect()]
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// The results of one form of a loss over some pixels.
#[derive(Debug, PartialEq)]
struct Record {
    fingerprint: u64,
    state: Vec<i64>,
    value: u64,
    /// At each level, by single pixels, and after pixels of another plane.
    gradients: Vec<Vec<u32>>,
}

/// One form, which loads and merges the sums of another.
fn record<L: Loss>(loss: &L, [logits, targets, weights]: &[Vec<f32>; 3], other: Option<&Record>) -> Record {
    let plane = Plane::new(logits, targets).unwrap().with_weights(weights).unwrap();
    let mut sums = loss.accumulator();
    logits.iter().zip(targets).zip(weights).map(|((&z, &t), &w)| (z, t, w)).for_each(|pixel| sums.push(pixel));
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    assert_eq!(state.len(), sums.state_length());
    let finished = sums.finish().unwrap();
    let gradient = finished.gradient_times(0.7);
    let each: Vec<f32> = logits.iter().zip(targets).zip(weights).map(|((&z, &t), &w)| gradient.at((z, t, w))).collect();
    let mut gradients = vec![bits(&each)];
    for level in SimdLevel::available() {
        let mut of_level = loss.accumulator();
        of_level.extend_plane_at(level, plane);
        assert!(of_level == sums, "{level}");
        let mut to = vec![0.25; logits.len()];
        gradient.write_at(level, plane, &mut to).unwrap();
        assert_eq!(bits(&to), gradients[0], "{level}");
        gradient.add_at(level, plane, &mut to).unwrap();
        gradients.push(bits(&to));
    }
    let mut kept = vec![0.0; logits.len()];
    loss.accumulator().extend_plane_keeping(plane, &mut kept).unwrap().write_gradient(&gradient);
    assert_eq!(bits(&kept), gradients[0]);
    if let Some(other) = other {
        let mut loaded = loss.accumulator();
        loaded.load_state(other.state.iter().copied()).unwrap();
        assert!(loaded == sums);
        loaded.merge(&sums).unwrap();
        assert_eq!(loaded.counts().valid, 2 * sums.counts().valid);
    }
    Record { fingerprint: sums.fingerprint(), state, value: finished.value().to_bits(), gradients }
}

/// Returns whether two forms are the same loss.
fn same<A: Loss, B: Loss>(a: &A, b: &B, columns: &[Vec<f32>; 3]) {
    let of_a = record(a, columns, None);
    assert_eq!(of_a, record(b, columns, Some(&of_a)));
}

/// A loss by its type, scaled, against the same in other forms.
struct Compare<'a> {
    coefficient: f64,
    columns: &'a [Vec<f32>; 3],
}

impl Visitor for Compare<'_> {
    fn visit<L: Loss + Copy>(&mut self, loss: L, any: AnyLoss) {
        same(&loss.times(self.coefficient), &[any.times(self.coefficient)], self.columns);
        let (of_type, of_any) = (loss.accumulator(), any.accumulator());
        assert_eq!((of_type.fingerprint(), of_type.state_length()), (of_any.fingerprint(), of_any.state_length()));
        let (of_type, of_any) = (loss.counting_accumulator(), [any].counting_accumulator());
        assert_eq!((of_type.fingerprint(), of_type.state_length()), (of_any.fingerprint(), of_any.state_length()));
        let bce = Bce::new().pos_weight(1234.0).unwrap().mean();
        let with_bce = loss.plus(bce).accumulator().fingerprint();
        assert_eq!(with_bce, [any, AnyLoss::Bce(bce)].accumulator().fingerprint());
        assert_ne!(with_bce, bce.plus(loss).accumulator().fingerprint(), "the order counts");
    }
}

#[test]
fn every_loss_is_the_same_chosen_at_run_time() {
    with_stack(compare_all);
}

fn compare_all() {
    let mut g = Gen::new(20);
    for kind in 0..KINDS {
        for overlap in [AnyOverlap::Product, AnyOverlap::Squared, AnyOverlap::Minimum] {
            let choice = Choice { kind, overlap, ..Choice::arbitrary(&mut g) };
            let columns = columns(&Vec::arbitrary(&mut g));
            choice.visit(&mut Compare { coefficient: choice.coefficient, columns: &columns });
            if !(8..15).contains(&kind) {
                break;
            }
        }
    }
}

fn scaled(loss: AnyLoss, choice: &Choice) -> Scaled<AnyLoss> {
    loss.times(choice.coefficient)
}

quickcheck! {
    /// Sums of three losses in any order. The pixels are read once for a pair of them.
    fn sums_are_the_same(first: Choice, second: Choice, third: Choice, pixels: Vec<Px>) -> bool {
        let columns = columns(&pixels);
        let c = [first.coefficient, second.coefficient, third.coefficient];
        let (bce, dice) = (first.bce().over(first.denominator), second.dice(Product));
        let (mcc, tversky) = (third.mcc(), second.tversky(Squared));
        let any_dice = AnyLoss::Dice(second.dice(AnyOverlap::Product));
        same(
            &(bce.times(c[0]) + dice.times(c[1]) + mcc.times(c[2])),
            &[scaled(AnyLoss::Bce(bce), &first), scaled(any_dice, &second), scaled(AnyLoss::Mcc(mcc), &third)],
            &columns,
        );
        same(
            &(dice.times(c[1]) + bce.times(c[0]) + mcc.times(c[2])),
            &[scaled(any_dice, &second), scaled(AnyLoss::Bce(bce), &first), scaled(AnyLoss::Mcc(mcc), &third)],
            &columns,
        );
        same(
            &(mcc.times(c[2]) + tversky.times(c[1]) + dice.times(c[1])),
            &[
                scaled(AnyLoss::Mcc(mcc), &third),
                scaled(AnyLoss::Tversky(second.tversky(AnyOverlap::Squared)), &second),
                scaled(any_dice, &second),
            ],
            &columns,
        );
        true
    }
}

/// For any list, the gradient of slices equals that of single pixels, and nested sums and coefficients equal the flat list.
#[test]
fn lists_are_lists() {
    fn hold(first: Choice, second: Choice, third: Choice, pixels: Vec<Px>) -> bool {
        let [a, b, c] = [first, second, third].map(|choice| scaled(choice.any(), &choice));
        let fingerprint = record(&[a, b, c], &columns(&pixels), None).fingerprint;
        let nested = [(a + b + c).accumulator().fingerprint(), (a + (b + c)).accumulator().fingerprint()];
        let doubled = (2.0 * (a + 0.5 * (b + 3.0 * c))).accumulator().fingerprint();
        let flat = [a.times(2.0), b.times(1.0), c.times(3.0)].accumulator().fingerprint();
        nested == [fingerprint; 2] && doubled == flat
    }
    with_stack(|| quickcheck::quickcheck(hold as fn(Choice, Choice, Choice, Vec<Px>) -> bool));
}

#[test]
fn coefficients_are_told_apart_and_one_is_none() {
    let (bce, dice) = (Bce::new().mean(), Dice::new(1.0).unwrap());
    let sum = (bce + dice).accumulator().fingerprint();
    assert_eq!((1.0 * bce + 1.0 * dice).accumulator().fingerprint(), sum);
    assert_eq!((1.0 * (bce + dice)).accumulator().fingerprint(), sum);
    assert_eq!((2.0 * (0.5 * bce) + dice).accumulator().fingerprint(), sum);
    assert_eq!((0.0 * bce).accumulator().fingerprint(), (-0.0 * bce).accumulator().fingerprint());
    let all = [
        sum,
        bce.accumulator().fingerprint(),
        dice.accumulator().fingerprint(),
        (dice + bce).accumulator().fingerprint(),
        (2.0 * bce).accumulator().fingerprint(),
        (2.0 * bce + dice).accumulator().fingerprint(),
        (bce + 2.0 * dice).accumulator().fingerprint(),
        (2.0 * (bce + dice)).accumulator().fingerprint(),
        (bce + dice + dice).accumulator().fingerprint(),
        (0.0 * bce + dice).accumulator().fingerprint(),
        [bce; 2].accumulator().fingerprint(),
        [bce; 3].accumulator().fingerprint(),
    ];
    let distinct: std::collections::BTreeSet<u64> = all.into_iter().collect();
    assert_eq!(distinct.len(), all.len());
    let unified = unified_focal(0.25, 0.6, 0.5, 1e-7).unwrap();
    let any = [
        AnyLoss::AsymmetricFocal(AsymmetricFocal::new(0.6, 0.5).unwrap().mean()).times(0.25),
        AnyLoss::AsymmetricFocalTversky(AsymmetricFocalTversky::new(0.6, 0.5, 1e-7).unwrap()).times(0.75),
    ];
    assert_eq!(unified.accumulator().fingerprint(), any.accumulator().fingerprint());
    assert_eq!(unified.accumulator().state_length(), any.accumulator().state_length());
}

// ---- Classes --------------------------------------------------------------------------------------------------------

fn record_classes<L: ClassLoss<4>>(loss: &L, classes: usize, other: Option<&Record>) -> Record {
    let pixels = 1100;
    let logits: Vec<f32> = (0..classes * pixels).map(|i| (i * i % 83) as f32 * 0.11 - 4.0).collect();
    let labels: Vec<u8> = (0..pixels).map(|i| (i % 3 % classes) as u8).collect();
    let weights: Vec<f32> = (0..pixels).map(|i| [1.0, 0.5, 0.0][i % 3]).collect();
    let plane = ClassPlane::<_, 4>::new(classes, Layout::Planar, &logits, &labels).unwrap();
    let plane = plane.with_weights(&weights).unwrap();
    let empty = || ClassAccumulator::new(loss.clone()).with_classes(classes).unwrap();
    let mut sums = empty();
    sums.extend_plane_at(SimdLevel::SCALAR, plane);
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    let finished = sums.finish().unwrap();
    let mut gradients = Vec::new();
    for level in SimdLevel::available() {
        let mut of_level = empty();
        of_level.extend_plane_at(level, plane);
        assert!(of_level == sums, "{level}");
        let mut to = vec![0.0; logits.len()];
        finished.gradient().write_at(level, plane, &mut to).unwrap();
        gradients.push(bits(&to));
        assert_eq!(gradients.first(), gradients.last(), "{level}");
    }
    if let Some(other) = other {
        let mut loaded = empty();
        loaded.load_state(other.state.iter().copied()).unwrap();
        assert!(loaded == sums);
        loaded.merge(&sums).unwrap();
    }
    Record { fingerprint: sums.fingerprint(), state, value: finished.value().to_bits(), gradients }
}

fn same_classes<A: ClassLoss<4>, B: ClassLoss<4>>(a: &A, b: &B) {
    for classes in [2, 4] {
        let of_a = record_classes(a, classes, None);
        assert_eq!(of_a, record_classes(b, classes, Some(&of_a)));
    }
}

#[test]
fn losses_over_classes_are_the_same_chosen_at_run_time() {
    type Any = AnyClassLoss<Option<[f64; 4]>>;
    let choice = Choice { smooth: 1.0, ..Choice::arbitrary(&mut Gen::new(20)) };
    let weights = [0.5, 1.0, 3.0, 0.25];
    let ce = CrossEntropy::new();
    let chosen_ce = |weights| Any::CrossEntropy(ce.weights(weights).unwrap().weighted_mean());
    same_classes(&ce.weights(weights).unwrap().weighted_mean(), &chosen_ce(Some(weights)));
    let focal = SoftmaxFocal::new(2.0).unwrap();
    same_classes(&focal.mean(), &Any::SoftmaxFocal(focal.weights(None).unwrap().mean()));
    let generalised = GeneralisedDice::new(choice.smooth).unwrap();
    let chosen = Any::GeneralisedDice(generalised.classes(AnyClassSet::Foreground));
    same_classes(&generalised.classes(Foreground), &chosen);

    let per_class = |any, weights, reduction| {
        let loss = PerClass::new(AnyRegion::new(any)).weights(weights, WeightMode::Multiply).unwrap();
        Any::PerClass(loss.classes(AnyClassSet::EveryClass).reduction(reduction))
    };
    let (mean, pooled) = (ClassReduction::Mean, ClassReduction::Pooled);
    let dice = PerClass::new(choice.dice(Product));
    let any_dice = AnyLoss::Dice(choice.dice(AnyOverlap::Product));
    let c = choice.coefficient;
    same_classes(&(ce.weighted_mean() + dice * c), &(chosen_ce(None) + per_class(any_dice, None, mean) * c));
    let tversky = PerClass::new(choice.tversky(Minimum)).weights(weights, WeightMode::Multiply).unwrap();
    let any_tversky = AnyLoss::Tversky(choice.tversky(AnyOverlap::Minimum));
    same_classes(&tversky, &per_class(any_tversky, Some(weights), mean));
    same_classes(&tversky.reduction(pooled), &per_class(any_tversky, Some(weights), pooled));
    let mcc = PerClass::new(choice.mcc()).classes(EveryClass);
    same_classes(&mcc, &per_class(AnyLoss::Mcc(choice.mcc()), None, mean));
}

/// A loss that reads more of a pixel than its probability cannot be a loss of a class.
#[test]
fn what_is_no_region_loss_is_nothing_of_a_class() {
    let mut g = Gen::new(20);
    for kind in 0..KINDS {
        let any = Choice { kind, ..Choice::arbitrary(&mut g) }.any();
        assert_eq!(any.is_region(), (8..17).contains(&kind), "{any:?}");
    }
    let nothing = PerClass::new(AnyRegion::new(AnyLoss::Bce(Bce::new().mean())));
    let mut sums = ClassLoss::<3>::class_accumulator(&nothing);
    sums.extend([([0.5, -1.0, 2.0], 1u8), ([0.0, 0.25, -2.5], 2)]);
    let finished = sums.finish().unwrap();
    assert_eq!(finished.value(), 0.0);
    assert_eq!(finished.gradient().at(([0.5, -1.0, 2.0], 1u8)), [0.0; 3]);
}
