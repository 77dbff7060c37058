//! What is counted of masks.

use std::collections::BTreeSet;

use super::components::{Components, median};
use crate::arrays::{Array, Order, Source, open_in_order};
use crate::cli::{InspectArguments, MOST_CLASSES};
use crate::paths;
use crate::score::ScoreError;

/// Values read at a time.
const CHUNK: usize = 1 << 16;

/// A class, over all masks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ClassCount {
    pub(super) pixels: u64,
    /// The images in which it occurs.
    pub(super) images: u64,
    /// Objects, of classes above 0.
    pub(super) objects: u64,
    pub(super) median_object: Option<u64>,
}

/// All masks.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    pub(super) files: Vec<String>,
    pub(super) images: u64,
    pub(super) pixels: u64,
    pub(super) ignored: u64,
    /// Images without a pixel of a class above 0.
    pub(super) empty_images: u64,
    pub(super) classes: Vec<ClassCount>,
    pub(super) names: Vec<String>,
    /// Pixels of soft masks that are neither 0 nor 1, and Σ t.
    pub(super) soft: Option<(u64, f64)>,
    /// The median of the objects of all classes, and the mean size of an image.
    pub(super) median_object: Option<u64>,
    /// Labels were 0 and 255.
    pub(super) of_an_image_file: bool,
}

impl Survey {
    /// The pixels that count.
    pub(super) fn valid(&self) -> u64 {
        self.pixels - self.ignored
    }

    pub(super) fn share(&self, class: usize) -> f64 {
        let pixels = self.classes.get(class).map_or(0, |class| class.pixels);
        pixels as f64 / self.valid().max(1) as f64
    }

    pub(super) fn counts(&self) -> Vec<u64> {
        self.classes.iter().map(|class| class.pixels).collect()
    }

    pub(super) fn pixels_per_image(&self) -> f64 {
        self.pixels as f64 / self.images.max(1) as f64
    }
}

pub(super) fn survey(arguments: &InspectArguments) -> Result<Survey, ScoreError> {
    let mut counter = Counter::new(arguments)?;
    let mut seen = BTreeSet::new();
    for argument in &arguments.masks {
        let source = Source::parse(argument);
        for path in paths::find(source.path.as_os_str())?.paths {
            let array = Array::open(&path, source.member.as_deref())?;
            if !seen.insert((path, source.member.clone())) {
                let message = format!("{}: named twice, and would count twice", array.name());
                return Err(ScoreError::Usage(message));
            }
            counter.file(&array)?;
            counter.survey.files.push(array.name().to_owned());
        }
    }
    counter.finish()
}

/// How many labels are told apart while their number is not known.
const LABELS: usize = MOST_CLASSES;

struct Counter<'a> {
    arguments: &'a InspectArguments,
    ignore: Option<i64>,
    survey: Survey,
    counts: Vec<ClassCount>,
    /// The last image, counted over all files, that each class was seen in.
    seen: Vec<u64>,
    sizes: Vec<Vec<u64>>,
    float: bool,
}

impl<'a> Counter<'a> {
    fn new(arguments: &'a InspectArguments) -> Result<Self, ScoreError> {
        let ignore = match arguments.ignore {
            Some(label) if label.fract() != 0.0 || label.abs() > 9e15 => {
                return Err(ScoreError::Usage(format!("--ignore {label}: labels are integers, such as 255 or -1")));
            }
            label => label.map(|label| label as i64),
        };
        let classes = arguments.classes.as_ref();
        let count = classes.map_or(LABELS, |classes| classes.count);
        Ok(Self {
            arguments,
            ignore,
            survey: Survey { names: classes.map_or(Vec::new(), |classes| classes.names.clone()), ..Survey::default() },
            counts: vec![ClassCount::default(); count],
            seen: vec![0; count],
            sizes: vec![Vec::new(); count],
            float: false,
        })
    }

    fn file(&mut self, array: &Array) -> Result<(), ScoreError> {
        let shape = array.shape();
        let (height, width) = match shape {
            [.., height, width] => (*height, *width),
            [width] => (1, *width),
            [] => (1, 1),
        };
        let images = if shape.len() > 2 { shape.first().copied().unwrap_or(1) } else { 1 };
        let per_image = array.len() / images.max(1);
        if array.is_empty() {
            return Ok(());
        }
        let size = |length: u64| usize::try_from(length).unwrap_or(usize::MAX);
        let mut components = Components::new(size(width), size(height));
        let mut reader = open_in_order(array, Order::C)?;
        let float = array.dtype().is_float();
        self.float |= float;
        let (mut values, mut labels) = (vec![0.0; if float { CHUNK } else { 0 }], vec![0; CHUNK]);
        let mut position = 0;
        let mut has_foreground = false;
        loop {
            let count = if float { reader.read_f32(&mut values)? } else { reader.read_i64(&mut labels)? };
            if count == 0 {
                break;
            }
            if float {
                self.round(array, position, values.get(..count).unwrap_or_default(), &mut labels)?;
            }
            for label in labels.iter().take(count) {
                if position % per_image == 0 {
                    self.survey.images += 1;
                    has_foreground = false;
                }
                let class = self.class(array, position, *label)?;
                if let Some(class) = class {
                    has_foreground |= class > 0;
                    let image = self.survey.images;
                    if let (Some(counted), Some(seen)) = (self.counts.get_mut(class), self.seen.get_mut(class)) {
                        counted.pixels += 1;
                        counted.images += u64::from(*seen != image);
                        *seen = image;
                    }
                } else {
                    self.survey.ignored += 1;
                }
                components.push(class.filter(|class| *class > 0));
                position += 1;
                if position % per_image == 0 && !has_foreground {
                    self.survey.empty_images += 1;
                }
            }
        }
        self.survey.pixels += position;
        for (all, more) in self.sizes.iter_mut().zip(components.finish()) {
            all.extend(more);
        }
        Ok(())
    }

