//! Two models on the same images, by the rows that `score --per-image FILE` wrote for each.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use loss_metrics::facts::Metric;
use serde::Serialize;

use super::finish::deliver;
use super::metrics::{PresenceWord, Resamples, Row, Rows, interval, read_rows, settings_difference};
use super::{ScoreError, written};
use crate::answer::Answer;
use crate::arguments::ScoreArguments;
use crate::error::Error;
use crate::paths::shown;
use crate::tables::{left, percent, right, table, trimmed};

/// The difference of a value, of a class or of all.
#[derive(Clone, Debug, Serialize)]
struct Difference {
    class: String,
    value: String,
    higher_is_better: bool,
    /// The images in which both have it.
    images: usize,
    a: f64,
    b: f64,
    /// b − a, …
    difference: f64,
    /// … its interval over images, …
    low: Option<f64>,
    high: Option<f64>,
    /// … and on how many images b is better, worse and equal.
    better: usize,
    worse: usize,
    equal: usize,
}

impl Difference {
    /// Whether the interval leaves 0 out.
    fn is_clear(&self) -> bool {
        matches!((self.low, self.high), (Some(low), Some(high)) if low > 0.0 || high < 0.0)
    }

    fn sentence(&self, level: f64, [a, b]: [&str; 2]) -> String {
        let better = (self.difference > 0.0) == self.higher_is_better;
        let interval = match (self.low, self.high) {
            (Some(low), Some(high)) => format!(" [{low:+.4}, {high:+.4}]"),
            _ => String::new(),
        };
        let of = format!("{} of class {}", self.value, self.class);
        let numbers =
            format!("{:+.4}{interval} over {} images, {} interval", self.difference, self.images, percent(level));
        if self.images < 2 {
            return format!("{of}: one image, from which nothing can be said of others ({:+.4}).", self.difference);
        }
        if !self.is_clear() {
            return format!("{of}: no clear difference between {a} and {b} ({numbers}).");
        }
        let (first, second) = if better { (b, a) } else { (a, b) };
        let most = if better { self.better } else { self.worse };
        format!("{of}: {first} is better than {second} ({numbers}; better on {most} images of {}).", self.images)
    }
}

/// Compares, and gives the text to print.
pub(super) fn compare(arguments: &ScoreArguments) -> Result<Answer, ScoreError> {
    let [a, b] = &arguments.metric.compare[..] else {
        return Err(ScoreError::usage("--compare takes two files of rows".to_owned()));
    };
    written::check(&arguments.output, None, &arguments.metric.compare)?;
    let level = arguments.metric.intervals.unwrap_or(0.95);
    let rows = [read_rows(a)?, read_rows(b)?];
    let differences = differences(&rows, [a, b], arguments, level)?;
    let names = [name(a, b), name(b, a)];
    let names = [names[0].as_str(), names[1].as_str()];
    let sentences: Vec<String> = differences.iter().map(|difference| difference.sentence(level, names)).collect();
    let text = if arguments.output.json() {
        let report = serde_json::json!({ "a": shown(a), "b": shown(b), "level": level, "differences": differences, "sentences": sentences });
        serde_json::to_string_pretty(&report).map_err(|error| Error::Output(error.into()))? + "\n"
    } else if arguments.output.csv() {
        let failed = |error: csv::Error| ScoreError::from(Error::Output(error.into()));
        let mut writer = csv::Writer::from_writer(Vec::new());
        for difference in &differences {
            writer.serialize(difference).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|error| Error::Output(error.into_error()))?;
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        as_text(&differences, &sentences, names, level)
    };
    deliver(text, &arguments.output, &[])
}

/// The name of a model: what tells its file from the other.
fn name(own: &Path, other: &Path) -> String {
    let stem = |path: &Path| path.file_stem().map_or(shown(path), |stem| shown(Path::new(stem)));
    if stem(own) == stem(other) { shown(own) } else { stem(own) }
}

