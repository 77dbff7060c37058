//! Losses written naively in single precision, compared with `loss-core`, over logits from −120 to 120.

use loss_core::class::{ClassLoss, ClassPointwise, CrossEntropy};
use loss_core::{Bce, Focal, Logits, Pointwise};

use super::naive::{self, Naive};
use super::numbers::{columns, listed, percent, plain, significant};
use super::pixels::{evenly, finish};
use super::stability_ranges::{BRIDGED, TOLERANCE, Verdict, ranges, verdict};
use super::{TheoryError, colours};
use crate::run::config::Losses;
use crate::run::model::{Axis, Cell, Chart, Figure, Finding, Look, Panel, Section, Series, Table};

const FURTHEST: f64 = 120.0;
/// Four points per unit of logit.
const POINTS: usize = 961;
/// Smaller values are not drawn, because they are negligible in a sum over an image.
const SMALLEST_DRAWN: f64 = 1e-12;

/// A naive form of a loss.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Bce,
    ClippedBce,
    Focal { gamma: f32 },
    Softmax,
}

impl Form {
    fn all(gamma: f32) -> [Self; 4] {
        [Self::Bce, Self::ClippedBce, Self::Focal { gamma }, Self::Softmax]
    }

    fn name(self) -> String {
        match self {
            Self::Bce => "BCE through the sigmoid".to_owned(),
            Self::ClippedBce => "BCE with clipped probability".to_owned(),
            Self::Focal { gamma } => format!("focal (γ = {})", plain(f64::from(gamma))),
            Self::Softmax => "unshifted softmax cross-entropy".to_owned(),
        }
    }

    fn colour(self) -> usize {
        match self {
            Self::Focal { .. } => colours::FOCAL,
            Self::Bce | Self::ClippedBce | Self::Softmax => colours::BCE,
        }
    }

    fn naive(self, z: f32, target: bool) -> Naive {
        let t = f32::from(u8::from(target));
        match self {
            Self::Bce => naive::bce(z, t),
            Self::ClippedBce => naive::clipped_bce(z, t),
            Self::Focal { gamma } => naive::focal(z, t, gamma),
            Self::Softmax => naive::softmax_cross_entropy(z, t),
        }
    }

    /// `loss-core`'s loss and gradient of the pixel.
    fn stable(self, z: f32, target: bool) -> Result<Naive, TheoryError> {
        let pixel = (z, target);
        Ok(match self {
            Self::Bce | Self::ClippedBce => Naive {
                loss: Bce::new().at(&Logits, pixel)?,
                gradient: finish(Bce::new().sum(), [pixel])?.gradient().at(pixel),
            },
            Self::Focal { gamma } => Naive {
                loss: Focal::new(gamma)?.at(&Logits, pixel)?,
                gradient: finish(Focal::new(gamma)?.sum(), [pixel])?.gradient().at(pixel),
            },
            Self::Softmax => {
                let pixel = ([z, 0.0], if target { 0u8 } else { 1 });
                let mut sums = CrossEntropy::new().sum().class_accumulator();
                sums.push(pixel);
                let [gradient, _] = sums.finish()?.gradient().at(pixel);
                Naive { loss: CrossEntropy::new().at(pixel)?, gradient }
            }
        })
    }
}

/// A form over all logits, for one target.
struct Sweep {
    form: Form,
    target: bool,
    /// Logit, naive, `loss-core`.
    points: Vec<(f64, Naive, Naive)>,
}

impl Sweep {
    fn new(form: Form, target: bool) -> Result<Self, TheoryError> {
        let points: Result<_, TheoryError> = evenly(-FURTHEST, FURTHEST, POINTS)
            .into_iter()
            .map(|z| Ok((z, form.naive(z as f32, target), form.stable(z as f32, target)?)))
            .collect();
        Ok(Self { form, target, points: points? })
    }

    fn verdicts(&self, of: Quantity) -> Vec<(f64, Verdict)> {
        self.points.iter().map(|&(z, naive, stable)| (z, verdict(of.take(naive), of.take(stable)))).collect()
    }

    /// The share of logits at which the loss or the gradient has one of the verdicts.
    fn share(&self, asked: &[Verdict]) -> f64 {
        let (losses, gradients) = (self.verdicts(Quantity::Loss), self.verdicts(Quantity::Gradient));
        let either = losses.iter().zip(&gradients).filter(|(a, b)| asked.contains(&a.1) || asked.contains(&b.1));
        either.count() as f64 / self.points.len().max(1) as f64
    }

    /// The largest correct |gradient| at a logit where the naive gradient is 0, infinite or NaN.
    fn largest_lost(&self) -> f64 {
        let lost = self.points.iter().filter(|(_, naive, _)| !naive.gradient.is_finite() || naive.gradient == 0.0);
        lost.fold(0.0, |largest: f64, (_, _, stable)| largest.max(f64::from(stable.gradient).abs()))
    }
}

#[derive(Clone, Copy)]
enum Quantity {
    Loss,
    Gradient,
}

impl Quantity {
    /// The upper end of the axis: a loss is about as large as the logit, a gradient about 1.
    fn top(self) -> f64 {
        match self {
            Self::Loss => 1e3,
            Self::Gradient => 1e1,
        }
    }

