//! Slices on all cores, with `rayon`.
//!
//! Sums of integers do not depend on who adds them, so the bits equal those of one thread for any number of
//! threads.

use core::ops::Range;

use rayon::prelude::*;

use super::accumulator::Accumulator;
use super::finished::Gradient;
use crate::error::LengthError;
use crate::input::link::Link;
use crate::input::plane::Plane;
use crate::input::sample::Target;
use crate::loss::Loss;
use crate::sums::counts::RejectedPixel;
use crate::sums::state::Sums;

/// The number of pixels that a thread takes at a time: many tiles, but few enough that all cores end at about the same time.
pub(crate) const PIECE: usize = 1 << 16;

/// The result of a piece, or of several: sums, and the first rejected pixel.
pub(crate) type Part<S> = (S, Option<RejectedPixel>);

/// Adds up the parts of a range of pixels. The function is given the start and end of a stretch.
pub(crate) fn sum_of_parts<S: Sums + Send>(
    pixels: usize,
    part: impl Fn(Range<usize>) -> Part<S> + Send + Sync,
) -> Option<Part<S>> {
    let one = |index: usize| {
        let start = index * PIECE;
        let (sums, first) = part(start..pixels.min(start + PIECE));
        (sums, first.map(|first| RejectedPixel { index: start as i64 + first.index, ..first }))
    };
    let both = |(mut sums, first): Part<S>, (more, other): Part<S>| {
        sums.merge(&more);
        (sums, first.into_iter().chain(other).min_by_key(|rejected| rejected.index))
    };
    (0..pixels.div_ceil(PIECE)).into_par_iter().map(one).reduce_with(both)
}

/// The first rejected pixel of an accumulator that had already seen `before` pixels when a part is added.
pub(crate) fn first_of_all(
    own: Option<RejectedPixel>,
    before: i64,
    first_of_part: Option<RejectedPixel>,
) -> Option<RejectedPixel> {
    own.or(first_of_part.map(|first| RejectedPixel { index: before + first.index, ..first }))
}

impl<L, K> Accumulator<L, K>
where
    L: Loss<Sums: Send + Sync> + Send + Sync,
    K: Link + Send + Sync,
{
    /// Adds the pixels of slices with all threads of the current `rayon` pool.
    pub fn par_extend_plane<T: Target + Sync>(&mut self, plane: Plane<'_, T>) {
        let mut empty = self.clone();
        empty.reset();
        let part = |pixels: Range<usize>| {
            let mut part = empty.clone();
            part.extend_plane(plane.split_at(pixels.start).1.split_at(pixels.len()).0);
            (part.sums, part.first_rejected)
        };
        if let Some((sums, first)) = sum_of_parts(plane.len(), part) {
            self.first_rejected = first_of_all(self.first_rejected, self.counts().pixels(), first);
            self.sums.merge(&sums);
        }
    }
}

impl<L, K> Gradient<L, K>
where
    L: Loss<Slope: Sync> + Sync,
    K: Link + Sync,
{
    /// Writes the gradient of every pixel with all threads of the current `rayon` pool.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn par_write<T: Target + Sync>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        plane.check_length("the gradient", gradient.len())?;
        let pieces = gradient.par_chunks_mut(PIECE).enumerate();
        pieces.try_for_each(|(index, to)| self.write(plane.split_at(index * PIECE).1.split_at(to.len()).0, to))
    }
}
