//! Rows of pixels, as C gives them.

use loss_core::class::{ClassPlane, Label, Layout};
use loss_core::extend::Target;
use loss_core::{Accumulator, Gradient, Logits, Loss, Plane};

use super::LOSS_MOST_CLASSES;
use super::memory::{AnyBits, Storage, check_disjoint, slice, slice_mut, value, value_mut};
use crate::status::LossStatus;

/// Pointers to logits, targets or labels, and perhaps weights.
#[derive(Clone, Copy)]
pub(super) struct Row<T> {
    pub(super) logits: *const f32,
    pub(super) targets: *const T,
    /// NULL: all are 1.
    pub(super) weights: *const f32,
    pub(super) length: usize,
}

impl<T: AnyBits> Row<T> {
    /// How many logits pixels of several classes have.
    pub(super) fn values(&self, classes: usize) -> Result<usize, LossStatus> {
        self.length.checked_mul(classes).ok_or(LossStatus::Length)
    }

    /// Checks that what is written while the row is read lies elsewhere. A pixel has as many logits as there are classes, or one.
    pub(super) fn check_disjoint<V>(&self, classes: usize, to: *const V, length: usize) -> Result<(), LossStatus> {
        check_disjoint(self.logits, self.values(classes)?, to, length)?;
        check_disjoint(self.targets, self.length, to, length)?;
        if self.weights.is_null() { Ok(()) } else { check_disjoint(self.weights, self.length, to, length) }
    }

    /// # Safety
    /// As of `slice`, for each pointer.
    unsafe fn weights<'a>(&self) -> Result<Option<&'a [f32]>, LossStatus> {
        if self.weights.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller promises what `slice` asks.
        unsafe { slice(self.weights, self.length) }.map(Some)
    }

    /// # Safety
    /// As of `slice`, for each pointer.
    pub(super) unsafe fn plane<'a>(&self) -> Result<Plane<'a, T>, LossStatus>
    where
        T: Target,
    {
        // SAFETY: the caller promises what `slice` asks.
        let (logits, targets) = unsafe { (slice(self.logits, self.length)?, slice(self.targets, self.length)?) };
        let plane = Plane::new(logits, targets)?;
        // SAFETY: as above.
        Ok(match unsafe { self.weights() }? {
            Some(weights) => plane.with_weights(weights)?,
            None => plane,
        })
    }

    /// # Safety
    /// As of `slice`, for each pointer; a pixel has as many logits as there are classes.
    pub(super) unsafe fn class_plane<'a>(
        &self,
        classes: usize,
    ) -> Result<ClassPlane<'a, T, LOSS_MOST_CLASSES>, LossStatus>
    where
        T: Label,
    {
        let values = self.values(classes)?;
        // SAFETY: the caller promises what `slice` asks.
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
/// As of `value_mut` and `slice`; that nothing overlaps is checked.
pub(super) unsafe fn push_row<L: Loss, S: Storage<Value = Accumulator<L, Logits>>, T: AnyBits + Target>(
    accumulator: *mut S,
    row: Row<T>,
) -> Result<(), LossStatus> {
    row.check_disjoint(1, accumulator, 1)?;
    // SAFETY: the caller promises what `value_mut` and `plane` ask; nothing overlaps.
    let (accumulator, plane) = unsafe { (value_mut(accumulator)?, row.plane()?) };
    accumulator.extend_plane(plane);
    Ok(())
}

/// Writes the gradient of a row of a binary loss.
///
/// # Safety
/// As of `value`, `slice` and `slice_mut`; that the slopes overlap nothing is checked.
pub(super) unsafe fn gradient_row<L: Loss, S: Storage<Value = Gradient<L, Logits>>, T: AnyBits + Target>(
    gradient: *const S,
    row: Row<T>,
    slopes: *mut f32,
) -> Result<(), LossStatus> {
    row.check_disjoint(1, slopes, row.length)?;
    check_disjoint(gradient, 1, slopes, row.length)?;
    // SAFETY: the caller promises what `value`, `plane` and `slice_mut` ask; the slopes overlap nothing.
    let (gradient, plane, slopes) = unsafe { (value(gradient)?, row.plane()?, slice_mut(slopes, row.length)?) };
    Ok(gradient.write(plane, slopes)?)
}
