//! What the values of label maps mean, where nothing but they say it.

use std::collections::BTreeSet;

use crate::arguments::ScoreArguments;
use crate::arrays::Array;
use crate::score::ScoreError;
use crate::score::inputs::{Classes, Inputs};
use crate::targets::{AxisSums, Column, Exclusive, Sums, Value, Values, Weighing};

/// The most classes of label maps.
const MOST: i64 = 1 << 16;
/// More labels than these are not predicted where the truth has two values.
const MOST_BESIDE_TWO: usize = 32;
/// The value that marks pixels without a label, in files of 8 bits.
const VOID: i64 = 255;

/// The classes of label maps; `None` of binary masks.
pub(crate) fn classes(arguments: &ScoreArguments, inputs: &[Inputs]) -> Result<Option<Classes>, ScoreError> {
    for inputs in inputs {
        crate::arrays::check_shapes(&inputs.arrays())?;
    }
    if !arguments.foreground.is_empty() {
        return Ok(None);
    }
    if let Some(classes) = &arguments.classes {
        return Ok(Some(Classes { count: classes.count, names: classes.names.clone() }));
    }
    let mut seen: [BTreeSet<i64>; 2] = Default::default();
    let mut sums: Option<AxisSums> = None;
    for inputs in inputs {
        let mut exclusive = Exclusive::new(inputs.targets.dtype(), inputs.targets.shape(), Inputs::ORDER)
            .filter(|_| !arguments.multi_label);
        for (place, array) in [&inputs.targets, &inputs.input].into_iter().enumerate() {
            if let Some(labels) = seen.get_mut(place) {
                let exclusive = exclusive.as_mut().filter(|_| place == 0);
                collect(array, inputs, arguments, (place == 0, exclusive), labels)?;
            }
        }
        let own = exclusive.as_ref().map_or(Some(AxisSums::NONE), Exclusive::finish);
        sums = match (sums, own) {
            (Some(sums), Some(own)) => Some(sums.and(own)),
            (sums, own) => sums.or(own),
        };
    }
    check_one_hot(sums, inputs)?;
    let [truth, prediction] = &seen;
    let name = inputs.first().map_or("", |inputs| inputs.targets.name());
    let list = |labels: &BTreeSet<i64>| {
        Values(&labels.iter().map(|label| Value::Integer((*label).into())).collect::<Vec<_>>()).to_string()
    };
    let refuse = |problem: String| {
        Err(ScoreError::usage(format!(
            "{name}: the targets are {} and the predictions {}: {problem}",
            if truth.is_empty() { "empty".to_owned() } else { list(truth) },
            if prediction.is_empty() { "empty".to_owned() } else { list(prediction) }
        )))
    };
    let all: BTreeSet<i64> = truth.union(prediction).copied().collect();
    let Some(most) = all.last().copied().filter(|most| *most > 1) else { return Ok(None) };
    let above: Vec<i64> = all.iter().copied().filter(|label| *label != 0).collect();
    match above[..] {
        // A mask of 0 and another value, in one of the two at least.
        [only] => {
            return refuse(format!(
                "--foreground {only} takes {only} as foreground; --classes {} reads labels of classes",
                only + 1
            ));
        }
        [1, other]
            if truth.iter().chain(prediction).filter(|label| **label == other).count() == 1
                && (other == VOID || other == 65535) =>
        {
            return refuse(format!(
                "--foreground 1,{other} takes both as foreground; --ignore {other} ignores it in the targets; --classes {} reads labels",
                other + 1
            ));
        }
        _ => {}
    }
    let before = above.iter().rev().nth(1).copied().unwrap_or(0);
    if most == VOID && arguments.ignore == Some(Value::Integer(VOID.into())) && !truth.contains(&VOID) {
        return refuse(format!(
            "--ignore {VOID} leaves pixels out where the targets are {VOID}, and the predictions are {VOID} at others; --classes 256 takes it as a \
             class, --mask leaves pixels out"
        ));
    }
    if most == VOID && before < VOID - 1 {
        return refuse(format!(
            "{VOID} often marks pixels without a label: --ignore {VOID} ignores it in the targets; --classes 256 takes it as a class"
        ));
    }
    // Two values in the truth, and shades of grey in the prediction.
    if truth.len() <= 2 && prediction.len() > MOST_BESIDE_TWO {
        return refuse(format!(
            "so many values beside two are those of probabilities that were saved as grey levels: divide them by the largest that they can be, and \
             give them with --probs; --classes {} takes them as labels",
            most + 1
        ));
    }
    let shifted = |a: &BTreeSet<i64>, b: &BTreeSet<i64>| a.iter().map(|label| label + 1).eq(b.iter().copied());
    if truth != prediction && (shifted(truth, prediction) || shifted(prediction, truth)) {
        return refuse(format!(
            "the labels of one are those of the other and 1, as if one counted from 0 and the other from 1; --classes {} takes them as they are",
            most + 1
        ));
    }
    let count = usize::try_from(most + 1).unwrap_or(usize::MAX);
    Ok(Some(Classes { count, names: Vec::new() }))
}

