//! The functions that several objects share, written once. cbindgen reads them as the compiler expands them.

/// The functions of every object with pixels.
macro_rules! common_functions {
    ($object:ident: $merge:ident, $reset:ident, $counts:ident, $write_state:ident, $load_state:ident, $fingerprint:ident) => {
        /// Adds the pixels of `other` to those of `object`. The sums equal, to the bit, those of one object that has seen all of them.
        ///
        /// LOSS_STATUS_OTHER_LOSS if the two were initialised with different parameters; LOSS_STATUS_OVERLAP if they are the same object.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $merge(object: *mut $object, other: *const $object) -> LossStatus {
            answer(|| {
                // SAFETY: the caller fulfils what the head of the header requires.
                let (object, other) = unsafe { value_mut_and_other(object, other) }?;
                Ok(object.merge(other)?)
            })
        }

        /// Forgets all pixels and keeps the parameters.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $reset(object: *mut $object) -> LossStatus {
            answer(|| {
                // SAFETY: the caller fulfils what the head of the header requires.
                unsafe { value_mut(object) }?.reset();
                Ok(())
            })
        }

        /// Writes the number of pixels so far: valid, ignored and rejected.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $counts(object: *const $object, counts: *mut LossCounts) -> LossStatus {
            answer(|| {
                // SAFETY: the caller fulfils what the head of the header requires.
                let (object, counts) = unsafe { value_and_output(object, counts) }?;
                counts.write(object.counts().into());
                Ok(())
            })
        }

        /// Writes the sums as `length` integers. `length` must equal the constant or function whose name ends in STATE or state_length,
        /// otherwise LOSS_STATUS_LENGTH.
        ///
        /// States add: the element-wise sum of up to 2^20 states is a state of all their pixels. A state holds no parameters: send the
        /// fingerprint and LOSS_STATE_VERSION with it.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $write_state(object: *const $object, state: *mut i64, length: usize) -> LossStatus {
            answer(|| {
                check_disjoint(object, 1, state, length)?;
                // SAFETY: the caller fulfils what the head of the header requires, and the two do not overlap.
                let (object, state) = unsafe { (value(object)?, slice_mut(state, length)?) };
                Ok(object.write_state(state)?)
            })
        }

        /// Replaces all pixels by those of a state of an object with equal parameters, or of an element-wise sum of such states. Compare
        /// fingerprint and LOSS_STATE_VERSION first. LOSS_STATUS_LENGTH if the state does not have the number of integers of this kind of object;
        /// LOSS_STATUS_NEGATIVE_COUNT if a count of pixels is negative; LOSS_STATUS_STATE if no pixels can produce one of the integers. Other damage is
        /// not detected, so a message needs a checksum.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $load_state(object: *mut $object, state: *const i64, length: usize) -> LossStatus {
            answer(|| {
                check_disjoint(object, 1, state, length)?;
                // SAFETY: the caller fulfils what the head of the header requires, and the two do not overlap.
                let (object, state) = unsafe { (value_mut(object)?, slice(state, length)?) };
                Ok(object.load_state(state.iter().copied())?)
            })
        }

        /// Returns a hash of the kind of object and its parameters, equal on every machine; 0 if the object is not initialised.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $fingerprint(object: *const $object) -> u64 {
            // SAFETY: the caller fulfils what the head of the header requires.
            unsafe { value(object) }.map_or(0, |object| object.fingerprint())
        }
    };
}

/// The functions that finish an accumulator of a loss.
macro_rules! finish_functions {
    ($accumulator:ident -> $result:ident, $gradient:ident: $finish:ident, $finish_valid:ident, $gradient_init:ident) => {
        /// Writes the result if there is a valid pixel and none was rejected. More pixels may follow.
        ///
        /// Otherwise LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or LOSS_STATUS_REJECTED; LOSS_STATUS_SATURATED if a term of the loss is larger than
        /// the largest float.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $finish(accumulator: *const $accumulator, result: *mut $result) -> LossStatus {
            answer(|| {
                // SAFETY: the caller fulfils what the head of the header requires.
                let (accumulator, result) = unsafe { value_and_output(accumulator, result) }?;
                result.write((&accumulator.finish()?).into());
                Ok(())
            })
        }

        /// Writes the result over the valid pixels, even if others were rejected.
        ///
        /// LOSS_STATUS_NO_PIXELS or LOSS_STATUS_NO_VALID_PIXELS if there are none; LOSS_STATUS_SATURATED if a term of the loss is larger than the largest
        /// float.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $finish_valid(accumulator: *const $accumulator, result: *mut $result) -> LossStatus {
            answer(|| {
                // SAFETY: the caller fulfils what the head of the header requires.
                let (accumulator, result) = unsafe { value_and_output(accumulator, result) }?;
                result.write((&accumulator.finish_valid()?).into());
                Ok(())
            })
        }

        /// Initialises `gradient` for a second pass: `upstream` times the slope of the loss over the valid pixels so far. `upstream` is 1, or the derivative that
        /// follows the loss in a chain rule; at most 3.4e38 in magnitude. The gradient needs the accumulator no more.
        ///
        /// LOSS_STATUS_COEFFICIENT if `upstream` is larger or NaN; LOSS_STATUS_NO_PIXELS, LOSS_STATUS_NO_VALID_PIXELS or
        /// LOSS_STATUS_SATURATED.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $gradient_init(
            accumulator: *const $accumulator,
            upstream: f64,
            gradient: *mut $gradient,
        ) -> LossStatus {
            answer(|| {
                check_disjoint(accumulator, 1, gradient, 1)?;
                let upstream = coefficient(upstream)?;
                // SAFETY: the caller fulfils what the head of the header requires, and the two do not overlap.
                unsafe {
                    let accumulator = value(accumulator)?;
                    make(gradient, || Ok(accumulator.finish_valid()?.gradient_times(upstream)))
                }
            })
        }
    };
}

