//! Slices worked through by all cores, with `rayon`.
//!
//! Sums of integers do not depend on who adds them, so the bits are those of one thread, whatever the number of
//! threads.

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

impl<T: Target> Plane<'_, T> {
    fn piece_count(&self) -> usize {
        self.len().div_ceil(PIECE)
    }

    fn piece(self, index: usize) -> Self {
        self.split_at(index * PIECE).1.split_at(PIECE).0
    }
}

impl<L, K> Accumulator<L, K>
where
    L: Loss<Sums: Send + Sync> + Send + Sync,
    K: Link + Send + Sync,
{
    /// Adds the pixels of slices, with all threads of the current `rayon` pool.
    pub fn par_extend_plane<T: Target + Sync>(&mut self, plane: Plane<'_, T>) {
        let empty = {
            let mut empty = self.clone();
            empty.reset();
            empty
        };
        let before = self.counts().pixels();
        let one = |index: usize| {
            let mut part = empty.clone();
            part.extend_plane(plane.piece(index));
            let before = before + (index * PIECE) as i64;
            let first = part.first_rejected.map(|first| RejectedPixel { index: before + first.index, ..first });
            (part.sums, first)
        };
        let both = |(mut sums, first): (_, Option<RejectedPixel>), (more, other): (_, Option<RejectedPixel>)| {
            Sums::merge(&mut sums, &more);
            (sums, first.into_iter().chain(other).min_by_key(|rejected| rejected.index))
        };
        if let Some((sums, first)) = (0..plane.piece_count()).into_par_iter().map(one).reduce_with(both) {
            self.sums.merge(&sums);
            self.first_rejected = self.first_rejected.or(first);
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
        let empty = {
            let mut empty = self.clone();
            empty.reset();
            empty
        };
        let before = self.counts().pixels();
        let one = |index: usize| {
            let mut part = empty.clone();
            let start = index * PIECE;
            part.extend_range(SimdLevel::best(), plane, start..plane.pixels().min(start + PIECE));
            let before = before + start as i64;
            let first = part.first_rejected().map(|first| RejectedPixel { index: before + first.index, ..first });
            (part, first)
        };
        let both = |(mut sums, first): (Self, Option<RejectedPixel>), (more, other): (Self, Option<RejectedPixel>)| {
            sums.add_sums(&more);
            (sums, first.into_iter().chain(other).min_by_key(|rejected| rejected.index))
        };
        let pieces = (0..plane.pixels().div_ceil(PIECE)).into_par_iter();
        if let Some((sums, first)) = pieces.map(one).reduce_with(both) {
            let first = self.first_rejected().or(first);
            self.add_sums(&sums);
            self.note_first_rejected(first);
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
        pieces.try_for_each(|(index, to)| self.write(plane.piece(index), to))
    }
}
