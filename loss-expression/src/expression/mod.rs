//! The language of losses: `bce + 0.5 * dice(smooth=1e-5)`.

mod arguments;
mod binary;
mod classes;
mod error;
mod parse;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::fmt;
use std::str::FromStr;

pub use arguments::Short;
pub use binary::{BinaryLoss, Ranking};
pub use classes::{ClassRanking, ClassesLoss};
pub use error::ExpressionError;
pub use parse::closest;
pub use vocabulary::{Entry, Vocabulary, known_elsewhere};

/// A sum of losses over classes with coefficients.
pub type ClassExpression = Expression<ClassesLoss>;

/// A sum of losses with coefficients, of binary masks or over classes.
///
/// Its text form ([`Display`](fmt::Display)) reads back as an equal expression.
///
/// ```
/// use loss_expression::Expression;
///
/// let expression: Expression = "bce+0.5*jaccard( smooth = 1 )".parse()?;
/// assert_eq!(expression.to_string(), "bce + 0.5 * iou(smooth=1)");
/// # Ok::<(), loss_expression::ExpressionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Expression<L = BinaryLoss> {
    terms: Vec<WeightedTerm<L>>,
}

impl<L> Expression<L> {
    /// The terms, in the order in which they were written.
    #[must_use]
    pub fn terms(&self) -> &[WeightedTerm<L>] {
        &self.terms
    }

    /// The first term.
    #[must_use]
    pub fn first_term(&self) -> Self
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

/// A term and its coefficient in the sum.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedTerm<L = BinaryLoss> {
    /// The coefficient.
    pub coefficient: f64,
    /// The term.
    pub term: Term<L>,
}

/// One loss with its arguments.
#[derive(Clone, Debug)]
pub struct Term<L = BinaryLoss> {
    /// The name of the loss.
    pub name: &'static str,
    /// The term as it was written, up to spaces and aliases.
    text: String,
    /// The loss.
    pub loss: L,
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
