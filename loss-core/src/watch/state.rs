//! What all measures have: counts of pixels, a mask's threshold, states.

use crate::error::{Parameter, ParameterError};
use crate::input::link::{Link, Logits};
pub(super) use crate::sums::counts::Count;
use crate::sums::counts::Counts;

/// The valid pixels, and those that were left out because a logit was not finite.
pub(super) type Seen = [Count; 2];

pub(super) fn counts([valid, rejected]: &Seen) -> Counts {
    Counts { valid: valid.0, rejected_inputs: rejected.0, ..Counts::NONE }
}

/// Counts a pixel, and tells whether its logit is finite.
#[inline(always)]
pub(super) fn see([valid, rejected]: &mut Seen, is_finite: bool, times: u64) -> bool {
    (if is_finite { valid } else { rejected }).add(times);
    is_finite
}

/// From which probability on a pixel is foreground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Threshold {
    pub(super) probability: f64,
    pub(super) logit: f32,
}

impl Threshold {
    /// ½.
    pub(super) const HALF: Self = Self { probability: 0.5, logit: 0.0 };

    pub(super) fn new(probability: f64) -> Result<Self, ParameterError> {
        let accepted = probability > 0.0 && probability < 1.0;
        ParameterError::check(Parameter::Threshold, probability, accepted, "between 0 and 1")?;
        Ok(Self { probability, logit: Logits.input_at(probability) as f32 })
    }
}

/// (a + b) / (2·overlap + a + b): 1 − Dice, without subtracting; `None` where there is nothing.
pub(super) fn one_minus_dice(overlap: f64, errors: f64) -> Option<f64> {
    let whole = 2.0 * overlap + errors;
    (whole > 0.0).then(|| errors / whole)
}

/// Writes what a measure with the field `sums` and a method `fingerprint` has: counts, merging, states, messages.
macro_rules! measure {
    ([$($generics:tt)*] $measure:ty, $length:expr) => {
        impl<$($generics)*> $measure {
            /// How many integers the state has.
            pub const STATE_LENGTH: usize = $length;

            /// How many pixels there were, and what became of them.
            #[must_use]
            pub fn counts(&self) -> $crate::sums::counts::Counts {
                $crate::watch::state::counts(&self.sums.0)
            }

            /// Adds the pixels of another measure of the same kind and options.
            ///
            /// # Errors
            /// [`StateError::OtherLoss`](crate::StateError::OtherLoss), and nothing is added, if kinds or options differ.
            pub fn merge(&mut self, other: &Self) -> Result<(), $crate::error::StateError> {
                let (expected, given) = (self.fingerprint(), other.fingerprint());
                if expected != given {
                    return Err($crate::error::StateError::OtherLoss { expected, given });
                }
                $crate::sums::state::Sums::merge(&mut self.sums, &other.sums);
                Ok(())
            }

            /// Replaces all pixels by those of a state, or of an element-wise sum of up to 2²⁰ states.
            ///
            /// # Errors
            /// [`StateError`](crate::StateError), and nothing is changed, if there are more or fewer integers, or if one is such as no pixels can have made.
            pub fn load_state(&mut self, state: impl IntoIterator<Item = i64>) -> Result<(), $crate::error::StateError> {
                let mut empty = self.sums.clone();
                $crate::watch::state::Empty::empty(&mut empty);
                self.sums = $crate::sums::state::read_state(empty, 2, state)?;
                Ok(())
            }

            /// Forgets all pixels.
            pub fn reset(&mut self) {
                $crate::watch::state::Empty::empty(&mut self.sums);
            }
        }

        $crate::sums::state::gives_state!([$($generics)*] $measure);

        /// Equal if options and sums are.
        impl<$($generics)*> PartialEq for $measure {
            fn eq(&self, other: &Self) -> bool {
                self.fingerprint() == other.fingerprint() && self.sums == other.sums
            }
        }

        #[cfg(feature = "serde")]
        $crate::stream::serde::messages!([$($generics)*] $measure);
        #[cfg(feature = "defmt")]
        $crate::stream::logs::logged!([$($generics)*] $measure);
    };
}
pub(super) use measure;

/// Sums that can be emptied in place.
pub(super) trait Empty {
    fn empty(&mut self);
}

impl Empty for Count {
    fn empty(&mut self) {
        self.0 = 0;
    }
}

impl<const N: usize> Empty for crate::sums::exact::ExactSum<N> {
    fn empty(&mut self) {
        *self = Self::ZERO;
    }
}

impl<T: Empty, const N: usize> Empty for [T; N] {
    fn empty(&mut self) {
        self.iter_mut().for_each(T::empty);
    }
}

impl<A: Empty, B: Empty> Empty for (A, B) {
    fn empty(&mut self) {
        self.0.empty();
        self.1.empty();
    }
}
