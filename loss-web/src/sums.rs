//! The integers of a state, read as sums, beside the same terms added up in floating point.

use loss_core::Logits;
use loss_core::extend::{Link, Pixel};
use loss_expression::Expression;
use loss_expression::binary::{Inputs, Losses};
use serde::Serialize;

use crate::Refusal;
use crate::evaluate::{map, parse};
use crate::picture::Checked;

/// A sum three times: exact, and in floating point, one pixel after the other.
#[derive(Clone, Debug, Serialize)]
pub struct SumRow {
    /// What is summed.
    pub name: String,
    /// The digits of the state: Σ `digit[i]`·2³²ⁱ counts units of 2⁻⁶⁴.
    pub digits: Vec<String>,
    /// The terms added up in `f32`.
    pub in_f32: f32,
    /// The same terms added up in `f64`.
    pub in_f64: f64,
}

/// Where `docs/state.md` has the soft confusion, of three sums with four digits each, and where the sums of the losses begin.
const CONFUSION: usize = 10;
const UNIT_DIGITS: usize = 4;
const LOSSES: usize = 34;
const TERM_DIGITS: usize = 7;

/// The soft confusion, and each term that is a sum over pixels, in the order of these pixels.
pub(crate) fn rows(expression: &Expression, pixels: &Checked) -> Result<Vec<SumRow>, Refusal> {
    let each: Vec<Pixel<f32>> = pixels
        .logits
        .iter()
        .zip(&pixels.truth)
        .map(|(&logit, &truth)| Logits.pixel(logit, if truth { 1.0 } else { 0.0 }))
        .collect();
    // The confusion stands in every state; this one has nothing else that could be missing.
    let cross_entropy = state(&parse("bce")?, pixels)?;
    type Term = fn(&Pixel<f32>) -> f32;
    let confusion: [(&str, Term); 3] = [
        ("TP = Σ p t", |pixel| pixel.p * pixel.target),
        ("FP = Σ p (1−t)", |pixel| pixel.p * pixel.background),
        ("FN = Σ (1−p) t", |pixel| pixel.q * pixel.target),
    ];
    let mut rows = Vec::new();
    for ((name, term), place) in confusion.into_iter().zip((CONFUSION..).step_by(UNIT_DIGITS)) {
        let terms: Vec<f32> = each.iter().map(term).collect();
        rows.push(SumRow::new(name.to_owned(), &cross_entropy, place, UNIT_DIGITS, &terms)?);
    }
    for term in expression.terms().iter().filter(|term| term.term.loss.is_pointwise()) {
        let text = term.term.to_string();
        let alone = parse(&text)?;
        rows.push(SumRow::new(
            format!("Σ {text}"),
            &state(&alone, pixels)?,
            LOSSES,
            TERM_DIGITS,
            &map(&alone, pixels)?,
        )?);
    }
    Ok(rows)
}

fn state(expression: &Expression, pixels: &Checked) -> Result<Vec<i64>, Refusal> {
    let mut accumulator = Losses::new(vec![expression.clone()]).accumulator(Inputs::Logits).map_err(Refusal::of)?;
    accumulator.extend(pixels.pixels()?).map_err(Refusal::of)?;
    accumulator.state().ok_or_else(|| Refusal::of(format_args!("{expression} has no sums")))
}

impl SumRow {
    fn new(name: String, state: &[i64], place: usize, digits: usize, terms: &[f32]) -> Result<Self, Refusal> {
        let digits = state.get(place..place + digits).ok_or_else(|| Refusal::of(format_args!("no sum at {place}")))?;
        Ok(Self {
            name,
            digits: digits.iter().map(i64::to_string).collect(),
            in_f32: terms.iter().fold(0.0, |sum, term| sum + term),
            in_f64: terms.iter().fold(0.0, |sum, term| sum + f64::from(*term)),
        })
    }
}
