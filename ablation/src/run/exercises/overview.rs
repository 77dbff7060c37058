//! The first section: all losses in one figure, and its message in three sentences.

use super::pictures::{SHOWN, at_half, dice_note, error_legend, errors, grey, mask, noted};
use super::{data, extreme_imbalance, rankings};
use crate::report::numbers::{listed, number, percent_as_set};
use crate::run::dataset::{BinarySet, ImageSet};
use crate::run::metrics::name;
use crate::run::model::{Axis, Chart, Figure, Finding, Look, Panel, Picture, PictureRow, Pictures, Section, Series};
use crate::run::outcomes::{Entry, Outcomes, ranking};
use crate::run::statistics::{Comparison, MOST_SEEDS, Ranking, capitalised};

/// The section's anchor; the page shows this section first.
pub(crate) const ID: &str = "overview";

/// The number of pictures in a row.
const PICTURES_IN_ROW: usize = 4;

/// The losses that were trained with one share of foreground.
struct AtShare<'a> {
    share: f64,
    entries: Vec<Entry<'a>>,
    ranking: Ranking,
}

/// The section; `None` if no two losses of the comparison were trained on the same binary images.
pub(crate) fn overview(outcomes: &Outcomes<'_>) -> Option<Section> {
    let config = outcomes.config;
    let mut shares = vec![config.data.share];
    shares.extend(&config.data.rare_shares);
    shares.sort_by(|a, b| b.total_cmp(a));
    shares.dedup();
    let at_share = |share: f64| {
        let all = outcomes.entries(&extreme_imbalance::arms_of_share(config, share));
        let entries: Vec<Entry<'_>> = all.into_iter().filter(|entry| entry.trained().next().is_some()).collect();
        let ranking = ranking(&entries, name::DICE).filter(|_| entries.len() > 1)?;
        Some(AtShare { share, entries, ranking })
    };
    let groups: Vec<AtShare<'_>> = shares.into_iter().filter_map(at_share).collect();
    let rarest = groups.last()?;
    let mut section = Section::new(ID, "At a glance");
    section.figure(figure(outcomes, &groups, rarest));
    section.finding(Finding::new(who_is_first(&groups)));
    section.finding(Finding::new(how_much_it_matters(&groups)));
    section.finding(Finding::new(how_sure(rarest)));
    if let Some(note) = data::without_foreground(outcomes, rarest.share) {
        section.finding(Finding::new(note));
    }
    Some(section)
}

impl AtShare<'_> {
    fn place(&self) -> String {
        format!("at {} foreground", percent_as_set(self.share))
    }

    /// The loss of a rank, counted from the best or, with `from_last`, from the last, with its mean.
    fn ranked(&self, rank: usize, from_last: bool) -> (&str, f64) {
        let order = &self.ranking.order;
        let arm = if from_last { order.iter().rev().nth(rank) } else { order.get(rank) };
        let of_arm = arm.and_then(|arm| Some((self.ranking.names.get(*arm)?.as_str(), *self.ranking.means.get(*arm)?)));
        of_arm.unwrap_or(("nothing", f64::NAN))
    }

    fn best_against_last(&self) -> Option<&Comparison> {
        self.ranking.pair(self.ranked(0, false).0, self.ranked(0, true).0)
    }

    fn gap(&self) -> f64 {
        self.ranked(0, false).1 - self.ranked(0, true).1
    }
}

fn who_is_first(groups: &[AtShare<'_>]) -> String {
    let part = |group: &AtShare<'_>| {
        let (best, of_best) = group.ranked(0, false);
        let (last, of_last) = group.ranked(0, true);
        if number(of_best, 2) == number(of_last, 2) {
            return format!("{}, all losses have a mean Dice of {}", group.place(), number(of_best, 2));
        }
        format!(
            "{}, {best} has the highest mean Dice ({}) and {last} the lowest ({})",
            group.place(),
            number(of_best, 2),
            number(of_last, 2)
        )
    };
    let parts: Vec<String> = groups.iter().map(part).collect();
    format!("{}.", capitalised(&parts.join("; ")))
}

fn how_much_it_matters(groups: &[AtShare<'_>]) -> String {
    let of_group = |group: &AtShare<'_>| {
        let told_apart = match group.best_against_last() {
            Some(pair) if pair.is_clear() => format!("clear with {} seeds", pair.seeds()),
            Some(pair) if pair.p.is_some() => format!("not clear with {} seeds", pair.seeds()),
            _ => "with one seed, which supports no conclusion".to_owned(),
        };
        format!("{} {} ({told_apart})", number(group.gap(), 2), group.place())
    };
    let gaps: Vec<String> = groups.iter().map(of_group).collect();
    format!("Between the best and the last loss, mean Dice differs by {}.", listed(&gaps))
}

