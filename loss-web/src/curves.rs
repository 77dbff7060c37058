//! What one pixel can do: value and gradient over its probability, all other pixels as they are.

use loss_core::Plane;
use loss_expression::Expression;
use loss_expression::binary::{Accumulator, Inputs, Losses, Pixels};
use serde::Serialize;

use crate::evaluate::parse;
use crate::picture::{Checked, probabilities};
use crate::{Picture, Refusal};

/// Value and gradient over the logit of one pixel.
#[derive(Clone, Debug, Serialize)]
pub struct Curves {
    /// What `value` is of.
    pub value_of: ValueOf,
    /// The logits at which there are points.
    pub logits: Vec<f32>,
    /// Their probabilities.
    pub probabilities: Vec<f32>,
    /// If the pixel's truth is foreground.
    pub foreground: Curve,
    /// If it is background.
    pub background: Curve,
    /// The probability of the pixel as it is.
    pub probability: f32,
    /// Its truth.
    pub truth: bool,
    /// The value as it is: of the pixel, or of the picture.
    pub value: f64,
    /// ∂L/∂logit as it is.
    pub gradient: f32,
}

/// What a value is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueOf {
    /// The loss of the pixel, before any mean.
    Pixel,
    /// The loss of the whole picture: a term is no sum over pixels.
    Picture,
}

/// A value and a gradient for each logit.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Curve {
    /// The values.
    pub value: Vec<f64>,
    /// ∂L/∂logit of the pixel, L being the loss of the whole picture.
    pub gradient: Vec<f32>,
}

/// Logits from −8 to 8 in quarters, which `f32` holds exactly; p runs from 0.0003 to 0.9997.
const LARGEST: i16 = 8;
const STEPS: i16 = 4;

/// All pixels but one, to which one is added.
struct Others<'a> {
    expression: &'a Expression,
    others: Accumulator,
    distance: f32,
    value_of: ValueOf,
}

pub(crate) fn curves(text: &str, picture: &Picture, pixel: usize) -> Result<Curves, Refusal> {
    let expression = parse(text)?;
    let picture = picture.check()?;
    let (Some(&logit), Some(&truth)) = (picture.logits.get(pixel), picture.truth.get(pixel)) else {
        return Err(Refusal::of(format_args!("there is no pixel {pixel}: there are {}", picture.logits.len())));
    };
    let others = Others::new(&expression, &picture, pixel)?;
    let logits: Vec<f32> =
        (-LARGEST * STEPS..=LARGEST * STEPS).map(|step| f32::from(step) / f32::from(STEPS)).collect();
    let curve = |truth| {
        let mut curve = Curve::default();
        for logit in &logits {
            let (value, gradient) = others.with(*logit, truth)?;
            curve.value.push(value);
            curve.gradient.push(gradient);
        }
        Ok(curve)
    };
    let (value, gradient) = others.with(logit, truth)?;
    Ok(Curves {
        value_of: others.value_of,
        probabilities: probabilities(&logits),
        foreground: curve(true)?,
        background: curve(false)?,
        probability: probabilities(&[logit])[0],
        truth,
        value,
        gradient,
        logits,
    })
}

impl<'a> Others<'a> {
    fn new(expression: &'a Expression, picture: &Checked, pixel: usize) -> Result<Self, Refusal> {
        let losses = Losses::new(vec![expression.clone()]);
        let mut others = losses.accumulator(Inputs::Logits).map_err(Refusal::of)?;
        others.extend(picture.without(pixel).pixels()?).map_err(Refusal::of)?;
        let value_of = if losses.without_map().is_none() { ValueOf::Pixel } else { ValueOf::Picture };
        Ok(Self { expression, others, distance: picture.distances[pixel], value_of })
    }

    /// Value and gradient if the pixel is this one.
    fn with(&self, logit: f32, truth: bool) -> Result<(f64, f32), Refusal> {
        let (logit, truth, distance) = ([logit], [truth], [self.distance]);
        let plane = Plane::new(&logit, &truth).map_err(Refusal::of)?;
        let pixels = Pixels::from(plane).with_distances(&distance).map_err(Refusal::of)?;
        let mut all = self.others.clone();
        all.extend(pixels).map_err(Refusal::of)?;
        let finished = all.finish().map_err(Refusal::of)?;
        let mut gradient = [0.0];
        let ready = finished.gradient(1.0).ok_or_else(|| Refusal::of("several expressions have no gradient"))?;
        ready.write(pixels, &mut gradient).map_err(Refusal::of)?;
        let value = match self.value_of {
            ValueOf::Picture => finished.value(),
            ValueOf::Pixel => {
                let mut map = [0.0];
                let losses = Losses::new(vec![self.expression.clone()]);
                losses.write_map(Inputs::Logits, pixels, &mut map).map_err(Refusal::of)?;
                map[0].into()
            }
        };
        Ok((value, gradient[0]))
    }
}
