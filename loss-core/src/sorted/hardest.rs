use super::error::SortedError;
use super::gradient::PixelGradient;
use super::ranking::{key_of, number_of};
use crate::error::LengthError;
use crate::histogram::{Code, Histogram};
use crate::input::link::{Link, Logits};
use crate::input::plane::Plane;
use crate::input::sample::{Checked, Reason, Sample, Target};
use crate::number::finite::{clamp_to_finite, coefficient};
use crate::pointwise::Pointwise;
use crate::sums::counts::Counts;
use crate::sums::exact::TermSum;

/// A rule for the hardest pixels, those with the largest losses: [`TopK`](crate::sorted::TopK), [`Ohem`](crate::sorted::Ohem), or your own. Its methods return their mean.
///
/// The rule sets the minimum number of pixels to keep, and a loss above which more are kept. Nothing is stored or sorted; instead
/// the pixels are read several times. The k-th largest loss is found by its bits, eight at a time, from a
/// histogram of 256 counts.
///
/// **Ties.** Let θ be the smallest kept loss. If only some of the pixels with loss θ are needed, the value counts that many of them, and the
/// gradient is spread evenly over all of them. So neither depends on the order of pixels. The sum of losses is exact.
///
/// **Ignored pixels** (weight 0, or masked out) take no part and are not counted. Other weights multiply a pixel's loss before the ranking.
pub trait HardMining {
    /// The minimum number of the `pixels` valid ones to keep; limited to at least 1 and at most all.
    fn least_kept(&self, pixels: u64) -> u64;

    /// A loss above which all pixels are kept, if these are at least [`least_kept`](Self::least_kept).
    fn keep_above(&self) -> Option<f32> {
        None
    }

    /// The mean of a pointwise loss over the hardest pixels of a plane.
    ///
    /// # Errors
    /// [`SortedError`] if there is no valid pixel, if any is out of range, or if a kept loss is beyond the largest `f32`.
    fn pixels<P: Pointwise, K: Link, T: Target>(
        &self,
        loss: P,
        link: K,
        plane: Plane<'_, T>,
    ) -> Result<HardestPixels<P, K>, SortedError> {
        let counts = count(plane.samples().map(|sample| sample.check(&link)))?;
        let losses = || plane.samples().filter_map(|sample| Some((weighted_loss(&loss, &link, sample)?, 1)));
        let hardest = Hardest::new(self, counts, losses)?;
        Ok(HardestPixels { hardest, loss, link })
    }

    /// The mean of a pointwise loss over the hardest pixels of a histogram. Value and gradient equal those of the pixels one by one, to the bit.
    ///
    /// # Errors
    /// [`SortedError`] if there is no valid pixel, if any was rejected, or if a kept loss is beyond the largest `f32`.
    fn histogram<P: Pointwise, C: Code, const TARGETS: usize>(
        &self,
        loss: P,
        histogram: &Histogram<C, TARGETS>,
    ) -> Result<HardestPixels<P, Logits>, SortedError> {
        let counts = histogram.counts();
        SortedError::of_all(counts, histogram.first_rejected())?;
        let loss_of = |(sample, times)| Some((weighted_loss(&loss, &Logits, sample)?, times));
        let hardest = Hardest::new(self, counts, || histogram.bins().filter_map(loss_of))?;
        Ok(HardestPixels { hardest, loss, link: Logits })
    }

    /// The mean of the largest losses, for losses computed elsewhere, such as a softmax cross-entropy.
    ///
    /// # Errors
    /// [`SortedError`] if there is no loss, or if any is not finite.
    fn losses(&self, losses: &[f32]) -> Result<Hardest, SortedError> {
        let counts = count(losses.iter().map(|&loss| check_loss(loss)))?;
        Hardest::new(self, counts, || losses.iter().map(|&loss| (loss, 1)))
    }

