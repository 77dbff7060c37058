//! Which files are scored together.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::ScoreError;
use crate::arguments::ScoreArguments;
use crate::arrays::{Array, Source};
use crate::paths::{self, Files, Named, PairRule, PairedBy, Pairs, shown};
use crate::targets::{AxisSums, ClassAxis, ClassShape, Column, Exclusive, Labelled, MOST_CLASSES, Sums};

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
                return Err(ScoreError::usage(message));
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
        return Err(ScoreError::usage("nothing to score: --targets and --logits or --probs are needed".to_owned()));
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
        all.push(Inputs {
            input,
            targets,
            mask,
            weights,
            input_path: input_path.clone(),
            classes: None,
            class_axis: None,
            one_hot: false,
            paired_by,
            paths,
        });
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
        Some(inputs) => Err(ScoreError::usage(format!(
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

/// Tells binary masks from classes, and checks all shapes.
pub(crate) fn kind(inputs: &mut [Inputs], arguments: &ScoreArguments) -> Result<Kind, ScoreError> {
    let Some(first) = inputs.first() else {
        return Err(ScoreError::usage("nothing to score".to_owned()));
    };
    check_ignore(inputs, arguments)?;
    if arguments.one_hot {
        return one_hot(inputs, arguments);
    }
    let Some(count) = class_count(first, arguments)? else {
        if arguments.class_weights.is_some() {
            return Err(ScoreError::usage(format!(
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
    if arguments.multi_label {
        return Err(ScoreError::usage(format!(
            "--multi-label is for targets of the shape of the logits, a binary mask in each channel; logits {} and targets \
             {} are classes and their labels",
            first.input.shape_text(),
            first.targets.shape_text()
        )));
    }
    if !(arguments.foreground.is_empty() || count == 2) {
        return Err(ScoreError::usage(format!(
            "--foreground is for binary masks, or for 2 classes of which 1 is the foreground; the logits {} have {count} \
             classes",
            first.input.shape_text()
        )));
    }
    for inputs in inputs.iter_mut() {
        let (shape, axis) = class_shape(inputs, count)?;
        check_labels(&inputs.targets)?;
        (inputs.classes, inputs.class_axis) = (Some(shape), Some(axis));
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
    if let (Some(0), [count, ..], [1, ..]) = (axis, inputs.input.shape(), inputs.targets.shape())
        && inputs.input.shape().len() == inputs.targets.shape().len()
        && *count > 1
    {
        return Err(ScoreError::usage(format!(
            "{}: the shape {} of targets fits logits {} only if axis 0 is that of {count} classes; give --classes {count} if \
             it is, and {count} targets if it is that of images",
            inputs.targets.name(),
            inputs.targets.shape_text(),
            inputs.input.shape_text()
        )));
    }
    let count = axis.and_then(|axis| inputs.input.shape().get(axis)).copied();
    match count {
        None | Some(0 | 1) => Ok(None),
        Some(count) => match usize::try_from(count) {
            Ok(count) if count <= MOST_CLASSES => Ok(Some(count)),
            _ => Err(ScoreError::usage(format!(
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

fn without_axis(shape: &[u64], axis: usize) -> Vec<u64> {
    let lengths = shape.iter().enumerate().filter(|(place, _)| *place != axis);
    lengths.map(|(_, length)| *length).collect()
}

/// The shape of the classes and their axis.
fn class_shape(inputs: &Inputs, count: usize) -> Result<(ClassShape, usize), ScoreError> {
    let shape = inputs.input.shape();
    let wanted = Some(count as u64);
    // A single class may stand beside targets of the same shape.
    let axis = class_axis(shape, inputs.targets.shape(), wanted)
        .or_else(|| (count == 1 && shape.get(1) == Some(&1) && shape == inputs.targets.shape()).then_some(1));
    let Some(axis) = axis else {
        return Err(ScoreError::usage(format!(
            "{}: the shape {} of targets does not fit {} of {} with {count} classes; expected logits (N, {count}, …) and \
             labels (N, …), or (…) with ({count}, …) for one image{}",
            inputs.targets.name(),
            inputs.targets.shape_text(),
            inputs.input.shape_text(),
            inputs.input.name(),
            if inputs.targets.shape() == shape {
                "; one-hot targets are read with --one-hot (numpy: argmax)"
            } else {
                ""
            }
        )));
    };
    // (C, H, W) of one image, or (N, C, pixels) of several: only the shape says, and here it does not.
    if let [images, classes, _] = shape
        && images == classes
        && *classes > 1
        && inputs.targets.shape().len() == 2
    {
        return Err(ScoreError::usage(format!(
            "{}: the shape {} can be one image of {classes} classes, or {images} images of {classes} classes; give logits \
             and targets an axis more, with array[None] for one image or array[..., None] for {images}",
            inputs.input.name(),
            inputs.input.shape_text()
        )));
    }
    for other in inputs.mask.iter().chain(&inputs.weights) {
        if !fits(shape, other.shape(), axis) && other.shape() != inputs.targets.shape() {
            return Err(ScoreError::usage(format!(
                "{}: shape {} differs from {} of the targets {}; they must be equal",
                other.name(),
                other.shape_text(),
                inputs.targets.shape_text(),
                inputs.targets.name()
            )));
        }
    }
    Ok((ClassShape::of(shape, axis), axis))
}

/// Takes targets of the shape of the logits as labels of classes.
fn one_hot(inputs: &mut [Inputs], arguments: &ScoreArguments) -> Result<Kind, ScoreError> {
    for inputs in inputs.iter() {
        let (logits, targets) = (&inputs.input, &inputs.targets);
        if logits.shape() != targets.shape() {
            return Err(ScoreError::usage(format!(
                "{}: --one-hot is for targets of the shape of the logits, and {} differs from {} of {}; labels (N, …) of \
                 logits (N, C, …) need no option",
                targets.name(),
                targets.shape_text(),
                logits.shape_text(),
                logits.name()
            )));
        }
    }
    if let Some(first) = inputs.first() {
        check_options_of_classes(first, arguments)?;
    }
    let axis = one_hot_axis(inputs, arguments)?;
    let mut count = 0;
    for inputs in inputs.iter_mut() {
        let shape = ClassShape::of(inputs.input.shape(), axis);
        if count == 0 {
            count = shape.classes;
        }
        if shape.classes != count {
            return Err(ScoreError::usage(format!(
                "{}: {} has {} classes along axis {axis}, and the files before have {count}",
                inputs.input.name(),
                inputs.input.shape_text(),
                shape.classes
            )));
        }
        for other in inputs.mask.iter().chain(&inputs.weights) {
            if !fits(inputs.input.shape(), other.shape(), axis) {
                return Err(ScoreError::usage(format!(
                    "{}: the shape {} does not fit {} of {}: with --one-hot, a mask or weights have one value for all \
                     {count} classes of a pixel, without axis {axis}",
                    other.name(),
                    other.shape_text(),
                    inputs.input.shape_text(),
                    inputs.input.name()
                )));
            }
        }
        (inputs.classes, inputs.class_axis, inputs.one_hot) = (Some(shape), Some(axis), true);
    }
    let names = arguments.classes.as_ref().map_or(Vec::new(), |classes| classes.names.clone());
    Ok(Kind::Classes(Classes { count, names }))
}

/// The axis of one-hot targets: 1, or 0 of a single image; what the shape leaves open, the values say.
fn one_hot_axis(inputs: &[Inputs], arguments: &ScoreArguments) -> Result<usize, ScoreError> {
    let wanted = arguments.classes.as_ref().map(|classes| classes.count as u64);
    let can_be = |axis: usize| {
        inputs.iter().all(|inputs| {
            let length = inputs.input.shape().get(axis).copied().unwrap_or(0);
            wanted.map_or((2..=MOST_CLASSES as u64).contains(&length), |wanted| length == wanted)
        })
    };
    let Some(first) = inputs.first() else { return Ok(1) };
    match (can_be(1), can_be(0)) {
        (true, false) => Ok(1),
        (false, true) => Ok(0),
        (false, false) => Err(ScoreError::usage(format!(
            "{}: {} has no axis of {} classes; expected (N, C, …), or (C, …) for one image",
            first.input.name(),
            first.input.shape_text(),
            wanted.map_or(format!("2 to {MOST_CLASSES}"), |wanted| wanted.to_string())
        ))),
        (true, true) => {
            let sums = along_axes(inputs, arguments)?;
            let along = |axis: ClassAxis| sums.each().any(|found| found == (axis, Sums::OneHot));
            match (along(ClassAxis::Second), along(ClassAxis::First)) {
                (true, true) if first.input.shape().len() == 3 => Err(ScoreError::usage(format!(
                    "{}: the targets {} are one-hot along axis 0 and along axis 1; give logits and targets an axis more, \
                     with array[None] for one image (C, H, W) or array[..., None] for (N, C, pixels)",
                    first.targets.name(),
                    first.targets.shape_text()
                ))),
                (false, true) => Ok(0),
                _ => Ok(1),
            }
        }
    }
}

/// What is so along the axes of all targets, whatever their masks.
fn along_axes(inputs: &[Inputs], arguments: &ScoreArguments) -> Result<AxisSums, ScoreError> {
    const CHUNK: u64 = 1 << 16;
    let mut all: Option<AxisSums> = None;
    for Inputs { targets, .. } in inputs {
        let mut column = Column::open(targets, targets.order())?;
        let Some(mut exclusive) = Exclusive::new(targets.dtype(), targets.shape(), targets.order()) else {
            return Ok(AxisSums::NONE);
        };
        while column.remaining() > 0 {
            column.read(usize::try_from(column.remaining().min(CHUNK)).unwrap_or(0))?;
            let mut weights = vec![1.0; column.singles().len()];
            let mut ignored = |place: usize| {
                if let Some(weight) = weights.get_mut(place) {
                    *weight = 0.0;
                }
            };
            arguments.ignore.iter().for_each(|ignore| column.each_equal(*ignore, &mut ignored));
            column.mark(&arguments.foreground);
            exclusive.add(column.singles(), Some(&weights));
        }
        let sums = exclusive.finish();
        all = match (all, sums) {
            (Some(all), Some(sums)) => Some(all.and(sums)),
            (all, sums) => all.or(sums),
        };
    }
    Ok(all.unwrap_or(AxisSums::NONE))
}

/// Checks that a value to be ignored can occur.
fn check_ignore(inputs: &[Inputs], arguments: &ScoreArguments) -> Result<(), ScoreError> {
    let all_integer = inputs.iter().all(|inputs| inputs.targets.dtype().is_integer());
    match (arguments.ignore, inputs.first()) {
        (Some(ignore), Some(first)) if all_integer && !ignore.is_integer() => Err(ScoreError::usage(format!(
            "--ignore {ignore}: the targets are integers ({} of {}), so a value to ignore is one, such as 255 or -1",
            first.targets.dtype(),
            first.targets.name()
        ))),
        _ => Ok(()),
    }
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
    let usage = |message: String| Err(ScoreError::usage(message));
    if arguments.logits.is_empty() {
        return usage(format!(
            "{}: losses over classes take logits; logarithms of probabilities are logits as well: numpy.log(p.clip(1e-7))",
            first.input.name()
        ));
    }
    if arguments.threshold.is_some() {
        return usage("--threshold is for binary masks; of classes the likeliest is predicted".to_owned());
    }
    Ok(())
}
