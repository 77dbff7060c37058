//! The class `Loss`.

use std::sync::Arc;

use loss_core::Quantisation;
use loss_core::extend::ImageValues;
use loss_expression::EvaluationError;
use numpy::{IntoPyArray, PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::accumulator::Accumulator;
use crate::arrays::{Arrays, Given, shown};
use crate::errors::{of_evaluation, of_failure};
use crate::evaluate::{Failure, Kind, OfImages, Total, Upstream};
use crate::pool::pool;
use crate::settings::{Inputs, Ready, Settings, preset};

/// Inputs from which on several threads are faster than one.
const WORTH_THREADS: usize = 1 << 17;

/// One of something, or a list.
#[derive(FromPyObject)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

/// A segmentation loss, made of an expression.
///
/// The value is that of the exact sum over all pixels: it has the same bits for any order of the pixels, any number of threads, any
/// split over processes, and on any machine.
///
/// Parameters
/// ----------
/// expression : str or list of str, default "bce + dice"
///     A sum of losses with coefficients, as "0.7 * focal(gamma=2) + 0.3 * tversky(alpha=0.3, beta=0.7)". `exactloss losses` in a
///     shell lists all, with formula, parameters and paper. Several are added: see `per_image`.
/// classes : int, optional
///     Logits are (N, C, ...) of C classes, of which each pixel has one; targets are labels (N, ...) of any integer type, or soft
///     targets of float32, (N, C, ...). Without it, inputs are of a binary mask, and targets have their shape.
/// channels : int, optional
///     Logits and targets are (N, C, ...) of C binary masks that do not exclude each other ("multi-label"). The loss is the mean
///     over the channels.
/// per_image : bool or list of bool, default False
///     False: the loss of all pixels together ("batch Dice"). True: the mean over images of each image's loss, images being the first
///     axis; an image without a valid pixel leaves the mean. With several expressions, one for each.
/// from_logits : bool, default True
///     False: inputs are probabilities in [0, 1], not logits. Not with `classes`.
/// epsilon : float, default 1e-7
///     Probabilities are clipped to [epsilon, 1 - epsilon] in logarithms. Without meaning for logits.
/// threshold : float, default 0.5
///     From which probability on a pixel is called foreground in `Result.hard`. Not with `classes`.
/// ignore_index : int, optional
///     Pixels with this target are left out of everything.
/// class_weights : list of float, optional
///     A weight for each class, for losses over classes that take weights.
/// quantisation : (float, int), optional
///     Scale and zero point of a quantised model: inputs are int8, uint8 or int16 codes, each standing for scale * (code - zero point).
///     TFLite's LOGISTIC and SOFTMAX have (1/256, -128) for int8 and give probabilities: from_logits=False.
///
/// Arrays
/// ------
/// Logits are float32, float16 or bfloat16 (`ml_dtypes`, or `Bfloat16`), any finite number; float64 is a TypeError. Targets of binary
/// masks are bool, whole numbers 0 and 1, or float32 in [0, 1]. Arrays are contiguous, in C order; those in Fortran order are copied,
/// others are a ValueError. Nothing is broadcast. An array must not change while it is read: the interpreter's lock is released.
///
/// Raises
/// ------
/// ValueError
///     If the expression is none (with its column), or a shape, a pixel (with its index and value) or a parameter is wrong.
/// TypeError
///     If an array is of a type that is not taken.
///
/// Examples
/// --------
/// >>> import numpy as np
/// >>> from exactloss import Loss
/// >>> logits = np.array([[0.0, 0.0]], np.float32)
/// >>> mask = np.array([[True, False]])
/// >>> Loss("bce + dice(smooth=0)")(logits, mask)                 # ln 2 + 0.5
/// 1.193147...
/// >>> Loss("bce + dcie")
/// Traceback (most recent call last):
///     ...
/// ValueError: in the loss expression, column 7: ...
#[pyclass(frozen, module = "exactloss")]
pub struct Loss {
    ready: Arc<Ready>,
}

impl Loss {
    pub fn of(ready: Arc<Ready>) -> Self {
        Self { ready }
    }

    pub fn ready(&self) -> &Arc<Ready> {
        &self.ready
    }
}

#[pymethods]
impl Loss {
    #[new]
    #[pyo3(signature = (expression = OneOrMore::One("bce + dice".to_owned()), *, classes = None, channels = None, per_image = OneOrMore::One(false), from_logits = true, epsilon = 1e-7, threshold = 0.5, ignore_index = None, class_weights = None, quantisation = None),
        text_signature = "(expression=\"bce + dice\", *, classes=None, channels=None, per_image=False, from_logits=True, epsilon=1e-07, threshold=0.5, ignore_index=None, class_weights=None, quantisation=None)")]
    #[allow(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn new(
        expression: OneOrMore<String>,
        classes: Option<usize>,
        channels: Option<usize>,
        per_image: OneOrMore<bool>,
        from_logits: bool,
        epsilon: f32,
        threshold: f64,
        ignore_index: Option<i64>,
        class_weights: Option<Vec<f64>>,
        quantisation: Option<(f32, i32)>,
    ) -> PyResult<Self> {
        let texts = match expression {
            OneOrMore::One(text) => vec![text],
            OneOrMore::More(texts) => texts,
        };
        let expressions: Vec<(String, bool)> = match per_image {
            OneOrMore::One(per_image) => texts.into_iter().map(|text| (text, per_image)).collect(),
            OneOrMore::More(each) if each.len() == texts.len() => texts.into_iter().zip(each).collect(),
            OneOrMore::More(each) => {
                let message = format!("per_image has {} values for {} expressions", each.len(), texts.len());
                return Err(PyValueError::new_err(message));
            }
        };
        let kind = match (classes, channels) {
            (None, None) => Kind::Binary,
            (Some(classes), None) => Kind::Classes(classes),
            (None, Some(channels)) => Kind::Channels(channels),
            (Some(_), Some(_)) => {
                let message = "classes exclude each other and channels do not: give one of the two";
                return Err(PyValueError::new_err(message));
            }
        };
        let given = quantisation;
        let quantisation = given.map(|(scale, zero_point)| Quantisation::new(scale, zero_point)).transpose();
        let quantisation = quantisation.map_err(|error| PyValueError::new_err(format!("quantisation: {error}")))?;
        let settings = Settings {
            expressions,
            kind,
            inputs: if from_logits { Inputs::Logits } else { Inputs::Probabilities(epsilon) },
            threshold,
            ignore_index,
            class_weights,
            quantisation,
            quantisation_given: given,
        };
        Ok(Self { ready: Arc::new(Ready::new(settings).map_err(PyValueError::new_err)?) })
    }

    /// The loss of another library, with its defaults.
    ///
    /// Parameters
    /// ----------
    /// name : str
    ///     "library.loss", as "monai.dice_ce" or "smp.dice". `exactloss.presets()` lists all.
    /// **options
    ///     The options of `Loss`, but for `expression` and `per_image`, which the preset has. A preset over classes needs `classes`.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If there is no such preset (what may be meant is said), or it is of the other kind.
    ///
    /// Examples
    /// --------
    /// >>> from exactloss import Loss
    /// >>> Loss.preset("monai.dice_ce")
    /// Loss(['dice(smooth=1e-5)', 'bce'], per_image=[True, False])
    /// >>> Loss.preset("smp.dice_multiclass", classes=4)
    /// Loss('dice(smooth=0, floor=1e-7, overlap=minimum, absent=zero)', classes=4)
    #[classmethod]
    #[pyo3(signature = (name, **options))]
    fn preset<'py>(
        class: &Bound<'py, PyType>,
        name: &str,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = match options {
            Some(options) => options.copy()?,
            None => PyDict::new(class.py()),
        };
        for taken in ["expression", "per_image"] {
            if options.contains(taken)? {
                return Err(PyTypeError::new_err(format!(
                    "a preset has an expression of its own: {taken} cannot be given"
                )));
            }
        }
        let classes = options.get_item("classes")?.filter(|classes| !classes.is_none());
        let kind = match classes {
            Some(classes) => Kind::Classes(classes.extract()?),
            None => Kind::Binary,
        };
        let expressions = preset(name, kind).map_err(PyValueError::new_err)?;
        let (texts, per_image): (Vec<String>, Vec<bool>) = expressions.into_iter().unzip();
        match (texts.as_slice(), per_image.as_slice()) {
            ([text], [per_image]) => {
                options.set_item("per_image", per_image)?;
                class.call((text,), Some(&options))
            }
            _ => {
                options.set_item("per_image", per_image)?;
                class.call((texts,), Some(&options))
            }
        }
    }

    /// The expression in its normal form; of several, the list.
    #[getter]
    fn expression<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.ready.settings.expressions.as_slice() {
            [(text, _)] => Ok(text.into_pyobject(py)?.into_any()),
            several => {
                let texts: Vec<&str> = several.iter().map(|(text, _)| text.as_str()).collect();
                texts.into_pyobject(py)
            }
        }
    }

    /// The number of classes, or None.
    #[getter]
    fn classes(&self) -> Option<usize> {
        match self.ready.settings.kind {
            Kind::Classes(classes) => Some(classes),
            _ => None,
        }
    }

    /// The number of channels, or None.
    #[getter]
    fn channels(&self) -> Option<usize> {
        match self.ready.settings.kind {
            Kind::Channels(channels) => Some(channels),
            _ => None,
        }
    }

    /// Whether every expression is taken over each image.
    #[getter]
    fn per_image(&self) -> bool {
        self.ready.is_by_image()
    }

    /// The number of integers of a state; ValueError if a loss ranks the pixels, so that there is none.
    #[getter]
    fn state_length(&self) -> PyResult<usize> {
        Ok(self.accumulator()?.integers()?.len())
    }

    /// What tells this loss's states from others, 16 hexadecimal digits: states of equal fingerprints may be added.
    #[getter]
    fn fingerprint(&self) -> PyResult<String> {
        Ok(self.accumulator()?.fingerprint())
    }

    /// The loss of a batch.
    ///
    /// Parameters
    /// ----------
    /// logits : numpy.ndarray of float32, float16 or bfloat16
    ///     Any shape, or (N, C, ...) with `classes` or `channels`.
    /// targets : numpy.ndarray
    ///     Of the same shape, or labels (N, ...) with `classes`.
    /// weights : numpy.ndarray of float32, optional
    ///     A weight for each target, 0 or from 2**-32 to 2**32; 0 ignores the pixel. With `classes` (N, ...).
    /// mask : numpy.ndarray of bool, optional
    ///     False ignores the pixel; of the shape of weights.
    ///
    /// Returns
    /// -------
    /// float
    ///     The loss, without unit.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     For a shape, or a pixel that is out of range, with its index; if there is no valid pixel.
    /// TypeError
    ///     For a type of array that is not taken.
    #[pyo3(signature = (logits, targets, weights = None, *, mask = None))]
    fn __call__(
        &self,
        py: Python<'_>,
        logits: &Bound<'_, PyAny>,
        targets: &Bound<'_, PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
        mask: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<f64> {
        let arrays = self.arrays(&Given { inputs: logits, targets, weights, mask })?;
        let (totals, _) = self.sum(py, &arrays)?;
        value(&totals)
    }

    /// The loss of a batch, and its gradient by each logit.
    ///
    /// Parameters
    /// ----------
    /// logits, targets, weights, mask
    ///     As for a call.
    /// out : numpy.ndarray of float32, optional
    ///     Where the gradient goes, of the shape of the logits, in C order.
    ///
    /// Returns
    /// -------
    /// (float, numpy.ndarray of float32)
    ///     The loss and its gradient, 0 where a pixel is ignored.
    ///
    /// Raises
    /// ------
    /// ValueError, TypeError
    ///     As a call; nothing is written then.
    ///
    /// Examples
    /// --------
    /// >>> import numpy as np
    /// >>> from exactloss import Loss
    /// >>> value, gradient = Loss("bce").value_and_gradient(np.zeros(2, np.float32), np.array([True, False]))
    /// >>> gradient
    /// array([-0.25,  0.25], dtype=float32)
    #[pyo3(signature = (logits, targets, weights = None, *, mask = None, out = None))]
    fn value_and_gradient<'py>(
        &self,
        py: Python<'py>,
        logits: &Bound<'py, PyAny>,
        targets: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        mask: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(f64, Bound<'py, PyArrayDyn<f32>>)> {
        let arrays = self.arrays(&Given { inputs: logits, targets, weights, mask })?;
        let out = place_of(py, out, &arrays.shape)?;
        let (totals, _) = self.sum(py, &arrays)?;
        let value = value(&totals)?;
        self.write_gradient(py, &arrays, &totals, Upstream::OfMean(1.0), &out)?;
        Ok((value, out))
    }

    /// The loss of each image of a batch, for a loss with per_image=True.
    ///
    /// Parameters
    /// ----------
    /// logits, targets, weights, mask
    ///     As for a call.
    ///
    /// Returns
    /// -------
    /// numpy.ndarray of float64, (N,)
    ///     The losses of the images; NaN of an image without a valid pixel.
    ///
    /// Examples
    /// --------
    /// >>> import numpy as np
    /// >>> from exactloss import Loss
    /// >>> logits = np.array([[40.0], [-40.0]], np.float32)
    /// >>> Loss("dice(smooth=0)", per_image=True).of_images(logits, np.ones((2, 1), bool)).round(6)
    /// array([0., 1.])
    #[pyo3(signature = (logits, targets, weights = None, *, mask = None))]
    fn of_images<'py>(
        &self,
        py: Python<'py>,
        logits: &Bound<'py, PyAny>,
        targets: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        mask: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        self.check_by_image()?;
        let arrays = self.arrays(&Given { inputs: logits, targets, weights, mask })?;
        let (_, of_images) = self.sum(py, &arrays)?;
        let images = of_images.first().map_or(0, Vec::len);
        let value = |image: usize| {
            of_images.iter().map(|all| all.get(image).copied().flatten().unwrap_or(f64::NAN)).sum::<f64>()
        };
        Ok((0..images).map(value).collect::<Vec<_>>().into_pyarray(py))
    }

    /// The gradient of a weighted sum of the losses of images, for a loss with per_image=True.
    ///
    /// Parameters
    /// ----------
    /// logits, targets, weights, mask
    ///     As for a call.
    /// upstream : numpy.ndarray of float64, (N,)
    ///     The derivative by the loss of each image.
    /// out : numpy.ndarray of float32, optional
    ///     Where the gradient goes.
    ///
    /// Returns
    /// -------
    /// numpy.ndarray of float32
    ///     The gradient, of the shape of the logits.
    #[pyo3(signature = (logits, targets, upstream, weights = None, *, mask = None, out = None))]
    #[allow(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn gradient_of_images<'py>(
        &self,
        py: Python<'py>,
        logits: &Bound<'py, PyAny>,
        targets: &Bound<'py, PyAny>,
        upstream: PyReadonlyArray1<'py, f64>,
        weights: Option<&Bound<'py, PyAny>>,
        mask: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        self.check_by_image()?;
        let arrays = self.arrays(&Given { inputs: logits, targets, weights, mask })?;
        let images = arrays.shape.first().copied().unwrap_or(0);
        let upstream: Vec<f64> = upstream.as_array().iter().copied().collect();
        if upstream.len() != images {
            let message =
                format!("upstream must have the shape ({images},), one for each image, and not ({},)", upstream.len());
            return Err(PyValueError::new_err(message));
        }
        let out = place_of(py, out, &arrays.shape)?;
        let totals = self.ready.totals().map_err(PyValueError::new_err)?;
        self.write_gradient(py, &arrays, &totals, Upstream::OfImages(&upstream), &out)?;
        Ok(out)
    }

    /// Empty sums of this loss, for batches that come one by one, or on several processes.
    ///
    /// Returns
    /// -------
    /// Accumulator
    fn accumulator(&self) -> PyResult<Accumulator> {
        Accumulator::new(self.ready.clone())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (arguments, options) = self.__getnewargs_ex__(py)?;
        let mut shown = vec![arguments.get_item(0)?.repr()?.to_string()];
        for (name, value) in options.iter() {
            shown.push(format!("{name}={}", value.repr()?));
        }
        Ok(format!("Loss({})", shown.join(", ")))
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        let (one, other) = (self.__getnewargs_ex__(py)?, other.get().__getnewargs_ex__(py)?);
        Ok(one.0.eq(&other.0)? && one.1.eq(&other.1)?)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.__repr__(py)?.into_pyobject(py)?.hash()
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let settings = &self.ready.settings;
        let options = PyDict::new(py);
        match settings.kind {
            Kind::Binary => {}
            Kind::Classes(classes) => options.set_item("classes", classes)?,
            Kind::Channels(channels) => options.set_item("channels", channels)?,
        }
        match settings.expressions.as_slice() {
            [(_, false)] => {}
            [(_, true)] => options.set_item("per_image", true)?,
            several => {
                options.set_item("per_image", several.iter().map(|(_, per_image)| *per_image).collect::<Vec<_>>())?
            }
        }
        if let Inputs::Probabilities(epsilon) = settings.inputs {
            options.set_item("from_logits", false)?;
            options.set_item("epsilon", shortest(epsilon))?;
        }
        if settings.threshold != 0.5 {
            options.set_item("threshold", settings.threshold)?;
        }
        if let Some(ignore) = settings.ignore_index {
            options.set_item("ignore_index", ignore)?;
        }
        if let Some(weights) = &settings.class_weights {
            options.set_item("class_weights", weights.clone())?;
        }
        if let Some((scale, zero_point)) = settings.quantisation_given {
            options.set_item("quantisation", (shortest(scale), zero_point))?;
        }
        Ok((PyTuple::new(py, [self.expression(py)?])?, options))
    }
}

