//! States as messages: `Serialize` for accumulators, and [`Accumulator::deserialize`].

use core::fmt;

use ::serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use ::serde::ser::{Serialize, SerializeTuple, Serializer};

use crate::accumulator::{Accumulator, STATE_VERSION};
use crate::error::StateError;
use crate::link::Link;
use crate::loss::Loss;

/// A flat tuple of integers: format version, fingerprint, then the state.
impl<L: Loss, K: Link> Serialize for Accumulator<L, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(2 + self.state_length())?;
        tuple.serialize_element(&STATE_VERSION)?;
        tuple.serialize_element(&self.fingerprint())?;
        let mut outcome = Ok(());
        self.for_each_of_state(|integer| {
            if outcome.is_ok() {
                outcome = tuple.serialize_element(&integer);
            }
        });
        outcome?;
        tuple.end()
    }
}

impl<L: Loss, K: Link> Accumulator<L, K> {
    /// Replaces all pixels by those of a serialised accumulator of the same loss, link and threshold.
    ///
    /// # Errors
    /// The deserialiser's, with the text of a [`StateError`] if the format version, the loss or the length differs; nothing is changed then.
    pub fn deserialize<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        let length = 2 + self.state_length();
        deserializer.deserialize_tuple(length, StateVisitor(self))
    }
}

struct StateVisitor<'a, L: Loss, K: Link>(&'a mut Accumulator<L, K>);

impl<'de, L: Loss, K: Link> Visitor<'de> for StateVisitor<'_, L, K> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a version, a fingerprint and {} integers", self.0.state_length())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let version: u32 = sequence.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        if version != STATE_VERSION {
            return Err(A::Error::custom(StateError::Version { expected: STATE_VERSION, given: version }));
        }
        let fingerprint: u64 = sequence.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        self.0.check_fingerprint(fingerprint).map_err(A::Error::custom)?;
        let mut failure = None;
        let integers = core::iter::from_fn(|| match sequence.next_element() {
            Ok(integer) => integer,
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        let loaded = self.0.load_state(integers);
        match failure {
            Some(error) => Err(error),
            None => loaded.map_err(A::Error::custom),
        }
    }
}
