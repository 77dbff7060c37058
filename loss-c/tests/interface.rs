//! The functions of C give what loss_core gives, to the bit, and answer bad arguments by a status.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ptr;

use loss_c::*;
use loss_core::class::{ClassLoss, ClassPointwise, CrossEntropy, EveryClass, Foreground, PerClass};
use loss_core::extend::AnyOverlap;
use loss_core::{
    AnyLoss, AsymmetricFocal, AsymmetricFocalTversky, BalancedBce, Bce, Denominator, Dice, ExponentialLogCrossEntropy,
    ExponentialLogDice, Focal, FocalTversky, GeneralisedCrossEntropy, Histogram, Iou, LogCoshDice, LogDice, Loss, Mcc,
    NormalisedFocal, Parameter, Pointwise, Poly1, QualityFocal, Quantisation, ReducedFocal, Scaled, Tversky,
};
use quickcheck::{Arbitrary, Gen, quickcheck};

/// A pixel, in range or not.
#[derive(Clone, Copy, Debug)]
struct Px(f32, f32, f32);

impl Arbitrary for Px {
    fn arbitrary(g: &mut Gen) -> Self {
        let unit = |g: &mut Gen| f32::from(u16::arbitrary(g)) / 65535.0;
        let logit = match u8::arbitrary(g) % 12 {
            0 => f32::from_bits(u32::arbitrary(g)),
            1 => (unit(g) - 0.5) * 400.0,
            _ => (unit(g) - 0.5) * 12.0,
        };
        let target = match u8::arbitrary(g) % 16 {
            0 => unit(g) * 3.0 - 1.0,
            1..6 => 0.0,
            6..11 => 1.0,
            _ => unit(g),
        };
        let weight = match u8::arbitrary(g) % 16 {
            0 => 0.0,
            1 => -unit(g),
            2..5 => 0.25 + 3.0 * unit(g),
            _ => 1.0,
        };
        Px(logit, target, weight)
    }
}

fn columns(pixels: &[Px]) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let column = |of: fn(&Px) -> f32| pixels.iter().map(of).collect();
    (column(|pixel| pixel.0), column(|pixel| pixel.1), column(|pixel| pixel.2))
}

fn bits(slopes: &[f32]) -> Vec<u32> {
    slopes.iter().map(|slope| slope.to_bits()).collect()
}

fn message(status: u32) -> &'static str {
    // SAFETY: the function promises a text that lives for ever.
    unsafe { CStr::from_ptr(loss_status_message(status)) }.to_str().unwrap()
}

const BCE_AND_DICE: LossBceAndDiceParameters =
    LossBceAndDiceParameters { bce: 0.5, pos_weight: 3.0, dice: 1.5, smooth: 1e-3, threshold: 0.3 };
const FOCAL_AND_TVERSKY: LossFocalAndTverskyParameters = LossFocalAndTverskyParameters {
    focal: 2.0,
    gamma: 1.5,
    focal_alpha: f32::NAN,
    tversky: 0.25,
    alpha: 0.2,
    beta: 0.9,
    smooth: 0.5,
    threshold: 0.5,
};
const CE_AND_DICE: LossCeAndDiceParameters = LossCeAndDiceParameters {
    classes: 5,
    ignored_label: 5,
    ce: 0.75,
    class_weights: [1.0, 2.0, 3.0, 0.5, 0.0, f64::NAN, f64::NAN, f64::NAN],
    dice: 1.25,
    smooth: 1e-4,
    dice_classes: LossClassSet::Foreground as u32,
};

/// Every kind of term, as C makes it and as Rust does.
fn terms() -> Vec<(LossTerm, Scaled<AnyLoss>)> {
    let mut terms = Vec::new();
    macro_rules! term {
        ($function:ident($coefficient:expr $(, $argument:expr)*), $loss:expr) => {
            let mut term = LossTerm::ZERO;
            // SAFETY: the term is memory of this function.
            assert_eq!(unsafe { $function(&mut term, $coefficient $(, $argument)*) }, LossStatus::Ok);
            terms.push((term, $loss.times($coefficient)));
        };
    }
    let (mean, sum, pixels) =
        (LossReduction::Mean as u32, LossReduction::Sum as u32, LossReduction::MeanOverPixels as u32);
    let any = AnyOverlap::Product;
    term!(loss_term_bce(0.5, mean, 2.0), AnyLoss::Bce(Bce::new().pos_weight(2.0).unwrap().mean()));
    term!(loss_term_focal(-1.0, sum, 2.0, 0.25), AnyLoss::Focal(Focal::new(2.0).unwrap().alpha(0.25).unwrap().sum()));
    term!(loss_term_poly1(2.0, pixels, 1.5), AnyLoss::Poly1(Poly1::new(1.5).unwrap().mean_over_pixels()));
    let loss = AsymmetricFocal::new(0.6, 0.3).unwrap().mean();
    term!(loss_term_asymmetric_focal(1.0, mean, 0.6, 0.3), AnyLoss::AsymmetricFocal(loss));
    let loss = ExponentialLogCrossEntropy::new(0.3).unwrap().mean();
    term!(loss_term_exponential_log_cross_entropy(1.0, mean, 0.3), AnyLoss::ExponentialLogCrossEntropy(loss));
    let loss = GeneralisedCrossEntropy::new(0.7).unwrap().mean();
    term!(loss_term_generalised_cross_entropy(1.0, mean, 0.7), AnyLoss::GeneralisedCrossEntropy(loss));
    let loss = QualityFocal::new(1.5).unwrap().mean();
    term!(loss_term_quality_focal(1.0, mean, 1.5), AnyLoss::QualityFocal(loss));
    let loss = ReducedFocal::new(2.0, 0.4).unwrap().mean();
    term!(loss_term_reduced_focal(1.0, mean, 2.0, 0.4), AnyLoss::ReducedFocal(loss));
    term!(loss_term_dice(1.0, 0.5), AnyLoss::Dice(Dice::new(0.5).unwrap().overlap(any)));
    term!(loss_term_iou(1.0, 0.5), AnyLoss::Iou(Iou::new(0.5).unwrap().overlap(any)));
    let loss = Tversky::new(0.3, 0.8, 0.5).unwrap().overlap(any);
    term!(loss_term_tversky(1.0, 0.3, 0.8, 0.5), AnyLoss::Tversky(loss));
    let loss = FocalTversky::new(0.3, 0.8, 0.75, 0.5).unwrap().overlap(any);
    term!(loss_term_focal_tversky(1.0, 0.3, 0.8, 0.75, 0.5), AnyLoss::FocalTversky(loss));
    term!(loss_term_log_dice(1.0, 0.5), AnyLoss::LogDice(LogDice::new(0.5).unwrap().overlap(any)));
    term!(loss_term_log_cosh_dice(1.0, 0.5), AnyLoss::LogCoshDice(LogCoshDice::new(0.5).unwrap().overlap(any)));
    let loss = ExponentialLogDice::new(0.3, 0.5).unwrap().overlap(any);
    term!(loss_term_exponential_log_dice(1.0, 0.3, 0.5), AnyLoss::ExponentialLogDice(loss));
    term!(loss_term_mcc(1.0, 0.5), AnyLoss::Mcc(Mcc::new(0.5).unwrap()));
    let loss = AsymmetricFocalTversky::new(0.6, 0.3, 0.5).unwrap();
    term!(loss_term_asymmetric_focal_tversky(1.0, 0.6, 0.3, 0.5), AnyLoss::AsymmetricFocalTversky(loss));
    let loss = BalancedBce::new().over(Denominator::Fixed(1.0));
    term!(loss_term_balanced_bce(1.0, sum), AnyLoss::BalancedBce(loss));
    let loss = NormalisedFocal::new(Focal::new(2.0).unwrap());
    term!(loss_term_normalised_focal(1.0, 2.0, f32::NAN), AnyLoss::NormalisedFocal(loss));
    assert_eq!(terms.len(), 19);
    terms
}

