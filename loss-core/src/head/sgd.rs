use crate::error::{Parameter, ParameterError};

/// Stochastic gradient descent with momentum: v ← μ v + (∂L/∂w + λ w), w ← w − η v.
///
/// Learning rate η, momentum μ and weight decay λ are rounded to multiples of 2⁻³²: 0.01 becomes 0.01 + 4·10⁻¹¹. Weight decay holds for weights, not for the bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct Sgd {
    /// In units of 2⁻³².
    pub(super) rate: i64,
    pub(super) momentum: i64,
    pub(super) decay: i64,
}

/// What 1 is in units.
const ONE: f64 = 4_294_967_296.0;

impl Sgd {
    /// Of a learning rate in [2⁻³², 2¹⁵], a momentum in [0, 1) and a weight decay in [0, 1]; a momentum of 0 is plain gradient descent.
    ///
    /// # Errors
    /// [`ParameterError`] if one is out of its range.
    pub const fn new(learning_rate: f64, momentum: f64, weight_decay: f64) -> Result<Self, ParameterError> {
        if !(learning_rate >= 1.0 / ONE && learning_rate <= 32_768.0) {
            return Err(out_of_range(Parameter::LearningRate, learning_rate, "in [2^-32, 32768]"));
        }
        if !(momentum >= 0.0 && momentum < 1.0) {
            return Err(out_of_range(Parameter::Momentum, momentum, "at least 0 and below 1"));
        }
        if !(weight_decay >= 0.0 && weight_decay <= 1.0) {
            return Err(out_of_range(Parameter::WeightDecay, weight_decay, "in [0, 1]"));
        }
        Ok(Self { rate: units(learning_rate), momentum: units(momentum), decay: units(weight_decay) })
    }
}

const fn out_of_range(parameter: Parameter, given: f64, accepted: &'static str) -> ParameterError {
    ParameterError { parameter, index: None, given, accepted }
}

/// The nearest multiple of 2⁻³², ties upwards.
const fn units(number: f64) -> i64 {
    (number * ONE + 0.5) as i64
}
