//! Exercise 5: how much a loss still learns when foreground is rare.

use super::charts::histories;
use super::losses::{Shared, named};
use super::pictures::side_by_side;
use super::tables::{by_mean, family_table, final_table, metric, missing, spread_note};
use super::{Exercise, Shows, on_binary, rankings};
use crate::guide::Field;
use crate::report::numbers::{anchor, listed, percent_as_set};
use crate::run::arm::NamedLoss;
use crate::run::config::Config;
use crate::run::metrics::name;
use crate::run::model::{Axis, Cell, Chart, Figure, Finding, Look, Panel, Rule, Section, Series};
use crate::run::outcomes::{Entry, Outcomes};
use crate::run::statistics::{self, Comparison};
use crate::run::task::Task;

pub(super) static EXERCISE: Exercise = Exercise {
    number: 5,
    title: "Extreme imbalance",
    question: "1 % foreground (`--full`: 0.1 % too): nine losses, and the accuracy trap",
    near: &[(Field::Medical, Shows::First), (Field::SmallObjects, Shows::First)],
    arms,
    fill,
};

fn arms(config: &Config) -> Vec<(Task, NamedLoss)> {
    config.data.rare_shares.iter().flat_map(|share| arms_of_share(config, *share)).collect()
}

/// The losses compared at a rare share of foreground.
pub(super) fn arms_of_share(config: &Config, share: f64) -> Vec<(Task, NamedLoss)> {
    let losses = Shared(&config.losses);
    let compared = [
        losses.bce(),
        weighted_bce(share),
        losses.focal(),
        losses.dice(),
        losses.iou(),
        losses.tversky(),
        losses.bce_and_dice(),
        losses.focal_and_dice(),
        losses.focal_and_tversky(),
    ];
    on_binary(share, compared.into_iter().chain(losses.own()))
}

/// BCE weighted so that foreground and background have the same total weight.
fn weighted_bce(share: f64) -> NamedLoss {
    // Four digits are enough for a weight, and keep the expression readable.
    let weight: f64 = format!("{:.3e}", (1.0 - share) / share).parse().unwrap_or(1.0);
    named("weighted BCE", format!("bce(pos_weight={weight})"), 6)
}

fn fill(section: &mut Section, outcomes: &Outcomes<'_>) {
    section.text(
        "When foreground is rare, a network that predicts none is right at nearly every pixel, and a loss that is a mean over pixels is satisfied with that for a while. \
         Class weights, the focal factor and overlap losses each change what is rewarded.",
    );
    let shares = &outcomes.config.data.rare_shares;
    let entries: Vec<Vec<Entry<'_>>> =
        shares.iter().map(|share| outcomes.entries(&arms_of_share(outcomes.config, *share))).collect();
    // Compares each loss with the first, BCE; the comparisons of all shares are one family.
    let against_first = |entries: &'_ [Entry<'_>]| -> Vec<Comparison> {
        let Some((bce, others)) = entries.split_first() else { return Vec::new() };
        others.iter().map(|other| bce.against(other, name::DICE)).collect()
    };
    let family = statistics::corrected(entries.iter().flat_map(|entries| against_first(entries)).collect());
    let mut rest = &family[..];
    for (share, entries) in shares.iter().zip(&entries) {
        let (of_share, others) = rest.split_at(entries.len().saturating_sub(1).min(rest.len()));
        rest = others;
        with_share(section, outcomes, *share, entries, of_share);
    }
}

