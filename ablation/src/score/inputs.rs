//! Which files are scored together.

use std::path::{Path, PathBuf};

use super::ScoreError;
use crate::arrays::{Array, Pairing, Source, pair, paths};
use crate::cli::{MOST_CLASSES, ScoreArguments};

/// The arrays of one score, their headers read and their types and shapes checked.
pub(crate) struct Inputs {
    pub(crate) input: Array,
    pub(crate) targets: Array,
    pub(crate) mask: Option<Array>,
    pub(crate) weights: Option<Array>,
    pub(crate) input_path: PathBuf,
    /// How classes lie in the logits; `None` for binary masks.
    pub(crate) classes: Option<ClassShape>,
    paths: Vec<PathBuf>,
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

    /// Whether a file to be written is one of those that are read.
    pub(crate) fn reads(&self, path: &Path) -> bool {
        let same = |other: &PathBuf| match (other.canonicalize(), path.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        self.paths.iter().any(same)
    }
}

/// One option's files, with the member of archives that was named.
struct Files {
    paths: Vec<PathBuf>,
    member: Option<String>,
}

impl Files {
    /// `None` if the option was not given.
    fn find(arguments: &[String]) -> Result<Option<Self>, ScoreError> {
        let mut files: Option<Self> = None;
        for argument in arguments {
            let source = Source::parse(argument);
            let found = match source.path.to_str() {
                Some(pattern) => paths(pattern)?,
                None => vec![source.path],
            };
            match &mut files {
                None => files = Some(Self { paths: found, member: source.member }),
                Some(files) if files.member == source.member => files.paths.extend(found),
                Some(_) => {
                    let message = format!("{argument}: files of one option must name the same array of their archives");
                    return Err(ScoreError::Usage(message));
                }
            }
        }
        Ok(files)
    }

