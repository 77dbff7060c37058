//! States as messages: `Serialize` for accumulators, and their `deserialize`.

use core::fmt;

use ::serde::de::{Error as _, SeqAccess, Visitor};
use ::serde::ser::{SerializeTuple, Serializer};

use super::accumulator::{Accumulator, STATE_VERSION};
use crate::error::StateError;
use crate::input::link::Link;
use crate::loss::Loss;
use crate::sums::shared::SharedSums;

/// The methods that accumulators and histograms share.
pub(crate) trait Stateful {
    fn fingerprint(&self) -> u64;
    fn length(&self) -> usize;
    fn each(&self, to: &mut dyn FnMut(i64));
    fn load(&mut self, state: &mut dyn Iterator<Item = i64>) -> Result<(), StateError>;

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(2 + self.length())?;
        tuple.serialize_element(&STATE_VERSION)?;
        tuple.serialize_element(&self.fingerprint())?;
        let mut outcome = Ok(());
        self.each(&mut |integer| {
            if outcome.is_ok() {
                outcome = tuple.serialize_element(&integer);
            }
        });
        outcome?;
        tuple.end()
    }
}

/// Writes `Serialize` and `deserialize` for an accumulator.
macro_rules! messages {
    ([$($generics:tt)*] $accumulator:ty) => {
        impl<$($generics)*> $crate::stream::serde::Stateful for $accumulator {
            fn fingerprint(&self) -> u64 {
                self.fingerprint()
            }

            fn length(&self) -> usize {
                self.state_length()
            }

            fn each(&self, to: &mut dyn FnMut(i64)) {
                self.for_each_of_state(to);
            }

            fn load(&mut self, state: &mut dyn Iterator<Item = i64>) -> Result<(), $crate::error::StateError> {
                self.load_state(state)
            }
        }

        /// Writes a flat tuple of integers: format version, fingerprint, then the state.
        impl<$($generics)*> ::serde::Serialize for $accumulator {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::stream::serde::Stateful::serialize(self, serializer)
            }
        }

        impl<$($generics)*> $accumulator {
            /// Replaces all pixels by those of a serialised accumulator with the same loss and options.
            ///
            /// # Errors
            /// The deserialiser's error, with the text of a [`StateError`](crate::StateError) if the format version, the loss or the length differs. The accumulator
            /// is unchanged then.
            pub fn deserialize<'de, D: ::serde::Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
                let length = 2 + self.state_length();
                deserializer.deserialize_tuple(length, $crate::stream::serde::StateVisitor(self))
            }
        }
    };
}
pub(crate) use messages;

messages!([L: Loss, K: Link, C: SharedSums] Accumulator<L, K, C>);

pub(crate) struct StateVisitor<'a, A>(pub(crate) &'a mut A);

impl<'de, T: Stateful> Visitor<'de> for StateVisitor<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a version, a fingerprint and {} integers", self.0.length())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let version: u32 = sequence.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        if version != STATE_VERSION {
            return Err(A::Error::custom(StateError::Version { expected: STATE_VERSION, given: version }));
        }
        let given: u64 = sequence.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        let expected = self.0.fingerprint();
        if given != expected {
            return Err(A::Error::custom(StateError::OtherLoss { expected, given }));
        }
        let mut failure = None;
        // A failed read counts as an integer, and so do all that follow it. The state is then too long and is refused. If a failure ended the integers
        // instead, it might come right after the last one, and the state would look whole.
        let mut integers = core::iter::from_fn(|| match failure {
            Some(_) => Some(0),
            None => sequence.next_element().unwrap_or_else(|error| {
                failure = Some(error);
                Some(0)
            }),
        });
        let loaded = self.0.load(&mut integers);
        match failure {
            Some(error) => Err(error),
            None => loaded.map_err(A::Error::custom),
        }
    }
}
