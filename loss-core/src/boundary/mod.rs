//! The boundary loss: probabilities weighed by a distance map.
//!
//! Make the map once for each mask, with [`distance::signed_distance_map`]. Then start with a [`BoundaryAccumulator`].

pub mod distance;

use crate::error::{LengthError, StateError};
use crate::facts::{Facts, Listed, Needs};
use crate::fingerprint::Fingerprint;
use crate::input::link::{Link, Logits};
use crate::input::plane::Plane;
use crate::input::sample::{Checked, Sample, Weight, masked};
use crate::number::finite::{coefficient, upstream_factor};
use crate::sums::counts::{Counts, RejectedPixel};
use crate::sums::error::FinishError;
use crate::sums::exact::{TermSum, UnitSum};
use crate::sums::state::{Sums, read_state, state_length};

/// A pixel of the boundary loss: an input, its signed distance to the mask's boundary, and its weight.
///
/// Tuples convert to it: `(input, distance)` and `(input, distance, weight)`. The weight is an `f32` (0, or in [2⁻³², 2³²]) or a `bool`
/// (`false`: ignored). In `(input, distance, weight, valid)` the weight counts where the pixel is valid, and is not read elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundarySample {
    /// The logit or the probability.
    pub input: f32,
    /// The signed distance φ in [−2³¹, 2³¹], negative inside the mask.
    pub distance: f32,
    /// The weight. A weight of 0 ignores the pixel, and nothing else of it is read.
    pub weight: f32,
}

impl From<(f32, f32)> for BoundarySample {
    #[inline(always)]
    fn from((input, distance): (f32, f32)) -> Self {
        Self { input, distance, weight: 1.0 }
    }
}

impl From<(&f32, &f32)> for BoundarySample {
    #[inline(always)]
    fn from((&input, &distance): (&f32, &f32)) -> Self {
        (input, distance).into()
    }
}

impl From<(f32, f32, f32, bool)> for BoundarySample {
    #[inline(always)]
    fn from((input, distance, weight, valid): (f32, f32, f32, bool)) -> Self {
        (input, distance, masked(valid, weight)).into()
    }
}

impl<W: Weight> From<(f32, f32, W)> for BoundarySample {
    #[inline(always)]
    fn from((input, distance, weight): (f32, f32, W)) -> Self {
        Self { input, distance, weight: weight.to_f32() }
    }
}

const FURTHEST: f32 = 2_147_483_648.0;

impl BoundarySample {
    /// Checks in the order of [`Sample`]: weight 0, input, distance, weight.
    #[inline(always)]
    fn check<K: Link>(&self, link: &K) -> Checked {
        let in_range = self.distance >= -FURTHEST && self.distance <= FURTHEST;
        let target = if in_range { 0.0 } else { f32::NAN };
        Sample { input: self.input, target, weight: self.weight }.check(link)
    }
}

/// The samples of a plane whose targets are distances.
fn samples<'a>(plane: &'a Plane<'_, f32>) -> impl Iterator<Item = BoundarySample> + 'a {
    plane.samples().map(|Sample { input, target, weight }| BoundarySample { input, distance: target, weight })
}

/// The running sums of the boundary loss over a stream of pixels.
///
/// L = Σ w φ p / Σ w, where φ is the signed distance to the mask's boundary: negative inside, positive outside. The loss pulls probability
/// towards the mask, and pulls harder at a larger distance.
///
/// ∂L/∂z = w φ p(1−p) / Σ w.
///
#[doc = include_str!("../../pictures/boundary.svg")]
///
/// φ comes in beside the inputs. [`distance::signed_distance_map`] makes it from a mask, once.
/// L is linear in p and has no target. It is smallest, and may be negative, when p is 1 on the mask and 0 elsewhere. The authors
/// add it to a region loss, with a coefficient that grows during training: add the two values, and the gradients with
/// [`BoundaryGradient::add`].
///
/// **Exactness.** That of an [`Accumulator`](crate::Accumulator): equal bits for any order and split, and states that add.
///
/// **Domain.** Any finite logit (or a probability, see [`with_link`](Self::with_link)), |φ| ≤ 2³¹, and the usual weights. A pixel out of
/// range is left out and counted by reason; a bad distance counts as `rejected_targets`. **Empty masks:** the map of an empty or full
/// mask is 0 everywhere, and so is the loss.
///
/// **Error bound.** Absolute error of L at most 3e−7·Σ w|φ|p / Σ w: terms of both signs cancel, their rounding errors do not. Relative error of
/// a gradient at most 6e−7, where p(1−p) ≥ 2⁻¹²⁶.
///
/// ```
/// use loss_core::boundary::BoundaryAccumulator;
/// use loss_core::Plane;
/// use loss_core::boundary::distance;
///
/// let mask = [false, false, true, true, true, false];
/// let (mut distances, mut scratch) = ([0.0; 6], [0; distance::scratch_length(6)]);
/// distance::signed_distance_map(&mask, 6, 1, &mut scratch, &mut distances)?;
/// assert_eq!(distances, [2.0, 1.0, 0.0, -1.0, 0.0, 1.0]);
///
/// let logits = [0.0; 6];
/// let mut sums = BoundaryAccumulator::new();
/// sums.extend_plane(Plane::new(&logits, &distances)?);
/// let finished = sums.finish()?;
/// assert_eq!(finished.value(), 0.5 * (2.0 + 1.0 - 1.0 + 1.0) / 6.0);
///
/// let mut gradient = [0.0; 6]; // or the gradient of a region loss, to add to
/// finished.gradient_times(0.01).add(Plane::new(&logits, &distances)?, &mut gradient)?;
/// assert!(gradient[0] > 0.0 && gradient[3] < 0.0);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Kervadec et al., *Boundary loss for highly unbalanced segmentation*, 2019; the authors' code takes the mean over pixels.
///
/// # State
///
/// The state consists of integers that add, like those of [`Accumulator`](crate::Accumulator#state): the [`Counts`] in the order of its fields, Σ w (4 digits)
/// and Σ w φ p (7 digits).
#[doc(alias = "boundary_loss")]
#[doc(alias = "BoundaryLoss")]
#[doc(alias = "surface_loss")]
#[doc(alias = "SurfaceLoss")]
#[derive(Clone, Debug)]
#[must_use]
pub struct BoundaryAccumulator<K: Link = Logits> {
    link: K,
    /// The counts, Σ w, and Σ w φ p.
    sums: (Counts, (UnitSum, TermSum)),
    first_rejected: Option<RejectedPixel>,
}

