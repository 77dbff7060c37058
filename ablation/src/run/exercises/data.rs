//! The data of the trainings: the generator's pictures and the shares of the classes.

use super::pictures::{SHOWN, class_legend, classes, errors, grey, mask};
use super::{Exercise, told};
use crate::report::numbers::{anchor, percent_as_set};
use crate::run::arm::Arm;
use crate::run::config::HeadBias;
use crate::run::dataset::{ImageSet, damage_shares};
use crate::run::fate::Fate;
use crate::run::model::{Cell, Figure, Paint, Panel, PictureRow, Pictures, Section, Table};
use crate::run::outcomes::Outcomes;
use crate::run::statistics::RESAMPLES;
use crate::run::task::{Labels, Task};
use crate::run::training::damage::CLASS_NAMES;

const SHOWN_IMAGES: usize = 6;

/// The section on the data and the training of some exercises.
pub(crate) fn data(outcomes: &Outcomes<'_>, exercises: &[&Exercise]) -> Section {
    let config = outcomes.config;
    let mut section = Section::new("data", "The data and the training");
    let mut shares: Vec<f64> = exercises.iter().flat_map(|exercise| exercise.shares(config)).collect();
    let on_damage = exercises.iter().any(|exercise| exercise.is_on_damage());
    shares.sort_by(|a, b| b.total_cmp(a));
    shares.dedup();
    if let Some(images) = &config.images {
        section.text(format!(
            "The images are {0} files, split into {1} folds by image, never by crop. Each seed holds one fold out and trains on crops of {2} × {2} \
             pixels from the others, drawn from the seed. Held-out crops do not overlap. Each image has mean 0 and standard deviation 1 in each channel. \
             Training labels are the masks unchanged. The table of shares counts the crops of the first seed. If there are more seeds than folds, later seeds hold out a fold again, with \
             other crops to train with.",
            images.images, images.folds, config.data.size
        ));
        if let Some(note) = without_foreground(outcomes, config.data.share) {
            section.text(note);
        }
    } else if !shares.is_empty() {
        section.text(format!(
            "The binary images are synthetic and made from a seed: {0} × {0} pixels with a textured background, shapes whose edges fade over {1} px, and noise of standard \
                 deviation {2} at a contrast of {3}. Training labels are noisy: {4} of the foreground pixels, all at the boundary, are swapped with background. Held-out labels are \
                 the truth. The share of foreground differs between images and is exact over the whole set.",
            config.data.size,
            config.data.soft_edge,
            config.data.noise,
            config.data.contrast,
            percent_as_set(config.data.label_noise)
        ));
    }
    let bias = match config.training.head_bias {
        HeadBias::Zero => "0, so every pixel starts at p = ½, which counts as foreground",
        HeadBias::Prior => "the log-odds of the share of foreground",
    };
    section.text(format!(
        "The network is a U-Net with {} channels at full size and group normalisation. Adam trains it in batches of {} for {} steps with a learning rate of {} ({} steps with \
         {} in {}). The last bias starts at {bias}; another start can change the losses that take a mean over pixels (`head_bias`). All losses of a seed \
         share the images, their order and the first weights. The networks are small and the trainings short, so a loss that is behind here may catch up in a longer \
         training.",
        config.training.base_channels,
        config.training.batch,
        config.training.steps,
        config.training.learning_rate,
        config.training.damage_steps,
        config.training.damage_learning_rate,
        told(Exercise::is_on_damage)
    ));
    section.text(format!(
        "How differences are judged. All losses of a seed are judged on the same held-out images, and each seed has other images. So differences are paired by image, and \
         images are nested in seeds. The 95 % interval of a difference is the wider of two. The first comes from a hierarchical bootstrap, which draws seeds with replacement and, within each, \
         images with replacement, {RESAMPLES} times. The second is Student's t over the differences of the seeds, because a bootstrap of few seeds is too narrow. Each comparison has \
         the larger p of the two, and Holm's method corrects it for all comparisons of the exercise; all pairs of a ranking are a family of their own. A difference is called clear if the corrected p is at most 0.05. A \
         difference that is not clear may still exist, because few seeds cannot show it. The intervals hold for other seeds (images, weights, order), not for other data. Every \
         image's score is in `data/images.csv`."
    ));
    section.table(table(outcomes, &shares, on_damage));
    section.table(arms_table(outcomes));
    for share in shares {
        section.figure(binary_figure(outcomes, share));
    }
    if on_damage {
        section.figure(damage_figure(outcomes));
    }
    section
}

/// The effect of held-out images without foreground on means over images; `None` if there are no such images.
pub(super) fn without_foreground(outcomes: &Outcomes<'_>, share: f64) -> Option<String> {
    let [_, held_out] = outcomes.sets.binary(outcomes.config, share, outcomes.config.first_seed);
    let empty = (0..held_out.len()).filter(|image| held_out.mask(*image).iter().all(|label| *label == 0)).count();
    (empty > 0).then(|| {
        format!(
            "{empty} of the {} held-out images of the first seed have no foreground. Their Dice is 1 if nothing is found and 0 otherwise. So a loss that never finds \
         anything has a mean Dice of {:.2} from them alone; pooled Dice does not reward that.",
            held_out.len(),
            empty as f64 / held_out.len().max(1) as f64
        )
    })
}