    /// The files in the order of those they go with.
    fn with(&self, inputs: &Self) -> Result<Vec<PathBuf>, ScoreError> {
        let (pairs, pairing) = pair(inputs.paths.clone(), self.paths.clone())?;
        if pairing == Pairing::ByPosition && pairs.len() > 1 {
            let [(a, b), ..] = &pairs[..] else { return Ok(Vec::new()) };
            super::note(&format!(
                "file names do not match, so files are paired in sorted order, {} with {} and so on",
                a.display(),
                b.display()
            ));
        }
        Ok(pairs.into_iter().map(|(_, path)| path).collect())
    }
}

/// Opens all that is to be scored.
pub(crate) fn open(arguments: &ScoreArguments) -> Result<Vec<Inputs>, ScoreError> {
    let (given, what) =
        if arguments.logits.is_empty() { (&arguments.probs, "probabilities") } else { (&arguments.logits, "logits") };
    let (Some(mut inputs), Some(targets)) = (Files::find(given)?, Files::find(&arguments.targets)?) else {
        return Err(ScoreError::Usage("nothing to score: --targets and --logits or --probs are needed".to_owned()));
    };
    inputs.paths.sort();
    let target_paths = targets.with(&inputs)?;
    let beside = |arguments: &[String]| -> Result<Option<(Files, Vec<PathBuf>)>, ScoreError> {
        let Some(files) = Files::find(arguments)? else { return Ok(None) };
        let paths = files.with(&inputs)?;
        Ok(Some((files, paths)))
    };
    let masks = beside(&arguments.mask)?;
    let weights = beside(&arguments.weights)?;
    let nth = |files: &Option<(Files, Vec<PathBuf>)>, index: usize| -> Result<Option<(Array, PathBuf)>, ScoreError> {
        let Some((files, paths)) = files else { return Ok(None) };
        let Some(path) = paths.get(index) else { return Ok(None) };
        Ok(Some((Array::open(path, files.member.as_deref())?, path.clone())))
    };
    let mut all = Vec::new();
    for (index, (input_path, target_path)) in inputs.paths.iter().zip(&target_paths).enumerate() {
        let input = Array::open(input_path, inputs.member.as_deref())?;
        let targets = Array::open(target_path, targets.member.as_deref())?;
        check_input(&input, what)?;
        let (mask, weights) = (nth(&masks, index)?, nth(&weights, index)?);
        let mut paths = vec![input_path.clone(), target_path.clone()];
        paths.extend(mask.iter().chain(&weights).map(|(_, path)| path.clone()));
        let (mask, weights) = (mask.map(|(array, _)| array), weights.map(|(array, _)| array));
        if let Some(mask) = &mask {
            check_mask(mask)?;
        }
        all.push(Inputs { input, targets, mask, weights, input_path: input_path.clone(), classes: None, paths });
    }
    Ok(all)
}

fn check_input(input: &Array, what: &'static str) -> Result<(), ScoreError> {
    if input.dtype().is_float() {
        return Ok(());
    }
    Err(ScoreError::WrongDType {
        array: input.name().to_owned(),
        found: input.dtype().to_string(),
        what,
        accepted: "floating-point (f16, f32, f64)",
        remedy: "is it the file of the targets?",
    })
}

fn check_mask(mask: &Array) -> Result<(), ScoreError> {
    if mask.dtype().is_integer() {
        return Ok(());
    }
    Err(ScoreError::WrongDType {
        array: mask.name().to_owned(),
        found: mask.dtype().to_string(),
        what: "a mask",
        accepted: "bool or integers (0: ignored)",
        remedy: "give weights with --weights",
    })
}

/// Checks that there are images to take a mean over, if one is to be taken.
pub(crate) fn check_images(inputs: &[Inputs], per_image: bool) -> Result<(), ScoreError> {
    match inputs.iter().find(|inputs| per_image && inputs.input.shape().len() < 2) {
        Some(inputs) => Err(ScoreError::Usage(format!(
            "{}: --per-image needs an axis of images (the first) and at least one of pixels; the shape is {}",
            inputs.input.name(),
            inputs.input.shape_text()
        ))),
        None => Ok(()),
    }
}

/// What is scored.
pub(crate) enum Kind {
    Binary,
    Classes(Classes),
}

/// The classes of all files.
#[derive(Clone, Debug)]
pub(crate) struct Classes {
    pub(crate) count: usize,
    /// As many as there are classes, or none.
    pub(crate) names: Vec<String>,
}

/// How classes lie in an array of logits in C order: image by image, class by class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClassShape {
    pub(crate) images: u64,
    pub(crate) classes: usize,
    /// The pixels of an image.
    pub(crate) pixels: u64,
}

/// Tells binary masks from classes, and checks all shapes.
pub(crate) fn kind(inputs: &mut [Inputs], arguments: &ScoreArguments) -> Result<Kind, ScoreError> {
    let Some(first) = inputs.first() else {
        return Err(ScoreError::Usage("nothing to score".to_owned()));
    };
    let Some(count) = class_count(first, arguments)? else {
        if arguments.class_weights.is_some() {
            return Err(ScoreError::Usage(format!(
                "--class-weights is for classes, and these are binary masks: logits {} and targets {} (pos_weight of \
                 bce weighs the foreground)",
                first.input.shape_text(),
                first.targets.shape_text()
            )));
        }
        for inputs in inputs.iter() {
            crate::arrays::check_shapes(&inputs.arrays())?;
        }
        return Ok(Kind::Binary);
    };
    check_options_of_classes(first, arguments)?;
    for inputs in inputs.iter_mut() {
        let shape = class_shape(inputs, count)?;
        check_labels(&inputs.targets)?;
        inputs.classes = Some(shape);
    }
    let names = arguments.classes.as_ref().map_or(Vec::new(), |classes| classes.names.clone());
    Ok(Kind::Classes(Classes { count, names }))
}

