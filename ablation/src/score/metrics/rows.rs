//! A row for each image and class: as data, as CSV and as JSON Lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use loss_metrics::{Confusion, Detections, Presence};
use serde::{Deserialize, Serialize};

use super::Asked;
use crate::error::Error;
use crate::files::write_whole;
use crate::paths::shown;
use crate::score::ScoreError;

/// The class of a row of all classes of an image.
pub(crate) const ALL: &str = "all";

/// Which of truth and prediction have a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PresenceWord {
    Both,
    Missed,
    FalseAlarm,
    Absent,
}

impl From<Presence> for PresenceWord {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::Both => Self::Both,
            Presence::Missed => Self::Missed,
            Presence::FalseAlarm => Self::FalseAlarm,
            Presence::Absent => Self::Absent,
        }
    }
}

impl PresenceWord {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Missed => "missed",
            Self::FalseAlarm => "false_alarm",
            Self::Absent => "absent",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Both, Self::Missed, Self::FalseAlarm, Self::Absent].into_iter().find(|presence| presence.word() == word)
    }
}

/// The objects of a row, or those of one size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ObjectCounts {
    pub(crate) truth: u64,
    pub(crate) predicted: u64,
    pub(crate) found: u64,
    pub(crate) right: u64,
    pub(crate) matched: u64,
    pub(crate) iou: f64,
}

impl ObjectCounts {
    pub(crate) fn of(detections: &Detections) -> Self {
        let Detections { truth, predicted, found, right, matched, iou } = *detections;
        Self { truth, predicted, found, right, matched, iou }
    }

    pub(crate) fn detections(self) -> Detections {
        let Self { truth, predicted, found, right, matched, iou } = self;
        Detections { truth, predicted, found, right, matched, iou }
    }
}

/// What was measured of an image and a class, or of all of its classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) input: String,
    pub(crate) targets: String,
    pub(crate) image: u64,
    /// None of a row of all classes.
    pub(crate) class: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) presence: Option<PresenceWord>,
    pub(crate) valid: u64,
    pub(crate) ignored: u64,
    /// The pixels of truth and prediction.
    pub(crate) truth: Option<u64>,
    pub(crate) predicted: Option<u64>,
    /// The area or volume of a pixel, in `unit` to the power of `axes`.
    pub(crate) pixel: f64,
    pub(crate) unit: String,
    pub(crate) axes: usize,
    pub(crate) tp: Option<u64>,
    pub(crate) fp: Option<u64>,
    #[serde(rename = "fn")]
    pub(crate) fn_: Option<u64>,
    pub(crate) tn: Option<u64>,
    /// Of all objects, then of each size.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) objects: Vec<ObjectCounts>,
    /// What the values depend on beside the pixels.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) settings: String,
    pub(crate) metrics: BTreeMap<String, Option<f64>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) losses: BTreeMap<String, Option<f64>>,
}

impl Row {
    /// Which image it is of.
    pub(crate) fn place(&self) -> (&str, &str, u64) {
        (&self.targets, &self.input, self.image)
    }

    /// The class as text: its name, its number, or "all".
    pub(crate) fn label(&self) -> String {
        match (&self.name, self.class) {
            (Some(name), _) => name.clone(),
            (None, Some(class)) => class.to_string(),
            (None, None) => ALL.to_owned(),
        }
    }

    /// The area or volume of some of its pixels.
    pub(crate) fn volume(&self, pixels: Option<u64>) -> Option<f64> {
        pixels.map(|pixels| pixels as f64 * self.pixel)
    }

    pub(crate) fn confusion(&self) -> Option<Confusion> {
        Some(Confusion {
            true_positive: self.tp?,
            false_positive: self.fp?,
            false_negative: self.fn_?,
            true_negative: self.tn?,
        })
    }

    /// A value by its name, metric or loss.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        self.metrics.get(name).or_else(|| self.losses.get(name)).copied().flatten()
    }
}

/// All rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows(pub(crate) Vec<Row>);

