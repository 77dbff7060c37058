//! What is to be summed for the losses that were asked for.

use crate::expression::{Expression, Term, WeightedTerm};

/// The expressions, and the distinct losses that they are sums of.
pub(crate) struct Plan<L> {
    expressions: Vec<Expression<L>>,
    distinct: Vec<(f64, L)>,
    /// For each expression, which loss each of its terms is.
    places: Vec<Vec<usize>>,
}

/// The value of an expression, and those of its terms without their coefficients.
#[derive(Clone, Debug)]
pub(crate) struct Evaluated {
    pub(crate) value: f64,
    pub(crate) parts: Vec<f64>,
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
        // A gradient is that of the only expression, so its coefficients belong to the losses themselves.
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

    /// The losses to sum, with the coefficients that their gradients enter the sum with.
    pub(crate) fn distinct(&self) -> &[(f64, L)] {
        &self.distinct
    }

    /// The values of all expressions from those of the distinct losses.
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
