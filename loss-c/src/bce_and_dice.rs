//! BCE + Dice, stored as its parameters.

use loss_core::extend::{Batch, Fingerprint, Pixel, Real, Totals};
use loss_core::{Bce, Dice, Loss, Part, Pointwise, Reduced, Scaled, Sum};
use loss_core::{ParameterError, conventions::keras};

use crate::choices::coefficients;
use crate::status::LossStatus;

type Whole = Sum<Scaled<Reduced<Bce>>, Scaled<Dice>>;

/// `bce * Bce + dice * Dice` in the 32 bytes of its parameters; the sum of `loss_core` takes 88. This keeps the state of a
/// counting accumulator small. It has the bits and the fingerprint of that sum. Every call makes the sum again, and the compiler removes
/// most of that work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BceAndDice {
    bce: f64,
    dice: f64,
    smooth: f64,
    pointwise: Bce,
}

impl BceAndDice {
    pub(crate) fn new(bce: f64, pos_weight: f32, dice: f64, smooth: f64) -> Result<Self, LossStatus> {
        let _ = Dice::new(smooth)?; // `whole` makes it again
        let [bce, dice] = coefficients([bce, dice])?;
        Ok(Self { bce, dice, smooth, pointwise: Bce::new().pos_weight(pos_weight)? })
    }

    #[inline(always)]
    fn whole(&self) -> Whole {
        // `new` has checked that Dice accepts this smoothing, so the other branch is never taken. It exists because nothing may panic.
        let dice = Dice::new(self.smooth).unwrap_or_else(|_: ParameterError| keras::dice());
        self.pointwise.mean().times(self.bce).plus(dice.times(self.dice))
    }
}

impl Loss for BceAndDice {
    type Sums = <Whole as Loss>::Sums;
    type Slope = <Whole as Loss>::Slope;

    fn sums(&self) -> Self::Sums {
        self.whole().sums()
    }

    #[inline(always)]
    fn add<B: Batch>(&self, pixels: &B, sums: &mut Self::Sums) {
        self.whole().add(pixels, sums);
    }

    fn value(&self, totals: &Totals, sums: &Self::Sums) -> f64 {
        self.whole().value(totals, sums)
    }

    fn slope(&self, totals: &Totals, sums: &Self::Sums, factor: f64) -> Self::Slope {
        self.whole().slope(totals, sums, factor)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &Self::Slope, pixel: &Pixel<R>) -> R {
        self.whole().gradient(slope, pixel)
    }

    fn part_count(&self) -> usize {
        self.whole().part_count()
    }

    fn part(&self, index: usize, totals: &Totals, sums: &Self::Sums) -> Option<Part> {
        self.whole().part(index, totals, sums)
    }

    fn total_coefficient(&self) -> f64 {
        self.whole().total_coefficient()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        self.whole().fingerprint(fingerprint);
    }
}
