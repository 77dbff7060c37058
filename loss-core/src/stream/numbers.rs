//! The pixels of a tile as `f32` numbers, and how they are loaded.

use crate::arch::{CACHE_LINE, prefetch};
use crate::input::plane::{Inputs, Plane, WeightsOf};
use crate::input::sample::Target;

/// The number of pixels in a tile.
pub(crate) const TILE: usize = 1024;

/// Room for a tile's pixels as numbers.
pub(crate) struct Numbers {
    inputs: [f32; TILE],
    targets: [f32; TILE],
    weights: [f32; TILE],
}

impl Numbers {
    pub(crate) fn new() -> Self {
        Self { inputs: [0.0; TILE], targets: [0.0; TILE], weights: [0.0; TILE] }
    }
}

/// A tile's pixels as numbers: slices of equal length.
#[derive(Clone, Copy)]
pub(crate) struct LoadedPlane<'a> {
    pub(crate) inputs: &'a [f32],
    pub(crate) targets: &'a [f32],
    /// `None` if all weights are 1.
    pub(crate) weights: Option<&'a [f32]>,
    /// Whether each target is 0 or 1, and there are no weights.
    pub(crate) hard: bool,
}

impl<'a, T: Target> Plane<'a, T> {
    /// Prefetches the targets.
    #[inline(always)]
    pub(crate) fn prefetch_targets(&self) {
        let line = (4 * CACHE_LINE / size_of::<T>().max(1)).max(1);
        for index in (0..TILE).step_by(line) {
            prefetch(self.targets, index);
        }
    }

    /// Converts the pixels to numbers, in their own slices or in buffers of the same length. Returns `None` if any pixel
    /// is out of range.
    ///
    /// An ignored pixel becomes a pixel in range with weight 0.
    #[inline(always)]
    pub(crate) fn numbers<'b>(&self, buffers: &'b mut Numbers) -> Option<LoadedPlane<'b>>
    where
        'a: 'b,
    {
        let length = self.len();
        let inputs = buffers.inputs.get_mut(..length)?;
        let (targets, weights) = (buffers.targets.get_mut(..length)?, buffers.weights.get_mut(..length)?);
        targets.iter_mut().zip(self.targets).for_each(|(to, target)| *to = target.to_f32());
        let (weights, ignored) = match self.weights.numbers(weights) {
            WeightsOf::OutOfRange => return None,
            WeightsOf::One => (None, None),
            WeightsOf::Positive => (Some(&*weights), None),
            WeightsOf::Numbers => (Some(&*weights), Some(&*weights)),
        };
        let inputs = match (self.inputs, ignored) {
            (Inputs::F32(inputs), None) => inputs,
            (other, _) => {
                other.copy_to(inputs);
                if let Some(weights) = ignored {
                    for ((input, target), &weight) in inputs.iter_mut().zip(&mut *targets).zip(weights) {
                        if weight == 0.0 {
                            (*input, *target) = (0.0, 0.0);
                        }
                    }
                }
                inputs
            }
        };
        // An ignored pixel may have an invalid target, which must not be read. So with weights the converted numbers are checked, and without them the targets, which are often narrower.
        let accept = |accept: fn(T) -> bool| self.targets.iter().fold(true, |all, &target| all & accept(target));
        let valid = match ignored {
            None => accept(T::is_valid),
            Some(_) => targets.iter().fold(true, |all, &target| all & f32::is_valid(target)),
        };
        let hard = weights.is_none() && accept(T::is_hard);
        valid.then_some(LoadedPlane { inputs, targets, weights, hard })
    }
}
