use super::{Code, Histogram};
use crate::input::link::{Link, Logits};
use crate::loss::Loss;
use crate::stream::accumulator::Accumulator;
use crate::sums::batch::{Batch, Terms, sealed};
use crate::sums::counts::RejectedPixel;
use crate::sums::exact::ExactSum;
use crate::sums::shared::sealed::SharedSums as _;
use crate::sums::state::Sums;

/// The valid pixels of a histogram.
struct Bins<'a, C, const TARGETS: usize>(&'a Histogram<C, TARGETS>);

impl<C, const TARGETS: usize> sealed::Batch for Bins<'_, C, TARGETS> {}

impl<C: Code, const TARGETS: usize> Batch for Bins<'_, C, TARGETS> {
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        for (sample, times) in self.0.bins() {
            let pixel = Logits.pixel(sample.input, sample.target);
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

impl<L: Loss> Accumulator<L, Logits> {
    /// Adds the pixels that a histogram has counted. The sums equal those of pushing each pixel, to the bit.
    pub fn extend_histogram<C: Code, const TARGETS: usize>(&mut self, histogram: &Histogram<C, TARGETS>) {
        let (shared, own) = &mut self.sums;
        if let Some(RejectedPixel { index, reason }) = histogram.first_rejected() {
            let index = index.wrapping_add(shared.counts().pixels());
            self.first_rejected.get_or_insert(RejectedPixel { index, reason });
        }
        let bins = Bins(histogram);
        shared.add(&bins, self.threshold_input);
        self.loss.add(&bins, own);
        shared.count_pixels(|counts| counts.merge(&histogram.counts()));
    }
}
