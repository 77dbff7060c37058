//! An expression gives the value and the gradient of the core's types, to the bit where the sum is the same.

use loss_core::boundary::BoundaryAccumulator;
use loss_core::boundary::distance::{scratch_length, signed_distance_map};
use loss_core::class::{
    ClassLoss, ClassPlane, ClassPointwise, ClassSample, CrossEntropy, Foreground, Layout, PerClass,
};
use loss_core::sorted::{HardMining, LovaszHinge, LovaszSoftmax, Ohem, TopK};
use loss_core::{
    Bce, Dice, Focal, Logits, Loss, Plane, Pointwise, Probabilities, QualityFocal, Quantisation, StateError, Tversky,
    unified_focal,
};
use loss_expression::binary::{Inputs, Losses, Pixels};
use loss_expression::{ClassExpression, EvaluationError, Expression, channels, classes};

const WIDTH: usize = 31;
const PIXELS: usize = WIDTH * 20;

fn logits() -> Vec<f32> {
    (0..PIXELS).map(|i| ((i * 7919 + 13) % 1009) as f32 * 0.011 - 5.0).collect()
}

fn mask() -> Vec<u8> {
    (0..PIXELS).map(|i| u8::from((8..14).contains(&(i / WIDTH)) && (5..17).contains(&(i % WIDTH)))).collect()
}

fn losses(text: &str) -> Losses {
    Losses::new(vec![text.parse::<Expression>().unwrap_or_else(|error| panic!("{error}"))])
}

/// The value and the gradient of an expression.
fn evaluated(text: &str, inputs: Inputs, pixels: Pixels<'_>) -> (f64, Vec<f32>) {
    let mut sums = losses(text).accumulator(inputs).expect("inputs that fit");
    sums.extend(pixels).expect("pixels that fit");
    let finished = sums.finish().expect("valid pixels");
    let mut gradient = vec![f32::NAN; PIXELS];
    finished.gradient(1.0).expect("one expression").write(pixels, &mut gradient).expect("as many slopes");
    (finished.value(), gradient)
}

/// Value and gradient by types.
fn typed<L: Loss>(loss: &L, plane: Plane<'_, u8>) -> (f64, Vec<f32>) {
    let mut sums = loss.accumulator();
    sums.extend_plane(plane);
    let finished = sums.finish().expect("valid pixels");
    let mut gradient = vec![f32::NAN; PIXELS];
    finished.write_gradient(plane, &mut gradient).expect("as many slopes");
    (finished.value(), gradient)
}

#[test]
fn sums_are_those_of_types() {
    let (logits, mask) = (logits(), mask());
    let plane = Plane::new(&logits, &mask).unwrap();
    let check = |text, expected: (f64, Vec<f32>)| assert_eq!(evaluated(text, Inputs::Logits, plane.into()), expected);
    check("bce", typed(&Bce::new().mean(), plane));
    check("bce + dice(smooth=1)", typed(&(Bce::new().mean() + Dice::new(1.0).unwrap()), plane));
    check("quality_focal(beta=1.5, reduction=sum)", typed(&QualityFocal::new(1.5).unwrap().sum(), plane));
    let loss = 0.25 * Focal::new(1.5).unwrap().mean() + -2.0 * Tversky::new(0.3, 0.7, 1.0).unwrap() + Bce::new().mean();
    check("0.25 * focal(gamma=1.5) - 2 * tversky(alpha=0.3, beta=0.7, smooth=1) + bce", typed(&loss, plane));
    let unified = unified_focal(0.3, 0.7, 0.25, 1e-6).unwrap();
    check("unified_focal(lambda=0.3, delta=0.7, gamma=0.25, smooth=1e-6)", typed(&unified, plane));
}

