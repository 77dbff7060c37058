//! A fleet that trains the last layer of its network: devices with pixels of their own, a network that loses, repeats and delays messages, and a server.
//!
//! A step has two exchanges. In the first, devices send the state of their loss and the server answers with the state of all; in the second they send the gradient of their head, and the
//! server answers with the sum of all, from which every device takes the same step. A device repeats a message until the server has confirmed it.
//!
//! A message names its step, its exchange and its device. So the server merges what it has not merged yet, confirms again what it has, and refuses what belongs to an exchange that has ended; the
//! fingerprint, which depends on the weights and on the sums of the loss, tells a gradient of other weights, and the checksum damage.

use std::collections::HashSet;
use std::error::Error;

use crc::{CRC_32_ISCSI, Crc};
use loss_core::head::{Head, HeadGradient, Layer, Sgd};
use loss_core::{Bce, CountingAccumulator, Dice, Pointwise, Reduced, STATE_VERSION, StateError};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// Features of a pixel.
pub const FEATURES: usize = 4;

/// BCE + Dice.
pub type BceDice = loss_core::Sum<Reduced<Bce>, Dice>;
/// The sums of the loss.
pub type Sums = CountingAccumulator<BceDice>;
/// The sums of the gradient.
pub type Gradient = HeadGradient<i8, FEATURES, 1>;
/// The trained layer.
pub type LastLayer = Head<FEATURES, 1>;

/// A pixel: its features, and whether it is foreground.
pub type Pixel = ([i8; FEATURES], bool);

const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// The loss.
///
/// # Errors
/// None: the parameters are in range.
pub fn loss() -> Result<BceDice, Box<dyn Error>> {
    Ok(Bce::new().mean() + Dice::new(1.0)?)
}

/// The layer that every device begins with, for features with five bits after the point.
///
/// # Errors
/// None: the weights are in range.
pub fn first_head() -> Result<LastLayer, Box<dyn Error>> {
    Ok(Head::new([[0.25, -0.125, 0.0, 0.0]], [-0.5])?.fraction_bits(5)?)
}

/// How steps are taken.
///
/// # Errors
/// None: the parameters are in range.
pub fn sgd() -> Result<Sgd, Box<dyn Error>> {
    Ok(Sgd::new(0.125, 0.875, 0.0)?)
}

/// What a device has seen: 60 pixels of a scene that only it has.
pub fn pixels(device: u32) -> Vec<Pixel> {
    (device * 60..)
        .take(60)
        .map(|i| {
            let target = i * 97 % 23 < 6;
            let noise = |factor: u32| (i.wrapping_mul(factor) % 61) as i8 - 30;
            let signal = if target { 40 } else { 0 };
            ([signal + noise(7919), noise(104_729), 20 - signal / 2 + noise(1_299_709), noise(15_485_863)], target)
        })
        .collect()
}

/// Adds the loss of pixels.
pub fn add_loss(sums: &mut Sums, layer: &Layer<FEATURES, 1>, pixels: &[Pixel]) {
    sums.extend(pixels.iter().map(|(features, target)| (layer.logits(features)[0], *target)));
}

/// The gradient over pixels, given the loss of all devices.
///
/// # Errors
/// Those of a loss without a value.
pub fn gradient(layer: &Layer<FEATURES, 1>, all: &Sums, pixels: &[Pixel]) -> Result<Gradient, Box<dyn Error>> {
    let slope = all.finish()?.gradient();
    let mut gradient = Gradient::new(layer, all);
    for (features, target) in pixels {
        gradient.push(features, [slope.at((layer.logits(features)[0], *target))]);
    }
    Ok(gradient)
}

/// Which exchange of which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Exchange {
    /// The states of the loss.
    Loss(u32),
    /// The gradients.
    Gradient(u32),
}

/// What a device sends.
#[derive(Serialize, Deserialize)]
struct Message {
    version: u32,
    exchange: Exchange,
    device: u32,
    fingerprint: u64,
    state: Vec<i64>,
}

/// Writes a message.
///
/// # Errors
/// Those of `postcard`.
pub fn message(
    exchange: Exchange,
    device: u32,
    fingerprint: u64,
    each: impl FnOnce(&mut dyn FnMut(i64)),
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut state = Vec::new();
    each(&mut |integer| state.push(integer));
    let message = Message { version: STATE_VERSION, exchange, device, fingerprint, state };
    Ok(postcard::to_stdvec_crc32(&message, CHECKSUM.digest())?)
}

