use core::marker::PhantomData;

use super::{Code, Histogram, Meaning, check_length};
use crate::error::LengthError;
use crate::fixed_point::{shift_for, to_q7, to_q15};
use crate::input::sample::Sample;

/// The gradient by the input for each code and target: a second pass is one look a pixel.
///
/// [`Histogram::gradient_table`] and [`FinishedHistogramLovasz::gradient`](crate::sorted::FinishedHistogramLovasz::gradient) make it. The gradient by
/// the code, ∂L/∂q, is scale times this. It takes 1 KiB for each level of the targets.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct GradientTable<C, const TARGETS: usize = 2> {
    /// Indexed by target, then by the bits of the code.
    slopes: [[f32; 256]; TARGETS],
    codes: PhantomData<C>,
}

impl<C: Code, const TARGETS: usize> GradientTable<C, TARGETS> {
    /// Makes it of a function that returns the slope for a target and the bits of a code.
    pub(crate) fn new(slope: impl Fn(usize, u8) -> f32) -> Self {
        let mut slopes = [[0.0; 256]; TARGETS];
        for (target, row) in (0..TARGETS).zip(&mut slopes) {
            row.iter_mut().zip(0..=u8::MAX).for_each(|(to, bits)| *to = slope(target, bits));
        }
        Self { slopes, codes: PhantomData }
    }

    /// The gradient of one pixel: 0 if its target is out of range.
    #[inline]
    pub fn at(&self, code: C, target: impl Into<u8>) -> f32 {
        let row = self.slopes.get(usize::from(target.into()));
        row.and_then(|row| row.get(usize::from(code.to_bits()))).copied().unwrap_or_default()
    }

    /// The same as q7 numbers, and the [shift](crate::fixed_point) that all of them share: g = q·2^−(7 + shift). 256 bytes for each level of the targets, by target and by the code's bits.
    #[must_use]
    pub fn to_q7(&self) -> ([[i8; 256]; TARGETS], i32) {
        let shift = self.shift();
        (self.slopes.map(|row| row.map(|slope| to_q7(slope, shift))), shift)
    }

    /// The same as q15 numbers: g = q·2^−(15 + shift). 512 bytes for each level of the targets.
    #[must_use]
    pub fn to_q15(&self) -> ([[i16; 256]; TARGETS], i32) {
        let shift = self.shift();
        (self.slopes.map(|row| row.map(|slope| to_q15(slope, shift))), shift)
    }

    fn shift(&self) -> i32 {
        let magnitudes = self.slopes.as_flattened().iter().map(|slope| f32::from_bits(slope.to_bits() & 0x7fff_ffff));
        shift_for(magnitudes.fold(0.0, |largest, magnitude| if magnitude > largest { magnitude } else { largest }))
    }

    /// Writes the gradient of every pixel.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ; nothing is written then.
    pub fn write<V: Copy + Into<u8>>(
        &self,
        codes: &[C],
        targets: &[V],
        gradient: &mut [f32],
    ) -> Result<(), LengthError> {
        check_length("the targets", targets.len(), codes.len())?;
        check_length("the gradient", gradient.len(), codes.len())?;
        for ((to, &code), &target) in gradient.iter_mut().zip(codes).zip(targets) {
            *to = self.at(code, target);
        }
        Ok(())
    }

    /// Writes the gradient of every pixel: 0 where the mask is `false`.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ; nothing is written then.
    pub fn write_masked<V: Copy + Into<u8>>(
        &self,
        codes: &[C],
        targets: &[V],
        valid: &[bool],
        gradient: &mut [f32],
    ) -> Result<(), LengthError> {
        check_length("the mask", valid.len(), codes.len())?;
        self.write(codes, targets, gradient)?;
        for (to, _) in gradient.iter_mut().zip(valid).filter(|(_, valid)| !**valid) {
            *to = 0.0;
        }
        Ok(())
    }
}

impl<C: Code, const TARGETS: usize, K: Meaning> Histogram<C, TARGETS, K> {
    /// Makes the gradient of each code and target from the gradient of a pixel of weight 1, [`Gradient::at`](crate::Gradient::at) or
    /// [`PixelGradient::at`](crate::sorted::PixelGradient::at), with the same bits.
    ///
    /// ```
    /// use loss_core::{Bce, Histogram, Pointwise, Quantisation};
    ///
    /// let (codes, mask) = ([0i8, -20], [true, false]);
    /// let mut histogram = Histogram::new(Quantisation::new(0.25, 0)?);
    /// histogram.extend_codes(&codes, &mask)?;
    /// let gradient = histogram.accumulator(&Bce::new().mean()).finish()?.gradient();
    ///
    /// let mut slopes = [0.0; 2];
    /// histogram.gradient_table(|pixel| gradient.at(pixel)).write(&codes, &mask, &mut slopes)?;
    /// assert_eq!(slopes, [-0.25, gradient.at((-5.0, false))]);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn gradient_table(&self, gradient: impl Fn(Sample) -> f32) -> GradientTable<C, TARGETS> {
        GradientTable::new(|target, bits| gradient(self.sample(target, bits)))
    }
}
