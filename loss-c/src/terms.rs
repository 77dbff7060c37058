//! A sum of losses whose number is known only at run time.

use loss_core::extend::{AnySlope, AnySums, Batch, Fingerprint, GradientPasses, Pixel, Real, Totals};
use loss_core::{AnyLoss, Loss, Part, Scaled};

/// The largest number of terms in a loss_any.
pub const LOSS_MOST_TERMS: usize = 4;

/// Up to four losses over the same pixels, like `[Scaled<AnyLoss>; N]` with N at run time. State and fingerprint are those of
/// the same sum of losses built from types.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms([Option<Scaled<AnyLoss>>; LOSS_MOST_TERMS]);

impl Terms {
    /// Makes the sum of these losses; `None` unless there are 1 to 4.
    pub fn new(losses: impl IntoIterator<Item = Scaled<AnyLoss>>) -> Option<Self> {
        let mut losses = losses.into_iter();
        let mut terms = [None; LOSS_MOST_TERMS];
        terms.iter_mut().for_each(|term| *term = losses.next());
        (terms.first()?.is_some() && losses.next().is_none()).then_some(Self(terms))
    }

    fn each(&self) -> impl Iterator<Item = &Scaled<AnyLoss>> + Clone {
        self.0.iter().flatten()
    }
}

impl Loss for Terms {
    type Sums = [Option<AnySums>; LOSS_MOST_TERMS];
    type Slope = [Option<AnySlope>; LOSS_MOST_TERMS];

    fn sums(&self) -> Self::Sums {
        self.0.map(|term| term.map(|loss| loss.sums()))
    }

    #[inline(always)]
    fn add<B: Batch>(&self, pixels: &B, sums: &mut Self::Sums) {
        self.each().zip(sums.iter_mut().flatten()).for_each(|(loss, sums)| loss.add(pixels, sums));
    }

    fn value(&self, totals: &Totals, sums: &Self::Sums) -> f64 {
        self.each().zip(sums.iter().flatten()).map(|(loss, sums)| loss.value(totals, sums)).sum()
    }

    fn slope(&self, totals: &Totals, sums: &Self::Sums, factor: f64) -> Self::Slope {
        let mut slopes = [None; LOSS_MOST_TERMS];
        for (slope, (loss, sums)) in slopes.iter_mut().zip(self.each().zip(sums.iter().flatten())) {
            *slope = Some(loss.slope(totals, sums, factor));
        }
        slopes
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slopes: &Self::Slope, pixel: &Pixel<R>) -> R {
        let mut terms = self.each().zip(slopes.iter().flatten());
        let Some((loss, slope)) = terms.next() else { return R::splat(0.0) };
        terms.fold(loss.gradient(slope, pixel), |sum, (loss, slope)| sum + loss.gradient(slope, pixel))
    }

    #[inline(always)]
    fn gradient_passes<P: GradientPasses>(&self, slopes: &Self::Slope, passes: P) {
        Scaled::sum_gradient_passes(self.each().zip(slopes.iter().flatten()), passes);
    }

    fn part_count(&self) -> usize {
        self.each().count()
    }

    fn part(&self, index: usize, totals: &Totals, sums: &Self::Sums) -> Option<Part> {
        let (loss, sums) = self.each().zip(sums.iter().flatten()).nth(index)?;
        loss.part(0, totals, sums)
    }

    fn total_coefficient(&self) -> f64 {
        self.each().map(Loss::total_coefficient).sum()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        self.each().for_each(|loss| fingerprint.loss(1.0, |fingerprint| loss.fingerprint(fingerprint)));
    }
}
