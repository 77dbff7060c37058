//! `ablation inspect`: the class balance of masks, and the losses that suit it.

mod advice;
mod components;
mod survey;

use std::fmt::Write as _;

use comfy_table::ContentArrangement;
use loss_core::class_weights;
use serde_json::{Value, json};

use crate::arguments::InspectArguments;
use crate::error::Error;
use crate::guide::TASKS;
use crate::score::classes::WeightsFrom;
use crate::tables::{left, percent, right, six, six_or_dash, table, trimmed};
use crate::targets::TOLERANCE;
use crate::terminal;
use advice::{Advice, advice};
use survey::Survey;

/// The width of the text, in columns.
const WIDTH: u16 = 112;

const WEIGHTS: [(&str, WeightsFrom); 4] = [
    ("inverse", WeightsFrom::Inverse),
    ("median", WeightsFrom::Median),
    ("effective 0.999", WeightsFrom::Effective(0.999)),
    ("effective 0.9999", WeightsFrom::Effective(0.9999)),
];

pub(crate) fn inspect(arguments: &InspectArguments) -> Result<String, Error> {
    if arguments.guide && arguments.masks.is_empty() {
        return Ok(if arguments.json { format!("{:#}\n", json!({ "guide": guide_json() })) } else { guide() });
    }
    let survey = survey::survey(arguments)?;
    survey.sight.iter().flat_map(|sight| &sight.warnings).for_each(terminal::warn);
    let pos_weight = pos_weight(&survey);
    let advice = advice(&survey, pos_weight);
    if arguments.json {
        let mut report = as_json(&survey, pos_weight, &advice);
        if arguments.guide {
            report["guide"] = guide_json();
        }
        return Ok(format!("{report:#}\n"));
    }
    let guide = if arguments.guide { format!("\n{}", guide()) } else { String::new() };
    Ok(as_text(&survey, pos_weight, &advice) + &guide)
}

/// The pos_weight of binary masks.
fn pos_weight(survey: &Survey) -> Option<f64> {
    let [background, foreground] = &survey.counts()[..] else { return None };
    let soft = survey.soft.map(|(_, sum)| (sum, survey.valid() as f64 - sum));
    let (foreground, background) = soft.unwrap_or((*foreground as f64, *background as f64));
    class_weights::pos_weight(foreground, background)
}

fn label(survey: &Survey, class: usize) -> String {
    survey.names.get(class).cloned().unwrap_or_else(|| class.to_string())
}

