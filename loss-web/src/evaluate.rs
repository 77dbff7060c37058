//! Value, gradient, map and sums of an expression.

use loss_core::Confusion;
use loss_expression::binary::{Finished, Inputs, Losses};
use loss_expression::{Expression, ExpressionError};
use serde::Serialize;

use crate::picture::Checked;
use crate::sums::{SumRow, rows};
use crate::{Picture, Refusal};

/// An expression over a picture.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// The expression as the library writes it.
    pub expression: String,
    /// Its value.
    pub value: f64,
    /// Its terms.
    pub parts: Vec<Part>,
    /// Sums of probabilities.
    pub soft: Scores,
    /// Counts of pixels, foreground from p = ½ on.
    pub hard: HardScores,
    /// How many pixels there are.
    pub pixels: i64,
    /// ∂L/∂logit of each pixel.
    pub gradient: Vec<f32>,
    /// The loss of each pixel before the mean, by the terms that are sums over pixels.
    pub map: Option<Vec<f32>>,
    /// Those terms.
    pub map_of: String,
    /// The terms that are no sums over pixels, so that no pixel has a loss by them.
    pub without_map: Vec<String>,
    /// Exact sums beside those of floating point.
    pub sums: Vec<SumRow>,
    /// The integers that add, or nothing if a loss ranks the pixels.
    pub state: Option<Vec<String>>,
    /// What tells the state from that of other losses, in hexadecimal.
    pub fingerprint: String,
}

/// A term of an expression.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// The term.
    pub text: String,
    /// What it is multiplied by.
    pub coefficient: f64,
    /// Its value without the coefficient.
    pub value: f64,
}

/// The soft confusion.
#[derive(Clone, Debug, Serialize)]
pub struct Scores {
    /// Σ p t
    pub true_positive: f64,
    /// Σ p (1−t)
    pub false_positive: f64,
    /// Σ (1−p) t
    pub false_negative: f64,
    /// Σ (1−p)(1−t)
    pub true_negative: f64,
    /// Dice of these.
    pub dice: Option<f64>,
    /// IoU of these.
    pub iou: Option<f64>,
    /// Precision of these.
    pub precision: Option<f64>,
    /// Recall of these.
    pub recall: Option<f64>,
    /// Accuracy of these.
    pub accuracy: Option<f64>,
}

/// The confusion at the threshold has the same scores.
pub type HardScores = Scores;

impl From<Confusion> for Scores {
    fn from(confusion: Confusion) -> Self {
        let Confusion { true_positive, false_positive, false_negative, true_negative } = confusion;
        Self {
            true_positive,
            false_positive,
            false_negative,
            true_negative,
            dice: confusion.dice(),
            iou: confusion.iou(),
            precision: confusion.precision(),
            recall: confusion.recall(),
            accuracy: confusion.accuracy(),
        }
    }
}

pub(crate) fn parse(expression: &str) -> Result<Expression, Refusal> {
    let refused = |error: ExpressionError| Refusal { column: Some(error.column()), ..Refusal::of(error) };
    expression.parse().map_err(refused)
}

pub(crate) fn evaluate(text: &str, picture: &Picture, order: Option<&[u32]>) -> Result<Evaluation, Refusal> {
    let expression = parse(text)?;
    let picture = picture.check()?;
    let ordered = order.map_or_else(|| Ok(picture.clone()), |order| picture.in_order(order))?;

    let losses = Losses::new(vec![expression.clone()]);
    let mut accumulator = losses.accumulator(Inputs::Logits).map_err(Refusal::of)?;
    accumulator.extend(ordered.pixels()?).map_err(Refusal::of)?;
    let finished = accumulator.finish().map_err(Refusal::of)?;

    let (pointwise, others): (Vec<_>, Vec<_>) =
        expression.terms().iter().partition(|term| term.term.loss.is_pointwise());
    let map_of =
        pointwise.iter().map(|term| format!("{} * {}", term.coefficient, term.term)).collect::<Vec<_>>().join(" + ");
    let map_of = if map_of.is_empty() { None } else { Some(parse(&map_of)?) };
    let map = map_of.as_ref().map(|expression| map(expression, &picture)).transpose()?;

    let state = accumulator.state();
    Ok(Evaluation {
        expression: expression.to_string(),
        value: finished.value(),
        parts: parts(&expression, &finished),
        soft: finished.soft().into(),
        hard: finished.hard().into(),
        pixels: finished.counts().valid,
        gradient: gradient(&finished, &picture)?,
        map,
        map_of: map_of.map_or_else(String::new, |expression| expression.to_string()),
        without_map: others.iter().map(|term| term.term.to_string()).collect(),
        sums: rows(&expression, &ordered)?,
        state: state.map(|state| state.iter().map(i64::to_string).collect()),
        fingerprint: format!("{:016x}", accumulator.fingerprint()),
    })
}

fn parts(expression: &Expression, finished: &Finished) -> Vec<Part> {
    let values = finished.values().into_iter().next().map_or_else(Vec::new, |evaluated| evaluated.parts);
    let terms = expression.terms().iter().zip(values);
    terms.map(|(term, value)| Part { text: term.term.to_string(), coefficient: term.coefficient, value }).collect()
}

fn gradient(finished: &Finished, picture: &Checked) -> Result<Vec<f32>, Refusal> {
    let mut gradient = vec![0.0; picture.logits.len()];
    let ready = finished.gradient(1.0).ok_or_else(|| Refusal::of("several expressions have no gradient"))?;
    ready.write(picture.pixels()?, &mut gradient).map_err(Refusal::of)?;
    Ok(gradient)
}

/// The loss of each pixel by an expression whose terms are sums over pixels.
pub(crate) fn map(expression: &Expression, picture: &Checked) -> Result<Vec<f32>, Refusal> {
    let mut map = vec![0.0; picture.logits.len()];
    let losses = Losses::new(vec![expression.clone()]);
    let written = losses.write_map(Inputs::Logits, picture.pixels()?, &mut map).map_err(Refusal::of)?;
    if written { Ok(map) } else { Err(Refusal::of(format_args!("{expression} has no loss of a pixel"))) }
}