fn with_share(
    section: &mut Section,
    outcomes: &Outcomes<'_>,
    share: f64,
    entries: &[Entry<'_>],
    comparisons: &[Comparison],
) {
    let [_, held_out] = outcomes.sets.binary(outcomes.config, share, outcomes.config.first_seed);
    let background =
        held_out.masks.iter().filter(|pixel| **pixel == 0).count() as f64 / held_out.masks.len().max(1) as f64;
    let id = EXERCISE.part(&anchor(share));
    section.text(format!("The following is at {} foreground.", percent_as_set(share)));
    missing(entries).into_iter().for_each(|text| section.text(text));
    section.finding(against_bce(entries, comparisons, share));
    trap(entries, share, background).into_iter().for_each(|finding| section.finding(finding));
    section.figure(scores(&id, entries));
    section.figure(accuracy_trap(&id, entries, background));
    let shown = [
        metric(name::DICE, 3),
        metric(name::POOLED_DICE, 3),
        metric(name::BEST_DICE, 3),
        metric(name::PRECISION, 3),
        metric(name::RECALL, 3),
        metric(name::ACCURACY, 4),
    ];
    let note = format!(
        "{} Dice is the mean over the images; pooled Dice, precision and recall count the pixels of all images together. Precision is undefined \
         if nothing is predicted as foreground. A pixel counts as foreground from p = ½ on, except in the third column. A class weight shifts the probabilities, so \
         weighted BCE needs another threshold, and that column uses the best threshold for the held-out images.",
        spread_note(outcomes)
    );
    let mut table = final_table(&format!("{id}-final"), "After the last step", entries, &shown, note);
    table.rows.push(vec![
        Cell::text("no foreground anywhere"),
        Cell::number(0.0, 3),
        Cell::number(0.0, 3),
        Cell::number(None, 3),
        Cell::number(None, 3),
        Cell::number(0.0, 3),
        Cell::number(background, 4),
    ]);
    section.table(table);
    section.table(family_table(&format!("{id}-comparisons"), comparisons));
    rankings::add(section, &id, &format!("at {} foreground", percent_as_set(share)), entries, name::DICE);
    section.figure(histories(
        &format!("{id}-by-step"),
        "Dice and recall while training",
        entries,
        &[name::DICE, name::RECALL],
    ));
    if let Some(pictures) = side_by_side(&held_out, entries, 3) {
        section.figure(Figure {
            id: format!("{id}-masks"),
            title: format!("Foreground found by each loss, {} foreground", percent_as_set(share)),
            caption: format!(
                "The first held-out images of seed {}, and each prediction at p ≥ ½ as an error map.",
                outcomes.config.first_seed
            ),
            columns: 1,
            panels: vec![Panel::Pictures(pictures)],
        });
    }
}

/// Each loss against BCE, and the range of the means.
fn against_bce(entries: &[Entry<'_>], comparisons: &[Comparison], share: f64) -> Finding {
    let means = by_mean(entries, name::DICE);
    let (Some(best), Some(worst), Some(bce)) = (means.first(), means.last(), entries.first()) else {
        return Finding::new(format!("At {} foreground nothing was trained.", percent_as_set(share)));
    };
    let mut sentence = format!(
        "At {} foreground {} reaches the highest mean Dice, {:.3}, and {} the lowest, {:.3}.",
        percent_as_set(share),
        best.0,
        best.1,
        worst.0,
        worst.1
    );
    let comparisons = comparisons.to_vec();
    if bce.trained().next().is_none() {
        sentence.push_str(" BCE was not trained, so nothing is compared with it.");
        return Finding::new(sentence);
    }
    if comparisons.iter().all(|comparison| comparison.interval().is_none()) {
        sentence.push_str(" One seed supports no conclusion.");
        return Finding::from_comparisons(sentence, comparisons);
    }
    let named = |is: &dyn Fn(&Comparison) -> bool| {
        let names = comparisons.iter().filter(|comparison| is(comparison)).map(|comparison| comparison.second.clone());
        listed(&names.collect::<Vec<_>>())
    };
    let parts = [
        ("clearly above BCE", named(&|comparison| comparison.better() == Some(comparison.second.as_str()))),
        ("clearly below BCE", named(&|comparison| comparison.better() == Some(comparison.first.as_str()))),
        (
            "not clearly different from BCE",
            named(&|comparison| !comparison.is_clear() && comparison.interval().is_some()),
        ),
        ("trained with too few seeds to tell", named(&|comparison| comparison.interval().is_none())),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(_, names)| !names.is_empty()).map(|(what, names)| format!("{what}: {names}")).collect();
    sentence.push_str(&format!(" {}.", statistics::capitalised(&parts.join("; "))));
    let unclear = comparisons.iter().filter(|comparison| !comparison.is_clear());
    if let Some((seeds, loss)) = unclear.filter_map(|pair| Some((pair.seeds_for_power()?, &pair.second))).min() {
        sentence.push_str(&format!(
            " Of these, {loss} is nearest to a clear result: if its true difference equals the one seen, {seeds} seeds would show it four times in five."
        ));
    }
    Finding::from_comparisons(sentence, comparisons)
}

/// Compares the accuracy of the losses with the lowest and the highest Dice.
fn trap(entries: &[Entry<'_>], share: f64, background: f64) -> Option<Finding> {
    let scored = entries
        .iter()
        .filter_map(|entry| Some((entry.name(), entry.summary(name::DICE)?.mean, entry.summary(name::ACCURACY)?.mean)));
    let scored: Vec<_> = scored.collect();
    let worst = scored.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let best = scored.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Finding::new(format!(
        "Accuracy hides this at {} foreground: {} reaches an accuracy of {:.4} with a Dice of {:.3}, and {} one of {:.4} with a Dice of {:.3}. Predicting background everywhere \
         reaches {:.4}.",
        percent_as_set(share),
        worst.0,
        worst.2,
        worst.1,
        best.0,
        best.2,
        best.1,
        background
    )))
}

fn dots(entries: &[Entry<'_>], metric: &str, colour: usize) -> Series {
    let points = entries.iter().enumerate().map(|(place, entry)| (place as f64, entry.summary(metric))).collect();
    match entries.first() {
        Some(entry) => Series { name: metric.to_owned(), colour, look: Look::Dots, ..entry.series(points) },
        None => Series::line(metric, colour, []),
    }
}

fn names(entries: &[Entry<'_>]) -> Vec<String> {
    entries.iter().map(|entry| entry.name().to_owned()).collect()
}

fn scores(id: &str, entries: &[Entry<'_>]) -> Figure {
    let series = [name::PRECISION, name::RECALL, name::DICE].into_iter().enumerate();
    Figure {
        id: format!("{id}-scores"),
        title: "Precision, recall and Dice".to_owned(),
        caption: "On held-out images after the last step: dots are means over seeds, bars span the smallest to the largest seed. There is no precision if nothing is predicted as \
                  foreground."
            .to_owned(),
        columns: 1,
        panels: vec![Panel::Chart(Chart {
            title: String::new(),
            x: Axis::named("loss", names(entries)),
            y: Axis::linear("score").range(0.0, 1.0),
            series: series.map(|(colour, metric)| dots(entries, metric, colour)).collect(),
            rules: Vec::new(),
        })],
    }
}

fn accuracy_trap(id: &str, entries: &[Entry<'_>], background: f64) -> Figure {
    let rule = Rule { name: "background everywhere".to_owned(), at: background, horizontal: true };
    Figure {
        id: format!("{id}-accuracy"),
        title: "The accuracy trap".to_owned(),
        caption: "The accuracy of the same predictions. A network that finds nothing lies on the line, and one that finds most of the foreground lies only just above it. The axis does not start \
                  at 0."
            .to_owned(),
        columns: 1,
        panels: vec![Panel::Chart(Chart {
            title: String::new(),
            x: Axis::named("loss", names(entries)),
            y: Axis::linear("accuracy"),
            series: vec![dots(entries, name::ACCURACY, 0)],
            rules: vec![rule],
        })],
    }
}
