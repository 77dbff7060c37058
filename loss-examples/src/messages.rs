//! A message with the sums of a device, and the host that merges messages.
//!
//! The fingerprint detects sums of another loss, the checksum damage. Sums cannot tell whether they were merged before, so each message has a
//! number of its own.

use std::collections::HashSet;
use std::error::Error;

use crc::{CRC_32_ISCSI, Crc};
use loss_core::{Bce, CountingAccumulator, Dice, Reduced, STATE_VERSION, StateError, Sum};
use postcard::heapless_v0_9::{heapless, to_vec_crc32};
use serde::{Deserialize, Serialize};

/// BCE + Dice of pixels with hard targets and no weights.
pub type Sums = CountingAccumulator<Sum<Reduced<Bce>, Dice>>;

/// The bytes of a message as a device holds them: not allocated, with room for any message.
pub type Bytes = heapless::Vec<u8, 256>;

const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// The identity of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Id {
    /// The device that sent it.
    pub device: u32,
    /// The number of messages that the device had sent before.
    pub sequence: u32,
}

#[derive(Serialize, Deserialize)]
struct Message {
    version: u32,
    id: Id,
    fingerprint: u64,
    state: [i64; Sums::STATE_LENGTH],
}

/// Makes a message of sums.
///
/// # Errors
/// Those of `postcard`, if the state did not fit.
pub fn message(id: Id, sums: &Sums) -> Result<Bytes, Box<dyn Error>> {
    let message = Message { version: STATE_VERSION, id, fingerprint: sums.fingerprint(), state: sums.state()? };
    Ok(to_vec_crc32(&message, CHECKSUM.digest())?)
}

/// The sums of all messages so far.
pub struct Host {
    /// The merged sums.
    pub total: Sums,
    /// The messages that were merged.
    pub seen: HashSet<Id>,
}

impl Host {
    /// Makes a host for the loss of an empty accumulator.
    pub fn new(empty: Sums) -> Self {
        Self { total: empty, seen: HashSet::new() }
    }

    /// Merges the sums in a message. Returns `false` if that message was merged before.
    ///
    /// # Errors
    /// An error that says what is wrong with the message; nothing is merged then.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<bool, Box<dyn Error>> {
        let Message { version, id, fingerprint: given, state } = postcard::from_bytes_crc32(bytes, CHECKSUM.digest())?;
        if version != STATE_VERSION {
            return Err(StateError::Version { expected: STATE_VERSION, given: version }.into());
        }
        let expected = self.total.fingerprint();
        if given != expected {
            return Err(StateError::OtherLoss { expected, given }.into());
        }
        let mut sums = self.total.clone();
        sums.load_state(state)?;
        let new = self.seen.insert(id);
        if new {
            self.total.merge(&sums)?;
        }
        Ok(new)
    }
}
