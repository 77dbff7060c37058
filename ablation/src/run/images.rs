//! `data/images.csv`: the scores of every held-out image, for every loss and seed. All comparisons can be computed from it again.

use super::arm::Arm;
use super::fate::Fate;
use super::metrics::{Counts, ImageScores, name};
use super::task::Task;
use super::training::damage::CLASS_NAMES;

/// The path of the file in the folder of a run.
pub(crate) const FILE: &str = "data/images.csv";

/// The class of a mask's pixels.
const FOREGROUND: &[&str] = &["foreground"];

/// A row for each arm, seed, image and class: the counts of pixels and, for masks, the image's own metrics, with all digits.
pub(crate) fn csv(arms: &[Arm], fates: &[Fate]) -> csv::Result<Vec<u8>> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    let head = [
        "data",
        "loss",
        "expression",
        "seed",
        "image",
        "class",
        "true positives",
        "false positives",
        "false negatives",
        "true negatives",
    ];
    rows.write_record(head.into_iter().chain(name::OF_IMAGES))?;
    for (arm, fate) in arms.iter().zip(fates) {
        let Fate::Trained { trained, .. } = fate else { continue };
        let classes = match arm.task {
            Task::Binary { .. } | Task::Cell { .. } | Task::Nuclei => FOREGROUND,
            Task::Damage { .. } => &CLASS_NAMES,
        };
        for (image, scores) in (1..).zip(&trained.judgement.images) {
            for (class, counts) in classes.iter().zip(&scores.counts) {
                rows.write_record(record(arm, image, class, *counts, scores))?;
            }
        }
    }
    rows.into_inner().map_err(|error| std::io::Error::other(error.to_string()).into())
}

fn record(arm: &Arm, image: usize, class: &str, counts: Counts, scores: &ImageScores) -> Vec<String> {
    let mut record = vec![
        arm.task.to_string(),
        arm.loss.name.clone(),
        arm.loss.expression.clone(),
        arm.seed.to_string(),
        image.to_string(),
        class.to_owned(),
    ];
    record.extend(<[u64; 4]>::from(counts).map(|count| count.to_string()));
    let metric = |name: &&str| scores.metrics.get(*name).map(f64::to_string).unwrap_or_default();
    record.extend(name::OF_IMAGES.iter().map(metric));
    record
}
