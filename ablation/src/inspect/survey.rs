//! The counts of masks.

use std::collections::BTreeSet;

use super::components::{Components, median};
use crate::arguments::InspectArguments;
use crate::arrays::{Array, Order, Source, unravel};
use crate::error::Error;
use crate::paths;
use crate::targets::{
    AxisSums, Census, ClassAxis, ClassShape, Column, Exclusive, Labelled, MOST_CLASSES, NO_CLASS, OneHot, Sight, Sums,
    Value, clamped, not_one_hot,
};

/// The number of values read at a time.
const CHUNK: usize = 1 << 16;

/// The counts of one class over all masks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ClassCount {
    pub(super) pixels: u64,
    /// The number of images in which it occurs.
    pub(super) images: u64,
    /// The number of objects, for classes above 0.
    pub(super) objects: u64,
    pub(super) median_object: Option<u64>,
}

/// The counts of all masks.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    pub(super) files: Vec<String>,
    pub(super) images: u64,
    pub(super) pixels: u64,
    pub(super) ignored: u64,
    /// The number of images without a pixel of a class above 0.
    pub(super) empty_images: u64,
    pub(super) classes: Vec<ClassCount>,
    pub(super) names: Vec<String>,
    /// The number of soft pixels that are neither 0 nor 1, and Σ t.
    pub(super) soft: Option<(u64, f64)>,
    /// The median object over all classes, and the mean size of an image.
    pub(super) median_object: Option<u64>,
    /// The value read as foreground because it and 0 are the only values.
    pub(super) image_file: Option<Value>,
    /// The effect of --foreground on the values.
    pub(super) sight: Option<Sight>,
    /// The axis along which the masks are one-hot.
    pub(super) one_hot: Option<ClassAxis>,
    pub(super) multi_label: bool,
    /// The number of soft values outside [0, 1] through rounding alone.
    pub(super) clamped: u64,
}

impl Survey {
    /// The number of pixels that count.
    pub(super) fn valid(&self) -> u64 {
        self.pixels - self.ignored
    }

    /// The way in which the masks were read.
    pub(super) fn read_as(&self) -> &'static str {
        match self.one_hot {
            Some(_) => "one-hot",
            None if self.multi_label => "multi-label",
            None if self.classes.len() > 2 => "labels",
            None => "binary",
        }
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

pub(super) fn survey(arguments: &InspectArguments) -> Result<Survey, Error> {
    let mut arrays = Vec::new();
    let mut seen = BTreeSet::new();
    for argument in &arguments.masks {
        if *argument == *"-" {
            return Err(Error::no_standard_input(""));
        }
        let source = Source::parse(argument);
        for path in paths::find(source.path.as_os_str())?.paths {
            let array = Array::open(&path, source.member.as_deref())?;
            if !seen.insert((path, source.member.clone())) {
                let message = format!("{}: named twice, and would count twice", array.name());
                return Err(Error::Usage(message));
            }
            arrays.push(array);
        }
    }
    check_ignore(&arrays, arguments)?;
    let labelled: Vec<_> = arrays.iter().map(|targets| Labelled { targets, mask: None, weights: None }).collect();
    let sight = match &arguments.foreground[..] {
        [] => None,
        values => Some(Sight::new(&labelled, values, &arguments.background, arguments.ignore)?),
    };
    let mut foreground = arguments.foreground.clone();
    let mut counter = Counter::new(arguments, foreground.clone(), None);
    let counted = arrays.iter().try_for_each(|array| counter.file(array));
    // Masks of two values, as in image files, are read without an option.
    let mut image_file = None;
    if foreground.is_empty() && (counted.is_err() || counter.is_of_an_image_file()) {
        image_file = Census::of(&labelled, arguments.ignore)?.recognised();
    }
    match (image_file, counted) {
        (Some(value), _) => {
            foreground = vec![value];
            counter = Counter::new(arguments, foreground.clone(), None);
            arrays.iter().try_for_each(|array| counter.file(array))?;
            counter.survey.image_file = image_file;
        }
        (None, Err(error)) if !arguments.one_hot => return Err(error),
        (None, _) => {}
    }
    let found = counter.axes.and_then(AxisSums::found);
    if let (true, _, axis) | (false, false, axis @ Some((_, Sums::OneHot))) =
        (arguments.one_hot, arguments.multi_label, found)
    {
        let axis = axis.map_or(ClassAxis::Second, |(axis, _)| axis);
        let mut counter = Counter::new(arguments, foreground, Some(axis));
        arrays.iter().try_for_each(|array| counter.file(array))?;
        (counter.survey.sight, counter.survey.image_file) = (sight, image_file);
        return counter.finish();
    }
    match found {
        Some((axis, Sums::Distribution)) if !arguments.multi_label => Err(Error::Usage(format!(
            "{}: the masks sum to 1 along {axis} at every pixel, like probabilities of classes; --multi-label reads each \
                         channel as its own soft mask, and numpy.argmax makes labels",
            arrays.first().map_or("", Array::name)
        ))),
        _ => {
            counter.survey.multi_label = arguments.multi_label;
            counter.survey.sight = sight;
            counter.finish()
        }
    }
}

fn check_ignore(arrays: &[Array], arguments: &InspectArguments) -> Result<(), Error> {
    let all_integer = arrays.iter().all(|array| array.dtype().is_integer());
    match arguments.ignore {
        Some(ignore) if all_integer && !ignore.is_integer() => {
            Err(Error::Usage(format!("--ignore {ignore}: labels are integers, such as 255 or -1")))
        }
        _ => Ok(()),
    }
}

/// The largest number of labels that are distinguished while the number of classes is unknown.
const LABELS: usize = MOST_CLASSES;

struct Counter<'a> {
    arguments: &'a InspectArguments,
    foreground: Vec<Value>,
    /// The axis of classes of one-hot masks.
    one_hot: Option<ClassAxis>,
    survey: Survey,
    counts: Vec<ClassCount>,
    /// The last image in which each class was seen, counted over all files.
    seen: Vec<u64>,
    sizes: Vec<Vec<u64>>,
    float: bool,
    one_hot_classes: Option<usize>,
    /// The sums along the axes of all masks.
    axes: Option<AxisSums>,
    /// The labels that were read last, with 0 for ignored ones.
    labels: Vec<i64>,
    weights: Vec<f32>,
}

