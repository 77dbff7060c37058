//! Losses of one class: every loss on every kind of pixels, and one loss on every type of inputs.

use half::{bf16, f16};
use loss_core::extend::{AnyOverlap, Link, SharedSums, Target};
use loss_core::{
    Accumulator, AnyLoss, Bce, Dice, Focal, Loss, Mcc, Plane, Pointwise, Probabilities, Quantisation, Sample,
    SimdLevel, Squared, Tversky,
};

use crate::common;
use crate::data::{PIXELS, Pixels, Random, kinds};
use crate::lines::{Lines, bits, counts, debug, integers, numbers, outcome, parts, some_bits, word};

/// The integers of a state.
pub fn state<L: Loss, K: Link, C: SharedSums>(sums: &Accumulator<L, K, C>) -> Vec<i64> {
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

/// Every loss of the list, and sums of losses.
pub fn every_loss(lines: &mut Lines) {
    let kinds = kinds();
    let mut random = Random::new(23);
    for (name, loss) in common::listed_losses(2, &mut |end| random.bits() as usize % end) {
        every_way(lines, &kinds, &name, &loss);
    }
    let (bce, focal) = (Bce::new().mean(), Focal::new(2.0).unwrap().mean());
    let tversky = Tversky::new(0.3, 0.7, 0.75).unwrap();
    every_way(lines, &kinds, "focal + tversky", &(0.7 * focal + tversky * 0.3));
    let list = [
        AnyLoss::Bce(bce).times(0.5),
        AnyLoss::Tversky(tversky.overlap(AnyOverlap::Squared)).times(2.0),
        AnyLoss::Mcc(Mcc::new(0.75).unwrap()).times(0.25),
    ];
    every_way(lines, &kinds, "list", &list);
}

fn every_way<L: Loss>(lines: &mut Lines, kinds: &[Pixels], name: &str, loss: &L) {
    for pixels in kinds {
        let plane = Plane::new(&pixels.logits, &pixels.targets).unwrap();
        let plane = pixels.weights.iter().fold(plane, |plane, weights| plane.with_weights(weights).unwrap());
        pixels_and_slices(lines, &format!("{name}, {}", pixels.name), &loss.accumulator(), plane);
    }
    // The counting accumulator takes only hard pixels.
    let Pixels { logits, targets, .. } = &kinds[0];
    let mask: Vec<u8> = targets.iter().map(|&target| target as u8).collect();
    let mut one_by_one = loss.counting_accumulator();
    logits.iter().zip(&mask).for_each(|pixel| one_by_one.push(pixel));
    let expected = state(&one_by_one);
    lines.line(
        &format!("{name}, counted"),
        &[("state", integers(&expected)), ("value", outcome(&one_by_one.value(), |&value| bits(value)))],
    );
    for level in SimdLevel::available() {
        let mut sums = loss.counting_accumulator();
        sums.extend_plane_at(level, Plane::new(logits, &mask).unwrap()).unwrap();
        lines.agree(&state(&sums), &expected, || format!("{name}, counted, {level}"));
    }
}

/// Writes a line about pixels one by one, and checks that slices at every level agree.
fn pixels_and_slices<L: Loss, K: Link, T: Target>(
    lines: &mut Lines,
    name: &str,
    empty: &Accumulator<L, K>,
    plane: Plane<'_, T>,
) {
    let samples: Vec<Sample> = plane.samples().collect();
    let mut one_by_one = empty.clone();
    samples.iter().copied().for_each(|pixel| one_by_one.push(pixel));
    let expected = state(&one_by_one);
    let finished = one_by_one.finish_valid();
    let slopes: Option<Vec<f32>> = finished.as_ref().ok().map(|finished| {
        let gradient = finished.gradient();
        samples.iter().map(|&sample| gradient.at(sample)).collect()
    });
    lines.line(
        name,
        &[
            ("state", integers(&expected)),
            ("counts", counts(one_by_one.counts())),
            ("first_rejected", debug(&one_by_one.first_rejected())),
            ("fingerprint", word(one_by_one.fingerprint())),
            ("value", outcome(&finished, |finished| bits(finished.value()))),
            ("parts", outcome(&finished, |finished| parts(finished.parts()))),
            ("soft_dice", outcome(&finished, |finished| some_bits(finished.soft().dice()))),
            ("hard_iou", outcome(&finished, |finished| some_bits(finished.hard().iou()))),
            ("gradient", slopes.as_deref().map_or_else(|| "none".to_owned(), numbers)),
        ],
    );
    for level in SimdLevel::available() {
        let mut sums = empty.clone();
        sums.extend_plane_at(level, plane);
        lines.agree(&state(&sums), &expected, || format!("{name}, {level}, state"));
        // As text, because a rejected logit may be NaN, which equals nothing.
        let first = |sums: &Accumulator<L, K>| debug(&sums.first_rejected());
        lines.agree(&first(&sums), &first(&one_by_one), || format!("{name}, {level}, first rejected"));
        let (Ok(finished), Some(slopes)) = (&finished, &slopes) else { continue };
        let gradient = finished.gradient();
        let mut buffer = vec![f32::NAN; plane.len()];
        gradient.write_at(level, plane, &mut buffer).unwrap();
        lines.agree(&numbers(&buffer), &numbers(slopes), || format!("{name}, {level}, gradient"));
        let mut buffer = vec![f32::NAN; plane.len()];
        let mut sums = empty.clone();
        let kept = sums.extend_plane_keeping_at(level, plane, &mut buffer).unwrap();
        kept.write_gradient(&gradient);
        lines.agree(&state(&sums), &expected, || format!("{name}, {level}, state of exponentials that are kept"));
        lines.agree(&numbers(&buffer), &numbers(slopes), || format!("{name}, {level}, gradient of what was kept"));
    }
}

/// Probabilities, all 16-bit patterns, and 8-bit codes.
pub fn every_input(lines: &mut Lines) {
    let mut random = Random::new(21);
    let loss = Focal::new(1.5).unwrap().mean() + Tversky::new(0.3, 0.7, 1.0).unwrap().overlap(Squared);
    let empty = Accumulator::new(loss, Probabilities::new(1e-7).unwrap()).at_threshold(0.3).unwrap();
    let (probabilities, targets) = (random.many(PIXELS, Random::unit), random.many(PIXELS, |r| r.between(0.0, 1.0)));
    pixels_and_slices(lines, "probabilities", &empty, Plane::new(&probabilities, &targets).unwrap());

    let empty = (Bce::new().mean() + Dice::new(1.0).unwrap()).accumulator();
    let all = usize::from(u16::MAX) + 1;
    let targets: Vec<u8> = random.many(all, |random| (random.bits() & 1) as u8);
    let numbers: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
    pixels_and_slices(lines, "every f16", &empty, Plane::f16(&numbers, &targets).unwrap());
    let numbers: Vec<bf16> = (0..=u16::MAX).map(bf16::from_bits).collect();
    pixels_and_slices(lines, "every bf16", &empty, Plane::bf16(&numbers, &targets).unwrap());
    // A tile with a number that is not finite goes one by one. Here all are finite, so slices go by lanes.
    let half = finite(f16::is_finite, f16::from_bits);
    pixels_and_slices(lines, "every finite f16", &empty, Plane::f16(&half, &targets[..half.len()]).unwrap());
    let half = finite(bf16::is_finite, bf16::from_bits);
    pixels_and_slices(lines, "every finite bf16", &empty, Plane::bf16(&half, &targets[..half.len()]).unwrap());

    let quantisation = Quantisation::new(0.0627, -7).unwrap();
    let (codes, targets) = (random.many(PIXELS, |random| random.bits() as u8), &targets[..PIXELS]);
    pixels_and_slices_added(lines, "u8 codes", &empty, Plane::u8(&codes, quantisation, targets).unwrap());
    let codes: Vec<i8> = codes.iter().map(|&code| code as i8).collect();
    pixels_and_slices_added(lines, "i8 codes", &empty, Plane::i8(&codes, quantisation, targets).unwrap());
}

/// The same, and checks that adding a gradient agrees with writing it. That does not depend on the loss, so one loss is enough.
fn pixels_and_slices_added<L: Loss, K: Link, T: Target>(
    lines: &mut Lines,
    name: &str,
    empty: &Accumulator<L, K>,
    plane: Plane<'_, T>,
) {
    pixels_and_slices(lines, name, empty, plane);
    let mut sums = empty.clone();
    plane.samples().for_each(|pixel| sums.push(pixel));
    let Ok(finished) = sums.finish_valid() else { return };
    let gradient = finished.gradient();
    let before: Vec<f32> = (0..plane.len()).map(|index| index as f32 * 0.125).collect();
    let added: Vec<f32> =
        before.iter().zip(plane.samples()).map(|(before, sample)| before + gradient.at(sample)).collect();
    for level in SimdLevel::available() {
        let mut buffer = before.clone();
        gradient.add_at(level, plane, &mut buffer).unwrap();
        lines.agree(&numbers(&buffer), &numbers(&added), || format!("{name}, {level}, gradient that is added"));
    }
}

/// The finite numbers among all patterns.
fn finite<T: Copy>(is_finite: impl Fn(T) -> bool, from_bits: impl Fn(u16) -> T) -> Vec<T> {
    (0..=u16::MAX).map(from_bits).filter(|&number| is_finite(number)).collect()
}