/// The number of integers at the start of the state that count pixels.
const COUNTS: usize = 6;

const EMPTY: (Counts, (UnitSum, TermSum)) = (Counts::NONE, (UnitSum::ZERO, TermSum::ZERO));

impl BoundaryAccumulator {
    /// Makes an accumulator of logits, without pixels.
    pub fn new() -> Self {
        Self::with_link(Logits)
    }
}

impl Default for BoundaryAccumulator {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Link> BoundaryAccumulator<K> {
    /// Makes an accumulator for a link: logits, or [`Probabilities`](crate::Probabilities). This loss takes no logarithm of them.
    pub fn with_link(link: K) -> Self {
        Self { link, sums: EMPTY, first_rejected: None }
    }

    /// Adds a pixel: `(input, distance)` or `(input, distance, weight)`, see [`BoundarySample`].
    ///
    /// A pixel out of range is left out of the sums and counted. Input, distance and weight are checked in this order.
    #[inline]
    pub fn push(&mut self, sample: impl Into<BoundarySample>) {
        let sample = sample.into();
        match sample.check(&self.link) {
            Checked::Valid => self.add(sample),
            Checked::Ignored => self.sums.0.ignore(),
            Checked::Rejected(reason) => self.sums.0.reject(reason, &mut self.first_rejected),
        }
    }

    #[inline(always)]
    fn add(&mut self, sample: BoundarySample) {
        let (counts, (weight, terms)) = &mut self.sums;
        weight.add(sample.weight);
        terms.add(sample.weight * (sample.distance * self.link.pixel(sample.input, 0.0f32).p));
        counts.accept();
    }

    /// Adds the pixels of slices. **The plane's targets are the distances.**
    pub fn extend_plane(&mut self, plane: Plane<'_, f32>) {
        samples(&plane).for_each(|sample| self.push(sample));
    }

    /// Adds the pixels of another accumulator.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`] if the links differ; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let (expected, given) = (self.fingerprint(), other.fingerprint());
        if expected != given {
            return Err(StateError::OtherLoss { expected, given });
        }
        self.sums.merge(&other.sums);
        // A position counts from the start of its own accumulator, and is meaningless after a merge.
        self.first_rejected = None;
        Ok(())
    }

    /// Forgets all pixels.
    pub fn reset(&mut self) {
        *self = Self::with_link(self.link.clone());
    }

    /// The number of pixels so far: valid, ignored and rejected.
    pub fn counts(&self) -> Counts {
        self.sums.0
    }

    /// The first rejected pixel, if this accumulator has seen one itself and has not been merged since. It is a diagnostic; state and
    /// equality leave it out. [`Reason::Target`](crate::Reason::Target) means a bad distance.
    pub fn first_rejected(&self) -> Option<RejectedPixel> {
        self.first_rejected
    }

    /// The result, if every pixel was in range.
    ///
    /// # Errors
    /// [`FinishError`] if there is no valid pixel, or if any was rejected. The accumulator is unchanged.
    pub fn finish(&self) -> Result<FinishedBoundary<K>, FinishError> {
        FinishError::of_all(self.counts(), self.first_rejected).and_then(|()| self.finish_valid())
    }

    /// The result over the pixels that were in range; rejected pixels are left out.
    ///
    /// # Errors
    /// [`FinishError`] if there is no valid pixel.
    pub fn finish_valid(&self) -> Result<FinishedBoundary<K>, FinishError> {
        let counts = self.counts();
        FinishError::of_valid(counts)?;
        // Pixels cannot saturate the sum, because |w φ p| ≤ 2⁶³, but a state can.
        FinishError::check(&self.sums, 1.0)?;
        let (weight, sum) = (self.sums.1.0.to_f64(), self.sums.1.1.to_f64());
        Ok(FinishedBoundary { link: self.link.clone(), counts, weight, sum })
    }