    /// The mean of the largest losses whose mask is `true`; the others are ignored.
    ///
    /// # Errors
    /// [`SortedError`] if the lengths differ, if no loss is left, or if any is not finite.
    fn masked_losses(&self, losses: &[f32], valid: &[bool]) -> Result<Hardest, SortedError> {
        check_length("the mask", valid.len(), losses.len())?;
        let pixels = || losses.iter().copied().zip(valid.iter().copied());
        let counts = count(pixels().map(|(loss, valid)| if valid { check_loss(loss) } else { Checked::Ignored }))?;
        Hardest::new(self, counts, || pixels().filter_map(|(loss, valid)| valid.then_some((loss, 1))))
    }
}

fn check_loss(loss: f32) -> Checked {
    if loss.is_finite() { Checked::Valid } else { Checked::Rejected(Reason::Input) }
}

fn check_length(slice: &'static str, length: usize, expected: usize) -> Result<(), LengthError> {
    if length == expected { Ok(()) } else { Err(LengthError { slice, length, expected }) }
}

fn count(pixels: impl Iterator<Item = Checked>) -> Result<Counts, SortedError> {
    let mut counts = Counts::default();
    let mut first = None;
    for pixel in pixels {
        match pixel {
            Checked::Valid => counts.valid += 1,
            Checked::Ignored => counts.ignore(),
            Checked::Rejected(reason) => counts.reject(reason, &mut first),
        }
    }
    SortedError::of_all(counts, first)?;
    Ok(counts)
}

fn weighted_loss<P: Pointwise, K: Link>(loss: &P, link: &K, sample: Sample) -> Option<f32> {
    let Checked::Valid = sample.check(link) else { return None };
    // + 0 turns −0 into 0, so that neither counts as larger.
    Some(loss.loss(&link.pixel(sample.input, sample.target)) * sample.weight + 0.0)
}

/// The mean over the largest losses.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Hardest {
    value: f64,
    counts: Counts,
    kept: u64,
    threshold: f32,
    share: f64,
}

impl Hardest {
    /// Makes it of losses, each with the number of its pixels.
    fn new<I: Iterator<Item = (f32, u64)>>(
        rule: &(impl HardMining + ?Sized),
        counts: Counts,
        losses: impl Fn() -> I,
    ) -> Result<Self, SortedError> {
        let pixels = counts.valid.unsigned_abs();
        let least = rule.least_kept(pixels).min(pixels).max(1);
        let above = rule.keep_above().and_then(|threshold| {
            let kept = losses().filter(|&(loss, _)| loss > threshold).fold(0, |kept, (_, times)| kept + times);
            (kept >= least).then_some((kept, Largest { threshold, taken: 0, ties: 1 }))
        });
        let (kept, Largest { threshold, taken, ties }) =
            above.unwrap_or_else(|| (least, Largest::find(least, &losses)));
        let mut sum = TermSum::ZERO;
        losses().filter(|&(loss, _)| loss > threshold).for_each(|(loss, times)| sum.add_times(loss, times));
        let value = (sum.to_f64() + taken as f64 * f64::from(threshold)) / kept as f64;
        if !value.is_finite() {
            return Err(SortedError::Saturated);
        }
        Ok(Self { value, counts, kept, threshold, share: taken as f64 / ties as f64 })
    }

    /// The mean loss of the kept pixels.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The number of kept pixels.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// The smallest kept loss. Pixels above it are kept; of those with exactly this loss, a [`share_of_ties`](Self::share_of_ties).
    #[must_use]
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// The share that is kept of each pixel whose loss is the threshold.
    #[must_use]
    pub fn share_of_ties(&self) -> f64 {
        self.share
    }

    /// The number of pixels: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// ∂L/∂ℓ for a pixel with this loss: 1/kept above the threshold, the tied share of it at the threshold, 0 below.
    #[must_use]
    pub fn slope(&self, loss: f32) -> f64 {
        if loss > self.threshold {
            1.0 / self.kept as f64
        } else if loss == self.threshold {
            self.share / self.kept as f64
        } else {
            0.0
        }
    }