/// What a server merges: states of a loss, or gradients.
pub trait Merged: Clone {
    /// Tells what merges from what does not.
    fn fingerprint(&self) -> u64;
    /// Adds the state of a device.
    ///
    /// # Errors
    /// A state that no pixels can have made.
    fn add(&mut self, state: Vec<i64>) -> Result<(), StateError>;
}

macro_rules! merged {
    ($($type:ty),*) => {
        $(impl Merged for $type {
            fn fingerprint(&self) -> u64 {
                self.fingerprint()
            }

            fn add(&mut self, state: Vec<i64>) -> Result<(), StateError> {
                let mut part = self.clone();
                part.load_state(state)?;
                self.merge(&part)
            }
        })*
    };
}
merged!(Sums, Gradient);

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the sum now.
    Merged,
    /// It was there already: it is confirmed once more.
    Repeated,
    /// It belongs to an exchange that has ended, or has not begun.
    Late,
}

/// An exchange at the server: the sum so far, and whose messages it holds.
pub struct Server<T> {
    /// What has been merged.
    pub total: T,
    exchange: Exchange,
    seen: HashSet<u32>,
}

impl<T: Merged> Server<T> {
    /// Begins an exchange.
    pub fn new(exchange: Exchange, empty: T) -> Self {
        Self { total: empty, exchange, seen: HashSet::new() }
    }

    /// Takes a message. Whatever happens to it, nothing is merged twice.
    ///
    /// # Errors
    /// What is wrong with the message; nothing is merged then.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(u32, Outcome), Box<dyn Error>> {
        let Message { version, exchange, device, fingerprint: given, state } =
            postcard::from_bytes_crc32(bytes, CHECKSUM.digest())?;
        if version != STATE_VERSION {
            return Err(StateError::Version { expected: STATE_VERSION, given: version }.into());
        }
        if exchange != self.exchange {
            return Ok((device, Outcome::Late));
        }
        let expected = self.total.fingerprint();
        if given != expected {
            return Err(StateError::OtherLoss { expected, given }.into());
        }
        if self.seen.contains(&device) {
            return Ok((device, Outcome::Repeated));
        }
        self.total.add(state)?;
        self.seen.insert(device);
        Ok((device, Outcome::Merged))
    }
}

/// A network between devices and server: of messages some are lost, some damaged, some come twice, some an exchange too late; confirmations are lost as well.
pub struct Network<R> {
    random: R,
    late: Vec<Vec<u8>>,
    /// What became of the messages: sent, lost, damaged, late, repeated, merged; confirmations that were lost; bytes.
    pub counts: [u64; 8],
}

impl<R: Rng> Network<R> {
    /// A network whose troubles are drawn by a generator.
    pub fn new(random: R) -> Self {
        Self { random, late: Vec::new(), counts: [0; 8] }
    }

    fn happens(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    /// Carries the messages of an exchange until each is confirmed, in any order.
    ///
    /// # Errors
    /// A message that arrives whole and is refused.
    pub fn exchange<T: Merged>(&mut self, server: &mut Server<T>, messages: &[Vec<u8>]) -> Result<(), Box<dyn Error>> {
        let mut waiting: Vec<usize> = (0..messages.len()).collect();
        let mut arriving = std::mem::take(&mut self.late);
        while !waiting.is_empty() {
            for &device in &waiting {
                let bytes = messages[device].clone();
                self.counts[0] += 1;
                self.counts[7] += bytes.len() as u64;
                if self.happens(5) {
                    self.late.push(bytes.clone());
                }
                if self.happens(10) {
                    arriving.push(bytes.clone());
                }
                if self.happens(20) {
                    self.counts[1] += 1;
                } else if self.happens(5) {
                    let mut damaged = bytes;
                    let at = self.random.random_range(0..damaged.len());
                    damaged[at] ^= 1 << self.random.random_range(0..8);
                    arriving.push(damaged);
                } else {
                    arriving.push(bytes);
                }
            }
            // Any order.
            for i in (1..arriving.len()).rev() {
                arriving.swap(i, self.random.random_range(0..=i));
            }
            for bytes in arriving.drain(..) {
                let Ok((device, outcome)) = server.receive(&bytes) else {
                    self.counts[2] += 1;
                    continue;
                };
                match outcome {
                    Outcome::Late => self.counts[3] += 1,
                    Outcome::Repeated => self.counts[4] += 1,
                    Outcome::Merged => self.counts[5] += 1,
                }
                if outcome != Outcome::Late {
                    if self.happens(10) {
                        self.counts[6] += 1;
                    } else {
                        waiting.retain(|&waits| waits != device as usize);
                    }
                }
            }
        }
        Ok(())
    }
}