#[test]
fn states_are_those_of_types() {
    let (logits, mask) = (logits(), mask());
    let plane = Plane::new(&logits, &mask).unwrap();
    fn check<L: Loss>(text: &str, loss: &L, plane: Plane<'_, u8>) {
        let mut sums = losses(text).accumulator(Inputs::Logits).unwrap();
        sums.extend(plane.into()).unwrap();
        let mut by_types = loss.accumulator();
        by_types.extend_plane(plane);
        let mut state = vec![0; by_types.state_length()];
        by_types.write_state(&mut state).unwrap();
        assert_eq!(sums.state(), Some(state.clone()), "{text}");
        assert_eq!(sums.fingerprint(), by_types.fingerprint(), "{text}");
        let mut loaded = losses(text).accumulator(Inputs::Logits).unwrap();
        loaded.load_state(&state).unwrap();
        assert_eq!(loaded.finish().unwrap().value(), by_types.finish().unwrap().value(), "{text}");
        // A state from a device that has the loss as a type.
        by_types.load_state(sums.state().unwrap()).unwrap();
        loaded.merge(&sums).unwrap();
        assert_eq!(loaded.counts().valid, 2 * sums.counts().valid);
    }
    check("bce + dice(smooth=1)", &(Bce::new().mean() + Dice::new(1.0).unwrap()), plane);
    check("2 * (bce + 0.5 * dice(smooth=1))", &(2.0 * (Bce::new().mean() + 0.5 * Dice::new(1.0).unwrap())), plane);
    check("unified_focal(smooth=1)", &unified_focal(0.5, 0.6, 0.5, 1.0).unwrap(), plane);
}

#[test]
fn losses_that_rank_are_those_of_types() {
    let (logits, mask) = (logits(), mask());
    let plane = Plane::new(&logits, &mask).unwrap();
    let mut scratch = vec![0; PIXELS];
    let mut lovasz = LovaszHinge::new(&mut scratch);
    lovasz.extend_plane(plane);
    let lovasz = lovasz.finish().unwrap();
    let mut slopes = vec![0.0; PIXELS];
    lovasz.write_gradient(plane, &mut slopes).unwrap();
    assert!(slopes.iter().any(|slope| *slope != 0.0));
    assert_eq!(evaluated("lovasz_hinge", Inputs::Logits, plane.into()), (lovasz.value(), slopes.clone()));
    // One part of a sum: coefficients times slopes.
    let (value, gradient) = evaluated("bce + 2 * lovasz_hinge", Inputs::Logits, plane.into());
    let (of_bce, bce) = typed(&Bce::new().mean(), plane);
    assert_eq!(value, of_bce + 2.0 * lovasz.value());
    for ((sum, bce), slope) in gradient.iter().zip(&bce).zip(&slopes) {
        assert!((sum - (bce + 2.0 * slope)).abs() <= 1e-7 * slope.abs().max(bce.abs()), "{sum}, {bce}, {slope}");
    }

    let hardest = TopK::percent(20.0).unwrap().pixels(Bce::new(), Logits, plane).unwrap();
    hardest.write_gradient(plane, &mut slopes).unwrap();
    assert_eq!(evaluated("top_k(percent=20)", Inputs::Logits, plane.into()), (hardest.value(), slopes.clone()));
    let hardest = TopK::count(7).unwrap().pixels(Bce::new(), Logits, plane).unwrap();
    assert_eq!(evaluated("top_k(k=7)", Inputs::Logits, plane.into()).0, hardest.value());
    let hardest = Ohem::new(0.6).unwrap().at_least(50).pixels(Bce::new(), Logits, plane).unwrap();
    hardest.write_gradient(plane, &mut slopes).unwrap();
    assert_eq!(evaluated("ohem(thresh=0.6, at_least=50)", Inputs::Logits, plane.into()), (hardest.value(), slopes));

    let mut first = losses("lovasz_hinge").accumulator(Inputs::Logits).unwrap();
    let mut second = first.clone();
    first.extend(Plane::new(&logits[..100], &mask[..100]).unwrap().into()).unwrap();
    second.extend(Plane::new(&logits[100..], &mask[100..]).unwrap().into()).unwrap();
    second.merge(&first).unwrap();
    assert_eq!(second.finish().unwrap().value(), lovasz.value());
    assert_eq!(second.state(), None);
}

