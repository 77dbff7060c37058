//! Exercise 1: the effect of adding Dice to BCE.

use super::charts::histories;
use super::losses::Shared;
use super::pictures::{ROWS, side_by_side};
use super::tables::{family, family_table, final_table, found, metric, missing, spread_note};
use super::{Exercise, on_binary, rankings};
use crate::report::numbers::percent_as_set;
use crate::run::arm::NamedLoss;
use crate::run::config::Config;
use crate::run::metrics::name;
use crate::run::model::{Figure, Panel, Section};
use crate::run::outcomes::{Entry, Outcomes};
use crate::run::task::Task;

pub(super) static EXERCISE: Exercise = Exercise {
    number: 1,
    title: "BCE alone against BCE + Dice",
    question: "BCE alone against BCE + Dice: what each finds",
    near: &[],
    arms,
    fill,
};

fn arms(config: &Config) -> Vec<(Task, NamedLoss)> {
    let losses = Shared(&config.losses);
    on_binary(config.data.share, [losses.bce(), losses.bce_and_dice()].into_iter().chain(losses.own()))
}

fn fill(section: &mut Section, outcomes: &Outcomes<'_>) {
    let share = outcomes.config.data.share;
    let entries = outcomes.entries(&arms(outcomes.config));
    section.text(format!(
        "BCE is the mean over all pixels, so with {} foreground, {} of its pixels are background. Dice compares the overlap with the size of both \
                 masks. Their sum keeps BCE's gradient at every pixel and adds Dice's aim.",
        percent_as_set(share),
        percent_as_set(1.0 - share)
    ));
    missing(&entries).into_iter().for_each(|text| section.text(text));
    if let [bce, both, own @ ..] = &entries[..] {
        let pairs = [(bce, both, name::DICE), (bce, both, name::RECALL)];
        let family = family(pairs.into_iter().chain(own.iter().map(|own| (bce, own, name::DICE))));
        let (of_both, of_own) = family.split_at(2.min(family.len()));
        section.finding(found(of_both));
        of_own.iter().for_each(|comparison| section.finding(found(std::slice::from_ref(comparison))));
        section.table(family_table(&EXERCISE.part("comparisons"), &family));
        // With losses of the user's own there are more than two losses to rank.
        if !own.is_empty() {
            let place = format!("at {} foreground", percent_as_set(share));
            rankings::add(section, &EXERCISE.part("own"), &place, &entries, name::DICE);
        }
    }
    section.figure(histories(
        &EXERCISE.part("by-step"),
        "Quality on held-out images while training",
        &entries,
        &[name::DICE, name::IOU, name::RECALL],
    ));
    let shown = [
        metric(name::DICE, 3),
        metric(name::IOU, 3),
        metric(name::PRECISION, 3),
        metric(name::RECALL, 3),
        metric(name::ACCURACY, 4),
        metric(name::BOUNDARY_F1_1, 3),
    ];
    section.table(final_table(&EXERCISE.part("final"), "After the last step", &entries, &shown, spread_note(outcomes)));
    let [_, held_out] = outcomes.sets.binary(outcomes.config, share, outcomes.config.first_seed);
    if let Some(pictures) = side_by_side(&held_out, &entries, ROWS) {
        section.figure(Figure {
            id: EXERCISE.part("masks"),
            title: "Foreground found by each loss".to_owned(),
            caption: format!(
                "The first held-out images of seed {}, not selected; their true masks; and each prediction at p ≥ ½ as a map of found, falsely found and \
                     missed foreground. With this seed the mean Dice over all held-out images is {}.",
                outcomes.config.first_seed,
                of_first_seed(&entries)
            ),
            columns: 1,
            panels: vec![Panel::Pictures(pictures)],
        });
    }
}

/// The Dice of each entry with the first seed, as a list.
fn of_first_seed(entries: &[Entry<'_>]) -> String {
    let dice = |entry: &Entry<'_>| {
        let dice = entry.metric(name::DICE).first().copied().flatten()?;
        Some(format!("{} {dice:.3}", entry.name()))
    };
    entries.iter().filter_map(dice).collect::<Vec<_>>().join(", ")
}
