//! Files that are written beside the scores.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::ScoreError;
use super::inputs::Inputs;
use crate::arguments::ScoreArguments;
use crate::arrays::{DType, NpyWriter, Order};
use crate::paths::shown;

/// The files of one input that are being written.
pub(crate) struct Outputs {
    pub(crate) gradient: Option<NpyWriter>,
    pub(crate) map: Option<NpyWriter>,
}

impl Outputs {
    /// Moves the files to their places.
    pub(crate) fn finish(self) -> Result<(), ScoreError> {
        for writer in [self.gradient, self.map].into_iter().flatten() {
            writer.finish()?;
        }
        Ok(())
    }
}

/// The places of all files to be written, checked before the first pass.
pub(crate) struct Destinations {
    gradients: Option<Vec<PathBuf>>,
    maps: Option<Vec<PathBuf>>,
    /// The files that they are of.
    inputs: Vec<PathBuf>,
}

impl Destinations {
    pub(crate) fn new(
        arguments: &ScoreArguments,
        losses: usize,
        without_map: Option<&str>,
        inputs: &[Inputs],
    ) -> Result<Self, ScoreError> {
        for (option, path) in [("--grad", &arguments.output.grad), ("--map", &arguments.output.map)] {
            if path.is_some() && losses != 1 {
                let message = format!("{option} is for one loss, so give one --loss (there are {losses})");
                return Err(ScoreError::usage(message));
            }
        }
        if let Some(name) = without_map.filter(|_| arguments.output.map.is_some()) {
            return Err(ScoreError::usage(format!(
                "--map is for losses that are a sum over pixels (bce, ce, focal, poly1), and {name} is a function of all"
            )));
        }
        if arguments.output.grad.is_some() && arguments.output.grad == arguments.output.map {
            return Err(ScoreError::usage("--grad and --map name the same file".to_owned()));
        }
        let places =
            |path: &Option<PathBuf>, option| path.as_deref().map(|path| places(path, option, inputs)).transpose();
        Ok(Self {
            gradients: places(&arguments.output.grad, "--grad")?,
            maps: places(&arguments.output.map, "--map")?,
            inputs: inputs.iter().map(|inputs| inputs.input_path.clone()).collect(),
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.gradients.is_none() && self.maps.is_none()
    }

    /// As [`create`](Self::create), of an input that need not be at the place of its files.
    pub(crate) fn create_for(&self, inputs: &Inputs) -> Result<Outputs, ScoreError> {
        let place = self.inputs.iter().position(|path| *path == inputs.input_path).unwrap_or(0);
        self.create(place, inputs)
    }

    /// Begins the files of one input.
    pub(crate) fn create(&self, index: usize, inputs: &Inputs) -> Result<Outputs, ScoreError> {
        let create = |paths: &Option<Vec<PathBuf>>, shape: &[u64]| {
            // Classes are read and written in C order.
            let order = if inputs.classes.is_some() { Order::C } else { inputs.input.order() };
            let path = paths.as_ref().and_then(|paths| paths.get(index));
            path.map(|path| NpyWriter::create(path, shape, order, DType::F32)).transpose()
        };
        let gradient = create(&self.gradients, inputs.input.shape())?;
        Ok(Outputs { gradient, map: create(&self.maps, &inputs.pixel_shape())? })
    }
}

/// The path itself for one file; the files of a folder, which is made, for many.
fn places(path: &Path, option: &'static str, inputs: &[Inputs]) -> Result<Vec<PathBuf>, ScoreError> {
    if path == Path::new("-") {
        let message =
            format!("{option} -: an array is not written to a pipe; name a file, such as {option} result.npy");
        return Err(ScoreError::usage(message));
    }
    let places = match inputs {
        [input] => {
            check_file(path, option, input)?;
            vec![path.to_owned()]
        }
        _ => {
            let place = |inputs: &Inputs| {
                let name = inputs.input_path.file_name().unwrap_or_default();
                path.join(Path::new(name).with_extension("npy"))
            };
            let places: Vec<PathBuf> = inputs.iter().map(place).collect();
            if places.iter().collect::<BTreeSet<_>>().len() < places.len() {
                let message = format!("{option} writes a file for each input, and two inputs have the same name");
                return Err(ScoreError::usage(message));
            }
            if path.is_file() {
                let message = format!("{}: {option} needs a folder for several inputs, this is a file", shown(path));
                return Err(ScoreError::usage(message));
            }
            fs::create_dir_all(path).map_err(|error| ScoreError::Folder { path: shown(path), error })?;
            places
        }
    };
    if let Some(place) = places.iter().find(|place| inputs.iter().any(|inputs| inputs.reads(place))) {
        return Err(ScoreError::usage(format!("{}: {option} would overwrite an input", shown(place))));
    }
    Ok(places)
}

/// Checks that a file can have this path: it is no folder, and there is a folder for it.
fn check_file(path: &Path, option: &'static str, inputs: &Inputs) -> Result<(), ScoreError> {
    if path.is_dir() {
        let name = Path::new(inputs.input_path.file_name().unwrap_or_default()).with_extension("npy");
        return Err(ScoreError::usage(format!(
            "{}: {option} writes one file, and this is a folder; name the file, such as {}",
            path.display(),
            path.join(name).display()
        )));
    }
    match path.parent() {
        Some(folder) if !(folder.as_os_str().is_empty() || folder.exists()) => {
            Err(ScoreError::NoFolder { path: path.display().to_string(), option, folder: folder.display().to_string() })
        }
        _ => Ok(()),
    }
}
