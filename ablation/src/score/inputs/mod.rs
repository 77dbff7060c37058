//! Which files are scored together.

mod files;
mod kind;
mod space;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tempfile::TempPath;

use super::ScoreError;
use crate::arguments::ScoreArguments;
use crate::arrays::{Array, Order, squeezed};
use crate::files::same_file;
use crate::paths::{PairedBy, shown};
use crate::targets::{ClassShape, Labelled};
use files::{OptionFiles, Partners};
use kind::without_axis;
pub(crate) use kind::{Classes, Kind, check_images, kind};
pub(crate) use space::Geometry;

/// Files that are worked through at a time, each by a thread.
pub(super) const AT_A_TIME: usize = 64;

/// The arrays of one score, their headers read and their types and shapes checked.
pub(crate) struct Inputs {
    pub(crate) input: Array,
    pub(crate) targets: Array,
    pub(crate) mask: Option<Array>,
    pub(crate) weights: Option<Array>,
    pub(crate) input_path: PathBuf,
    /// How classes lie in the logits; `None` for binary masks.
    pub(crate) classes: Option<ClassShape>,
    pub(crate) paired_by: PairedByOption,
    /// The axis of the logits that is that of classes.
    pub(crate) class_axis: Option<usize>,
    /// Whether the targets have that axis, too.
    pub(crate) one_hot: bool,
    /// How many images there are, where more says it than that axis 0 is that of images.
    pub(crate) images: Option<u64>,
    paths: Vec<PathBuf>,
    /// Standard input, kept while it is read.
    _spooled: Vec<Arc<TempPath>>,
}

/// A file that cannot be scored, and why.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Broken {
    pub(crate) file: String,
    pub(crate) error: String,
}

/// What the files of each option have in common with the logits or probabilities that they go with.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct PairedByOption {
    pub(crate) targets: PairedBy,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mask: Option<PairedBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weights: Option<PairedBy>,
}

