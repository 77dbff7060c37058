//! Exercise 8: how much a loss depends on the learning rate and on its own parameter.

use super::Exercise;
use super::losses::{focal_expression, named};
use crate::report::numbers::{percent, significant};
use crate::run::arm::NamedLoss;
use crate::run::config::Config;
use crate::run::metrics::name;
use crate::run::model::{Axis, Cell, Figure, Finding, Heat, Panel, Section, Table};
use crate::run::outcomes::Outcomes;
use crate::run::task::Task;

pub(super) static EXERCISE: Exercise = Exercise {
    number: 8,
    title: "Sensitivity",
    question: "each loss over learning rate and its own parameter: how easily it is used wrongly",
    near: &[],
    arms,
    fill,
};

/// A cell is good if its Dice is at least this share of the best of its grid.
const GOOD: f64 = 0.9;

/// A loss with a parameter of its own.
struct Family {
    name: &'static str,
    /// The parameter with its symbol.
    parameter: &'static str,
    values: fn(&Config) -> &[f64],
    expression: fn(&Config, f64) -> String,
}

static FAMILIES: [Family; 4] = [
    Family {
        name: "focal",
        parameter: "γ",
        values: |config| &config.sensitivity.gammas,
        expression: |_, gamma| focal_expression(gamma),
    },
    Family {
        name: "Tversky",
        parameter: "α, with β = 1 − α",
        values: |config| &config.sensitivity.alphas,
        expression: |config, alpha| {
            // Rounded, because 1 − 0.9 is not exactly 0.1.
            let beta = (1e9 * (1.0 - alpha)).round() / 1e9;
            format!("tversky(alpha={alpha}, beta={beta}, smooth={})", config.losses.smooth)
        },
    },
    Family {
        name: "BCE + Dice",
        parameter: "λ, in λ·BCE + (1 − λ)·Dice",
        values: |config| &config.sensitivity.lambdas,
        expression: |config, lambda| {
            let (rest, dice) = ((1e9 * (1.0 - lambda)).round() / 1e9, format!("dice(smooth={})", config.losses.smooth));
            match (lambda, rest) {
                (0.0, _) => dice,
                (_, 0.0) => "bce".to_owned(),
                _ => format!("{lambda} * bce + {rest} * {dice}"),
            }
        },
    },
    Family {
        name: "Dice",
        parameter: "smooth",
        values: |config| &config.sensitivity.smooths,
        expression: |_, smooth| format!("dice(smooth={smooth})"),
    },
];

impl Family {
    fn loss(&self, config: &Config, value: f64, colour: usize) -> NamedLoss {
        let parameter = self.parameter.split(',').next().unwrap_or_default();
        named(format!("{}, {parameter} = {value}", self.name), (self.expression)(config, value), colour)
    }

    /// The cells row by row, from the lowest value and the lowest learning rate.
    fn cells(&self, config: &Config) -> Vec<Vec<(Task, NamedLoss)>> {
        let cell = |colour: usize, value: f64, learning_rate: f64| {
            (Task::Cell { learning_rate }, self.loss(config, value, colour))
        };
        let rates = &config.sensitivity.learning_rates;
        let row = |(colour, value): (usize, &f64)| rates.iter().map(|rate| cell(colour, *value, *rate)).collect();
        (self.values)(config).iter().enumerate().map(row).collect()
    }

    /// The Dice of each cell, as the mean of its seeds; `None` if a training failed.
    fn grid(&self, outcomes: &Outcomes<'_>) -> Vec<Vec<Option<f64>>> {
        let dice = |row: Vec<(Task, NamedLoss)>| {
            let entries = outcomes.entries(&row);
            entries.iter().map(|entry| entry.summary(name::DICE).map(|summary| summary.mean)).collect()
        };
        self.cells(outcomes.config).into_iter().map(dice).collect()
    }
}

fn arms(config: &Config) -> Vec<(Task, NamedLoss)> {
    FAMILIES.iter().flat_map(|family| family.cells(config)).flatten().collect()
}

fn fill(section: &mut Section, outcomes: &Outcomes<'_>) {
    let config = outcomes.config;
    let settings = &config.sensitivity;
    let seeds = match settings.seeds.min(config.seeds) {
        1 => "one seed".to_owned(),
        seeds => format!("{seeds} seeds"),
    };
    section.text(format!(
        "A loss that works only with the right settings is easily used wrongly. Each cell of these maps is a training of its own, with \
         {seeds}: {0} × {0} images, {1} steps. So trust the shape of the maps; a single cell may be off by chance.",
        settings.size, settings.steps
    ));
    let grids: Vec<(&Family, Vec<Vec<Option<f64>>>)> =
        FAMILIES.iter().map(|family| (family, family.grid(outcomes))).collect();
    if let Some(finding) = widest_and_narrowest(&grids) {
        section.finding(finding);
    }
    section.figure(figure(config, &grids));
    section.table(table(config, &grids));
}

