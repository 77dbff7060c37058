use super::hardest::HardMining;
use crate::error::{Parameter, ParameterError};
use crate::facts::{
    Arguments, BuildError, Facts, FromArguments, Listed, Needs, PERCENT, WHOLE, number, number_or_none, whole,
};

/// Top-k: the mean of the k largest losses.
///
/// L = (1/k) Σ ℓ₍ᵢ₎ over i ≤ k, where ℓ₍₁₎ ≥ ℓ₍₂₎ ≥ … are the losses of the n valid pixels, each times its weight. With
/// [`percent`](Self::percent) k = ⌊n·percent/100⌋, at least 1. With [`count`](Self::count) k is given, at most n.
///
/// ∂L/∂x = w ℓ′/k for the k hardest pixels, 0 for the others. Pixels that tie for the last places share them evenly.
///
#[doc = include_str!("../../pictures/top_k.svg")]
///
/// **Convention.** nnU-Net's `TopKLoss(k)` is `percent(k)` of the cross-entropy; its k is 10 by default. There ignored pixels count in n
/// with a loss of 0, and a k that rounds down to 0 gives NaN.
///
/// **Domain.** Any pointwise loss, on logits or probabilities, with hard or soft targets, or losses computed elsewhere. A pixel
/// out of range is a [`SortedError`](crate::sorted::SortedError), and so is having no valid pixel. **Error bound.** That of the loss: ranking and sum are
/// exact, the mean adds 2⁻⁵².
///
/// ```
/// use loss_core::sorted::{HardMining, TopK};
/// use loss_core::{Bce, Logits, Plane};
///
/// let (logits, mask) = ([-2.0, 3.0, 0.0, -4.0], [true, true, true, false]);
/// let plane = Plane::new(&logits, &mask)?;
/// let hardest = TopK::percent(50.0)?.pixels(Bce::new(), Logits, plane)?;
/// let expected = (2.126_928_011 + core::f64::consts::LN_2) / 2.0;
/// assert!((hardest.value() - expected).abs() < 1e-7);
///
/// let mut gradient = [0.0; 4];
/// hardest.write_gradient(plane, &mut gradient)?;
/// assert_eq!((gradient[1], gradient[2], gradient[3]), (0.0, -0.25, 0.0));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Wu, Shen and van den Hengel, *Bridging category-level and instance-level semantic image segmentation*, 2016.
#[doc(alias = "DeepLabCE")]
#[doc(alias = "hard pixel mining")]
#[doc(alias = "TopKLoss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct TopK {
    rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    Percent(f64),
    Count(u64),
}

impl TopK {
    /// Makes the rule that keeps a percentage of the valid pixels, rounded down to a whole number, but at least one.
    ///
    /// # Errors
    /// [`ParameterError`] unless the percentage is above 0 and at most 100.
    pub fn percent(percent: f64) -> Result<Self, ParameterError> {
        ParameterError::check(
            Parameter::Percent,
            percent,
            percent > 0.0 && percent <= 100.0,
            "above 0 and at most 100",
        )?;
        Ok(Self { rule: Rule::Percent(percent) })
    }

    /// Makes the rule that keeps the k hardest pixels, or all if there are fewer.
    ///
    /// # Errors
    /// [`ParameterError`] if k is 0.
    pub fn count(k: u64) -> Result<Self, ParameterError> {
        ParameterError::check(Parameter::K, k as f64, k > 0, "at least 1")?;
        Ok(Self { rule: Rule::Count(k) })
    }
}

impl HardMining for TopK {
    fn least_kept(&self, pixels: u64) -> u64 {
        match self.rule {
            // The order of operations is that of nnU-Net.
            Rule::Percent(percent) => (pixels as f64 * percent / 100.0) as u64,
            Rule::Count(k) => k,
        }
    }
}

impl Listed for TopK {
    const FACTS: Facts = Facts {
        name: "top_k",
        aliases: &["topk", "top_k_bce", "topk_bce", "top_k_ce", "topk_ce"],
        needs: Needs::AllPixels,
        formula: "the mean of the k largest losses (bce, or ce of classes)",
        description: "Top-k: cross-entropy of the hardest pixels only.",
        source: "Wu et al., Bridging Category-level and Instance-level Semantic Image Segmentation, 2016",
        page: "sorted::TopK",
        parameters: &[&[
            number("percent", 10.0, PERCENT, "the share of pixels to keep, in percent"),
            number_or_none("k", WHOLE, "the number of pixels to keep, instead of a percentage"),
        ]],
        ..Facts::NONE
    };
}

impl FromArguments for TopK {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        match arguments.number_or_none("k") {
            Some(_) if arguments.is_given("percent") => Err(BuildError::Conflict {
                parameter: "percent",
                message: "and k set the same thing: give one of them",
            }),
            Some(k) => Ok(Self::count(whole("k", k)?)?),
            None => Ok(Self::percent(arguments.number("percent"))?),
        }
    }
}