/// The number that its shortest text stands for, so that 1e-7 is shown as such.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}

/// The mean over images.
pub fn mean(values: &ImageValues) -> PyResult<f64> {
    match values.mean() {
        Ok(mean) => Ok(mean),
        Err(loss_core::FinishError::NoPixels) if values.skipped() > 0 => {
            let message =
                format!("every image is without a valid pixel ({}), so the loss has no value", values.skipped());
            Err(PyValueError::new_err(message))
        }
        Err(error) => Err(of_evaluation(&EvaluationError::Finish(error))),
    }
}

/// The value of the sum of expressions.
pub fn value(totals: &[Total]) -> PyResult<f64> {
    let values = totals.iter().map(|total| match total {
        Total::Pooled(sums) => sums.finish().map(|finished| finished.value()).map_err(|error| of_evaluation(&error)),
        Total::ByImage { values, .. } => mean(values),
    });
    // From the left, without a 0 before: −0 and bits stay those of the only one.
    values.reduce(|one, other| Ok(one? + other?)).unwrap_or(Ok(0.0))
}

/// The array that a gradient is written to.
pub fn place_of<'py>(
    py: Python<'py>,
    out: Option<&Bound<'py, PyAny>>,
    shape: &[usize],
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let Some(out) = out else { return Ok(PyArrayDyn::zeros(py, shape, false)) };
    let Ok(array) = out.cast::<PyArrayDyn<f32>>() else {
        return Err(PyTypeError::new_err("out must be a numpy.ndarray of float32"));
    };
    if array.shape() != shape {
        let message =
            format!("out must have the shape {} of the inputs, and not {}", shown(shape), shown(array.shape()));
        return Err(PyValueError::new_err(message));
    }
    if !array.is_c_contiguous() || !array.is_aligned() {
        return Err(PyValueError::new_err("out must be contiguous, in C order, and aligned"));
    }
    Ok(array.clone())
}

