//! Rows of pixels from C.

use loss_core::class::{ClassPlane, Label, Layout};
use loss_core::extend::Target;
use loss_core::{Accumulator, Gradient, Logits, Loss, Plane};

use super::LOSS_MOST_CLASSES;
use super::memory::{AnyBits, Storage, check_disjoint, slice, slice_mut, value, value_mut};
use crate::status::LossStatus;

/// Pointers to logits, targets or labels, and optionally weights.
#[derive(Clone, Copy)]
pub(super) struct Row<T> {
    pub(super) logits: *const f32,
    pub(super) targets: *const T,
    /// NULL means that all weights are 1.
    pub(super) weights: *const f32,
    pub(super) length: usize,
}

impl<T: AnyBits> Row<T> {
    /// The number of logits, for pixels of several classes.
    pub(super) fn values(&self, classes: usize) -> Result<usize, LossStatus> {
        self.length.checked_mul(classes).ok_or(LossStatus::Length)
    }

    /// Checks that memory written while the row is read does not overlap it. A pixel has one logit, or one per class.
    pub(super) fn check_disjoint<V>(&self, classes: usize, to: *const V, length: usize) -> Result<(), LossStatus> {
        check_disjoint(self.logits, self.values(classes)?, to, length)?;
        check_disjoint(self.targets, self.length, to, length)?;
        if self.weights.is_null() { Ok(()) } else { check_disjoint(self.weights, self.length, to, length) }
    }

    /// # Safety
    /// That of `slice`, for each pointer.
    unsafe fn weights<'a>(&self) -> Result<Option<&'a [f32]>, LossStatus> {
        if self.weights.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller fulfils what `slice` requires.
        unsafe { slice(self.weights, self.length) }.map(Some)
    }

    /// # Safety
    /// That of `slice`, for each pointer.
    pub(super) unsafe fn plane<'a>(&self) -> Result<Plane<'a, T>, LossStatus>
    where
        T: Target,
    {
        // SAFETY: the caller fulfils what `slice` requires.
        let (logits, targets) = unsafe { (slice(self.logits, self.length)?, slice(self.targets, self.length)?) };
        let plane = Plane::new(logits, targets)?;
        // SAFETY: as above.
        Ok(match unsafe { self.weights() }? {
            Some(weights) => plane.with_weights(weights)?,
            None => plane,
        })
    }

    /// # Safety
    /// That of `slice`, for each pointer; a pixel has one logit per class.
    pub(super) unsafe fn class_plane<'a>(
        &self,
        classes: usize,
    ) -> Result<ClassPlane<'a, T, LOSS_MOST_CLASSES>, LossStatus>
    where
        T: Label,
    {
        let values = self.values(classes)?;
        // SAFETY: the caller fulfils what `slice` requires.
        let (logits, labels) = unsafe { (slice(self.logits, values)?, slice(self.targets, self.length)?) };
        let plane = ClassPlane::new(classes, Layout::Interleaved, logits, labels)?;
        // SAFETY: as above.
        Ok(match unsafe { self.weights() }? {
            Some(weights) => plane.with_weights(weights)?,
            None => plane,
        })
    }
}

/// Adds a row of a binary loss.
///
/// # Safety
/// That of `value_mut` and `slice`; the function checks that nothing overlaps.
pub(super) unsafe fn push_row<L: Loss, S: Storage<Value = Accumulator<L, Logits>>, T: AnyBits + Target>(
    accumulator: *mut S,
    row: Row<T>,
) -> Result<(), LossStatus> {
    row.check_disjoint(1, accumulator, 1)?;
    // SAFETY: the caller fulfils what `value_mut` and `plane` require; nothing overlaps.
    let (accumulator, plane) = unsafe { (value_mut(accumulator)?, row.plane()?) };
    accumulator.extend_plane(plane);
    Ok(())
}

/// Writes the gradient of a row of a binary loss.
///
/// # Safety
/// That of `value`, `slice` and `slice_mut`; the function checks that the slopes overlap nothing.
pub(super) unsafe fn gradient_row<L: Loss, S: Storage<Value = Gradient<L, Logits>>, T: AnyBits + Target>(
    gradient: *const S,
    row: Row<T>,
    slopes: *mut f32,
) -> Result<(), LossStatus> {
    row.check_disjoint(1, slopes, row.length)?;
    check_disjoint(gradient, 1, slopes, row.length)?;
    // SAFETY: the caller fulfils what `value`, `plane` and `slice_mut` require; the slopes overlap nothing.
    let (gradient, plane, slopes) = unsafe { (value(gradient)?, row.plane()?, slice_mut(slopes, row.length)?) };
    Ok(gradient.write(plane, slopes)?)
}