/// The source of a file's labels.
enum Labels {
    Values(Column),
    OneHot { reader: OneHot, shape: ClassShape, image: u64, start: u64 },
}

impl<'a> Counter<'a> {
    fn new(arguments: &'a InspectArguments, foreground: Vec<Value>, one_hot: Option<ClassAxis>) -> Self {
        let classes = arguments.classes.as_ref();
        let count = classes.map_or(LABELS, |classes| classes.count);
        Self {
            arguments,
            foreground,
            one_hot,
            survey: Survey {
                names: classes.map_or(Vec::new(), |classes| classes.names.clone()),
                one_hot,
                ..Survey::default()
            },
            counts: vec![ClassCount::default(); count],
            seen: vec![0; count],
            sizes: vec![Vec::new(); count],
            float: false,
            one_hot_classes: None,
            axes: None,
            labels: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// The labels of a file, and the shape of its pixels.
    fn open(&mut self, array: &Array) -> Result<(Labels, Vec<u64>), Error> {
        let Some(axis) = self.one_hot else {
            return Ok((Labels::Values(Column::open(array, Order::C)?), array.shape().to_vec()));
        };
        let Some(place) = axis.of(array.shape()) else {
            return Err(Error::Usage(format!(
                "{}: the masks {} have no axis of classes; one-hot masks are (N, C, …), or (C, …) for one image",
                array.name(),
                array.shape_text()
            )));
        };
        let shape = ClassShape::of(array.shape(), place);
        self.one_hot_classes = self.one_hot_classes.max(Some(shape.classes));
        let reader = OneHot::open(array, shape, self.arguments.ignore, &self.foreground)?;
        let mut pixels = array.shape().to_vec();
        pixels.remove(place);
        Ok((Labels::OneHot { reader, shape, image: 0, start: 0 }, pixels))
    }

    /// Reads the next labels, and returns their number.
    fn read(&mut self, array: &Array, labels: &mut Labels, position: u64) -> Result<usize, Error> {
        match labels {
            Labels::Values(column) => {
                let count = usize::try_from(column.remaining()).unwrap_or(usize::MAX).min(CHUNK);
                if count == 0 {
                    return Ok(0);
                }
                column.read(count)?;
                self.weights.clear();
                self.weights.resize(count, 1.0);
                if let Some(ignore) = self.arguments.ignore {
                    column.each_equal(ignore, |place| {
                        if let Some(weight) = self.weights.get_mut(place) {
                            *weight = 0.0;
                        }
                    });
                }
                if !self.foreground.is_empty() {
                    column.mark(&self.foreground);
                    self.labels.clear();
                    self.labels.extend(column.singles().iter().map(|mark| i64::from(*mark != 0.0)));
                } else if column.dtype().is_float() {
                    self.round(array, position, column)?;
                } else {
                    column.labels(&mut self.labels);
                }
                Ok(count)
            }
            Labels::OneHot { reader, shape, image, start } => {
                let count = (shape.pixels - *start).min(CHUNK as u64);
                let length = usize::try_from(count).unwrap_or(0);
                if *image >= shape.images || length == 0 {
                    return Ok(0);
                }
                reader.read(*image, *start, length)?;
                let wrong = (0..length).find(|place| {
                    let is = |values: &[bool]| values.get(*place).copied().unwrap_or(false);
                    reader.labels().get(*place) == Some(&NO_CLASS) && !is(reader.ignored())
                });
                if let Some(place) = wrong {
                    let flat = shape.position(*image, 0, *start + place as u64);
                    let found = not_one_hot(&reader.values_of(place));
                    let accepted = "1 in one class and 0 in the others, in one-hot masks";
                    return Err(bad(array.name(), array.shape(), flat, "pixel that begins", &found, accepted));
                }
                *start += count;
                if *start == shape.pixels {
                    (*image, *start) = (*image + 1, 0);
                }
                self.labels.clear();
                self.labels.extend(reader.labels());
                self.weights.clear();
                self.weights.extend(reader.ignored().iter().map(|ignored| if *ignored { 0.0 } else { 1.0 }));
                Ok(length)
            }
        }
    }

    fn file(&mut self, array: &Array) -> Result<(), Error> {
        self.survey.files.push(array.name().to_owned());
        let (mut source, shape) = self.open(array)?;
        let (height, width) = match &shape[..] {
            [.., height, width] => (*height, *width),
            [width] => (1, *width),
            [] => (1, 1),
        };
        let images = if shape.len() > 2 { shape.first().copied().unwrap_or(1) } else { 1 };
        let per_image = shape.iter().product::<u64>() / images.max(1);
        if array.is_empty() {
            return Ok(());
        }
        let size = |length: u64| usize::try_from(length).unwrap_or(usize::MAX);
        let mut components = Components::new(size(width), size(height));
        self.float |= array.dtype().is_float() && self.foreground.is_empty() && self.one_hot.is_none();
        let mut exclusive = match self.one_hot {
            Some(_) => None,
            None => Exclusive::new(array.dtype(), array.shape(), Order::C),
        };
        let mut position = 0;
        let mut has_foreground = false;
        loop {
            let count = self.read(array, &mut source, position)?;
            if count == 0 {
                break;
            }
            if let (Labels::Values(column), Some(exclusive)) = (&source, &mut exclusive) {
                exclusive.add(column.singles(), Some(&self.weights));
            }
            for place in 0..count {
                if position % per_image == 0 {
                    self.survey.images += 1;
                    has_foreground = false;
                }
                let label = self.labels.get(place).copied().unwrap_or(0);
                let counts = self.weights.get(place).is_none_or(|weight| *weight != 0.0);
                let class = if counts { Some(self.class(array, &shape, position, label)?) } else { None };
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
        let axes = exclusive.as_ref().map_or(Some(AxisSums::NONE), Exclusive::finish);
        self.axes = match (self.axes, axes) {
            (Some(a), Some(b)) => Some(a.and(b)),
            (a, b) => a.or(b),
        };
        Ok(())
    }

    /// Rounds a soft mask to the labels 0 and 1.
    fn round(&mut self, array: &Array, position: u64, column: &Column) -> Result<(), Error> {
        let (between, sum) = self.survey.soft.get_or_insert((0, 0.0));
        self.labels.clear();
        for ((place, value), weight) in column.singles().iter().enumerate().zip(&self.weights) {
            let exact = column.value(place).to_f64();
            let value = clamped(exact).inspect(|_| self.survey.clamped += u64::from(*weight != 0.0)).unwrap_or(*value);
            if *weight == 0.0 {
                self.labels.push(0);
            } else if (0.0..=1.0).contains(&value) {
                *between += u64::from(value != 0.0 && value != 1.0);
                *sum += f64::from(value);
                self.labels.push(i64::from(value >= 0.5));
            } else {
                let accepted = "0 to 1, in a soft mask; labels of classes are integers, convert with numpy's astype";
                let found = column.value(place).to_string();
                return Err(bad(array.name(), array.shape(), position + place as u64, "target", &found, accepted));
            }
        }
        Ok(())
    }

    /// The class of a label.
    fn class(&self, array: &Array, shape: &[u64], position: u64, label: i64) -> Result<usize, Error> {
        match usize::try_from(label) {
            Ok(class) if class < self.counts.len() => Ok(class),
            _ => {
                let count = self.counts.len();
                let classes = match &self.arguments.classes {
                    Some(_) => format!("0 to {}, for {count} classes", count - 1),
                    None => format!("0 to {}", count - 1),
                };
                let accepted = format!("{classes}; --ignore {label} leaves it out");
                Err(bad(array.name(), shape, position, "label", &label.to_string(), &accepted))
            }
        }
    }

    /// Whether the labels are 0 and 255, or only 255.
    fn is_of_an_image_file(&self) -> bool {
        let white = self.counts.get(LABELS - 1).is_some_and(|white| white.pixels > 0);
        white
            && self.arguments.classes.is_none()
            && self.counts.iter().take(LABELS - 1).skip(1).all(|count| count.pixels == 0)
    }

    fn finish(mut self) -> Result<Survey, Error> {
        let survey = &mut self.survey;
        if survey.pixels == survey.ignored {
            let message = format!("{}: no pixel to look at: {} ignored", survey.files.join(", "), survey.ignored);
            return Err(Error::Usage(message));
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
            if let Some(classes) = self.one_hot_classes {
                // All classes, whether they occur or not.
                self.counts.truncate(classes);
            } else if last == LABELS - 1 && next + 1 < last {
                return Err(Error::Usage(format!(
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

/// The error of a value that is no valid target.
fn bad(name: &str, shape: &[u64], position: u64, what: &str, found: &str, accepted: &str) -> Error {
    let index: Vec<String> = unravel(position, shape, Order::C).iter().map(u64::to_string).collect();
    let index = index.join(", ");
    Error::Usage(format!("{name}: the {what} at [{index}] (flat index {position}) is {found}; accepted: {accepted}"))
}
