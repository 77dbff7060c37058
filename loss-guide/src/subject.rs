//! A loss with its arguments, evaluated on the pixels of a picture.

use loss_core::Plane;
use loss_core::class::{ClassLoss, ClassPlane, Layout, WassersteinDice};
use loss_core::list::{Facts, Needs};
use loss_expression::binary::{self, Inputs};
use loss_expression::{ClassExpression, Expression, classes};

use crate::error::Error;

/// The classes of pictures of losses over classes.
pub(crate) const CLASSES: usize = 3;

/// Pixels that a loss is evaluated on.
#[derive(Clone, Debug)]
pub(crate) struct Pixels {
    /// Of binary pixels one each; of classes as many planes as there are classes.
    pub(crate) logits: Vec<f32>,
    /// 1 is foreground, or else the label.
    pub(crate) targets: Vec<u8>,
    /// The signed distance of each pixel from the boundary of the mask; of classes, none.
    pub(crate) distances: Vec<f32>,
}

/// What a loss gives: its value, and its gradient by each logit.
pub(crate) struct Evaluated {
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f32>,
}

/// A loss whose parameters are known.
pub(crate) struct Subject {
    text: String,
    loss: Kind,
}

enum Kind {
    Binary(binary::Losses),
    Classes(classes::Losses),
    Wasserstein(WassersteinDice<CLASSES>),
}

/// Whether a loss is one over classes, and not one of binary masks.
pub(crate) fn is_of_classes(facts: &Facts) -> bool {
    matches!(facts.needs, Needs::Classes | Needs::ClassDistances | Needs::AllPixelsOfClasses)
}

impl Subject {
    /// The loss of a row of the list with these arguments, and its defaults for the others.
    pub(crate) fn new(facts: &Facts, arguments: &[(&str, &str)]) -> Result<Self, Error> {
        if facts.needs == Needs::ClassDistances {
            return Self::wasserstein(facts, arguments);
        }
        let arguments: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let text = if arguments.is_empty() {
            facts.name.to_owned()
        } else {
            format!("{}({})", facts.name, arguments.join(", "))
        };
        Self::of_expression(&text, is_of_classes(facts))
    }

    /// The loss that an expression is.
    pub(crate) fn of_expression(text: &str, of_classes: bool) -> Result<Self, Error> {
        let refused = |cause: &dyn std::fmt::Display| Error::Loss { loss: text.to_owned(), cause: cause.to_string() };
        let loss = if of_classes {
            let expression: ClassExpression = text.parse().map_err(|cause| refused(&cause))?;
            Kind::Classes(classes::Losses::new(vec![expression], CLASSES, None).map_err(|cause| refused(&cause))?)
        } else {
            let expression: Expression = text.parse().map_err(|cause| refused(&cause))?;
            Kind::Binary(binary::Losses::new(vec![expression]))
        };
        Ok(Self { text: text.to_owned(), loss })
    }

    /// `distances` is one number here: how far the two classes of foreground are from each other, background being at 1 from both.
    fn wasserstein(facts: &Facts, arguments: &[(&str, &str)]) -> Result<Self, Error> {
        let number = |name: &str, default: f64| {
            arguments.iter().find(|(other, _)| *other == name).map_or(Some(default), |(_, value)| value.parse().ok())
        };
        let text = format!("{} of {arguments:?}", facts.name);
        let refused = |cause: String| Error::Loss { loss: text.clone(), cause };
        let near = number("distances", 1.0).ok_or_else(|| refused("a distance is a number here".to_owned()))? as f32;
        let smooth = number("smooth", 1e-5).ok_or_else(|| refused("smooth is a number".to_owned()))?;
        let loss = WassersteinDice::new([[0.0, 1.0, 1.0], [1.0, 0.0, near], [1.0, near, 0.0]], smooth)
            .map_err(|cause| refused(cause.to_string()))?;
        Ok(Self { text, loss: Kind::Wasserstein(loss) })
    }

    pub(crate) fn evaluate(&self, pixels: &Pixels) -> Result<Evaluated, Error> {
        let mut gradient = vec![0.0; pixels.logits.len()];
        let value = match &self.loss {
            Kind::Binary(losses) => binary_value(losses, pixels, &mut gradient),
            Kind::Classes(losses) => class_value(losses, pixels, &mut gradient),
            Kind::Wasserstein(loss) => wasserstein_value(loss, pixels, &mut gradient),
        };
        let value = value.map_err(|cause| Error::Loss { loss: self.text.clone(), cause: cause.to_string() })?;
        Ok(Evaluated { value, gradient })
    }
}

type Value = Result<f64, Box<dyn std::error::Error>>;

fn binary_value(losses: &binary::Losses, pixels: &Pixels, gradient: &mut [f32]) -> Value {
    let plane: binary::Pixels<'_> = Plane::new(&pixels.logits, &pixels.targets)?.into();
    let plane = if pixels.distances.is_empty() { plane } else { plane.with_distances(&pixels.distances)? };
    let mut sums = losses.accumulator(Inputs::Logits)?;
    sums.extend(plane)?;
    let finished = sums.finish()?;
    finished.gradient(1.0).ok_or("there is one expression")?.write(plane, gradient)?;
    Ok(finished.value())
}

fn class_value(losses: &classes::Losses, pixels: &Pixels, gradient: &mut [f32]) -> Value {
    let plane = classes::Pixels::new(pixels.logits.as_slice(), classes::Targets::U8(&pixels.targets));
    let mut sums = losses.accumulator()?;
    sums.extend(plane)?;
    let finished = sums.finish()?;
    finished.gradient(1.0).ok_or("there is one expression")?.write(plane, gradient)?;
    Ok(finished.value())
}

fn wasserstein_value(loss: &WassersteinDice<CLASSES>, pixels: &Pixels, gradient: &mut [f32]) -> Value {
    let plane = ClassPlane::<u8, CLASSES>::new(CLASSES, Layout::Planar, &pixels.logits, &pixels.targets)?;
    let mut sums = loss.class_accumulator();
    sums.extend_plane(plane);
    let finished = sums.finish()?;
    finished.gradient().write(plane, gradient)?;
    Ok(finished.value())
}