/// Refuses masks of which one channel is 1 at every pixel: they may be one-hot labels, of which channel 0 is background.
fn check_one_hot(sums: Option<AxisSums>, inputs: &[Inputs]) -> Result<(), ScoreError> {
    let found = sums.and_then(AxisSums::found).filter(|(_, sums)| *sums == Sums::OneHot);
    let (Some((axis, _)), Some(first)) = (found, inputs.first()) else { return Ok(()) };
    let place = axis.of(first.targets.shape()).unwrap_or_default();
    Err(ScoreError::usage(format!(
        "{}: the targets {} are one-hot along {axis}: exactly one channel of each pixel is 1. Choose a reading: labels of classes are \
         saved as such, numpy.argmax(array, {place}) of targets and predictions; --multi-label takes each channel as a binary mask of its own",
        first.targets.name(),
        first.targets.shape_text()
    )))
}

/// Adds the labels of an array.
fn collect(
    array: &Array,
    inputs: &Inputs,
    arguments: &ScoreArguments,
    (is_target, mut exclusive): (bool, Option<&mut Exclusive>),
    labels: &mut BTreeSet<i64>,
) -> Result<(), ScoreError> {
    const CHUNK: u64 = 1 << 16;
    let mut column = Column::open(array, Inputs::ORDER)?;
    let mut targets = if is_target { None } else { Some(Column::open(&inputs.targets, Inputs::ORDER)?) };
    let mut weighing = Weighing::open(inputs.mask.as_ref(), None, Inputs::ORDER)?;
    let (mut read, mut last) = (Vec::new(), None);
    while column.remaining() > 0 {
        let count = usize::try_from(column.remaining().min(CHUNK)).unwrap_or(0);
        column.read(count)?;
        weighing.read(count)?;
        if let Some(targets) = &mut targets {
            targets.read(count)?;
        }
        if let Some(ignore) = arguments.ignore {
            let weights = weighing.values_mut();
            // What is ignored is so by the target, whatever was predicted there.
            targets.as_ref().unwrap_or(&column).each_equal(ignore, |place| weights[place] = 0.0);
        }
        if let Some(exclusive) = &mut exclusive {
            exclusive.add(column.singles(), Some(weighing.values()));
        }
        column.labels(&mut read);
        for (place, label) in read.iter().enumerate() {
            if Some(*label) == last || weighing.values().get(place) == Some(&0.0) {
                continue;
            }
            last = Some(*label);
            if !(0..MOST).contains(label) {
                let what = if array.dtype().is_float() {
                    "; probabilities are given with --probs, logits with --logits"
                } else if is_target {
                    "; --ignore leaves a value out"
                } else {
                    ""
                };
                return Err(ScoreError::usage(format!(
                    "{}: a label is {}; accepted: whole numbers from 0 to {}{what}",
                    array.name(),
                    column.value(place),
                    MOST - 1
                )));
            }
            labels.insert(*label);
        }
    }
    Ok(())
}
