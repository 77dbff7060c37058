//! A loss whose value and gradient come from elsewhere.

use burn::tensor::{Tensor, TensorData};
use loss_core::LengthError;

use crate::Error;

/// Gradients below this become 0: they move no weight, but as subnormal numbers they slow the backward pass down two to three times.
const NEGLIGIBLE: f32 = 1e-30;

/// Makes a loss of a known value whose derivative by each output is known.
///
/// Each output comes with its gradient, one number for each of its elements, in their order. Several outputs are those of deep supervision,
/// for example. The loss is L + Σ (z − z₀)·g: z is an output, z₀ the same numbers as a constant, and g its gradient. So its value is L rounded to the type of the
/// outputs, for all finite outputs, and its derivative by z is g.
///
/// ```
/// use burn::tensor::{Device, Tensor};
///
/// let output = Tensor::<1>::from_floats([3.0, -1.0], &Device::flex().autodiff()).require_grad();
/// let loss = loss_burn::with_gradients([(output.clone(), vec![0.25, -0.5])], 7.5)?;
/// let gradients = loss.backward();
/// assert_eq!(loss.into_scalar::<f32>(), 7.5);
/// assert_eq!(output.grad(&gradients).unwrap().into_data().try_to_vec::<f32>().unwrap(), [0.25, -0.5]);
/// # Ok::<(), loss_burn::Error>(())
/// ```
///
/// # Errors
/// [`Error::NoOutput`] without outputs, [`Error::Evaluation`] if a gradient has another length than its output, [`Error::Large`] if the value
/// exceeds the largest `f32`.
pub fn with_gradients<const D: usize>(
    outputs: impl IntoIterator<Item = (Tensor<D>, Vec<f32>)>,
    value: f64,
) -> Result<Tensor<1>, Error> {
    if !(value as f32).is_finite() {
        return Err(Error::Large { value });
    }
    let mut total: Option<Tensor<1>> = None;
    for (output, mut gradient) in outputs {
        let shape = output.dims();
        let expected = shape.iter().product();
        if gradient.len() != expected {
            return Err(LengthError { slice: "the gradient", length: gradient.len(), expected }.into());
        }
        gradient.iter_mut().filter(|slope| slope.abs() < NEGLIGIBLE).for_each(|slope| *slope = 0.0);
        let slopes = Tensor::<D>::from_data(TensorData::new(gradient, shape), (&output.device(), output.dtype()));
        let term = ((output.clone() - output.detach()) * slopes).sum();
        total = Some(match total {
            Some(sum) => sum + term,
            None => term,
        });
    }
    total.map(|sum| sum.add_scalar(value)).ok_or(Error::NoOutput)
}