impl Loss {
    pub fn arrays<'py>(&self, given: &Given<'_, 'py>) -> PyResult<Arrays<'py>> {
        let any_by_image = self.ready.settings.expressions.iter().any(|(_, per_image)| *per_image);
        Arrays::new(&self.ready.settings, any_by_image, given)
    }

    fn check_by_image(&self) -> PyResult<()> {
        match self.ready.is_by_image() {
            true => Ok(()),
            false => Err(PyValueError::new_err("images have losses of their own with per_image=True alone")),
        }
    }

    /// The sums of a batch.
    pub fn sum(&self, py: Python<'_>, arrays: &Arrays<'_>) -> PyResult<(Vec<Total>, Vec<OfImages>)> {
        let mut totals = self.ready.totals().map_err(PyValueError::new_err)?;
        let batch = arrays.batch()?;
        let pool = if batch.inputs.len() >= WORTH_THREADS { pool() } else { None };
        let threads = pool.is_some();
        let all = || totals.iter_mut().map(|total| total.extend(batch, threads)).collect::<Result<Vec<_>, Failure>>();
        let of_images = py.detach(|| match &pool {
            Some(pool) => pool.install(all),
            None => {
                let mut all = all;
                all()
            }
        });
        let of_images = of_images.map_err(|failure| of_failure(failure, &self.ready.settings, arrays))?;
        Ok((totals, of_images))
    }