#[test]
fn the_boundary_loss_takes_distances() {
    let (logits, mask) = (logits(), mask());
    let plane = Plane::new(&logits, &mask).unwrap();
    let targets: Vec<bool> = mask.iter().map(|target| *target == 1).collect();
    let (mut distances, mut scratch) = (vec![0.0; PIXELS], vec![0; scratch_length(WIDTH)]);
    signed_distance_map(&targets, WIDTH, PIXELS / WIDTH, &mut scratch, &mut distances).unwrap();
    let mut boundary = BoundaryAccumulator::new();
    boundary.extend_plane(Plane::new(&logits, &distances).unwrap());
    let boundary = boundary.finish().unwrap();
    let pixels = Pixels::from(plane).with_distances(&distances).unwrap();
    let (value, gradient) = evaluated("boundary", Inputs::Logits, pixels);
    assert_eq!(value, boundary.value());
    let slope = boundary.gradient().at((logits[200], distances[200]));
    assert!(slope != 0.0);
    assert_eq!(gradient[200], slope);
    assert_eq!(evaluated("dice(smooth=1) + 0.01 * boundary", Inputs::Logits, pixels).0, {
        typed(&Dice::new(1.0).unwrap(), plane).0 + 0.01 * boundary.value()
    });

    let mut sums = losses("boundary").accumulator(Inputs::Logits).unwrap();
    assert_eq!(sums.extend(plane.into()), Err(EvaluationError::NoDistances));
    assert_eq!(sums.counts().pixels(), 0);
    assert!(Pixels::from(plane).with_distances(&distances[1..]).is_err());
}

#[test]
fn what_does_not_fit_is_refused() {
    let probabilities = Inputs::probabilities(1e-7).unwrap();
    let refused = losses("bce + lovasz_hinge").accumulator(probabilities).expect_err("probabilities");
    assert_eq!(refused, EvaluationError::LogitsOnly { loss: "lovasz_hinge" });
    let mut sums = losses("lovasz_hinge").accumulator(Inputs::Logits).unwrap();
    sums.extend(Plane::new(&[0.5, -0.5], &[0.5f32, 1.0]).unwrap().into()).unwrap();
    let message = sums.finish().expect_err("a soft target").to_string();
    assert!(message.starts_with("lovasz_hinge: 1 of 2 pixels were rejected"), "{message}");
    let mut sums = losses("top_k").accumulator(Inputs::Logits).unwrap();
    assert!(sums.finish().is_err(), "no pixel");
    sums.extend(Plane::new(&[0.5, f32::NAN], &[0u8, 1]).unwrap().into()).unwrap();
    assert!(sums.finish().is_err() && sums.finish_valid().is_ok(), "a pixel that is rejected");
    let several = Losses::new(["bce", "dice"].map(|text| text.parse().unwrap()).to_vec());
    let mut sums = several.accumulator(Inputs::Logits).unwrap();
    sums.extend(Plane::new(&[0.5, -1.0], &[0u8, 1]).unwrap().into()).unwrap();
    let finished = sums.finish().unwrap();
    assert!(finished.gradient(1.0).is_none());
    assert_eq!(finished.values().len(), 2);
    let map = several.write_map(Inputs::Logits, Plane::new(&[0.5], &[0u8]).unwrap().into(), &mut [0.0]);
    assert_eq!(map, Ok(false));
}

