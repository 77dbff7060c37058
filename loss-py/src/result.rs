//! What a loss comes to.

use pyo3::prelude::*;

use crate::evaluate::{Finished, Losses, Total};

/// A term of an expression: its text, its coefficient, and its value without the coefficient.
#[pyclass(frozen, get_all, module = "exactloss")]
pub struct Part {
    /// The term, as `dice(smooth=1)`.
    name: String,
    /// What it is multiplied by.
    coefficient: f64,
    /// Its value, without the coefficient.
    value: f64,
}

#[pymethods]
impl Part {
    fn __repr__(&self) -> String {
        format!("Part(name={:?}, coefficient={}, value={})", self.name, self.coefficient, self.value)
    }
}

/// How many pixels there were, and what became of them.
#[pyclass(frozen, get_all, module = "exactloss")]
pub struct Counts {
    /// In the sums.
    valid: i64,
    /// Weight 0, masked out, or of the label to be ignored.
    ignored: i64,
}

#[pymethods]
impl Counts {
    fn __repr__(&self) -> String {
        format!("Counts(valid={}, ignored={})", self.valid, self.ignored)
    }
}

/// The weight of pixels by prediction and target. A score whose denominator is 0 is None: there is nothing to score.
#[pyclass(frozen, module = "exactloss")]
#[derive(Clone, Copy)]
pub struct Confusion {
    confusion: loss_core::Confusion,
}

impl From<loss_core::Confusion> for Confusion {
    fn from(confusion: loss_core::Confusion) -> Self {
        Self { confusion }
    }
}

#[pymethods]
impl Confusion {
    /// Foreground called foreground.
    #[getter]
    fn true_positive(&self) -> f64 {
        self.confusion.true_positive
    }

    /// Background called foreground.
    #[getter]
    fn false_positive(&self) -> f64 {
        self.confusion.false_positive
    }

    /// Foreground called background.
    #[getter]
    fn false_negative(&self) -> f64 {
        self.confusion.false_negative
    }

    /// Background called background.
    #[getter]
    fn true_negative(&self) -> f64 {
        self.confusion.true_negative
    }

    /// 2TP / (2TP + FP + FN).
    #[getter]
    fn dice(&self) -> Option<f64> {
        self.confusion.dice()
    }

    /// TP / (TP + FP + FN).
    #[getter]
    fn iou(&self) -> Option<f64> {
        self.confusion.iou()
    }

    /// TP / (TP + FP).
    #[getter]
    fn precision(&self) -> Option<f64> {
        self.confusion.precision()
    }

    /// TP / (TP + FN).
    #[getter]
    fn recall(&self) -> Option<f64> {
        self.confusion.recall()
    }

    /// (TP + TN) / all.
    #[getter]
    fn accuracy(&self) -> Option<f64> {
        self.confusion.accuracy()
    }

    fn __repr__(&self) -> String {
        let loss_core::Confusion { true_positive, false_positive, false_negative, true_negative } = self.confusion;
        format!(
            "Confusion(true_positive={true_positive}, false_positive={false_positive}, false_negative={false_negative}, \
             true_negative={true_negative})"
        )
    }
}

/// A class, or a channel, against the rest.
#[pyclass(frozen, module = "exactloss")]
pub struct OfClass {
    index: usize,
    soft: Confusion,
    hard: Confusion,
}

#[pymethods]
impl OfClass {
    /// The class.
    #[getter]
    fn index(&self) -> usize {
        self.index
    }

    /// Sums of probabilities.
    #[getter]
    fn soft(&self) -> Confusion {
        self.soft
    }

    /// Of predictions: of the likeliest class, or at the threshold.
    #[getter]
    fn hard(&self) -> Confusion {
        self.hard
    }

    /// The weight of the class.
    #[getter]
    fn support(&self) -> f64 {
        self.hard.confusion.support()
    }

    fn __repr__(&self) -> String {
        let score = |score: Option<f64>| score.map_or("None".to_owned(), |score| score.to_string());
        let Self { index, hard: Confusion { confusion }, .. } = self;
        format!(
            "OfClass(index={index}, dice={}, iou={}, support={})",
            score(confusion.dice()),
            score(confusion.iou()),
            confusion.support()
        )
    }
}

