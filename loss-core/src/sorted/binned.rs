use super::error::SortedError;
use super::gradient::PixelGradient;
use super::jaccard::Extension;
use super::lovasz::{ErrorKind, UnitErrors, check};
use crate::error::{LengthError, StateError};
use crate::fingerprint::Fingerprint;
use crate::input::plane::Plane;
use crate::input::sample::{Sample, Target};
use crate::number::finite::coefficient;
use crate::sums::counts::{Counts, RejectedPixel};
use crate::sums::state::{FixedSums, MOST_PIXELS, Sums, add_counts, load_count, read_state};

/// The streaming Lovász extension of the Jaccard loss: it counts errors in [0, 1] in bins of width 1/B.
///
/// L = Σ ē_k ΔJ_k over the bins from the highest down, where ē_k = (k + ½)/B is the centre of a bin and ΔJ_k the rise of the Jaccard loss
/// by its pixels. It equals [`LovaszErrors`](crate::sorted::LovaszErrors) of errors that were moved to the centres of their bins.
///
/// The pixels of a bin are tied, and their ∂L/∂e is ½(1/(G+b) + 1/(G+b+db)) for foreground and (G − a − da/2)/((G+b)(G+b+db)) for
/// background. a and b count foreground and background in higher bins, da and db those in the bin.
///
/// **Memory.** 2B integers, for any number of pixels. The state consists of counts, and [`merge`](Self::merge) adds them, so
/// the bits do not depend on order, chunks or workers.
///
/// **Error bound.** |L_binned − L| ≤ 1/(2B) for any pixels. *Proof.* Let M_s be the set of pixels whose error is at least s, and J the Jaccard loss of a set of
/// mistaken pixels. Then L(e) = ∫₀¹ J(M_s) ds for errors in [0, 1]. J rises with the set: (a + b)/(G + b)
/// rises with a, and with b as 1 − (G − a)/(G + b) shows. So L rises with each error. Adding δ to every error adds δ·J(all pixels) = δ to
/// L. If no error moves by more than δ, then e − δ ≤ e′ ≤ e + δ in every pixel, hence L(e) − δ ≤ L(e′) ≤ L(e) + δ. Here δ = 1/(2B). ∎
/// The bound is reached if all errors lie on lower edges of bins, because all then move up by 1/(2B). The rounding of `f64` adds less than 2⁻⁵⁰.
///
/// **Domain.** That of [`Lovasz`](crate::sorted::Lovasz): errors in [0, 1], targets 0 and 1, weights 0 (ignored) and 1. Without foreground L is the
/// centre of the highest bin that is not empty. B is from 1 to 2²⁴.
///
/// ```
/// use loss_core::sorted::BinnedLovasz;
///
/// let (mut left, mut right) = (BinnedLovasz::<256>::new(), BinnedLovasz::new());
/// left.extend([(0.9, false), (0.5, true)]);
/// right.extend([(0.25, true), (0.0, false)]);
/// left.merge(&right);
/// let exact = (0.9 + 0.5 + 0.25) / 3.0;
/// assert!((left.finish()?.value() - exact).abs() <= 1.0 / 512.0);
/// # Ok::<(), loss_core::sorted::SortedError>(())
/// ```
///
/// Berman et al., *The Lovász-Softmax loss*, 2018, for the loss; the bins are this crate's.
#[derive(Clone, Debug)]
#[must_use]
pub struct BinnedLovasz<const BINS: usize> {
    counts: Counts,
    foreground: [i64; BINS],
    background: [i64; BINS],
    first_rejected: Option<RejectedPixel>,
}

/// The number of counts of a binary loss, which has no labels to reject.
const COUNTS: usize = 5;

impl<const BINS: usize> BinnedLovasz<BINS> {
    /// The number of integers in the state: five counts (valid, ignored, rejected for input, target and weight), the
    /// foreground of each bin, the background of each bin.
    pub const STATE_LENGTH: usize = COUNTS + 2 * BINS;

    /// Makes empty bins.
    pub fn new() -> Self {
        const { assert!(BINS >= 1 && BINS <= 1 << 24) };
        Self { counts: Counts::default(), foreground: [0; BINS], background: [0; BINS], first_rejected: None }
    }

    /// Adds a pixel: `(error, target)` or `(error, target, weight)`, see [`Sample`].
    pub fn push(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into();
        match check(sample, UnitErrors::accepts) {
            Some(Ok(foreground)) => {
                self.counts.valid = self.counts.valid.wrapping_add(1);
                let bins = if foreground { &mut self.foreground } else { &mut self.background };
                if let Some(bin) = bins.get_mut(Self::bin(sample.input)) {
                    *bin = bin.wrapping_add(1);
                }
            }
            Some(Err(reason)) => self.counts.reject(reason, &mut self.first_rejected),
            None => self.counts.ignore(),
        }
    }

    /// Adds the pixels of slices.
    pub fn extend_plane<T: Target>(&mut self, plane: Plane<'_, T>) {
        plane.samples().for_each(|sample| self.push(sample));
    }

    /// Adds the pixels of other bins.
    pub fn merge(&mut self, other: &Self) {
        Sums::merge(self, other);
    }

    /// The number of pixels so far: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The foreground pixels by bin, smallest errors first.
    #[must_use]
    pub fn foreground(&self) -> &[i64; BINS] {
        &self.foreground
    }

    /// The background pixels by bin, smallest errors first.
    #[must_use]
    pub fn background(&self) -> &[i64; BINS] {
        &self.background
    }