/// Inputs of 16 and 8 bits, probabilities and thresholds give the results of the types.
#[test]
fn other_inputs() {
    let (logits, mask) = (logits(), mask());
    let halves: Vec<half::f16> = logits.iter().map(|logit| half::f16::from_f32(*logit)).collect();
    let brains: Vec<half::bf16> = logits.iter().map(|logit| half::bf16::from_f32(*logit)).collect();
    let codes: Vec<i8> = logits.iter().map(|logit| (*logit * 16.0) as i8).collect();
    let wide: Vec<i16> = logits.iter().map(|logit| (*logit * 16.0) as i16).collect();
    let quantisation = Quantisation::new(0.0625, 0).unwrap();
    let loss = Bce::new().mean() + Dice::new(1.0).unwrap();
    for plane in [
        Plane::f16(&halves, &mask).unwrap(),
        Plane::bf16(&brains, &mask).unwrap(),
        Plane::i8(&codes, quantisation, &mask).unwrap(),
        Plane::i16(&wide, quantisation, &mask).unwrap(),
    ] {
        assert_eq!(evaluated("bce + dice(smooth=1)", Inputs::Logits, plane.into()), typed(&loss, plane));
    }
    let probabilities: Vec<f32> = (0..PIXELS).map(|i| (i % 101) as f32 / 100.0).collect();
    let plane = Plane::new(&probabilities, &mask).unwrap();
    let mut sums = loss_core::Accumulator::new(loss, Probabilities::new(1e-6).unwrap()).at_threshold(0.3).unwrap();
    sums.extend_plane(plane);
    let mut by_text = losses("bce + dice(smooth=1)").accumulator(Inputs::probabilities(1e-6).unwrap()).unwrap();
    by_text = by_text.at_threshold(0.3).unwrap();
    by_text.par_extend(plane.into()).unwrap();
    let (sums, by_text) = (sums.finish().unwrap(), by_text.finish().unwrap());
    assert_eq!((sums.value(), sums.hard(), sums.soft()), (by_text.value(), by_text.hard(), by_text.soft()));
    assert_eq!((sums.counts(), sums.weight(), sums.support()), (by_text.counts(), by_text.weight(), by_text.support()));
}

#[test]
fn maps_are_those_of_types() {
    let (logits, mask) = (logits(), mask());
    let plane = Plane::new(&logits, &mask).unwrap();
    let (mut map, mut expected) = (vec![0.0; PIXELS], vec![0.0; PIXELS]);
    assert_eq!(losses("quality_focal").write_map(Inputs::Logits, plane.into(), &mut map), Ok(true));
    QualityFocal::new(2.0).unwrap().write_map(&Logits, plane, &mut expected).unwrap();
    assert_eq!(map, expected);
    assert_eq!(losses("2 * bce - bce").write_map(Inputs::Logits, plane.into(), &mut map), Ok(true));
    Bce::new().write_map(&Logits, plane, &mut expected).unwrap();
    assert_eq!(map, expected);
    assert_eq!(losses("bce + dice").write_map(Inputs::Logits, plane.into(), &mut map), Ok(false));
    assert_eq!(losses("bce + dice").without_map(), Some("dice"));
    assert!(losses("bce").write_map(Inputs::Logits, plane.into(), &mut map[1..]).is_err());
}

const CLASSES: usize = 5;

fn class_losses(text: &str, weights: Option<&[f64]>) -> classes::Losses {
    let expression: ClassExpression = text.parse().unwrap_or_else(|error| panic!("{error}"));
    classes::Losses::new(vec![expression], CLASSES, weights).expect("classes and weights in range")
}

