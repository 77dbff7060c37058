//! Which values targets have, and which of them are foreground.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::{Column, Value, Values, Weighing};
use crate::arrays::{Array, unravel};
use crate::error::Error;

/// Values read at a time.
const CHUNK: u64 = 1 << 16;
/// Label maps have no more values than this.
const MOST_VALUES: usize = 256;

/// The targets of a file, with what decides which of their pixels count.
#[derive(Clone, Copy)]
pub(crate) struct Labelled<'a> {
    pub(crate) targets: &'a Array,
    pub(crate) mask: Option<&'a Array>,
    pub(crate) weights: Option<&'a Array>,
}

/// A value that occurs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Found {
    pub(crate) value: Value,
    pub(crate) pixels: u64,
    /// The file, and the position in its order, of the first.
    #[serde(skip)]
    first: (usize, u64),
    /// The files, in order.
    #[serde(skip)]
    files: Vec<usize>,
}

/// The values of all targets whose pixels count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census {
    /// From the least on.
    found: Vec<Found>,
    /// Whether there are more values than these.
    many: bool,
}

impl Census {
    /// Reads all targets. Pixels that are masked out, have weight 0 or the ignored value do not count.
    pub(crate) fn of(files: &[Labelled<'_>], ignore: Option<Value>) -> Result<Self, Error> {
        let mut counter = Counter::default();
        for (index, file) in files.iter().enumerate() {
            counter.file(index, file, ignore)?;
        }
        let mut found = counter.found;
        found.sort_by_key(|found| found.value);
        Ok(Self { found, many: counter.many })
    }

    fn values(&self) -> Vec<Value> {
        self.found.iter().map(|found| found.value).collect()
    }

    /// The values as text, such as `0 and 255`.
    pub(crate) fn list(&self) -> String {
        let all = Values(&self.values()).to_string();
        if self.many { format!("{all}, and others") } else { all }
    }

    /// The value that marks foreground, if there are two values or one, and these are not the usual 0 and 1.
    pub(crate) fn recognised(&self) -> Option<Value> {
        let (zero, one) = (Value::Integer(0), Value::Integer(1));
        match &self.found[..] {
            _ if self.many => None,
            // A mask that is white all over; of other values one alone says nothing.
            [only] if !WHITE.contains(&only.value) => None,
            [least, greatest] if least.value == zero && greatest.value == one => None,
            // All foreground, beside pixels without a label.
            [least, greatest] if least.value == one && WHITE.contains(&greatest.value) => None,
            [.., greatest] if self.found.len() <= 2 && greatest.value > zero && greatest.value.to_f64().is_finite() => {
                Some(greatest.value)
            }
            _ => None,
        }
    }

    /// Whether 1 is among the values.
    pub(crate) fn has_one(&self) -> bool {
        self.found.iter().any(|found| found.value == Value::Integer(1))
    }

    /// Whether there are two values.
    pub(crate) fn is_pair(&self) -> bool {
        !self.many && self.found.len() == 2
    }

    /// Whether the values are 0, 1 and this one.
    pub(crate) fn is_binary_beside(&self, value: Value) -> bool {
        let is_binary = |found: &&Found| found.value == Value::Integer(0) || found.value == Value::Integer(1);
        let binary = self.found.iter().filter(is_binary).count();
        !self.many
            && binary > 0
            && self.found.len() == binary + 1
            && self.found.iter().any(|found| found.value == value)
            && self.recognised().is_none()
    }

    /// The value that marks foreground in some files, while 1 does in others.
    pub(crate) fn mixed(&self) -> Option<Value> {
        let one = self.found.iter().find(|found| found.value == Value::Integer(1))?;
        let white = self.found.iter().find(|found| WHITE.contains(&found.value))?;
        let apart = !white.files.iter().any(|file| one.files.contains(file));
        (apart && self.found.len() <= 3 && !self.many).then_some(white.value)
    }

    /// Whether the values are those of an image, with levels between black and white.
    pub(crate) fn has_grey_levels(&self) -> bool {
        let white = self.found.iter().any(|found| WHITE.contains(&found.value));
        white && (self.many || self.found.len() > 3)
    }

    /// Whether the values can be labels of classes.
    pub(crate) fn are_labels(&self) -> bool {
        !self.many && self.found.iter().all(|found| found.value.is_integer() && found.value >= Value::Integer(0))
    }
}

#[derive(Default)]
struct Counter {
    places: HashMap<i128, usize>,
    fractions: HashMap<u64, usize>,
    found: Vec<Found>,
    many: bool,
}

impl Counter {
    fn file(&mut self, index: usize, file: &Labelled<'_>, ignore: Option<Value>) -> Result<(), Error> {
        let order = file.targets.order();
        let mut column = Column::open(file.targets, order)?;
        let mut weighing = Weighing::open(file.mask, file.weights, order)?;
        let (mut position, mut last): (u64, Option<(Value, usize)>) = (0, None);
        loop {
            let count = usize::try_from(column.remaining().min(CHUNK)).unwrap_or(0);
            if count == 0 {
                return Ok(());
            }
            column.read(count)?;
            weighing.read(count)?;
            if let Some(ignore) = ignore {
                let weights = weighing.values_mut();
                column.each_equal(ignore, |place| {
                    if let Some(weight) = weights.get_mut(place) {
                        *weight = 0.0;
                    }
                });
            }
            for place in 0..count {
                if weighing.values().get(place).is_none_or(|weight| *weight == 0.0) {
                    continue;
                }
                let value = column.value(place);
                // Neighbours are mostly equal.
                let entry = match last {
                    Some((other, entry)) if other == value => Some(entry),
                    _ => self.entry(value, (index, position + place as u64)),
                };
                if let Some(entry) = entry {
                    last = Some((value, entry));
                    if let Some(found) = self.found.get_mut(entry) {
                        found.pixels += 1;
                        if found.files.last() != Some(&index) {
                            found.files.push(index);
                        }
                    }
                }
            }
            position += count as u64;
        }
    }