/// Compares everything that an interface of a binary loss gives with an accumulator of `loss_core`.
macro_rules! compare_binary {
    ($pixels:expr, $made:expr, $other:expr, $accumulator:expr, $gradient:ident,
     [$push:ident, $push_row:ident, $merge:ident, $counts:ident, $finish:ident, $finish_valid:ident, $gradient_init:ident, $gradient_at:ident,
      $gradient_row:ident, $write_state:ident, $load_state:ident, $fingerprint:ident, $reset:ident]) => {{
        let pixels: &[Px] = $pixels;
        let (mut made, mut other, mut expected) = ($made, $other, $accumulator);
        pixels.iter().for_each(|&Px(logit, target, weight)| expected.push((logit, target, weight)));
        let half = pixels.len() / 2;
        let (logits, targets, weights) = columns(&pixels[half..]);
        // SAFETY: all memory is this function's, and of the lengths that are given.
        unsafe {
            for &Px(logit, target, weight) in &pixels[..half] {
                assert_eq!($push(&mut made, logit, target, weight), LossStatus::Ok);
            }
            let length = logits.len();
            let row = $push_row(&mut other, logits.as_ptr(), targets.as_ptr(), weights.as_ptr(), length);
            assert_eq!(row, LossStatus::Ok);
            assert_eq!($merge(&mut made, &other), LossStatus::Ok);
            assert_eq!($fingerprint(&made), expected.fingerprint());

            let mut state = vec![0; expected.state_length()];
            assert_eq!($write_state(&made, state.as_mut_ptr(), state.len()), LossStatus::Ok);
            let mut expected_state = vec![0; state.len()];
            expected.write_state(&mut expected_state).unwrap();
            assert_eq!(state, expected_state);
            assert_eq!($write_state(&made, state.as_mut_ptr(), state.len() - 1), LossStatus::Length);
            assert_eq!($load_state(&mut other, state.as_ptr(), state.len() - 1), LossStatus::Length);
            assert_eq!($reset(&mut made), LossStatus::Ok);
            assert_eq!($load_state(&mut made, state.as_ptr(), state.len()), LossStatus::Ok);

            let mut counts = LossCounts::default();
            assert_eq!($counts(&made, &mut counts), LossStatus::Ok);
            assert_eq!(counts, expected.counts().into());
            let (mut result, mut valid) = (LossResult::default(), LossResult::default());
            let mut gradient = $gradient::ZERO;
            match expected.finish() {
                Ok(_) => assert_eq!($finish(&made, &mut result), LossStatus::Ok),
                Err(error) => assert_eq!($finish(&made, &mut result), error.into()),
            }
            match expected.finish_valid() {
                Err(error) => {
                    assert_eq!($finish_valid(&made, &mut valid), error.into());
                    assert_eq!($gradient_init(&made, 1.0, &mut gradient), error.into());
                }
                Ok(finished) => {
                    assert_eq!($finish_valid(&made, &mut valid), LossStatus::Ok);
                    assert_eq!(valid.value.to_bits(), finished.value().to_bits());
                    assert_eq!(valid.soft, finished.soft().into());
                    assert_eq!(valid.hard, finished.hard().into());
                    assert_eq!(valid.counts, finished.counts().into());
                    let parts: Vec<LossPart> = finished.parts().map(LossPart::from).collect();
                    assert_eq!(valid.parts[..valid.part_count as usize], parts);

                    assert_eq!($gradient_init(&made, 3.0, &mut gradient), LossStatus::Ok);
                    let expected = finished.gradient_times(3.0);
                    let mut slopes = vec![f32::NAN; length];
                    let (logits, targets, weights) = (logits.as_ptr(), targets.as_ptr(), weights.as_ptr());
                    let row = $gradient_row(&gradient, logits, targets, weights, slopes.as_mut_ptr(), length);
                    assert_eq!(row, LossStatus::Ok);
                    let sample = |&Px(logit, target, weight): &Px| expected.at((logit, target, weight));
                    assert_eq!(bits(&slopes), bits(&pixels[half..].iter().map(sample).collect::<Vec<f32>>()));
                    for pixel in pixels {
                        let mut slope = f32::NAN;
                        assert_eq!($gradient_at(&gradient, pixel.0, pixel.1, pixel.2, &mut slope), LossStatus::Ok);
                        assert_eq!(slope.to_bits(), sample(pixel).to_bits());
                    }
                }
            }
        }
    }};
}

