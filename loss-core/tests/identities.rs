//! Losses that are special cases of others.

mod common;

use common::{Px, samples};
use loss_core::{
    AsymmetricFocal, AsymmetricFocalTversky, BalancedBce, Bce, Denominator, Dice, ExponentialLogCrossEntropy,
    ExponentialLogDice, Focal, FocalForm, FocalTversky, GeneralisedCrossEntropy, Iou, LabelSmoothing, LogCoshDice,
    LogDice, Loss, Mcc, Minimum, NormalisedFocal, Pointwise, Poly1, QualityFocal, ReducedFocal, Squared, Tversky,
};
use quickcheck::quickcheck;

/// The value and the gradient of the pixels and one more valid pixel.
fn finish(loss: impl Loss, pixels: &[Px]) -> (f64, Vec<f32>) {
    let mut pixels = pixels.to_vec();
    pixels.push(Px(-0.75, 1.0, 1.5));
    let mut sums = loss.accumulator();
    samples(&pixels).for_each(|pixel| sums.push(pixel));
    let finished = sums.finish().unwrap();
    (finished.value(), finished.gradients(samples(&pixels)).collect())
}

fn hard(pixels: &[Px]) -> Vec<Px> {
    pixels.iter().map(|&Px(z, t, w)| Px(z, f32::from(u8::from(t > 0.5)), w)).collect()
}

/// The pixels whose terms stay below `f32::MAX` for any of the weights.
fn unsaturated(pixels: &[Px]) -> Vec<Px> {
    pixels.iter().copied().filter(|pixel| pixel.0.abs() < 1e30).collect()
}

fn close((a, slopes_a): &(f64, Vec<f32>), (b, slopes_b): &(f64, Vec<f32>)) -> bool {
    let largest = slopes_a.iter().fold(0.0f32, |largest, slope| largest.max(slope.abs()));
    let same = |(a, b): (&f32, &f32)| (a - b).abs() <= 4e-6 * largest + 1e-37;
    (a - b).abs() <= 1e-6 * a.abs() + 1e-12 && slopes_a.iter().zip(slopes_b).all(same)
}

