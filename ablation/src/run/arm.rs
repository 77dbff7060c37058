//! An arm: one training of a loss on its data with a seed.

use std::fmt;

use super::task::Task;
use loss_expression::{BinaryLoss, ClassesLoss, Expression, ExpressionError};

/// A loss with its name in the report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NamedLoss {
    pub(crate) name: String,
    /// The loss in the language of `ablation score --loss`.
    pub(crate) expression: String,
    /// Its place in the palette.
    pub(crate) colour: usize,
}

/// One training: a loss, its data, a seed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arm {
    pub(crate) task: Task,
    pub(crate) loss: NamedLoss,
    pub(crate) seed: u64,
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, seed {}", self.loss.name, self.task, self.seed)
    }
}

impl Arm {
    /// Whether the two differ in nothing but the loss's name.
    pub(crate) fn is_same_training(&self, other: &Arm) -> bool {
        self.task == other.task && self.seed == other.seed && self.loss.expression == other.loss.expression
    }
}

impl NamedLoss {
    pub(crate) fn binary(&self) -> Result<Expression<BinaryLoss>, ExpressionError> {
        self.expression.parse()
    }

    pub(crate) fn of_classes(&self) -> Result<Expression<ClassesLoss>, ExpressionError> {
        self.expression.parse()
    }
}
