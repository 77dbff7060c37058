//! Slices of several classes on all cores.

use core::ops::Range;

use super::accumulator::ClassAccumulator;
use super::finished::ClassGradient;
use super::gradient_rows::ClassRows;
use super::loss::ClassLoss;
use super::plane::ClassPlane;
use super::sample::Label;
use crate::arch::SimdLevel;
use crate::error::LengthError;
use crate::stream::parallel::{PIECE, first_of_all, sum_of_parts};
use crate::sums::state::Sums;

impl<L, const C: usize> ClassAccumulator<L, C>
where
    L: ClassLoss<C, Sums: Send + Sync> + Send + Sync,
{
    /// Adds the pixels of slices with all threads of the current `rayon` pool. If the plane has another number of classes, each pixel
    /// is rejected.
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
    /// [`LengthError`] if `gradient` and the plane's logits differ in length; nothing is written then.
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