fn table(outcomes: &Outcomes<'_>, shares: &[f64], on_damage: bool) -> Table {
    let config = outcomes.config;
    let mut rows = Vec::new();
    let mut row = |name: String, asked: f64, training: (usize, usize), held_out: (usize, usize)| {
        let exact = |(part, whole): (usize, usize)| {
            Cell::text(format!("{part} of {whole} px, {:.3} %", 100.0 * part as f64 / whole.max(1) as f64))
        };
        rows.push(vec![
            Cell::text(name),
            Cell::text(format!("{:.3} %", 100.0 * asked)),
            exact(training),
            exact(held_out),
        ]);
    };
    let count = |labels: &[u8], class: u8| (labels.iter().filter(|label| **label == class).count(), labels.len());
    for share in shares {
        let [training, held_out] = outcomes.sets.binary(config, *share, config.first_seed);
        row(
            format!("{}", Task::Binary { share: *share, labels: Labels::Usual }),
            *share,
            count(&training.labels, 1),
            count(&held_out.labels, 1),
        );
    }
    if on_damage {
        let [training, held_out] = outcomes.sets.damage(config, config.first_seed);
        for (class, (name, share)) in (0..).zip(CLASS_NAMES.iter().zip(damage_shares(&config.damage))) {
            row(format!("damage maps, {name}"), share, count(&training.labels, class), count(&held_out.labels, class));
        }
    }
    Table {
        id: "data-shares".to_owned(),
        title: "Shares of classes".to_owned(),
        columns: [
            "data",
            if config.images.is_some() { "in all images" } else { "asked for" },
            "to train with",
            "held out",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows,
        note: format!("Counted on the images of seed {}.", config.first_seed),
    }
}

/// Every trained loss, as an expression.
fn arms_table(outcomes: &Outcomes<'_>) -> Table {
    let first = outcomes.arms.iter().zip(outcomes.fates).filter(|(arm, _)| arm.seed == outcomes.config.first_seed);
    let row = |(arm, fate): (&Arm, &Fate)| {
        let parameters = match fate {
            Fate::Trained { trained, .. } => Cell::number(trained.parameters as f64, 0),
            _ => Cell::number(None, 0),
        };
        let is_of_arm = |other: &&Arm| other.task == arm.task && other.loss.name == arm.loss.name;
        let seeds = Cell::number(outcomes.arms.iter().filter(is_of_arm).count() as f64, 0);
        let [task, name, expression] = [&arm.task.to_string(), &arm.loss.name, &arm.loss.expression].map(Cell::text);
        vec![task, name, expression, parameters, seeds]
    };
    Table {
        id: "data-arms".to_owned(),
        title: "What was trained".to_owned(),
        columns: ["data", "name here", "loss, as ablation score --loss takes it", "parameters", "seeds"]
            .map(str::to_owned)
            .to_vec(),
        rows: first.map(row).collect(),
        note: "Each loss uses the first seeds of the run.".to_owned(),
    }
}

fn binary_figure(outcomes: &Outcomes<'_>, share: f64) -> Figure {
    let [training, _] = outcomes.sets.binary(outcomes.config, share, outcomes.config.first_seed);
    let images: Vec<usize> = (0..SHOWN_IMAGES.min(training.len())).collect();
    let row = |name: &str, picture: &dyn Fn(usize) -> _| PictureRow {
        name: name.to_owned(),
        pictures: images.iter().map(|index| picture(*index)).collect(),
    };
    let size = training.size;
    Figure {
        id: format!("data-{}", anchor(share)),
        title: format!("Images with {} foreground", percent_as_set(share)),
        caption: "Training images, their true masks, and the labels used in training. Pixels that label noise added or removed are marked."
            .to_owned(),
        columns: 1,
        panels: vec![Panel::Pictures(Pictures {
            title: String::new(),
            columns: images.iter().map(|index| format!("image {}", index + 1)).collect(),
            rows: vec![
                row("image", &|index| grey(training.image(index), size, SHOWN)),
                row("true mask", &|index| mask(training.mask(index), size)),
                row("label", &|index| errors(training.label(index), training.mask(index), size)),
            ],
            legend: vec![
                (Paint::Foreground, "foreground".to_owned()),
                (Paint::FalsePositive, "added by label noise".to_owned()),
                (Paint::FalseNegative, "removed by label noise".to_owned()),
            ],
        })],
    }
}

fn damage_figure(outcomes: &Outcomes<'_>) -> Figure {
    let [training, _] = outcomes.sets.damage(outcomes.config, outcomes.config.first_seed);
    let images = training.telling(SHOWN_IMAGES);
    let size = training.size;
    let row = |name: &str, picture: &dyn Fn(usize) -> _| PictureRow {
        name: name.to_owned(),
        pictures: images.iter().map(|index| picture(*index)).collect(),
    };
    Figure {
        id: "data-damage".to_owned(),
        title: "Pairs for damage mapping".to_owned(),
        caption: "Training pairs: for each class from destroyed to no damage the pair with most of its pixels, then the first of the others. Rows: before, after, and the class of each \
                  pixel."
            .to_owned(),
        columns: 1,
        panels: vec![Panel::Pictures(Pictures {
            title: String::new(),
            columns: images.iter().map(|index| format!("pair {}", index + 1)).collect(),
            rows: vec![
                row("before", &|index| grey(training.pair(index)[0], size, SHOWN)),
                row("after", &|index| grey(training.pair(index)[1], size, SHOWN)),
                row("classes", &|index| classes(training.label(index), size)),
            ],
            legend: class_legend(),
        })],
    }
}