    fn take(self, of: Naive) -> f32 {
        match self {
            Self::Loss => of.loss,
            Self::Gradient => of.gradient,
        }
    }
}

fn sweeps(losses: &Losses) -> Result<Vec<Sweep>, TheoryError> {
    let each = |form| [true, false].map(|target| Sweep::new(form, target));
    Form::all(losses.gamma as f32).into_iter().flat_map(each).collect()
}

pub(super) fn fill(section: &mut Section, losses: &Losses) -> Result<(), TheoryError> {
    section.text(format!(
        "A formula that is right on paper can overflow or lose all its digits in 32-bit floating point. For example, e^89 is too large for such a number. Once e^−z \
         is {} or less, 1 / (1 + e^−z) is exactly 1 and 1 − p exactly 0. Here four losses are written as in tutorials, with gradients computed step by step as automatic \
         differentiation does, and compared with loss-core, which takes one exponential of −|z| and never subtracts from 1. The logit z goes from {} to {}.",
        significant(f64::from(f32::EPSILON) / 2.0, 2),
        plain(-FURTHEST),
        plain(FURTHEST),
    ));
    let sweeps = sweeps(losses)?;
    section.figure(figure(&sweeps, Quantity::Loss, "stability-loss", "The loss of one pixel", "loss of the pixel"));
    section.figure(figure(
        &sweeps,
        Quantity::Gradient,
        "stability-gradient",
        "The gradient of one pixel",
        "|∂L/∂z| of the pixel",
    ));
    section.table(table(&sweeps));
    for finding in findings(&sweeps) {
        section.finding(finding);
    }
    Ok(())
}

fn figure(sweeps: &[Sweep], of: Quantity, id: &str, title: &str, label: &str) -> Figure {
    let drawn = |value: f32| Some(f64::from(value.abs())).filter(|y| y.is_finite() && *y >= SMALLEST_DRAWN);
    let series = |name: &str, colour: usize, look: Look, points: Vec<(f64, f32)>| {
        let (x, y) = points.into_iter().map(|(z, value)| (z, drawn(value))).unzip();
        Series { name: name.to_owned(), colour, look, x, y, spread: Vec::new() }
    };
    let panel = |sweep: &Sweep| {
        let taken = |point: fn(&(f64, Naive, Naive)) -> Naive| {
            sweep.points.iter().map(|whole| (whole.0, of.take(point(whole)))).collect()
        };
        Panel::Chart(Chart {
            title: format!("{}, {} pixel", sweep.form.name(), if sweep.target { "foreground" } else { "background" }),
            x: Axis::linear("logit z").range(-FURTHEST, FURTHEST),
            y: Axis::log(label).range(SMALLEST_DRAWN, of.top()),
            series: vec![
                series("loss-core", sweep.form.colour(), Look::Dashed, taken(|point| point.2)),
                series("naive", colours::OTHER, Look::Line, taken(|point| point.1)),
            ],
            rules: Vec::new(),
        })
    };
    Figure {
        id: id.to_owned(),
        title: title.to_owned(),
        caption: format!(
            "{title} by its logit, from naive code (solid line) and from loss-core (dashed), on a logarithmic scale. Left: a foreground pixel. Right: a background pixel. \
             Each row is one naive form of a loss. Where the solid line stops and the dashed one continues, naive code gives infinity, NaN or 0. Where they diverge, naive \
             code is wrong. Values below {} are not drawn.",
            significant(SMALLEST_DRAWN, 1),
        ),
        columns: 2,
        panels: sweeps.iter().map(panel).collect(),
    }
}

fn table(sweeps: &[Sweep]) -> Table {
    let row = |sweep: &Sweep| {
        let (losses, gradients) = (sweep.verdicts(Quantity::Loss), sweep.verdicts(Quantity::Gradient));
        vec![
            Cell::text(sweep.form.name()),
            Cell::text(if sweep.target { "foreground" } else { "background" }),
            Cell::text(ranges(&losses, &[Verdict::Infinite])),
            Cell::text(ranges(&losses, &[Verdict::NotANumber])),
            Cell::text(ranges(&losses, &[Verdict::Off, Verdict::Zero])),
            Cell::text(ranges(&gradients, &[Verdict::Infinite, Verdict::NotANumber])),
            Cell::text(ranges(&gradients, &[Verdict::Zero])),
            Cell::text(ranges(&gradients, &[Verdict::Off])),
            Cell::text(significant(sweep.largest_lost(), 3)),
        ]
    };
    Table {
        id: "stability-ranges".to_owned(),
        title: "Logits at which naive code breaks".to_owned(),
        columns: columns([
            "naive form",
            "pixel",
            "loss infinite",
            "loss NaN",
            "loss wrong",
            "gradient infinite or NaN",
            "gradient 0",
            "gradient wrong",
            "largest |gradient| lost",
        ]),
        rows: sweeps.iter().map(row).collect(),
        note: format!(
            "Ranges of logits, in steps of {}. NaN means not a number, such as 0 times infinity; one such pixel makes the loss of the whole image NaN. Wrong means off by more \
             than {} of loss-core's value, or a loss of 0; errors below {}, the normal range of 32-bit numbers, are ignored. Ranges at most {} apart are joined. The last \
             column is the largest gradient, by loss-core, among the pixels whose naive gradient is 0, infinite or NaN. If it is near 0, nothing is lost. If it is near 1, the pixels that \
             are most wrong learn nothing.",
            plain(2.0 * FURTHEST / (POINTS - 1) as f64),
            percent(TOLERANCE),
            significant(f64::from(f32::MIN_POSITIVE), 2),
            plain(BRIDGED),
        ),
    }
}