    /// Labels 0 and 1 of a soft mask.
    fn round(&mut self, array: &Array, position: u64, values: &[f32], labels: &mut [i64]) -> Result<(), ScoreError> {
        let (between, sum) = self.survey.soft.get_or_insert((0, 0.0));
        for ((value, label), offset) in values.iter().zip(labels).zip(0..) {
            let ignored = self.ignore.is_some_and(|ignore| f64::from(*value) == ignore as f64);
            if ignored {
                *label = self.ignore.unwrap_or(0);
            } else if (0.0..=1.0).contains(value) {
                *between += u64::from(*value != 0.0 && *value != 1.0);
                *sum += f64::from(*value);
                *label = i64::from(*value >= 0.5);
            } else {
                let accepted = "0 to 1, in a soft mask; labels of classes are integers, convert with numpy's astype";
                return Err(bad(array, position + offset, "target", &value.to_string(), accepted));
            }
        }
        Ok(())
    }

    /// The class of a label; `None` if it is ignored.
    fn class(&self, array: &Array, position: u64, label: i64) -> Result<Option<usize>, ScoreError> {
        if Some(label) == self.ignore {
            return Ok(None);
        }
        match usize::try_from(label) {
            Ok(class) if class < self.counts.len() => Ok(Some(class)),
            _ => {
                let count = self.counts.len();
                let classes = match &self.arguments.classes {
                    Some(_) => format!("0 to {}, for {count} classes", count - 1),
                    None => format!("0 to {}", count - 1),
                };
                let accepted = format!("{classes}; --ignore {label} leaves it out");
                Err(bad(array, position, "label", &label.to_string(), &accepted))
            }
        }
    }

    fn finish(mut self) -> Result<Survey, ScoreError> {
        let survey = &mut self.survey;
        if survey.pixels == survey.ignored {
            let message = format!("{}: no pixel to look at: {} ignored", survey.files.join(", "), survey.ignored);
            return Err(ScoreError::Usage(message));
        }
        for (count, sizes) in self.counts.iter_mut().zip(&mut self.sizes) {
            (count.objects, count.median_object) = (sizes.len() as u64, median(sizes));
        }
        let mut all_sizes = self.sizes.concat();
        survey.median_object = median(&mut all_sizes);
        if self.arguments.classes.is_none() {
            let occurring: Vec<usize> = (0..self.counts.len()).filter(|class| self.counts[*class].pixels > 0).collect();
            let (last, rest) = occurring.split_last().map_or((0, &[][..]), |(last, rest)| (*last, rest));
            let next = rest.last().copied().unwrap_or(0);
            if last == LABELS - 1 && next == 0 {
                // A mask that was saved as an image.
                self.counts.swap(1, last);
                self.counts.truncate(2);
                survey.of_an_image_file = true;
            } else if last == LABELS - 1 && next + 1 < last {
                return Err(ScoreError::Usage(format!(
                    "{}: label 255 occurs, and the next one below is {next}: give --ignore 255 if it marks pixels without a \
                     label, or --classes 256",
                    survey.files.join(", ")
                )));
            } else {
                self.counts.truncate((last + 1).max(2));
            }
        }
        if !self.float {
            survey.soft = None;
        }
        survey.classes = self.counts;
        Ok(self.survey)
    }
}

/// A value that is no target.
fn bad(array: &Array, position: u64, what: &str, found: &str, accepted: &str) -> ScoreError {
    let mut rest = position;
    let mut index: Vec<String> = array
        .shape()
        .iter()
        .rev()
        .map(|length| {
            let at = rest % length.max(&1);
            rest /= length.max(&1);
            at.to_string()
        })
        .collect();
    index.reverse();
    let (name, index) = (array.name(), index.join(", "));
    ScoreError::Usage(format!(
        "{name}: the {what} at [{index}] (flat index {position}) is {found}; accepted: {accepted}"
    ))
}
