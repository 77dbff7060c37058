//! A histogram of a quantised model's codes.

use loss_core::{Histogram, Quantisation};

use super::answer;
use super::functions::common_functions;
use super::memory::{
    check_disjoint, make, slice, slice_mut, storage, value, value_and_output, value_mut, value_mut_and_other,
};
use crate::results::LossCounts;
use crate::status::LossStatus;

/// The number of integers in the state of a loss_histogram.
pub const LOSS_HISTOGRAM_STATE: usize = 514;
const _: () = assert!(LOSS_HISTOGRAM_STATE == Histogram::<i8>::STATE_LENGTH);

storage! {
    /// The number of pixels with each code of an int8 model and each target: one increment per pixel. The logit of a code is scale * (code - zero point).
    LossHistogram: [i64; 518] holds Histogram<i8>
}

/// Initialises a histogram without pixels.
///
/// LOSS_STATUS_SCALE unless `scale` is in [2^-64, 2^64]; LOSS_STATUS_ZERO_POINT unless `zero_point` is in [-255, 255].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_histogram_init(histogram: *mut LossHistogram, scale: f32, zero_point: i32) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    answer(|| unsafe { make(histogram, || Ok(Histogram::new(Quantisation::new(scale, zero_point)?))) })
}

/// Adds a pixel: a code, and whether it is foreground.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_histogram_push(histogram: *mut LossHistogram, code: i8, foreground: bool) -> LossStatus {
    answer(|| {
        // SAFETY: the caller fulfils what the head of the header requires.
        unsafe { value_mut(histogram) }?.push(code, foreground);
        Ok(())
    })
}

/// Adds a row of `length` pixels. Targets are bytes, 0 or 1; pixels with other targets are left out and counted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_histogram_push_row(
    histogram: *mut LossHistogram,
    codes: *const i8,
    targets: *const u8,
    length: usize,
) -> LossStatus {
    answer(|| {
        check_disjoint(codes, length, histogram, 1)?;
        check_disjoint(targets, length, histogram, 1)?;
        // SAFETY: the caller fulfils what the head of the header requires, and the histogram overlaps nothing.
        let (histogram, codes, targets) =
            unsafe { (value_mut(histogram)?, slice(codes, length)?, slice(targets, length)?) };
        Ok(histogram.extend_codes(codes, targets)?)
    })
}

/// Counts pixels as ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_histogram_ignore(histogram: *mut LossHistogram, pixels: u32) -> LossStatus {
    answer(|| {
        // SAFETY: the caller fulfils what the head of the header requires.
        unsafe { value_mut(histogram) }?.ignore(pixels);
        Ok(())
    })
}

/// Writes the logit of a code, for use with a gradient.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_histogram_logit(
    histogram: *const LossHistogram,
    code: i8,
    logit: *mut f32,
) -> LossStatus {
    answer(|| {
        // SAFETY: the caller fulfils what the head of the header requires.
        let (histogram, logit) = unsafe { value_and_output(histogram, logit) }?;
        logit.write(histogram.quantisation().logit(code.into()));
        Ok(())
    })
}

common_functions! {
    LossHistogram: loss_histogram_merge, loss_histogram_reset, loss_histogram_counts, loss_histogram_write_state,
    loss_histogram_load_state, loss_histogram_fingerprint
}
