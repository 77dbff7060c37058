use core::marker::PhantomData;

use super::feature::Feature;
use super::layer::Layer;
use crate::class::{ClassAccumulator, ClassLoss};
use crate::error::StateError;
use crate::fingerprint::Fingerprint;
use crate::input::link::Link;
use crate::loss::Loss;
use crate::stream::accumulator::Accumulator;
use crate::sums::exact::UnitSum;
use crate::sums::shared::SharedSums;
use crate::sums::state::{Sums, add_counts, gives_state, load_count, read_state};

/// The sums of a loss over all pixels of a step, whose slopes the gradient is made of: an [`Accumulator`] or a [`ClassAccumulator`].
pub trait Round {
    /// Adds what tells these sums from others: the loss, and every integer of the state.
    fn add_to_fingerprint(&self, fingerprint: &mut Fingerprint);
}

impl<L: Loss, K: Link, C: SharedSums> Round for Accumulator<L, K, C> {
    fn add_to_fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.integer(self.fingerprint() as i64);
        self.for_each_of_state(|integer| fingerprint.integer(integer));
    }
}

impl<L: ClassLoss<C>, const C: usize> Round for ClassAccumulator<L, C> {
    fn add_to_fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.integer(self.fingerprint() as i64);
        self.for_each_of_state(|integer| fingerprint.integer(integer));
    }
}

/// The gradient of a loss by the weights and the bias of a [`Layer`]: exact sums of g·x and g over pixels.
///
/// **Error bound.** A product is exact and rounded once to a multiple of 2⁻⁶⁴: an error of at most 2⁻⁶⁵ a pixel and weight, beside that of g itself (see
/// [`Gradient`](crate::Gradient)). **Range.** A product is at most 2³² in magnitude; a larger one leaves no gradient, and [`Head::step`](super::Head::step) says so.
/// A pixel whose g is 0, as that of an ignored or rejected pixel, adds nothing, whatever its features.
///
/// **State.** Pixels, then for each output its F weights and its bias as unit sums, of either sign: 1 + 4·C·(F + 1) integers, which add up over as many as 2²⁰ devices.
/// [`fingerprint`](Self::fingerprint) tells gradients at other weights, of another loss or round, or over another type of features from each other; they do not merge.
#[derive(Clone, Debug)]
#[must_use]
pub struct HeadGradient<X, const F: usize, const C: usize> {
    fingerprint: u64,
    pub(super) layer: u64,
    pub(super) sums: GradientSums<F, C>,
    features: PhantomData<X>,
}

/// The sums, by output and feature.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GradientSums<const F: usize, const C: usize> {
    pixels: i64,
    pub(super) weights: [[UnitSum; F]; C],
    pub(super) bias: [UnitSum; C],
}

impl<const F: usize, const C: usize> GradientSums<F, C> {
    const EMPTY: Self = Self { pixels: 0, weights: [[UnitSum::ZERO; F]; C], bias: [UnitSum::ZERO; C] };

    fn each(&self) -> impl Iterator<Item = &UnitSum> {
        self.weights.iter().zip(&self.bias).flat_map(|(weights, bias)| weights.iter().chain([bias]))
    }

    fn each_mut(&mut self) -> impl Iterator<Item = &mut UnitSum> {
        self.weights.iter_mut().zip(&mut self.bias).flat_map(|(weights, bias)| weights.iter_mut().chain([bias]))
    }
}

impl<const F: usize, const C: usize> Sums for GradientSums<F, C> {
    fn merge(&mut self, other: &Self) {
        self.pixels = add_counts(self.pixels, other.pixels);
        self.each_mut().zip(other.each()).for_each(|(sum, more)| sum.merge(more));
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        to(self.pixels);
        self.each().for_each(|sum| sum.save(to));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.pixels = load_count(from)?;
        self.each_mut().try_for_each(|sum| sum.load_signed(from))
    }

    fn is_saturated(&self) -> bool {
        self.each().any(UnitSum::is_saturated)
    }
}

impl<X: Feature, const F: usize, const C: usize> HeadGradient<X, F, C> {
    /// How many integers the state has.
    pub const STATE_LENGTH: usize = 1 + 4 * C * (F + 1);

    /// The gradient of no pixels, at these weights, of a loss with these sums over all pixels.
    pub fn new(layer: &Layer<F, C>, round: &impl Round) -> Self {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("head gradient").name(X::NAME);
        layer.add_to_fingerprint(&mut fingerprint);
        round.add_to_fingerprint(&mut fingerprint);
        let layer = layer.fingerprint();
        Self { fingerprint: fingerprint.finish(), layer, sums: GradientSums::EMPTY, features: PhantomData }
    }

    /// Adds a pixel: its features, and ∂L/∂logit of each output.
    #[inline]
    pub fn push(&mut self, features: &[X; F], slopes: [f32; C]) {
        let GradientSums { pixels, weights, bias } = &mut self.sums;
        *pixels = pixels.wrapping_add(1);
        for ((weights, bias), slope) in weights.iter_mut().zip(bias).zip(slopes) {
            if slope != 0.0 {
                weights.iter_mut().zip(features).for_each(|(sum, feature)| feature.add_product(slope, sum));
                bias.add_product_with_integer(slope, 1);
            }
        }
    }

    /// How many pixels there were.
    #[must_use]
    pub fn pixels(&self) -> i64 {
        self.sums.pixels
    }

    /// ∂L/∂w, as the nearest `f64`s; NaN where a product was too large.
    #[must_use]
    pub fn weights(&self) -> [[f64; F]; C] {
        self.sums.weights.map(|of_output| of_output.map(|sum| sum.to_f64()))
    }

    /// ∂L/∂b, as the nearest `f64`s; NaN where a slope was too large.
    #[must_use]
    pub fn bias(&self) -> [f64; C] {
        self.sums.bias.map(|sum| sum.to_f64())
    }

    /// Adds the pixels of another.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`], and nothing is added, if weights, losses, rounds or features differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let (expected, given) = (self.fingerprint, other.fingerprint);
        if expected != given {
            return Err(StateError::OtherLoss { expected, given });
        }
        self.sums.merge(&other.sums);
        Ok(())
    }

    /// Tells the weights, the loss with its sums over all pixels, and the type of the features from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Replaces all pixels by those of a state, or of an element-wise sum of up to 2²⁰ states.
    ///
    /// # Errors
    /// [`StateError`], and nothing is changed, if there are more or fewer integers, or if one is such as no pixels can have made.
    pub fn load_state(&mut self, state: impl IntoIterator<Item = i64>) -> Result<(), StateError> {
        self.sums = read_state(GradientSums::EMPTY, 1, state)?;
        Ok(())
    }
}

gives_state!([X: Feature, const F: usize, const C: usize] HeadGradient<X, F, C>);

#[cfg(feature = "serde")]
crate::stream::serde::messages!([X: Feature, const F: usize, const C: usize] HeadGradient<X, F, C>);

#[cfg(feature = "defmt")]
crate::stream::logs::logged!([X: Feature, const F: usize, const C: usize] HeadGradient<X, F, C>);

/// Equal if they are of the same round and hold the same sums.
impl<X, const F: usize, const C: usize> PartialEq for HeadGradient<X, F, C> {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint && self.sums == other.sums
    }
}