quickcheck! {
    fn focal_with_gamma_0_is_bce_to_the_bit(pixels: Vec<Px>) -> bool {
        finish(Focal::new(0.0).unwrap().mean(), &pixels) == finish(Bce::new().mean(), &pixels)
    }

    fn asymmetric_focal_without_fading_is_weighted_bce(pixels: Vec<Px>) -> bool {
        let pixels = unsaturated(&pixels);
        let weighted = finish(0.25 * Bce::new().pos_weight(3.0).unwrap().mean(), &pixels);
        close(&finish(AsymmetricFocal::new(0.75, 0.0).unwrap().mean(), &pixels), &weighted)
    }

    fn asymmetric_focal_of_background_is_focal(pixels: Vec<Px>) -> bool {
        let focal = Focal::new(1.7).unwrap().alpha(0.0).unwrap().form(FocalForm::Split);
        close(&finish(AsymmetricFocal::new(0.0, 1.7).unwrap().mean(), &pixels), &finish(focal.mean(), &pixels))
    }

    fn asymmetric_focal_tversky_without_fading_is_tversky(pixels: Vec<Px>) -> bool {
        // For both classes: the targets and logits of the background are mirrored.
        let both = finish(AsymmetricFocalTversky::new(0.7, 0.0, 0.5).unwrap(), &pixels);
        let tversky = Tversky::new(0.3, 0.7, 0.5).unwrap();
        let mut mirrored = tversky.accumulator();
        mirrored.extend(pixels.iter().chain([&Px(-0.75, 1.0, 1.5)]).map(|&Px(z, t, w)| (-z, 1.0 - t, w)));
        let mean = 0.5 * (finish(tversky, &pixels).0 + mirrored.finish().unwrap().value());
        (both.0 - mean).abs() <= 1e-6 * mean + 1e-12
    }

    fn reduced_focal_is_focal_where_all_is_right(pixels: Vec<Px>) -> bool {
        let right: Vec<Px> = hard(&pixels).iter().map(|&Px(z, t, w)| Px(z.abs() * (2.0 * t - 1.0), t, w)).collect();
        let of = |loss: &dyn Fn(f32, f32) -> f32| right.iter().map(|&Px(z, t, _)| loss(z, t)).collect::<Vec<_>>();
        let (reduced, focal) = (ReducedFocal::new(2.0, 0.5).unwrap(), Focal::new(2.0).unwrap());
        let at = |loss: &dyn Fn((f32, f32)) -> f32| of(&|z, t| loss((z, t)));
        at(&|x| reduced.at(&loss_core::Logits, x).unwrap()) == at(&|x| 4.0 * focal.at(&loss_core::Logits, x).unwrap())
    }

    fn quality_focal_of_hard_targets_is_focal(pixels: Vec<Px>) -> bool {
        let pixels = hard(&pixels);
        let of_all = |loss: f32| close(
            &finish(QualityFocal::new(loss).unwrap().mean(), &pixels),
            &finish(Focal::new(loss).unwrap().mean(), &pixels),
        );
        of_all(2.0) && of_all(0.7)
    }

    fn generalised_cross_entropy_ends_at_the_absolute_error(pixels: Vec<Px>) -> bool {
        let (absolute, _) = finish(GeneralisedCrossEntropy::new(1.0).unwrap().mean(), &pixels);
        let mut sums = Bce::new().mean().accumulator();
        sums.extend(samples(&pixels));
        sums.push((-0.75, 1.0, 1.5));
        let bce = sums.finish().unwrap();
        let wrong = (bce.soft().false_positive + bce.soft().false_negative) / bce.weight();
        (absolute - wrong).abs() <= 1e-6 * wrong + 1e-12
    }

    fn generalised_cross_entropy_begins_at_bce(pixels: Vec<Px>) -> bool {
        let pixels: Vec<Px> = pixels.into_iter().filter(|pixel| pixel.0.abs() < 20.0).collect();
        let small = finish(GeneralisedCrossEntropy::new(1e-7).unwrap().mean(), &pixels);
        let bce = finish(Bce::new().mean(), &pixels);
        (small.0 - bce.0).abs() <= 5e-6 * bce.0
    }

    fn exponential_log_of_1_is_the_logarithm(pixels: Vec<Px>) -> bool {
        let pixels = unsaturated(&pixels);
        let pixel = finish(ExponentialLogCrossEntropy::new(1.0).unwrap().mean(), &pixels);
        let region = finish(ExponentialLogDice::new(1.0, 0.5).unwrap(), &pixels);
        close(&pixel, &finish(Bce::new().mean(), &pixels)) && close(&region, &finish(LogDice::new(0.5).unwrap(), &pixels))
    }

    fn normalised_focal_without_fading_is_bce(pixels: Vec<Px>) -> bool {
        close(&finish(NormalisedFocal::new(Focal::new(0.0).unwrap()), &pixels), &finish(Bce::new().mean(), &pixels))
    }

    fn normalised_focal_is_focal_over_its_factors(pixels: Vec<Px>) -> bool {
        // The floor replaces a denominator below it.
        let focal = Focal::new(2.0).unwrap();
        let floored = NormalisedFocal::new(focal).floor(1e20).unwrap();
        close(&finish(1e20 * floored, &pixels), &finish(focal.over(Denominator::Fixed(1.0)), &pixels))
    }

    fn balanced_bce_is_bce_with_weights(pixels: Vec<Px>) -> bool {
        let pixels = unsaturated(&hard(&pixels));
        let balanced = finish(BalancedBce::new(), &pixels);
        let mut sums = BalancedBce::new().accumulator();
        sums.extend(samples(&pixels));
        sums.push((-0.75, 1.0, 1.5));
        let finished = sums.finish().unwrap();
        let share = finished.support() / finished.weight();
        if share == 1.0 {
            return balanced.0 == 0.0 && balanced.1.iter().all(|&slope| slope == 0.0);
        }
        let weighted = Bce::new().pos_weight(((1.0 - share) / share) as f32).unwrap().mean();
        close(&balanced, &finish(share * weighted, &pixels))
    }

    fn poly1_with_epsilon_0_is_bce(pixels: Vec<Px>) -> bool {
        finish(Poly1::new(0.0).unwrap().mean(), &pixels) == finish(Bce::new().mean(), &pixels)
    }

    fn forms_of_focal_agree_on_hard_targets(pixels: Vec<Px>) -> bool {
        let pixels = hard(&pixels);
        let of = |form| finish(Focal::new(1.7).unwrap().alpha(0.3).unwrap().form(form).mean(), &pixels);
        let split = of(FocalForm::Split);
        [FocalForm::Mixture, FocalForm::Exponential, FocalForm::Margin].into_iter().all(|form| close(&of(form), &split))
    }

    fn uniform_smoothing_is_half_of_flip(pixels: Vec<Px>) -> bool {
        let of = |smoothing| finish(Bce::new().label_smoothing(smoothing).mean(), &pixels);
        of(LabelSmoothing::uniform(0.25).unwrap()) == of(LabelSmoothing::flip(0.125).unwrap())
    }

    fn tversky_of_halves_is_dice(pixels: Vec<Px>) -> bool {
        finish(Tversky::new(0.5, 0.5, 0.35).unwrap(), &pixels) == finish(Dice::new(0.7).unwrap(), &pixels)
    }

    fn tversky_of_ones_is_iou(pixels: Vec<Px>) -> bool {
        finish(Tversky::new(1.0, 1.0, 0.7).unwrap(), &pixels) == finish(Iou::new(0.7).unwrap(), &pixels)
    }

    fn iou_follows_from_dice(pixels: Vec<Px>) -> bool {
        let (dice, _) = finish(Dice::new(0.0).unwrap(), &pixels);
        let (iou, _) = finish(Iou::new(0.0).unwrap(), &pixels);
        (iou - 2.0 * dice / (1.0 + dice)).abs() <= 1e-14
    }

    fn focal_tversky_of_1_is_tversky(pixels: Vec<Px>) -> bool {
        let power = finish(FocalTversky::new(0.3, 0.7, 1.0, 0.5).unwrap(), &pixels);
        close(&power, &finish(Tversky::new(0.3, 0.7, 0.5).unwrap(), &pixels))
    }

    fn functions_of_dice(pixels: Vec<Px>) -> bool {
        let (dice, _) = finish(Dice::new(0.5).unwrap(), &pixels);
        let (log, _) = finish(LogDice::new(0.5).unwrap(), &pixels);
        let (log_cosh, _) = finish(LogCoshDice::new(0.5).unwrap(), &pixels);
        (log - -(1.0 - dice).ln()).abs() <= 1e-12 && (log_cosh - dice.cosh().ln()).abs() <= 1e-12
    }

    fn the_minimum_form_is_the_product_on_hard_targets(pixels: Vec<Px>) -> bool {
        let pixels = hard(&pixels);
        let minimum = finish(Tversky::new(0.3, 0.7, 0.5).unwrap().overlap(Minimum), &pixels);
        close(&minimum, &finish(Tversky::new(0.3, 0.7, 0.5).unwrap(), &pixels))
    }

    fn the_minimum_form_of_a_soft_label_with_itself_is_0(logits: Vec<i8>) -> bool {
        // The target is the stored probability of the logit, so the loss is only the rounding error of the probability.
        let pixels: Vec<Px> = logits.iter().map(|&z| {
            let z = f32::from(z) / 16.0;
            Px(z, 1.0 / (1.0 + (-z).exp()), 1.0)
        }).collect();
        let mut sums = Dice::new(0.0).unwrap().overlap(Minimum).accumulator();
        sums.extend(samples(&pixels));
        pixels.is_empty() || sums.finish().unwrap().value() < 3e-7
    }

    fn mcc_ignores_which_class_is_called_foreground(pixels: Vec<Px>) -> bool {
        let swapped: Vec<Px> = pixels.iter().map(|&Px(z, t, w)| Px(-z, 1.0 - t, w)).collect();
        let of = |pixels: &[Px]| {
            let mut sums = Mcc::new(0.5).unwrap().accumulator();
            sums.extend(samples(pixels));
            sums.finish().map_or(0.0, |finished| finished.value())
        };
        (of(&pixels) - of(&swapped)).abs() <= 1e-6
    }

    fn weights_scale(pixels: Vec<Px>) -> bool {
        // Four times the weight does not change a weighted mean unless a term saturates, because 4 is a power of two.
        let pixels: Vec<Px> = pixels.into_iter().filter(|pixel| pixel.0.abs() < 1e37).collect();
        let heavy: Vec<Px> = pixels.iter().map(|&Px(z, t, w)| Px(z, t, 4.0 * w)).collect();
        let of = |pixels: &[Px]| {
            let mut sums = (Bce::new().mean() + Dice::new(0.0).unwrap().overlap(Squared)).accumulator();
            sums.extend(samples(pixels));
            sums.finish().map_or(0.0, |finished| finished.value())
        };
        let (light, heavy) = (of(&pixels), of(&heavy));
        (light - heavy).abs() <= 1e-15 * light.abs() + 1e-18 * pixels.len() as f64
    }
}

#[test]
fn small_losses_keep_their_digits() {
    // Only foreground, at logits near 20: with Σp instead of Σ(1−p) the whole loss would be lost.
    let mut sums = Dice::new(0.0).unwrap().accumulator();
    sums.extend([(20.0, true), (21.5, true)]);
    let wrong = |z: f64| 1.0 / (1.0 + z.exp());
    let errors = wrong(20.0) + wrong(21.5);
    let expected = errors / (2.0 * (2.0 - errors) + errors);
    let value = sums.finish().unwrap().value();
    assert!((value - expected).abs() <= 3e-7 * expected, "{value:e} instead of {expected:e}");

    let mut sums = Mcc::new(0.0).unwrap().accumulator();
    sums.extend([(20.0, true), (-19.0, false)]);
    let [fneg, fp] = [wrong(20.0), wrong(19.0)];
    let value = sums.finish().unwrap().value();
    // To first order, 1 − MCC = FP + FN here.
    assert!((value - (fneg + fp)).abs() <= 1e-6 * value, "{value:e}");
}
