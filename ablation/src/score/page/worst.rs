//! The worst images as pictures.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use loss_metrics::facts::Metric;

use super::contents::{Case, Part};
use super::picture::{Kind, Picture};
use super::{Content, Pixels};
use crate::report::draw::palette::hex;
use crate::score::ScoreError;
use crate::score::inputs::{Geometry, Inputs};
use crate::score::metrics::{Measured, Of, Row, WORST, each_image, four, ranked, remark, title};
use crate::tables::six;

/// So many metrics stand beside a picture.
const MOST_METRICS: usize = 4;
/// The longer side of a picture on the page.
const SIDE: f64 = 320.0;

/// An image to be shown, by the row that makes it one of the worst.
struct Wanted<'a> {
    row: &'a Row,
    input: &'a Inputs,
    geometry: Geometry,
}

pub(super) fn part(content: &Content<'_>) -> Result<Part, ScoreError> {
    let part = Part::new("worst", "The worst images");
    let Some((metric, rows)) = ranked(&content.measured.rows, content.asked) else {
        return Ok(part.lacking("Not shown: no metric of images was asked for, which would say which are the worst."));
    };
    if rows.is_empty() {
        return Ok(part.lacking("Not shown: no image was measured, so none is the worst."));
    }
    let Some(pixels) = &content.finishing.pixels else {
        return Ok(part.lacking("Not shown: states have no pixels; `ablation score --report` of the files shows them."));
    };
    let mut part = part;
    let (mut wanted, mut has_lines): (Vec<Wanted<'_>>, bool) = (Vec::new(), false);
    let files: BTreeMap<(&str, &str), &Inputs> =
        pixels.inputs.iter().map(|one| ((one.input.name(), one.targets.name()), one)).collect();
    for (row, _) in &rows {
        if wanted.len() == WORST {
            break;
        }
        let found = files.get(&(row.input.as_str(), row.targets.as_str())).filter(|_| row.class.is_some());
        let Some(input) = found.copied() else { continue };
        let one = Wanted { row, input, geometry: geometry(pixels, input)? };
        // An image is shown once, for the worst of its classes; channels are images of their own.
        let is_same = |other: &Wanted<'_>| {
            other.row.place() == row.place() && (one.geometry.channels <= 1 || other.row.class == row.class)
        };
        if one.geometry.shape.len() < 2 {
            has_lines = true;
        } else if !wanted.iter().any(is_same) {
            wanted.push(one);
        }
    }
    if has_lines {
        part.lacking.push("Arrays of one axis are not shown: their pixels have no place in a picture.".to_owned());
    }
    let of_classes = matches!(pixels.of, Of::Classes(classes) if classes.count > 2);
    let pictures = pictures(content, pixels, &wanted)?;
    let mut kinds: Vec<Kind> = Vec::new();
    for (place, wanted) in wanted.iter().enumerate() {
        let Some(picture) = pictures.get(&place) else { continue };
        kinds.extend(picture.counts.keys());
        part.cases.push(case(content, metric, place, wanted, picture, of_classes)?);
    }
    if part.cases.is_empty() {
        return Ok(part);
    }
    let facts = metric.facts();
    let extreme = if facts.higher_is_better { "lowest" } else { "highest" };
    let which = match part.cases.len() {
        1 => "The only image.".to_owned(),
        count => format!("The {count} images with the {extreme} `{}` of a class, the worst first.", facts.name),
    };
    let colours = if of_classes {
        "Right pixels have the colour of their class, wrong ones that of their kind of error."
    } else {
        "Colours say what is right and what is wrong."
    };
    part.text.push(format!("{which} {colours}"));
    part.legend = legend(kinds, of_classes, pixels.of);
    Ok(part)
}

/// As measuring has it.
fn geometry(pixels: &Pixels<'_>, input: &Inputs) -> Result<Geometry, ScoreError> {
    Geometry::of(input, pixels.arguments, true).map(|geometry| match pixels.of {
        Of::Classes(_) => geometry.without_channels(),
        Of::Binary => geometry,
    })
}

