use crate::error::StateError;
use crate::input::link::Link;
use crate::input::sample::Sample;
use crate::loss::Loss;
use crate::stream::accumulator::Accumulator;
use crate::stream::finished::Finished;
use crate::sums::error::FinishError;

/// A binary loss for each of C classes that do not exclude each other ("multi-label"), each with its own parameters.
///
/// L = Σ_c v_c L_c / Σ_c v_c, where v are the weights of the channels \[1\].
///
/// ```
/// use loss_core::class::Channels;
/// use loss_core::{Bce, Loss, Pointwise};
///
/// // A pos_weight for each channel.
/// let losses = [Bce::new().pos_weight(3.0)?.mean(), Bce::new().pos_weight(1.0)?.mean()];
/// let mut channels = Channels::new(losses.map(|loss| loss.accumulator()));
/// channels.push([(0.0, true), (0.0, false)]); // a sample for each channel
/// let total = channels.finish()?;
/// assert!((total.mean() - 2.0 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[doc(alias = "multi-label")]
#[doc(alias = "multilabel")]
#[doc(alias = "to_onehot_y")]
#[derive(Clone, Debug)]
#[must_use]
pub struct Channels<L: Loss, K: Link, const C: usize> {
    channels: [Accumulator<L, K>; C],
}

impl<L: Loss, K: Link, const C: usize> Channels<L, K, C> {
    /// Makes it of an accumulator for each channel.
    pub const fn new(channels: [Accumulator<L, K>; C]) -> Self {
        Self { channels }
    }

    /// Adds a pixel: a sample for each channel.
    pub fn push<S: Into<Sample>>(&mut self, samples: [S; C]) {
        self.channels.iter_mut().zip(samples).for_each(|(channel, sample)| channel.push(sample));
    }

    /// The accumulator of one channel, for streaming into it alone (a plane, an iterator).
    pub fn channel_mut(&mut self, channel: usize) -> Option<&mut Accumulator<L, K>> {
        self.channels.get_mut(channel)
    }

    /// Adds the pixels of another accumulator, channel by channel.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`] if any channel's loss differs; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let mut merged = self.channels.clone();
        merged.iter_mut().zip(&other.channels).try_for_each(|(channel, more)| channel.merge(more))?;
        self.channels = merged;
        Ok(())
    }

    /// The results of all channels, if every sample was in range.
    ///
    /// # Errors
    /// The [`FinishError`] of the first channel without a result.
    pub fn finish(&self) -> Result<FinishedChannels<L, K, C>, FinishError> {
        self.channels.iter().try_for_each(|channel| channel.finish().map(drop))?;
        Ok(FinishedChannels { channels: self.channels.each_ref().map(Accumulator::finish_unchecked) })
    }

    /// The results of all channels, over the samples that were in range.
    ///
    /// # Errors
    /// The [`FinishError`] of the first channel without a valid sample.
    pub fn finish_valid(&self) -> Result<FinishedChannels<L, K, C>, FinishError> {
        self.channels.iter().try_for_each(|channel| channel.finish_valid().map(drop))?;
        Ok(FinishedChannels { channels: self.channels.each_ref().map(Accumulator::finish_unchecked) })
    }
}

/// The finished losses of all channels.
#[derive(Clone, Debug)]
#[must_use]
pub struct FinishedChannels<L: Loss, K: Link, const C: usize> {
    channels: [Finished<L, K>; C],
}

impl<L: Loss, K: Link, const C: usize> FinishedChannels<L, K, C> {
    /// The result of one channel. Its gradient with the upstream factor 1/C is its part of the mean's gradient.
    pub fn channel(&self, channel: usize) -> Option<&Finished<L, K>> {
        self.channels.get(channel)
    }

    /// The results of all channels.
    pub fn channels(&self) -> impl Iterator<Item = &Finished<L, K>> {
        self.channels.iter()
    }

    /// The mean of the channels' losses.
    pub fn mean(&self) -> f64 {
        self.channels.iter().map(Finished::value).sum::<f64>() / C as f64
    }

    /// The weighted mean Σ v L / Σ v, or 0 if Σ v is 0. A channel's gradient then has the upstream factor v/Σ v.
    pub fn weighted_mean(&self, weights: &[f64; C]) -> f64 {
        let sum: f64 = weights.iter().sum();
        let weighted: f64 = self.channels.iter().zip(weights).map(|(channel, weight)| weight * channel.value()).sum();
        if sum == 0.0 { 0.0 } else { weighted / sum }
    }
}
