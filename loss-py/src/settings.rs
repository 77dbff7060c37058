//! What a loss was asked for: parsed once, so that nothing that is wrong with it is found later.

use loss_core::Quantisation;
use loss_expression::conventions::{self, Grouping};
use loss_expression::{BinaryLoss, ClassExpression, Expression, Vocabulary, binary, classes};

use crate::evaluate::{Kind, Losses, Total};

/// What inputs stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inputs {
    Logits,
    /// Clipped to [ε, 1−ε] in logarithms.
    Probabilities(f32),
}

/// What a loss was asked for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Each in its normal form, and whether it is taken over each image.
    pub expressions: Vec<(String, bool)>,
    pub kind: Kind,
    pub inputs: Inputs,
    pub threshold: f64,
    pub ignore_index: Option<i64>,
    pub class_weights: Option<Vec<f64>>,
    pub quantisation: Option<Quantisation>,
    /// As it was given: what a quantisation was made of cannot be asked of it.
    pub quantisation_given: Option<(f32, i32)>,
}

/// A loss, ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Ready {
    pub settings: Settings,
    losses: Vec<Losses>,
}

impl Ready {
    /// # Errors
    /// Why these are no loss, in words.
    pub fn new(mut settings: Settings) -> Result<Self, String> {
        let mut losses = Vec::new();
        if settings.expressions.is_empty() {
            return Err("there is no loss: give an expression such as \"bce + dice\"".to_owned());
        }
        let mut normal = Vec::new();
        for (text, per_image) in &settings.expressions {
            let (loss, text) = one(text, &settings)?;
            losses.push(loss);
            normal.push((text, *per_image));
        }
        settings.expressions = normal;
        let ready = Self { settings, losses };
        ready.totals()?;
        Ok(ready)
    }

    /// Empty sums, one for each expression.
    pub fn totals(&self) -> Result<Vec<Total>, String> {
        let each = self.losses.iter().zip(&self.settings.expressions);
        each.map(|(losses, (_, per_image))| Total::new(losses, *per_image).map_err(|error| error.to_string())).collect()
    }

    /// The terms of each expression.
    pub fn losses(&self) -> &[Losses] {
        &self.losses
    }

    /// Whether each expression is taken over each image.
    pub fn is_by_image(&self) -> bool {
        self.settings.expressions.iter().all(|(_, per_image)| *per_image)
    }
}

fn one(text: &str, settings: &Settings) -> Result<(Losses, String), String> {
    match settings.kind {
        Kind::Binary => masks(text, settings, None),
        Kind::Channels(0) => Err("channels is 0; there must be at least 1".to_owned()),
        Kind::Channels(channels) => masks(text, settings, Some(channels)),
        Kind::Classes(classes) => {
            if settings.inputs != Inputs::Logits {
                return Err("losses over classes take logits: leave from_logits=True".to_owned());
            }
            if settings.threshold != 0.5 {
                return Err("threshold is for binary masks: of classes the likeliest is predicted".to_owned());
            }
            if let Some(weights) = settings.class_weights.as_ref().filter(|weights| weights.len() != classes) {
                return Err(format!("class_weights has {} values for {classes} classes", weights.len()));
            }
            let expression: ClassExpression = text.parse().map_err(|error| format!("{error}"))?;
            let normal = expression.to_string();
            let losses = classes::Losses::new(vec![expression], classes, settings.class_weights.as_deref());
            Ok((Losses::Classes(losses.map_err(|error| error.to_string())?), normal))
        }
    }
}

fn masks(text: &str, settings: &Settings, channels: Option<usize>) -> Result<(Losses, String), String> {
    if settings.class_weights.is_some() {
        return Err("class_weights are for classes=…; bce(pos_weight=3) weighs foreground".to_owned());
    }
    let expression: Expression = text.parse().map_err(|error| format!("{error}"))?;
    if expression.terms().iter().any(|term| term.term.loss == BinaryLoss::Boundary) {
        return Err("boundary needs the signed distance of each pixel from the boundary of its mask, which is not computed here".to_owned());
    }
    let normal = expression.to_string();
    let inputs = match settings.inputs {
        Inputs::Logits => binary::Inputs::Logits,
        Inputs::Probabilities(epsilon) => binary::Inputs::probabilities(epsilon).map_err(|error| error.to_string())?,
    };
    let losses = binary::Losses::new(vec![expression]);
    Ok((Losses::Masks { losses, inputs, threshold: settings.threshold, channels }, normal))
}

/// The terms of a loss of another library, and whether each is taken over each image.
///
/// # Errors
/// If there is no such loss, or several.
pub fn preset(name: &str, kind: Kind) -> Result<Vec<(String, bool)>, String> {
    let of = match kind {
        Kind::Classes(_) => <loss_expression::ClassesLoss as Vocabulary>::OF,
        _ => BinaryLoss::OF,
    };
    let chosen = conventions::choose(name, of)
        .map_err(|error| error.replace("`ablation losses --conventions` lists all", "exactloss.presets() lists all"))?;
    match chosen.as_slice() {
        [convention] => Ok(convention
            .terms
            .iter()
            .map(|(term, grouping)| ((*term).to_owned(), *grouping == Grouping::Image))
            .collect()),
        several => {
            let names: Vec<&str> = several.iter().map(|convention| convention.name).collect();
            Err(format!("{name} has several losses; name one of them: {}", names.join(", ")))
        }
    }
}
