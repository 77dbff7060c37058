//! Slices worked through by all cores, with `rayon`.
//!
//! Sums of integers do not depend on who adds them, so the bits are those of one thread, whatever the number of
//! threads.

use core::ops::Range;

use rayon::prelude::*;

use crate::accumulator::Accumulator;
use crate::arch::SimdLevel;
use crate::class::{ClassAccumulator, ClassGradient, ClassLoss, ClassPlane, ClassRows, Label};
use crate::error::LengthError;
use crate::finished::RejectedPixel;
use crate::gradient::Gradient;
use crate::link::Link;
use crate::loss::Loss;
use crate::pixel::Target;
use crate::plane::Plane;
use crate::sums::Sums;

/// How many pixels a thread takes at a time: many tiles, and little enough that no core is left alone at the end.
const PIECE: usize = 1 << 16;

/// What a piece, or several, come to: sums, and the first rejected pixel.
type Part<S> = (S, Option<RejectedPixel>);

/// Adds up the parts of some pixels, each of a stretch that begins after so many.
fn sum_of_parts<S: Sums + Send>(
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

/// The first rejected pixel of an accumulator that had seen so many pixels before a part came to it.
fn first_of_all(
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
    /// Adds the pixels of slices, with all threads of the current `rayon` pool.
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

impl<L, const C: usize> ClassAccumulator<L, C>
where
    L: ClassLoss<C, Sums: Send + Sync> + Send + Sync,
{
    /// Adds the pixels of slices, with all threads of the current `rayon` pool. A plane of another number of classes is rejected, pixel
    /// by pixel.
    pub fn par_extend_plane<T: Label + Sync>(&mut self, plane: ClassPlane<'_, T, C>) {
        let mut empty = self.clone();
        empty.reset();
        let part = |pixels: Range<usize>| {
            let mut part = empty.clone();
            part.extend_range(SimdLevel::best(), plane, pixels);
            (part.sums, part.first_rejected)
        };
        if let Some((sums, first)) = sum_of_parts(plane.pixels(), part) {
            self.first_rejected = first_of_all(self.first_rejected, self.counts().pixels(), first);
            self.sums.merge(&sums);
        }
    }
}

impl<L, const C: usize> ClassGradient<L, C>
where
    L: ClassLoss<C, Slope: Sync> + Sync,
{
    /// Writes the gradient of every pixel, in the layout of the plane, with all threads of the current `rayon` pool.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` is not as long as the plane's logits; nothing is written then.
    pub fn par_write<T: Label + Sync>(
        &self,
        plane: ClassPlane<'_, T, C>,
        gradient: &mut [f32],
    ) -> Result<(), LengthError> {
        plane.check_gradient(gradient.len())?;
        self.par_write_rows(plane, plane.rows_of(gradient));
        Ok(())
    }

    fn par_write_rows<T: Label + Sync>(&self, plane: ClassPlane<'_, T, C>, to: ClassRows<'_, C>) {
        let pixels = to.pixels().len();
        if pixels <= PIECE {
            return self.write_range(SimdLevel::best(), plane, to, false);
        }
        let (first, second) = to.split_at(pixels / 2);
        rayon::join(|| self.par_write_rows(plane, first), || self.par_write_rows(plane, second));
    }
}

impl<L, K> Gradient<L, K>
where
    L: Loss<Slope: Sync> + Sync,
    K: Link + Sync,
{
    /// Writes the gradient of every pixel, with all threads of the current `rayon` pool.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` is not as long as the plane; nothing is written then.
    pub fn par_write<T: Target + Sync>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        plane.check_length("the gradient", gradient.len())?;
        let pieces = gradient.par_chunks_mut(PIECE).enumerate();
        pieces.try_for_each(|(index, to)| self.write(plane.split_at(index * PIECE).1.split_at(to.len()).0, to))
    }
}