#[test]
fn losses_over_classes_are_those_of_types() {
    let logits: Vec<f32> = (0..PIXELS * CLASSES).map(|i| ((i * 104_729 + 7) % 1013) as f32 * 0.009 - 4.0).collect();
    let labels: Vec<u8> = (0..PIXELS).map(|i| ((i * i) % 7 % CLASSES) as u8).collect();
    let wide: Vec<i64> = labels.iter().map(|label| i64::from(*label)).collect();
    let weights = [0.5, 1.0, 2.0, 3.0, 0.25];
    for layout in [Layout::Planar, Layout::Interleaved] {
        let pixels = classes::Pixels { layout, ..classes::Pixels::new(&logits[..], classes::Targets::U8(&labels)) };
        let of_text = |text: &str, pixels: classes::Pixels<'_>, weights: Option<&[f64]>| {
            let mut sums = class_losses(text, weights).accumulator().unwrap();
            sums.extend(pixels).unwrap();
            let finished = sums.finish().unwrap();
            let mut gradient = vec![f32::NAN; logits.len()];
            finished.gradient(1.0).unwrap().write(pixels, &mut gradient).unwrap();
            (finished.value(), gradient)
        };
        let plane = ClassPlane::<'_, u8, CLASSES>::new(CLASSES, layout, &logits, &labels).unwrap();
        let dice = PerClass::new(Dice::new(1.0).unwrap()).classes(Foreground);
        let loss = CrossEntropy::new().weights(weights).unwrap().weighted_mean() + 0.5 * dice;
        let mut sums = loss.class_accumulator();
        sums.extend_plane(plane);
        let finished = sums.finish().unwrap();
        let mut gradient = vec![0.0; logits.len()];
        finished.gradient().write(plane, &mut gradient).unwrap();
        let text = "ce + 0.5 * dice(smooth=1, classes=foreground)";
        assert_eq!(of_text(text, pixels, Some(&weights)), (finished.value(), gradient.clone()));
        let pixels_of_wide = classes::Pixels { targets: classes::Targets::I64(&wide), ..pixels };
        assert_eq!(of_text(text, pixels_of_wide, Some(&weights)).1, gradient);

        // Logits of 16 and 8 bits give the results of the same numbers in f32; soft targets of one class give those of labels.
        let halves: Vec<half::f16> = logits.iter().map(|logit| half::f16::from_f32(*logit)).collect();
        let codes: Vec<i8> = logits.iter().map(|logit| (*logit * 16.0) as i8).collect();
        let quantisation = Quantisation::new(0.0625, 3).unwrap();
        let of_halves: Vec<f32> = halves.iter().map(|logit| logit.to_f32()).collect();
        let of_codes: Vec<f32> = codes.iter().map(|code| quantisation.logit((*code).into())).collect();
        let bytes: Vec<u8> = codes.iter().map(|code| code.wrapping_add(-128) as u8).collect();
        let of_bytes = Quantisation::new(0.0625, 3 + 128).unwrap();
        let words: Vec<i16> = codes.iter().map(|code| i16::from(*code)).collect();
        for (narrow, wide) in [
            (classes::Logits::F16(&halves), &of_halves),
            (classes::Logits::I8(&codes, quantisation), &of_codes),
            (classes::Logits::U8(&bytes, of_bytes), &of_codes),
            (classes::Logits::I16(&words, quantisation), &of_codes),
        ] {
            let narrow = classes::Pixels { logits: narrow, ..pixels };
            let wide = classes::Pixels { logits: wide[..].into(), ..pixels };
            assert_eq!(of_text(text, narrow, None), of_text(text, wide, None));
            let soft: Vec<f32> = (0..logits.len())
                .map(|at| match layout {
                    Layout::Planar => (at / PIXELS, at % PIXELS),
                    Layout::Interleaved => (at % CLASSES, at / CLASSES),
                })
                .map(|(class, pixel)| f32::from(u8::from(usize::from(labels[pixel]) == class)))
                .collect();
            let soft = classes::Pixels { targets: classes::Targets::Soft(&soft), ..narrow };
            assert_eq!(of_text(text, soft, None), of_text(text, wide, None));
        }

        // Losses that rank, compared with pixels pushed one by one.
        let sample = |pixel: usize| {
            let place = |class| match layout {
                Layout::Planar => class * PIXELS + pixel,
                Layout::Interleaved => pixel * CLASSES + class,
            };
            let logits: [f32; CLASSES] = std::array::from_fn(|class| logits[place(class)]);
            (ClassSample::from((logits, labels[pixel])), place(0), place(1) - place(0))
        };
        let mut scratch = vec![0; logits.len()];
        let mut lovasz = LovaszSoftmax::<CLASSES>::new(&mut scratch);
        (0..PIXELS).for_each(|pixel| lovasz.push(sample(pixel).0));
        let lovasz = lovasz.finish().unwrap();
        let (value, gradient) = of_text("2 * lovasz_softmax", pixels, None);
        assert_eq!(value, 2.0 * lovasz.value());
        for pixel in 0..PIXELS {
            let (sample, start, step) = sample(pixel);
            let expected = lovasz.gradient_at(sample, 2.0);
            let given: [f32; CLASSES] = std::array::from_fn(|class| gradient[start + class * step]);
            assert_eq!(given, expected);
        }

        let mut map = vec![0.0; PIXELS];
        CrossEntropy::new().write_map(plane, &mut map).unwrap();
        let hardest = TopK::percent(25.0).unwrap().losses(&map).unwrap();
        let (value, gradient) = of_text("top_k(percent=25)", pixels, None);
        assert_eq!(value, hardest.value());
        for pixel in 0..PIXELS {
            assert_eq!(gradient[sample(pixel).1] != 0.0, map[pixel] >= hardest.threshold());
        }
        assert_eq!(of_text("ohem(thresh=0.5)", pixels, None).0, Ohem::new(0.5).unwrap().losses(&map).unwrap().value());
        assert_eq!(class_losses("ce", None).write_map(pixels, &mut map), Ok(true));
    }
}

