//! An iterator gives the bits of its pixels pushed one by one, for any kind and length, with bad pixels, and if it panics.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use loss_core::class::{
    Activation, ClassAccumulator, ClassLoss, ClassPointwise, ClassSample, ClassTarget, CrossEntropy, GeneralisedDice,
    PerClass,
};
use loss_core::extend::{Link, SharedSums};
use loss_core::{Accumulator, Bce, Dice, Focal, Loss, Pointwise, Squared, Tversky};
use quickcheck::{Arbitrary, Gen};

/// Lengths of iterators that end before gathering starts, after it, with a tile, and one pixel earlier or later.
fn lengths(g: &mut Gen) -> Vec<usize> {
    let some = [usize::arbitrary(g) % 200, usize::arbitrary(g) % 4000];
    [0, 1, 63, 64, 65, 127, 128, 129, 575, 576, 577, 1151, 1152, 1153, 2176].into_iter().chain(some).collect()
}

/// What pixels may have.
#[derive(Clone, Copy, Debug)]
struct Kind {
    logits: bool,
    soft: bool,
    weighted: bool,
    bad: bool,
}

fn kinds(logits: bool) -> impl Iterator<Item = Kind> {
    let flags = [false, true];
    let all = flags.into_iter().flat_map(move |soft| flags.map(|weighted| (soft, weighted)));
    all.flat_map(move |(soft, weighted)| flags.map(|bad| Kind { logits, soft, weighted, bad }))
}

fn unit(g: &mut Gen) -> f32 {
    f32::from(u16::arbitrary(g)) / 65535.0
}

fn input(g: &mut Gen, kind: Kind) -> f32 {
    match u8::arbitrary(g) {
        0 if kind.bad => *g.choose(&[f32::NAN, f32::INFINITY, -7.0, 3e38]).unwrap(),
        1 if !kind.logits => *g.choose(&[0.0, 1.0, 1e-9, 1e-30]).unwrap(),
        _ if !kind.logits => unit(g),
        1 => (unit(g) - 0.5) * 240.0,
        _ => (unit(g) - 0.6) * 20.0,
    }
}

fn pixel(g: &mut Gen, kind: Kind) -> (f32, f32, f32) {
    let target = match u8::arbitrary(g) {
        0 if kind.bad => *g.choose(&[f32::NAN, -0.5, 2.0]).unwrap(),
        _ if kind.soft => unit(g),
        other => f32::from(other % 5 / 4),
    };
    let weight = match u8::arbitrary(g) {
        0 if kind.bad => *g.choose(&[f32::NAN, -1.0, 1e30]).unwrap(),
        1..60 if kind.weighted => 0.0,
        _ if kind.weighted => 0.25 + 3.0 * unit(g),
        _ => 1.0,
    };
    (input(g, kind), target, weight)
}

fn state<L: Loss, K: Link, C: SharedSums>(sums: &Accumulator<L, K, C>) -> Vec<i64> {
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

/// Compares an iterator with its pixels, also after other pixels and by an iterator of another type.
fn compare<L: Loss, K: Link, C: SharedSums, P: Into<C::Sample> + Copy + Debug>(
    name: &str,
    empty: &Accumulator<L, K, C>,
    pixels: &[P],
) {
    let mut expected = empty.clone();
    pixels.iter().for_each(|&pixel| expected.push(pixel));
    let mut extended = empty.clone();
    extended.extend(pixels.iter().copied());
    let name = format!("{name}, {} pixels", pixels.len());
    assert_eq!(state(&extended), state(&expected), "{name}");
    assert_eq!(
        (extended.counts(), extended.first_rejected()),
        (expected.counts(), expected.first_rejected()),
        "{name}"
    );

    // In pieces, from an iterator that does not know its length.
    let (first, rest) = pixels.split_at(pixels.len() / 3);
    let mut extended = empty.clone();
    extended.extend(first.chunks(7).flatten().copied());
    extended.extend(rest.iter().filter(|_| true).copied());
    assert_eq!(state(&extended), state(&expected), "{name}, in pieces");
    assert_eq!(extended.first_rejected(), expected.first_rejected(), "{name}, in pieces");
}

#[test]
fn of_any_pixels() {
    let mut g = Gen::new(30);
    let loss = Bce::new().mean() + Dice::new(1.0).unwrap();
    for kind in kinds(true) {
        for length in lengths(&mut g) {
            let pixels: Vec<_> = (0..length).map(|_| pixel(&mut g, kind)).collect();
            compare(&format!("{kind:?}"), &loss.accumulator(), &pixels);
        }
    }
    let loss = 0.7 * Focal::new(1.5).unwrap().mean() + Tversky::new(0.3, 0.7, 1.0).unwrap().overlap(Squared);
    let empty = loss.probability_accumulator(1e-6).unwrap().at_threshold(0.3).unwrap();
    for kind in kinds(false) {
        for length in lengths(&mut g) {
            let pixels: Vec<_> = (0..length).map(|_| pixel(&mut g, kind)).collect();
            compare(&format!("{kind:?}"), &empty, &pixels);
        }
    }
}

#[test]
fn of_pixels_that_are_counted() {
    let mut g = Gen::new(30);
    let empty = (Bce::new().mean() + Dice::new(1.0).unwrap()).counting_accumulator();
    for bad in [false, true] {
        let kind = Kind { logits: true, soft: false, weighted: false, bad };
        for length in lengths(&mut g) {
            let pixels: Vec<_> = (0..length).map(|_| (input(&mut g, kind), u8::arbitrary(&mut g) % 2)).collect();
            compare("counted", &empty, &pixels);
            let masked: Vec<_> =
                pixels.iter().map(|&(logit, target)| (logit, target, bool::arbitrary(&mut g))).collect();
            compare("counted, masked", &empty, &masked);
        }
    }
}

/// Panics at a pixel.
fn failing<'a, P: Copy>(pixels: &'a [P], at: usize) -> impl Iterator<Item = P> + 'a {
    pixels.iter().enumerate().map(move |(index, &pixel)| if index == at { panic!("the source fails") } else { pixel })
}

