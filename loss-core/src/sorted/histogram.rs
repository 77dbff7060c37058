use core::cmp::Reverse;
use core::marker::PhantomData;

use super::error::SortedError;
use super::jaccard::Extension;
use super::lovasz::{ErrorKind, UnitErrors};
use super::lovasz_hinge::HingeErrors;
use super::ranking::{key_of, number_of};
use crate::histogram::{Code, GradientTable, Histogram};
use crate::input::link::{Link, Logits};
use crate::input::pixel::Pixel;
use crate::number::finite::coefficient;
use crate::sums::counts::Counts;

impl<C: Code> Histogram<C> {
    /// The [`LovaszHinge`](crate::sorted::LovaszHinge) of the pixels, to the bit, without further memory.
    ///
    /// ```
    /// use loss_core::{Histogram, Quantisation};
    ///
    /// let mut histogram = Histogram::new(Quantisation::new(0.25, 0)?);
    /// histogram.extend_codes(&[8i8, -2, 1, -12], &[true, true, false, false])?;
    /// let finished = histogram.lovasz_hinge()?;
    /// assert!((finished.value() - (1.5 / 2.0 + 1.25 / 6.0)).abs() < 1e-12);
    /// assert_eq!(finished.gradient().at(-2, true), -0.5);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SortedError`] if there is no valid pixel, or if any was rejected.
    pub fn lovasz_hinge(&self) -> Result<FinishedHistogramLovasz<C>, SortedError> {
        lovasz::<HingeErrors, C>(self, |pixel, _| pixel.input, |_, _| 1.0)
    }

    /// The Lovász extension of the Jaccard loss over the errors of probabilities, e = |p − t|. It equals [`LovaszErrors`](crate::sorted::LovaszErrors) of 1 − p for
    /// foreground and p for background, to the bit. Lovász-Softmax of one class of two is the same.
    ///
    /// ∂L/∂z = −(2t−1)·p(1−p)·∂L/∂e.
    ///
    /// # Errors
    /// [`SortedError`] if there is no valid pixel, or if any was rejected.
    pub fn lovasz_sigmoid(&self) -> Result<FinishedHistogramLovasz<C>, SortedError> {
        let error = |pixel: &Pixel<f32>, foreground| if foreground { pixel.q } else { pixel.p };
        let slope = |pixel: &Pixel<f32>, foreground| f64::from(if foreground { -pixel.p_slope } else { pixel.p_slope });
        lovasz::<UnitErrors, C>(self, error, slope)
    }
}

/// A bin with its sorting key.
#[derive(Clone, Copy)]
struct Ranked {
    key: u32,
    bits: u8,
    foreground: bool,
}

/// Makes the loss. `input` returns the input of the errors, `slope` its derivative by the logit.
fn lovasz<E: ErrorKind, C: Code>(
    histogram: &Histogram<C>,
    input: impl Fn(&Pixel<f32>, bool) -> f32,
    slope: impl Fn(&Pixel<f32>, bool) -> f64,
) -> Result<FinishedHistogramLovasz<C>, SortedError> {
    let counts = histogram.counts();
    SortedError::of_all(counts, histogram.first_rejected())?;
    let pixel = |bits, foreground| {
        let sample = histogram.sample(usize::from(foreground), bits);
        Logits.pixel(sample.input, sample.target)
    };
    let count = |bits, foreground: bool| histogram.count(C::from_bits(bits), foreground);
    // Rounded probabilities may fall where the code rises, so the bins are sorted, not merged.
    let mut bins: [Ranked; 512] = core::array::from_fn(|i| {
        let (bits, foreground) = (i as u8, i >= 256);
        let key = key_of(E::rank(input(&pixel(bits, foreground), foreground), foreground));
        Ranked { key, bits, foreground }
    });
    bins.sort_unstable_by_key(|bin| Reverse(bin.key));

    let foreground = (0..=u8::MAX).fold(0u64, |sum, bits| sum.wrapping_add(count(bits, true)));
    let mut extension = Extension::new(foreground as f64);
    let mut slopes = [[0.0; 256]; 2];
    for tied in bins.chunk_by(|one, next| one.key == next.key) {
        let error = tied.first().map_or(0.0, |bin| E::error(number_of(bin.key)));
        let tied_of = |foreground| {
            let bins = tied.iter().filter(|bin| bin.foreground == foreground);
            bins.fold(0u64, |sum, bin| sum.wrapping_add(count(bin.bits, foreground))) as f64
        };
        let group = extension.add(error, tied_of(true), tied_of(false));
        for &Ranked { bits, foreground, .. } in tied.iter().filter(|_| error > 0.0) {
            if let Some(to) = slopes.get_mut(usize::from(foreground)).and_then(|row| row.get_mut(usize::from(bits))) {
                *to = E::slope(foreground) * slope(&pixel(bits, foreground), foreground) * group.slope(foreground);
            }
        }
    }
    let value = extension.value();
    Ok(FinishedHistogramLovasz { value, counts, has_foreground: foreground > 0, slopes, codes: PhantomData })
}

/// A finished Lovász loss of a [`Histogram`]: its value, and its gradient as a table.
#[derive(Clone, Debug)]
#[must_use]
pub struct FinishedHistogramLovasz<C> {
    value: f64,
    counts: Counts,
    has_foreground: bool,
    /// ∂L/∂z, indexed by target, then by the bits of the code.
    slopes: [[f64; 256]; 2],
    codes: PhantomData<C>,
}

impl<C: Code> FinishedHistogramLovasz<C> {
    /// The loss.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The number of pixels: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether there was any foreground; without it, the loss is the largest error.
    #[must_use]
    pub fn has_foreground(&self) -> bool {
        self.has_foreground
    }

    /// The gradient ∂L/∂z by the logit, for each code and target.
    pub fn gradient(&self) -> GradientTable<C> {
        self.gradient_times(1.0)
    }

    /// The gradient times an upstream factor.
    pub fn gradient_times(&self, upstream: f64) -> GradientTable<C> {
        GradientTable::new(|target, bits| {
            let slope = self.slopes.get(target).and_then(|row| row.get(usize::from(bits)));
            coefficient(upstream * slope.copied().unwrap_or_default())
        })
    }
}