/// Reads each file once, and gives the pictures by their places in the list.
fn pictures(
    content: &Content<'_>,
    pixels: &Pixels<'_>,
    wanted: &[Wanted<'_>],
) -> Result<BTreeMap<usize, Picture>, ScoreError> {
    let mut pictures = BTreeMap::new();
    for (first, one) in wanted.iter().enumerate() {
        let is_of_file = |other: &Wanted<'_>| std::ptr::eq(other.input, one.input);
        if wanted.iter().take(first).any(is_of_file) {
            continue;
        }
        // What is measured of the pixels on the way was counted before.
        let mut ignored = Measured::new(content.asked, false, false);
        each_image(one.input, pixels.arguments, pixels.of, &one.geometry, &mut ignored, |image, _| {
            for (place, other) in wanted.iter().enumerate().filter(|(_, other)| is_of_file(other)) {
                let is_channel = one.geometry.channels <= 1 || other.row.class == usize::try_from(image.channel).ok();
                if image.image == other.row.image
                    && is_channel
                    && let Some(picture) = Picture::new(image, &one.geometry)
                {
                    pictures.insert(place, picture);
                }
            }
            Ok(())
        })?;
    }
    Ok(pictures)
}

fn case(
    content: &Content<'_>,
    metric: Metric,
    place: usize,
    Wanted { row, geometry, .. }: &Wanted<'_>,
    picture: &Picture,
    of_classes: bool,
) -> Result<Case, ScoreError> {
    let has_several = content.summary.is_some_and(|summary| summary.has_several);
    let image = if has_several { format!(" [{}]", row.image) } else { String::new() };
    let title_ = format!("{}. {}{image}", place + 1, row.input);
    let mut lines = Vec::new();
    let remark = Some(remark(row.presence)).filter(|remark| !remark.is_empty());
    let remark = remark.map_or_else(String::new, |remark| format!(" ({remark})"));
    let value = |metric: &Metric| -> Option<String> {
        Some(format!("{} {}", title(*metric, content.summary?), four(row.value(metric.facts().name)?)))
    };
    let values: Vec<String> = std::iter::once(&metric)
        .chain(content.asked.metrics.iter().filter(|other| **other != metric))
        .filter_map(value)
        .take(MOST_METRICS)
        .collect();
    lines.push(format!("Class {}{remark}: {}", row.label(), values.join(", ")));
    if let Some(confusion) = row.confusion() {
        lines.push(format!(
            "Pixels of the class: {} true positive, {} false positive, {} false negative",
            confusion.true_positive, confusion.false_positive, confusion.false_negative
        ));
    }
    if of_classes {
        lines.push(format!("All classes: {}", wrong(&picture.all, true)));
    }
    if let Some((axis, at)) = picture.slice {
        let index: Vec<String> = (0..geometry.shape.len())
            .map(|other| if other == axis { at.to_string() } else { ":".to_owned() })
            .collect();
        let of = geometry.shape.get(axis).copied().unwrap_or(0);
        lines.push(format!(
            "Slice [{}] of {of}, the one with the most wrong pixels: {}",
            index.join(", "),
            wrong(&picture.counts, of_classes)
        ));
    }
    if picture.reduced > 1 {
        let side = picture.reduced;
        lines.push(format!("Shown smaller: {side} × {side} pixels are one, wrong if any of them is"));
    }
    let png = picture.png(of_classes).map_err(|error| ScoreError::Page(error.to_string()))?;
    let (width, height) = (picture.width as f64, picture.height as f64 * picture.aspect);
    let scale = SIDE / width.max(height).max(1.0);
    let length = |pixels: f64| (pixels * scale).round().max(1.0) as usize;
    Ok(Case {
        label: format!("{title_}: {}", wrong(&picture.counts, of_classes)),
        title: title_,
        lines,
        png: STANDARD.encode(png),
        width: length(width),
        height: length(height),
    })
}

/// "3 false positive, 2 false negative".
fn wrong(counts: &BTreeMap<Kind, u64>, of_classes: bool) -> String {
    let count = |kind: Kind| counts.get(&kind).copied().unwrap_or(0);
    let (positive, negative) = (count(Kind::FalsePositive), count(Kind::FalseNegative));
    if of_classes {
        let confused = count(Kind::Confused);
        return format!("{positive} found in background, {negative} missed, {confused} taken for another class");
    }
    let right: u64 = counts.iter().filter(|(kind, _)| matches!(kind, Kind::Right(_))).map(|(_, count)| count).sum();
    format!("{right} true positive, {positive} false positive, {negative} false negative")
}

/// The colours of the kinds that occur. Classes of one colour share an entry.
fn legend(mut kinds: Vec<Kind>, of_classes: bool, of: Of<'_>) -> Vec<(String, String)> {
    const MOST_NAMES: usize = 4;
    kinds.sort_unstable();
    kinds.dedup();
    let name = |class: u32| match of {
        Of::Classes(classes) => classes.names.get(class as usize).cloned().unwrap_or_else(|| class.to_string()),
        Of::Binary => class.to_string(),
    };
    let mut entries: Vec<(String, Vec<String>)> = Vec::new();
    for kind in kinds {
        let meaning = match kind {
            Kind::Background => "background, right".to_owned(),
            Kind::Ignored => "ignored".to_owned(),
            Kind::Right(class) if of_classes => format!("{}, right", name(class)),
            Kind::Right(_) => "true positive".to_owned(),
            Kind::FalsePositive if of_classes => "found in background".to_owned(),
            Kind::FalsePositive => "false positive".to_owned(),
            Kind::Confused => "taken for another class".to_owned(),
            Kind::FalseNegative if of_classes => "missed: taken for background".to_owned(),
            Kind::FalseNegative => "false negative".to_owned(),
        };
        let colour = hex(kind.colour(of_classes));
        match entries.iter_mut().find(|(other, _)| *other == colour) {
            Some((_, meanings)) => meanings.push(meaning),
            None => entries.push((colour, vec![meaning])),
        }
    }
    let text = |meanings: Vec<String>| match meanings.len() {
        count if count > MOST_NAMES => {
            format!("{} and {} more", meanings[..MOST_NAMES].join("; "), six((count - MOST_NAMES) as f64))
        }
        _ => meanings.join("; "),
    };
    entries.into_iter().map(|(colour, meanings)| (colour, text(meanings))).collect()
}