/// The number of good cells, of all cells, and the best cell with its place.
struct Ease {
    good: usize,
    cells: usize,
    best: f64,
    /// Row and column.
    place: (usize, usize),
    worst: f64,
}

fn ease(grid: &[Vec<Option<f64>>]) -> Option<Ease> {
    let cells: Vec<((usize, usize), f64)> = grid
        .iter()
        .enumerate()
        .flat_map(|(row, values)| values.iter().enumerate().map(move |(column, value)| ((row, column), *value)))
        // A training that diverged counts as Dice 0.
        .map(|(place, value)| (place, value.unwrap_or(0.0)))
        .collect();
    // Among equal cells the first counts.
    let (place, best) = cells.iter().copied().rev().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let worst = cells.iter().map(|(_, value)| *value).fold(best, f64::min);
    let good = cells.iter().filter(|(_, value)| *value >= GOOD * best).count();
    Some(Ease { good, cells: cells.len(), best, place, worst })
}

fn share(ease: &Ease) -> f64 {
    ease.good as f64 / ease.cells.max(1) as f64
}

fn widest_and_narrowest(grids: &[(&Family, Vec<Vec<Option<f64>>>)]) -> Option<Finding> {
    let mut all: Vec<(&Family, Ease)> =
        grids.iter().filter_map(|(family, grid)| Some((*family, ease(grid)?))).collect();
    all.sort_by(|a, b| share(&b.1).total_cmp(&share(&a.1)));
    let ([widest, ..], [.., narrowest]) = (&all[..], &all[..]) else { return None };
    Some(Finding::new(format!(
        "{} is the least sensitive: {} of its {} settings reach {} of its best Dice, {:.3}. {} is the most sensitive: {} of its {} settings do, with a best Dice of {:.3}. Each setting was trained once, \
             so a single setting may be better or worse by chance.",
        widest.0.name,
        widest.1.good,
        widest.1.cells,
        percent(GOOD),
        widest.1.best,
        narrowest.0.name,
        narrowest.1.good,
        narrowest.1.cells,
        narrowest.1.best
    )))
}

fn figure(config: &Config, grids: &[(&Family, Vec<Vec<Option<f64>>>)]) -> Figure {
    let names = |values: &[f64]| values.iter().map(|value| significant(*value, 6)).map(|text| trimmed(&text)).collect();
    let places = |count: usize| (0..count).map(|place| place as f64).collect::<Vec<_>>();
    let rates = &config.sensitivity.learning_rates;
    let panel = |(family, grid): &(&Family, Vec<Vec<Option<f64>>>)| {
        let values = (family.values)(config);
        Panel::Heat(Heat {
            title: family.name.to_owned(),
            x: Axis::named("learning rate", names(rates)),
            y: Axis::named(family.parameter, names(values)),
            value: Axis::linear(name::DICE).range(0.0, 1.0),
            x_values: places(rates.len()),
            y_values: places(values.len()),
            values: grid.clone(),
        })
    };
    Figure {
        id: EXERCISE.part("maps"),
        title: "Dice by learning rate and parameter".to_owned(),
        caption: "On held-out images after the last step. A large bright area means that the loss tolerates a wrong setting. Hatching means that \
                  the training diverged."
            .to_owned(),
        columns: 2,
        panels: grids.iter().map(panel).collect(),
    }
}

/// Removes the zeros at the end of a fraction.
fn trimmed(text: &str) -> String {
    if text.contains('.') && !text.contains('·') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

fn table(config: &Config, grids: &[(&Family, Vec<Vec<Option<f64>>>)]) -> Table {
    let row = |(family, grid): &(&Family, Vec<Vec<Option<f64>>>)| {
        let Some(ease) = ease(grid) else { return vec![Cell::text(family.name)] };
        let (row, column) = ease.place;
        let at = |values: &[f64], place: usize| values.get(place).map_or_else(String::new, f64::to_string);
        vec![
            Cell::text(family.name),
            Cell::text(family.parameter),
            Cell::text(format!("{} of {}", ease.good, ease.cells)),
            Cell::number(ease.best, 3),
            Cell::text(at((family.values)(config), row)),
            Cell::text(at(&config.sensitivity.learning_rates, column)),
            Cell::number(ease.worst, 3),
        ]
    };
    Table {
        id: EXERCISE.part("ease"),
        title: "How many settings work".to_owned(),
        columns: [
            "loss",
            "parameter",
            "good settings",
            "best Dice",
            "with parameter",
            "with learning rate",
            "worst Dice",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: grids.iter().map(row).collect(),
        note: format!(
            "A setting is good if its Dice is at least {} of the best of its map. A training that diverged counts as Dice 0. The values in the maps \
             are a choice (`sensitivity` in the settings), so the counts compare losses over these ranges only.",
            percent(GOOD)
        ),
    }
}
