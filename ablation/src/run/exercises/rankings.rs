//! Rankings: which loss is first, how certain that is, and whether it depends on the measure.

use crate::report::numbers::{listed, number, percent};
use crate::run::metrics::name::{self, is_better_lower};
use crate::run::model::{Axis, Cell, Cells, Figure, Finding, Mark, MarkLook, Panel, Section, Table};
use crate::run::outcomes::{Entry, contest, ranking};
use crate::run::statistics::{self, Comparison, RESAMPLES, Ranking, Split};

/// The colours of the palette for better, for worse, and for discs.
const BETTER: usize = 2;
const WORSE: usize = 1;
const DISC: usize = 0;

/// Adds the ranking of losses that were trained on the same images: a finding, the ranks with their certainty, the pairs that differ clearly, the agreement with other metrics
/// and averages, and the sources of the variance. Adds nothing for fewer than two losses.
///
/// `id` is the stem of its files, `where_` names the images ("at 1 % foreground"), and `metric` is a metric with a value for each image.
pub(super) fn add(section: &mut Section, id: &str, where_: &str, entries: &[Entry<'_>], metric: &str) {
    let Some(ranking) = ranking(entries, metric).filter(|ranking| ranking.names.len() > 1) else { return };
    let views = View::all(entries, metric);
    section.finding(first(&ranking, where_));
    if views.len() > 1 {
        section.finding(Finding::new(depends(&views, where_)));
    }
    section.figure(figure(id, where_, &ranking, &views));
    if views.len() > 1 {
        section.table(ranks_table(id, where_, &ranking, &views));
    }
    if let Some(split) = contest(entries, metric).and_then(|contest| contest.split()) {
        section.text(split_text(&split, metric, where_));
        section.table(split_table(id, where_, &split, metric));
    }
}

/// The first loss, and the number of pairs that differ clearly.
fn first(ranking: &Ranking, where_: &str) -> Finding {
    let metric = &ranking.metric;
    let (Some(winner), Some(second)) = (ranking.order.first(), ranking.order.get(1)) else {
        return Finding::new(format!("Nothing is ranked {where_}."));
    };
    let name = |arm: usize| ranking.names.get(arm).map_or("", String::as_str);
    let mean = |arm: usize| ranking.means.get(arm).map_or_else(String::new, |mean| number(*mean, 3));
    let mut sentence = format!(
        "By {}, {} is first {where_} ({}), before {} ({}).",
        mean_of(metric),
        name(*winner),
        mean(*winner),
        name(*second),
        mean(*second)
    );
    let tested = ranking.pairs.iter().filter(|pair| pair.p.is_some()).count();
    if tested == 0 {
        sentence.push_str(" One seed supports no conclusion on the order.");
        return Finding::from_comparisons(sentence, ranking.pairs.clone());
    }
    let share = ranking.shares.get(*winner).and_then(|shares| shares.first()).copied().unwrap_or(0.0);
    let clear = ranking.pairs.iter().filter(|pair| pair.is_clear()).count();
    sentence.push_str(&format!(
        " It is first in {} of the bootstrap samples. After correction for all {tested} pairs of losses, {clear} of them differ clearly",
        percent((share * 1000.0).round() / 1000.0)
    ));
    let beaten: Vec<String> = ranking
        .pairs
        .iter()
        .filter(|pair| pair.better() == Some(name(*winner)))
        .map(|pair| if pair.first == name(*winner) { pair.second.clone() } else { pair.first.clone() })
        .collect();
    if !beaten.is_empty() {
        sentence.push_str(&format!("; {} is clearly better than {}", name(*winner), listed(&beaten)));
    }
    sentence.push('.');
    Finding::from_comparisons(sentence, ranking.pairs.clone())
}

/// "mean Dice"; a metric whose name already says that it is a mean stays as it is.
fn mean_of(metric: &str) -> String {
    if metric.starts_with("mean ") { metric.to_owned() } else { format!("mean {metric}") }
}

/// A measure: a score for each loss.
struct View {
    label: String,
    /// Whether it is another average of the same metric, rather than another metric.
    is_average: bool,
    names: Vec<String>,
    /// The scores, turned so that more is better.
    worth: Vec<f64>,
}

impl View {
    /// The metric itself, then its other averages, then other metrics; only those that the trainings have.
    fn all(entries: &[Entry<'_>], metric: &str) -> Vec<Self> {
        let names: Vec<String> = entries.iter().map(|entry| entry.name().to_owned()).collect();
        let view = |label: String, is_average: bool, worth: Vec<f64>| {
            (worth.len() == names.len() && worth.iter().all(|worth| worth.is_finite())).then(|| View {
                label,
                is_average,
                names: names.clone(),
                worth,
            })
        };
        let signed = |values: Vec<f64>, lower: bool| -> Vec<f64> {
            values.into_iter().map(|value| if lower { -value } else { value }).collect()
        };
        let means = |metric: &str| {
            let means = contest(entries, metric).map_or_else(Vec::new, |contest| contest.means());
            signed(means, is_better_lower(metric))
        };
        let mut views = vec![view(mean_of(metric), true, means(metric))];
        if metric == name::DICE
            && let Some(by_image) = contest(entries, metric).and_then(|contest| contest.by_image())
        {
            let medians: Option<Vec<f64>> = by_image.iter().map(|arm| statistics::median(arm)).collect();
            views.push(view(format!("median {metric}"), true, medians.unwrap_or_default()));
            let ranks = statistics::mean_ranks(&by_image, true);
            views.push(view("mean rank by image".to_owned(), true, signed(ranks, true)));
            views.push(view(name::POOLED_DICE.to_owned(), true, means(name::POOLED_DICE)));
            for other in [name::BOUNDARY_F1_1, name::HAUSDORFF, name::CALIBRATION_ERROR] {
                views.push(view(other.to_owned(), false, means(other)));
            }
        }
        views.into_iter().flatten().collect()
    }

    /// The names of the losses with the highest score.
    fn winners(&self) -> Vec<&str> {
        let best = self.worth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let winners = self.names.iter().zip(&self.worth).filter(|(_, worth)| **worth == best);
        winners.map(|(name, _)| name.as_str()).collect()
    }

    /// The rank of each loss, from 1; tied losses have the mean of their ranks.
    fn ranks(&self) -> Vec<f64> {
        let rank = |own: &f64| {
            let better = self.worth.iter().filter(|other| *other > own).count();
            let tied = self.worth.iter().filter(|other| *other == own).count();
            better as f64 + (tied as f64 + 1.0) / 2.0
        };
        self.worth.iter().map(rank).collect()
    }

    fn tau(&self, other: &View) -> Option<f64> {
        statistics::kendall(&self.worth, &other.worth)
    }
}

/// A sentence: does the first loss depend on the measure?
fn depends(views: &[View], where_: &str) -> String {
    let mut winners: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for view in views {
        let first = view.winners();
        match winners.iter_mut().find(|(names, _)| *names == first) {
            Some((_, labels)) => labels.push(view.label.clone()),
            None => winners.push((first, vec![view.label.clone()])),
        }
    }
    let named = |names: &[&str]| listed(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let mut sentence = match &winners[..] {
        [(names, _)] => {
            format!(
                "The first loss {where_} does not depend on the measure: {} is first by all {} measures.",
                named(names),
                views.len()
            )
        }
        several => {
            let parts: Vec<String> =
                several.iter().map(|(names, labels)| format!("{} by {}", named(names), listed(labels))).collect();
            format!("The first loss {where_} depends on the measure: it is {}.", parts.join("; "))
        }
    };
    let Some(metric) = views.first() else { return sentence };
    let taus = |is_average: bool| -> Vec<(f64, &str)> {
        let others = views.iter().skip(1).filter(|view| view.is_average == is_average);
        others.filter_map(|view| Some((metric.tau(view)?, view.label.as_str()))).collect()
    };
    let averages = taus(true);
    if let (Some(least), Some(most)) =
        (averages.iter().min_by(|a, b| a.0.total_cmp(&b.0)), averages.iter().max_by(|a, b| a.0.total_cmp(&b.0)))
    {
        sentence.push_str(&format!(
            " Between the ranking by {} and other averages, Kendall’s τ lies between {} and {}.",
            metric.label,
            number(least.0, 2),
            number(most.0, 2)
        ));
    }
    let others: Vec<String> =
        taus(false).into_iter().map(|(tau, label)| format!("{} with {label}", number(tau, 2))).collect();
    if !others.is_empty() {
        sentence.push_str(&format!(" With other metrics it is {}.", listed(&others)));
    }
    sentence
}

/// A sentence on the first other measure that ranks another loss first; `None` if all agree.
pub(super) fn other_winner(entries: &[Entry<'_>], metric: &str) -> Option<String> {
    let views = View::all(entries, metric);
    let (first, others) = views.split_first()?;
    // If many losses tie for first, none counts.
    let is_other =
        |view: &&View| view.winners().len() <= 2 && !view.winners().iter().all(|name| first.winners().contains(name));
    let other = others.iter().find(is_other)?;
    let names: Vec<String> = other.winners().into_iter().map(str::to_owned).collect();
    Some(format!("By {}, {} would be first.", other.label, listed(&names)))
}

fn figure(id: &str, where_: &str, ranking: &Ranking, views: &[View]) -> Figure {
    let names: Vec<String> = ranking.names_in_order().into_iter().map(str::to_owned).collect();
    let mut panels = vec![blobs(ranking, &names), significance(ranking, &names)];
    let mut caption = format!(
        "Losses from the first to the last by {}. Left: the area of a disc is the share of {RESAMPLES} bootstrap samples (seeds and images) in which the loss has \
         that rank. Right: each loss in a row against that in a column, after Holm’s correction for all {} pairs: + is clearly better, − clearly worse, · neither. This is stricter than the correction for the few planned comparisons of the \
         exercise, so a pair can be clear there and not here.",
        mean_of(&ranking.metric),
        ranking.pairs.len()
    );
    if views.len() > 1 {
        caption.push_str(
            " Below: Kendall’s τ between the rankings by several averages and metrics. 1 is the same order, −1 the opposite order.",
        );
        panels.push(taus(views));
    }
    Figure {
        id: format!("{id}-ranks"),
        title: format!("Ranks and their certainty {where_}"),
        caption,
        columns: 2,
        panels,
    }
}

/// The share of samples in which each loss has each rank.
fn blobs(ranking: &Ranking, names: &[String]) -> Panel {
    let marks = ranking.order.iter().enumerate().flat_map(|(row, arm)| {
        let shares = ranking.shares.get(*arm).into_iter().flatten().enumerate();
        shares.filter(|(_, share)| **share > 0.0).map(move |(column, share)| Mark {
            column,
            row,
            value: *share,
            look: MarkLook::Disc(DISC),
            text: String::new(),
        })
    });
    Panel::Cells(Cells {
        title: "rank in the bootstrap samples".to_owned(),
        x: Axis::named("rank", (1..=names.len()).map(|rank| rank.to_string()).collect()),
        y: Axis::named("loss", names.to_vec()),
        value: "share of samples".to_owned(),
        marks: marks.collect(),
    })
}

/// The pairs that differ clearly.
fn significance(ranking: &Ranking, names: &[String]) -> Panel {
    let mut marks = Vec::new();
    for (row, own) in names.iter().enumerate() {
        for (column, other) in names.iter().enumerate() {
            let Some(pair) = ranking.pair(own, other).filter(|_| row != column) else { continue };
            let (look, text) = match pair.better() {
                Some(better) if better == own => (MarkLook::Filled(BETTER), "+"),
                Some(_) => (MarkLook::Filled(WORSE), "−"),
                None => (MarkLook::Empty, "·"),
            };
            marks.push(Mark { column, row, value: adjusted(pair), look, text: text.to_owned() });
        }
    }
    Panel::Cells(Cells {
        title: "which pairs differ clearly".to_owned(),
        x: Axis::named("against", names.to_vec()),
        y: Axis::named("loss", names.to_vec()),
        value: "corrected p".to_owned(),
        marks,
    })
}

/// The corrected p; 1 if there is none.
fn adjusted(pair: &Comparison) -> f64 {
    pair.adjusted_p.unwrap_or(1.0)
}

fn taus(views: &[View]) -> Panel {
    let labels: Vec<String> = views.iter().map(|view| view.label.clone()).collect();
    let mut marks = Vec::new();
    for (row, own) in views.iter().enumerate() {
        for (column, other) in views.iter().enumerate() {
            if let Some(tau) = own.tau(other).filter(|_| row != column) {
                let colour = if tau >= 0.0 { BETTER } else { WORSE };
                marks.push(Mark { column, row, value: tau, look: MarkLook::Filled(colour), text: number(tau, 2) });
            }
        }
    }
    Panel::Cells(Cells {
        title: "do rankings agree?".to_owned(),
        x: Axis::named("and by", labels.clone()),
        y: Axis::named("ranking by", labels),
        value: "Kendall’s τ".to_owned(),
        marks,
    })
}

/// A row for each loss, with its rank by each measure.
fn ranks_table(id: &str, where_: &str, ranking: &Ranking, views: &[View]) -> Table {
    let ranks: Vec<Vec<f64>> = views.iter().map(View::ranks).collect();
    let mut columns = vec!["loss".to_owned()];
    columns.extend(views.iter().map(|view| view.label.clone()));
    let row = |arm: &usize| {
        let of_views = ranks.iter().map(|ranks| {
            let rank = ranks.get(*arm).copied();
            Cell::number(rank, usize::from(rank.is_some_and(|rank| rank.fract() != 0.0)))
        });
        let name = ranking.names.get(*arm).map_or("", String::as_str);
        std::iter::once(Cell::text(name)).chain(of_views).collect()
    };
    Table {
        id: format!("{id}-ranks-by-measure"),
        title: format!("Rank of each loss by several measures {where_}"),
        columns,
        rows: ranking.order.iter().map(row).collect(),
        note: "Rank 1 is the best. Mean rank by image ranks the losses on each image first, and then takes the mean. Pooled Dice counts the pixels of all images of a \
               seed together."
            .to_owned(),
    }
}

fn parts(split: &Split) -> [(&'static str, f64, &'static str); 5] {
    [
        ("loss", split.loss, "nothing: this is the effect to measure"),
        ("seed", split.seed, "nothing needed: all losses share it, so paired differences are free of it"),
        ("image", split.image, "nothing needed: all losses share it, so paired differences are free of it"),
        ("loss × seed", split.loss_by_seed, "more seeds"),
        ("loss × image, and the rest", split.residual, "more seeds, or more images of a seed"),
    ]
}

fn split_text(split: &Split, metric: &str, where_: &str) -> String {
    let total = split.total();
    let share = |part: f64| percent(if total > 0.0 { (1000.0 * part / total).round() / 1000.0 } else { 0.0 });
    format!(
        "Sources of the variance of an image’s {metric} {where_}: the choice of the loss {}, the seed {}, the image {}, the combination of loss and seed {}, and \
         the combination of loss and image with everything else {}.",
        share(split.loss),
        share(split.seed),
        share(split.image),
        share(split.loss_by_seed),
        share(split.residual)
    )
}

fn split_table(id: &str, where_: &str, split: &Split, metric: &str) -> Table {
    let total = split.total();
    let row = |(name, variance, remedy): (&str, f64, &str)| {
        let share = (total > 0.0).then(|| 100.0 * variance / total);
        vec![Cell::text(name), Cell::number(variance, 5), Cell::number(share, 1), Cell::text(remedy)]
    };
    Table {
        id: format!("{id}-variance"),
        title: format!("Sources of the variance of an image’s {metric} {where_}"),
        columns: ["source", "variance", "share, %", "reduced by"].map(str::to_owned).to_vec(),
        rows: parts(split).into_iter().map(row).collect(),
        note: format!(
            "Unbiased estimates by the analysis of variance, with images nested in seeds and crossed with losses. A negative estimate is shown as 0.{}",
            if [name::MEAN_DICE, name::POOLED_DICE].contains(&metric) {
                " An image has no score of its own here, because the pixels of all images are counted together; its jackknife pseudo-value replaces it."
            } else {
                ""
            }
        ),
    }
}