/// What a loss comes to: `value`, and what it is made of.
#[pyclass(frozen, module = "exactloss")]
pub struct Result {
    /// The loss.
    #[pyo3(get)]
    value: f64,
    /// The terms, in their order. Of terms that are taken over each image there is one part, their mean over images.
    #[pyo3(get)]
    parts: Vec<Py<Part>>,
    /// How many pixels there were; None of a mean over images alone, which keeps no pixels.
    #[pyo3(get)]
    counts: Option<Py<Counts>>,
    /// The images of a mean over images; None without one.
    #[pyo3(get)]
    images: Option<i64>,
    /// The images that had no valid pixel and were left out; None without a mean over images.
    #[pyo3(get)]
    skipped: Option<i64>,
    /// The soft confusion of a binary mask, sums of probabilities; else None.
    #[pyo3(get)]
    soft: Option<Confusion>,
    /// The confusion of a binary mask at the threshold; else None.
    #[pyo3(get)]
    hard: Option<Confusion>,
    /// Each class or channel; None of a binary mask.
    #[pyo3(get)]
    classes: Option<Vec<Py<OfClass>>>,
    /// The share of the weight whose likeliest class is right; None without classes, or with soft targets.
    #[pyo3(get)]
    accuracy: Option<f64>,
}

impl Result {
    pub fn new(py: Python<'_>, losses: &[Losses], totals: &[Total], texts: &[(String, bool)]) -> PyResult<Self> {
        let mut result = Self {
            value: 0.0,
            parts: Vec::new(),
            counts: None,
            images: None,
            skipped: None,
            soft: None,
            hard: None,
            classes: None,
            accuracy: None,
        };
        for ((losses, total), (text, _)) in losses.iter().zip(totals).zip(texts) {
            match total {
                Total::ByImage { values, .. } => {
                    let value = crate::loss::mean(values)?;
                    result.value += value;
                    result.parts.push(Py::new(
                        py,
                        Part { name: format!("mean over images of {text}"), coefficient: 1.0, value },
                    )?);
                    result.images = Some(values.images());
                    result.skipped = Some(values.skipped());
                }
                Total::Pooled(sums) => {
                    let finished = sums.finish().map_err(|error| crate::errors::of_evaluation(&error))?;
                    result.value += finished.value();
                    for ((name, coefficient), value) in losses.terms().into_iter().zip(finished.parts()) {
                        result.parts.push(Py::new(py, Part { name, coefficient, value })?);
                    }
                    let counts = sums.counts();
                    result.counts = Some(Py::new(py, Counts { valid: counts.valid, ignored: counts.ignored })?);
                    result.confusions(py, &finished)?;
                }
            }
        }
        Ok(result)
    }

    fn confusions(&mut self, py: Python<'_>, finished: &Finished) -> PyResult<()> {
        let class = |(index, soft, hard): (usize, loss_core::Confusion, loss_core::Confusion)| {
            Py::new(py, OfClass { index, soft: soft.into(), hard: hard.into() })
        };
        match finished {
            Finished::Mask(finished) => {
                self.soft = Some(finished.soft().into());
                self.hard = Some(finished.hard().into());
            }
            Finished::Channels(finished) => {
                let channels = finished.channels().iter().enumerate();
                let each = channels.map(|(index, channel)| class((index, channel.soft(), channel.hard())));
                self.classes = Some(each.collect::<PyResult<_>>()?);
            }
            Finished::Classes(finished) => {
                let each = finished.classes().into_iter().map(|one| class((one.class, one.soft, one.hard)));
                self.classes = Some(each.collect::<PyResult<_>>()?);
                self.accuracy = finished.accuracy();
            }
        }
        Ok(())
    }
}

#[pymethods]
impl Result {
    fn __float__(&self) -> f64 {
        self.value
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let parts: Vec<String> = self.parts.iter().map(|part| part.get().__repr__()).collect();
        let _ = py;
        format!("Result(value={}, parts=[{}])", self.value, parts.join(", "))
    }
}
