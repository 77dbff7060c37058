//! Conversion of sums into integers that add, and back.

use super::exact::{ExactSum, TermSum};
use crate::error::StateError;

/// Sums that can be merged, and converted to integers and back.
pub trait Sums: Clone + PartialEq + core::fmt::Debug {
    /// Adds other sums of the same loss.
    fn merge(&mut self, other: &Self);

    /// Passes the integers to a function, in the order of the losses.
    fn save(&self, to: &mut impl FnMut(i64));

    /// Reads the integers of [`save`](Self::save), or an element-wise sum of such integers. Returns `None` if they run out, or at the first one that no
    /// pixels can produce.
    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()>;

    /// Whether a term was beyond the largest `f32`, so that there is no value and a result is refused. A loss that keeps an [`ExactSum`]
    /// of such terms must return that sum's answer here.
    fn is_saturated(&self) -> bool {
        false
    }
}

/// Sums whose number of integers is known at compile time.
pub trait FixedSums: Sums {
    /// The number of integers that [`save`](Sums::save) passes on.
    const LENGTH: usize;
}

impl Sums for () {
    fn merge(&mut self, (): &Self) {}

    fn save(&self, _: &mut impl FnMut(i64)) {}

    fn load(&mut self, _: &mut impl Iterator<Item = i64>) -> Option<()> {
        Some(())
    }
}

impl FixedSums for () {
    const LENGTH: usize = 0;
}

impl<const N: usize> Sums for ExactSum<N> {
    #[inline]
    fn merge(&mut self, other: &Self) {
        ExactSum::merge(self, other);
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.digits().into_iter().for_each(to);
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.load_signed(from)?;
        (N == TermSum::LENGTH || !self.is_negative()).then_some(())
    }

    fn is_saturated(&self) -> bool {
        ExactSum::is_saturated(self)
    }
}

impl<const N: usize> ExactSum<N> {
    /// Reads what [`save`](Sums::save) gave of a sum whose terms have either sign; `None` as soon as an integer was read that no terms can have made.
    pub(crate) fn load_signed(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        let mut digits = [0; N];
        for (place, digit) in (1..).zip(&mut digits) {
            *digit = from.next()?;
            let range = if place < N { 0..=DIGITS_OF_STATES } else { -SATURATED_STATES..=MOST_PIXELS };
            range.contains(digit).then_some(())?;
        }
        *self = Self::from_digits(digits);
        Some(())
    }
}

/// Writes the methods that give the state of a type with the field `sums` and the constant `STATE_LENGTH`.
macro_rules! gives_state {
    ([$($generics:tt)*] $of:ty) => {
        impl<$($generics)*> $of {
            /// Hands over the integers of the state.
            pub fn for_each_of_state(&self, mut to: impl FnMut(i64)) {
                $crate::sums::state::Sums::save(&self.sums, &mut to);
            }

            /// The state as an array.
            ///
            /// # Errors
            /// [`StateError::Length`](crate::StateError::Length) if the array has not as many integers as the state.
            pub fn state<const N: usize>(&self) -> Result<[i64; N], $crate::error::StateError> {
                let mut state = [0; N];
                self.write_state(&mut state).map(|()| state)
            }

            /// Writes the integers of the state.
            ///
            /// # Errors
            /// [`StateError::Length`](crate::StateError::Length), and nothing is written, if the slice has not as many integers as the state.
            pub fn write_state(&self, state: &mut [i64]) -> Result<(), $crate::error::StateError> {
                $crate::sums::state::write_state(&self.sums, state)
            }

            /// How many integers the state has.
            #[must_use]
            pub fn state_length(&self) -> usize {
                Self::STATE_LENGTH
            }
        }
    };
}
pub(crate) use gives_state;

/// The largest sum of a 32-bit digit over 2²⁰ states.
const DIGITS_OF_STATES: i64 = 0xffff_ffff << 20;

/// The magnitude of the last digit in a sum of 2²⁰ saturated states.
const SATURATED_STATES: i64 = 1 << 62;

