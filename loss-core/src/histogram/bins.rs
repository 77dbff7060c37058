use super::{Code, Histogram, Meaning};
use crate::error::ParameterError;
use crate::input::link::{Logits, Probabilities};
use crate::loss::Loss;
use crate::stream::accumulator::Accumulator;
use crate::sums::batch::{Batch, Terms, sealed};
use crate::sums::counts::RejectedPixel;
use crate::sums::exact::ExactSum;
use crate::sums::shared::sealed::SharedSums as _;
use crate::sums::state::Sums;

/// The valid pixels of a histogram.
struct Bins<'a, C, const TARGETS: usize, K>(&'a Histogram<C, TARGETS, K>, &'a K);

impl<C, const TARGETS: usize, K> sealed::Batch for Bins<'_, C, TARGETS, K> {}

impl<C: Code, const TARGETS: usize, K: Meaning> Batch for Bins<'_, C, TARGETS, K> {
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        for (sample, times) in self.0.bins() {
            let pixel = self.1.pixel(sample.input, sample.target);
            sums.iter_mut().zip(terms.terms(&pixel, sample.weight)).for_each(|(sum, term)| sum.add_times(term, times));
        }
    }
}

impl<C: Code, const TARGETS: usize> Histogram<C, TARGETS> {
    /// The sums of a loss over all pixels. They equal those of pushing each pixel, to the bit.
    pub fn accumulator<L: Loss>(&self, loss: &L) -> Accumulator<L, Logits> {
        let mut accumulator = loss.accumulator();
        accumulator.extend_histogram(self);
        accumulator
    }
}

impl<C: Code, const TARGETS: usize> Histogram<C, TARGETS, Probabilities> {
    /// The sums of a loss over all pixels: the same as if each had been pushed, to the bit.
    ///
    /// # Errors
    /// [`ParameterError`] if the clip ε of logarithms is out of range, see [`Probabilities::new`].
    pub fn probability_accumulator<L: Loss>(
        &self,
        loss: &L,
        epsilon: f32,
    ) -> Result<Accumulator<L, Probabilities>, ParameterError> {
        let mut accumulator = loss.probability_accumulator(epsilon)?;
        accumulator.extend_histogram(self);
        Ok(accumulator)
    }
}

impl<L: Loss, K: Meaning> Accumulator<L, K> {
    /// Adds the pixels that a histogram of the same kind of inputs has counted: the sums are those of the pixels one by one.
    pub fn extend_histogram<C: Code, const TARGETS: usize>(&mut self, histogram: &Histogram<C, TARGETS, K>) {
        let (shared, own) = &mut self.sums;
        if let Some(RejectedPixel { index, reason }) = histogram.first_rejected() {
            let index = index.wrapping_add(shared.counts().pixels());
            self.first_rejected.get_or_insert(RejectedPixel { index, reason });
        }
        let bins = Bins(histogram, &self.link);
        shared.add(&bins, self.threshold_input);
        self.loss.add(&bins, own);
        shared.count_pixels(|counts| counts.merge(&histogram.counts()));
    }
}