    /// A hash of this loss and its number of bins; equal on every machine.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("binned_lovasz").number(BINS as f64);
        fingerprint.finish()
    }

    /// Passes the integers of the state to a function. States may be added element by element.
    pub fn for_each_of_state(&self, mut to: impl FnMut(i64)) {
        self.save(&mut to);
    }

    /// Makes bins of the pixels of a state, or of an element-wise sum of states.
    ///
    /// # Errors
    /// [`StateError`] if there are not [`STATE_LENGTH`](Self::STATE_LENGTH) integers, or if no pixels can produce one of them.
    pub fn from_state(state: impl IntoIterator<Item = i64>) -> Result<Self, StateError> {
        read_state(Self::new(), Self::STATE_LENGTH, state)
    }

    /// The result, if every pixel was in range.
    ///
    /// # Errors
    /// [`SortedError`] if there is no valid pixel, or if any was rejected.
    pub fn finish(&self) -> Result<FinishedBinnedLovasz<BINS>, SortedError> {
        SortedError::of_all(self.counts, self.first_rejected)?;
        self.finish_valid()
    }

    /// The result over the pixels that were in range; rejected pixels are left out.
    ///
    /// # Errors
    /// [`SortedError`] if there is no valid pixel.
    pub fn finish_valid(&self) -> Result<FinishedBinnedLovasz<BINS>, SortedError> {
        SortedError::of_valid(self.counts)?;
        let foreground = self.foreground.iter().fold(0i64, |sum, &count| sum.saturating_add(count)) as f64;
        let mut finished = FinishedBinnedLovasz { value: 0.0, counts: self.counts, slopes: [[0.0; 2]; BINS] };
        let mut extension = Extension::new(foreground);
        let bins = self.foreground.iter().zip(&self.background).zip(&mut finished.slopes).enumerate();
        for (k, ((&foreground_tied, &background_tied), slopes)) in bins.rev() {
            let centre = (k as f64 + 0.5) / BINS as f64;
            let group = extension.add(centre, foreground_tied as f64, background_tied as f64);
            *slopes = [group.slope(false), group.slope(true)];
        }
        finished.value = extension.value();
        Ok(finished)
    }

    /// ⌊e·B⌋, without rounding; the last bin includes e = 1.
    fn bin(error: f32) -> usize {
        ((f64::from(error) * BINS as f64) as usize).min(BINS - 1)
    }
}

impl<const BINS: usize> Default for BinnedLovasz<BINS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BINS: usize> PartialEq for BinnedLovasz<BINS> {
    fn eq(&self, other: &Self) -> bool {
        self.counts == other.counts && self.foreground == other.foreground && self.background == other.background
    }
}

impl<const BINS: usize> Sums for BinnedLovasz<BINS> {
    fn merge(&mut self, other: &Self) {
        let bins = self.foreground.iter_mut().chain(&mut self.background);
        let more = other.counts.each().into_iter().take(COUNTS).chain(other.foreground).chain(other.background);
        for (count, more) in self.counts.each_mut().into_iter().take(COUNTS).chain(bins).zip(more) {
            *count = add_counts(*count, more);
        }
        self.first_rejected = None;
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        let counts = self.counts.each().into_iter().take(COUNTS).chain(self.foreground).chain(self.background);
        counts.for_each(|count| to(count.min(MOST_PIXELS)));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        let bins = self.foreground.iter_mut().chain(&mut self.background);
        for count in self.counts.each_mut().into_iter().take(COUNTS).chain(bins) {
            *count = load_count(from)?;
        }
        self.first_rejected = None;
        Some(())
    }
}

impl<const BINS: usize> FixedSums for BinnedLovasz<BINS> {
    const LENGTH: usize = Self::STATE_LENGTH;
}

impl<const BINS: usize, S: Into<Sample>> Extend<S> for BinnedLovasz<BINS> {
    fn extend<I: IntoIterator<Item = S>>(&mut self, samples: I) {
        samples.into_iter().for_each(|sample| self.push(sample));
    }
}

/// A finished [`BinnedLovasz`] loss: its value, and its gradient for a second pass over the errors.
#[derive(Clone, Debug)]
#[must_use]
pub struct FinishedBinnedLovasz<const BINS: usize> {
    value: f64,
    counts: Counts,
    /// Indexed by bin, then background and foreground.
    slopes: [[f64; 2]; BINS],
}

impl<const BINS: usize> FinishedBinnedLovasz<BINS> {
    /// The loss, within [`ERROR_BOUND`](Self::ERROR_BOUND) of the exact one.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The error bound, 1/(2B).
    pub const ERROR_BOUND: f64 = 0.5 / BINS as f64;

    /// The number of pixels: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The gradient ∂L/∂e, for any pixel.
    pub fn gradient(&self) -> PixelGradient<impl Fn(Sample) -> f32 + '_> {
        self.gradient_times(1.0)
    }

    /// The gradient times an upstream factor.
    pub fn gradient_times(&self, upstream: f64) -> PixelGradient<impl Fn(Sample) -> f32 + '_> {
        PixelGradient::new(move |sample: Sample| {
            let Some(Ok(foreground)) = check(sample, UnitErrors::accepts) else { return 0.0 };
            let [of_background, of_foreground] =
                self.slopes.get(BinnedLovasz::<BINS>::bin(sample.input)).copied().unwrap_or_default();
            coefficient(upstream * if foreground { of_foreground } else { of_background })
        })
    }

    /// Writes ∂L/∂e of every pixel; 0 for an ignored or rejected pixel.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn write_gradient<T: Target>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        self.gradient().write(plane, gradient)
    }
}
