//! The numbers of tensors.

use burn::tensor::{DType, Int, Tensor, TensorData};

use crate::Error;

/// The numbers of a float tensor: exactly, so those of `f64` are refused.
pub(crate) fn floats<const D: usize>(what: &'static str, tensor: Tensor<D>) -> Result<Vec<f32>, Error> {
    let found = tensor.dtype();
    if !matches!(found, DType::F32 | DType::Flex32 | DType::F16 | DType::BF16) {
        let remedy = "cast them to f32, f16 or bf16, whose numbers are taken exactly";
        return Err(Error::Type { what, found: format!("{found:?}"), remedy });
    }
    let data = read(tensor.detach().try_into_data())?;
    data.convert::<f32>().try_to_vec::<f32>().map_err(|error| Error::Read(format!("{error:?}")))
}

/// The numbers of an integer tensor.
pub(crate) fn integers<const D: usize>(tensor: Tensor<D, Int>) -> Result<Vec<i64>, Error> {
    if tensor.dtype() == DType::U64 {
        let remedy = "cast them to i64";
        return Err(Error::Type { what: "targets", found: "U64".to_owned(), remedy });
    }
    Ok(read(tensor.try_into_data())?.iter::<i64>().collect())
}

pub(crate) fn read<E: std::fmt::Debug>(data: Result<TensorData, E>) -> Result<TensorData, Error> {
    data.map_err(|error| Error::Read(format!("{error:?}")))
}

/// Refuses a tensor of another shape than the logits.
pub(crate) fn same_shape(what: &'static str, found: &[usize], logits: &[usize]) -> Result<(), Error> {
    if found == logits {
        return Ok(());
    }
    Err(Error::Shape { what, found: found.to_vec(), logits: logits.to_vec(), expected: "the same shape".to_owned() })
}
