use super::hardest::HardMining;
use crate::error::{Parameter, ParameterError};
use crate::facts::{
    Arguments, BETWEEN, BuildError, Facts, FromArguments, Listed, Needs, WHOLE, number, number_or_none, whole,
};

/// Online hard example mining: the mean of the losses above a threshold, over at least a minimum number of pixels.
///
/// L = mean of the ℓᵢ > −ln(thresh); if these are fewer than n_min, the mean of the n_min largest ([`TopK`](crate::sorted::TopK)). For
/// cross-entropy ℓ > −ln(thresh) means that the true class has a probability below `thresh`.
///
/// ∂L/∂x = w ℓ′/kept for the kept pixels, 0 for the others. Pixels that tie for the last of the n_min places share them evenly.
///
#[doc = include_str!("../../pictures/ohem.svg")]
///
/// **Convention.** `OhemCELoss(thresh)` of BiSeNet and its many copies: n_min is a sixteenth of the valid pixels, rounded down.
/// Here n_min is at least 1, where those codes give NaN if nothing is above the threshold, and at most the number of valid
/// pixels. [`at_least`](Self::at_least) sets a fixed number instead (`min_kept`).
///
/// **Domain.** `thresh` in (0, 1). All else, the error bound included, is as for [`TopK`](crate::sorted::TopK). The comparison with −ln(thresh), rounded to
/// `f32`, is strict.
///
/// ```
/// use loss_core::sorted::{HardMining, Ohem};
///
/// let losses = [0.1, 2.0, 0.3, 0.5, 0.9];
/// assert_eq!(Ohem::new(0.7)?.losses(&losses)?.kept(), 3); // those above 0.357
/// let few = Ohem::new(0.7)?.at_least(4).losses(&losses)?;
/// assert!((few.value() - (2.0 + 0.9 + 0.5 + 0.3) / 4.0).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Shrivastava, Gupta and Girshick, *Training region-based object detectors with online hard example mining*, 2016.
#[doc(alias = "hard example mining")]
#[doc(alias = "OhemCELoss")]
#[doc(alias = "OhemCrossEntropy")]
#[doc(alias = "online hard example mining")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Ohem {
    threshold: f32,
    at_least: Option<u64>,
}

impl Ohem {
    /// Makes the rule that keeps the losses above −ln(thresh), and at least a sixteenth of the valid pixels.
    ///
    /// # Errors
    /// [`ParameterError`] unless 0 < `thresh` < 1.
    pub fn new(thresh: f64) -> Result<Self, ParameterError> {
        ParameterError::check(Parameter::Thresh, thresh, thresh > 0.0 && thresh < 1.0, "between 0 and 1")?;
        Ok(Self { threshold: -libm::log(thresh) as f32, at_least: None })
    }

    /// Sets the minimum number of pixels to keep; all are kept if there are fewer.
    pub const fn at_least(self, pixels: u64) -> Self {
        Self { at_least: Some(pixels), ..self }
    }

    /// The loss above which every pixel is kept: −ln(thresh).
    #[must_use]
    pub fn threshold(&self) -> f32 {
        self.threshold
    }
}

impl HardMining for Ohem {
    fn least_kept(&self, pixels: u64) -> u64 {
        self.at_least.unwrap_or(pixels / 16)
    }

    fn keep_above(&self) -> Option<f32> {
        Some(self.threshold)
    }
}

impl Listed for Ohem {
    const FACTS: Facts = Facts {
        name: "ohem",
        aliases: &["ohem_bce", "ohem_ce", "hard_mining", "hard_negative_mining"],
        needs: Needs::AllPixels,
        formula: "the mean of the losses (bce, or ce of classes) above −ln thresh, or of the at_least largest",
        description: "Online hard example mining: cross-entropy of the pixels that are not right yet.",
        source: "Shrivastava et al., Training region-based object detectors with online hard example mining, 2016",
        page: "sorted::Ohem",
        parameters: &[&[
            number("thresh", 0.7, BETWEEN, "every pixel whose right class has a probability below this is kept"),
            number_or_none(
                "at_least",
                WHOLE,
                "the minimum number of pixels to keep; none = a sixteenth of the valid pixels",
            ),
        ]],
        ..Facts::NONE
    };
}

impl FromArguments for Ohem {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let rule = Self::new(arguments.number("thresh"))?;
        Ok(match arguments.number_or_none("at_least") {
            Some(pixels) => rule.at_least(whole("at_least", pixels)?),
            None => rule,
        })
    }
}
