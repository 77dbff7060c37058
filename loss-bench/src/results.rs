//! Reads what criterion has written.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::groups::results_directory;

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The question, one of [`groups::ALL`](crate::groups::ALL).
    pub group: String,
    /// What was timed.
    pub name: String,
    /// The value, size or number that was measured.
    pub parameter: String,
    /// Pixels in a call.
    pub pixels: f64,
    /// Seconds per call: the median of the samples.
    pub median: f64,
    /// The fastest sample.
    pub fastest: f64,
    /// The slowest.
    pub slowest: f64,
    /// When it was written.
    pub at: SystemTime,
}

impl Measurement {
    /// The median, in nanoseconds per pixel.
    pub fn nanoseconds(&self) -> f64 {
        self.median / self.pixels * 1e9
    }

    fn read(directory: &Path) -> Option<Self> {
        let json = |name: &str| serde_json::from_str::<Value>(&fs::read_to_string(directory.join(name)).ok()?).ok();
        let (id, sample) = (json("benchmark.json")?, json("sample.json")?);
        let text = |name: &str| id[name].as_str().unwrap_or_default().to_owned();
        let numbers = |name: &str| sample[name].as_array().into_iter().flatten().filter_map(Value::as_f64);
        let mut seconds: Vec<f64> =
            numbers("times").zip(numbers("iters")).map(|(time, calls)| time / calls / 1e9).collect();
        seconds.sort_by(f64::total_cmp);
        let last = seconds.len().checked_sub(1)?;
        Some(Self {
            group: text("group_id"),
            name: text("function_id"),
            parameter: text("value_str"),
            pixels: id["throughput"]["Elements"].as_f64()?,
            median: (seconds[last / 2] + seconds[last.div_ceil(2)]) / 2.0,
            fastest: seconds[0],
            slowest: seconds[last],
            at: fs::metadata(directory.join("sample.json")).and_then(|file| file.modified()).ok()?,
        })
    }
}

/// The largest age of a measurement, relative to the newest, so that results of other runs are not mixed in.
const ONE_RUN: Duration = Duration::from_secs(2 * 60 * 60);

/// The measurements of one run in a directory of criterion's.
pub struct Results(Vec<Measurement>);

impl Results {
    /// Reads all measurements, and leaves out those of earlier runs.
    pub fn read(directory: &Path) -> Self {
        let mut all = Vec::new();
        collect(directory, &mut all);
        let newest = all.iter().map(|measurement| measurement.at).max();
        let of_this_run = |measurement: &Measurement| newest.is_some_and(|newest| newest <= measurement.at + ONE_RUN);
        all.retain(of_this_run);
        Self(all)
    }

    /// The time of the last measurement.
    pub fn newest(&self) -> Option<SystemTime> {
        self.0.iter().map(|measurement| measurement.at).max()
    }

    /// All measurements of a group.
    pub fn group<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Measurement> {
        self.0.iter().filter(move |measurement| measurement.group == group)
    }

    /// One measurement.
    pub fn get(&self, group: &str, name: &str, parameter: &str) -> Option<&Measurement> {
        let mut all = self.0.iter().filter(|measurement| measurement.group == group);
        all.find(|measurement| measurement.name == name && measurement.parameter == parameter)
    }

    /// One measurement, in nanoseconds per pixel.
    pub fn nanoseconds(&self, group: &str, name: &str, parameter: &str) -> Option<f64> {
        self.get(group, name, parameter).map(Measurement::nanoseconds)
    }
}

fn collect(directory: &Path, to: &mut Vec<Measurement>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.ends_with("new") {
            to.extend(Measurement::read(&path));
        } else if path.is_dir() {
            collect(&path, to);
        }
    }
}

/// Writes the relative differences of values from the exact one, for the report.
pub fn write_differences(bench: &str, differences: &[(String, f64)]) {
    let directory = results_directory();
    let lines: String = differences.iter().map(|(name, difference)| format!("{name}\t{difference}\n")).collect();
    let written =
        fs::create_dir_all(&directory).and_then(|()| fs::write(directory.join(differences_file(bench)), lines));
    if let Err(error) = written {
        eprintln!("{}: {error}", directory.display());
    }
}

/// Reads what [`write_differences`] wrote; empty if there is no such file.
pub fn read_differences(directory: &Path, bench: &str) -> Vec<(String, f64)> {
    let text = fs::read_to_string(directory.join(differences_file(bench))).unwrap_or_default();
    let of_line =
        |line: &str| line.split_once('\t').and_then(|(name, number)| Some((name.to_owned(), number.parse().ok()?)));
    text.lines().filter_map(of_line).collect()
}

fn differences_file(bench: &str) -> String {
    format!("differences-{bench}.tsv")
}