#[test]
fn that_panics_loses_nothing_before() {
    let mut g = Gen::new(30);
    let kind = Kind { logits: true, soft: true, weighted: true, bad: true };
    let pixels: Vec<_> = (0..2500).map(|_| pixel(&mut g, kind)).collect();
    let classes: Vec<_> = (0..1300).map(|index| class_pixel::<3>(&mut g, kind, index)).collect();
    for at in [0, 5, 63, 64, 127, 128, 129, 500, 575, 576, 1151, 1152, 1153, 2176, 2499] {
        let empty = (Bce::new().mean() + Dice::new(1.0).unwrap()).accumulator();
        let (mut cut, mut expected) = (empty.clone(), empty);
        assert!(catch_unwind(AssertUnwindSafe(|| cut.extend(failing(&pixels, at)))).is_err());
        pixels[..at].iter().for_each(|&pixel| expected.push(pixel));
        assert_eq!(state(&cut), state(&expected), "{at}");
        assert_eq!(cut.first_rejected(), expected.first_rejected(), "{at}");

        let Some(first) = classes.get(..at) else { continue };
        let empty = class_loss().class_accumulator();
        let (mut cut, mut expected) = (empty.clone(), empty);
        assert!(catch_unwind(AssertUnwindSafe(|| cut.extend(failing(&classes, at)))).is_err());
        first.iter().for_each(|&pixel| expected.push(pixel));
        assert_eq!(class_state(&cut), class_state(&expected), "{at}");
    }
}

fn class_loss<const C: usize>() -> impl ClassLoss<C> {
    CrossEntropy::new().mean() + PerClass::new(Dice::new(1.0).unwrap()) * 0.5 + GeneralisedDice::new(1.0).unwrap()
}

/// Some labels and some soft targets, in runs of a few hundred; a few labels are beyond the classes.
fn class_pixel<const C: usize>(g: &mut Gen, kind: Kind, index: usize) -> ClassSample<C> {
    let (_, _, weight) = pixel(g, kind);
    let logits = std::array::from_fn(|_| input(g, kind));
    let target = match u8::arbitrary(g) {
        0 if kind.bad => ClassTarget::Label(i64::from(i8::arbitrary(g))),
        0..5 if kind.soft => ClassTarget::Soft([0.25; C]),
        _ if kind.soft && index / 300 % 2 == 1 => ClassTarget::Soft(std::array::from_fn(|_| unit(g))),
        _ => ClassTarget::Label((u8::arbitrary(g) as usize % C) as i64),
    };
    ClassSample { logits, target, weight }
}

fn class_state<L: ClassLoss<C>, const C: usize>(sums: &ClassAccumulator<L, C>) -> Vec<i64> {
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

fn compare_classes<const C: usize>(g: &mut Gen, kind: Kind, change: impl Fn(&mut ClassSample<C>)) {
    for (classes, activation) in [(C, Activation::Softmax), (C - 1, Activation::Softmax), (C, Activation::Sigmoid)] {
        let empty = class_loss::<C>().class_accumulator().with_classes(classes).unwrap().activation(activation);
        let empty = if bool::arbitrary(g) { empty.ignoring(0u8) } else { empty };
        for length in lengths(g).into_iter().filter(|length| *length < 1400) {
            let mut pixels: Vec<_> = (0..length).map(|index| class_pixel::<C>(g, kind, index)).collect();
            pixels.iter_mut().for_each(&change);
            let (mut expected, mut extended) = (empty.clone(), empty.clone());
            pixels.iter().for_each(|&pixel| expected.push(pixel));
            extended.extend(pixels.iter().copied());
            assert_eq!(class_state(&extended), class_state(&expected), "{classes} classes, {length} pixels, {kind:?}");
            assert_eq!(extended.first_rejected(), expected.first_rejected(), "{classes} classes, {length} pixels");
            assert_eq!(extended.counts(), expected.counts(), "{classes} classes, {length} pixels");
        }
    }
}

#[test]
fn of_pixels_of_classes() {
    let mut g = Gen::new(30);
    for kind in kinds(true) {
        compare_classes::<3>(&mut g, kind, |_| {});
        // Logits beyond the classes in use may be anything.
        compare_classes::<5>(&mut g, kind, |_| {});
    }
}

/// More classes than a tile has room for.
#[test]
fn of_many_classes() {
    let mut g = Gen::new(30);
    let kind = Kind { logits: true, soft: false, weighted: true, bad: true };
    let pixels: Vec<_> = (0..300).map(|index| class_pixel::<50>(&mut g, kind, index)).collect();
    let empty = class_loss::<50>().class_accumulator();
    let (mut expected, mut extended) = (empty.clone(), empty);
    pixels.iter().for_each(|&pixel| expected.push(pixel));
    extended.extend(pixels);
    assert_eq!(class_state(&extended), class_state(&expected));
}
