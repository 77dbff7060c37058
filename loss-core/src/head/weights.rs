use core::fmt;

use super::feature::Feature;
use super::gradient::HeadGradient;
use super::layer::Layer;
use super::sgd::Sgd;
use crate::error::{Parameter, ParameterError, StateError};
use crate::sums::exact::UnitSum;
use crate::sums::state::Sums as _;

/// The weights of a last layer and their momentum, as integers: multiples of 2⁻³², at most 2¹⁵ in magnitude.
///
/// **A step** is exact but for two roundings: v′ is μ v + (G + λ w) rounded once to a multiple of 2⁻³², half to even, and w′ is w − η v′ likewise, with the exact sums G of the
/// gradient. So the same gradient makes the same weights on every machine, and an error of at most 2⁻³³ a step.
///
/// The sums G of a weight are by the code; what is added is by the number that the code stands for, see [`fraction_bits`](Self::fraction_bits).
///
/// **State.** Weights and biases, then their momenta, output by output: 2·C·(F + 1) integers. They are copied, and **not** added. The fraction bits stand beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Head<const F: usize, const C: usize> {
    weights: [[Trained; F]; C],
    bias: [Trained; C],
    fraction: u32,
}

/// A weight and its momentum, in units of 2⁻³².
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Trained {
    weight: i64,
    momentum: i64,
}

/// What 1 is in units, as a power of two.
const UNIT_BITS: u32 = 32;
/// 2¹⁵ in units.
const LARGEST: i64 = 1 << (15 + UNIT_BITS);

/// Why there was no step. The weights are as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StepError {
    /// The gradient was taken at other weights.
    OtherWeights,
    /// The gradient is of no pixels.
    NoPixels,
    /// A product of a slope and a feature was larger than 2³² or no number, so that the gradient is not known.
    Saturated,
    /// A weight or a momentum would become larger than 2¹⁵: the learning rate is too large.
    OutOfRange,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherWeights => "the gradient was taken at other weights than those of this head",
            Self::NoPixels => "the gradient is of no pixels",
            Self::Saturated => {
                "a product of a slope and a feature was larger than 2^32 or no number: use smaller features or weights of pixels"
            }
            Self::OutOfRange => "a weight or its momentum would be larger than 2^15: use a smaller learning rate",
        })
    }
}

impl core::error::Error for StepError {}

impl Trained {
    fn of(weight: f32, index: usize) -> Result<Self, ParameterError> {
        let mut sum = UnitSum::ZERO;
        sum.add_product(weight, 1.0);
        let weight_units = rounded_units(sum.units(), UNIT_BITS);
        ParameterError::check(
            Parameter::HeadWeight,
            weight.into(),
            !sum.is_saturated() && weight_units.is_some(),
            "a finite number of at most 2^15 in magnitude",
        )
        .map_err(|error| error.of(index))?;
        Ok(Self { weight: weight_units.unwrap_or_default(), momentum: 0 })
    }

    /// The weight, by the code of a feature with so many fraction bits.
    fn value(&self, fraction: u32) -> f32 {
        self.weight as f32 * (1.0 / (1u64 << (UNIT_BITS.wrapping_add(fraction) & 63)) as f32)
    }

    /// The weight after a step, if it is in range.
    fn step(&self, gradient: &UnitSum, sgd: &Sgd, decay: i64, fraction: u32) -> Option<Self> {
        // In units of 2⁻⁶⁴, or of 2^−(64 + fraction): the gradient is by the number that a code stands for.
        let product = |a: i64, b: i64| i128::from(a).wrapping_mul(b.into());
        let slope = gradient.units()?;
        let kept = product(sgd.momentum, self.momentum).wrapping_add(product(decay, self.weight));
        let momentum = rounded_units(slope.checked_add(kept.wrapping_shl(fraction)), UNIT_BITS.wrapping_add(fraction))?;
        let moved = (i128::from(self.weight) << UNIT_BITS).wrapping_sub(product(sgd.rate, momentum));
        Some(Self { weight: rounded_units(Some(moved), UNIT_BITS)?, momentum })
    }
}

/// A number divided by 2^`bits`, as the nearest integer, half to even; `None` if that is beyond a weight.
fn rounded_units(number: Option<i128>, bits: u32) -> Option<i64> {
    let number = number?;
    let floor = number.wrapping_shr(bits);
    let rest = number.wrapping_sub(floor.wrapping_shl(bits));
    let half = 1i128.wrapping_shl(bits.wrapping_sub(1));
    let up = rest > half || (rest == half && floor & 1 == 1);
    let rounded = floor.checked_add(up.into())?;
    i64::try_from(rounded).ok().filter(|units| (-LARGEST..=LARGEST).contains(units))
}

impl<const F: usize, const C: usize> Head<F, C> {
    /// How many integers the state has.
    pub const STATE_LENGTH: usize = 2 * C * (F + 1);

    const ZERO: Self = {
        const NOTHING: Trained = Trained { weight: 0, momentum: 0 };
        Self { weights: [[NOTHING; F]; C], bias: [NOTHING; C], fraction: 0 }
    };

