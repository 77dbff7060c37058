//! Tells binary masks from classes by the shapes, and checks all shapes.

use super::Inputs;
use crate::arguments::ScoreArguments;
use crate::arrays::squeezed;
use crate::score::ScoreError;
use crate::targets::{AxisSums, ClassAxis, ClassShape, Column, Exclusive, MOST_CLASSES, Sums};

/// Checks that there are images to take a mean over, if one is to be taken.
pub(crate) fn check_images(inputs: &[Inputs], per_image: bool) -> Result<(), ScoreError> {
    match inputs.iter().find(|inputs| per_image && inputs.images.is_none() && inputs.input.shape().len() < 2) {
        Some(inputs) => Err(ScoreError::usage(format!(
            "{}: --per-image needs an axis of images (the first) and at least one of pixels; the shape is {}",
            inputs.input.name(),
            inputs.input.shape_text()
        ))),
        None => Ok(()),
    }
}

/// What is scored.
#[derive(Debug)]
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
            check_same_shape(inputs, arguments)?;
        }
        return Ok(Kind::Binary);
    };
    check_options_of_classes(arguments)?;
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
        (inputs.classes, inputs.class_axis) = (Some(shape), Some(axis));
    }
    let names = arguments.classes.as_ref().map_or(Vec::new(), |classes| classes.names.clone());
    Ok(Kind::Classes(Classes { count, names }))
}

/// The number of classes, if there are any.
fn class_count(inputs: &Inputs, arguments: &ScoreArguments) -> Result<Option<usize>, ScoreError> {
    if let Some(classes) = &arguments.classes {
        if classes.count > MOST_CLASSES && !arguments.is_without_losses() {
            return Err(ScoreError::usage(format!(
                "--classes {}: losses take at most {MOST_CLASSES} classes; --metrics without --loss takes more",
                classes.count
            )));
        }
        return Ok(Some(classes.count));
    }
    let (logits, targets) = (inputs.input.shape(), inputs.targets.shape());
    if arguments.broadcast && squeezed(logits) == squeezed(targets) {
        return Ok(None);
    }
    let axis = class_axis(logits, targets, None);
    let one_for_all = match (logits, targets) {
        ([_, ..], [1, ..]) => logits.len() == targets.len(),
        ([_, 1, ..], _) => true,
        _ => false,
    };
    if let (Some(0), [count, ..]) = (axis, logits)
        && *count > 1
        && one_for_all
    {
        return Err(ScoreError::usage(format!(
            "{}: the shape {} of targets fits logits {} only if axis 0 is that of {count} classes; give --classes {count} if \
             it is, and {count} targets if it is that of images (--broadcast if one mask is that of all)",
            inputs.targets.name(),
            inputs.targets.shape_text(),
            inputs.input.shape_text()
        )));
    }
    let count = axis.and_then(|axis| inputs.input.shape().get(axis)).copied();
    match count {
        None | Some(0 | 1) => Ok(None),
        Some(count) => match usize::try_from(count) {
            Ok(count) if count <= MOST_CLASSES || arguments.is_without_losses() => Ok(Some(count)),
            _ => Err(ScoreError::usage(format!(
                "{}: the shape {} has {count} classes, and losses take at most {MOST_CLASSES}; --metrics without --loss takes more",
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

/// Whether an array has a value for each pixel of logits with this axis of classes, whatever axes of length 1 there are.
fn fits(logits: &[u64], other: &[u64], axis: usize) -> bool {
    logits.get(axis) != Some(&1) && squeezed(&without_axis(logits, axis)) == squeezed(other)
        || without_axis(logits, axis) == other
}

/// Checks that arrays have the same shape; what else they may be is named.
fn check_same_shape(inputs: &Inputs, arguments: &ScoreArguments) -> Result<(), ScoreError> {
    let (input, targets) = (&inputs.input, &inputs.targets);
    let error = match crate::arrays::check_shapes(&inputs.arrays()) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let (logits, other) = (input.shape(), squeezed(targets.shape()));
    let is = |shape: Option<&[u64]>| shape.is_some_and(|shape| squeezed(shape) == other);
    if !arguments.broadcast && (is(logits.get(1..)) || is(logits.get(2..))) {
        return Err(ScoreError::usage(format!("{error}; --broadcast takes one mask for every image")));
    }
    if !arguments.channels_last && is(logits.len().checked_sub(1).and_then(|axes| logits.get(..axes))) {
        return Err(ScoreError::usage(format!("{error}; --channels-last takes the last axis as that of classes")));
    }
    Err(error.into())
}

pub(super) fn without_axis(shape: &[u64], axis: usize) -> Vec<u64> {
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
    if let [images, classes, ..] = shape
        && images == classes
        && *classes > 1
        // Of four axes and more, labels with all axes but that of classes are those of (N, C, …).
        && (shape.len() == 3 || inputs.targets.shape() != without_axis(shape, 1))
        && fits(shape, inputs.targets.shape(), 0)
        && fits(shape, inputs.targets.shape(), 1)
    {
        return Err(ScoreError::usage(format!(
            "{}: the shape {} can be one image of {classes} classes, or {images} images of {classes} classes; give logits \
             and targets an axis more, with array[None] for one image or array[..., None] for {images}",
            inputs.input.name(),
            inputs.input.shape_text()
        )));
    }
    for other in inputs.mask.iter().chain(&inputs.weights) {
        if !fits(shape, other.shape(), axis) && squeezed(other.shape()) != squeezed(inputs.targets.shape()) {
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
    check_options_of_classes(arguments)?;
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

fn check_options_of_classes(arguments: &ScoreArguments) -> Result<(), ScoreError> {
    let usage = |message: String| Err(ScoreError::usage(message));
    if arguments.threshold.is_some() {
        return usage("--threshold is for binary masks; of classes the likeliest is predicted".to_owned());
    }
    Ok(())
}
