//! Pixels on their way into an accumulator.

use core::borrow::Borrow;
use core::mem;

use crate::input::link::Link;
use crate::input::sample::{Checked, Sample, Target};
use crate::loss::Loss;
use crate::sums::batch::OnePixel;
use crate::sums::counts::{Counts, RejectedPixel};
use crate::sums::shared::SharedSums;

/// Pixels on their way into an accumulator.
///
/// The values that every pixel reads are copied, and what all pixels count alike is counted once at the end. A microcontroller then keeps both in
/// registers.
pub(super) struct Run<'a, L: Loss, B: Borrow<L>, K: Link, C: SharedSums> {
    /// A copy of the loss, or for a single pixel a reference to it.
    loss: B,
    link: K,
    threshold: f32,
    /// The number of pixels that may still come before they must be counted.
    room: u32,
    /// The number of uncounted pixels whose weight has already been added.
    weighted: u32,
    sums: &'a mut (C, L::Sums),
    first_rejected: &'a mut Option<RejectedPixel>,
}

/// The largest number of uncounted pixels.
const ROOM: u32 = 1 << 16;

impl<'a, L: Loss, B: Borrow<L>, K: Link, C: SharedSums> Run<'a, L, B, K, C> {
    #[inline(always)]
    pub(super) fn new(
        loss: B,
        link: K,
        threshold: f32,
        sums: &'a mut (C, L::Sums),
        first_rejected: &'a mut Option<RejectedPixel>,
    ) -> Self {
        Self { loss, link, threshold, room: ROOM, weighted: 0, sums, first_rejected }
    }

    #[inline(always)]
    pub(super) fn push(&mut self, sample: Sample) {
        if !sample.is_valid(&self.link) {
            let (uncounted, (shared, _)) = (self.take_uncounted(), &mut *self.sums);
            let Sample { input, target, weight } = sample;
            return leave_out(shared, uncounted, self.first_rejected, &self.link, input, target, weight);
        }
        let pixel = self.link.pixel(sample.input, sample.target);
        let pixel = OnePixel { pixel: &pixel, weight: sample.weight };
        let (shared, own) = &mut *self.sums;
        if sample.weight == 1.0 && sample.target.is_hard() {
            shared.add_hard_pixels(&pixel, self.threshold);
        } else {
            shared.add_pixels(&pixel, self.threshold);
            self.weighted = self.weighted.wrapping_add(1);
        }
        if !K::NEVER_CERTAIN {
            shared.leave_traces(pixel.pixel, pixel.weight);
        }
        self.loss.borrow().add(&pixel, own);
        self.room = self.room.wrapping_sub(1);
        if self.room == 0 {
            let (uncounted, (shared, _)) = (self.take_uncounted(), &mut *self.sums);
            count_apart(shared, uncounted);
        }
    }

    /// The same, not inlined: for pixels that are converted one by one, beside a loop over others.
    #[inline(never)]
    pub(super) fn push_apart(&mut self, sample: Sample) {
        self.push(sample);
    }

    /// The number of uncounted pixels in the sums, and how many of them have added their weight.
    #[inline(always)]
    fn take_uncounted(&mut self) -> [u32; 2] {
        let valid = ROOM.wrapping_sub(mem::replace(&mut self.room, ROOM));
        [valid, mem::take(&mut self.weighted)]
    }
}

// Counts all pixels in the sums, even if the source of the pixels panics.
impl<L: Loss, B: Borrow<L>, K: Link, C: SharedSums> Drop for Run<'_, L, B, K, C> {
    #[inline(always)]
    fn drop(&mut self) {
        let (uncounted, (shared, _)) = (self.take_uncounted(), &mut *self.sums);
        count(shared, uncounted);
    }
}

#[inline(always)]
fn count(shared: &mut impl SharedSums, [valid, weighted]: [u32; 2]) {
    shared.add_unit_weights(valid.wrapping_sub(weighted));
    shared.count_pixels(|counts| counts.accept_many(valid.into(), 0));
}

// This function and the next stay out of the loop over valid pixels, which has few registers to spare on a microcontroller.
#[cold]
#[inline(never)]
fn count_apart(shared: &mut impl SharedSums, uncounted: [u32; 2]) {
    count(shared, uncounted);
}

#[cold]
#[inline(never)]
fn leave_out(
    shared: &mut impl SharedSums,
    uncounted: [u32; 2],
    first: &mut Option<RejectedPixel>,
    link: &impl Link,
    input: f32,
    target: f32,
    weight: f32,
) {
    count(shared, uncounted);
    match (Sample { input, target, weight }).check(link) {
        Checked::Valid | Checked::Ignored => shared.count_pixels(Counts::ignore),
        Checked::Rejected(reason) => shared.count_pixels(|counts| counts.reject(reason, first)),
    }
}