quickcheck! {
    fn bce_and_dice_is_that_of_rust(pixels: Vec<Px>) -> bool {
        let mut made = LossBceAndDice::ZERO;
        // SAFETY: the memory is this function's.
        assert_eq!(unsafe { loss_bce_and_dice_init(&mut made, &BCE_AND_DICE) }, LossStatus::Ok);
        let loss = Bce::new().pos_weight(3.0).unwrap().mean() * 0.5 + Dice::new(1e-3).unwrap() * 1.5;
        compare_binary!(&pixels, made, made, loss.accumulator().at_threshold(0.3).unwrap(), LossBceAndDiceGradient, [
            loss_bce_and_dice_push, loss_bce_and_dice_push_row, loss_bce_and_dice_merge, loss_bce_and_dice_counts,
            loss_bce_and_dice_finish, loss_bce_and_dice_finish_valid, loss_bce_and_dice_gradient_init,
            loss_bce_and_dice_gradient_at, loss_bce_and_dice_gradient_row, loss_bce_and_dice_write_state,
            loss_bce_and_dice_load_state, loss_bce_and_dice_fingerprint, loss_bce_and_dice_reset]);
        true
    }

    fn focal_and_tversky_is_that_of_rust(pixels: Vec<Px>) -> bool {
        let mut made = LossFocalAndTversky::ZERO;
        // SAFETY: the memory is this function's.
        assert_eq!(unsafe { loss_focal_and_tversky_init(&mut made, &FOCAL_AND_TVERSKY) }, LossStatus::Ok);
        let loss = Focal::new(1.5).unwrap().mean() * 2.0 + Tversky::new(0.2, 0.9, 0.5).unwrap() * 0.25;
        compare_binary!(&pixels, made, made, loss.accumulator(), LossFocalAndTverskyGradient, [
            loss_focal_and_tversky_push, loss_focal_and_tversky_push_row, loss_focal_and_tversky_merge,
            loss_focal_and_tversky_counts, loss_focal_and_tversky_finish, loss_focal_and_tversky_finish_valid,
            loss_focal_and_tversky_gradient_init, loss_focal_and_tversky_gradient_at,
            loss_focal_and_tversky_gradient_row, loss_focal_and_tversky_write_state,
            loss_focal_and_tversky_load_state, loss_focal_and_tversky_fingerprint, loss_focal_and_tversky_reset]);
        true
    }

    fn any_terms_are_those_of_rust(pixels: Vec<Px>, first: usize) -> bool {
        let terms = terms();
        let chosen = |index: usize| terms[(first % terms.len() + 7 * index) % terms.len()];
        let three = [chosen(0), chosen(1), chosen(2)];
        let mut made = LossAny::ZERO;
        // SAFETY: the memory is this function's.
        assert_eq!(unsafe { loss_any_init(&mut made, three.map(|term| term.0).as_ptr(), 3, 0.5) }, LossStatus::Ok);
        let expected = three.map(|term| term.1).accumulator();
        // SAFETY: the memory is this function's.
        assert_eq!(unsafe { loss_any_state_length(&made) }, expected.state_length());
        compare_binary!(&pixels, made, made, expected, LossAnyGradient, [
            loss_any_push, loss_any_push_row, loss_any_merge, loss_any_counts, loss_any_finish, loss_any_finish_valid,
            loss_any_gradient_init, loss_any_gradient_at, loss_any_gradient_row, loss_any_write_state,
            loss_any_load_state, loss_any_fingerprint, loss_any_reset]);
        true
    }

    fn counting_has_the_bits_of_summing(pixels: Vec<(Px, u8)>) -> bool {
        let (mut made, mut other) = (LossBceAndDiceCounting::ZERO, LossBceAndDiceCounting::ZERO);
        let mut summed = LossBceAndDice::ZERO;
        let logits: Vec<f32> = pixels.iter().map(|(pixel, _)| pixel.0).collect();
        // A few are no target, a few are ignored.
        let mask: Vec<u8> = pixels.iter().map(|(_, bits)| if bits % 16 == 15 { 2 } else { bits & 1 }).collect();
        let valid: Vec<u8> = pixels.iter().map(|(_, bits)| bits & 0x70).collect();
        let weights: Vec<f32> = valid.iter().map(|&valid| if valid == 0 { 0.0 } else { 1.0 }).collect();
        let loss = Bce::new().pos_weight(3.0).unwrap().mean() * 0.5 + Dice::new(1e-3).unwrap() * 1.5;
        let mut expected = loss.counting_accumulator().at_threshold(0.3).unwrap();
        let (half, length) = (pixels.len() / 2, pixels.len());
        for ((&logit, &target), &valid) in logits.iter().zip(&mask).zip(&valid) {
            expected.push((logit, target, valid != 0));
        }
        // SAFETY: all memory is this function's, and of the lengths that are given.
        unsafe {
            assert_eq!(loss_bce_and_dice_counting_init(&mut made, &BCE_AND_DICE), LossStatus::Ok);
            assert_eq!(loss_bce_and_dice_counting_init(&mut other, &BCE_AND_DICE), LossStatus::Ok);
            assert_eq!(loss_bce_and_dice_init(&mut summed, &BCE_AND_DICE), LossStatus::Ok);
            for (made, range) in [(&mut made, 0..half), (&mut other, half..length)] {
                let (logits, mask, valid) = (&logits[range.clone()], &mask[range.clone()], &valid[range]);
                let row = loss_bce_and_dice_counting_push_hard_row(
                    made, logits.as_ptr(), mask.as_ptr(), valid.as_ptr(), logits.len());
                assert_eq!(row, LossStatus::Ok);
            }
            assert_eq!(loss_bce_and_dice_counting_merge(&mut made, &other), LossStatus::Ok);
            loss_bce_and_dice_push_hard_row(&mut summed, logits.as_ptr(), mask.as_ptr(), weights.as_ptr(), length);
            assert_eq!(loss_bce_and_dice_counting_fingerprint(&made), expected.fingerprint());
            assert_ne!(loss_bce_and_dice_counting_fingerprint(&made), loss_bce_and_dice_fingerprint(&summed));

            let mut state = [0; LOSS_BCE_AND_DICE_COUNTING_STATE];
            assert_eq!(
                loss_bce_and_dice_counting_write_state(&made, state.as_mut_ptr(), state.len()), LossStatus::Ok);
            assert_eq!(Ok(state), expected.state());
            assert_eq!(loss_bce_and_dice_counting_reset(&mut made), LossStatus::Ok);
            assert_eq!(loss_bce_and_dice_counting_load_state(&mut made, state.as_ptr(), state.len()), LossStatus::Ok);

            let (mut counts, mut of_summed) = (LossCounts::default(), LossCounts::default());
            assert_eq!(loss_bce_and_dice_counting_counts(&made, &mut counts), LossStatus::Ok);
            assert_eq!(loss_bce_and_dice_counts(&summed, &mut of_summed), LossStatus::Ok);
            assert_eq!(counts, of_summed);
            let (mut result, mut of_summed) = (LossResult::default(), LossResult::default());
            let status = loss_bce_and_dice_counting_finish(&made, &mut result);
            assert_eq!(status, loss_bce_and_dice_finish(&summed, &mut of_summed));
            assert_eq!(result, of_summed);
            let status = loss_bce_and_dice_counting_finish_valid(&made, &mut result);
            assert_eq!(status, loss_bce_and_dice_finish_valid(&summed, &mut of_summed));
            assert_eq!(result, of_summed);

            let (mut gradient, mut of_summed) = (LossBceAndDiceGradient::ZERO, LossBceAndDiceGradient::ZERO);
            let status = loss_bce_and_dice_counting_gradient_init(&made, -2.0, &mut gradient);
            assert_eq!(status, loss_bce_and_dice_gradient_init(&summed, -2.0, &mut of_summed));
            let slopes = |gradient| {
                let (mut slopes, weights) = (vec![0.0; length], weights.as_ptr());
                let to = slopes.as_mut_ptr();
                let row = loss_bce_and_dice_gradient_hard_row;
                assert_eq!(row(gradient, logits.as_ptr(), mask.as_ptr(), weights, to, length), LossStatus::Ok);
                bits(&slopes)
            };
            assert!(status != LossStatus::Ok || slopes(&gradient) == slopes(&of_summed));

            // Without a mask, and pixel by pixel.
            loss_bce_and_dice_counting_reset(&mut made);
            loss_bce_and_dice_counting_reset(&mut other);
            let (mask, none) = (mask.iter().map(|target| target & 1).collect::<Vec<u8>>(), ptr::null());
            loss_bce_and_dice_counting_push_hard_row(&mut made, logits.as_ptr(), mask.as_ptr(), none, length);
            for (&logit, &target) in logits.iter().zip(&mask) {
                assert_eq!(loss_bce_and_dice_counting_push_hard(&mut other, logit, target == 1), LossStatus::Ok);
            }
            let mut of_other = state;
            loss_bce_and_dice_counting_write_state(&made, state.as_mut_ptr(), state.len());
            loss_bce_and_dice_counting_write_state(&other, of_other.as_mut_ptr(), of_other.len());
            assert_eq!(state, of_other);
            assert_eq!(state[..4].iter().sum::<i64>(), length as i64);
        }
        true
    }

    fn hard_rows_are_pixels(pixels: Vec<(Px, u8)>) -> bool {
        let (mut row, mut each) = (LossBceAndDice::ZERO, LossBceAndDice::ZERO);
        let logits: Vec<f32> = pixels.iter().map(|(pixel, _)| pixel.0).collect();
        let mask: Vec<u8> = pixels.iter().map(|(_, target)| target % 2).collect();
        let (mut state, mut other) = ([0i64; LOSS_BCE_AND_DICE_STATE], [1i64; LOSS_BCE_AND_DICE_STATE]);
        // SAFETY: all memory is this function's, and of the lengths that are given.
        unsafe {
            loss_bce_and_dice_init(&mut row, &BCE_AND_DICE);
            loss_bce_and_dice_init(&mut each, &BCE_AND_DICE);
            let (length, weights) = (mask.len(), ptr::null());
            let status = loss_bce_and_dice_push_hard_row(&mut row, logits.as_ptr(), mask.as_ptr(), weights, length);
            assert_eq!(status, LossStatus::Ok);
            for (&logit, &target) in logits.iter().zip(&mask) {
                assert_eq!(loss_bce_and_dice_push_hard(&mut each, logit, target == 1), LossStatus::Ok);
            }
            loss_bce_and_dice_write_state(&row, state.as_mut_ptr(), state.len());
            loss_bce_and_dice_write_state(&each, other.as_mut_ptr(), other.len());
        }
        state == other && state[..6].iter().sum::<i64>() == pixels.len() as i64
    }

    fn ce_and_dice_is_that_of_rust(pixels: Vec<(Px, Px, u8)>) -> bool {
        let mut weights = CE_AND_DICE.class_weights;
        weights[5..].fill(0.0);
        let loss = CrossEntropy::new().weights(weights).unwrap().weighted_mean() * 0.75
            + PerClass::new(Dice::new(1e-4).unwrap()).classes(Foreground) * 1.25;
        let mut expected = loss.class_accumulator().with_classes(5).unwrap().ignoring(5);
        let (mut made, mut other) = (LossCeAndDice::ZERO, LossCeAndDice::ZERO);
        let samples: Vec<([f32; 8], u8, f32)> = pixels
            .iter()
            .map(|(a, b, label)| ([a.0, a.1, b.0, b.1, 0.5, 0.0, 0.0, 0.0], label % 7, b.2))
            .collect();
        samples.iter().for_each(|&sample| expected.push(sample));
        let half = samples.len() / 2;
        let logits: Vec<f32> = samples[half..].iter().flat_map(|(logits, ..)| logits[..5].to_vec()).collect();
        let labels: Vec<u8> = samples[half..].iter().map(|sample| sample.1).collect();
        let weights: Vec<f32> = samples[half..].iter().map(|sample| sample.2).collect();
        // SAFETY: all memory is this function's, and of the lengths that are given.
        unsafe {
            assert_eq!(loss_ce_and_dice_init(&mut made, &CE_AND_DICE), LossStatus::Ok);
            assert_eq!(loss_ce_and_dice_init(&mut other, &CE_AND_DICE), LossStatus::Ok);
            for (logits, label, weight) in &samples[..half] {
                let status = loss_ce_and_dice_push(&mut made, logits.as_ptr(), i32::from(*label), *weight);
                assert_eq!(status, LossStatus::Ok);
            }
            let (from, length) = ((logits.as_ptr(), labels.as_ptr(), weights.as_ptr()), labels.len());
            assert_eq!(loss_ce_and_dice_push_row(&mut other, from.0, from.1, from.2, length), LossStatus::Ok);
            assert_eq!(loss_ce_and_dice_merge(&mut made, &other), LossStatus::Ok);
            assert_eq!(loss_ce_and_dice_fingerprint(&made), expected.fingerprint());
            let mut state = [0; LOSS_CE_AND_DICE_STATE];
            assert_eq!(loss_ce_and_dice_write_state(&made, state.as_mut_ptr(), state.len()), LossStatus::Ok);
            assert_eq!(Ok(state), expected.state());
            assert_eq!(loss_ce_and_dice_load_state(&mut other, state.as_ptr(), state.len()), LossStatus::Ok);
            let mut counts = LossCounts::default();
            assert_eq!(loss_ce_and_dice_counts(&other, &mut counts), LossStatus::Ok);
            assert_eq!(counts, expected.counts().into());

            let mut result = LossClassesResult::default();
            let mut gradient = LossCeAndDiceGradient::ZERO;
            if let Err(error) = expected.finish() {
                assert_eq!(loss_ce_and_dice_finish(&other, &mut result), error.into());
            }
            let Ok(finished) = expected.finish_valid() else { return true };
            assert_eq!(loss_ce_and_dice_finish_valid(&other, &mut result), LossStatus::Ok);
            assert_eq!(result.value.to_bits(), finished.value().to_bits());
            assert_eq!(result.class_count, 5);
            for class in finished.classes() {
                assert_eq!(result.soft[class.class], class.soft.into());
                assert_eq!(result.hard[class.class], class.hard.into());
            }
            assert_eq!(loss_ce_and_dice_gradient_init(&other, 2.0, &mut gradient), LossStatus::Ok);
            let slope = finished.gradient_times(2.0);
            let mut slopes = vec![f32::NAN; logits.len()];
            let to = slopes.as_mut_ptr();
            let status = loss_ce_and_dice_gradient_row(&gradient, from.0, from.1, from.2, to, length);
            assert_eq!(status, LossStatus::Ok);
            for (&sample, slopes) in samples[half..].iter().zip(slopes.chunks(5)) {
                assert_eq!(bits(slopes), bits(&slope.at(sample)[..5]));
                let (mut logits, label, weight) = sample;
                let (from, to) = (logits.as_ptr(), logits.as_mut_ptr());
                let status = loss_ce_and_dice_gradient_at(&gradient, from, i32::from(label), weight, to);
                assert_eq!(status, LossStatus::Ok);
                assert_eq!(bits(slopes), bits(&logits[..5]));
            }
        }
        true
    }

    fn a_histogram_is_that_of_rust(pixels: Vec<(i8, u8)>) -> bool {
        let mut expected = Histogram::<i8>::new(Quantisation::new(0.05, 3).unwrap());
        let (codes, targets): (Vec<i8>, Vec<u8>) = pixels.iter().map(|&(code, target)| (code, target % 3)).unzip();
        expected.extend_codes(&codes, &targets).unwrap();
        let (mut made, mut other) = (LossHistogram::ZERO, LossHistogram::ZERO);
        let mut sums = LossBceAndDice::ZERO;
        // SAFETY: all memory is this function's, and of the lengths that are given.
        unsafe {
            assert_eq!(loss_histogram_init(&mut made, 0.05, 3), LossStatus::Ok);
            assert_eq!(loss_histogram_init(&mut other, 0.05, 3), LossStatus::Ok);
            let half = pixels.len() / 2;
            let status = loss_histogram_push_row(&mut made, codes.as_ptr(), targets.as_ptr(), half);
            assert_eq!(status, LossStatus::Ok);
            let (codes, targets) = (&codes[half..], &targets[half..]);
            for (code, target) in codes.chunks(1).zip(targets.chunks(1)) {
                let status = match target[0] {
                    2 => loss_histogram_push_row(&mut other, code.as_ptr(), target.as_ptr(), 1),
                    hard => loss_histogram_push(&mut other, code[0], hard == 1),
                };
                assert_eq!(status, LossStatus::Ok);
            }
            expected.ignore(9);
            assert_eq!(loss_histogram_ignore(&mut made, 9), LossStatus::Ok);
            assert_eq!(loss_histogram_merge(&mut made, &other), LossStatus::Ok);
            assert_eq!(loss_histogram_fingerprint(&made), expected.fingerprint());
            let (mut state, mut expected_state) = ([0; LOSS_HISTOGRAM_STATE], [0; LOSS_HISTOGRAM_STATE]);
            assert_eq!(loss_histogram_write_state(&made, state.as_mut_ptr(), state.len()), LossStatus::Ok);
            expected.write_state(&mut expected_state).unwrap();
            assert_eq!(state, expected_state);
            assert_eq!(loss_histogram_reset(&mut other), LossStatus::Ok);
            assert_eq!(loss_histogram_load_state(&mut other, state.as_ptr(), state.len()), LossStatus::Ok);
            let mut counts = LossCounts::default();
            assert_eq!(loss_histogram_counts(&other, &mut counts), LossStatus::Ok);
            assert_eq!(counts, expected.counts().into());
            let mut logit = f32::NAN;
            assert_eq!(loss_histogram_logit(&other, -100, &mut logit), LossStatus::Ok);
            assert_eq!(logit, expected.quantisation().logit(-100));
            state[5] = -1;
            let status = loss_histogram_load_state(&mut other, state.as_ptr(), state.len());
            assert_eq!(status, LossStatus::NegativeCount);

            loss_bce_and_dice_init(&mut sums, &BCE_AND_DICE);
            assert_eq!(loss_bce_and_dice_push_histogram(&mut sums, &other), LossStatus::Ok);
            let loss = Bce::new().pos_weight(3.0).unwrap().mean() * 0.5 + Dice::new(1e-3).unwrap() * 1.5;
            let mut by_rust = loss.accumulator().at_threshold(0.3).unwrap();
            by_rust.extend_histogram(&expected);
            let mut state = [0; LOSS_BCE_AND_DICE_STATE];
            loss_bce_and_dice_write_state(&sums, state.as_mut_ptr(), state.len());
            assert_eq!(Ok(state), by_rust.state());
        }
        true
    }
}

