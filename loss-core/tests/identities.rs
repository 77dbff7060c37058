//! Where one loss is a special case of another.

mod common;

use common::{Px, samples};
use loss_core::{
    Bce, Dice, Focal, FocalForm, FocalTversky, Iou, LabelSmoothing, LogCoshDice, LogDice, Loss, Mcc, Minimum,
    Pointwise, Poly1, Squared, Tversky,
};
use quickcheck::quickcheck;

/// Value and gradient over the pixels, which get one valid pixel more.
fn finish(loss: impl Loss, pixels: &[Px]) -> (f64, Vec<f32>) {
    let mut pixels = pixels.to_vec();
    pixels.push(Px(-0.75, 1.0, 1.5));
    let mut sums = loss.accumulator();
    sums.extend(samples(&pixels));
    let finished = sums.finish().unwrap();
    (finished.value(), finished.gradients(samples(&pixels)).collect())
}

fn hard(pixels: &[Px]) -> Vec<Px> {
    pixels.iter().map(|&Px(z, t, w)| Px(z, f32::from(u8::from(t > 0.5)), w)).collect()
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
        // A logit whose probability is stored as the target: the loss is as small as the rounding of the probability.
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
        // Four times the weight leaves a weighted mean alone, unless a term saturates: 4 is a power of two.
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
    // All-foreground at logits near 20: with Σp in place of Σ(1−p) the whole loss would be lost.
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