/// The number of classes, if there are any.
fn class_count(inputs: &Inputs, arguments: &ScoreArguments) -> Result<Option<usize>, ScoreError> {
    if let Some(classes) = &arguments.classes {
        return Ok(Some(classes.count));
    }
    let axis = class_axis(inputs.input.shape(), inputs.targets.shape(), None);
    let count = axis.and_then(|axis| inputs.input.shape().get(axis)).copied();
    match count {
        None | Some(0 | 1) => Ok(None),
        Some(count) => match usize::try_from(count) {
            Ok(count) if count <= MOST_CLASSES => Ok(Some(count)),
            _ => Err(ScoreError::Usage(format!(
                "{}: the shape {} has {count} classes, and at most {MOST_CLASSES} can be scored",
                inputs.input.name(),
                inputs.input.shape_text()
            ))),
        },
    }
}

/// The axis of logits that the targets lack: 1, or 0 for a single image. The targets may have it with length 1.
fn class_axis(logits: &[u64], targets: &[u64], classes: Option<u64>) -> Option<usize> {
    [1, 0].into_iter().find(|&axis| {
        let Some(&count) = logits.get(axis) else { return false };
        classes.is_none_or(|classes| classes == count) && fits(logits, targets, axis)
    })
}

/// Whether an array has a value for each pixel of logits with this axis of classes.
fn fits(logits: &[u64], other: &[u64], axis: usize) -> bool {
    let mut without = logits.to_vec();
    without.remove(axis);
    let mut of_one = logits.to_vec();
    of_one[axis] = 1;
    other == without || (other == of_one && logits[axis] != 1)
}

fn class_shape(inputs: &Inputs, count: usize) -> Result<ClassShape, ScoreError> {
    let shape = inputs.input.shape();
    let wanted = Some(count as u64);
    // A single class may stand beside targets of the same shape.
    let axis = class_axis(shape, inputs.targets.shape(), wanted)
        .or_else(|| (count == 1 && shape.get(1) == Some(&1) && shape == inputs.targets.shape()).then_some(1));
    let Some(axis) = axis else {
        return Err(ScoreError::Usage(format!(
            "{}: the shape {} of targets does not fit {} of {} with {count} classes; expected logits (N, {count}, …) and \
             labels (N, …), or (…) with ({count}, …) for one image{}",
            inputs.targets.name(),
            inputs.targets.shape_text(),
            inputs.input.shape_text(),
            inputs.input.name(),
            if inputs.targets.shape() == shape { "; labels of one-hot targets: targets.argmax(1)" } else { "" }
        )));
    };
    for other in inputs.mask.iter().chain(&inputs.weights) {
        if !fits(shape, other.shape(), axis) && other.shape() != inputs.targets.shape() {
            return Err(ScoreError::Usage(format!(
                "{}: shape {} differs from {} of the targets {}; they must be equal",
                other.name(),
                other.shape_text(),
                inputs.targets.shape_text(),
                inputs.targets.name()
            )));
        }
    }
    let images = if axis == 0 { 1 } else { shape.first().copied().unwrap_or(1) };
    let pixels = shape.iter().skip(axis + 1).product();
    Ok(ClassShape { images, classes: count, pixels })
}

fn check_labels(targets: &Array) -> Result<(), ScoreError> {
    if targets.dtype().is_integer() {
        return Ok(());
    }
    Err(ScoreError::WrongDType {
        array: targets.name().to_owned(),
        found: targets.dtype().to_string(),
        what: "labels of classes",
        accepted: "bool or integers",
        remedy: "convert with numpy's astype, or argmax over one-hot or soft targets",
    })
}

fn check_options_of_classes(first: &Inputs, arguments: &ScoreArguments) -> Result<(), ScoreError> {
    let usage = |message: String| Err(ScoreError::Usage(message));
    if arguments.logits.is_empty() {
        return usage(format!(
            "{}: losses over classes take logits; logarithms of probabilities are logits as well: numpy.log(p.clip(1e-7))",
            first.input.name()
        ));
    }
    if arguments.threshold.is_some() {
        return usage("--threshold is for binary masks; of classes the likeliest is predicted".to_owned());
    }
    match arguments.ignore {
        Some(label) if label.fract() != 0.0 || label.abs() > 9e15 => {
            usage(format!("--ignore {label}: labels of classes are integers, such as 255 or -1"))
        }
        _ => Ok(()),
    }
}