impl Inputs {
    /// The arrays in the order in which they are read.
    pub(crate) fn arrays(&self) -> Vec<Array> {
        [Some(&self.input), Some(&self.targets), self.mask.as_ref(), self.weights.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// The options whose file has a name that is not UTF-8, and so is shown with escapes.
    pub(crate) fn escaped(&self, input: &'static str) -> Vec<&'static str> {
        let options = [
            Some(input),
            Some("targets"),
            self.mask.as_ref().map(|_| "mask"),
            self.weights.as_ref().map(|_| "weights"),
        ];
        let options = options.into_iter().flatten().zip(&self.paths);
        options.filter(|(_, path)| path.to_str().is_none()).map(|(option, _)| option).collect()
    }

    /// The targets, with what says which of their pixels count.
    pub(crate) fn labelled(&self) -> Labelled<'_> {
        // The mask of one-hot targets has another shape than they.
        let beside = |array: &'_ Option<Array>| array.is_some() && !self.one_hot;
        Labelled {
            targets: &self.targets,
            mask: self.mask.as_ref().filter(|_| beside(&self.mask)),
            weights: self.weights.as_ref().filter(|_| beside(&self.weights)),
        }
    }

    /// The shape of an array with a value for each pixel: the logits without the axis of classes.
    pub(crate) fn pixel_shape(&self) -> Vec<u64> {
        match self.class_axis {
            Some(_) if !self.one_hot => self.targets.shape().to_vec(),
            Some(axis) => without_axis(self.input.shape(), axis),
            None => self.input.shape().to_vec(),
        }
    }

    /// Says how many images there are. Those of Fortran order lie among each other if axis 0 does not count them, and are put one after the other in memory.
    pub(crate) fn set_images(&mut self, images: u64) -> Result<(), ScoreError> {
        self.images = Some(images);
        let shape = self.input.shape();
        if self.input.order() == Order::Fortran && shape.first() != Some(&images) {
            let last = shape.len().saturating_sub(1);
            self.input = self.input.clone().with_last_axis_at(last)?;
        }
        Ok(())
    }

    /// The files that are read.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Whether the prediction and the targets are the same array of the same file.
    pub(crate) fn is_of_one_file(&self) -> bool {
        let member = |array: &Array, path: &Path| array.name().strip_prefix(&shown(path)).map(str::to_owned);
        match &self.paths[..] {
            [input, targets, ..] => {
                place(input) == place(targets) && member(&self.input, input) == member(&self.targets, targets)
            }
            _ => false,
        }
    }

    /// Whether a file to be written is one of those that are read.
    pub(crate) fn reads(&self, path: &Path) -> bool {
        self.paths.iter().any(|other| same_file(other, path))
    }
}

/// A path without links and detours, so that the same file has the same one.
fn place(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Refuses files that are given twice, whatever they are called.
fn check_twice(inputs: &[PathBuf], partners: &[&Partners]) -> Result<(), ScoreError> {
    let mut seen: BTreeMap<Vec<PathBuf>, &PathBuf> = BTreeMap::new();
    for (index, input) in inputs.iter().enumerate() {
        let beside = partners.iter().filter_map(|partners| partners.path(index));
        let places = std::iter::once(input).chain(beside).map(|path| place(path)).collect();
        if let Some(other) = seen.insert(places, input) {
            let also = if other == input { String::new() } else { format!(", once as {}", shown(other)) };
            return Err(ScoreError::usage(format!(
                "{}: is given twice with the same targets{also}, and would count twice; name it once",
                shown(input)
            )));
        }
    }
    Ok(())
}

/// What predictions are given as: the option, its files, and what they hold.
fn given(arguments: &ScoreArguments) -> (&'static str, &[std::ffi::OsString], &'static str) {
    if !arguments.logits.is_empty() {
        ("--logits", &arguments.logits, "logits")
    } else if !arguments.probs.is_empty() {
        ("--probs", &arguments.probs, "probabilities")
    } else {
        ("--prediction", &arguments.prediction, "a predicted mask")
    }
}

/// Opens all that is to be scored. Files that are broken are an error, or are left out and named.
pub(crate) fn open(arguments: &ScoreArguments) -> Result<(Vec<Inputs>, Vec<Broken>), ScoreError> {
    let (option, files, what) = given(arguments);
    let inputs = OptionFiles::find(option, files)?;
    let (Some(inputs), Some(targets)) = (inputs, OptionFiles::find("--targets", &arguments.targets)?) else {
        return Err(ScoreError::usage(
            "nothing to score: --targets and --logits, --probs or --prediction are needed".to_owned(),
        ));
    };
    let beside = |option, files: &[std::ffi::OsString]| -> Result<Option<Partners>, ScoreError> {
        OptionFiles::find(option, files)?.map(|files| files.with(&inputs, arguments)).transpose()
    };
    let targets = targets.with(&inputs, arguments)?;
    let (masks, weights) = (beside("--mask", &arguments.mask)?, beside("--weights", &arguments.weights)?);
    let paired_by = PairedByOption {
        targets: targets.by,
        mask: masks.as_ref().map(|masks| masks.by),
        weights: weights.as_ref().map(|weights| weights.by),
    };
    let partners: Vec<&Partners> = std::iter::once(&targets).chain(&masks).chain(&weights).collect();
    check_twice(&inputs.files.paths, &partners)?;
    let spooled: Vec<Arc<TempPath>> = [Some(&inputs.spooled), Some(&targets.spooled)]
        .into_iter()
        .chain([masks.as_ref().map(|masks| &masks.spooled), weights.as_ref().map(|weights| &weights.spooled)])
        .flatten()
        .flatten()
        .cloned()
        .collect();
    if spooled.len() > 1 {
        return Err(ScoreError::usage("- is standard input, which can be one of the files only".to_owned()));
    }
    let one = |index: usize, path: &PathBuf| -> Result<Inputs, ScoreError> {
        let nth = |partners: &Option<Partners>| partners.as_ref().and_then(|partners| partners.open(index)).transpose();
        let Some((targets, target_path)) = targets.open(index).transpose()? else {
            return Err(ScoreError::usage(format!("{}: has no targets", shown(path))));
        };
        let input = inputs.open(path)?;
        let (mask, weights) = (nth(&masks)?, nth(&weights)?);
        let mut paths = vec![path.clone(), target_path];
        paths.extend(mask.iter().chain(&weights).map(|(_, path)| path.clone()));
        let mut inputs = Inputs {
            input,
            targets,
            mask: mask.map(|(array, _)| array),
            weights: weights.map(|(array, _)| array),
            input_path: path.clone(),
            classes: None,
            class_axis: None,
            one_hot: false,
            paired_by,
            images: None,
            paths,
            _spooled: spooled.clone(),
        };
        inputs.arrange(arguments)?;
        inputs.check_types(what, arguments)?;
        Ok(inputs)
    };
    let (mut all, mut broken) = (Vec::new(), Vec::new());
    for (index, path) in inputs.files.paths.iter().enumerate() {
        match one(index, path) {
            Ok(opened) => all.push(opened),
            Err(error) if arguments.keep_going => broken.push(Broken { file: shown(path), error: error.to_string() }),
            Err(error) => return Err(error),
        }
    }
    Ok((all, broken))
}

impl Inputs {
    /// The bytes of all values.
    pub(crate) fn bytes(&self) -> u64 {
        self.arrays().iter().map(|array| array.len() * array.dtype().size() as u64).sum()
    }

    /// Reads all values once, so that what is broken is found.
    pub(crate) fn read(&self) -> Result<(), ScoreError> {
        for array in self.arrays() {
            let mut reader = array.reader()?;
            let mut values = vec![0.0; 1 << 16];
            while reader.remaining() > 0 {
                reader.read_f64(&mut values)?;
            }
        }
        Ok(())
    }

    /// Puts axes in their order, and repeats what is the same for all images.
    fn arrange(&mut self, arguments: &ScoreArguments) -> Result<(), ScoreError> {
        if arguments.channels_last {
            let axes = self.input.shape().len();
            // (H, W, C) of one image, or (N, H, W, C).
            let before = usize::from(axes >= 4);
            if self.targets.shape().len() == axes && self.targets.shape() == self.input.shape() {
                self.targets = self.targets.clone().with_last_axis_at(before)?;
            }
            self.input = self.input.clone().with_last_axis_at(before)?;
        }
        let beside = [Some(&mut self.targets), self.mask.as_mut(), self.weights.as_mut()];
        space::orient(&mut self.input, beside.into_iter().flatten().collect(), arguments)?;
        if arguments.broadcast {
            let input = self.input.shape().to_vec();
            for array in [Some(&mut self.targets), self.mask.as_mut(), self.weights.as_mut()].into_iter().flatten() {
                let own = squeezed(array.shape());
                let is_of_image = |rest: Option<&[u64]>| rest.is_some_and(|rest| squeezed(rest) == own);
                if own != squeezed(&input) && (is_of_image(input.get(1..)) || is_of_image(input.get(2..))) {
                    *array = array.clone().repeated(input.first().copied().unwrap_or(1))?;
                }
            }
        }
        Ok(())
    }

    fn check_types(&self, what: &'static str, arguments: &ScoreArguments) -> Result<(), ScoreError> {
        let wrong = |array: &Array, what, accepted, remedy| {
            let (array, found) = (array.name().to_owned(), array.dtype().to_string());
            Err(ScoreError::WrongDType { array, found, what, accepted, remedy })
        };
        if arguments.prediction.is_empty() && !self.input.dtype().is_float() {
            let remedy = "is it the file of the targets? Masks and label maps are given with --prediction";
            return wrong(&self.input, what, "floating-point (f16, bf16, f32, f64)", remedy);
        }
        match &self.mask {
            Some(mask) if !mask.dtype().is_integer() => {
                wrong(mask, "a mask", "bool or integers (0: ignored)", "give weights with --weights")
            }
            _ => Ok(()),
        }
    }

    /// The order in which images are read one by one.
    pub(crate) const ORDER: Order = Order::C;
}