    /// Writes ∂L/∂ℓ of every loss, times an upstream factor. Multiply the gradients of the losses by these numbers.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ; nothing is written then.
    pub fn write_slopes(&self, upstream: f64, losses: &[f32], slopes: &mut [f32]) -> Result<(), LengthError> {
        check_length("the slopes", slopes.len(), losses.len())?;
        for (slope, &loss) in slopes.iter_mut().zip(losses) {
            *slope = coefficient(upstream * self.slope(loss));
        }
        Ok(())
    }

    /// Writes ∂L/∂ℓ of the losses whose mask is `true`, times an upstream factor, and 0 for the others.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ; nothing is written then.
    pub fn write_masked_slopes(
        &self,
        upstream: f64,
        losses: &[f32],
        valid: &[bool],
        slopes: &mut [f32],
    ) -> Result<(), LengthError> {
        check_length("the mask", valid.len(), losses.len())?;
        self.write_slopes(upstream, losses, slopes)?;
        for (slope, _) in slopes.iter_mut().zip(valid).filter(|(_, valid)| !**valid) {
            *slope = 0.0;
        }
        Ok(())
    }
}

/// The k-th largest loss.
struct Largest {
    threshold: f32,
    /// The number of losses equal to it among the k largest.
    taken: u64,
    /// The number of losses equal to it.
    ties: u64,
}

impl Largest {
    /// Finds the bits of the k-th largest loss, eight at a time from the highest down.
    fn find<I: Iterator<Item = (f32, u64)>>(k: u64, losses: impl Fn() -> I) -> Self {
        let (mut known, mut taken, mut ties) = (0u32, k, 0);
        for shift in [24u32, 16, 8, 0] {
            let mut histogram = [0u64; 256];
            let keys = losses().map(|(loss, times)| (key_of(loss), times));
            for (key, times) in keys.filter(|(key, _)| (u64::from(key ^ known) >> (shift + 8)) == 0) {
                if let Some(count) = histogram.get_mut((key >> shift & 0xff) as usize) {
                    *count += times;
                }
            }
            for (bits, &count) in histogram.iter().enumerate().rev() {
                if taken <= count {
                    known |= (bits as u32) << shift;
                    ties = count;
                    break;
                }
                taken -= count;
            }
        }
        Self { threshold: number_of(known), taken, ties }
    }
}

/// The mean over the hardest pixels of a plane: its value, and its gradient for a last pass.
#[derive(Clone, Debug)]
#[must_use]
pub struct HardestPixels<P, K> {
    hardest: Hardest,
    loss: P,
    link: K,
}

impl<P: Pointwise, K: Link> HardestPixels<P, K> {
    /// The mean loss of the kept pixels.
    pub fn value(&self) -> f64 {
        self.hardest.value
    }

    /// The kept pixels: their number, the threshold and the ties.
    pub fn hardest(&self) -> &Hardest {
        &self.hardest
    }

    /// The gradient ∂L/∂x, for any pixel of the plane.
    pub fn gradient(&self) -> PixelGradient<impl Fn(Sample) -> f32 + '_> {
        self.gradient_times(1.0)
    }

    /// The gradient times an upstream factor.
    pub fn gradient_times(&self, upstream: f64) -> PixelGradient<impl Fn(Sample) -> f32 + '_> {
        PixelGradient::new(move |sample: Sample| {
            let Some(loss) = weighted_loss(&self.loss, &self.link, sample) else { return 0.0 };
            let outer = upstream * self.hardest.slope(loss);
            if outer == 0.0 {
                return 0.0;
            }
            let slope = self.loss.slope(&self.link.pixel(sample.input, sample.target));
            coefficient(outer * f64::from(sample.weight) * f64::from(clamp_to_finite(slope)))
        })
    }

    /// Writes ∂L/∂x of every pixel; 0 for a pixel that was ignored or not kept.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn write_gradient<T: Target>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        self.gradient().write(plane, gradient)
    }
}
