use super::state::{Seen, measure, see};
use crate::class::pixel::ClassPixel;
use crate::fingerprint::Fingerprint;
use crate::input::link::{Link, Logits};
use crate::input::pixel::Pixel;
use crate::sums::error::FinishError;
use crate::sums::exact::UnitSum;
use crate::sums::state::FixedSums;

type Sums = (Seen, UnitSum);

/// Predictive entropy: how unsure the model is of a pixel, on average.
///
/// H = (1/n) Σ −p ln p − (1−p) ln (1−p), in nats.
///
/// **Range.** [0, ln 2]: 0 where every pixel is sure, ln 2 = 0.693 where every p is ½. Most of it lies along the border of a mask, so that small objects have
/// more of it than large ones; compare images of one kind.
///
/// **Error bound.** A term is within 4 ULP, and known to 2⁻⁶⁵: relative error of H at most 1e−6.
///
/// **False alarms.** [`AlarmLevel`](super::AlarmLevel) of H over images: see there.
///
/// **State.** Valid and rejected pixels; the sum, as a unit sum.
///
/// ```
/// use loss_core::watch::PredictiveEntropy;
///
/// let mut entropy = PredictiveEntropy::new();
/// entropy.extend([0.0, 40.0]);
/// assert!((entropy.finish()? - 0.5 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Shannon, *A mathematical theory of communication*, 1948; as the uncertainty of a network: Gal, *Uncertainty in deep learning*, 2016; of masks: Mehrtash et
/// al., *Confidence calibration and predictive uncertainty estimation for deep medical image segmentation*, IEEE TMI 2020.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PredictiveEntropy {
    sums: Sums,
}

/// The entropy of a pixel.
#[inline(always)]
pub(super) fn entropy(pixel: &Pixel<f32>) -> f32 {
    pixel.p * pixel.foreground_loss + pixel.q * pixel.background_loss
}

impl PredictiveEntropy {
    /// Of no pixels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pixel by its logit. If it is not finite, the pixel is counted as rejected.
    #[inline]
    pub fn push(&mut self, logit: f32) {
        let (seen, sum) = &mut self.sums;
        if see(seen, logit.is_finite(), 1) {
            sum.add(entropy(&Logits.pixel(logit, 0.0)));
        }
    }

    /// The mean entropy.
    ///
    /// # Errors
    /// [`FinishError`] if there was no pixel, or if any was rejected.
    pub fn finish(&self) -> Result<f64, FinishError> {
        FinishError::of_all(self.counts(), None)?;
        Ok(self.sums.1.to_f64() / self.counts().valid as f64)
    }

    /// Tells the kind from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("predictive entropy");
        fingerprint.finish()
    }
}

measure!([] PredictiveEntropy, <Sums as FixedSums>::LENGTH);

/// Logits.
impl Extend<f32> for PredictiveEntropy {
    fn extend<I: IntoIterator<Item = f32>>(&mut self, logits: I) {
        logits.into_iter().for_each(|logit| self.push(logit));
    }
}

/// Predictive entropy over C classes that exclude each other: (1/n) Σ Σ_c −p_c ln p_c, p a softmax, in nats.
///
/// **Range.** [0, ln C]. **Error bound.** Relative 2e−6, and 2⁻⁶⁵ a pixel. **State.** As that of [`PredictiveEntropy`].
///
/// ```
/// use loss_core::watch::ClassEntropy;
///
/// let mut entropy = ClassEntropy::<4>::new();
/// entropy.push([1.5; 4]);
/// assert!((entropy.finish()? - 4f64.ln()).abs() < 1e-6);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClassEntropy<const C: usize> {
    sums: Sums,
}

impl<const C: usize> ClassEntropy<C> {
    /// Of no pixels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pixel by its logits. If one is not finite, the pixel is counted as rejected.
    #[inline]
    pub fn push(&mut self, logits: [f32; C]) {
        let (seen, sum) = &mut self.sums;
        if see(seen, logits.iter().all(|logit| logit.is_finite()), 1) {
            let pixel = ClassPixel::softmax(C, &logits, [0.0; C]);
            sum.add(pixel.weigh_cross_entropy(&pixel.p));
        }
    }

    /// The mean entropy.
    ///
    /// # Errors
    /// [`FinishError`] if there was no pixel, or if any was rejected.
    pub fn finish(&self) -> Result<f64, FinishError> {
        FinishError::of_all(self.counts(), None)?;
        Ok(self.sums.1.to_f64() / self.counts().valid as f64)
    }

    /// Tells the kind and the number of classes from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("class entropy").number(C as f64);
        fingerprint.finish()
    }
}

measure!([const C: usize] ClassEntropy<C>, <Sums as FixedSums>::LENGTH);

/// Logits of pixels.
impl<const C: usize> Extend<[f32; C]> for ClassEntropy<C> {
    fn extend<I: IntoIterator<Item = [f32; C]>>(&mut self, pixels: I) {
        pixels.into_iter().for_each(|logits| self.push(logits));
    }
}