fn how_sure(group: &AtShare<'_>) -> String {
    let pairs = &group.ranking.pairs;
    let tested = pairs.iter().filter(|pair| pair.p.is_some()).count();
    if tested == 0 {
        return "These are single trainings, so the order may be chance; five seeds (`--seeds 5`) allow conclusions."
            .to_owned();
    }
    let clear = pairs.iter().filter(|pair| pair.is_clear()).count();
    let mut sentence = format!(
        "{}, {clear} of {tested} pairs of losses differ clearly after correction for the number of pairs",
        capitalised(&group.place())
    );
    let first_two = group.ranking.pair(group.ranked(0, false).0, group.ranked(1, false).0);
    if let Some(pair) = first_two {
        let (best, second) = (group.ranked(0, false).0, group.ranked(1, false).0);
        sentence.push_str(&match (pair.is_clear(), pair.seeds_for_power()) {
            (true, _) => format!("; one of them is the pair of the first two, {best} and {second}"),
            (false, Some(seeds)) => format!("; the first two, {best} and {second}, would need about {seeds} seeds"),
            (false, None) => format!(
                "; the first two, {best} and {second}, differ so little that not even {MOST_SEEDS} seeds would show it"
            ),
        });
    }
    sentence.push('.');
    if let Some(other) = rankings::other_winner(&group.entries, name::DICE) {
        sentence.push_str(&format!(" {other}"));
    }
    sentence
}

fn figure(outcomes: &Outcomes<'_>, groups: &[AtShare<'_>], rarest: &AtShare<'_>) -> Figure {
    let mut panels: Vec<Panel> = groups.iter().map(|group| Panel::Chart(chart(group))).collect();
    let [_, held_out] = outcomes.sets.binary(outcomes.config, rarest.share, outcomes.config.first_seed);
    panels.extend(pictures(&held_out, rarest).map(Panel::Pictures));
    let seeds = outcomes.config.seeds;
    let intervals = if seeds > 1 { " with their 95 % intervals over seeds and images" } else { "" };
    Figure {
        id: ID.to_owned(),
        title: "Which loss finds the objects?".to_owned(),
        caption: format!(
            "Losses ranked by the Dice score on held-out images, the best at the top: means over {seeds} {} of {} images each{intervals}. Pictures: one held-out image with {} foreground, and \
             the foreground that a network found in it after training with each loss. Of the first pictures of seed {}, it is the one of middle difficulty.",
            if seeds == 1 { "seed" } else { "seeds" },
            held_out.len(),
            percent_as_set(rarest.share),
            outcomes.config.first_seed
        ),
        columns: if panels.len() == 3 { 3 } else { 2 },
        panels,
    }
}

/// The losses from the best to the last, with their intervals.
fn chart(group: &AtShare<'_>) -> Chart {
    let ranking = &group.ranking;
    // Student's interval may extend beyond 0 and 1, where no score lies.
    let interval = |arm: &usize| {
        let ends = ranking.intervals.get(*arm).copied().flatten();
        ends.map(|ends| ends.map(|end| end.clamp(0.0, 1.0)))
    };
    let series = Series {
        name: String::new(),
        colour: 0,
        look: Look::Dots,
        x: ranking.order.iter().filter_map(|arm| ranking.means.get(*arm).copied()).collect(),
        y: (0..ranking.order.len()).map(|row| Some(row as f64)).collect(),
        spread: ranking.order.iter().map(interval).collect(),
    };
    Chart {
        title: format!("{} foreground", percent_as_set(group.share)),
        x: Axis::linear("mean Dice of held-out images").range(0.0, 1.0),
        y: Axis::named("loss", ranking.names_in_order().into_iter().map(str::to_owned).collect()),
        series: vec![series],
        rules: Vec::new(),
    }
}

/// One image, its truth, and the prediction of each loss, in the order of the ranking.
fn pictures(held_out: &BinarySet, group: &AtShare<'_>) -> Option<Pictures> {
    let ranked = group.ranking.order.iter().filter_map(|arm| group.entries.get(*arm));
    let shown: Vec<(&str, &Vec<Vec<u8>>)> =
        ranked.filter_map(|entry| Some((entry.name(), &entry.first()?.judgement.predictions))).collect();
    let image = of_middle_difficulty(group, shown.first()?.1.len())?;
    let (size, truth) = (held_out.size, held_out.mask(image));
    let mut all: Vec<Picture> = vec![
        noted(grey(held_out.image(image), size, SHOWN), "the image".to_owned()),
        noted(mask(truth, size), "the truth".to_owned()),
    ];
    for (name, predictions) in shown {
        let found = at_half(predictions.get(image)?);
        all.push(noted(
            errors(&found, truth, size),
            format!("{name}: {}", dice_note(&found, truth).replace("Dice ", "")),
        ));
    }
    let rows = all.chunks(PICTURES_IN_ROW).map(|row| PictureRow { name: String::new(), pictures: row.to_vec() });
    Some(Pictures {
        title: format!("One image with {} foreground", percent_as_set(group.share)),
        columns: vec![String::new(); PICTURES_IN_ROW],
        rows: rows.collect(),
        legend: error_legend(),
    })
}

/// Of the pictured images of the first seed, the one with the middle mean Dice over the losses.
fn of_middle_difficulty(group: &AtShare<'_>, pictured: usize) -> Option<usize> {
    let dice = |image: usize| {
        let of_entry = |entry: &Entry<'_>| entry.first()?.judgement.images.get(image)?.metrics.get(name::DICE).copied();
        group.entries.iter().filter_map(of_entry).sum::<f64>()
    };
    let mut images: Vec<(f64, usize)> = (0..pictured).map(|image| (dice(image), image)).collect();
    images.sort_by(|a, b| a.0.total_cmp(&b.0));
    images.get(images.len() / 2).map(|(_, image)| *image)
}
