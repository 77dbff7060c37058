//! States as vectors of unsigned numbers of a fixed width, for protocols that add vectors without showing them: *secure aggregation*.
//!
//! Such a protocol (Prio, secret sharing, homomorphic encryption) adds vectors over a field, or modulo a power of two. A device encodes each integer d of its
//! state as
//!
//! u = d + 2⁴¹,
//!
//! which lies in [0, 2⁴²): digits of a state in normal form lie in [0, 2³²), its last digits and counts within ±2⁴⁰ for up to 2⁴⁰ pixels. So u has
//! [`BITS`] = 42 bits, the sign is gone, and a device that sends anything wider is found out by the protocol's proof of range. The sum of n devices is
//!
//! Σ u = Σ d + n·2⁴¹ < n·2⁴².
//!
//! **Field.** Nothing wraps if the modulus is above n·2⁴²; with as many as [`MOST_DEVICES`] = 2²⁰ devices that is 2⁶², which a field of 64 bits (2⁶⁴ − 2³² + 1) has room for, and a
//! word of 64 bits. Who gets Σ u and n takes n·2⁴¹ away, and what is left is an element-wise sum of up to 2²⁰ states, which every `load_state` takes.
//!
//! A state that has no value (a saturated sum) has a last digit of −2⁴² and is refused: it would spoil the sum of all. So leave such a device out, and count it.
//!
//! ```
//! use loss_core::{Bce, Loss, Pointwise, aggregation};
//!
//! let loss = Bce::new().mean();
//! let (mut one, mut two) = (loss.counting_accumulator(), loss.counting_accumulator());
//! one.push((1.5, true));
//! two.push((-0.5, true));
//!
//! let mut total = [0u64; 23];
//! for device in [&one, &two] {
//!     let state = device.state::<23>()?;
//!     for (sum, integer) in total.iter_mut().zip(state) {
//!         *sum += aggregation::encode(integer)?; // the protocol's work
//!     }
//! }
//! let sums = total.map(|sum| aggregation::decode(sum.into(), 2));
//! let mut both = loss.counting_accumulator();
//! both.load_state(sums.into_iter().collect::<Result<Vec<i64>, _>>()?)?;
//! one.merge(&two)?;
//! assert!(both == one);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! What a sum of sums tells of a single device is not this module's subject: noise for differential privacy is added on top.
//!
//! Corrigan-Gibbs and Boneh, *Prio: private, robust, and scalable computation of aggregate statistics*, NSDI 2017; Bonawitz et al., *Practical secure aggregation for
//! privacy-preserving machine learning*, CCS 2017.

use core::fmt;

/// How many bits a number has.
pub const BITS: u32 = 42;

/// How many devices may be added.
pub const MOST_DEVICES: u32 = 1 << 20;

/// What is added to an integer.
const OFFSET: i64 = 1 << (BITS - 1);

/// The largest magnitude of an integer: 2⁴⁰, that of the last digit of 2⁴⁰ terms.
const LARGEST: i64 = 1 << 40;

/// Why there is no number, or no integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum AggregationError {
    /// An integer of a state is beyond ±2⁴⁰: the sums have no value, or are of more than 2⁴⁰ pixels.
    Integer(i64),
    /// There are none, or more than 2²⁰ devices.
    Devices(u32),
    /// A sum is larger than so many devices can make it.
    Sum(u128),
}

impl fmt::Display for AggregationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => {
                write!(f, "{integer} is no integer of a state of up to 2^40 pixels with a value: leave this state out")
            }
            Self::Devices(devices) => write!(f, "{devices} devices; there may be from 1 to {MOST_DEVICES}"),
            Self::Sum(sum) => write!(f, "{sum} is more than the sum of so many numbers of {BITS} bits"),
        }
    }
}

impl core::error::Error for AggregationError {}

/// An integer of a state as a number of [`BITS`] bits.
///
/// # Errors
/// [`AggregationError::Integer`] if it is beyond ±2⁴⁰.
pub fn encode(integer: i64) -> Result<u64, AggregationError> {
    if (-LARGEST..=LARGEST).contains(&integer) {
        Ok(integer.wrapping_add(OFFSET).unsigned_abs())
    } else {
        Err(AggregationError::Integer(integer))
    }
}

/// The sum of the integers of so many devices, from the sum of their numbers.
///
/// # Errors
/// [`AggregationError`] if there is no device or there are more than [`MOST_DEVICES`], or if the sum is larger than their numbers can make it.
pub fn decode(sum: u128, devices: u32) -> Result<i64, AggregationError> {
    if devices == 0 || devices > MOST_DEVICES {
        return Err(AggregationError::Devices(devices));
    }
    let most = u128::from(devices).wrapping_mul((1 << BITS) - 1);
    match i64::try_from(sum) {
        Ok(integer) if sum <= most => Ok(integer.wrapping_sub(i64::from(devices).wrapping_mul(OFFSET))),
        _ => Err(AggregationError::Sum(sum)),
    }
}
