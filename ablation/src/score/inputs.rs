//! Which files are scored together.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::ScoreError;
use crate::arrays::{Array, Source};
use crate::cli::{MOST_CLASSES, ScoreArguments};
use crate::paths::{self, Files, Named, PairRule, PairedBy, Pairs, shown};

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
    paths: Vec<PathBuf>,
}

/// What the files of each option have in common with the logits or probabilities that they go with.
#[derive(Clone, Copy, Debug, Serialize)]
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
struct OptionFiles {
    files: Files,
    member: Option<String>,
}

impl OptionFiles {
    /// `None` if the option was not given.
    fn find(option: &'static str, arguments: &[OsString]) -> Result<Option<Self>, ScoreError> {
        let mut all: Option<Self> = None;
        for argument in arguments {
            let source = Source::parse(argument);
            let found = paths::find(source.path.as_os_str())?;
            let Some(all) = &mut all else {
                let files = Files { option, paths: found.paths, named: found.named };
                all = Some(Self { files, member: source.member });
                continue;
            };
            if all.member != source.member {
                let argument = shown(argument.as_ref());
                let message = format!("{argument}: files of one option must name the same array of their archives");
                return Err(ScoreError::Usage(message));
            }
            all.files.paths.extend(found.paths);
            if found.named == Named::Together {
                all.files.named = Named::Together;
            }
        }
        Ok(all)
    }

    /// The files in the order of those that they go with.
    fn with(self, inputs: &Self, rule: Option<PairRule>) -> Result<Partners, ScoreError> {
        let Pairs { partners, by } = paths::pair(&inputs.files, &self.files, rule)?;
        let paths = partners.into_iter().filter_map(|place| self.files.paths.get(place).cloned()).collect();
        Ok(Partners { paths, member: self.member, by })
    }
}

/// The files of an option, each at the place of the input that it goes with.
struct Partners {
    paths: Vec<PathBuf>,
    member: Option<String>,
    by: PairedBy,
}

/// Opens all that is to be scored.
pub(crate) fn open(arguments: &ScoreArguments) -> Result<Vec<Inputs>, ScoreError> {
    let (given, option, what) = if arguments.logits.is_empty() {
        (&arguments.probs, "--probs", "probabilities")
    } else {
        (&arguments.logits, "--logits", "logits")
    };
    let inputs = OptionFiles::find(option, given)?;
    let (Some(inputs), Some(targets)) = (inputs, OptionFiles::find("--targets", &arguments.targets)?) else {
        return Err(ScoreError::Usage("nothing to score: --targets and --logits or --probs are needed".to_owned()));
    };
    let beside = |option, arguments: &[OsString], rule| -> Result<Option<Partners>, ScoreError> {
        OptionFiles::find(option, arguments)?.map(|files| files.with(&inputs, rule)).transpose()
    };
    let rule = arguments.pair;
    let targets = targets.with(&inputs, rule)?;
    let masks = beside("--mask", &arguments.mask, rule)?;
    let weights = beside("--weights", &arguments.weights, rule)?;
    let nth = |partners: &Option<Partners>, index: usize| -> Result<Option<(Array, PathBuf)>, ScoreError> {
        let Some(partners) = partners else { return Ok(None) };
        let Some(path) = partners.paths.get(index) else { return Ok(None) };
        Ok(Some((Array::open(path, partners.member.as_deref())?, path.clone())))
    };
    let paired_by = PairedByOption {
        targets: targets.by,
        mask: masks.as_ref().map(|masks| masks.by),
        weights: weights.as_ref().map(|weights| weights.by),
    };
    let mut all = Vec::new();
    for (index, (input_path, target_path)) in inputs.files.paths.iter().zip(&targets.paths).enumerate() {
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
        let input_path = input_path.clone();
        all.push(Inputs { input, targets, mask, weights, input_path, classes: None, paths, paired_by });
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
