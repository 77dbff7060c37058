use crate::facts::word;
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::loss::combine::combinable;
use crate::loss::reduction::Denominator;
use crate::loss::{Loss, Part};
use crate::number::finite::coefficient;
use crate::number::real::Real;
use crate::sums::batch::{Batch, Terms};
use crate::sums::exact::TermSum;
use crate::sums::shared::Totals;

/// Balanced cross-entropy: each class is weighed by the other class's share of the pixels.
///
/// L = (β·Σ w t·(−ln p) + (1−β)·Σ w (1−t)·(−ln(1−p))) / N, where β = Σ w (1−t) / Σ w is the share of background.
///
/// ∂L/∂z = w·(−β·t·(1−p) + (1−β)·(1−t)·p) / N. The weights depend only on targets, so they have no slope.
///
#[doc = include_str!("../../pictures/balanced_bce.svg")]
///
/// N is Σ w, unless another [`Denominator`] is chosen; the paper's loss is a sum (`Denominator::Fixed(1.0)`). Both classes get the same
/// total weight: if they are equally frequent, half of what they have under cross-entropy. The loss streams, because its two sums do not need β.
///
/// **Domain.** Any finite logit, any target in [0, 1]. All pixels of an accumulator are pooled, and β is theirs. The paper computes β for each
/// image, see [`ImageMean`](crate::ImageMean). **Empty masks:** if only one class is present, its weight is 0, and so are loss and gradient:
/// false positives on an image without foreground cost nothing.
///
/// **Error bound.** Relative error of L at most 4e−7.
///
/// ```
/// use loss_core::{BalancedBce, Loss};
///
/// let mut sums = BalancedBce::new().accumulator();
/// sums.extend([(0.0, true), (0.0, false), (0.0, false), (0.0, false)]); // β = ¾: (¾·1 + ¼·3)·ln 2 / 4
/// assert!((sums.finish()?.value() - 0.375 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
///
/// Xie and Tu, *Holistically-Nested Edge Detection*, 2015.
#[doc(alias = "BalancedBCELoss")]
#[doc(alias = "class-balanced cross-entropy")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct BalancedBce {
    denominator: Denominator,
}

impl BalancedBce {
    /// Makes balanced cross-entropy, divided by Σ w.
    pub const fn new() -> Self {
        Self { denominator: Denominator::Weight }
    }

    /// Sets the denominator.
    pub const fn over(self, denominator: Denominator) -> Self {
        Self { denominator }
    }

    /// The factors of the sums of foreground and background.
    fn weights(&self, totals: &Totals) -> [f64; 2] {
        if totals.weight > 0.0 {
            let foreground = totals.hard.support();
            let background = (totals.weight - foreground).max(0.0);
            [background, foreground].map(|other| other / totals.weight * self.denominator.reciprocal(totals))
        } else {
            [0.0; 2]
        }
    }
}

impl Default for BalancedBce {
    fn default() -> Self {
        Self::new()
    }
}

impl Terms<2> for BalancedBce {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 2] {
        [weight * (pixel.target * pixel.foreground_loss), weight * (pixel.background * pixel.background_loss)]
    }
}

impl Loss for BalancedBce {
    /// Σ w t·(−ln p) and Σ w (1−t)·(−ln(1−p)).
    type Sums = [TermSum; 2];
    type Slope = [f32; 2];

    fn sums(&self) -> [TermSum; 2] {
        [TermSum::ZERO; 2]
    }

    #[inline(always)]
    fn add<B: Batch>(&self, pixels: &B, sums: &mut [TermSum; 2]) {
        pixels.add(self, sums);
    }

    fn value(&self, totals: &Totals, [foreground, background]: &[TermSum; 2]) -> f64 {
        let [by_foreground, by_background] = self.weights(totals);
        by_foreground * foreground.to_f64() + by_background * background.to_f64()
    }

    fn slope(&self, totals: &Totals, _: &[TermSum; 2], factor: f64) -> [f32; 2] {
        self.weights(totals).map(|weight| coefficient(factor * weight))
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, &[foreground, background]: &[f32; 2], pixel: &Pixel<R>) -> R {
        R::splat(foreground) * (pixel.target * pixel.foreground_slope)
            + R::splat(background) * (pixel.background * pixel.background_slope)
    }

    fn part(&self, index: usize, totals: &Totals, sums: &[TermSum; 2]) -> Option<Part> {
        (index == 0).then(|| Part { name: "balanced_bce", coefficient: 1.0, value: self.value(totals, sums) })
    }

    fn total_coefficient(&self) -> f64 {
        self.denominator.coefficient()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("balanced_bce");
        self.denominator.fingerprint(fingerprint);
    }
}

combinable!([] BalancedBce);

impl Listed for BalancedBce {
    const FACTS: Facts = Facts {
        name: "balanced_bce",
        aliases: &["balanced_ce"],
        formula: "(β·Σ w t·(−ln p) + (1−β)·Σ w (1−t)·(−ln(1−p))) / Σ w,  β = the background's share",
        description: "Balanced cross-entropy: each class is weighed by the other class's share of the pixels.",
        source: "Xie and Tu, Holistically-Nested Edge Detection, 2015",
        page: "BalancedBce",
        parameters: &[&[word(
            "divided_by",
            "weight",
            &["weight", "none", "pixels"],
            "weight = Σ w; none = 1 (the paper's sum); pixels = the number of pixels, ignored ones included",
        )]],
        ..Facts::NONE
    };
}

impl FromArguments for BalancedBce {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(Self::new().over(match arguments.word("divided_by") {
            "none" => Denominator::Fixed(1.0),
            "pixels" => Denominator::Pixels,
            _ => Denominator::Weight,
        }))
    }
}
