//! The sums of a device as a message, and the host that merges them.
//!
//! The fingerprint tells sums of another loss, the checksum damage. Sums do not know whether they were merged before: the message has a number
//! of its own for that.

use std::collections::HashSet;
use std::error::Error;

use crc::{CRC_32_ISCSI, Crc};
use loss_core::{Bce, CountingAccumulator, Dice, Reduced, STATE_VERSION, StateError, Sum};
use postcard::heapless_v0_9::{heapless, to_vec_crc32};
use serde::{Deserialize, Serialize};

/// BCE + Dice of pixels with hard targets and no weights.
pub type Sums = CountingAccumulator<Sum<Reduced<Bce>, Dice>>;

/// A message as a device holds it: without allocation, and with room for any.
pub type Bytes = heapless::Vec<u8, 256>;

const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Which message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Id {
    /// Who sent it.
    pub device: u32,
    /// How many the device had sent before.
    pub sequence: u32,
}

#[derive(Serialize, Deserialize)]
struct Message {
    version: u32,
    id: Id,
    fingerprint: u64,
    state: [i64; Sums::STATE_LENGTH],
}

/// The message with these sums.
///
/// # Errors
/// Those of `postcard`, were the state longer than there is room for.
pub fn message(id: Id, sums: &Sums) -> Result<Bytes, Box<dyn Error>> {
    let message = Message { version: STATE_VERSION, id, fingerprint: sums.fingerprint(), state: sums.state()? };
    Ok(to_vec_crc32(&message, CHECKSUM.digest())?)
}

/// The sums of all messages so far.
pub struct Host {
    /// What has been merged.
    pub total: Sums,
    /// Whose.
    pub seen: HashSet<Id>,
}

impl Host {
    /// A host that waits for the sums of an empty accumulator's loss.
    pub fn new(empty: Sums) -> Self {
        Self { total: empty, seen: HashSet::new() }
    }

    /// Merges the sums in a message; `false` if that was done before.
    ///
    /// # Errors
    /// What is wrong with the message; nothing is merged then.
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
