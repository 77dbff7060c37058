//! The list of losses that every law is tested on, each with a naive oracle.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod dual;

use loss_core::extend::AnyOverlap;
use loss_core::list::{Arguments, Kind, ParameterFacts, Value};
use loss_core::{
    AnyLoss, AsymmetricFocal, AsymmetricFocalTversky, BalancedBce, Bce, Denominator, Dice, EmptyMask,
    ExponentialLogCrossEntropy, ExponentialLogDice, Focal, FocalForm, FocalTversky, GeneralisedCrossEntropy, Iou,
    LabelSmoothing, LogCoshDice, LogDice, Loss, Mcc, Minimum, NormalisedFocal, Pointwise, Poly1, QualityFocal,
    ReducedFocal, Squared, Tversky, unified_focal,
};
// `loss-examples/machines` uses this list too, on machines without random numbers of the system.
#[cfg(test)]
use quickcheck::{Arbitrary, Gen};

/// A pixel in range: logit, target, weight (0: ignored).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Px(pub f32, pub f32, pub f32);

#[cfg(test)]
impl Arbitrary for Px {
    fn arbitrary(g: &mut Gen) -> Self {
        let unit = |g: &mut Gen| f32::from(u16::arbitrary(g)) / 65535.0;
        let logit = match u8::arbitrary(g) % 10 {
            0 => f32::from_bits(u32::arbitrary(g)),
            1 => (unit(g) - 0.5) * 400.0,
            _ => (unit(g) - 0.5) * 12.0,
        };
        let target = match u8::arbitrary(g) % 3 {
            0 => 0.0,
            1 => 1.0,
            _ => unit(g),
        };
        let weight = match u8::arbitrary(g) % 5 {
            0 => 0.0,
            1 => 0.25 + 3.0 * unit(g),
            _ => 1.0,
        };
        // A term of larger logits may exceed f32; other tests cover those.
        Px(if logit.abs() <= 1e24 { logit } else { 1.25 }, target, weight)
    }
}

/// A pixel at which a derivative can be compared: no extreme logit, no target of 0 or 1, no kink.
#[derive(Clone, Copy, Debug)]
pub struct Smooth(pub Px);

#[cfg(test)]
impl Arbitrary for Smooth {
    fn arbitrary(g: &mut Gen) -> Self {
        let unit = |g: &mut Gen| f32::from(u16::arbitrary(g)) / 65535.0;
        let target = match u8::arbitrary(g) % 4 {
            0 => 0.0,
            1 => 1.0,
            _ => 0.05 + 0.9 * unit(g),
        };
        let logit = (unit(g) - 0.47) * 9.0;
        // The reduced focal loss has a kink at p = ½, the minimum form of the overlap at p = t.
        let kinks = [0.0, (target / (1.0 - target)).ln()];
        let logit = if kinks.iter().any(|kink| (logit - kink).abs() < 2e-3) { logit + 5e-3 } else { logit };
        Smooth(Px(logit, target, 0.5 + 2.0 * unit(g)))
    }
}

pub type Oracle = fn(&[(f64, f64, f64)]) -> f64;

/// A loss under test.
pub struct Entry {
    /// Unique.
    pub name: &'static str,
    /// The file below `src/` that has the loss.
    pub file: &'static str,
    pub oracle: Oracle,
}

pub trait Visitor {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L);

    /// A pointwise loss; `mean` of it is visited as well.
    fn visit_pointwise<P: Pointwise>(&mut self, _: &Entry, _: P) {}
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// Σ w ℓ / Σ w.
fn mean(pixels: &[(f64, f64, f64)], loss: impl Fn(f64, f64) -> f64) -> f64 {
    let weight: f64 = pixels.iter().map(|&(_, _, w)| w).sum();
    pixels.iter().map(|&(z, t, w)| if w == 0.0 { 0.0 } else { w * loss(z, t) }).sum::<f64>() / weight
}

fn cross_entropy(z: f64, t: f64) -> f64 {
    t * softplus(-z) + (1.0 - t) * softplus(z)
}