/// A host in Rust knows a device in C by the loss as one would write it.
#[test]
fn fingerprints_are_those_of_the_plain_losses() {
    let parameters = LossBceAndDiceParameters { bce: 1.0, pos_weight: 1.0, dice: 1.0, smooth: 1e-5, threshold: 0.5 };
    let plain = Bce::new().mean() + Dice::new(1e-5).unwrap();
    let (mut summed, mut counted) = (LossBceAndDice::ZERO, LossBceAndDiceCounting::ZERO);
    // SAFETY: the pointers are of references.
    unsafe {
        assert_eq!(loss_bce_and_dice_init(&mut summed, &parameters), LossStatus::Ok);
        assert_eq!(loss_bce_and_dice_fingerprint(&summed), plain.accumulator().fingerprint());
        assert_eq!(loss_bce_and_dice_counting_init(&mut counted, &parameters), LossStatus::Ok);
        assert_eq!(loss_bce_and_dice_counting_fingerprint(&counted), plain.counting_accumulator().fingerprint());
    }
}

#[test]
fn the_longest_state_is_as_long_as_the_header_says() {
    let (mut made, mut term) = (LossAny::ZERO, LossTerm::ZERO);
    // SAFETY: all memory is this function's.
    let longest = unsafe {
        assert_eq!(loss_term_balanced_bce(&mut term, 1.0, 0), LossStatus::Ok);
        assert_eq!(loss_any_init(&mut made, [term; LOSS_MOST_TERMS].as_ptr(), LOSS_MOST_TERMS, 0.5), LossStatus::Ok);
        loss_any_state_length(&made)
    };
    assert_eq!(longest, LOSS_ANY_MOST_STATE);
    for (term, loss) in terms() {
        // SAFETY: as above.
        assert_eq!(unsafe { loss_any_init(&mut made, &term, 1, 0.5) }, LossStatus::Ok);
        assert!(34 + LOSS_MOST_TERMS * (loss.accumulator().state_length() - 34) <= LOSS_ANY_MOST_STATE);
    }
}

