//! NumPy arrays as slices: each type, shape and order that is taken, and words for all others.

use half::slice::HalfBitsSliceExt;
use loss_core::Quantisation;
use numpy::{
    PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::batch::{Batch, Targets, TargetsOf, Values};
use crate::evaluate::Kind;
use crate::settings::{Inputs, Settings};

/// The bits of bfloat16 numbers, which NumPy has no type for.
///
/// Parameters
/// ----------
/// bits : numpy.ndarray of uint16
///     The bits: the upper half of a float32's. Of a tensor, `tensor.view(torch.uint16).numpy()`.
///
/// An array of `ml_dtypes.bfloat16` is taken as it is, and needs no `Bfloat16`.
///
/// Examples
/// --------
/// >>> import numpy as np
/// >>> from exactloss import Bfloat16, Loss
/// >>> logits = np.array([0.5, -1.0], np.float32)          # both are bfloat16 numbers
/// >>> bits = (logits.view(np.uint32) >> 16).astype(np.uint16)
/// >>> Loss("bce")(Bfloat16(bits), np.array([True, False])) == Loss("bce")(logits, np.array([True, False]))
/// True
#[pyclass(frozen, module = "exactloss")]
pub struct Bfloat16 {
    bits: Py<PyArrayDyn<u16>>,
}

#[pymethods]
impl Bfloat16 {
    #[new]
    fn new(bits: &Bound<'_, PyAny>) -> PyResult<Self> {
        match bits.cast::<PyArrayDyn<u16>>() {
            Ok(bits) => Ok(Self { bits: bits.clone().unbind() }),
            Err(_) => Err(PyTypeError::new_err(format!(
                "bits must be a numpy.ndarray of uint16, not {}: of a tensor, tensor.view(torch.uint16).numpy()",
                described(bits)
            ))),
        }
    }

    /// The bits.
    #[getter]
    fn bits(&self, py: Python<'_>) -> Py<PyArrayDyn<u16>> {
        self.bits.clone_ref(py)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("Bfloat16(shape={})", shown(self.bits.bind(py).shape()))
    }
}

/// An array and what it is called in messages.
pub struct Named<'a, 'py> {
    pub name: &'static str,
    pub array: &'a Bound<'py, PyAny>,
}

enum InputArray<'py> {
    F32(PyReadonlyArrayDyn<'py, f32>),
    F16(PyReadonlyArrayDyn<'py, half::f16>),
    Bf16(PyReadonlyArrayDyn<'py, u16>),
    I8(PyReadonlyArrayDyn<'py, i8>, Quantisation),
    U8(PyReadonlyArrayDyn<'py, u8>, Quantisation),
    I16(PyReadonlyArrayDyn<'py, i16>, Quantisation),
}

enum TargetArray<'py> {
    U8(PyReadonlyArrayDyn<'py, u8>),
    I64(PyReadonlyArrayDyn<'py, i64>),
    F32(PyReadonlyArrayDyn<'py, f32>),
    /// Whole numbers as bytes, and as they were.
    Bytes(Vec<u8>, PyReadonlyArrayDyn<'py, i64>),
}

/// The arrays of a batch, borrowed from Python.
pub struct Arrays<'py> {
    pub shape: Vec<usize>,
    pub target_shape: Vec<usize>,
    images: usize,
    channels: usize,
    pixels: usize,
    inputs: InputArray<'py>,
    targets: TargetArray<'py>,
    targets_of: TargetsOf,
    weighs_channels: bool,
    weights: Option<PyReadonlyArrayDyn<'py, f32>>,
    mask: Option<Vec<bool>>,
}

/// What an object is, for messages: `float64`, `torch.Tensor`, …
fn described(object: &Bound<'_, PyAny>) -> String {
    if let Ok(array) = object.cast::<PyUntypedArray>() {
        let dtype = array.dtype();
        let name = dtype.getattr("name").and_then(|name| name.extract::<String>());
        return format!("an array of {}", name.unwrap_or_else(|_| "another type".to_owned()));
    }
    let kind = object.get_type();
    let module = kind.module().map(|module| module.to_string()).unwrap_or_default();
    let name = kind.name().map(|name| name.to_string()).unwrap_or_default();
    if module == "builtins" { name } else { format!("{module}.{name}") }
}

/// A shape as Python writes it.
pub fn shown(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        all => format!("({})", all.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

impl<'py> Named<'_, 'py> {
    /// The object as an array that is its data and nothing else, in C order: one in Fortran order is copied.
    fn in_order(&self) -> PyResult<Bound<'py, PyUntypedArray>> {
        let Self { name, array } = self;
        let Ok(plain) = array.cast::<PyUntypedArray>() else {
            let what = described(array);
            let remedy = match what.as_str() {
                "torch.Tensor" => "the losses of exactloss.torch take tensors; here pass tensor.numpy()".to_owned(),
                _ => format!("numpy.asarray({name}) makes one"),
            };
            return Err(PyTypeError::new_err(format!("{name} must be a numpy.ndarray, not {what}: {remedy}")));
        };
        if !array.is_exact_instance_of::<PyUntypedArray>() && array.hasattr("mask")? {
            return Err(PyTypeError::new_err(format!(
                "{name} is a masked array, whose mask would be lost: pass {name}.data, and mask=~numpy.ma.getmaskarray({name})"
            )));
        }
        if plain.dtype().is_native_byteorder() == Some(false) {
            return Err(PyTypeError::new_err(format!(
                "{name} have the byte order of another machine: pass {name}.astype({name}.dtype.newbyteorder(\"=\"))"
            )));
        }
        if !plain.is_aligned() {
            return Err(PyValueError::new_err(format!("{name} are not aligned in memory: pass {name}.copy()")));
        }
        if plain.is_c_contiguous() {
            return Ok(plain.clone());
        }
        if plain.is_fortran_contiguous() {
            return Ok(array.call_method1("copy", ("C",))?.cast_into::<PyUntypedArray>()?);
        }
        Err(PyValueError::new_err(format!(
            "{name} are not contiguous (shape {}, strides {:?} in bytes): pass numpy.ascontiguousarray({name})",
            shown(plain.shape()),
            plain.strides()
        )))
    }

    fn read<T: numpy::Element>(
        &self,
        array: &Bound<'py, PyUntypedArray>,
    ) -> Option<PyResult<PyReadonlyArrayDyn<'py, T>>> {
        let array = array.cast::<PyArrayDyn<T>>().ok()?;
        Some(
            array
                .try_readonly()
                .map_err(|_| PyValueError::new_err(format!("{} are being written to by another call", self.name))),
        )
    }

    /// Booleans by their bytes: NumPy takes any byte but 0 for true.
    fn bytes(&self, array: &Bound<'py, PyUntypedArray>) -> Option<PyResult<PyReadonlyArrayDyn<'py, u8>>> {
        array.cast::<PyArrayDyn<bool>>().ok()?;
        Some(array.call_method1("view", ("uint8",)).and_then(|bytes| {
            let bytes = bytes.cast_into::<PyUntypedArray>()?;
            self.read::<u8>(&bytes)
                .unwrap_or_else(|| Err(PyTypeError::new_err(format!("{} cannot be read", self.name))))
        }))
    }

    fn inputs(&self, settings: &Settings) -> PyResult<(Vec<usize>, InputArray<'py>)> {
        let name = self.name;
        if let Ok(half) = self.array.cast::<Bfloat16>() {
            refuse_quantised(settings, name)?;
            let bits = half.get().bits.bind(self.array.py()).clone().into_any();
            let array = Named { name, array: &bits }.in_order()?;
            return match self.read(&array) {
                Some(bits) => Ok((array.shape().to_vec(), InputArray::Bf16(bits?))),
                None => Err(self.wrong_type("float32, float16 or bfloat16", "")),
            };
        }
        let array = self.in_order()?;
        let shape = array.shape().to_vec();
        if let Some(quantisation) = settings.quantisation {
            if let Some(codes) = self.read(&array) {
                return Ok((shape, InputArray::I8(codes?, quantisation)));
            }
            if let Some(codes) = self.read(&array) {
                return Ok((shape, InputArray::U8(codes?, quantisation)));
            }
            if let Some(codes) = self.read(&array) {
                return Ok((shape, InputArray::I16(codes?, quantisation)));
            }
            return Err(self.wrong_type("int8, uint8 or int16 where quantisation is given", ""));
        }
        if let Some(values) = self.read(&array) {
            return Ok((shape, InputArray::F32(values?)));
        }
        if let Some(values) = self.read(&array) {
            return Ok((shape, InputArray::F16(values?)));
        }
        let dtype = array.dtype();
        if dtype.getattr("name").is_ok_and(|name| name.eq("bfloat16").unwrap_or(false)) {
            let bits = array.call_method1("view", ("uint16",))?.cast_into::<PyUntypedArray>()?;
            if let Some(bits) = self.read(&bits) {
                return Ok((shape, InputArray::Bf16(bits?)));
            }
        }
        let remedy = match dtype.kind() {
            b'f' => format!("{name}.astype(numpy.float32) rounds them"),
            b'i' | b'u' if dtype.itemsize() <= 2 => {
                "codes of a quantised model need quantisation=(scale, zero_point)".to_owned()
            }
            b'b' | b'i' | b'u' => format!("whole numbers are no {name}; perhaps the arguments are the wrong way round"),
            _ => String::new(),
        };
        Err(self.wrong_type("float32, float16 or bfloat16", &remedy))
    }

    fn wrong_type(&self, accepted: &str, remedy: &str) -> PyErr {
        let Self { name, array } = self;
        let remedy = if remedy.is_empty() { String::new() } else { format!(": {remedy}") };
        PyTypeError::new_err(format!("{name} must be of {accepted}, not {}{remedy}", described(array)))
    }
}

fn refuse_quantised(settings: &Settings, name: &str) -> PyResult<()> {
    match settings.quantisation {
        None => Ok(()),
        Some(_) => {
            Err(PyTypeError::new_err(format!("{name} must be of int8, uint8 or int16 where quantisation is given")))
        }
    }
}

/// What is borrowed from Python for a call.
pub struct Given<'a, 'py> {
    pub inputs: &'a Bound<'py, PyAny>,
    pub targets: &'a Bound<'py, PyAny>,
    pub weights: Option<&'a Bound<'py, PyAny>>,
    pub mask: Option<&'a Bound<'py, PyAny>>,
}

impl<'py> Arrays<'py> {
    pub fn new(settings: &Settings, per_image: bool, given: &Given<'_, 'py>) -> PyResult<Self> {
        let inputs = Named { name: input_name(settings), array: given.inputs };
        let (shape, input_array) = inputs.inputs(settings)?;
        let targets = Named { name: "targets", array: given.targets };
        let target_array = targets.in_order()?;
        let target_shape = target_array.shape().to_vec();
        let is_soft = target_array.cast::<PyArrayDyn<f32>>().is_ok();
        let layout = Layout::new(settings, per_image, inputs.name, &shape, &target_shape, is_soft)?;
        let ignore = settings.ignore_index;
        let mut mask = None;
        let read = targets.targets(&target_array, settings, ignore, &mut mask)?;
        if is_soft
            && layout.targets_of == TargetsOf::Inputs
            && matches!(settings.kind, Kind::Classes(_))
            && ignore.is_some()
        {
            return Err(PyValueError::new_err(
                "soft targets have no label to ignore: give mask= in place of ignore_index",
            ));
        }
        let pixel_shape = layout.weight_shape(&shape);
        let weights = given.weights.map(|array| Named { name: "weights", array }.weights(&pixel_shape)).transpose()?;
        if let Some(array) = given.mask {
            let valid = Named { name: "mask", array }.mask(&pixel_shape)?;
            mask = Some(match mask {
                None => valid,
                Some(mask) => mask.into_iter().zip(valid).map(|(one, other)| one && other).collect(),
            });
        }
        Ok(Self {
            shape,
            target_shape,
            images: layout.images,
            channels: layout.channels,
            pixels: layout.pixels,
            inputs: input_array,
            targets: read,
            targets_of: layout.targets_of,
            weighs_channels: layout.weighs_channels,
            weights,
            mask,
        })
    }

    /// A target as it was given.
    pub fn target(&self, place: usize) -> f64 {
        match &self.targets {
            TargetArray::Bytes(_, integers) => {
                integers.as_slice().ok().and_then(|all| all.get(place)).map_or(f64::NAN, |&target| target as f64)
            }
            _ => self.batch().map_or(f64::NAN, |batch| batch.targets.at(place)),
        }
    }

    /// The slices.
    pub fn batch(&self) -> PyResult<Batch<'_>> {
        fn slice<'a, T: numpy::Element>(array: &'a PyReadonlyArrayDyn<'_, T>) -> PyResult<&'a [T]> {
            array.as_slice().map_err(|error| PyValueError::new_err(error.to_string()))
        }
        let inputs = match &self.inputs {
            InputArray::F32(values) => Values::F32(slice(values)?),
            InputArray::F16(values) => Values::F16(slice(values)?),
            InputArray::Bf16(values) => Values::Bf16(slice(values)?.reinterpret_cast()),
            InputArray::I8(codes, quantisation) => Values::I8(slice(codes)?, *quantisation),
            InputArray::U8(codes, quantisation) => Values::U8(slice(codes)?, *quantisation),
            InputArray::I16(codes, quantisation) => Values::I16(slice(codes)?, *quantisation),
        };
        let targets = match &self.targets {
            TargetArray::U8(targets) => Targets::U8(slice(targets)?),
            TargetArray::I64(targets) => Targets::I64(slice(targets)?),
            TargetArray::F32(targets) => Targets::F32(slice(targets)?),
            TargetArray::Bytes(targets, _) => Targets::U8(targets),
        };
        Ok(Batch {
            images: self.images,
            channels: self.channels,
            pixels: self.pixels,
            inputs,
            targets,
            targets_of: self.targets_of,
            weights: self.weights.as_ref().map(slice).transpose()?,
            mask: self.mask.as_deref(),
            weighs_channels: self.weighs_channels,
        })
    }
}

/// What inputs are called in messages.
pub fn input_name(settings: &Settings) -> &'static str {
    match settings.inputs {
        Inputs::Logits => "logits",
        Inputs::Probabilities(_) => "probabilities",
    }
}

/// How the axes of arrays are read.
struct Layout {
    images: usize,
    channels: usize,
    pixels: usize,
    targets_of: TargetsOf,
    weighs_channels: bool,
}

impl Layout {
    fn new(
        settings: &Settings,
        per_image: bool,
        name: &str,
        shape: &[usize],
        targets: &[usize],
        is_soft: bool,
    ) -> PyResult<Self> {
        let wrong = |message: String| Err(PyValueError::new_err(message));
        let whole: usize = shape.iter().product();
        let layout = match settings.kind {
            Kind::Binary => {
                if shape != targets {
                    return wrong(format!(
                        "{name} have the shape {} and targets {}: they must be equal (nothing is broadcast){}",
                        shown(shape),
                        shown(targets),
                        hint(shape, targets)
                    ));
                }
                match shape {
                    [images, pixels @ ..] if per_image && !pixels.is_empty() => Self {
                        images: *images,
                        channels: 1,
                        pixels: pixels.iter().product(),
                        targets_of: TargetsOf::Inputs,
                        weighs_channels: true,
                    },
                    _ if per_image => {
                        return wrong(format!(
                            "per_image needs an axis of images and others, (N, …); {name} have the shape {}",
                            shown(shape)
                        ));
                    }
                    _ => Self {
                        images: 1,
                        channels: 1,
                        pixels: whole,
                        targets_of: TargetsOf::Inputs,
                        weighs_channels: true,
                    },
                }
            }
            Kind::Channels(count) | Kind::Classes(count) => {
                let what = if matches!(settings.kind, Kind::Classes(_)) { "classes" } else { "channels" };
                let [images, channels, pixels @ ..] = shape else {
                    return wrong(format!(
                        "{name} must have the shape (N, {count}, …) for {what}={count}; they have {}",
                        shown(shape)
                    ));
                };
                if *channels != count {
                    let last = if pixels.last() == Some(&count) {
                        format!("; numpy.ascontiguousarray(numpy.moveaxis({name}, -1, 1)) moves the last axis there")
                    } else {
                        String::new()
                    };
                    return wrong(format!(
                        "{what}={count}, but axis 1 of {name} has the length {channels} (shape {}){last}",
                        shown(shape)
                    ));
                }
                let labels: Vec<usize> = [images].into_iter().chain(pixels).copied().collect();
                let is_classes = matches!(settings.kind, Kind::Classes(_));
                let targets_of = if is_classes && targets == labels.as_slice() && !is_soft {
                    TargetsOf::Pixels
                } else if targets == shape && (is_soft || !is_classes) {
                    TargetsOf::Inputs
                } else if is_classes {
                    let hint = if targets == shape {
                        ": targets of this type are labels; of one-hot targets take targets.argmax(1), or targets.astype(numpy.float32) as soft ones"
                    } else if is_soft && targets == labels.as_slice() {
                        ": labels are whole numbers, targets.astype(numpy.int64)"
                    } else if targets.get(1) == Some(&1) && targets.len() == shape.len() {
                        ": targets[:, 0] takes the axis of length 1 away"
                    } else {
                        ""
                    };
                    return wrong(format!(
                        "{name} have the shape {}, so labels must have {}, or soft targets of float32 {}; targets have {}{hint}",
                        shown(shape),
                        shown(&labels),
                        shown(shape),
                        shown(targets)
                    ));
                } else {
                    return wrong(format!(
                        "{name} have the shape {} and targets {}: they must be equal (nothing is broadcast){}",
                        shown(shape),
                        shown(targets),
                        hint(shape, targets)
                    ));
                };
                Self {
                    images: *images,
                    channels: count,
                    pixels: pixels.iter().product(),
                    targets_of,
                    weighs_channels: !is_classes,
                }
            }
        };
        // Without pixels there is nothing to go through, however many images there are said to be.
        Ok(if whole == 0 { Self { images: 0, ..layout } } else { layout })
    }

    /// The shape of weights and mask.
    fn weight_shape(&self, shape: &[usize]) -> Vec<usize> {
        if self.weighs_channels {
            return shape.to_vec();
        }
        let others = shape.iter().enumerate().filter(|(axis, _)| *axis != 1);
        others.map(|(_, length)| *length).collect()
    }
}

/// What may be meant where shapes differ by an axis of length 1.
fn hint(shape: &[usize], targets: &[usize]) -> String {
    let longer = if shape.len() > targets.len() { shape } else { targets };
    let shorter = if shape.len() > targets.len() { targets } else { shape };
    let without: Vec<usize> =
        longer.iter().enumerate().filter(|(axis, _)| *axis != 1).map(|(_, length)| *length).collect();
    if longer.get(1) == Some(&1) && without == shorter {
        if longer == targets {
            ": targets[:, 0] has the other shape".to_owned()
        } else {
            ": targets[:, None] has the other shape".to_owned()
        }
    } else if shape.get(1).is_some_and(|channels| *channels > 1) && without == shorter && longer == shape {
        format!(
            "; logits of {} classes need classes={}",
            longer.get(1).copied().unwrap_or(0),
            longer.get(1).copied().unwrap_or(0)
        )
    } else {
        String::new()
    }
}

impl<'py> Named<'_, 'py> {
    fn check_shape(&self, array: &Bound<'py, PyUntypedArray>, shape: &[usize]) -> PyResult<()> {
        if array.shape() == shape {
            return Ok(());
        }
        let (name, given, expected) = (self.name, shown(array.shape()), shown(shape));
        Err(PyValueError::new_err(format!(
            "{name} must have the shape {expected} (nothing is broadcast), and not {given}"
        )))
    }

    fn weights(&self, shape: &[usize]) -> PyResult<PyReadonlyArrayDyn<'py, f32>> {
        let array = self.in_order()?;
        self.check_shape(&array, shape)?;
        self.read(&array)
            .unwrap_or_else(|| Err(self.wrong_type("float32", "weights.astype(numpy.float32) makes them so")))
    }

    fn mask(&self, shape: &[usize]) -> PyResult<Vec<bool>> {
        let array = self.in_order()?;
        self.check_shape(&array, shape)?;
        let Some(bytes) = self.bytes(&array) else {
            return Err(self.wrong_type("bool", "True keeps a pixel: (mask != 0) makes it so"));
        };
        Ok(bytes?.as_slice().unwrap_or_default().iter().map(|&byte| byte != 0).collect())
    }

    /// Targets as they are read; those to be ignored make a mask.
    fn targets(
        &self,
        array: &Bound<'py, PyUntypedArray>,
        settings: &Settings,
        ignore: Option<i64>,
        mask: &mut Option<Vec<bool>>,
    ) -> PyResult<TargetArray<'py>> {
        let is_labels = matches!(settings.kind, Kind::Classes(_));
        if let Some(bytes) = self.bytes(array) {
            return bytes.map(TargetArray::U8);
        }
        if let Some(targets) = self.read::<u8>(array) {
            let targets = targets?;
            if let Some(ignore) = ignore {
                *mask = Some(
                    targets.as_slice().unwrap_or_default().iter().map(|&target| i64::from(target) != ignore).collect(),
                );
            }
            return Ok(TargetArray::U8(targets));
        }
        if let Some(targets) = self.read::<f32>(array) {
            let targets = targets?;
            if let Some(ignore) = ignore {
                let is_ignored = |target: f32| f64::from(target) == ignore as f64;
                *mask =
                    Some(targets.as_slice().unwrap_or_default().iter().map(|&target| !is_ignored(target)).collect());
            }
            return Ok(TargetArray::F32(targets));
        }
        let dtype = array.dtype();
        let whole = match dtype.kind() {
            b'i' => true,
            b'u' => dtype.itemsize() < 8,
            _ => false,
        };
        if !whole {
            let accepted = if is_labels {
                "whole numbers (labels) or float32 (soft targets)"
            } else {
                "bool, whole numbers or float32"
            };
            let remedy = if dtype.kind() == b'f' { "targets.astype(numpy.float32) rounds them" } else { "" };
            return Err(self.wrong_type(accepted, remedy));
        }
        let integers = array.call_method1("astype", ("int64",))?.cast_into::<PyUntypedArray>()?;
        let Some(integers) = self.read::<i64>(&integers) else { return Err(self.wrong_type("int64", "")) };
        let integers = integers?;
        let all = integers.as_slice().map_err(|error| PyValueError::new_err(error.to_string()))?;
        if let Some(ignore) = ignore {
            *mask = Some(all.iter().map(|&target| target != ignore).collect());
        }
        if is_labels {
            return Ok(TargetArray::I64(integers));
        }
        // Of binary masks: any byte but 0 and 1 is refused with the pixel, so what is no byte becomes one that is refused.
        let bytes = all.iter().map(|&target| u8::try_from(target).unwrap_or(u8::MAX)).collect();
        Ok(TargetArray::Bytes(bytes, integers))
    }
}
