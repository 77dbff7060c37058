//! Losses over classes that exclude each other.

use burn::tensor::{Int, Tensor};
use loss_expression::classes::{Finished, Losses, Pixels, Targets};

use crate::tensors::{floats, integers, same_shape};
use crate::{Error, Output, with_gradients};

/// A segmentation loss over classes: logits of shape (N, C, …), such as (N, C, H, W), with labels or soft targets.
///
/// All images are pooled: the Dice of a class is that of the whole batch. The probabilities of a pixel are the softmax of its C logits.
#[derive(Clone, Debug)]
pub struct ClassSegmentationLoss {
    losses: Losses,
    ignored: Option<i64>,
}

impl ClassSegmentationLoss {
    /// Reads an expression such as `ce + dice(classes=foreground)` over 1 to 256 classes.
    ///
    /// # Errors
    /// [`Error::Expression`], which shows the place and the remedy; [`Error::Parameter`] for another number of classes.
    pub fn new(expression: &str, classes: usize) -> Result<Self, Error> {
        Ok(Self { losses: Losses::new(vec![expression.parse()?], classes, None)?, ignored: None })
    }

    /// Weighs the classes: one weight for each, finite and at least 0. The losses that take class weights use them.
    ///
    /// # Errors
    /// [`Error::Parameter`] if there is not one weight for each class, or one is out of range.
    pub fn with_class_weights(self, weights: &[f64]) -> Result<Self, Error> {
        let losses = Losses::new(self.losses.expressions().to_vec(), self.losses.classes(), Some(weights))?;
        Ok(Self { losses, ..self })
    }

    /// Leaves out the pixels with this label, such as 255 or −1.
    #[must_use]
    pub fn ignoring(self, label: i64) -> Self {
        Self { ignored: Some(label), ..self }
    }

    /// The loss of these pixels.
    ///
    /// The targets are labels, `Int` of shape (N, …) or (N, 1, …), or soft targets, `Float` of the shape of the logits.
    ///
    /// # Errors
    /// [`Error`] if the shapes do not fit, a logit is not finite, a label is no class, or the numbers are `f64`. The tensors stay as they are.
    pub fn forward<const D: usize>(
        &self,
        logits: Tensor<D>,
        targets: impl ClassTargets,
    ) -> Result<Output<Finished>, Error> {
        let shape = logits.dims();
        let classes = self.losses.classes();
        let [images, channels, rest @ ..] = shape.as_slice() else { return Err(without_classes(&shape, classes)) };
        if *channels != classes {
            return Err(without_classes(&shape, classes));
        }
        let pixels: usize = rest.iter().product();
        let numbers = targets.numbers(&shape)?;
        let inputs = floats("logits", logits.clone())?;
        let valid: Option<Vec<bool>> = match (&numbers, self.ignored) {
            (Numbers::Labels(labels), Some(ignored)) => Some(labels.iter().map(|label| *label != ignored).collect()),
            _ => None,
        };
        let of_image = |image: usize| {
            let (logits, own) = (image * classes * pixels, image * pixels);
            let targets = match &numbers {
                Numbers::Labels(labels) => Targets::I64(&labels[own..own + pixels]),
                Numbers::Soft(soft) => Targets::Soft(&soft[logits..logits + classes * pixels]),
            };
            let mask = valid.as_ref().map(|valid| &valid[own..own + pixels]);
            Pixels { mask, ..Pixels::new(&inputs[logits..logits + classes * pixels], targets) }
        };
        let mut sums = self.losses.accumulator()?;
        for image in 0..*images {
            sums.extend(of_image(image)).map_err(loss_expression::EvaluationError::from)?;
        }
        let result = sums.finish()?;
        let mut gradient = vec![0.0; inputs.len()];
        if let Some(ready) = result.gradient(1.0) {
            for (image, slopes) in gradient.chunks_mut((classes * pixels).max(1)).enumerate() {
                ready.write(of_image(image), slopes)?;
            }
        }
        let loss = with_gradients([(logits, gradient)], result.value())?;
        Ok(Output { loss, result })
    }
}

fn without_classes(shape: &[usize], classes: usize) -> Error {
    let expected = format!("{classes} classes along the second axis");
    Error::Shape { what: "logits", found: shape.to_vec(), logits: shape.to_vec(), expected }
}

/// The targets of classes: labels, or a soft target for each class.
pub trait ClassTargets: private::Sealed {
    #[doc(hidden)]
    fn numbers(self, logits: &[usize]) -> Result<Numbers, Error>;
}

#[doc(hidden)]
pub enum Numbers {
    /// One for each pixel.
    Labels(Vec<i64>),
    /// One for each logit.
    Soft(Vec<f32>),
}

impl<const D: usize> ClassTargets for Tensor<D, Int> {
    fn numbers(self, logits: &[usize]) -> Result<Numbers, Error> {
        let found = self.dims();
        let without_axis: Vec<usize> = logits.iter().take(1).chain(logits.iter().skip(2)).copied().collect();
        let with_one: Vec<usize> = logits.iter().take(1).chain(&[1]).chain(logits.iter().skip(2)).copied().collect();
        if found.as_slice() != without_axis && found.as_slice() != with_one {
            let expected = format!("labels of shape {without_axis:?} or {with_one:?}");
            return Err(Error::Shape { what: "targets", found: found.to_vec(), logits: logits.to_vec(), expected });
        }
        Ok(Numbers::Labels(integers(self)?))
    }
}

impl<const D: usize> ClassTargets for Tensor<D> {
    fn numbers(self, logits: &[usize]) -> Result<Numbers, Error> {
        same_shape("targets", &self.dims(), logits)?;
        Ok(Numbers::Soft(floats("targets", self)?))
    }
}

mod private {
    use super::{Int, Tensor};

    pub trait Sealed {}
    impl<const D: usize> Sealed for Tensor<D, Int> {}
    impl<const D: usize> Sealed for Tensor<D> {}
}