fn total(pixels: &[(f64, f64, f64)], of: impl Fn(f64, f64) -> f64) -> f64 {
    pixels.iter().map(|&(z, t, w)| if w == 0.0 { 0.0 } else { w * of(sigmoid(z), t) }).sum()
}

/// 1 − (I + s)/(I + α(P−I) + β(T−I) + s).
fn index(i: f64, p: f64, t: f64, alpha: f64, beta: f64, above: f64, below: f64) -> f64 {
    1.0 - (i + above) / (i + alpha * (p - i) + beta * (t - i) + below)
}

fn tversky(pixels: &[(f64, f64, f64)], alpha: f64, beta: f64, above: f64, below: f64) -> f64 {
    let (i, p, t) = (total(pixels, |p, t| p * t), total(pixels, |p, _| p), total(pixels, |_, t| t));
    index(i, p, t, alpha, beta, above, below)
}

const S: f64 = 0.75;

/// t·f(−ln p) + (1−t)·f(−ln(1−p)) with a function of the cross-entropy and the probability of the target.
fn sides(z: f64, t: f64, foreground: impl Fn(f64, f64) -> f64, background: impl Fn(f64, f64) -> f64) -> f64 {
    t * foreground(softplus(-z), sigmoid(z)) + (1.0 - t) * background(softplus(z), sigmoid(-z))
}

fn reduced(threshold: f64, gamma: f64) -> impl Fn(f64, f64) -> f64 {
    move |b, p_t| if p_t < threshold { b } else { ((1.0 - p_t) / threshold).powf(gamma) * b }
}

/// Counts as TP, FP, FN, TN, each smoothed in its own index.
fn asymmetric_focal_tversky(pixels: &[(f64, f64, f64)], delta: f64, gamma: f64, s: f64) -> f64 {
    let tp = total(pixels, |p, t| p * t);
    let fp = total(pixels, |p, t| p * (1.0 - t));
    let fneg = total(pixels, |p, t| (1.0 - p) * t);
    let tn = total(pixels, |p, t| (1.0 - p) * (1.0 - t));
    let loss =
        |hits: f64, misses: f64, alarms: f64| 1.0 - (hits + s) / (hits + delta * misses + (1.0 - delta) * alarms + s);
    0.5 * (loss(tn, fp, fneg) + loss(tp, fneg, fp).powf(1.0 - gamma))
}

/// Σ w ℓ / Σ w f.
fn ratio(pixels: &[(f64, f64, f64)], of: impl Fn(f64, f64) -> (f64, f64)) -> f64 {
    let sums = pixels.iter().filter(|pixel| pixel.2 > 0.0).fold((0.0, 0.0), |(losses, factors), &(z, t, w)| {
        let (loss, factor) = of(z, t);
        (losses + w * loss, factors + w * factor)
    });
    sums.0 / sums.1
}

