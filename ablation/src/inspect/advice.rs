//! The losses that the field uses for masks like these, and the reasons.

use super::survey::Survey;
use crate::tables::{percent, six};

/// Losses to start with.
#[derive(Clone, Debug)]
pub(super) struct Advice {
    /// The property of the masks.
    pub(super) finding: String,
    /// Expressions for `ablation score --loss`; empty if something else helps.
    pub(super) losses: Vec<String>,
    pub(super) why: &'static str,
}

/// The share of foreground, or of the rarest class that occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Band {
    /// Above 20 %.
    Common,
    /// From 1 to 20 %.
    Minor,
    /// From 0.1 to 1 %.
    Rare,
    /// Below 0.1 %.
    VeryRare,
}

impl Band {
    fn of(share: f64) -> Self {
        match share {
            share if share > 0.2 => Band::Common,
            share if share >= 0.01 => Band::Minor,
            share if share >= 0.001 => Band::Rare,
            _ => Band::VeryRare,
        }
    }
}

/// A row of the table by share: losses for binary masks, losses for classes, and the reason.
type Row = (Band, &'static [&'static str], &'static [&'static str], &'static str);

const BY_SHARE: [Row; 4] = [
    (
        Band::Common,
        &["bce", "bce + dice(smooth=1)"],
        &["ce", "ce + dice(smooth=1)"],
        "Nothing is rare, so cross-entropy sees enough of every class. Dice beside it trains for the overlap that is reported.",
    ),
    (
        Band::Minor,
        &["bce + dice(smooth=1)"],
        &["ce + dice(smooth=1)"],
        "Many easy pixels dominate cross-entropy alone. Dice weighs foreground by its own size, and cross-entropy \
         keeps gradients smooth.",
    ),
    (
        Band::Rare,
        &["focal(gamma=2) + dice(smooth=1)", "tversky(alpha=0.3, beta=0.7, smooth=1)"],
        &[
            "focal(gamma=2) + dice(smooth=1, classes=foreground)",
            "tversky(alpha=0.3, beta=0.7, smooth=1, classes=foreground)",
        ],
        "Easy background outweighs the rest. Focal loss fades it, and Tversky with β > α makes a miss cost more than a false \
         alarm. Class weights help too, but weights above about 20 make training unsteady, so clamp them.",
    ),
    (
        Band::VeryRare,
        &["focal_tversky(alpha=0.3, beta=0.7, gamma=0.75, smooth=1)", "focal(gamma=2) + dice(smooth=1)"],
        &[
            "focal_tversky(alpha=0.3, beta=0.7, gamma=0.75, smooth=1, classes=foreground)",
            "focal(gamma=2) + dice(smooth=1, classes=foreground)",
        ],
        "There are few such pixels, so use region losses that favour recall, over the batch rather than each image. No loss replaces \
         sampling: draw crops that contain the class.",
    ),
];

/// Objects below this are small (COCO: 32 × 32 pixels).
const SMALL_OBJECT: u64 = 32 * 32;
/// The object must also be small in its image.
const SMALL_SHARE: f64 = 0.01;
const MANY_EMPTY: f64 = 0.1;
const LARGE_WEIGHT: f64 = 20.0;