#[test]
fn options_of_terms() {
    for (mut term, loss) in terms() {
        for (number, overlap) in [AnyOverlap::Product, AnyOverlap::Squared, AnyOverlap::Minimum].into_iter().enumerate()
        {
            // SAFETY: the term is memory of this function.
            let status = unsafe { loss_term_set_overlap(&mut term, number as u32) };
            let is_dice = format!("{loss:?}").contains("overlap: ");
            assert_eq!(status, if is_dice { LossStatus::Ok } else { LossStatus::Option }, "{loss:?}, {overlap:?}");
        }
        // SAFETY: the term is memory of this function.
        unsafe {
            assert_eq!(loss_term_set_overlap(&mut term, 3), LossStatus::Option);
            assert_eq!(loss_term_set_empty_mask(&mut term, 3), LossStatus::Option);
        }
    }
    // A form and an empty mask that change the figures.
    let mut made = LossAny::ZERO;
    let mut term = LossTerm::ZERO;
    let mut result = LossResult::default();
    // SAFETY: all memory is this function's.
    unsafe {
        loss_term_dice(&mut term, 1.0, 0.5);
        loss_term_set_overlap(&mut term, LossOverlap::Squared as u32);
        loss_term_set_empty_mask(&mut term, LossEmptyMask::One as u32);
        loss_any_init(&mut made, &term, 1, 0.5);
        loss_any_push_hard(&mut made, 1.5, false);
        loss_any_finish(&made, &mut result);
        assert_eq!(result.value, 1.0);
        loss_any_push_hard(&mut made, 0.75, true);
        loss_any_finish(&made, &mut result);
    }
    let loss = Dice::new(0.5).unwrap().overlap(AnyOverlap::Squared);
    let mut expected = loss.accumulator();
    expected.extend([(1.5, false), (0.75, true)]);
    assert_eq!(result.value, expected.finish().unwrap().value());
}