    /// A hash of the loss and the link; equal on every machine.
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("boundary");
        self.link.fingerprint(&mut fingerprint);
        fingerprint.finish()
    }

    /// Passes the integers of the [state](Self#state) to a function, in their normal form.
    pub fn for_each_of_state(&self, mut to: impl FnMut(i64)) {
        self.sums.save(&mut to);
    }

    /// The number of integers in the state.
    pub fn state_length(&self) -> usize {
        state_length(&self.sums)
    }

    /// Replaces all pixels by those of a [state](Self#state), or of an element-wise sum of up to 2²⁰ states.
    ///
    /// # Errors
    /// Those of [`Accumulator::load_state`](crate::Accumulator::load_state); nothing is changed then.
    pub fn load_state(&mut self, state: impl IntoIterator<Item = i64>) -> Result<(), StateError> {
        self.sums = read_state(EMPTY, COUNTS, state)?;
        self.first_rejected = None;
        Ok(())
    }
}

impl<K: Link, S: Into<BoundarySample>> Extend<S> for BoundaryAccumulator<K> {
    fn extend<I: IntoIterator<Item = S>>(&mut self, samples: I) {
        samples.into_iter().for_each(|sample| self.push(sample));
    }
}

/// Two accumulators are equal if they take the same inputs and hold the same sums.
impl<K: Link> PartialEq for BoundaryAccumulator<K> {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint() == other.fingerprint() && self.sums == other.sums
    }
}

/// A finished boundary loss: its value, and the gradient for a second pass over the pixels.
#[derive(Clone, Debug)]
#[must_use]
pub struct FinishedBoundary<K: Link = Logits> {
    link: K,
    counts: Counts,
    weight: f64,
    sum: f64,
}

impl<K: Link> FinishedBoundary<K> {
    /// The value of the loss: Σ w φ p / Σ w.
    pub fn value(&self) -> f64 {
        // A loaded state may have pixels without weight.
        if self.weight > 0.0 { self.sum / self.weight } else { 0.0 }
    }

    /// The sum Σ w φ p.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Σ w over the valid pixels.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The number of pixels: valid, ignored and rejected.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The gradient ∂L/∂x, for any pixel.
    pub fn gradient(&self) -> BoundaryGradient<K> {
        self.gradient_times(1.0)
    }

    /// The gradient times an upstream factor, as in [`Gradient`](crate::Gradient).
    pub fn gradient_times(&self, upstream: f64) -> BoundaryGradient<K> {
        BoundaryGradient { link: self.link.clone(), slope: coefficient(upstream_factor(upstream) / self.weight) }
    }
}

/// The gradient of the boundary loss, times an upstream factor: w φ p(1−p) / Σ w for a logit, w φ / Σ w for a probability.
///
/// Ignored and rejected pixels have gradient 0.
#[derive(Clone, Debug)]
#[must_use]
pub struct BoundaryGradient<K: Link = Logits> {
    link: K,
    slope: f32,
}

impl<K: Link> BoundaryGradient<K> {
    /// The gradient of one pixel.
    #[inline]
    pub fn at(&self, sample: impl Into<BoundarySample>) -> f32 {
        let sample = sample.into();
        match sample.check(&self.link) {
            Checked::Valid => {
                let p_slope = self.link.pixel(sample.input, 0.0f32).p_slope;
                sample.weight * (self.slope * (sample.distance * p_slope))
            }
            Checked::Ignored | Checked::Rejected(_) => 0.0,
        }
    }

    /// Writes the gradient of every pixel. The plane's targets are the distances.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn write(&self, plane: Plane<'_, f32>, gradient: &mut [f32]) -> Result<(), LengthError> {
        plane.check_length("the gradient", gradient.len())?;
        for (value, sample) in gradient.iter_mut().zip(samples(&plane)) {
            *value = self.at(sample);
        }
        Ok(())
    }

    /// Adds the gradient of every pixel to the numbers in `gradient`. The plane's targets are the distances.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn add(&self, plane: Plane<'_, f32>, gradient: &mut [f32]) -> Result<(), LengthError> {
        plane.check_length("the gradient", gradient.len())?;
        for (value, sample) in gradient.iter_mut().zip(samples(&plane)) {
            *value += self.at(sample);
        }
        Ok(())
    }
}

impl<K: Link> Listed for BoundaryAccumulator<K> {
    const FACTS: Facts = Facts {
        name: "boundary",
        aliases: &["boundary_loss", "surface", "surface_loss"],
        needs: Needs::DistanceMap,
        formula: "Σ w φ p / Σ w,  φ the signed distance to the mask's boundary, negative inside",
        description: "Boundary loss: pulls probability towards the mask, and pulls harder at a larger distance.",
        source: "Kervadec et al., Boundary loss for highly unbalanced segmentation, 2019",
        page: "boundary::BoundaryAccumulator",
        ..Facts::NONE
    };
}