/// The functions that add pixels to an accumulator of a binary loss, with weights or without.
macro_rules! push_functions {
    ($accumulator:ident: $push:ident, $push_hard:ident, $push_row:ident, $push_hard_row:ident, $push_histogram:ident) => {
        /// Adds a pixel: a finite logit, a target in [0, 1] (1 is foreground), and a weight in [2^-32, 2^32], or 0 to ignore the pixel.
        ///
        /// A pixel out of range is left out and counted. This function returns no error for it; the one that finishes does.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $push(
            accumulator: *mut $accumulator,
            logit: f32,
            target: f32,
            weight: f32,
        ) -> LossStatus {
            answer(|| {
                // SAFETY: the caller fulfils what the head of the header requires.
                unsafe { value_mut(accumulator) }?.push((logit, target, weight));
                Ok(())
            })
        }

        /// Adds a pixel of weight 1: a finite logit, and whether it is foreground.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $push_hard(
            accumulator: *mut $accumulator,
            logit: f32,
            foreground: bool,
        ) -> LossStatus {
            answer(|| {
                // SAFETY: the caller fulfils what the head of the header requires.
                unsafe { value_mut(accumulator) }?.push((logit, foreground));
                Ok(())
            })
        }

        /// Adds a row of `length` pixels, in the ranges of a single pixel. `weights` may be NULL: all are 1.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $push_row(
            accumulator: *mut $accumulator,
            logits: *const f32,
            targets: *const f32,
            weights: *const f32,
            length: usize,
        ) -> LossStatus {
            // SAFETY: the caller fulfils what the head of the header requires.
            answer(|| unsafe { push_row(accumulator, Row { logits, targets, weights, length }) })
        }

        /// Adds a row of `length` pixels. Targets are bytes, 0 or 1; other targets are out of range. `weights` may be NULL: all are 1.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $push_hard_row(
            accumulator: *mut $accumulator,
            logits: *const f32,
            targets: *const u8,
            weights: *const f32,
            length: usize,
        ) -> LossStatus {
            // SAFETY: the caller fulfils what the head of the header requires.
            answer(|| unsafe { push_row(accumulator, Row { logits, targets, weights, length }) })
        }

        /// Adds the pixels that a histogram has counted. The sums equal, to the bit, those of the pixels one by one.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $push_histogram(
            accumulator: *mut $accumulator,
            histogram: *const LossHistogram,
        ) -> LossStatus {
            answer(|| {
                // SAFETY: the caller fulfils what the head of the header requires.
                let (accumulator, histogram) = unsafe { value_mut_and_other(accumulator, histogram) }?;
                accumulator.extend_histogram(histogram);
                Ok(())
            })
        }
    };
}

/// The functions of the second pass of a binary loss.
macro_rules! gradient_functions {
    ($gradient:ident: $at:ident, $row:ident, $hard_row:ident) => {
        /// Writes the slope of the loss by the logit of one pixel: a finite number, 0 if the pixel is ignored or out of range.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $at(
            gradient: *const $gradient,
            logit: f32,
            target: f32,
            weight: f32,
            slope: *mut f32,
        ) -> LossStatus {
            answer(|| {
                // SAFETY: the caller fulfils what the head of the header requires.
                let (gradient, slope) = unsafe { value_and_output(gradient, slope) }?;
                slope.write(gradient.at((logit, target, weight)));
                Ok(())
            })
        }

        /// Writes the slopes by the logits of a row of `length` pixels. `weights` may be NULL: all are 1. LOSS_STATUS_OVERLAP if `slopes`
        /// overlaps an input.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $row(
            gradient: *const $gradient,
            logits: *const f32,
            targets: *const f32,
            weights: *const f32,
            slopes: *mut f32,
            length: usize,
        ) -> LossStatus {
            // SAFETY: the caller fulfils what the head of the header requires.
            answer(|| unsafe { gradient_row(gradient, Row { logits, targets, weights, length }, slopes) })
        }

        /// Writes the slopes by the logits of a row of `length` pixels whose targets are bytes, 0 or 1. `weights` may be NULL: all are 1.
        /// LOSS_STATUS_OVERLAP if `slopes` overlaps an input.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $hard_row(
            gradient: *const $gradient,
            logits: *const f32,
            targets: *const u8,
            weights: *const f32,
            slopes: *mut f32,
            length: usize,
        ) -> LossStatus {
            // SAFETY: the caller fulfils what the head of the header requires.
            answer(|| unsafe { gradient_row(gradient, Row { logits, targets, weights, length }, slopes) })
        }
    };
}

pub(super) use {common_functions, finish_functions, gradient_functions, push_functions};