#[test]
fn parameters_out_of_range_have_a_status_of_their_own() {
    use LossStatus as S;
    let mut term = LossTerm::ZERO;
    let mean = LossReduction::Mean as u32;
    let bad = -2.0;
    // SAFETY: all memory is this function's.
    unsafe {
        for (status, expected) in [
            (loss_term_bce(&mut term, 1.0, mean, bad), S::PosWeight),
            (loss_term_bce(&mut term, 1.0, 3, 1.0), S::Option),
            (loss_term_bce(&mut term, f64::NAN, mean, 1.0), S::Coefficient),
            (loss_term_bce(&mut term, -3.5e38, mean, 1.0), S::Coefficient),
            (loss_term_focal(&mut term, 1.0, mean, bad, 0.5), S::Gamma),
            (loss_term_focal(&mut term, 1.0, mean, 2.0, bad), S::Alpha),
            (loss_term_poly1(&mut term, 1.0, mean, bad), S::Epsilon),
            (loss_term_asymmetric_focal(&mut term, 1.0, mean, bad, 1.0), S::Delta),
            (loss_term_asymmetric_focal(&mut term, 1.0, mean, 0.5, bad), S::Gamma),
            (loss_term_exponential_log_cross_entropy(&mut term, 1.0, mean, bad), S::Gamma),
            (loss_term_generalised_cross_entropy(&mut term, 1.0, mean, bad), S::Q),
            (loss_term_quality_focal(&mut term, 1.0, mean, bad), S::Beta),
            (loss_term_reduced_focal(&mut term, 1.0, mean, bad, 0.5), S::Gamma),
            (loss_term_reduced_focal(&mut term, 1.0, mean, 16.0, 1e-6), S::Gamma),
            (loss_term_reduced_focal(&mut term, 1.0, mean, 2.0, bad), S::Threshold),
            (loss_term_dice(&mut term, 1.0, bad.into()), S::Smooth),
            (loss_term_iou(&mut term, 1.0, bad.into()), S::Smooth),
            (loss_term_tversky(&mut term, 1.0, bad.into(), 1.0, 1.0), S::Alpha),
            (loss_term_tversky(&mut term, 1.0, 1.0, bad.into(), 1.0), S::Beta),
            (loss_term_tversky(&mut term, 1.0, 1.0, 1.0, bad.into()), S::Smooth),
            (loss_term_focal_tversky(&mut term, 1.0, 1.0, 1.0, bad.into(), 1.0), S::Gamma),
            (loss_term_log_dice(&mut term, 1.0, bad.into()), S::Smooth),
            (loss_term_log_cosh_dice(&mut term, 1.0, bad.into()), S::Smooth),
            (loss_term_exponential_log_dice(&mut term, 1.0, bad.into(), 1.0), S::Gamma),
            (loss_term_mcc(&mut term, 1.0, bad.into()), S::Smooth),
            (loss_term_asymmetric_focal_tversky(&mut term, 1.0, bad.into(), 0.5, 1.0), S::Delta),
            (loss_term_asymmetric_focal_tversky(&mut term, 1.0, 0.5, bad.into(), 1.0), S::Gamma),
            (loss_term_balanced_bce(&mut term, 1.0, 7), S::Option),
            (loss_term_normalised_focal(&mut term, 1.0, bad, 0.5), S::Gamma),
        ] {
            assert_eq!(status, expected);
        }
        // None of them has made the term ready.
        let mut made = LossAny::ZERO;
        assert_eq!(loss_any_init(&mut made, &term, 1, 0.5), S::NotInitialised);

        let (mut made, mut counting) = (LossBceAndDice::ZERO, LossBceAndDiceCounting::ZERO);
        let parameters = BCE_AND_DICE;
        for (parameters, expected) in [
            (LossBceAndDiceParameters { threshold: 1.0, ..parameters }, S::Threshold),
            (LossBceAndDiceParameters { bce: f64::INFINITY, ..parameters }, S::Coefficient),
            (LossBceAndDiceParameters { dice: f64::NAN, ..parameters }, S::Coefficient),
            (LossBceAndDiceParameters { bce: 2e38, dice: -2e38, ..parameters }, S::Coefficient),
            (LossBceAndDiceParameters { smooth: -1.0, ..parameters }, S::Smooth),
            (LossBceAndDiceParameters { pos_weight: f32::NAN, ..parameters }, S::PosWeight),
        ] {
            assert_eq!(loss_bce_and_dice_init(&mut made, &parameters), expected);
            assert_eq!(loss_bce_and_dice_counting_init(&mut counting, &parameters), expected);
        }
        // A failed init leaves the object as it was: not ready, or ready.
        assert_eq!(loss_bce_and_dice_reset(&mut made), S::NotInitialised);
        assert_eq!(loss_bce_and_dice_init(&mut made, &parameters), S::Ok);
        assert_eq!(
            loss_bce_and_dice_init(&mut made, &LossBceAndDiceParameters { smooth: -1.0, ..parameters }),
            S::Smooth
        );
        assert_eq!(loss_bce_and_dice_reset(&mut made), S::Ok);

        let mut made = LossFocalAndTversky::ZERO;
        let parameters = FOCAL_AND_TVERSKY;
        let mut init = |parameters| loss_focal_and_tversky_init(&mut made, &parameters);
        assert_eq!(init(LossFocalAndTverskyParameters { focal: f64::NAN, ..parameters }), S::Coefficient);
        assert_eq!(init(LossFocalAndTverskyParameters { gamma: -1.0, ..parameters }), S::Gamma);
        assert_eq!(init(LossFocalAndTverskyParameters { focal_alpha: 1.5, ..parameters }), S::Alpha);
        assert_eq!(init(LossFocalAndTverskyParameters { tversky: f64::NAN, ..parameters }), S::Coefficient);
        assert_eq!(init(LossFocalAndTverskyParameters { alpha: -1.0, ..parameters }), S::Alpha);
        assert_eq!(init(LossFocalAndTverskyParameters { beta: -1.0, ..parameters }), S::Beta);
        assert_eq!(init(LossFocalAndTverskyParameters { smooth: -1.0, ..parameters }), S::Smooth);
        assert_eq!(init(LossFocalAndTverskyParameters { threshold: 0.0, ..parameters }), S::Threshold);

        let mut made = LossCeAndDice::ZERO;
        let parameters = CE_AND_DICE;
        let mut init = |parameters| loss_ce_and_dice_init(&mut made, &parameters);
        for classes in [0, 9, u32::MAX] {
            let class_weights = [1.0; 8];
            assert_eq!(init(LossCeAndDiceParameters { classes, class_weights, ..parameters }), S::ClassCount);
        }
        assert_eq!(init(LossCeAndDiceParameters { classes: 6, ..parameters }), S::ClassWeight);
        assert_eq!(init(LossCeAndDiceParameters { dice_classes: 2, ..parameters }), S::Option);
        assert_eq!(init(LossCeAndDiceParameters { ce: f64::NAN, ..parameters }), S::Coefficient);

        let mut made = LossHistogram::ZERO;
        assert_eq!(loss_histogram_init(&mut made, 0.0, 0), S::Scale);
        assert_eq!(loss_histogram_init(&mut made, 1.0, 256), S::ZeroPoint);
    }
}

fn of_five_classes(loss: impl ClassLoss<8>) -> u64 {
    loss.class_accumulator().with_classes(5).unwrap().fingerprint()
}

#[test]
fn every_class_or_foreground() {
    for (number, foreground) in [(LossClassSet::Every as u32, false), (LossClassSet::Foreground as u32, true)] {
        let mut made = LossCeAndDice::ZERO;
        let parameters =
            LossCeAndDiceParameters { dice_classes: number, ignored_label: -1, class_weights: [1.0; 8], ..CE_AND_DICE };
        // SAFETY: all memory is this function's.
        let fingerprint = unsafe {
            assert_eq!(loss_ce_and_dice_init(&mut made, &parameters), LossStatus::Ok);
            loss_ce_and_dice_fingerprint(&made)
        };
        let weights = [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0];
        let ce = CrossEntropy::new().weights(weights).unwrap().weighted_mean() * 0.75;
        let dice = PerClass::new(Dice::new(1e-4).unwrap());
        let expected = if foreground {
            of_five_classes(ce + dice.classes(Foreground) * 1.25)
        } else {
            of_five_classes(ce + dice.classes(EveryClass) * 1.25)
        };
        assert_eq!(fingerprint, expected);
    }
}

