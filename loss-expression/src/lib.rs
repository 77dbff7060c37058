#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

pub mod binary;
pub mod channels;
pub mod classes;
pub mod conventions;
mod error;
mod expression;
mod map;
mod plan;
mod sums_of_terms;

pub use error::EvaluationError;
pub use expression::{
    BinaryLoss, ClassExpression, ClassRanking, ClassesLoss, Entry, Expression, ExpressionError, Ranking, Short, Term,
    Vocabulary, WeightedTerm, closest, known_elsewhere,
};
pub use plan::Evaluated;
