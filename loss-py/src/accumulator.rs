//! The class `Accumulator`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loss_core::StateError;
use numpy::{IntoPyArray, PyArray1, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::arrays::{Given, shown};
use crate::evaluate::{Total, Upstream, fingerprint};
use crate::loss::{Loss, place_of, value};
use crate::result::Result as LossResult;
use crate::settings::Ready;

/// The exact sums of a loss over batches that come one by one, in any order, on any number of processes.
///
/// Made by `Loss.accumulator()`. Sums of several add: by `merge`, by `+`, by `sum(accumulators)`, or by adding what `state()`
/// gives with anything that adds int64 arrays (`all_reduce`, MPI, Dask, SQL). Accumulators can be pickled and copied, and used by several
/// threads at once.
///
/// Examples
/// --------
/// >>> import numpy as np
/// >>> from exactloss import Loss
/// >>> loss = Loss("bce + dice")
/// >>> rng = np.random.default_rng(0)
/// >>> z, y = rng.normal(size=(4, 8, 8)).astype(np.float32), rng.random((4, 8, 8)) < 0.3
/// >>> one, other = loss.accumulator(), loss.accumulator()
/// >>> one.update(z[:1], y[:1])
/// >>> other.update(z[1:], y[1:])
/// >>> (one + other).value == loss(z, y)                     # to the bit
/// True
#[pyclass(frozen, module = "exactloss")]
pub struct Accumulator {
    ready: Arc<Ready>,
    /// Locked by who holds the interpreter's lock alone, and never while it is released.
    totals: Mutex<Vec<Total>>,
}

impl Accumulator {
    pub fn new(ready: Arc<Ready>) -> PyResult<Self> {
        let totals = ready.totals().map_err(PyValueError::new_err)?;
        Ok(Self { ready, totals: Mutex::new(totals) })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Total>> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn copy(&self) -> Vec<Total> {
        self.lock().clone()
    }

    pub fn integers(&self) -> PyResult<Vec<i64>> {
        match self.lock().iter().map(Total::state).collect::<Option<Vec<_>>>() {
            Some(states) => Ok(states.concat()),
            None => Err(PyValueError::new_err(format!(
                "{} ranks the pixels, which are kept: it has no state, and cannot be split over processes",
                self.text()
            ))),
        }
    }

    fn text(&self) -> String {
        let texts: Vec<&str> = self.ready.settings.expressions.iter().map(|(text, _)| text.as_str()).collect();
        texts.join(" + ")
    }

    fn add(&self, other: &[Total]) -> PyResult<()> {
        let mut totals = self.lock();
        let (own, given) = (fingerprint(&totals), fingerprint(other));
        if own != given || totals.len() != other.len() {
            return Err(PyValueError::new_err(format!(
                "sums of different losses cannot be added: fingerprint {given:016x}, expected {own:016x} of {}",
                self.text()
            )));
        }
        let mut merged = totals.clone();
        for (total, more) in merged.iter_mut().zip(other) {
            total.merge(more).map_err(of_state)?;
        }
        *totals = merged;
        Ok(())
    }
}

fn of_state(error: StateError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

#[pymethods]
impl Accumulator {
    /// The loss.
    #[getter]
    fn loss(&self) -> Loss {
        Loss::of(self.ready.clone())
    }

    /// Adds the pixels of a batch.
    ///
    /// Parameters
    /// ----------
    /// logits, targets, weights, mask
    ///     As for a call of `Loss`.
    ///
    /// Raises
    /// ------
    /// ValueError, TypeError
    ///     As a call of `Loss`; nothing is added then.
    #[pyo3(signature = (logits, targets, weights = None, *, mask = None))]
    fn update(
        &self,
        py: Python<'_>,
        logits: &Bound<'_, PyAny>,
        targets: &Bound<'_, PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
        mask: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let loss = self.loss();
        let arrays = loss.arrays(&Given { inputs: logits, targets, weights, mask })?;
        let (totals, _) = loss.sum(py, &arrays)?;
        self.add(&totals)
    }

    /// Adds the pixels of another accumulator of the same loss.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If the loss is another one; nothing is added then.
    fn merge(&self, other: &Self) -> PyResult<()> {
        // A copy, so that an accumulator may be added to itself.
        let other = other.copy();
        self.add(&other)
    }

    /// Forgets all pixels.
    fn reset(&self) -> PyResult<()> {
        *self.lock() = self.ready.totals().map_err(PyValueError::new_err)?;
        Ok(())
    }

    /// The value of the loss over all pixels so far.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If there is no valid pixel, or a term was too large.
    #[getter]
    fn value(&self) -> PyResult<f64> {
        value(&self.lock())
    }

    /// The value, and what it is made of.
    ///
    /// Returns
    /// -------
    /// Result
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If there is no valid pixel, or a term was too large.
    fn result(&self, py: Python<'_>) -> PyResult<LossResult> {
        LossResult::new(py, self.ready.losses(), &self.copy(), &self.ready.settings.expressions)
    }

    /// The gradient of the loss of all pixels so far, by the logits of some of them.
    ///
    /// Parameters
    /// ----------
    /// logits, targets, weights, mask
    ///     As they were given to `update`, here or in another process.
    /// upstream : float, default 1
    ///     What the gradient is multiplied by.
    /// out : numpy.ndarray of float32, optional
    ///     Where the gradient goes, of the shape of the logits, in C order.
    ///
    /// Returns
    /// -------
    /// numpy.ndarray of float32
    ///     ∂L/∂z, of the shape of the logits; 0 where a pixel is ignored.
    ///
    /// Raises
    /// ------
    /// ValueError, TypeError
    ///     As a call of `Loss`.
    #[pyo3(signature = (logits, targets, weights = None, *, mask = None, upstream = 1.0, out = None))]
    #[allow(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn gradient<'py>(
        &self,
        py: Python<'py>,
        logits: &Bound<'py, PyAny>,
        targets: &Bound<'py, PyAny>,
        weights: Option<&Bound<'py, PyAny>>,
        mask: Option<&Bound<'py, PyAny>>,
        upstream: f64,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let loss = self.loss();
        let arrays = loss.arrays(&Given { inputs: logits, targets, weights, mask })?;
        let out = place_of(py, out, &arrays.shape)?;
        loss.write_gradient(py, &arrays, &self.copy(), Upstream::OfMean(upstream), &out)?;
        Ok(out)
    }

    /// The sums as integers that add: docs/state.md of the project says what each is.
    ///
    /// Returns
    /// -------
    /// numpy.ndarray of int64
    ///     Up to 2**20 states may be added element by element. The same sums are the same integers.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If a loss ranks the pixels (Lovász, top-k, OHEM): they are kept, and there are no such sums.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        Ok(self.integers()?.into_pyarray(py))
    }

    /// Replaces all pixels by those of a state, or of an element-wise sum of states.
    ///
    /// Parameters
    /// ----------
    /// state : numpy.ndarray of int64
    ///     What `state()` gave, here or on another machine, for a loss of the same fingerprint.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If it has another length, or holds what no pixels can have made; nothing is changed then.
    fn load_state(&self, state: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(array) = state.cast::<PyArrayDyn<i64>>() else {
            return Err(PyTypeError::new_err("state must be a numpy.ndarray of int64"));
        };
        if array.ndim() != 1 {
            return Err(PyValueError::new_err(format!(
                "state must have one axis, and not the shape {}",
                shown(array.shape())
            )));
        }
        let borrowed =
            array.try_readonly().map_err(|_| PyValueError::new_err("state is being written to by another call"))?;
        let integers: Vec<i64> = borrowed.as_array().iter().copied().collect();
        let expected = self.integers()?.len();
        if integers.len() != expected {
            return Err(of_state(StateError::Length { expected, given: integers.len() }));
        }
        let mut totals = self.ready.totals().map_err(PyValueError::new_err)?;
        let mut rest = integers.as_slice();
        for total in &mut totals {
            let length = total.state().map_or(0, |state| state.len());
            let Some((own, more)) = rest.split_at_checked(length) else { break };
            total.load_state(own).map_err(of_state)?;
            rest = more;
        }
        *self.lock() = totals;
        Ok(())
    }

    /// What tells the loss's states from others, 16 hexadecimal digits: states of equal fingerprints may be added.
    #[getter]
    pub fn fingerprint(&self) -> String {
        format!("{:016x}", fingerprint(&self.lock()))
    }

    /// A hash of version, fingerprint and state, the same for the same sums on any machine: what to print on each process, to see that all
    /// agree. SHA-256 of these as integers of 8 bytes, lowest first; its first 16 hexadecimal digits.
    fn state_hash(&self, py: Python<'_>) -> PyResult<String> {
        let mut bytes = u64::from(loss_core::STATE_VERSION).to_le_bytes().to_vec();
        bytes.extend(fingerprint(&self.lock()).to_le_bytes());
        bytes.extend(self.integers()?.into_iter().flat_map(i64::to_le_bytes));
        let digest = py.import("hashlib")?.call_method1("sha256", (bytes.as_slice(),))?;
        let digits: String = digest.call_method0("hexdigest")?.extract()?;
        Ok(digits.chars().take(16).collect())
    }

    fn __add__(&self, other: &Bound<'_, PyAny>) -> PyResult<Self> {
        let Ok(other) = other.cast::<Self>() else {
            return Err(PyTypeError::new_err("an Accumulator adds to another one of the same loss"));
        };
        let sum = Self { ready: self.ready.clone(), totals: Mutex::new(self.copy()) };
        sum.merge(other.get())?;
        Ok(sum)
    }

    /// `sum` begins with 0.
    fn __radd__(&self, other: &Bound<'_, PyAny>) -> PyResult<Self> {
        if other.extract::<i64>().is_ok_and(|number| number == 0) {
            return Ok(Self { ready: self.ready.clone(), totals: Mutex::new(self.copy()) });
        }
        Err(PyTypeError::new_err("an Accumulator adds to another one of the same loss"))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        Ok(self.fingerprint() == other.get().fingerprint() && self.integers()? == other.get().integers()?)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let loss = Py::new(py, self.loss())?.bind(py).repr()?;
        let value = self.value().map_or("none yet".to_owned(), |value| value.to_string());
        Ok(format!("<Accumulator of {loss}: {value}>"))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let restore = py.import("exactloss")?.getattr("_restored")?;
        let loss = Py::new(py, self.loss())?.into_bound(py).into_any();
        Ok((restore, PyTuple::new(py, [loss, self.state(py)?.into_any()])?))
    }
}