#[test]
fn bad_pointers_and_lengths_have_a_status() {
    use LossStatus as S;
    let mut made = LossBceAndDice::ZERO;
    let mut ready = LossBceAndDice::ZERO;
    let mut state = [0i64; LOSS_BCE_AND_DICE_STATE];
    let (logits, mask, codes) = ([0.5f32; 4], [1u8; 4], [3i8; 4]);
    let null = ptr::null_mut::<LossBceAndDice>();
    // SAFETY: what is not NULL or misaligned is memory of this function.
    unsafe {
        assert_eq!(loss_bce_and_dice_push(null, 0.0, 1.0, 1.0), S::NullPointer);
        assert_eq!(loss_bce_and_dice_push(&mut made, 0.0, 1.0, 1.0), S::NotInitialised);
        assert_eq!(loss_bce_and_dice_init(null, &BCE_AND_DICE), S::NullPointer);
        assert_eq!(loss_bce_and_dice_init(&mut made, ptr::null()), S::NullPointer);
        assert_eq!(loss_bce_and_dice_init(&mut ready, &BCE_AND_DICE), S::Ok);
        let misaligned = (&raw mut ready).byte_add(1);
        assert_eq!(loss_bce_and_dice_push(misaligned, 0.0, 1.0, 1.0), S::Misaligned);
        // Another kind of object of no smaller size.
        let mut any = LossAny::ZERO;
        let mut term = LossTerm::ZERO;
        assert_eq!(loss_term_dice(&mut term, 1.0, 1.0), S::Ok);
        for (count, expected) in [(0, S::TermCount), (1, S::Ok)] {
            assert_eq!(loss_any_init(&mut any, &term, count, 0.5), expected);
        }
        assert_eq!(loss_any_init(&mut any, [term; 5].as_ptr(), 5, 0.5), S::TermCount);
        assert_eq!(loss_bce_and_dice_push((&raw mut any).cast(), 0.0, 1.0, 1.0), S::NotInitialised);

        let row = |logits, mask, length| {
            loss_bce_and_dice_push_hard_row((&raw const ready).cast_mut(), logits, mask, ptr::null(), length)
        };
        assert_eq!(row(ptr::null(), mask.as_ptr(), 4), S::NullPointer);
        assert_eq!(row(logits.as_ptr(), ptr::null(), 4), S::NullPointer);
        assert_eq!(row(logits.as_ptr().byte_add(2), mask.as_ptr(), 2), S::Misaligned);
        assert_eq!(row(logits.as_ptr(), mask.as_ptr(), usize::MAX), S::Length);
        assert_eq!(row(logits.as_ptr(), mask.as_ptr(), usize::MAX / 4), S::Length);
        assert_eq!(row(ptr::null(), ptr::null(), 0), S::Ok);

        let mut result = LossResult::default();
        assert_eq!(loss_bce_and_dice_finish(&ready, &mut result), S::NoPixels);
        assert_eq!(loss_bce_and_dice_finish(&ready, ptr::null_mut()), S::NullPointer);
        loss_bce_and_dice_push(&mut ready, 0.0, 1.0, 0.0);
        assert_eq!(loss_bce_and_dice_finish(&ready, &mut result), S::NoValidPixels);
        loss_bce_and_dice_push(&mut ready, 0.0, 1.0, 1.0);
        loss_bce_and_dice_push(&mut ready, 0.0, 1.5, 1.0);
        assert_eq!(loss_bce_and_dice_finish(&ready, &mut result), S::Rejected);
        assert_eq!(result, LossResult::default());
        assert_eq!(loss_bce_and_dice_finish_valid(&ready, &mut result), S::Ok);
        assert_eq!(result.counts, LossCounts { valid: 1, ignored: 1, rejected_targets: 1, ..LossCounts::default() });

        let pointer = &raw mut ready;
        assert_eq!(loss_bce_and_dice_merge(pointer, pointer), S::Overlap);
        assert_eq!(loss_bce_and_dice_write_state(pointer, pointer.cast(), 41), S::Overlap);
        let other = LossBceAndDiceParameters { smooth: 2.0, ..BCE_AND_DICE };
        assert_eq!(loss_bce_and_dice_init(&mut made, &other), S::Ok);
        assert_eq!(loss_bce_and_dice_merge(pointer, &made), S::OtherLoss);
        assert_eq!(loss_bce_and_dice_write_state(pointer, state.as_mut_ptr(), state.len()), S::Ok);

        let mut gradient = LossBceAndDiceGradient::ZERO;
        let mut buffer = [0.5f32; 8];
        let row = |gradient, from: *const f32, to| {
            loss_bce_and_dice_gradient_hard_row(gradient, from, mask.as_ptr(), ptr::null(), to, 4)
        };
        let from = buffer.as_mut_ptr();
        assert_eq!(row(&gradient, from, from.add(4)), S::NotInitialised);
        assert_eq!(loss_bce_and_dice_gradient_init(pointer, f64::NAN, &mut gradient), S::Coefficient);
        assert_eq!(loss_bce_and_dice_gradient_init(pointer, 1.0, &mut gradient), S::Ok);
        assert_eq!(row(&gradient, from, from.add(3)), S::Overlap);
        assert_eq!(row(&gradient, from, ptr::null_mut()), S::NullPointer);
        assert_eq!(row(&gradient, from, from.add(4)), S::Ok);
        assert!(buffer[4..].iter().all(|&slope| slope < 0.0));

        // Inputs that lie in the object that they would change.
        let size = size_of::<LossBceAndDice>();
        let inside: *const f32 = pointer.cast::<f32>().wrapping_byte_add(size - 8);
        assert_eq!(loss_bce_and_dice_push_hard_row(pointer, inside, mask.as_ptr(), ptr::null(), 2), S::Overlap);
        assert_eq!(
            loss_bce_and_dice_push_hard_row(pointer, logits.as_ptr(), inside.cast(), ptr::null(), 2),
            S::Overlap
        );
        assert_eq!(loss_bce_and_dice_push_hard_row(pointer, logits.as_ptr(), mask.as_ptr(), inside, 2), S::Overlap);
        assert_eq!(loss_bce_and_dice_load_state(pointer, inside.cast(), 1), S::Overlap);
        let mut histogram = LossHistogram::ZERO;
        loss_histogram_init(&mut histogram, 1.0, 0);
        let pointer = &raw mut histogram;
        assert_eq!(loss_histogram_push_row(pointer, pointer.cast(), mask.as_ptr(), 1), S::Overlap);
        assert_eq!(loss_histogram_push_row(pointer, codes.as_ptr(), pointer.cast(), 1), S::Overlap);
        assert_eq!(loss_histogram_push_row(pointer, codes.as_ptr(), mask.as_ptr(), 2), S::Ok);
        let mut counting = LossBceAndDiceCounting::ZERO;
        loss_bce_and_dice_counting_init(&mut counting, &BCE_AND_DICE);
        let pointer = &raw mut counting;
        let row = |logits, mask, valid| loss_bce_and_dice_counting_push_hard_row(pointer, logits, mask, valid, 1);
        assert_eq!(row(pointer.cast(), mask.as_ptr(), ptr::null()), S::Overlap);
        assert_eq!(row(logits.as_ptr(), pointer.cast(), ptr::null()), S::Overlap);
        assert_eq!(row(logits.as_ptr(), mask.as_ptr(), pointer.cast()), S::Overlap);
        assert_eq!(row(logits.as_ptr(), mask.as_ptr(), ptr::null()), S::Ok);
        let mut classes = LossCeAndDice::ZERO;
        loss_ce_and_dice_init(&mut classes, &CE_AND_DICE);
        let pointer = &raw mut classes;
        let row = |logits, labels| loss_ce_and_dice_push_row(pointer, logits, labels, ptr::null(), 1);
        assert_eq!(row(pointer.cast(), mask.as_ptr()), S::Overlap);
        assert_eq!(row(buffer.as_ptr(), pointer.cast()), S::Overlap);
        assert_eq!(row(buffer.as_ptr(), mask.as_ptr()), S::Ok);
        assert_eq!(loss_ce_and_dice_push(pointer, ptr::null(), 0, 1.0), S::NullPointer);

        assert_eq!(loss_bce_and_dice_fingerprint(null), 0);
        assert_eq!(loss_any_state_length(ptr::null()), 0);
    }
}

