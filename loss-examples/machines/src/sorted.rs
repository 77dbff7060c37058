//! Losses that rank the pixels, and the boundary loss.

use loss_core::boundary::BoundaryAccumulator;
use loss_core::sorted::{
    BinnedLovasz, HardMining, Lovasz, LovaszErrors, LovaszHinge, LovaszSoftmax, Ohem, SortedError, TopK,
};
use loss_core::{Bce, Logits, Plane};

use crate::data::{PIXELS, Pixels, Random, kinds};
use crate::lines::{Lines, bits, integers, numbers, outcome};

/// Every loss on every kind of pixels. `.ci/machines` fails if one is missing here.
pub fn every_loss(lines: &mut Lines) {
    for pixels in kinds() {
        let Pixels { name, logits, targets, .. } = &pixels;
        let plane = Plane::new(logits, targets).unwrap();
        let mut memory = vec![0u32; logits.len()];
        line(lines, &format!("lovasz hinge, {name}"), lovasz(LovaszHinge::new(&mut memory), plane));
        // The same pixels as probabilities.
        let errors: Vec<f32> = logits.iter().map(|logit| logit.abs().clamp(0.0, 1.0)).collect();
        let errors = Plane::new(&errors, targets).unwrap();
        line(lines, &format!("lovasz errors, {name}"), lovasz(LovaszErrors::new(&mut memory), errors));
        line(lines, &format!("binned lovasz, {name}"), binned(plane));
        line(lines, &format!("top k, {name}"), hardest(&TopK::percent(30.0).unwrap(), plane));
        line(lines, &format!("ohem, {name}"), hardest(&Ohem::new(0.7).unwrap(), plane));
        boundary(lines, &format!("boundary, {name}"), plane);
    }
    lovasz_softmax(lines);
}

/// The value's bits and the gradient, or the error.
type Outcome = Result<(f64, Vec<f32>), SortedError>;

fn line(lines: &mut Lines, name: &str, given: Outcome) {
    let fields = [
        ("value", outcome(&given, |&(value, _)| bits(value))),
        ("gradient", outcome(&given, |(_, slopes)| numbers(slopes))),
    ];
    lines.line(name, &fields);
}

fn lovasz<E: loss_core::sorted::ErrorKind>(mut sums: Lovasz<'_, E>, plane: Plane<'_, f32>) -> Outcome {
    sums.extend_plane(plane);
    let finished = sums.finish_valid()?;
    let mut slopes = vec![0.0; plane.len()];
    finished.write_gradient(plane, &mut slopes).unwrap();
    Ok((finished.value(), slopes))
}

fn binned(plane: Plane<'_, f32>) -> Outcome {
    let mut sums = BinnedLovasz::<64>::new();
    sums.extend_plane(plane);
    let finished = sums.finish_valid()?;
    let mut slopes = vec![0.0; plane.len()];
    finished.write_gradient(plane, &mut slopes).unwrap();
    Ok((finished.value(), slopes))
}

fn hardest(rule: &impl HardMining, plane: Plane<'_, f32>) -> Outcome {
    let finished = rule.pixels(Bce::new(), Logits, plane)?;
    let mut slopes = vec![0.0; plane.len()];
    finished.write_gradient(plane, &mut slopes).unwrap();
    Ok((finished.value(), slopes))
}

fn boundary(lines: &mut Lines, name: &str, plane: Plane<'_, f32>) {
    let mut sums = BoundaryAccumulator::new();
    sums.extend_plane(plane);
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    let finished = sums.finish_valid();
    let slopes = |finished: &loss_core::boundary::FinishedBoundary<Logits>| {
        let mut slopes = vec![0.0; plane.len()];
        finished.gradient().write(plane, &mut slopes).unwrap();
        numbers(&slopes)
    };
    lines.line(
        name,
        &[
            ("state", integers(&state)),
            ("value", outcome(&finished, |finished| bits(finished.value()))),
            ("gradient", outcome(&finished, slopes)),
        ],
    );
}

fn lovasz_softmax(lines: &mut Lines) {
    const C: usize = 3;
    let mut random = Random::new(40);
    let logits = random.many(C * PIXELS, |random| random.between(-9.0, 9.0));
    let labels: Vec<u8> = random.many(PIXELS, |random| (random.bits() % C as u32) as u8);
    let mut memory = vec![0u64; C * PIXELS];
    let mut sums = LovaszSoftmax::<C>::new(&mut memory);
    sums.extend_planar(&logits, &labels).unwrap();
    let given = sums.finish_valid().map(|finished| {
        let mut slopes = vec![0.0; logits.len()];
        finished.write_planar_gradient(&logits, &labels, &mut slopes).unwrap();
        (finished.value(), slopes)
    });
    line(lines, "lovasz softmax", given);
}