    /// Writes the gradient of finished sums by the logits of a batch.
    pub fn write_gradient(
        &self,
        py: Python<'_>,
        arrays: &Arrays<'_>,
        totals: &[Total],
        upstream: Upstream<'_>,
        out: &Bound<'_, PyArrayDyn<f32>>,
    ) -> PyResult<()> {
        let overlaps =
            |_| PyValueError::new_err("out cannot be written to, or shares its memory with another argument");
        let mut out = out.try_readwrite().map_err(overlaps)?;
        let to = out.as_slice_mut().map_err(|error| PyValueError::new_err(error.to_string()))?;
        let batch = arrays.batch()?;
        let pool = if batch.inputs.len() >= WORTH_THREADS { pool() } else { None };
        let threads = pool.is_some();
        let mut all = || {
            let mut totals = totals.iter();
            if let Some(first) = totals.next() {
                first.write_gradient(batch, upstream, to, threads)?;
            }
            let mut more = Vec::new();
            for total in totals {
                more.resize(to.len(), 0.0f32);
                total.write_gradient(batch, upstream, &mut more, threads)?;
                // Two finite gradients may add up to an infinite one.
                to.iter_mut().zip(&more).for_each(|(to, more)| *to = (*to + more).clamp(f32::MIN, f32::MAX));
            }
            Ok(())
        };
        let written = py.detach(|| match &pool {
            Some(pool) => pool.install(all),
            None => all(),
        });
        written.map_err(|failure| of_failure(failure, &self.ready.settings, arrays))
    }
}