/// Each parameter of the library, by its code, has the status that C knows it by; those that no function of C takes have the general one.
#[test]
fn every_parameter_has_its_status() {
    let expected = [
        (Parameter::Alpha, LossStatus::Alpha),
        (Parameter::Beta, LossStatus::Beta),
        (Parameter::ClassWeight, LossStatus::ClassWeight),
        (Parameter::Classes, LossStatus::ClassCount),
        (Parameter::Coefficient, LossStatus::Coefficient),
        (Parameter::Delta, LossStatus::Delta),
        (Parameter::Distance, LossStatus::Parameter),
        (Parameter::Epsilon, LossStatus::Epsilon),
        (Parameter::Floor, LossStatus::Parameter),
        (Parameter::Gamma, LossStatus::Gamma),
        (Parameter::K, LossStatus::Parameter),
        (Parameter::LabelSmoothing, LossStatus::Parameter),
        (Parameter::Lambda, LossStatus::Parameter),
        (Parameter::Percent, LossStatus::Parameter),
        (Parameter::PosWeight, LossStatus::PosWeight),
        (Parameter::Q, LossStatus::Q),
        (Parameter::Scale, LossStatus::Scale),
        (Parameter::Smooth, LossStatus::Smooth),
        (Parameter::SmoothNumerator, LossStatus::Smooth),
        (Parameter::SmoothDenominator, LossStatus::Smooth),
        (Parameter::Thresh, LossStatus::Parameter),
        (Parameter::Threshold, LossStatus::Threshold),
        (Parameter::ThresholdToMinusGamma, LossStatus::Gamma),
        (Parameter::ZeroPoint, LossStatus::ZeroPoint),
        (Parameter::Range, LossStatus::Parameter),
        (Parameter::LearningRate, LossStatus::Parameter),
        (Parameter::Momentum, LossStatus::Parameter),
        (Parameter::WeightDecay, LossStatus::Parameter),
        (Parameter::HeadWeight, LossStatus::Parameter),
        (Parameter::FractionBits, LossStatus::Parameter),
    ];
    for &parameter in Parameter::ALL {
        let status = expected.iter().find(|(of, _)| *of == parameter).map(|(_, status)| *status);
        let status = status.unwrap_or_else(|| panic!("say which status {parameter} has"));
        assert_eq!(LossStatus::from(parameter), status, "{parameter}");
    }
    // Codes are for good.
    let codes: Vec<u16> = expected.iter().map(|(parameter, _)| parameter.code()).collect();
    assert!(codes.iter().copied().eq(1..=30), "{codes:?}");
    let error = Focal::new(-1.0).unwrap_err();
    assert_eq!((error.parameter, LossStatus::from(error)), (Parameter::Gamma, LossStatus::Gamma));
}

#[test]
fn what_has_no_value_has_a_status() {
    use LossStatus as S;
    let (mut term, mut made, mut other, mut gradient) =
        (LossTerm::ZERO, LossAny::ZERO, LossAny::ZERO, LossAnyGradient::ZERO);
    let mut result = MaybeUninit::uninit();
    // SAFETY: all memory is this function's.
    unsafe {
        assert_eq!(loss_term_bce(&mut term, 2e38, LossReduction::Sum as u32, 1.0), S::Ok);
        assert_eq!(loss_any_init(&mut made, [term; 2].as_ptr(), 2, 0.5), S::Coefficient, "4e38 together");
        assert_eq!(loss_any_init(&mut made, &term, 1, 0.5), S::Ok);
        assert_eq!(loss_any_init(&mut other, &term, 1, 0.5), S::Ok);
        assert_eq!(loss_any_push(&mut made, -3e38, 1.0, 1.0), S::Ok);
        assert_eq!(loss_any_finish(&made, result.as_mut_ptr()), S::Ok);
        assert_eq!(loss_any_push(&mut made, -3e38, 1.0, 2.0), S::Ok);
        for made in [&made, &other] {
            let expected = if std::ptr::eq(made, &other) { S::NoPixels } else { S::Saturated };
            assert_eq!(loss_any_finish(made, result.as_mut_ptr()), expected);
            assert_eq!(loss_any_finish_valid(made, result.as_mut_ptr()), expected);
            assert_eq!(loss_any_gradient_init(made, 1.0, &mut gradient), expected);
        }
        assert_eq!(loss_any_gradient_init(&made, 3.5e38, &mut gradient), S::Coefficient);
        assert_eq!(loss_any_merge(&mut other, &made), S::Ok);
        assert_eq!(loss_any_finish(&other, result.as_mut_ptr()), S::Saturated);
        let mut state = [0; LOSS_ANY_MOST_STATE];
        let length = loss_any_state_length(&made);
        assert_eq!(loss_any_write_state(&made, state.as_mut_ptr(), length), S::Ok);
        assert_eq!(loss_any_load_state(&mut other, state.as_ptr(), length), S::Ok);
        assert_eq!(loss_any_finish(&other, result.as_mut_ptr()), S::Saturated);
        state[9] = -1;
        assert_eq!(loss_any_load_state(&mut other, state.as_ptr(), length), S::State);
    }
}

#[test]
fn every_status_has_a_message() {
    let mut messages = std::collections::HashSet::new();
    for (number, status) in LossStatus::ALL.into_iter().enumerate() {
        assert_eq!(status as usize, number);
        assert!(messages.insert(message(status as u32)));
    }
    assert_eq!(message(LossStatus::ALL.len() as u32), "unknown status");
    assert_eq!(message(u32::MAX), "unknown status");
}