fn as_text(survey: &Survey, pos_weight: Option<f64>, advice: &[Advice]) -> String {
    let mut text = String::new();
    match &survey.files[..] {
        [file] => drop(writeln!(text, "{file}")),
        files => drop(writeln!(text, "{} files", files.len())),
    }
    let Survey { images, pixels, ignored, empty_images, .. } = survey;
    let _ = writeln!(
        text,
        "{images} images, {pixels} pixels: {} labelled, {ignored} ignored; {empty_images} images without foreground",
        survey.valid()
    );
    if let Some(value) = survey.image_file {
        let _ = writeln!(
            text,
            "values are 0 and {value}, as in an image file: divide by {value} before training, and score with --foreground \
             {value}"
        );
    }
    if let Some(axis) = survey.one_hot {
        let _ = writeln!(
            text,
            "masks are one-hot along {axis}, and counted as labels; --multi-label counts each channel as a binary mask"
        );
    }
    if survey.multi_label {
        let _ = writeln!(text, "masks are multi-label: each channel is its own binary mask");
    }
    if let Some(sight) = &survey.sight {
        let _ = writeln!(text, "{sight}");
    }
    if survey.clamped > 0 {
        let _ = writeln!(text, "{} values within {TOLERANCE:e} outside [0, 1] were read as 0 or 1", survey.clamped);
    }
    if let Some((between, sum)) = survey.soft.filter(|(between, _)| *between > 0) {
        let _ =
            writeln!(text, "soft: {between} pixels between 0 and 1, Σ t {}; counted below from 0.5 upwards", six(sum));
    }
    let counts = survey.counts();
    let mut header = vec![left("class")];
    header.extend(["pixels", "share", "images", "objects", "median object"].map(right));
    header.extend(WEIGHTS.map(|(name, _)| right(name)));
    let mut balance = table(header);
    let weights = WEIGHTS.map(|(_, from)| from.of(&counts));
    for (class, count) in survey.classes.iter().enumerate() {
        let mut row = vec![left(label(survey, class)), right(count.pixels), right(percent(survey.share(class)))];
        row.push(right(count.images));
        row.push(if class == 0 { right("–") } else { right(count.objects) });
        row.push(right(six_or_dash(count.median_object.map(|size| size as f64))));
        row.extend(weights.iter().map(|weights| right(six_or_dash(weights.get(class).copied()))));
        balance.add_row(row);
    }
    let _ = writeln!(text, "\n{}", trimmed(&balance));
    if let Some(weight) = pos_weight {
        let _ = writeln!(text, "pos_weight {} (background / foreground)", six(weight));
    }
    text.push_str(
        "inverse: N / (K nₖ); median: median(n) / nₖ; effective: (1 − β) / (1 − β^nₖ), scaled to mean 1. Objects touch by edges.\n\n\
         Losses to start with:\n",
    );
    for Advice { finding, losses, why } in advice {
        let _ = writeln!(text, "\n- {finding}");
        for loss in losses {
            let _ = writeln!(text, "    {loss}");
        }
        for line in wrapped(why, usize::from(WIDTH) - 2) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn as_json(survey: &Survey, pos_weight: Option<f64>, advice: &[Advice]) -> Value {
    let counts = survey.counts();
    let classes: Vec<Value> = survey
        .classes
        .iter()
        .enumerate()
        .map(|(class, count)| {
            json!({
                "class": class,
                "name": survey.names.get(class),
                "pixels": count.pixels,
                "share": survey.share(class),
                "images": count.images,
                "objects": (class > 0).then_some(count.objects),
                "median_object": count.median_object,
            })
        })
        .collect();
    let [inverse, median, effective_0_999, effective_0_9999] = WEIGHTS.map(|(_, from)| from.of(&counts));
    let advice: Vec<Value> = advice
        .iter()
        .map(|Advice { finding, losses, why }| json!({ "finding": finding, "losses": losses, "why": why }))
        .collect();
    json!({
        "files": survey.files,
        "images": survey.images,
        "pixels": survey.pixels,
        "ignored": survey.ignored,
        "empty_images": survey.empty_images,
        "median_object": survey.median_object,
        "soft": survey.soft.map(|(between, sum)| json!({ "between": between, "sum": sum })),
        "labels_are_0_and_255": survey.image_file.is_some_and(|value| value.to_f64() == 255.0),
        "targets_read_as": survey.read_as(),
        "recognised_foreground": survey.image_file,
        "foreground": survey.sight,
        "clamped": survey.clamped,
        "warnings": survey.sight.as_ref().map_or(&[][..], |sight| &sight.warnings),
        "classes": classes,
        "weights": {
            "pos_weight": pos_weight,
            "inverse": inverse,
            "median": median,
            "effective_0.999": effective_0_999,
            "effective_0.9999": effective_0_9999,
        },
        "advice": advice,
    })
}

fn guide_json() -> Value {
    TASKS
        .iter()
        .map(|task| json!({ "task": task.task, "losses": task.losses, "why": task.why, "mind": task.mind }))
        .collect()
}

/// The table of losses by task.
fn guide() -> String {
    let mut guide = table(["task", "losses to start with", "why", "watch out for"].map(left));
    guide.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    for task in TASKS {
        guide.add_row([task.task.to_owned(), task.losses.join("\n"), task.why.to_owned(), task.mind.to_owned()]);
    }
    format!("{}\n", trimmed(&guide))
}

/// The text of `ablation inspect --help` after its options.
pub(crate) fn help() -> String {
    let mut tasks = String::new();
    for task in TASKS {
        let _ = writeln!(tasks, "  {:17} {}", task.task, task.losses.join("; "));
    }
    format!(
        "\
By task (--guide gives the reasons):
{tasks}
Weights:
  pos_weight = background / foreground, for bce; inverse, median and effective are values of `ablation score --class-weights`.

Examples:
  ablation inspect masks.npy
  ablation inspect 'masks/*.npy' --classes background,intact,minor,major,destroyed --ignore 255
  ablation inspect labels.npz:y --json
  ablation inspect --guide

What masks mean:
  Masks of 0 and one other value that is no label, such as 255, are counted as binary masks, with a note.
  --foreground 255 does the same without the note; --foreground 3,4 makes a binary mask of labels.
  One-hot masks (N, C, …), or (C, …) for one image, are counted as labels, with a note; --multi-label counts each
  channel as a binary mask.

Files:
  Axis 0 is the axis of images if there are more than two axes; an array of two axes is one image.
  Arrays are streamed; one in Fortran order is held in memory."
    )
}
