//! Exercise 9: one real image.

use super::losses::{Shared, named};
use super::pictures::{ROWS, side_by_side};
use super::tables::{by_mean, family, family_table, final_table, metric, missing, spread_note_on, verdicts};
use super::{Exercise, on_task};
use crate::run::arm::NamedLoss;
use crate::run::config::Config;
use crate::run::dataset::{ImageSet, QUADRANTS};
use crate::run::metrics::name;
use crate::run::model::{Figure, Finding, Panel, Section};
use crate::run::outcomes::{Entry, Outcomes};
use crate::run::task::Task;

pub(super) static EXERCISE: Exercise = Exercise {
    number: 9,
    title: "A real image",
    question: "a real image, offline: nuclei under a microscope, and what one image can show",
    near: &[],
    arms,
    fill,
};

fn arms(config: &Config) -> Vec<(Task, NamedLoss)> {
    let shared = Shared(&config.losses);
    let boundary = format!("dice(smooth={}) + 0.01 * boundary", config.losses.smooth);
    let losses = [
        shared.bce(),
        shared.dice(),
        shared.bce_and_dice(),
        shared.focal(),
        named("Dice + boundary", boundary, 3),
        named("Lovász", "lovasz_hinge", 5),
    ];
    on_task(Task::Nuclei, losses.into_iter().chain(shared.own()))
}

fn fill(section: &mut Section, outcomes: &Outcomes<'_>) {
    let config = outcomes.config;
    let entries = outcomes.entries(&arms(config));
    let [_, held_out] = outcomes.sets.nuclei(config, config.first_seed);
    section.text(format!(
        "Real pixels and a real annotator: one fluorescence micrograph of 125 nuclei, 512 × 512 pixels, a fifth of them foreground (Caicedo et al., 2019; \
             Data Science Bowl 2018, public domain, as shipped by the package stardist under the BSD 3-Clause License). It is cut into {QUADRANTS} quadrants. \
             Each seed holds out one quadrant and trains on {} crops of {1} × {1} pixels from the other three; {2} crops that do not overlap judge it.",
        config.data.training_images,
        config.data.size,
        held_out.len()
    ));
    section.text(
        "One image can show that the losses train on real textures and real boundaries, and how much they differ there. \
         It cannot show how a loss does on another image. All quadrants share the microscope, the stain and the annotator, and \
         seeds hold out the same few quadrants. So the intervals hold for this image alone, and are too narrow for any other. To train on your own images, \
         run `ablation run --images … --masks …`.",
    );
    missing(&entries).into_iter().for_each(|text| section.text(text));
    if let Some((reference, others)) = entries.split_first() {
        let family = family(others.iter().map(|other| (reference, other, name::DICE)));
        section.finding(finding(&entries, &family));
        section.table(family_table(&EXERCISE.part("comparisons"), &family));
    }
    let shown = [
        metric(name::DICE, 3),
        metric(name::IOU, 3),
        metric(name::BOUNDARY_F1_1, 3),
        metric(name::HAUSDORFF, 1),
        metric(name::CALIBRATION_ERROR, 4),
    ];
    let note = spread_note_on(outcomes, held_out.len(), "crops");
    section.table(final_table(&EXERCISE.part("final"), "After the last step", &entries, &shown, note));
    if let Some(pictures) = side_by_side(&held_out, &entries, ROWS) {
        section.figure(Figure {
            id: EXERCISE.part("masks"),
            title: "Nuclei found by each loss".to_owned(),
            caption: format!(
                "Crops of the held-out quadrant of seed {}, and each prediction at p ≥ ½ as an error map.",
                config.first_seed
            ),
            columns: 1,
            panels: vec![Panel::Pictures(pictures)],
        });
    }
}

fn finding(entries: &[Entry<'_>], family: &[crate::run::statistics::Comparison]) -> Finding {
    let means = by_mean(entries, name::DICE);
    let ([best, ..], [.., last]) = (&means[..], &means[..]) else { return Finding::new("Nothing was trained.") };
    let sentence = format!(
        "On this one image, {} reaches the highest mean Dice, {:.3}, and {} the lowest, {:.3}.{}",
        best.0,
        best.1,
        last.0,
        last.1,
        verdicts(entries.first().map_or("", Entry::name), family)
    );
    Finding::from_comparisons(sentence, family.to_vec())
}