pub(super) fn advice(survey: &Survey, pos_weight: Option<f64>) -> Vec<Advice> {
    let is_binary = survey.classes.len() <= 2;
    let shares = (0..survey.classes.len()).map(|class| survey.share(class));
    let occurring = shares.clone().enumerate().skip(1).filter(|(_, share)| *share > 0.0);
    let rarest = if is_binary {
        occurring.clone().next()
    } else {
        // Background can be the rare class as well.
        shares.clone().enumerate().filter(|(_, share)| *share > 0.0).min_by(|a, b| a.1.total_cmp(&b.1))
    };
    let mut all = Vec::new();
    let mut advise = |finding: String, losses: &[&str], why| {
        all.push(Advice { finding, losses: losses.iter().map(|loss| (*loss).to_owned()).collect(), why });
    };
    let Some((class, share)) = rarest else {
        advise(
            "there is no foreground at all".to_owned(),
            &[],
            "A network can only learn to predict nothing. Are these the right masks?",
        );
        return all;
    };
    let band = Band::of(share);
    for (_, binary, classes, why) in BY_SHARE.iter().filter(|(of, ..)| *of == band) {
        let finding = if is_binary {
            format!("{}, foreground {}", if survey.multi_label { "multi-label" } else { "binary" }, percent(share))
        } else {
            let label = survey.names.get(class).cloned().unwrap_or_else(|| class.to_string());
            format!("{} classes, the rarest ({label}) {}", survey.classes.len(), percent(share))
        };
        advise(finding, if is_binary { binary } else { classes }, why);
    }
    if let Some(size) = survey.median_object
        && size < SMALL_OBJECT
        && (size as f64) < SMALL_SHARE * survey.pixels_per_image()
    {
        let losses: &[&str] = if is_binary {
            &[
                "focal_tversky(alpha=0.3, beta=0.7, gamma=0.75, smooth=1)",
                "bce + tversky(alpha=0.3, beta=0.7, smooth=1)",
            ]
        } else {
            &["ce + tversky(alpha=0.3, beta=0.7, smooth=1, classes=foreground)"]
        };
        let finding = format!("small objects: the median size is {size} px");
        advise(
            finding,
            losses,
            "A pixel at the edge costs a small object much of its overlap, and large objects dominate a pooled Dice. β > α \
             keeps small ones from being given up. Report recall by object as well.",
        );
    }
    if let Some((between, _)) = survey.soft.filter(|(between, _)| *between > 0) {
        let finding = format!(
            "soft labels: {} of the pixels are between 0 and 1",
            percent(between as f64 / survey.valid() as f64)
        );
        advise(
            finding,
            &["bce", "bce + dice(overlap=minimum, smooth=1)"],
            "Cross-entropy is smallest at p = t for any t. The usual product Dice is not, because it rewards p of 0 or 1; the \
             minimum form is 0 at p = t.",
        );
    }
    let empty = survey.empty_images as f64 / survey.images.max(1) as f64;
    if empty >= MANY_EMPTY && survey.images > 1 {
        let losses: &[&str] = if is_binary { &["bce + dice(smooth=1)"] } else { &["ce + dice(smooth=1, absent=skip)"] };
        let finding = format!("{} of {} images have no foreground", survey.empty_images, survey.images);
        advise(
            finding,
            losses,
            "The Dice loss of an image without foreground is 0 or near 1, with nothing between, unless its smoothing is worth some pixels. \
             Compute it over the batch (no --per-image), and keep a cross-entropy beside it.",
        );
    }
    let absent: Vec<usize> = (0..survey.classes.len()).filter(|class| survey.share(*class) == 0.0).collect();
    if !is_binary && !absent.is_empty() {
        let names = absent.iter().map(|class| survey.names.get(*class).cloned().unwrap_or_else(|| class.to_string()));
        let finding = format!("classes that never occur: {}", names.collect::<Vec<_>>().join(", "));
        advise(
            finding,
            &["ce + dice(smooth=1, absent=skip)"],
            "Choose how they count in a mean over classes: absent=count, zero or skip. Their computed weights are 0.",
        );
    }
    let largest = shares.clone().fold(0.0, f64::max);
    if largest > 0.8 {
        let finding = format!("predicting the largest class alone has an accuracy of {}", percent(largest));
        advise(finding, &[], "Accuracy is misleading here: report Dice, IoU, precision and recall of each class.");
    }
    if let Some(weight) = pos_weight.filter(|weight| *weight > LARGE_WEIGHT && is_binary) {
        let finding = format!("pos_weight would be {}", six(weight));
        advise(
            finding,
            &["bce(pos_weight=20) + dice(smooth=1)"],
            "Such a weight makes training unsteady and probabilities far too high; 10 to 20 with Dice beside it achieves the same.",
        );
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::survey::ClassCount;
    use loss_expression::{ClassesLoss, Expression};

    fn is_binary(text: &str) -> bool {
        text.parse::<Expression>().is_ok()
    }

    fn is_of_classes(text: &str) -> bool {
        text.parse::<Expression<ClassesLoss>>().is_ok()
    }

    #[test]
    fn every_loss_is_an_expression() {
        for (_, binary, classes, _) in BY_SHARE {
            assert!(binary.iter().all(|loss| is_binary(loss)) && classes.iter().all(|loss| is_of_classes(loss)));
        }
        for loss in crate::guide::TASKS.iter().flat_map(|task| task.losses) {
            assert!(is_binary(loss) || is_of_classes(loss), "{loss}");
        }
    }

    fn of(counts: &[u64]) -> Survey {
        let classes = counts.iter().map(|&pixels| ClassCount { pixels, images: 1, ..ClassCount::default() }).collect();
        Survey { images: 1, pixels: counts.iter().sum(), classes, ..Survey::default() }
    }

    #[test]
    fn bands_and_findings() {
        let first = |survey: &Survey| advice(survey, None).into_iter().next().expect("some advice");
        for (foreground, expected) in [(500, "bce"), (50, "bce + dice"), (5, "focal(gamma=2)"), (0, "")] {
            let advice = first(&of(&[1000 - foreground, foreground]));
            assert!(advice.losses.first().map_or("", String::as_str).starts_with(expected), "{advice:?}");
        }
        assert!(first(&of(&[100_000, 50])).losses[0].starts_with("focal_tversky"));
        assert!(first(&of(&[9600, 270, 10, 10, 10])).finding.contains("5 classes, the rarest (2) 0.101 %"));
        let survey = Survey { empty_images: 5, images: 10, median_object: Some(9), ..of(&[9000, 1000, 0]) };
        let all = advice(&survey, None);
        assert!(all.iter().any(|advice| advice.finding == "5 of 10 images have no foreground"));
        assert!(all.iter().any(|advice| advice.finding == "classes that never occur: 2"));
        for advice in all.iter().chain(&advice(&of(&[10_000, 10]), Some(1000.0))) {
            assert!(advice.losses.iter().all(|loss| is_of_classes(loss) || is_binary(loss)), "{advice:?}");
        }
    }
}