    fn entry(&mut self, value: Value, first: (usize, u64)) -> Option<usize> {
        let next = self.found.len();
        let known = match value {
            Value::Integer(integer) => self.places.get(&integer),
            Value::Float(number) => self.fractions.get(&number.to_bits()),
        };
        if let Some(known) = known {
            return Some(*known);
        }
        if next >= MOST_VALUES {
            self.many = true;
            return None;
        }
        match value {
            Value::Integer(integer) => self.places.insert(integer, next),
            Value::Float(number) => self.fractions.insert(number.to_bits(), next),
        };
        self.found.push(Found { value, pixels: 0, first, files: Vec::new() });
        Some(next)
    }
}

/// Which values are foreground and which background, as --foreground and --background say.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sight {
    pub(crate) values: Vec<Found>,
    pub(crate) background: Vec<Found>,
    #[serde(skip)]
    pub(crate) warnings: Vec<String>,
    /// The values of --foreground that no target has.
    #[serde(skip)]
    missing: Vec<Value>,
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |found: &[Found]| match found {
            [] => "none".to_owned(),
            found => {
                let each = found.iter().map(|found| format!("{} ({} pixels)", found.value, found.pixels));
                each.collect::<Vec<_>>().join(", ")
            }
        };
        write!(f, "foreground: {}; background: {}", list(&self.values), list(&self.background))
    }
}

