use core::marker::PhantomData;

use super::error::SortedError;
use super::gradient::PixelGradient;
use super::ranking::{Filled, Ranks, key_of, number_of};
use crate::error::LengthError;
use crate::input::plane::Plane;
use crate::input::sample::{Reason, Sample, Target};
use crate::number::finite::coefficient;
use crate::sums::counts::{Counts, RejectedPixel};

/// The Lovász extension of the Jaccard loss, exactly, of one error a pixel.
///
/// With the pixels in order of falling errors e, and G, a and b the foreground, its part in the first i pixels and the background
/// in the first i:
///
/// L = Σ max(eᵢ, 0)·(Jᵢ − Jᵢ₋₁), Jᵢ = 1 − (G − a)/(G + b).
///
/// ∂L/∂eᵢ = Jᵢ − Jᵢ₋₁ for eᵢ > 0, else 0.
///
/// What an error is says the [`ErrorKind`]: 1 − z(2t−1) of a logit in [`LovaszHinge`](crate::sorted::LovaszHinge), the input itself in
/// [`LovaszErrors`]. [`LovaszSoftmax`](crate::sorted::LovaszSoftmax) is the loss of C classes.
///
/// **Memory.** One `u32` for each valid pixel, lent by the caller; no index is kept. The pixels may come in any order and in any
/// number of pieces: value and gradient have the same bits. Sorting takes O(n log n), the gradient of a pixel O(log n).
///
/// **Ties.** The value does not depend on the order of equal errors. Their slopes do, so each gets the mean of two orders, that with the
/// foreground first and that with the background first. This depends on counts alone, adds up to the group's share, and is a
/// subgradient.
///
/// **Domain.** Targets 0 and 1, weights 0 (ignored: nothing else of the pixel is looked at) and 1; other pixels are rejected, counted,
/// and an error at [`finish`](Self::finish). **No foreground at all:** Jᵢ is 1 from the first pixel on, so L is the largest error or
/// 0, and its gradient stays with the pixels that have it. This is what Berman's code does; it pulls down a single pixel at a time.
/// Leave images without foreground out if that is not wanted.
///
/// **Error bound.** The order is exact, and so are the counts; relative error of L at most 2⁻⁵⁰, of a slope 2⁻⁵⁰ before it is rounded to
/// `f32` (given the errors).
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

/// The [`Lovasz`] extension of errors that were computed elsewhere, each in [0, 1]: the samples' inputs.
pub type LovaszErrors<'a> = Lovasz<'a, UnitErrors>;

/// What the error of a pixel is: a rising function of an `f32` that is made from input and target without rounding.
pub trait ErrorKind {
    /// Whether the input is one that this error is defined for.
    fn accepts(input: f32) -> bool;

    /// What the error rises with, an exact function of the input.
    fn rank(input: f32, foreground: bool) -> f32;

    /// The error by its rank.
    fn error(rank: f32) -> f64;

    /// The error's derivative by the input, where the error is positive.
    fn slope(foreground: bool) -> f64;
}

/// The input is the error, in [0, 1].
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

/// Looks at a sample of a loss that takes hard targets and no weights but 0 and 1. `None`: it is ignored.
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
    /// No pixels yet, and memory for as many as the scratch is long.
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

    /// How many pixels there were so far, and what became of them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Forgets all pixels.
    pub fn reset(&mut self) {
        (self.filled, self.counts, self.first_rejected) = (Filled::default(), Counts::default(), None);
    }

    /// The result, if every pixel was in range. More pixels may be added afterwards.
    ///
    /// # Errors
    /// [`SortedError`] if there is no (valid) pixel, if any was rejected, or if the scratch is too small.
    pub fn finish(&mut self) -> Result<FinishedLovasz<'_, E>, SortedError> {
        SortedError::of_all(self.counts, self.first_rejected)?;
        self.finish_valid()
    }

    /// The result over the pixels that were in range.
    ///
    /// # Errors
    /// [`SortedError`] if there is none, or if the scratch is too small.
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
    /// The loss.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// How many pixels there were, and what became of them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether there was any foreground; without, the loss is the largest error.
    #[must_use]
    pub fn has_foreground(&self) -> bool {
        self.ranks.has_foreground()
    }

    /// The gradient ∂L/∂x, x being the input, ready to be taken at any pixel.
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

    /// Writes ∂L/∂x of every pixel: 0 where a pixel was ignored or rejected.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` is not as long as the plane; nothing is written then.
    pub fn write_gradient<T: Target>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        self.gradient().write(plane, gradient)
    }
}