    /// Weights by output and feature, and the bias of each output. They are rounded to multiples of 2⁻³².
    ///
    /// # Errors
    /// [`ParameterError`] unless all are finite and at most 2¹⁵ in magnitude. Its index counts the weights output by output, and the biases after them.
    pub fn new(weights: [[f32; F]; C], bias: [f32; C]) -> Result<Self, ParameterError> {
        let mut head = Self::ZERO;
        let numbers = weights.as_flattened().iter().chain(&bias);
        let places = head.weights.as_flattened_mut().iter_mut().chain(&mut head.bias);
        for (index, (to, number)) in (0..Self::STATE_LENGTH).zip(places.zip(numbers)) {
            *to = Trained::of(*number, index)?;
        }
        Ok(head)
    }

    /// Takes features as fixed-point numbers with so many bits after the point, from 0 to 16: a code x stands for x·2^−bits, as a q7 number does for x·2⁻⁷. The weights of this head are by that
    /// number, and those of its [`layer`](Self::layer) by the code.
    ///
    /// Weights and bias then learn at one rate: without it, codes around 100 make the gradient of a weight 100 times that of the bias. For a network whose scale is no power of two take a power
    /// near it.
    ///
    /// # Errors
    /// [`ParameterError`] if there are more than 16.
    pub fn fraction_bits(self, bits: u32) -> Result<Self, ParameterError> {
        ParameterError::check(Parameter::FractionBits, bits.into(), bits <= 16, "from 0 to 16")?;
        Ok(Self { fraction: bits, ..self })
    }

    /// The weights as they are applied to the features: the nearest `f32`s.
    pub fn layer(&self) -> Layer<F, C> {
        Layer {
            weights: self.weights.map(|of_output| of_output.map(|trained| trained.value(self.fraction))),
            bias: self.bias.map(|trained| trained.value(0)),
        }
    }

    /// Takes a step against the gradient.
    ///
    /// # Errors
    /// [`StepError`], and nothing is changed, if the gradient was taken at other weights, is of no pixels, has no value, or if the step is too large.
    pub fn step<X: Feature>(&mut self, gradient: &HeadGradient<X, F, C>, sgd: &Sgd) -> Result<(), StepError> {
        if gradient.layer != self.layer().fingerprint() {
            return Err(StepError::OtherWeights);
        }
        if gradient.pixels() == 0 {
            return Err(StepError::NoPixels);
        }
        if gradient.sums.is_saturated() {
            return Err(StepError::Saturated);
        }
        let mut next = *self;
        for (trained, slope) in next.weights.as_flattened_mut().iter_mut().zip(gradient.sums.weights.as_flattened()) {
            *trained = trained.step(slope, sgd, sgd.decay, self.fraction).ok_or(StepError::OutOfRange)?;
        }
        for (trained, slope) in next.bias.iter_mut().zip(&gradient.sums.bias) {
            *trained = trained.step(slope, sgd, 0, 0).ok_or(StepError::OutOfRange)?;
        }
        *self = next;
        Ok(())
    }

    /// Forgets the momentum, as before the first step on other pixels.
    pub fn reset_momentum(&mut self) {
        self.each_mut().for_each(|trained| trained.momentum = 0);
    }

    fn each(&self) -> impl Iterator<Item = &Trained> + Clone {
        self.weights.iter().zip(&self.bias).flat_map(|(weights, bias)| weights.iter().chain([bias]))
    }

    fn each_mut(&mut self) -> impl Iterator<Item = &mut Trained> {
        self.weights.iter_mut().zip(&mut self.bias).flat_map(|(weights, bias)| weights.iter_mut().chain([bias]))
    }

    /// Hands over the integers of the state, in units of 2⁻³².
    pub fn for_each_of_state(&self, to: impl FnMut(i64)) {
        let (weights, momenta) =
            (self.each().map(|trained| trained.weight), self.each().map(|trained| trained.momentum));
        weights.chain(momenta).for_each(to);
    }

    /// The head of a state, without fraction bits.
    ///
    /// # Errors
    /// [`StateError`] if there are more or fewer integers than [`STATE_LENGTH`](Self::STATE_LENGTH), or if one is beyond 2¹⁵ in units of 2⁻³².
    pub fn from_state(state: impl IntoIterator<Item = i64>) -> Result<Self, StateError> {
        let mut head = Self::ZERO;
        let (mut integers, mut given) = (state.into_iter(), 0usize);
        let mut next = || {
            let integer = integers.next().ok_or(StateError::Length { expected: Self::STATE_LENGTH, given })?;
            if !(-LARGEST..=LARGEST).contains(&integer) {
                return Err(StateError::OutOfRange { index: given });
            }
            given = given.wrapping_add(1);
            Ok(integer)
        };
        for trained in head.each_mut() {
            trained.weight = next()?;
        }
        for trained in head.each_mut() {
            trained.momentum = next()?;
        }
        match integers.next() {
            None => Ok(head),
            Some(_) => Err(StateError::Length { expected: Self::STATE_LENGTH, given: Self::STATE_LENGTH + 1 }),
        }
    }
}
