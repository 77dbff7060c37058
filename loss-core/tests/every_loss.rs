//! Every loss has what a loss must have: a place in the list that the laws, gradients and bad-input tests go through, and
//! reference values.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::{Entry, Px, Visitor, every_loss, samples};
use loss_core::{AnyLoss, Loss};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    pixels: Vec<(f32, f32, f32)>,
    losses: BTreeMap<String, Figures>,
}

#[derive(Deserialize)]
struct Figures {
    value: f64,
    gradient: Vec<f64>,
}

struct Compare {
    reference: Reference,
}

impl Visitor for Compare {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        let name = entry.name;
        let figures = self.reference.losses.remove(name);
        let figures =
            figures.unwrap_or_else(|| panic!("{name} has no reference values: add it to reference_values.py"));
        let pixels: Vec<Px> = self.reference.pixels.iter().map(|&(z, t, w)| Px(z, t, w)).collect();
        let mut sums = loss.accumulator();
        samples(&pixels).for_each(|pixel| sums.push(pixel));
        let finished = sums.finish().unwrap();
        let close = (finished.value() - figures.value).abs() <= 2e-7 * figures.value.abs();
        assert!(close, "{name}: {} instead of {}", finished.value(), figures.value);
        let largest = figures.gradient.iter().fold(0.0f64, |largest, slope| largest.max(slope.abs()));
        assert_eq!(figures.gradient.len(), pixels.len());
        for (i, (slope, expected)) in finished.gradients(samples(&pixels)).zip(figures.gradient).enumerate() {
            let error = (f64::from(slope) - expected).abs();
            assert!(error <= 6e-7 * largest, "{name}: gradient[{i}] is {slope:e} instead of {expected:e}");
        }
    }
}

#[test]
fn has_reference_values() {
    let reference: Reference = serde_json::from_str(include_str!("reference_values.json")).unwrap();
    let mut compare = Compare { reference };
    every_loss(&mut compare);
    let left = compare.reference.losses.keys().collect::<Vec<_>>();
    assert!(left.is_empty(), "reference values of no loss: {left:?}");
}

struct Files {
    listed: BTreeSet<String>,
    pointwise: BTreeSet<String>,
}

impl Visitor for Files {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, _: L) {
        self.listed.insert(entry.file.to_owned());
    }

    fn visit_pointwise<P: loss_core::Pointwise>(&mut self, entry: &Entry, _: P) {
        self.pointwise.insert(entry.file.to_owned());
    }
}

/// The files below `pointwise/` and `region/` that implement a loss.
fn losses_in(folder: &str, marks: &[&str]) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let files = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let is_loss = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        marks.iter().any(|mark| code.contains(mark))
    };
    let name = |path: &Path| format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") && is_loss(path))
        .map(|path| name(&path))
        .collect()
}

/// A new loss in a new file fails here until it is in `tests/common/mod.rs`, which makes every test cover it.
#[test]
fn is_in_the_list() {
    let mut files = Files { listed: BTreeSet::new(), pointwise: BTreeSet::new() };
    every_loss(&mut files);
    let pointwise = losses_in("pointwise", &["impl Pointwise for"]);
    assert!(pointwise.len() >= 3, "{pointwise:?}");
    assert_eq!(files.pointwise, pointwise, "pointwise losses tested, and there");
    let region = losses_in("region", &["similarity_loss!(", "true_negative_loss!(", "impl Loss for "]);
    assert!(region.len() >= 7, "{region:?}");
    let tested: BTreeSet<String> = files.listed.iter().filter(|file| file.starts_with("region/")).cloned().collect();
    assert_eq!(tested, region, "region losses tested, and there");
}

/// `AnyLoss` can hold every loss.
#[test]
fn can_be_chosen_at_run_time() {
    let mut losses = losses_in("pointwise", &["impl Pointwise for"]);
    losses.extend(losses_in("region", &["similarity_loss!(", "true_negative_loss!(", "impl Loss for "]));
    for file in losses {
        let stem = file.rsplit('/').next().unwrap().trim_end_matches(".rs");
        let camel: String = stem.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        assert!(AnyLoss::LIST.iter().any(|entry| entry.facts.page == camel), "AnyLoss has no {camel}");
    }
}