impl Rows {
    /// By file, image and class, so that nothing depends on which was measured first.
    pub(crate) fn sort(&mut self) {
        // The row of all classes comes last.
        let key = |row: &Row| (row.input.clone(), row.targets.clone(), row.image, row.class.is_none(), row.class);
        self.0.sort_by_cached_key(key);
    }

    /// The rows of an image, of rows that are sorted.
    pub(crate) fn of_image(&mut self, input: &str, targets: &str, image: u64) -> &mut [Row] {
        let place = |row: &Row| (row.input.as_str(), row.targets.as_str(), row.image).cmp(&(input, targets, image));
        let start = self.0.partition_point(|row| place(row).is_lt());
        let end = self.0.partition_point(|row| place(row).is_le());
        &mut self.0[start..end]
    }

    /// The names of the losses.
    pub(crate) fn losses(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.0.iter().flat_map(|row| row.losses.keys()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

const FIXED: [&str; 17] = [
    "input",
    "targets",
    "image",
    "class",
    "name",
    "presence",
    "valid",
    "ignored",
    "truth",
    "predicted",
    "truth_volume",
    "predicted_volume",
    "unit",
    "tp",
    "fp",
    "fn",
    "tn",
];
const SETTINGS: &str = "settings";
const OBJECTS: [&str; 6] =
    ["objects", "objects_predicted", "objects_found", "objects_right", "objects_matched", "objects_iou"];

/// The rows as CSV.
pub(crate) fn csv(rows: &Rows, asked: &Asked) -> Result<Vec<u8>, ScoreError> {
    let failed = |error: csv::Error| ScoreError::from(Error::Output(error.into()));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let metrics: Vec<&str> = asked.metrics.iter().map(|metric| metric.facts().name).collect();
    let losses = rows.losses();
    let has_objects = rows.0.iter().any(|row| !row.objects.is_empty());
    let mut header: Vec<String> = FIXED.map(str::to_owned).to_vec();
    header.push(SETTINGS.to_owned());
    header.extend(metrics.iter().map(|name| (*name).to_owned()));
    if has_objects {
        header.extend(OBJECTS.map(str::to_owned));
        for (from, to) in asked.strata() {
            let size = if to.is_finite() { format!("{from}_to_{to}") } else { format!("from_{from}") };
            header.extend(OBJECTS.iter().take(4).map(|name| format!("{name}_{size}")));
        }
    }
    header.extend(losses.iter().cloned());
    writer.write_record(&header).map_err(failed)?;
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value}"));
    let count = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
    for row in &rows.0 {
        let mut record = vec![
            row.input.clone(),
            row.targets.clone(),
            row.image.to_string(),
            row.class.map_or(ALL.to_owned(), |class| class.to_string()),
            row.name.clone().unwrap_or_default(),
            row.presence.map_or("", PresenceWord::word).to_owned(),
            row.valid.to_string(),
            row.ignored.to_string(),
            count(row.truth),
            count(row.predicted),
            number(row.volume(row.truth)),
            number(row.volume(row.predicted)),
            if row.axes > 1 { format!("{}^{}", row.unit, row.axes) } else { row.unit.clone() },
            count(row.tp),
            count(row.fp),
            count(row.fn_),
            count(row.tn),
            row.settings.clone(),
        ];
        record.extend(metrics.iter().map(|name| number(row.metrics.get(*name).copied().flatten())));
        if has_objects {
            for place in 0..=asked.strata().len() {
                let ObjectCounts { truth, predicted, found, right, matched, iou } =
                    row.objects.get(place).copied().unwrap_or_default();
                let mut counts = [truth, predicted, found, right].map(|count| count.to_string()).to_vec();
                if place == 0 {
                    counts.extend([matched.to_string(), iou.to_string()]);
                }
                // A row of all classes has no objects of its own.
                let is_empty = row.objects.is_empty();
                record.extend(counts.into_iter().map(|count| if is_empty { String::new() } else { count }));
            }
        }
        record.extend(losses.iter().map(|name| number(row.losses.get(name).copied().flatten())));
        writer.write_record(&record).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Error::Output(error.into_error()).into())
}

/// Writes the rows; JSON Lines if the name ends so.
pub(crate) fn write(path: &Path, rows: &Rows, asked: &Asked) -> Result<(), ScoreError> {
    let is_lines = path
        .extension()
        .is_some_and(|ending| ["jsonl", "ndjson", "json"].iter().any(|other| ending.eq_ignore_ascii_case(other)));
    let bytes = if is_lines {
        let mut lines = Vec::new();
        for row in &rows.0 {
            serde_json::to_writer(&mut lines, row).map_err(|error| Error::Output(error.into()))?;
            lines.push(b'\n');
        }
        lines
    } else {
        csv(rows, asked)?
    };
    Ok(write_whole(path, "--per-image", &bytes)?)
}

/// Reads rows that were written, for a comparison: the places, and the values.
pub(crate) fn read(path: &Path) -> Result<Rows, ScoreError> {
    let name = shown(path);
    let bytes =
        fs::read(path).map_err(|error| crate::arrays::ArrayError::Io { array: name.clone(), action: "open", error })?;
    let wrong = |line: usize, problem: String| {
        ScoreError::usage(format!("{name}: line {line}: {problem}; accepted: the rows that --per-image FILE wrote"))
    };
    if bytes.starts_with(b"{") {
        let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
        let row = |(line, text): (usize, &[u8])| {
            serde_json::from_slice(text).map_err(|error| wrong(line + 1, error.to_string()))
        };
        return Ok(Rows(lines.map(row).collect::<Result<_, _>>()?));
    }
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    let header = reader.headers().map_err(|error| wrong(1, error.to_string()))?.clone();
    if header.iter().zip(FIXED).any(|(given, expected)| given != expected) || header.len() < FIXED.len() {
        return Err(wrong(
            1,
            format!(
                "the columns begin with {}, and not with {}",
                header.iter().take(4).collect::<Vec<_>>().join(","),
                FIXED[..4].join(",")
            ),
        ));
    }
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let line = index + 2;
        let record = record.map_err(|error| wrong(line, error.to_string()))?;
        let at = |place: usize| record.get(place).unwrap_or_default();
        let count = |place: usize| match at(place) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| wrong(line, format!("{} is {text:?}", FIXED[place]))),
        };
        let needed = |place: usize| count(place)?.ok_or_else(|| wrong(line, format!("{} is empty", FIXED[place])));
        let mut row = Row {
            input: at(0).to_owned(),
            targets: at(1).to_owned(),
            image: needed(2)?,
            class: if at(3) == ALL {
                None
            } else {
                Some(at(3).parse().map_err(|_| wrong(line, format!("class is {:?}", at(3))))?)
            },
            name: (!at(4).is_empty()).then(|| at(4).to_owned()),
            presence: PresenceWord::of(at(5)),
            valid: needed(6)?,
            ignored: needed(7)?,
            truth: count(8)?,
            predicted: count(9)?,
            pixel: 1.0,
            unit: at(12).to_owned(),
            axes: 1,
            tp: count(13)?,
            fp: count(14)?,
            fn_: count(15)?,
            tn: count(16)?,
            objects: Vec::new(),
            settings: String::new(),
            metrics: BTreeMap::new(),
            losses: BTreeMap::new(),
        };
        for (name, text) in
            header.iter().zip(&record).skip(FIXED.len()).filter(|(name, _)| !name.starts_with("objects"))
        {
            if name == SETTINGS {
                row.settings = text.to_owned();
                continue;
            }
            let value = match text {
                "" => None,
                text => match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => Some(number),
                    _ => return Err(wrong(line, format!("{name} is {text:?}, which is no number"))),
                },
            };
            let values =
                if loss_metrics::facts::Metric::find(name).is_some() { &mut row.metrics } else { &mut row.losses };
            values.insert(name.to_owned(), value);
        }
        rows.push(row);
    }
    Ok(Rows(rows))
}