/// Every loss of the library, at parameters that are no special case.
pub fn every_loss(visitor: &mut impl Visitor) {
    macro_rules! pointwise {
        ($name:literal, $file:literal, $loss:expr, $oracle:expr) => {
            let entry = Entry { name: $name, file: $file, oracle: |pixels| mean(pixels, $oracle) };
            visitor.visit_pointwise(&entry, $loss);
            visitor.visit(&entry, $loss.mean());
        };
    }
    macro_rules! region {
        ($name:literal, $file:literal, $loss:expr, $oracle:expr) => {
            visitor.visit(&Entry { name: $name, file: $file, oracle: $oracle }, $loss);
        };
    }

    pointwise!("bce", "pointwise/bce.rs", Bce::new(), cross_entropy);
    pointwise!(
        "bce pos_weight smoothing",
        "pointwise/bce.rs",
        Bce::new().pos_weight(3.5).unwrap().label_smoothing(LabelSmoothing::flip(0.125).unwrap()),
        |z, t| {
            let t = t * 0.875 + (1.0 - t) * 0.125;
            3.5 * t * softplus(-z) + (1.0 - t) * softplus(z)
        }
    );
    pointwise!(
        "bce uniform smoothing",
        "pointwise/bce.rs",
        Bce::new().label_smoothing(LabelSmoothing::uniform(0.25).unwrap()),
        |z, t| cross_entropy(z, t * 0.75 + 0.125)
    );
    pointwise!("poly1", "pointwise/poly1.rs", Poly1::new(1.5).unwrap(), |z, t| {
        let p = sigmoid(z);
        cross_entropy(z, t) + 1.5 * ((1.0 - p) * t + p * (1.0 - t))
    });
    pointwise!("focal", "pointwise/focal.rs", Focal::new(2.0).unwrap(), |z, t| {
        let p = sigmoid(z);
        (sigmoid(-z) * t + p * (1.0 - t)).powi(2) * cross_entropy(z, t)
    });
    pointwise!("focal mixture", "pointwise/focal.rs", Focal::new(1.3).unwrap().alpha(0.25).unwrap(), |z, t| {
        let u = sigmoid(-z) * t + sigmoid(z) * (1.0 - t);
        (0.25 * t + 0.75 * (1.0 - t)) * u.powf(f64::from(1.3f32)) * cross_entropy(z, t)
    });
    pointwise!(
        "focal split",
        "pointwise/focal.rs",
        Focal::new(1.5).unwrap().alpha(0.25).unwrap().form(FocalForm::Split),
        |z, t| {
            let background = 0.75 * (1.0 - t) * sigmoid(z).powf(1.5) * softplus(z);
            0.25 * t * sigmoid(-z).powf(1.5) * softplus(-z) + background
        }
    );
    pointwise!(
        "focal exponential",
        "pointwise/focal.rs",
        Focal::new(0.7).unwrap().form(FocalForm::Exponential),
        |z, t| {
            let b = cross_entropy(z, t);
            (-(-b).exp_m1()).powf(f64::from(0.7f32)) * b
        }
    );
    pointwise!(
        "focal margin",
        "pointwise/focal.rs",
        Focal::new(3.0).unwrap().alpha(0.75).unwrap().form(FocalForm::Margin),
        |z, t| (0.75 * t + 0.25 * (1.0 - t)) * sigmoid(-z * (2.0 * t - 1.0)).powi(3) * cross_entropy(z, t)
    );

    pointwise!(
        "asymmetric_focal",
        "pointwise/asymmetric_focal.rs",
        AsymmetricFocal::new(0.625, 2.0).unwrap(),
        |z, t| sides(z, t, |b, _| 0.625 * b, |b, p_t| 0.375 * (1.0 - p_t).powi(2) * b)
    );
    pointwise!(
        "asymmetric_focal uneven",
        "pointwise/asymmetric_focal.rs",
        AsymmetricFocal::new(0.75, 0.7).unwrap(),
        |z, t| sides(z, t, |b, _| 0.75 * b, |b, _| 0.25 * sigmoid(z).powf(f64::from(0.7f32)) * b)
    );
    pointwise!("reduced_focal", "pointwise/reduced_focal.rs", ReducedFocal::new(2.0, 0.5).unwrap(), |z, t| {
        sides(z, t, reduced(0.5, 2.0), reduced(0.5, 2.0))
    });
    pointwise!(
        "reduced_focal alpha",
        "pointwise/reduced_focal.rs",
        ReducedFocal::new(1.3, 0.5).unwrap().alpha(0.25).unwrap(),
        |z, t| {
            let of = reduced(0.5, f64::from(1.3f32));
            sides(z, t, |b, p_t| 0.25 * of(b, p_t), |b, p_t| 0.75 * of(b, p_t))
        }
    );
    pointwise!("quality_focal", "pointwise/quality_focal.rs", QualityFocal::new(2.0).unwrap(), |z, t| {
        (sigmoid(z) - t).powi(2) * cross_entropy(z, t)
    });
    pointwise!("quality_focal uneven", "pointwise/quality_focal.rs", QualityFocal::new(2.7).unwrap(), |z, t| {
        (sigmoid(z) - t).abs().powf(f64::from(2.7f32)) * cross_entropy(z, t)
    });
    pointwise!(
        "generalised_cross_entropy",
        "pointwise/generalised_cross_entropy.rs",
        GeneralisedCrossEntropy::new(0.7).unwrap(),
        |z, t| {
            let q = f64::from(0.7f32);
            let of = |_, p_t: f64| (1.0 - p_t.powf(q)) / q;
            sides(z, t, of, of)
        }
    );
    pointwise!(
        "exponential_log_cross_entropy",
        "pointwise/exponential_log_cross_entropy.rs",
        ExponentialLogCrossEntropy::new(0.3).unwrap().class_weights(3.5, 0.75).unwrap(),
        |z, t| {
            let power = |b: f64| b.powf(f64::from(0.3f32));
            sides(z, t, |b, _| 3.5 * power(b), |b, _| 0.75 * power(b))
        }
    );
    pointwise!(
        "exponential_log_cross_entropy half",
        "pointwise/exponential_log_cross_entropy.rs",
        ExponentialLogCrossEntropy::new(1.5).unwrap(),
        |z, t| sides(z, t, |b, _| b.powf(1.5), |b, _| b.powf(1.5))
    );

    region!("dice", "region/dice.rs", Dice::new(S).unwrap(), |x| tversky(x, 0.5, 0.5, S / 2.0, S / 2.0));
    region!("dice smooth", "region/dice.rs", Dice::new(0.0).unwrap().smooth(0.25, S).unwrap(), |x| {
        tversky(x, 0.5, 0.5, 0.125, S / 2.0)
    });
    region!("dice squared", "region/dice.rs", Dice::new(S).unwrap().overlap(Squared), |x| {
        let i = total(x, |p, t| p * t);
        index(i, total(x, |p, _| p * p), total(x, |_, t| t * t), 0.5, 0.5, S / 2.0, S / 2.0)
    });
    region!("dice minimum", "region/dice.rs", Dice::new(S).unwrap().overlap(Minimum), |x| {
        index(total(x, f64::min), total(x, |p, _| p), total(x, |_, t| t), 0.5, 0.5, S / 2.0, S / 2.0)
    });
    region!("dice floor", "region/dice.rs", Dice::new(0.0).unwrap().floor(1e6).unwrap(), |x| {
        1.0 - 2.0 * total(x, |p, t| p * t) / 1e6
    });
    region!("iou", "region/iou.rs", Iou::new(S).unwrap(), |x| tversky(x, 1.0, 1.0, S, S));
    region!("tversky", "region/tversky.rs", Tversky::new(0.3, 0.7, S).unwrap(), |x| tversky(x, 0.3, 0.7, S, S));
    region!("tversky squared", "region/tversky.rs", Tversky::new(0.3, 0.7, S).unwrap().overlap(Squared), |x| {
        let i = total(x, |p, t| p * t);
        index(i, total(x, |p, _| p * p), total(x, |_, t| t * t), 0.3, 0.7, S, S)
    });
    region!("tversky minimum", "region/tversky.rs", Tversky::new(0.3, 0.7, S).unwrap().overlap(Minimum), |x| {
        index(total(x, f64::min), total(x, |p, _| p), total(x, |_, t| t), 0.3, 0.7, S, S)
    });
    region!("focal_tversky", "region/focal_tversky.rs", FocalTversky::new(0.3, 0.7, 0.75, S).unwrap(), |x| tversky(
        x, 0.3, 0.7, S, S
    )
    .powf(0.75));
    region!("log_dice", "region/log_dice.rs", LogDice::new(S).unwrap(), |x| {
        -(1.0 - tversky(x, 0.5, 0.5, S / 2.0, S / 2.0)).ln()
    });
    region!(
        "log_dice tversky",
        "region/log_dice.rs",
        LogDice::tversky(0.3, 0.7, S).unwrap().empty_mask(EmptyMask::Zero),
        |x| if total(x, |_, t| t) == 0.0 { 0.0 } else { -(1.0 - tversky(x, 0.3, 0.7, S, S)).ln() }
    );
    region!("log_cosh_dice", "region/log_cosh_dice.rs", LogCoshDice::new(S).unwrap(), |x| {
        tversky(x, 0.5, 0.5, S / 2.0, S / 2.0).cosh().ln()
    });
    region!("mcc", "region/mcc.rs", Mcc::new(S).unwrap(), |x| {
        let tp = total(x, |p, t| p * t) + S;
        let fp = total(x, |p, t| p * (1.0 - t)) + S;
        let fneg = total(x, |p, t| (1.0 - p) * t) + S;
        let tn = total(x, |p, t| (1.0 - p) * (1.0 - t)) + S;
        1.0 - (tp * tn - fp * fneg) / ((tp + fp) * (tp + fneg) * (tn + fp) * (tn + fneg)).sqrt()
    });

    region!("exponential_log_dice", "region/exponential_log_dice.rs", ExponentialLogDice::new(0.3, S).unwrap(), |x| {
        (-(1.0 - tversky(x, 0.5, 0.5, S / 2.0, S / 2.0)).ln()).powf(0.3)
    });
    region!(
        "asymmetric_focal_tversky",
        "region/asymmetric_focal_tversky.rs",
        AsymmetricFocalTversky::new(0.6, 0.25, S).unwrap(),
        |x| asymmetric_focal_tversky(x, 0.6, 0.25, S)
    );
    region!("balanced_bce", "region/balanced_bce.rs", BalancedBce::new(), |x| {
        let weight = total(x, |_, _| 1.0);
        let share = total(x, |_, t| t) / weight;
        mean(x, |z, t| sides(z, t, |b, _| (1.0 - share) * b, |b, _| share * b))
    });
    region!("balanced_bce sum", "region/balanced_bce.rs", BalancedBce::new().over(Denominator::Fixed(1.0)), |x| {
        let weight = total(x, |_, _| 1.0);
        let share = total(x, |_, t| t) / weight;
        weight * mean(x, |z, t| sides(z, t, |b, _| (1.0 - share) * b, |b, _| share * b))
    });
    region!(
        "normalised_focal",
        "region/normalised_focal.rs",
        NormalisedFocal::new(Focal::new(2.0).unwrap().alpha(0.25).unwrap()),
        |x| ratio(x, |z, t| {
            let factor = (sigmoid(-z) * t + sigmoid(z) * (1.0 - t)).powi(2);
            ((0.25 * t + 0.75 * (1.0 - t)) * factor * cross_entropy(z, t), factor)
        })
    );
    region!(
        "normalised_focal split",
        "region/normalised_focal.rs",
        NormalisedFocal::new(Focal::new(1.5).unwrap().form(FocalForm::Split)),
        |x| ratio(x, |z, t| {
            let part = |b: f64, _: f64, u: f64| (u.powf(1.5) * b, u.powf(1.5));
            let (on, off) = (part(softplus(-z), z, sigmoid(-z)), part(softplus(z), z, sigmoid(z)));
            (t * on.0 + (1.0 - t) * off.0, t * on.1 + (1.0 - t) * off.1)
        })
    );
    region!(
        "normalised_focal exponential",
        "region/normalised_focal.rs",
        NormalisedFocal::new(Focal::new(0.7).unwrap().form(FocalForm::Exponential)).floor(1e-3).unwrap(),
        |x| ratio(x, |z, t| {
            let b = cross_entropy(z, t);
            let factor = (-(-b).exp_m1()).powf(f64::from(0.7f32));
            (factor * b, factor)
        })
    );
    region!("unified_focal", "loss/unified_focal.rs", unified_focal(0.25, 0.625, 0.5, S).unwrap(), |x| {
        let pixel = mean(x, |z, t| sides(z, t, |b, _| 0.625 * b, |b, _| 0.375 * sigmoid(z).sqrt() * b));
        0.25 * pixel + 0.75 * asymmetric_focal_tversky(x, 0.625, 0.5, S)
    });

    region!(
        "focal + tversky",
        "loss/combine.rs",
        0.7 * Focal::new(2.0).unwrap().mean() + Tversky::new(0.3, 0.7, S).unwrap() * 0.3,
        |x| {
            let focal = mean(x, |z, t| (sigmoid(-z) * t + sigmoid(z) * (1.0 - t)).powi(2) * cross_entropy(z, t));
            0.7 * focal + 0.3 * tversky(x, 0.3, 0.7, S, S)
        }
    );
    region!(
        "any",
        "loss/any.rs",
        [
            AnyLoss::Bce(Bce::new().mean()).times(0.5),
            AnyLoss::Iou(Iou::new(S).unwrap().overlap(AnyOverlap::Squared)).times(2.0),
            AnyLoss::Mcc(Mcc::new(S).unwrap()).times(0.25),
        ],
        |x| {
            let i = total(x, |p, t| p * t);
            let iou = index(i, total(x, |p, _| p * p), total(x, |_, t| t * t), 1.0, 1.0, S, S);
            let tp = i + S;
            let fp = total(x, |p, t| p * (1.0 - t)) + S;
            let fneg = total(x, |p, t| (1.0 - p) * t) + S;
            let tn = total(x, |p, t| (1.0 - p) * (1.0 - t)) + S;
            let mcc = 1.0 - (tp * tn - fp * fneg) / ((tp + fp) * (tp + fneg) * (tn + fp) * (tn + fneg)).sqrt();
            0.5 * mean(x, cross_entropy) + 2.0 * iou + 0.25 * mcc
        }
    );
}