impl Sight {
    /// Reads all targets and decides; an error where a value may mean this or that.
    pub(crate) fn new(
        files: &[Labelled<'_>],
        foreground: &[Value],
        background: &[Value],
        ignore: Option<Value>,
    ) -> Result<Self, Error> {
        let usage = |message: String| Err(Error::Usage(message));
        let zero = Value::Integer(0);
        let given = listed;
        if let Some(value) = foreground.iter().chain(background).find(|value| !value.to_f64().is_finite()) {
            return usage(format!("{value} marks neither foreground nor background; give --ignore {value}"));
        }
        if let Some(value) = foreground.iter().find(|value| background.contains(value)) {
            return usage(format!("{value} is given as --foreground and as --background"));
        }
        if let Some(value) = ignore.filter(|ignore| foreground.contains(ignore)) {
            return usage(format!(
                "--foreground {value} and --ignore {value}: the same value cannot be both; leave one of them out"
            ));
        }
        let census = Census::of(files, ignore)?;
        let is_foreground = |value: &Value| {
            files.iter().any(|file| foreground.iter().any(|given| given.in_type(file.targets.dtype()) == *value))
        };
        let (values, others): (Vec<Found>, Vec<Found>) =
            census.found.iter().cloned().partition(|found| is_foreground(&found.value));
        let name = || files.first().map_or("", |file| file.targets.name());
        let mut warnings = Vec::new();
        let foreground_text = given(foreground);
        let rest: Vec<&Found> = others.iter().filter(|found| found.value != zero).collect();
        let texts = |found: &[&Found]| Values(&found.iter().map(|found| found.value).collect::<Vec<_>>()).to_string();
        if values.is_empty() && !rest.is_empty() {
            return usage(format!(
                "{}: --foreground {foreground_text}: no pixel has this value; the values are {}",
                name(),
                census.list()
            ));
        }
        if values.is_empty() && !others.is_empty() {
            warnings.push(format!("--foreground {foreground_text}: no pixel has this value, all targets are 0"));
        }
        let missing: Vec<Value> = foreground
            .iter()
            .filter(|given| {
                !values.iter().any(|found| files.iter().any(|file| given.in_type(file.targets.dtype()) == found.value))
            })
            .copied()
            .collect();
        if !values.is_empty() && !missing.is_empty() {
            warnings.push(missing_text(&missing));
        }
        if !background.is_empty() {
            if let Some(unknown) = rest.iter().find(|found| !background.contains(&found.value)) {
                let (file, position) = unknown.first;
                let place = files.get(file).map_or(String::new(), |file| place(file.targets, position));
                return usage(format!(
                    "{place} is {}, which is neither --foreground nor --background; --ignore {} ignores it",
                    unknown.value, unknown.value
                ));
            }
        } else if !is_pair(&census, &values, &rest) {
            // Others must be labels, and nothing else.
            let readings = format!(
                "--background {} counts them as background",
                given(&rest.iter().map(|found| found.value).collect::<Vec<_>>()),
            );
            let is_void = |found: &&&Found| found.value < zero || WHITE.contains(&found.value);
            let greatest = values.iter().map(|found| found.value).max();
            let is_white = greatest.is_some_and(|greatest| WHITE.contains(&greatest));
            let is_grey =
                census.many || rest.iter().any(|found| !found.value.is_integer()) || (is_white && rest.len() > 1);
            if is_grey {
                let many = if rest.len() > 8 { "" } else { &readings };
                let join = if many.is_empty() { "" } else { "; " };
                return usage(format!(
                    "{}: the targets also hold {}, which look like the grey levels of an antialiased or compressed mask: \
                     choose a threshold, such as numpy's mask > {}, or divide by {} for soft targets{join}{many}",
                    name(),
                    texts(&rest),
                    greatest.map_or(0.0, Value::to_f64) / 2.0,
                    greatest.unwrap_or(zero),
                ));
            }
            if let Some(void) = rest.iter().find(is_void) {
                return usage(format!(
                    "{}: {} occurs, and often marks pixels without a label: --ignore {} ignores such pixels; or {readings}",
                    name(),
                    void.value,
                    void.value
                ));
            }
            if is_white
                && let [other] = &rest[..]
                && other.value == Value::Integer(1)
            {
                return usage(format!(
                    "{}: 1 occurs as well ({} pixels): --foreground 1,{foreground_text} takes both as foreground; or {readings}",
                    name(),
                    other.pixels
                ));
            }
            if is_white && let [other] = &rest[..] {
                warnings.push(format!(
                    "{} occurs ({} pixels), neither foreground ({foreground_text}) nor 0, and counts as background",
                    other.value, other.pixels
                ));
            }
        }
        Ok(Self { values, background: others, warnings, missing })
    }

    /// Reads predictions whose values are taken as those of the targets are; an error where one may mean something else.
    pub(crate) fn check_predictions(
        &mut self,
        files: &[Labelled<'_>],
        foreground: &[Value],
        background: &[Value],
    ) -> Result<(), Error> {
        let census = Census::of(files, None)?;
        let zero = Value::Integer(0);
        let is_foreground = |value: &Value| {
            files.iter().any(|file| foreground.iter().any(|given| given.in_type(file.targets.dtype()) == *value))
        };
        let (found, others): (Vec<&Found>, Vec<&Found>) =
            census.found.iter().partition(|found| is_foreground(&found.value));
        let rest: Vec<Value> = others.iter().map(|found| found.value).filter(|value| *value != zero).collect();
        let name = files.first().map_or("", |file| file.targets.name());
        let given = listed(foreground);
        if !background.is_empty() {
            if let Some(unknown) = rest.iter().find(|value| !background.contains(value)) {
                return Err(Error::Usage(format!(
                    "{name}: the predictions hold {unknown}, which is neither --foreground nor --background"
                )));
            }
        } else {
            // Two masks that write their foreground as different numbers.
            let of_targets = self.values.iter().chain(&self.background).map(|found| found.value);
            let of_targets: Vec<Value> = of_targets.filter(|value| *value != zero).collect();
            if let ([target], [prediction], true) = (&of_targets[..], &rest[..], found.is_empty()) {
                return Err(Error::Usage(format!(
                    "{name}: the predictions are {} and the targets mark foreground by {target}: --foreground {given},{prediction} takes \
                     both as foreground; --background {prediction} counts {prediction} as background",
                    census.list()
                )));
            }
            let is_white = foreground.iter().any(|value| WHITE.contains(value));
            if census.many || rest.iter().any(|value| !value.is_integer()) || (is_white && rest.len() > 1) {
                return Err(Error::Usage(format!(
                    "{name}: the predictions also hold {}, which look like the grey levels of an antialiased or compressed mask: choose a \
                     threshold, such as numpy's mask > 127; or --background says which are background",
                    Values(&rest)
                )));
            }
        }
        let text = missing_text(&self.missing);
        self.missing.retain(|value| !found.iter().any(|found| found.value == *value));
        self.warnings.retain(|warning| *warning != text || !self.missing.is_empty());
        let left = missing_text(&self.missing);
        self.warnings.iter_mut().filter(|warning| **warning == text).for_each(|warning| warning.clone_from(&left));
        Ok(())
    }
}

/// Values as an option takes them.
fn listed(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(",")
}

fn missing_text(missing: &[Value]) -> String {
    format!("--foreground {}: no pixel has this value", listed(missing))
}

/// Whether there are two values or one, of which the one that is not foreground can only be background.
fn is_pair(census: &Census, values: &[Found], rest: &[&Found]) -> bool {
    let zero_is_foreground = values.iter().any(|found| found.value == Value::Integer(0));
    let void = rest.iter().any(|found| WHITE.contains(&found.value));
    census.found.len() <= 2 && (!void || zero_is_foreground)
}

/// The greatest values of image files of 8 and 16 bits.
const WHITE: [Value; 2] = [Value::Integer(255), Value::Integer(65535)];

/// A pixel of an array, for messages.
pub(crate) fn place(array: &Array, position: u64) -> String {
    let index = unravel(position, array.shape(), array.order());
    let flat = index.iter().zip(array.shape()).fold(0, |flat, (index, length)| flat * length + index);
    let index: Vec<String> = index.iter().map(u64::to_string).collect();
    format!("{}: the target at [{}] (flat index {flat})", array.name(), index.join(", "))
}
