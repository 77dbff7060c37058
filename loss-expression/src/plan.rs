//! The plan of an evaluation: the distinct losses of several expressions.

use crate::expression::{BinaryLoss, Expression, Term, WeightedTerm};

/// The expressions, and the distinct losses in them.
#[derive(Clone, Debug)]
pub(crate) struct Plan<L = BinaryLoss> {
    expressions: Vec<Expression<L>>,
    distinct: Vec<(f64, L)>,
    /// The index of the distinct loss, for each term of each expression.
    places: Vec<Vec<usize>>,
}

/// The value of an expression, and the values of its terms without their coefficients.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    /// The sum of the terms, each times its coefficient.
    pub value: f64,
    /// The values of the terms, in the order in which they were written.
    pub parts: Vec<f64>,
}

impl<L: Clone + PartialEq> Plan<L> {
    pub(crate) fn new(expressions: Vec<Expression<L>>) -> Self {
        let mut distinct: Vec<&Term<L>> = Vec::new();
        let mut places = Vec::new();
        for expression in &expressions {
            let mut own = Vec::new();
            for WeightedTerm { term, .. } in expression.terms() {
                let known = distinct.iter().position(|other| *other == term);
                own.push(known.unwrap_or(distinct.len()));
                if known.is_none() {
                    distinct.push(term);
                }
            }
            places.push(own);
        }
        // A gradient belongs to the only expression, so that expression's coefficients go to the losses themselves.
        let coefficient = |index: usize| match (&expressions[..], &places[..]) {
            ([expression], [places]) => {
                let uses = expression.terms().iter().zip(places).filter(|(_, place)| **place == index);
                uses.map(|(term, _)| term.coefficient).sum()
            }
            _ => 1.0,
        };
        let distinct =
            distinct.iter().enumerate().map(|(index, term)| (coefficient(index), term.loss.clone())).collect();
        Self { expressions, distinct, places }
    }

    pub(crate) fn expressions(&self) -> &[Expression<L>] {
        &self.expressions
    }

    /// The terms of all expressions.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &WeightedTerm<L>> {
        self.expressions.iter().flat_map(|expression| expression.terms())
    }

    /// The losses to sum, with their coefficients in the gradient.
    pub(crate) fn distinct(&self) -> &[(f64, L)] {
        &self.distinct
    }

    /// The losses to evaluate.
    pub(crate) fn losses(&self) -> impl Iterator<Item = &L> {
        self.distinct.iter().map(|(_, loss)| loss)
    }

    /// The values of all expressions, from those of the distinct losses.
    pub(crate) fn combine(&self, distinct: &[f64]) -> Vec<Evaluated> {
        let value_of = |place: &usize| distinct.get(*place).copied().unwrap_or(0.0);
        self.expressions
            .iter()
            .zip(&self.places)
            .map(|(expression, places)| {
                let parts: Vec<f64> = places.iter().map(value_of).collect();
                let coefficients = expression.terms().iter().map(|term| term.coefficient);
                let value = coefficients.zip(&parts).map(|(coefficient, part)| coefficient * part).sum();
                Evaluated { value, parts }
            })
            .collect()
    }
}

/// Mixes a loss without a fingerprint into the fingerprint of the sums.
pub(crate) fn mixed(fingerprint: u64, place: usize, loss: &impl std::fmt::Debug) -> u64 {
    // FNV-1a, as in the fingerprint itself.
    let byte = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    format!("{place} {loss:?}").bytes().fold(fingerprint, byte)
}
