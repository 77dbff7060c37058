//! Writes `docs/benchmarks.md` and its plots from what criterion measured.
//!
//! `cargo run --release -p loss-bench --bin report`, after `cargo bench -p loss-bench`. Parts that were not measured are left out. Every
//! sentence with a number is made from the measurement.
#![forbid(unsafe_code)]

mod machine;
mod plots;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use loss_bench::counting::{FILE, SIDE as COUNTED_SIDE};
use loss_bench::data::SCENES;
use loss_bench::groups::{
    self, ALL_THREADS, CLASSES, EXACTNESS, GRADIENT, IMAGES, IMPLEMENTATION, INPUT, ITERATOR, ITERATORS, LOSS, PATH,
    READING, SIZE, SLICES, TEXTBOOK_LIBM, TEXTBOOK_STD, THREADS, VALUE, results_directory, workspace,
};
use loss_bench::results::{Results, read_differences};
use loss_core::SimdLevel;
use plots::{Axis, Line, Row, bars, count, lines, short};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The names in [`EXACTNESS`].
const SUMS: [&str; 5] = ["exact", "f32", "f64", "Kahan", "Neumaier"];

const UNIT: &str = "nanoseconds a pixel";

/// The document and the folder of its plots.
struct Report {
    results: Results,
    text: String,
    plots: PathBuf,
}

/// Names in the order of their first appearance in a list, then the others by time.
fn ordered(results: &Results, group: &str, parameter: &str, first: &[&str]) -> Vec<String> {
    let mut others: Vec<_> = results.group(group).filter(|measurement| measurement.parameter == parameter).collect();
    others.sort_by(|a, b| a.nanoseconds().total_cmp(&b.nanoseconds()));
    let known = first.iter().map(|&name| name.to_owned()).filter(|name| results.get(group, name, parameter).is_some());
    let mut names: Vec<String> = known.collect();
    let others = others.into_iter().map(|measurement| measurement.name.clone());
    names.extend(others.filter(|name| !first.contains(&name.as_str())));
    names
}

/// The numeric parameters, in rising order.
fn numbers(results: &Results, group: &str) -> Vec<u64> {
    let numbers: BTreeSet<u64> =
        results.group(group).filter_map(|measurement| measurement.parameter.parse().ok()).collect();
    numbers.into_iter().collect()
}

fn optional(number: Option<f64>) -> String {
    number.map_or_else(String::new, short)
}

impl Report {
    fn paragraph(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push_str("\n\n");
    }

    fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        let _ = writeln!(self.text, "| {} |", header.join(" | "));
        let _ = writeln!(self.text, "|---|{}", "--:|".repeat(header.len() - 1));
        for row in rows {
            let _ = writeln!(self.text, "| {} |", row.join(" | "));
        }
        self.text.push('\n');
    }

    fn plot(&mut self, file: &str, describe: &str, draw: impl FnOnce(&std::path::Path) -> Result<()>) -> Result<()> {
        draw(&self.plots.join(file))?;
        self.paragraph(&format!("![{describe}](benchmarks/{file})"));
        Ok(())
    }

    fn nanoseconds(&self, group: &str, name: &str, parameter: &str) -> Option<f64> {
        self.results.nanoseconds(group, name, parameter)
    }

    /// The time of the first divided by that of the second.
    fn ratio(&self, group: &str, first: [&str; 2], second: [&str; 2]) -> Option<f64> {
        Some(self.nanoseconds(group, first[0], first[1])? / self.nanoseconds(group, second[0], second[1])?)
    }

    fn head(&mut self) {
        self.paragraph("# Benchmarks");
        self.paragraph(
            "The time that the losses take, and the time of other implementations of the same losses. A program writes this file; \
             [`loss-bench`](../loss-bench/README.md) says what is measured and how the comparison is kept fair.",
        );
        let date = self.results.newest().map_or_else(|| "never".to_owned(), machine::date);
        let rustc = machine::first_line("rustc", "--version").unwrap_or_else(|| "unknown".to_owned());
        let rows = [
            ["machine".to_owned(), machine::machine()],
            ["compiler".to_owned(), format!("{rustc}, release profile, no flags")],
            ["packages".to_owned(), machine::packages().join(", ")],
            ["date".to_owned(), date],
        ];
        let _ = writeln!(self.text, "| | |\n|---|---|");
        for row in rows {
            let _ = writeln!(self.text, "| {} |", row.join(" | "));
        }
        self.paragraph(
            "\n```sh\ncargo bench -p loss-bench\ncargo bench --manifest-path loss-bench/rivals/Cargo.toml\n\
             cargo run --release -p loss-bench --bin instructions\ncargo run --release -p loss-bench --bin report\n```",
        );
        self.paragraph(
            "Times are medians of ten samples, on one thread unless the text says otherwise. Values and gradients were compared before \
             the clock ran. M is 2²⁰ and K is 2¹⁰. The loss is BCE + Dice unless another is named.",
        );
    }

    /// The promises, and their measured values.
    fn promises(&mut self) {
        let best = SimdLevel::best();
        let pixels = (groups::SIDE * groups::SIDE) as u64;
        let exactness = format!("{best}, {pixels} pixels");
        let naive = self.ratio(IMPLEMENTATION, [TEXTBOOK_LIBM, VALUE], [SLICES, VALUE]);
        let exact = self.ratio(EXACTNESS, ["exact", &exactness], ["f32", &exactness]);
        let reading = self.ratio(THREADS, [VALUE, "2"], [READING, "2"]);
        let speed = self.ratio(THREADS, [VALUE, "1"], [VALUE, "2"]);
        let slices = format!("{SLICES}, {VALUE}");
        let largest = groups::SIDES.iter().max().map_or(0, |side| side * side);
        let growth = self.ratio(SIZE, [&slices, &largest.to_string()], [&slices, &pixels.to_string()]);
        let rows = [
            (
                "speed, as a multiple of the naive loop with `libm`",
                "at least 10",
                naive,
                naive.map(|ratio| ratio >= 10.0),
            ),
            (
                "time with exact sums, as a multiple of plain `f32` sums",
                "at most 1.4",
                exact,
                exact.map(|ratio| ratio <= 1.4),
            ),
            (
                "time on two threads, as a multiple of only reading on two threads",
                "at most 6",
                reading,
                reading.map(|ratio| ratio <= 6.0),
            ),
            ("speed of two threads, as a multiple of one", "at least 1.8", speed, speed.map(|ratio| ratio >= 1.8)),
            (
                "time per pixel of 64 M pixels, as a multiple of 4 M pixels",
                "within 15 %",
                growth,
                growth.map(|ratio| (ratio - 1.0).abs() <= 0.15),
            ),
        ];
        self.paragraph("## In short");
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|(what, promised, measured, kept)| {
                let kept = kept.map_or("not measured", |kept| if kept { "yes" } else { "no" });
                vec![what.to_owned(), promised.to_owned(), optional(measured), kept.to_owned()]
            })
            .collect();
        self.table(&["the value of BCE + Dice", "aim", "measured", "reached"], &rows);
        self.paragraph(
            "No call of `loss-core` allocates, at any size: without the feature `rayon` the crate is built without `alloc`, so an \
             allocation would not compile.",
        );
    }

    /// The measurements in which something else is faster.
    fn others(&mut self) {
        let mut sentences = Vec::new();
        for parameter in [VALUE, GRADIENT] {
            for threads in [false, true] {
                let ours = if threads { ALL_THREADS } else { SLICES };
                let Some(best) = self.nanoseconds(IMPLEMENTATION, ours, parameter) else { continue };
                for other in self.results.group(IMPLEMENTATION) {
                    let of_kind = other.name.ends_with("all threads") == threads && other.parameter == parameter;
                    if of_kind && !other.name.starts_with("loss-core") && other.nanoseconds() < best {
                        let times = short(best / other.nanoseconds());
                        sentences.push(format!("{} is {times} times as fast as {ours} ({parameter}).", other.name));
                    }
                }
            }
            let one_by_one = self.ratio(IMPLEMENTATION, [ITERATOR, parameter], [TEXTBOOK_STD, parameter]);
            if let Some(ratio) = one_by_one.filter(|&ratio| ratio > 1.0) {
                let by = "Over an iterator, pixel by pixel";
                sentences.push(format!(
                    "{by}, `loss-core` takes {} times as long as {TEXTBOOK_STD} ({parameter}).",
                    short(ratio)
                ));
            }
        }
        for name in SUMS.iter().filter(|&&name| name != "exact") {
            let of_name = self.results.group(EXACTNESS).filter(|other| other.name == *name);
            let ratios = of_name.filter_map(|other| {
                let parameter = other.parameter.as_str();
                self.ratio(EXACTNESS, ["exact", parameter], [name, parameter])
            });
            let faster: Vec<f64> = ratios.filter(|&ratio| ratio > 1.02).collect();
            let (least, most) = faster.iter().fold((f64::INFINITY, 0.0), |(a, b), &ratio| (ratio.min(a), ratio.max(b)));
            if !faster.is_empty() {
                let between = if short(least) == short(most) {
                    short(least)
                } else {
                    format!("{} to {}", short(least), short(most))
                };
                sentences.push(format!("`{name}` sums are {between} times as fast as exact sums in the same loop."));
            }
        }
        for classes in numbers(&self.results, CLASSES) {
            for what in [VALUE, GRADIENT] {
                let classes = classes.to_string();
                let names = [format!("loss-core, planar, {what}"), format!("{TEXTBOOK_STD}, {what}")];
                let ratio = self.ratio(CLASSES, [&names[0], &classes], [&names[1], &classes]);
                if let Some(ratio) = ratio.filter(|&ratio| ratio > 1.0) {
                    let times = short(ratio);
                    sentences.push(format!(
                        "With {classes} classes, {TEXTBOOK_STD} is {times} times as fast as `loss-core` ({what})."
                    ));
                }
            }
        }
        self.paragraph("### Where others win");
        if sentences.is_empty() {
            self.paragraph("Nowhere in this run.");
        } else {
            let list: String = sentences.iter().map(|sentence| format!("- {sentence}\n")).collect();
            self.paragraph(list.trim_end());
        }
        self.paragraph(
            "[`loss-bench/peers`](../loss-bench/peers/README.md) compares PyTorch and its libraries, in a Python environment.",
        );
    }

    /// Writes a table and bars of value and gradient.
    fn value_and_gradient(&mut self, group: &str, file: &str, title: &str, names: &[String]) -> Result<()> {
        let first = names.first().map(String::as_str).unwrap_or_default();
        let rows: Vec<Row> = names
            .iter()
            .map(|name| {
                (name.clone(), [VALUE, GRADIENT].map(|parameter| self.nanoseconds(group, name, parameter)).to_vec())
            })
            .collect();
        let table: Vec<Vec<String>> = rows
            .iter()
            .map(|(name, numbers)| {
                let ratio = |parameter| self.ratio(group, [name, parameter], [first, parameter]);
                let mut row = vec![name.clone()];
                for (number, parameter) in numbers.iter().zip([VALUE, GRADIENT]) {
                    row.push(optional(*number));
                    row.push(number.map_or_else(String::new, |number| format!("{:.0}", 1e3 / number)));
                    row.push(optional(ratio(parameter)));
                }
                row
            })
            .collect();
        self.plot(file, title, |path| bars(path, title, UNIT, &[VALUE, GRADIENT].map(str::to_owned), &rows))?;
        let header = ["", "value, ns", "M pixels/s", "time / row 1", "and gradient, ns", "M pixels/s", "time / row 1"];
        self.table(&header, &table);
        Ok(())
    }

    fn implementations(&mut self) -> Result<()> {
        let names = ordered(&self.results, IMPLEMENTATION, VALUE, &[SLICES, ALL_THREADS, ITERATOR]);
        if names.is_empty() {
            return Ok(());
        }
        self.paragraph("## Which implementation");
        self.value_and_gradient(IMPLEMENTATION, "implementations.svg", "BCE + Dice of 4 M pixels", &names)?;
        let differences = read_differences(&results_directory(), "rivals");
        if !differences.is_empty() {
            let list: Vec<String> =
                differences.iter().map(|(name, difference)| format!("{name} {difference:.0e}")).collect();
            self.paragraph(&format!(
                "Other crates sum in `f32`. The relative errors of their values are: {}.",
                list.join(", ")
            ));
        }
        Ok(())
    }

    fn losses(&mut self) -> Result<()> {
        let names = ordered(&self.results, LOSS, VALUE, &["BCE + Dice"]);
        if names.is_empty() {
            return Ok(());
        }
        self.paragraph("## By loss");
        self.value_and_gradient(LOSS, "losses.svg", "Losses, 1 M pixels", &names)
    }

    fn paths(&mut self) -> Result<()> {
        let mut names = vec![ITERATOR.to_owned()];
        names.extend(SimdLevel::available().map(|level| format!("slices, {level}")));
        names.push(ALL_THREADS.to_owned());
        names.retain(|name| self.results.get(PATH, name, VALUE).is_some());
        if names.is_empty() {
            return Ok(());
        }
        self.paragraph("## By path");
        self.paragraph("All paths give the same bits.");
        self.value_and_gradient(PATH, "paths.svg", "BCE + Dice of 1 M pixels, by path", &names)
    }

    fn inputs(&mut self) -> Result<()> {
        let names = ordered(&self.results, INPUT, VALUE, &["f32", "f16", "bf16", "i8"]);
        if names.is_empty() {
            return Ok(());
        }
        self.paragraph("## By input");
        self.value_and_gradient(INPUT, "inputs.svg", "BCE + Dice of 1 M pixels, by input", &names)
    }

    fn iterators(&mut self) -> Result<()> {
        let names = ordered(&self.results, ITERATORS, VALUE, &["slices, to compare with", "zip of slices", "mapped"]);
        if names.is_empty() {
            return Ok(());
        }
        self.paragraph("## By iterator");
        self.paragraph("Iterators over the same pixels. All give the same value, to the bit.");
        let title = "BCE + Dice of 1 M pixels, by iterator";
        let bar = |name: &String| (name.clone(), vec![self.nanoseconds(ITERATORS, name, VALUE)]);
        let rows: Vec<Row> = names.iter().map(bar).collect();
        self.plot("iterators.svg", title, |path| bars(path, title, UNIT, &[VALUE.to_owned()], &rows))?;
        let first = names.first().map(String::as_str).unwrap_or_default();
        let table: Vec<Vec<String>> = rows
            .iter()
            .map(|(name, numbers)| {
                let ratio = self.ratio(ITERATORS, [name, VALUE], [first, VALUE]);
                vec![name.clone(), optional(numbers.first().copied().flatten()), optional(ratio)]
            })
            .collect();
        self.table(&["", "value, ns", "time / row 1"], &table);
        Ok(())
    }

    fn images(&mut self) -> Result<()> {
        let scenes = SCENES.iter().map(|scene| scene.name);
        let names =
            ["BCE + Dice", "focal + Tversky"].map(|loss| scenes.clone().map(move |scene| format!("{loss}, {scene}")));
        let names: Vec<String> = names.into_iter().flatten().collect();
        if names.iter().all(|name| self.results.get(IMAGES, name, VALUE).is_none()) {
            return Ok(());
        }
        self.paragraph("## By image");
        self.paragraph(
            "Foreground is discs. Logits reach |z| = 12.4, or 40 for a network that is more certain. There focal loss has products \
             below the smallest normal `f32`, which are slow on processors.",
        );
        self.value_and_gradient(IMAGES, "images.svg", "1 M pixels, by image", &names)
    }

    /// A line for each name, over parameters that are numbers.
    fn lines_of(&self, group: &str, names: &[String]) -> Vec<Line> {
        let over = numbers(&self.results, group);
        let line = |name: &String| {
            let point = |&at: &u64| Some((at as f64, self.nanoseconds(group, name, &at.to_string())?));
            (name.clone(), over.iter().filter_map(point).collect::<Vec<_>>())
        };
        names.iter().map(line).filter(|(_, points)| !points.is_empty()).collect()
    }

    /// Writes a table with a column for each name and a row for each number.
    fn table_of(&mut self, group: &str, first: &str, names: &[String]) {
        let mut header = vec![first];
        header.extend(names.iter().map(String::as_str));
        let row = |&at: &u64| {
            let mut row = vec![count(at as f64)];
            row.extend(names.iter().map(|name| optional(self.nanoseconds(group, name, &at.to_string()))));
            row
        };
        let rows: Vec<Vec<String>> = numbers(&self.results, group).iter().map(row).collect();
        self.paragraph("Nanoseconds per pixel:");
        self.table(&header, &rows);
    }

    fn sizes(&mut self) -> Result<()> {
        let ours = [format!("{SLICES}, {VALUE}"), format!("{SLICES}, {GRADIENT}"), format!("{ALL_THREADS}, {VALUE}")];
        let series = self.lines_of(SIZE, &ours);
        if series.is_empty() {
            return Ok(());
        }
        self.paragraph("## By size");
        let title = "BCE + Dice, from 96 × 96 to 8192 × 8192 pixels";
        self.plot("sizes.svg", title, |path| lines(path, title, ["pixels", UNIT], Axis::Logarithmic, &series))?;
        let mut names = ours.to_vec();
        names.push(format!("{TEXTBOOK_STD}, {VALUE}"));
        self.table_of(SIZE, "pixels", &names);
        Ok(())
    }

    fn classes(&mut self) -> Result<()> {
        let mut names = Vec::new();
        for who in ["loss-core, planar", TEXTBOOK_STD] {
            names.extend([VALUE, GRADIENT].map(|what| format!("{who}, {what}")));
        }
        let series = self.lines_of(CLASSES, &names);
        if series.is_empty() {
            return Ok(());
        }
        self.paragraph("## By classes");
        let title = "Cross-entropy + mean Dice of 256 K pixels";
        // A name of two lines does not fit the legend.
        let series: Vec<Line> =
            series.into_iter().map(|(name, points)| (name.replace("loss-core, planar", "loss-core"), points)).collect();
        self.plot("classes.svg", title, |path| lines(path, title, ["classes", UNIT], Axis::Linear, &series))?;
        names.extend([VALUE, GRADIENT].map(|what| format!("loss-core, interleaved, {what}")));
        names.extend([VALUE, GRADIENT].map(|what| format!("{TEXTBOOK_LIBM}, {what}")));
        self.table_of(CLASSES, "classes", &names);
        Ok(())
    }

    fn exactness(&mut self) -> Result<()> {
        let parameters: BTreeSet<&str> =
            self.results.group(EXACTNESS).map(|measurement| measurement.parameter.as_str()).collect();
        let mut rows: Vec<(String, String)> = Vec::new();
        for side in [groups::SIDE, 256] {
            for level in SimdLevel::available() {
                let parameter = format!("{level}, {} pixels", side * side);
                if parameters.contains(parameter.as_str()) {
                    rows.push((parameter_in_words(&parameter), parameter));
                }
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        self.paragraph("## What exactness costs");
        self.paragraph("The same loop over the same vectors sums the terms of BCE + Dice exactly, and by other sums.");
        let of = |name: &str, parameter: &str| self.nanoseconds(EXACTNESS, name, parameter);
        let bar = |(words, parameter): &(String, String)| {
            (words.clone(), SUMS.iter().map(|name| of(name, parameter)).collect::<Vec<_>>())
        };
        let plotted: Vec<Row> = rows.iter().map(bar).collect();
        let differences = read_differences(&results_directory(), "exactness");
        let difference = |name: &str, parameter: &str| {
            let key = format!("{name}, {parameter}");
            differences.iter().find(|(name, _)| *name == key).map(|(_, difference)| *difference)
        };
        let mut table = Vec::new();
        for (words, parameter) in &rows {
            for name in SUMS {
                let ratio = of("exact", parameter).zip(of(name, parameter)).map(|(exact, other)| exact / other);
                let error = if name == "exact" { Some(0.0) } else { difference(name, parameter) };
                let error = error.map_or_else(String::new, |error| format!("{error:.0e}").replace("0e0", "0"));
                table.push(vec![format!("{name}, {words}"), optional(of(name, parameter)), optional(ratio), error]);
            }
        }
        let title = "Exact sums and others in the same loop";
        let names = SUMS.map(|name| format!("{name} sums"));
        self.plot("exactness.svg", title, |path| bars(path, title, UNIT, &names, &plotted))?;
        self.table(&["sums", "ns", "time of exact sums / time of these", "relative error of the value"], &table);
        Ok(())
    }

    fn threads(&mut self) -> Result<()> {
        let names = [VALUE, GRADIENT, READING].map(str::to_owned);
        let series = self.lines_of(THREADS, &names);
        if series.is_empty() {
            return Ok(());
        }
        self.paragraph("## Threads, and what memory allows");
        let title = "BCE + Dice of 16 M pixels, by threads";
        self.plot("threads.svg", title, |path| lines(path, title, ["threads", UNIT], Axis::Linear, &series))?;
        self.table_of(THREADS, "threads", &names);
        // A pixel has five bytes: a logit and a target.
        let mut rows = Vec::new();
        for threads in numbers(&self.results, THREADS) {
            let threads = threads.to_string();
            let speed = self.nanoseconds(THREADS, READING, &threads).map(|nanoseconds| 5.0 / nanoseconds);
            let share = self.ratio(THREADS, [VALUE, &threads], [READING, &threads]);
            let faster = self.ratio(THREADS, [VALUE, "1"], [VALUE, &threads]);
            rows.push(vec![threads, optional(speed), optional(share), optional(faster)]);
        }
        self.table(
            &[
                "threads",
                "only reading, GB/s",
                "time of value / time of reading",
                "speed of value / speed on one thread",
            ],
            &rows,
        );
        Ok(())
    }

    fn instructions(&mut self) {
        let Ok(text) = fs::read_to_string(results_directory().join(FILE)) else { return };
        let counts: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        let find = |path: &str, what: &str| {
            let line = counts.iter().find(|line| line.first() == Some(&path) && line.get(1) == Some(&what))?;
            line.get(2)?.parse::<f64>().ok()
        };
        let paths = counts.iter().filter(|line| line.get(1) == Some(&VALUE)).filter_map(|line| line.first().copied());
        let rows: Vec<Vec<String>> = paths
            .map(|path| vec![path.to_owned(), optional(find(path, VALUE)), optional(find(path, GRADIENT))])
            .collect();
        self.paragraph("## Instructions");
        let valgrind = machine::first_line("valgrind", "--version").unwrap_or_else(|| "valgrind".to_owned());
        self.paragraph(&format!(
            "Instructions per pixel for an image of {COUNTED_SIDE} × {COUNTED_SIDE} pixels, counted by callgrind ({valgrind}), which does not support AVX-512."
        ));
        self.table(&["path", VALUE, GRADIENT], &rows);
    }
}

/// "avx2, 4194304 pixels" as "avx2, 4 M pixels".
fn parameter_in_words(parameter: &str) -> String {
    let in_words = || {
        let (level, pixels) = parameter.split_once(", ")?;
        Some(format!("{level}, {} pixels", count(pixels.strip_suffix(" pixels")?.parse().ok()?)))
    };
    in_words().unwrap_or_else(|| parameter.to_owned())
}

fn main() -> Result<()> {
    let results = Results::read(&results_directory());
    if results.newest().is_none() {
        return Err("nothing was measured yet: run cargo bench -p loss-bench".into());
    }
    let plots = workspace().join("docs").join("benchmarks");
    fs::create_dir_all(&plots)?;
    let mut report = Report { results, text: String::new(), plots };
    report.head();
    report.promises();
    report.others();
    report.implementations()?;
    report.losses()?;
    report.sizes()?;
    report.paths()?;
    report.inputs()?;
    report.iterators()?;
    report.images()?;
    report.classes()?;
    report.exactness()?;
    report.threads()?;
    report.instructions();
    let path = workspace().join("docs").join("benchmarks.md");
    fs::write(&path, format!("{}\n", report.text.trim_end()))?;
    println!("{}", path.display());
    Ok(())
}