#[test]
fn channels_are_masks_of_their_own() {
    let (logits, mask) = (logits(), mask());
    let plane = Plane::new(&logits, &mask).unwrap();
    let of = [losses("bce(pos_weight=3)"), losses("dice(smooth=1)")];
    let mut sums = channels::Accumulator::new(&of, Inputs::Logits).unwrap();
    let mut half = sums.clone();
    sums.extend(0, plane.into()).unwrap();
    half.extend(1, plane.into()).unwrap();
    assert!(sums.finish().is_err(), "a channel without pixels");
    sums.merge(&half).unwrap();
    assert_eq!(sums.extend(2, plane.into()), Err(EvaluationError::NoChannel { channel: 2, channels: 2 }));
    let finished = sums.finish().unwrap();
    let bce = typed(&Bce::new().pos_weight(3.0).unwrap().mean(), plane);
    let dice = typed(&Dice::new(1.0).unwrap(), plane);
    assert_eq!(finished.mean(), (bce.0 + dice.0) / 2.0);
    assert_eq!(finished.weighted_mean(&[3.0, 1.0]), (3.0 * bce.0 + dice.0) / 4.0);
    let mut gradient = vec![0.0; PIXELS];
    finished.gradient_of_mean(1, 2.0).unwrap().write(plane.into(), &mut gradient).unwrap();
    assert_eq!(gradient, dice.1);
    assert!(finished.gradient_of_mean(2, 1.0).is_none());
    let other = channels::Accumulator::new(&of[..1], Inputs::Logits).unwrap();
    assert!(sums.merge(&other).is_err());
    // The states of the channels stand one after the other, and add.
    let state = sums.state().unwrap();
    let mut loaded = channels::Accumulator::new(&of, Inputs::Logits).unwrap();
    loaded.load_state(&state.iter().map(|integer| 2 * integer).collect::<Vec<_>>()).unwrap();
    let mut twice = sums.clone();
    twice.merge(&sums).unwrap();
    assert_eq!((loaded.state(), loaded.counts()), (twice.state(), twice.counts()));
    assert_eq!(loaded.fingerprint(), sums.fingerprint());
    assert_ne!(other.fingerprint(), sums.fingerprint());
    for wrong in [&state[1..], &[state.clone(), vec![0]].concat()] {
        assert!(matches!(loaded.load_state(wrong), Err(StateError::Length { .. })));
    }
    assert_eq!(loaded.state(), twice.state());
}

#[test]
fn classes_that_do_not_fit_are_refused() {
    let expression = || vec!["ce".parse::<ClassExpression>().unwrap()];
    assert!(classes::Losses::new(expression(), 0, None).is_err());
    assert!(classes::Losses::new(expression(), 257, None).is_err());
    assert!(classes::Losses::new(expression(), 40, None).is_ok_and(|losses| losses.accumulator().is_ok()));
    assert!(classes::Losses::new(expression(), 3, Some(&[1.0, f64::NAN, 1.0])).is_err());
    let mut sums = class_losses("ce + lovasz_softmax", None).accumulator().unwrap();
    assert!(sums.extend(classes::Pixels::new(&[0.0; 9][..], classes::Targets::U8(&[0, 1]))).is_err());
    assert_eq!(sums.counts().pixels(), 0);
    sums.extend(classes::Pixels::new(&[0.0; 5][..], classes::Targets::Soft(&[0.5, 0.5, 0.0, 0.0, 0.0]))).unwrap();
    let message = sums.finish().expect_err("a soft target").to_string();
    assert!(message.starts_with("lovasz_softmax: "), "{message}");
}
