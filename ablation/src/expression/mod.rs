//! The language of losses: `bce + 0.5 * dice(smooth=1e-5)`.

mod arguments;
pub(crate) mod classes;
mod elsewhere;
mod error;
mod parse;
pub(crate) mod registry;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use loss_core::{AnyLoss, Bce, Focal, LengthError, Link, Plane, Pointwise, Poly1, Target};

pub(crate) use arguments::Short;
pub(crate) use classes::ClassesLoss;
pub(crate) use elsewhere::in_the_library;
pub use error::ExpressionError;
pub(crate) use parse::closest;
pub(crate) use registry::Vocabulary;

/// A sum of losses with coefficients: of binary masks, or of classes.
///
/// Its text form ([`Display`](fmt::Display)) reads back as an equal expression.
///
/// ```
/// use ablation::expression::Expression;
///
/// let expression: Expression = "bce+0.5*jaccard( smooth = 1 )".parse()?;
/// assert_eq!(expression.to_string(), "bce + 0.5 * iou(smooth=1)");
/// # Ok::<(), ablation::expression::ExpressionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Expression<L = BinaryLoss> {
    terms: Vec<WeightedTerm<L>>,
}

impl<L> Expression<L> {
    /// The terms, in the order they were written.
    pub(crate) fn terms(&self) -> &[WeightedTerm<L>] {
        &self.terms
    }

    /// The first term alone.
    #[cfg(feature = "train")]
    pub(crate) fn first_term(&self) -> Self
    where
        L: Clone,
    {
        Self { terms: self.terms.iter().take(1).cloned().collect() }
    }
}

impl<L: Vocabulary> FromStr for Expression<L> {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        parse::parse(text).map(|terms| Self { terms })
    }
}

impl<L> fmt::Display for Expression<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, WeightedTerm { coefficient, term }) in self.terms.iter().enumerate() {
            f.write_str(match (index, coefficient.is_sign_negative()) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            })?;
            match coefficient.abs() {
                1.0 => write!(f, "{term}")?,
                other => write!(f, "{} * {term}", Short(other))?,
            }
        }
        Ok(())
    }
}

/// A term with the coefficient it enters the sum with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WeightedTerm<L = BinaryLoss> {
    pub(crate) coefficient: f64,
    pub(crate) term: Term<L>,
}

/// One loss with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Term<L = BinaryLoss> {
    pub(crate) name: &'static str,
    /// The term as it was written, up to spaces and aliases.
    text: String,
    pub(crate) loss: L,
}

impl<L: PartialEq> PartialEq for Term<L> {
    fn eq(&self, other: &Self) -> bool {
        self.loss == other.loss
    }
}

impl<L> fmt::Display for Term<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A loss of binary masks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinaryLoss {
    pub(crate) loss: AnyLoss,
    /// The loss of a pixel, if the loss is a sum over pixels.
    pub(crate) pointwise: Option<PointwiseLoss>,
    /// Whether the loss has sums of its own, beside those that every accumulator keeps.
    pub(crate) has_sums: bool,
}

/// A pointwise loss without its reduction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PointwiseLoss {
    Bce(Bce),
    Focal(Focal),
    Poly1(Poly1),
}

impl PointwiseLoss {
    pub(crate) fn write_map<K: Link, T: Target>(
        &self,
        link: &K,
        plane: Plane<'_, T>,
        map: &mut [f32],
    ) -> Result<(), LengthError> {
        match self {
            PointwiseLoss::Bce(loss) => loss.write_map(link, plane, map),
            PointwiseLoss::Focal(loss) => loss.write_map(link, plane, map),
            PointwiseLoss::Poly1(loss) => loss.write_map(link, plane, map),
        }
    }
}
