//! What the networks were trained with: the generator's pictures and the shares.

use std::collections::BTreeSet;

use super::pictures::{SHOWN, class_legend, classes, errors, grey, mask};
use crate::run::arms::{Catalogue, Exercise, Task, percent};
use crate::run::config::HeadBias;
use crate::run::dataset::damage_shares;
use crate::run::outcomes::Outcomes;
use crate::run::report::model::{Cell, Figure, Paint, Panel, PictureRow, Pictures, Section, Table};
use crate::run::training::damage::CLASS_NAMES;

const SHOWN_IMAGES: usize = 6;

/// The section on the data and the training of some exercises.
pub(crate) fn data(outcomes: &Outcomes<'_>, exercises: &BTreeSet<Exercise>) -> Section {
    let config = outcomes.config;
    let mut section = Section::new("data", "The data and the training");
    section.text(format!(
        "All images are made up, from a seed: {0} × {0} pixels, a textured background, shapes that fade into it over {1} px, noise of standard \
         deviation {2} for a contrast of {3}. Of the labels to train with, {4} of the foreground's pixels at the boundary have changed \
         places with background; held-out labels are the truth. The share of foreground differs between images and is exact over the whole.",
        config.data.size,
        config.data.soft_edge,
        config.data.noise,
        config.data.contrast,
        percent(config.data.label_noise)
    ));
    let bias = match config.training.head_bias {
        HeadBias::Zero => "at 0, so that every pixel begins at p = ½",
        HeadBias::Prior => "at the log-odds of the foreground's share",
    };
    section.text(format!(
        "The network is a U-Net of {} channels at full size, with group normalisation, trained by Adam in batches of {}, for {} steps with a learning \
         rate of {} ({} steps with {} in exercise 6), its last bias begun {bias}. That choice matters: with foreground of 1 % a run that begins \
         at the prior gives BCE a head start. Arms of a seed share the images, their order and the first weights. These are small \
         networks and short trainings; a loss that is behind here may catch up in longer ones.",
        config.training.base_channels,
        config.training.batch,
        config.training.steps,
        config.training.learning_rate,
        config.training.damage_steps,
        config.training.damage_learning_rate
    ));
    let catalogue = Catalogue::new(config);
    let mut shares: Vec<f64> = exercises.iter().flat_map(|exercise| catalogue.shares(*exercise)).collect();
    shares.sort_by(|a, b| b.total_cmp(a));
    shares.dedup();
    section.table(table(outcomes, &shares, exercises));
    for share in shares {
        section.figure(binary_figure(outcomes, share));
    }
    if exercises.contains(&Exercise::DamageMapping) {
        section.figure(damage_figure(outcomes));
    }
    section
}

fn table(outcomes: &Outcomes<'_>, shares: &[f64], exercises: &BTreeSet<Exercise>) -> Table {
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
            format!("{}", Task::Binary { share: *share }),
            *share,
            count(&training.labels, 1),
            count(&held_out.labels, 1),
        );
    }
    if exercises.contains(&Exercise::DamageMapping) {
        let [training, held_out] = outcomes.sets.damage(config, config.first_seed);
        for (class, (name, share)) in (0..).zip(CLASS_NAMES.iter().zip(damage_shares(&config.damage))) {
            row(format!("damage maps, {name}"), share, count(&training.labels, class), count(&held_out.labels, class));
        }
    }
    Table {
        id: "data-shares".to_owned(),
        title: "Shares of classes".to_owned(),
        columns: ["data", "asked for", "to train with", "held out"].map(str::to_owned).to_vec(),
        rows,
        note: format!("Counted in the images of seed {}.", config.first_seed),
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
        id: format!("data-{}", percent(share).replace(['.', ' '], "-").replace('%', "percent")),
        title: format!("Images with {} foreground", percent(share)),
        caption: "Images to train with, their true masks, and the labels that are trained with: where these differ from the truth, a pixel is \
                  marked as added or taken away."
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
                (Paint::TruePositive, "foreground in label and truth".to_owned()),
                (Paint::FalsePositive, "added by label noise".to_owned()),
                (Paint::FalseNegative, "taken away by label noise".to_owned()),
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
        caption: "Pairs to train with, those with the most pixels of each damaged class first: before, after, and the class of each pixel."
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
