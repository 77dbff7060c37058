use super::{Code, Meaning, ThresholdCurves};

/// The calibration of probabilities: pixels by their probability, in bins of equal width.
///
/// The k-th of B bins holds the pixels with k/B ≤ p < (k+1)/B; the last also holds those with p = 1. Here p is the probability of
/// foreground. With nₖ pixels in bin k,
///
/// ECE = Σ nₖ/n · |mean t − mean p|, and MCE = max |mean t − mean p| over the bins that are not empty.
///
/// **Range.** Both lie in [0, 1]; 0 is perfect. They depend on B, and are biased upwards when bins hold few pixels. Guo et al. use 15 bins.
///
/// ```
/// use loss_core::{Histogram, Quantisation};
///
/// let mut histogram = Histogram::new(Quantisation::new(1.0, 0)?);
/// histogram.extend_codes(&[0i8, 0, 0, 0], &[true, true, true, false])?; // p = ½, three of four are foreground
/// let calibration = histogram.curves()?.calibration::<15>();
/// assert_eq!(calibration.expected_calibration_error(), 0.25);
/// assert_eq!(calibration.bins()[7].foreground_share(), Some(0.75));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Naeini, Cooper and Hauskrecht, *Obtaining well calibrated probabilities using Bayesian binning*, 2015; Guo et al., *On calibration of modern neural networks*,
/// 2017.
#[doc(alias = "Brier")]
#[doc(alias = "ECE")]
#[doc(alias = "expected calibration error")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Calibration<const BINS: usize> {
    bins: [ReliabilityBin; BINS],
}

/// A bin: the pixels whose probability lies in an interval, a bar of a reliability diagram.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ReliabilityBin {
    /// The number of pixels.
    pub pixels: f64,
    /// The sum Σ p.
    pub probability: f64,
    /// The sum Σ t.
    pub foreground: f64,
}

impl ReliabilityBin {
    /// The mean probability; `None` in an empty bin.
    #[must_use]
    pub fn mean_probability(&self) -> Option<f64> {
        (self.pixels > 0.0).then(|| self.probability / self.pixels)
    }

    /// The share of foreground; `None` in an empty bin.
    #[must_use]
    pub fn foreground_share(&self) -> Option<f64> {
        (self.pixels > 0.0).then(|| self.foreground / self.pixels)
    }
}

impl<const BINS: usize> Calibration<BINS> {
    /// The bins, from the lowest probabilities up.
    #[must_use]
    pub fn bins(&self) -> &[ReliabilityBin; BINS] {
        &self.bins
    }

    /// The expected calibration error (ECE): the mean gap between probability and share of foreground, over the pixels.
    #[must_use]
    pub fn expected_calibration_error(&self) -> f64 {
        let (gaps, pixels) = self.bins.iter().fold((0.0, 0.0), |(gaps, pixels), bin| {
            (gaps + (bin.foreground - bin.probability).abs(), pixels + bin.pixels)
        });
        gaps / pixels
    }

    /// The maximum calibration error (MCE): the largest gap of a bin.
    #[must_use]
    pub fn maximum_calibration_error(&self) -> f64 {
        let filled = self.bins.iter().filter(|bin| bin.pixels > 0.0);
        filled.fold(0.0, |largest: f64, bin| largest.max((bin.foreground - bin.probability).abs() / bin.pixels))
    }
}

impl<C: Code, K: Meaning> ThresholdCurves<C, K> {
    /// The calibration in `BINS` bins, from 1 to 2²⁴.
    pub fn calibration<const BINS: usize>(&self) -> Calibration<BINS> {
        const { assert!(BINS >= 1 && BINS <= 1 << 24) };
        let mut bins = [ReliabilityBin::default(); BINS];
        for level in self.levels() {
            let p = f64::from(level.p);
            let (foreground, background) =
                (level.foreground as f64 / self.units(), level.background as f64 / self.units());
            // p·B is exact; the last bin includes p = 1.
            if let Some(bin) = bins.get_mut(((p * BINS as f64) as usize).min(BINS - 1)) {
                bin.pixels += foreground + background;
                bin.probability += p * (foreground + background);
                bin.foreground += foreground;
            }
        }
        Calibration { bins }
    }
}
