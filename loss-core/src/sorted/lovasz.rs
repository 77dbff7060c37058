use core::marker::PhantomData;

use super::error::SortedError;
use super::gradient::PixelGradient;
use super::ranking::{Filled, Ranks, key_of, number_of};
use crate::error::LengthError;
use crate::input::plane::Plane;
use crate::input::sample::{Reason, Sample, Target};
use crate::number::finite::coefficient;
use crate::sums::counts::{Counts, RejectedPixel};

/// The exact Lovász extension of the Jaccard loss, from one error per pixel.
///
/// Sort the pixels by falling error e. Let G be the foreground, a the foreground among the first i pixels and b the background
/// among them:
///
/// L = Σ max(eᵢ, 0)·(Jᵢ − Jᵢ₋₁), where Jᵢ = 1 − (G − a)/(G + b).
///
/// ∂L/∂eᵢ = Jᵢ − Jᵢ₋₁ for eᵢ > 0, else 0.
///
/// [`ErrorKind`] defines a pixel's error: 1 − z(2t−1) of a logit in [`LovaszHinge`](crate::sorted::LovaszHinge), the input itself in
/// [`LovaszErrors`]. For the loss of C classes see [`LovaszSoftmax`](crate::sorted::LovaszSoftmax).
///
/// **Memory.** The caller lends one `u32` for each valid pixel; no index is kept. The pixels may come in any order and in any
/// number of pieces: value and gradient have the same bits. Sorting takes O(n log n), the gradient of a pixel O(log n).
///
/// **Ties.** The value does not depend on the order of equal errors. Their slopes do, so each gets the mean of two orders: foreground first, and
/// background first. These slopes depend only on counts, add up to the group's share, and are a
/// subgradient.
///
/// **Domain.** Targets 0 and 1, weights 0 (ignored: nothing else of the pixel is read) and 1. Other pixels are rejected and counted,
/// and are an error at [`finish`](Self::finish). **Without any foreground** Jᵢ is 1 from the first pixel on, so L is the largest error or
/// 0, and only the pixels with that error have a gradient, as in Berman's code. Each step then pulls down a single pixel.
/// If you do not want that, leave images without foreground out.
///
/// **Error bound.** The order and the counts are exact. Given the errors, the relative error of L is at most 2⁻⁵⁰, and that of a slope 2⁻⁵⁰ before it is rounded to
/// `f32`.
///
/// ```
/// use loss_core::sorted::LovaszErrors;
///
/// let mut scratch = [0; 4];
/// let mut pixels = LovaszErrors::new(&mut scratch);
/// pixels.extend([(0.9, false), (0.5, true), (0.25, true), (0.0, false)]);
/// let finished = pixels.finish()?;
/// // J = 1/3, 2/3, 1, 1
/// assert!((finished.value() - (0.9 + 0.5 + 0.25) / 3.0).abs() < 1e-8);
/// assert_eq!(finished.gradient().at((0.5, true)), 1.0 / 3.0);
/// # Ok::<(), loss_core::sorted::SortedError>(())
/// ```
///
/// Berman, Triki and Blaschko, *The Lovász-Softmax loss: a tractable surrogate for the optimization of the
/// intersection-over-union measure in neural networks*, 2018.
#[derive(Debug)]
#[must_use]
pub struct Lovasz<'a, E> {
    scratch: &'a mut [u32],
    filled: Filled,
    counts: Counts,
    first_rejected: Option<RejectedPixel>,
    kind: PhantomData<E>,
}

/// The [`Lovasz`] extension of errors computed elsewhere: each sample's input is its error, in [0, 1].
pub type LovaszErrors<'a> = Lovasz<'a, UnitErrors>;

/// The error of a pixel: a rising function of an `f32` that follows from input and target without rounding.
pub trait ErrorKind {
    /// Whether the error is defined for this input.
    fn accepts(input: f32) -> bool;

    /// The rank, which the error rises with: an exact function of the input.
    fn rank(input: f32, foreground: bool) -> f32;

    /// The error of a rank.
    fn error(rank: f32) -> f64;

    /// The derivative of the error by the input, where the error is positive.
    fn slope(foreground: bool) -> f64;
}

/// The errors of [`LovaszErrors`]: the input is the error, in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitErrors {}

impl ErrorKind for UnitErrors {
    fn accepts(input: f32) -> bool {
        (0.0..=1.0).contains(&input)
    }

    fn rank(input: f32, _: bool) -> f32 {
        input
    }

    fn error(rank: f32) -> f64 {
        f64::from(rank)
    }

    fn slope(_: bool) -> f64 {
        1.0
    }
}