fn findings(sweeps: &[Sweep]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let shares = |asked: &[Verdict]| {
        let of_form = |of_form: &[Sweep]| {
            let share = of_form.iter().map(|sweep| sweep.share(asked)).sum::<f64>() / of_form.len() as f64;
            of_form.first().map(|sweep| format!("{} {}", sweep.form.name(), percent(share)))
        };
        listed(&sweeps.chunk_by(|a, b| a.form == b.form).filter_map(of_form).collect::<Vec<_>>())
    };
    let not_finite = [Verdict::Infinite, Verdict::NotANumber];
    let all = sweeps.iter().flat_map(|sweep| &sweep.points);
    let finite = all.clone().filter(|(_, _, stable)| stable.loss.is_finite() && stable.gradient.is_finite()).count();
    findings.push(Finding::new(format!(
        "Between the logits {} and {}, naive code gives an infinite or NaN loss or gradient at this share of the logits: {}. In loss-core both are finite at {finite} of {} \
         logits.",
        plain(-FURTHEST),
        plain(FURTHEST),
        shares(&not_finite),
        all.count(),
    )));
    let [infinite, nan] = not_finite;
    findings.push(Finding::new(format!(
        "Including finite values that are off by more than {}, harmless or not, the shares are {}.",
        percent(TOLERANCE),
        shares(&[infinite, nan, Verdict::Off, Verdict::Zero]),
    )));
    for sweep in sweeps.iter().filter(|sweep| sweep.form == Form::ClippedBce && sweep.target) {
        let zero = ranges(&sweep.verdicts(Quantity::Gradient), &[Verdict::Zero]);
        findings.push(Finding::new(format!(
            "Clipping the probability to [{clip}, 1 − {clip}] keeps the loss finite but removes the gradient: for a foreground pixel it is 0 at logits {zero}. On the wrong side \
             the true gradient is as large as {}, so the pixels that are most wrong learn nothing; on the right side almost nothing is lost.",
            significant(sweep.largest_lost(), 3),
            clip = significant(f64::from(naive::CLIP), 1),
        )));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cross-entropy and its slope in double precision.
    fn precise(z: f64, target: bool) -> (f64, f64) {
        let signed = if target { z } else { -z };
        let loss = libm::fmax(-signed, 0.0) + libm::log1p(libm::exp(-signed.abs()));
        let slope = 1.0 / (1.0 + libm::exp(signed));
        (loss, if target { -slope } else { slope })
    }

    #[test]
    fn loss_core_is_the_right_one() {
        for form in [Form::Bce, Form::Softmax] {
            for target in [true, false] {
                for (z, _, stable) in Sweep::new(form, target).unwrap().points {
                    let (loss, gradient) = precise(z, target);
                    assert_eq!(verdict(stable.loss, loss as f32), Verdict::Right, "{form:?} {target} {z}");
                    assert_eq!(verdict(stable.gradient, gradient as f32), Verdict::Right, "{form:?} {target} {z}");
                }
            }
        }
    }

    #[test]
    fn naive_code_breaks_where_it_must() {
        let verdict_at = |form: Form, target: bool, of: Quantity, z: f64| {
            let sweep = Sweep::new(form, target).unwrap();
            sweep.verdicts(of).into_iter().find(|point| point.0 == z).unwrap().1
        };
        // e^100 is infinite: p = 0, ln p = −∞.
        assert_eq!(verdict_at(Form::Bce, true, Quantity::Loss, -100.0), Verdict::Infinite);
        // 0 · ln 0.
        assert_eq!(verdict_at(Form::Bce, false, Quantity::Loss, -100.0), Verdict::NotANumber);
        // 1 − p = 0 from logit 17 on.
        assert_eq!(verdict_at(Form::Bce, false, Quantity::Loss, 20.0), Verdict::Infinite);
        assert_eq!(verdict_at(Form::ClippedBce, true, Quantity::Gradient, -30.0), Verdict::Zero);
        assert_eq!(verdict_at(Form::ClippedBce, true, Quantity::Loss, -30.0), Verdict::Off);
        assert_eq!(verdict_at(Form::Softmax, true, Quantity::Loss, 100.0), Verdict::NotANumber);
        for form in Form::all(2.0) {
            for target in [true, false] {
                assert_eq!(verdict_at(form, target, Quantity::Loss, -2.5), Verdict::Right, "{form:?}");
                assert_eq!(verdict_at(form, target, Quantity::Gradient, 2.5), Verdict::Right, "{form:?}");
            }
        }
    }
}
