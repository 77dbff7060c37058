//! Tables and findings that several exercises share.

use crate::report::numbers::{decimals_for, listed};
use crate::run::model::{Cell, Finding, Table};
use crate::run::outcomes::{Entry, Outcomes};
use crate::run::statistics::{self, Comparison, MOST_SEEDS};

/// A metric, with everything needed to show it.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) metric: &'static str,
    pub(super) decimals: usize,
}

pub(super) const fn metric(metric: &'static str, decimals: usize) -> Shown {
    Shown { metric, decimals }
}

/// A note on the numbers in a table of entries.
pub(super) fn spread_note(outcomes: &Outcomes<'_>) -> String {
    spread_note_on(outcomes, outcomes.config.data.held_out_images, "images")
}

/// The same note for other data.
pub(super) fn spread_note_on(outcomes: &Outcomes<'_>, held_out: usize, what: &str) -> String {
    seeds_note(outcomes.config.seeds, held_out, what)
}

/// The same note for a number of seeds.
pub(super) fn seeds_note(seeds: u32, held_out: usize, what: &str) -> String {
    match seeds {
        1 => format!("On {held_out} held-out {what}, after the last step, one seed."),
        seeds => format!(
            "On {held_out} held-out {what}, after the last step: the mean of {seeds} seeds [smallest, largest]."
        ),
    }
}

/// A row for each entry, a column for each metric.
pub(super) fn final_table(id: &str, title: &str, entries: &[Entry<'_>], shown: &[Shown], note: String) -> Table {
    let mut columns = vec!["loss".to_owned()];
    columns.extend(shown.iter().map(|shown| shown.metric.to_owned()));
    let row = |entry: &Entry<'_>| {
        let cells = shown.iter().map(|shown| entry.cell(shown.metric, shown.decimals));
        std::iter::once(Cell::text(entry.name())).chain(cells).collect()
    };
    Table { id: id.to_owned(), title: title.to_owned(), columns, rows: entries.iter().map(row).collect(), note }
}

/// Compares pairs of entries, each in a metric, and corrects the p of all for their number: the family of an exercise.
pub(super) fn family<'a>(pairs: impl IntoIterator<Item = (&'a Entry<'a>, &'a Entry<'a>, &'a str)>) -> Vec<Comparison> {
    let compared = pairs.into_iter().map(|(first, second, metric)| first.against(second, metric));
    statistics::corrected(compared.collect())
}

/// A finding with a sentence for each comparison.
pub(super) fn found(comparisons: &[Comparison]) -> Finding {
    Finding::from_comparisons(statistics::sentences(comparisons), comparisons.to_vec())
}

/// The entries that have a metric, by their means over the seeds, highest first.
pub(super) fn by_mean<'a>(entries: &'a [Entry<'_>], metric: &str) -> Vec<(&'a str, f64)> {
    let mut means: Vec<(&str, f64)> =
        entries.iter().filter_map(|entry| Some((entry.name(), entry.summary(metric)?.mean))).collect();
    means.sort_by(|a, b| b.1.total_cmp(&a.1));
    means
}

/// Sentences on comparisons with one loss: the losses above it, below it, and not clearly different.
pub(super) fn verdicts(reference: &str, comparisons: &[Comparison]) -> String {
    if comparisons.iter().all(|comparison| comparison.interval().is_none()) {
        return " One seed supports no conclusion.".to_owned();
    }
    let named = |is: &dyn Fn(&Comparison) -> bool| {
        let names = comparisons.iter().filter(|comparison| is(comparison)).map(|comparison| comparison.second.clone());
        listed(&names.collect::<Vec<_>>())
    };
    let parts = [
        ("Clearly above", named(&|comparison| comparison.better() == Some(comparison.second.as_str()))),
        ("Clearly below", named(&|comparison| comparison.better() == Some(comparison.first.as_str()))),
        ("Not clearly different from", named(&|comparison| !comparison.is_clear())),
    ];
    let parts = parts.iter().filter(|(_, names)| !names.is_empty());
    parts.map(|(what, names)| format!(" {what} {reference}: {names}.")).collect()
}

/// The certainty of each comparison of a family, and what more seeds or images would add.
pub(super) fn family_table(id: &str, family: &[Comparison]) -> Table {
    let columns = [
        "metric",
        "first",
        "second",
        "second − first",
        "p",
        "p, corrected",
        "probability of other sign",
        "effect size",
        "± now",
        "± with one more seed",
        "± with twice the images",
        "seeds for 80 % power",
    ];
    let row = |comparison: &Comparison| {
        let by_image = comparison.by_image.as_ref();
        let outlook = by_image.and_then(|by_image| by_image.outlook);
        let interval = comparison.interval();
        let decimals = interval.map_or(3, |[low, high]| decimals_for((high - low) / 2.0, 2)).clamp(1, 6);
        let difference = match interval {
            Some([low, high]) => Cell::Spread { mean: comparison.mean, low, high, decimals, seeds: None },
            None => Cell::number(Some(comparison.mean).filter(|_| comparison.seeds() > 0), decimals),
        };
        let seeds = match outlook {
            Some(outlook) => outlook.seeds_for_power.map_or_else(
                || Cell::text(format!("more than {MOST_SEEDS}")),
                |seeds| Cell::number(f64::from(seeds), 0),
            ),
            None => Cell::number(None, 0),
        };
        vec![
            Cell::text(&comparison.metric),
            Cell::text(&comparison.first),
            Cell::text(&comparison.second),
            difference,
            Cell::number(comparison.p, 4),
            Cell::number(comparison.adjusted_p, 4),
            Cell::number(comparison.other_sign, 4),
            Cell::number(by_image.and_then(|by_image| by_image.effect), 2),
            Cell::number(outlook.map(|outlook| outlook.half_width), decimals),
            Cell::number(outlook.map(|outlook| outlook.one_more_seed), decimals),
            Cell::number(outlook.map(|outlook| outlook.twice_the_images), decimals),
            seeds,
        ]
    };
    Table {
        id: id.to_owned(),
        title: "Certainty of the differences, and what more trainings would add".to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: family.iter().map(row).collect(),
        note: format!(
            "The difference is shown with its 95 % interval. The corrected p accounts for the {} comparisons of this exercise. The probability of the other sign is \
             the probability that the true difference is 0 or has the opposite sign. The effect size is the mean difference in standard deviations of the difference on one \
             image. ± is half the width of Student's interval, as the variance components predict it. The last column is the number of seeds that would show a \
             difference of this size in four of five runs.",
            family.iter().map(|comparison| comparison.family).max().unwrap_or(0)
        ),
    }
}

/// A sentence with the names of entries that were not trained with every seed; `None` if all were.
pub(super) fn missing(entries: &[Entry<'_>]) -> Option<String> {
    let incomplete: Vec<String> = entries
        .iter()
        .filter(|entry| entry.by_seed.iter().any(Option::is_none))
        .map(|entry| format!("{} ({} of {})", entry.name(), entry.trained().count(), entry.by_seed.len()))
        .collect();
    (!incomplete.is_empty()).then(|| format!("Not trained with all seeds: {}.", incomplete.join(", ")))
}