/// The largest count of pixels. A count stops there, and a state with a larger count is refused. The same holds for the last digit of a sum, which
/// counts terms of the largest size.
pub(crate) const MOST_PIXELS: i64 = 1 << 60;

/// Adds counts of pixels.
pub(crate) fn add_counts(count: i64, more: i64) -> i64 {
    count.saturating_add(more).min(MOST_PIXELS)
}

/// Reads a count of pixels.
pub(crate) fn load_count(from: &mut impl Iterator<Item = i64>) -> Option<i64> {
    from.next().filter(|count| (0..=MOST_PIXELS).contains(count))
}

impl<const N: usize> FixedSums for ExactSum<N> {
    const LENGTH: usize = N;
}

impl<S: Sums, const N: usize> Sums for [S; N] {
    fn merge(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(sum, more)| sum.merge(more));
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.iter().for_each(|sum| sum.save(to));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.iter_mut().try_for_each(|sum| sum.load(from))
    }

    fn is_saturated(&self) -> bool {
        self.iter().any(S::is_saturated)
    }
}

impl<S: FixedSums, const N: usize> FixedSums for [S; N] {
    const LENGTH: usize = S::LENGTH * N;
}

/// Sums that depend on an option: all accumulators of the same loss have them, or none has.
impl<S: Sums> Sums for Option<S> {
    fn merge(&mut self, other: &Self) {
        if let (Some(sums), Some(more)) = (self, other) {
            sums.merge(more);
        }
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        if let Some(sums) = self {
            sums.save(to);
        }
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.as_mut().map_or(Some(()), |sums| sums.load(from))
    }

    fn is_saturated(&self) -> bool {
        self.as_ref().is_some_and(S::is_saturated)
    }
}

impl<A: Sums, B: Sums> Sums for (A, B) {
    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
        self.1.merge(&other.1);
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.0.save(to);
        self.1.save(to);
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.0.load(from)?;
        self.1.load(from)
    }

    fn is_saturated(&self) -> bool {
        self.0.is_saturated() || self.1.is_saturated()
    }
}

impl<A: FixedSums, B: FixedSums> FixedSums for (A, B) {
    const LENGTH: usize = A::LENGTH + B::LENGTH;
}

/// The number of integers in a state.
pub(crate) fn state_length(sums: &impl Sums) -> usize {
    let mut length = 0usize;
    sums.save(&mut |_| length = length.wrapping_add(1));
    length
}

/// Writes a state into a slice of exactly its length.
pub(crate) fn write_state(sums: &impl Sums, state: &mut [i64]) -> Result<(), StateError> {
    let (expected, given) = (state_length(sums), state.len());
    if given != expected {
        return Err(StateError::Length { expected, given });
    }
    let mut to = state.iter_mut();
    sums.save(&mut |integer| {
        if let Some(to) = to.next() {
            *to = integer;
        }
    });
    Ok(())
}

/// Reads sums from a state with exactly as many integers as theirs, each of which pixels can produce. The first `counts` integers are counts.
pub(crate) fn read_state<S: Sums>(
    empty: S,
    counts: usize,
    state: impl IntoIterator<Item = i64>,
) -> Result<S, StateError> {
    let (mut given, mut last, mut ended) = (0usize, 0, false);
    let mut state = state.into_iter();
    // Reads at most one more than the sums ask for.
    let mut integers = core::iter::from_fn(|| {
        let next = state.next();
        match next {
            Some(integer) => (given, last) = (given.wrapping_add(1), integer),
            None => ended = true,
        }
        next
    });
    let mut sums = empty;
    let loaded = sums.load(&mut integers).is_some();
    if loaded && integers.next().is_none() {
        return Ok(sums);
    }
    let expected = state_length(&sums);
    if loaded || ended {
        return Err(StateError::Length { expected, given });
    }
    // The last integer read was refused. If the number of integers is wrong, its position may be wrong as well.
    let index = given.wrapping_sub(1);
    let given = given.wrapping_add(state.take(expected.saturating_sub(index)).count());
    if given != expected {
        return Err(StateError::Length { expected, given });
    }
    Err(if index < counts && last < 0 { StateError::NegativeCount { index } } else { StateError::OutOfRange { index } })
}
