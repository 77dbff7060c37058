//! All losses that were asked for, in one pass.

use std::rc::Rc;

use loss_core::{
    AnyLoss, AnySlope, AnySums, Finished, Fingerprint, Link, Loss, Part, Pixel, Real, Scaled, Sums, Totals,
};

use crate::expression::{Expression, Term, WeightedTerm};

/// Some number of losses over the same pixels: one exponential a pixel, whatever their number.
#[derive(Clone, Debug)]
pub(crate) struct Terms(Rc<[Scaled<AnyLoss>]>);

impl Loss for Terms {
    type Sums = TermsSums;
    type Slope = Vec<AnySlope>;

    fn sums(&self) -> TermsSums {
        TermsSums(self.0.iter().map(Loss::sums).collect())
    }

    #[inline(always)]
    fn add(&self, pixel: &Pixel<f32>, weight: f32, sums: &mut TermsSums) {
        for (loss, sums) in self.0.iter().zip(&mut sums.0) {
            loss.add(pixel, weight, sums);
        }
    }

    fn value(&self, totals: &Totals, sums: &TermsSums) -> f64 {
        self.0.iter().zip(&sums.0).map(|(loss, sums)| loss.value(totals, sums)).sum()
    }

    fn slope(&self, totals: &Totals, sums: &TermsSums, factor: f64) -> Vec<AnySlope> {
        self.0.iter().zip(&sums.0).map(|(loss, sums)| loss.slope(totals, sums, factor)).collect()
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &Vec<AnySlope>, pixel: &Pixel<R>) -> R {
        self.0.iter().zip(slope).fold(R::splat(0.0), |sum, (loss, slope)| sum + loss.gradient(slope, pixel))
    }

    fn part_count(&self) -> usize {
        self.0.len()
    }

    fn part(&self, index: usize, totals: &Totals, sums: &TermsSums) -> Option<Part> {
        self.0.get(index)?.part(0, totals, sums.0.get(index)?)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("terms");
        self.0.iter().for_each(|loss| loss.fingerprint(fingerprint));
    }
}

/// The sums of [`Terms`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TermsSums(Vec<AnySums>);

impl Sums for TermsSums {
    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sums, more)| sums.merge(more));
    }

    fn normalise(&mut self) {
        self.0.iter_mut().for_each(Sums::normalise);
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.0.iter().for_each(|sums| sums.save(to));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.0.iter_mut().try_for_each(|sums| sums.load(from))
    }
}

/// The expressions, and the distinct losses that they are sums of.
pub(crate) struct Plan {
    expressions: Vec<Expression>,
    terms: Terms,
    /// For each expression, which loss each of its terms is.
    places: Vec<Vec<usize>>,
}

/// The value of an expression, and those of its terms without their coefficients.
#[derive(Clone, Debug)]
pub(crate) struct Evaluated {
    pub(crate) value: f64,
    pub(crate) parts: Vec<f64>,
}

impl Plan {
    pub(crate) fn new(expressions: Vec<Expression>) -> Self {
        let mut distinct: Vec<&Term> = Vec::new();
        let mut places = Vec::new();
        for expression in &expressions {
            let place = |WeightedTerm { term, .. }: &'_ _| -> usize {
                let known = distinct.iter().position(|other| *other == term);
                known.unwrap_or_else(|| {
                    distinct.push(term);
                    distinct.len() - 1
                })
            };
            places.push(expression.terms().iter().map(place).collect::<Vec<_>>());
        }
        // A gradient is that of the only expression, so its coefficients belong to the losses themselves.
        let coefficient = |index: usize| match (&expressions[..], &places[..]) {
            ([expression], [places]) => {
                let uses = expression.terms().iter().zip(places).filter(|(_, place)| **place == index);
                uses.map(|(term, _)| term.coefficient).sum()
            }
            _ => 1.0,
        };
        let losses = distinct.iter().enumerate().map(|(index, term)| term.loss.times(coefficient(index)));
        let terms = Terms(losses.collect());
        Self { expressions, terms, places }
    }

    pub(crate) fn expressions(&self) -> &[Expression] {
        &self.expressions
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The values of all expressions.
    pub(crate) fn evaluate<K: Link>(&self, finished: &Finished<Terms, K>) -> Vec<Evaluated> {
        let values: Vec<f64> = finished.parts().map(|part| part.value).collect();
        self.expressions
            .iter()
            .zip(&self.places)
            .map(|(expression, places)| {
                let parts: Vec<f64> = places.iter().map(|place| values.get(*place).copied().unwrap_or(0.0)).collect();
                let coefficients = expression.terms().iter().map(|term| term.coefficient);
                let value = coefficients.zip(&parts).map(|(coefficient, part)| coefficient * part).sum();
                Evaluated { value, parts }
            })
            .collect()
    }
}
