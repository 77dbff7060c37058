//! Channels that do not exclude each other ("multi-label"): an expression and a binary mask for each.

use loss_core::extend::Fingerprint;
use loss_core::{Counts, ParameterError, StateError};

use crate::binary::{self, Gradient, Inputs, Pixels};
use crate::error::EvaluationError;

/// The running sums of several channels.
///
/// ```
/// use loss_core::Plane;
/// use loss_expression::binary::{Inputs, Losses};
/// use loss_expression::channels::Accumulator;
///
/// // A pos_weight for each channel.
/// let of = |text: &str| Ok::<_, Box<dyn std::error::Error>>(Losses::new(vec![text.parse()?]));
/// let losses = [of("bce(pos_weight=3)")?, of("bce")?];
/// let mut sums = Accumulator::new(&losses, Inputs::Logits)?;
/// sums.extend(0, Plane::new(&[0.0], &[true])?.into())?;
/// sums.extend(1, Plane::new(&[0.0], &[false])?.into())?;
/// assert!((sums.finish()?.mean() - 2.0 * std::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Accumulator {
    channels: Vec<binary::Accumulator>,
}

impl Accumulator {
    /// Makes empty sums, with a channel for each of the losses.
    ///
    /// # Errors
    /// Those of [`Losses::accumulator`](binary::Losses::accumulator).
    pub fn new(losses: &[binary::Losses], inputs: Inputs) -> Result<Self, EvaluationError> {
        let channels = losses.iter().map(|losses| losses.accumulator(inputs)).collect::<Result<_, _>>()?;
        Ok(Self { channels })
    }

    /// Sets the probability from which a pixel counts as foreground \[½\], and forgets all pixels.
    ///
    /// # Errors
    /// [`ParameterError`] unless the threshold lies strictly between 0 and 1.
    pub fn at_threshold(self, probability: f64) -> Result<Self, ParameterError> {
        let channels = self.channels.into_iter().map(|channel| channel.at_threshold(probability));
        Ok(Self { channels: channels.collect::<Result<_, _>>()? })
    }

    /// The accumulators of the channels.
    #[must_use]
    pub fn channels(&self) -> &[binary::Accumulator] {
        &self.channels
    }

    /// Adds the pixels of slices to a channel.
    ///
    /// # Errors
    /// [`EvaluationError::NoChannel`] if there is no such channel, and those of [`binary::Accumulator::extend`]; nothing is added then.
    pub fn extend(&mut self, channel: usize, pixels: Pixels<'_>) -> Result<(), EvaluationError> {
        let channels = self.channels.len();
        let sums = self.channels.get_mut(channel).ok_or(EvaluationError::NoChannel { channel, channels })?;
        sums.extend(pixels)
    }

    /// Adds the pixels of another accumulator, channel by channel.
    ///
    /// # Errors
    /// [`StateError`] if the losses of a channel or the numbers of channels differ; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let (expected, given) = (self.channels.len(), other.channels.len());
        if expected != given {
            return Err(StateError::Length { expected, given });
        }
        let mut merged = self.clone();
        for (channel, more) in merged.channels.iter_mut().zip(&other.channels) {
            channel.merge(more)?;
        }
        *self = merged;
        Ok(())
    }

    /// The counts of all channels together.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.channels.iter().fold(Counts::default(), |mut all, channel| {
            let more = channel.counts();
            all.valid += more.valid;
            all.ignored += more.ignored;
            all.rejected_inputs += more.rejected_inputs;
            all.rejected_targets += more.rejected_targets;
            all.rejected_weights += more.rejected_weights;
            all
        })
    }

    /// A hash of the channels' fingerprints, in their order.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        side_by_side("channels", self.channels.iter().map(binary::Accumulator::fingerprint))
    }

    /// The states of the channels, one after the other; `None` if a loss ranks the pixels, which are kept then.
    #[must_use]
    pub fn state(&self) -> Option<Vec<i64>> {
        Some(self.channels.iter().map(binary::Accumulator::state).collect::<Option<Vec<_>>>()?.concat())
    }

    /// Replaces all pixels by those of a state, or of an element-wise sum of states.
    ///
    /// # Errors
    /// [`StateError`] if the number of integers differs, or if no pixels can have made them; nothing is changed then.
    pub fn load_state(&mut self, state: &[i64]) -> Result<(), StateError> {
        let expected = self.state().map_or(0, |state| state.len());
        if state.len() != expected {
            return Err(StateError::Length { expected, given: state.len() });
        }
        let mut loaded = self.clone();
        let mut rest = state;
        for channel in &mut loaded.channels {
            let (own, more) = rest.split_at(channel.state().map_or(0, |state| state.len()));
            channel.load_state(own)?;
            rest = more;
        }
        *self = loaded;
        Ok(())
    }

    /// The results of all channels, if every pixel was in range.
    ///
    /// # Errors
    /// The [`EvaluationError`] of the first channel without a result.
    pub fn finish(&self) -> Result<Finished, EvaluationError> {
        let channels = self.channels.iter().map(binary::Accumulator::finish).collect::<Result<_, _>>()?;
        Ok(Finished { channels })
    }

    /// The results of all channels, over the pixels that were in range.
    ///
    /// # Errors
    /// The [`EvaluationError`] of the first channel without a valid pixel.
    pub fn finish_valid(&self) -> Result<Finished, EvaluationError> {
        let channels = self.channels.iter().map(binary::Accumulator::finish_valid).collect::<Result<_, _>>()?;
        Ok(Finished { channels })
    }
}

/// The fingerprint of several sums that stand side by side, from the fingerprint of each.
#[must_use]
pub fn side_by_side(name: &str, fingerprints: impl ExactSizeIterator<Item = u64>) -> u64 {
    let mut hash = Fingerprint::default();
    hash.name(name).number(fingerprints.len() as f64);
    for fingerprint in fingerprints {
        // Halves are exact as numbers.
        hash.number((fingerprint >> 32) as f64).number(f64::from(fingerprint as u32));
    }
    hash.finish()
}

/// The finished losses of all channels.
#[derive(Clone, Debug)]
pub struct Finished {
    channels: Vec<binary::Finished>,
}

impl Finished {
    /// The results of the channels.
    #[must_use]
    pub fn channels(&self) -> &[binary::Finished] {
        &self.channels
    }

    /// The mean of the channels' losses (the first expression of each); 0 without channels.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.weighted_mean(&vec![1.0; self.channels.len()])
    }

    /// The weighted mean Σ v L / Σ v over the channels that have a weight, or 0 if Σ v is 0.
    #[must_use]
    pub fn weighted_mean(&self, weights: &[f64]) -> f64 {
        let weighted = self.channels.iter().zip(weights).map(|(channel, weight)| weight * channel.value());
        let (sum, all) = (weighted.sum::<f64>(), weights.iter().take(self.channels.len()).sum::<f64>());
        if all == 0.0 { 0.0 } else { sum / all }
    }

    /// The gradient of the mean by the inputs of a channel, times an upstream factor; `None` if there is no such channel, or if it has several
    /// expressions.
    #[must_use]
    pub fn gradient_of_mean(&self, channel: usize, upstream: f64) -> Option<Gradient> {
        self.channels.get(channel)?.gradient(upstream / self.channels.len() as f64)
    }
}