/// Every loss of the library chosen at run time, at its defaults and at so many drawn sets of parameters. `below` gives a random number below
/// another.
///
/// For tests of the paths of pixels, which are the same for all losses. With static types each loss would be compiled for each path.
/// `one_state` proves that both forms are the same loss, over slices too.
pub fn listed_losses(each: usize, below: &mut impl FnMut(usize) -> usize) -> Vec<(String, AnyLoss)> {
    let mut losses = Vec::new();
    for entry in AnyLoss::LIST {
        let name = entry.facts.name;
        let mut made = 0;
        for attempt in 0..1000 {
            let draw = |parameter: &'static ParameterFacts| (parameter, drawn(&parameter.kind, below));
            let given: Vec<_> = if attempt == 0 { Vec::new() } else { entry.facts.parameters().map(draw).collect() };
            // Some make no loss together.
            let Ok(loss) = (entry.build)(&Arguments::new(&entry.facts, &given)) else { continue };
            losses.push((if made == 0 { name.to_owned() } else { format!("{name} {made}") }, loss));
            made += 1;
            if made == each {
                break;
            }
        }
        assert_eq!(made, each, "{name}: parameters drawn make no loss");
    }
    losses
}

fn drawn(kind: &Kind, below: &mut impl FnMut(usize) -> usize) -> Value {
    match kind {
        Kind::Word(words) => Value::Word(words[below(words.len())]),
        Kind::NumberOrNone(_) if below(2) == 0 => Value::Word("none"),
        Kind::Number(range) | Kind::NumberOrNone(range) => {
            let numbers = [0.0, 0.3, 0.45, 0.7, 1.0, 1.3, 2.0, 3.5];
            let within: Vec<f64> = numbers.into_iter().filter(|number| range.contains(*number)).collect();
            Value::Number(within[below(within.len())])
        }
        _ => panic!("a kind of parameter that no binary loss has"),
    }
}

/// Runs a test with more stack than tests have by default, which so many losses in one function need without optimisation.
#[cfg(test)]
pub fn with_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(test).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// The pixels as the oracle takes them.
pub fn in_f64(pixels: &[Px]) -> Vec<(f64, f64, f64)> {
    pixels.iter().map(|&Px(z, t, w)| (f64::from(z), f64::from(t), f64::from(w))).collect()
}

/// The pixels as the library takes them.
pub fn samples(pixels: &[Px]) -> impl Iterator<Item = (f32, f32, f32)> + '_ {
    pixels.iter().map(|&Px(z, t, w)| (z, t, w))
}