fn differences(
    rows: &[Rows; 2],
    paths: [&std::path::PathBuf; 2],
    arguments: &ScoreArguments,
    level: f64,
) -> Result<Vec<Difference>, ScoreError> {
    // The predictions of two models have different names; their targets are the same.
    type Place = (String, u64, Option<usize>);
    let index = |rows: &Rows, path: &Path| -> Result<BTreeMap<Place, Row>, ScoreError> {
        let mut places = BTreeMap::new();
        for row in &rows.0 {
            let place = (row.targets.clone(), row.image, row.class);
            if places.insert(place, row.clone()).is_some() {
                return Err(ScoreError::usage(format!(
                    "{}: has two rows of image {} of {}, class {}: it is not one model on each image once",
                    shown(path),
                    row.image,
                    row.targets,
                    row.label()
                )));
            }
        }
        Ok(places)
    };
    let [a, b] = [index(&rows[0], paths[0])?, index(&rows[1], paths[1])?];
    for (own, other, [own_path, other_path]) in [(&a, &b, [paths[0], paths[1]]), (&b, &a, [paths[1], paths[0]])] {
        let missing: Vec<&Place> = own.keys().filter(|place| !other.contains_key(*place)).collect();
        if let [(targets, image, class), ..] = &missing[..] {
            let class = class.map_or("all".to_owned(), |class| class.to_string());
            return Err(ScoreError::usage(format!(
                "{}: has no row for image {image} of {targets}, class {class} ({} rows of {} are missing); both models have to be scored on the same \
                 images, with targets of the same names",
                shown(other_path),
                missing.len(),
                shown(own_path)
            )));
        }
    }
    for (place, row) in &a {
        // The truth is the same, or the files are not of the same images.
        let other = b.get(place);
        if let Some(other) = other.filter(|other| other.valid != row.valid) {
            return Err(ScoreError::usage(format!(
                "{}: {} pixels count of image {} of {}, and {} in {}; both models have to be scored on the same pixels (--mask, --ignore, \
                 --on-bad)",
                shown(paths[1]),
                other.valid,
                row.image,
                row.targets,
                row.valid,
                shown(paths[0])
            )));
        }
        let other = other.and_then(|row| row.truth);
        if row.truth != other {
            return Err(ScoreError::usage(format!(
                "{}: image {} of {} has {} true pixels of class {}, and {} in {}; the images are not the same",
                shown(paths[1]),
                row.image,
                row.targets,
                other.map_or("no".to_owned(), |count| count.to_string()),
                row.label(),
                row.truth.map_or("none".to_owned(), |count| count.to_string()),
                shown(paths[0])
            )));
        }
    }
    let mut images: Vec<(&str, u64)> = a.keys().map(|(targets, image, _)| (targets.as_str(), *image)).collect();
    images.dedup();
    let resamples = Resamples::new(images.len(), arguments.metric.resamples, arguments.metric.seed, level);
    let mut classes: Vec<(Option<usize>, String)> = Vec::new();
    for row in a.values() {
        if !classes.iter().any(|(class, _)| *class == row.class) {
            classes.push((row.class, row.label()));
        }
    }
    classes.sort_by_key(|(class, _)| (class.is_none(), *class));
    let mut all = Vec::new();
    for (class, label) in classes {
        let of_class = |rows: &BTreeMap<Place, Row>| -> Vec<Option<Row>> {
            images.iter().map(|(targets, image)| rows.get(&((*targets).to_owned(), *image, class)).cloned()).collect()
        };
        let (first, second) = (of_class(&a), of_class(&b));
        let mut names: Vec<&String> = Vec::new();
        for row in first.iter().chain(&second).flatten() {
            for name in row.metrics.keys().chain(row.losses.keys()) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        // Metrics in the order of their list, then losses.
        names.sort_by_key(|name| {
            Metric::find(name).map_or((1, 0, (*name).clone()), |metric| (0, metric as usize, String::new()))
        });
        for name in names {
            let metric = Metric::find(name);
            if metric.is_some_and(|metric| {
                !arguments.metric.metrics.is_empty()
                    && !arguments.metric.metrics.iter().any(|wanted| wanted.contains(metric))
            }) {
                continue;
            }
            let settings = first.iter().zip(&second).find_map(|(a, b)| {
                let (a, b) = (a.as_ref()?, b.as_ref()?);
                let both_have_it = a.value(name).is_some() && b.value(name).is_some();
                settings_difference(&a.settings, &b.settings, name).filter(|_| both_have_it)
            });
            if let Some((setting, one, other)) = settings {
                return Err(ScoreError::usage(format!(
                    "{}: {name} was measured with {setting}={other}, and with {setting}={one} in {}; score both models with the same \
                     settings, or leave {name} out with --metrics",
                    shown(paths[1]),
                    shown(paths[0])
                )));
            }
            let higher_is_better = metric.is_some_and(|metric| metric.facts().higher_is_better);
            // A class that is nowhere is right if the other model found it there.
            let value = |row: &Row, other: &Row| {
                let absent = row.presence == Some(PresenceWord::Absent) && other.value(name).is_some();
                row.value(name).or_else(|| metric.filter(|_| absent).map(|metric| metric.facts().best))
            };
            let pairs: Vec<Option<(f64, f64)>> = first
                .iter()
                .zip(&second)
                .map(|(a, b)| {
                    let (a, b) = (a.as_ref()?, b.as_ref()?);
                    Some((value(a, b)?, value(b, a)?))
                })
                .collect();
            let differences: Vec<Option<f64>> = pairs.iter().map(|pair| pair.map(|(a, b)| b - a)).collect();
            let Some((difference, ends)) = interval(&differences, Some(&resamples)) else { continue };
            let paired: Vec<(f64, f64)> = pairs.into_iter().flatten().collect();
            let mean = |of: fn(&(f64, f64)) -> f64| paired.iter().map(of).sum::<f64>() / paired.len() as f64;
            let better = paired.iter().filter(|(a, b)| if higher_is_better { b > a } else { b < a }).count();
            let equal = paired.iter().filter(|(a, b)| a == b).count();
            all.push(Difference {
                class: label.clone(),
                value: name.clone(),
                higher_is_better,
                images: paired.len(),
                a: mean(|(a, _)| *a),
                b: mean(|(_, b)| *b),
                difference,
                low: ends.map(|[low, _]| low),
                high: ends.map(|[_, high]| high),
                better,
                worse: paired.len() - better - equal,
                equal,
            });
        }
    }
    if all.is_empty() {
        return Err(ScoreError::usage(format!(
            "{} and {}: have no value in common that is to be compared",
            shown(paths[0]),
            shown(paths[1])
        )));
    }
    Ok(all)
}

fn as_text(differences: &[Difference], sentences: &[String], [a, b]: [&str; 2], level: f64) -> String {
    let interval = format!("{} interval", percent(level));
    let header = [
        left("class"),
        left("value"),
        right("images"),
        right(a),
        right(b),
        right(format!("{b} − {a}")),
        right(interval),
        right("better"),
        right("worse"),
        right("equal"),
    ];
    let mut table = table(header);
    for difference in differences {
        let ends = match (difference.low, difference.high) {
            (Some(low), Some(high)) => format!("[{low:+.4}, {high:+.4}]"),
            _ => "–".to_owned(),
        };
        table.add_row([
            left(&difference.class),
            left(&difference.value),
            right(difference.images),
            right(format!("{:.4}", difference.a)),
            right(format!("{:.4}", difference.b)),
            right(format!("{:+.4}", difference.difference)),
            right(ends),
            right(difference.better),
            right(difference.worse),
            right(difference.equal),
        ]);
    }
    let mut text = trimmed(&table) + "\n\n";
    for sentence in sentences {
        let _ = writeln!(text, "{sentence}");
    }
    text.push_str("Differences are paired by image; intervals are those of the bootstrap over images, and are not corrected for how many values are compared.\n");
    text
}