/// Checks a sample of a loss that takes hard targets and only the weights 0 and 1. `None` means ignored.
pub(super) fn check(sample: Sample, accepts: impl Fn(f32) -> bool) -> Option<Result<bool, Reason>> {
    let Sample { input, target, weight } = sample;
    if weight == 0.0 {
        None
    } else if !accepts(input) {
        Some(Err(Reason::Input))
    } else if target != 0.0 && target != 1.0 {
        Some(Err(Reason::Target))
    } else if weight != 1.0 {
        Some(Err(Reason::Weight))
    } else {
        Some(Ok(target == 1.0))
    }
}

impl<'a, E: ErrorKind> Lovasz<'a, E> {
    /// Makes the loss without pixels, with memory for as many as the scratch is long.
    pub fn new(scratch: &'a mut [u32]) -> Self {
        Self { scratch, filled: Filled::default(), counts: Counts::default(), first_rejected: None, kind: PhantomData }
    }

    /// Adds a pixel: `(input, target)` or `(input, target, weight)`, see [`Sample`].
    pub fn push(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into();
        match check(sample, E::accepts) {
            Some(Ok(foreground)) => {
                self.counts.valid += 1;
                let key = key_of(E::rank(sample.input, foreground));
                self.filled.push(self.scratch, key, foreground);
            }
            Some(Err(reason)) => self.counts.reject(reason, &mut self.first_rejected),
            None => self.counts.ignore(),
        }
    }

    /// Adds the pixels of slices.
    pub fn extend_plane<T: Target>(&mut self, plane: Plane<'_, T>) {
        plane.samples().for_each(|sample| self.push(sample));
    }

    /// The number of pixels so far: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Forgets all pixels.
    pub fn reset(&mut self) {
        (self.filled, self.counts, self.first_rejected) = (Filled::default(), Counts::default(), None);
    }

    /// The result, if every pixel was in range. You may add more pixels afterwards.
    ///
    /// # Errors
    /// [`SortedError`] if there is no valid pixel, if any was rejected, or if the scratch is too small.
    pub fn finish(&mut self) -> Result<FinishedLovasz<'_, E>, SortedError> {
        SortedError::of_all(self.counts, self.first_rejected)?;
        self.finish_valid()
    }

    /// The result over the pixels that were in range; rejected pixels are left out.
    ///
    /// # Errors
    /// [`SortedError`] if there is no valid pixel, or if the scratch is too small.
    pub fn finish_valid(&mut self) -> Result<FinishedLovasz<'_, E>, SortedError> {
        SortedError::of_valid(self.counts)?;
        let (needed, given) = (self.counts.valid.unsigned_abs(), self.scratch.len() as u64);
        if needed > given {
            return Err(SortedError::Scratch { needed, given });
        }
        let counts = self.counts;
        let ranks = self.filled.ranks(self.scratch);
        let value = ranks.value(|key| E::error(number_of(key)));
        Ok(FinishedLovasz { ranks, value, counts, kind: PhantomData })
    }
}

impl<E: ErrorKind, S: Into<Sample>> Extend<S> for Lovasz<'_, E> {
    fn extend<I: IntoIterator<Item = S>>(&mut self, samples: I) {
        samples.into_iter().for_each(|sample| self.push(sample));
    }
}

/// A finished [`Lovasz`] loss: its value, and its gradient for a second pass over the pixels.
#[derive(Clone, Debug)]
#[must_use]
pub struct FinishedLovasz<'s, E> {
    ranks: Ranks<'s, u32>,
    value: f64,
    counts: Counts,
    kind: PhantomData<E>,
}

impl<E: ErrorKind> FinishedLovasz<'_, E> {
    /// The value of the loss.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The number of pixels: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether there was any foreground; without it, the loss is the largest error.
    #[must_use]
    pub fn has_foreground(&self) -> bool {
        self.ranks.has_foreground()
    }

    /// The gradient ∂L/∂x by the input, for any pixel.
    pub fn gradient(&self) -> PixelGradient<impl Fn(Sample) -> f32 + '_> {
        self.gradient_times(1.0)
    }

    /// The gradient times an upstream factor.
    pub fn gradient_times(&self, upstream: f64) -> PixelGradient<impl Fn(Sample) -> f32 + '_> {
        PixelGradient::new(move |sample: Sample| {
            let Some(Ok(foreground)) = check(sample, E::accepts) else { return 0.0 };
            let rank = E::rank(sample.input, foreground);
            if E::error(rank) <= 0.0 {
                return 0.0;
            }
            coefficient(upstream * E::slope(foreground) * self.ranks.slope(key_of(rank), foreground))
        })
    }

    /// Writes ∂L/∂x of every pixel; 0 for an ignored or rejected pixel.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn write_gradient<T: Target>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        self.gradient().write(plane, gradient)
    }
}
