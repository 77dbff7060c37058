//! The part of exercise 4 without training: how much gradient each loss gives to which pixels.

use super::TheoryError;
use super::numbers::{listed, percent, plain, significant};
use super::pixels::{evenly, evenly_by_ratio, logit};
use super::population::{DEVIATION, MEAN, PIXELS, Population, Profile, Stage, profiles};
use crate::run::config::Losses;
use crate::run::model::{Axis, Chart, Figure, Finding, Heat, Panel, Section, Series};

/// The share of foreground in the figure by probability.
const SHARE: f64 = 0.05;
/// The smallest and the largest share of foreground.
const SHARES: [f64; 2] = [0.001, 0.5];
/// The colours cover four decades of pull.
const DECADES: f64 = 1e-4;

pub(super) fn fill(section: &mut Section, losses: &Losses) -> Result<(), TheoryError> {
    let [alpha, beta] = losses.tversky;
    section.text(format!(
        "The gradient can be computed without training, for {} pixels with known logits. At the start all logits are 0. Halfway through training they are \
         normally distributed with standard deviation {}, around {} for foreground and around {} for background (256 quantiles represent each kind). \
         ∂L/∂z is the slope of the loss by one pixel's logit z. Multiplied by the number of pixels N it is comparable between losses. In this report |∂L/∂z|·N is \
         called the pull on the pixel. Dice, IoU and Tversky have smooth = {}; Tversky has α = {} and β = {}, focal has γ = {}.",
        plain(PIXELS),
        plain(DEVIATION),
        plain(MEAN),
        plain(-MEAN),
        plain(losses.smooth),
        plain(alpha),
        plain(beta),
        plain(losses.gamma),
    ));
    let population = Population::new(Stage::Halfway, SHARE);
    let of_population = profiles(losses, &population)?;
    section.figure(by_probability(&of_population));
    section.finding(hardest(&of_population));
    let stages = [Stage::Start, Stage::Halfway];
    section.figure(by_share(losses, stages)?);
    for stage in stages {
        section.finding(rarest(losses, stage)?);
    }
    for foreground in [true, false] {
        section.figure(map(losses, foreground)?);
    }
    Ok(())
}

fn kind(foreground: bool) -> &'static str {
    if foreground { "foreground" } else { "background" }
}

fn by_probability(profiles: &[Profile]) -> Figure {
    let chart = |foreground: bool| {
        let series = profiles.iter().map(|profile| {
            let points = evenly(0.005, 0.995, 199).into_iter().map(|p| (p, profile.pull(logit(p) as f32, foreground)));
            Series::line(profile.name, profile.colour, points.filter(|(_, pull)| *pull > 0.0))
        });
        Panel::Chart(Chart {
            title: format!("A {} pixel", kind(foreground)),
            x: Axis::linear("p of the pixel (probability of foreground)").range(0.0, 1.0),
            y: Axis::log("|∂L/∂z|·N"),
            series: series.collect(),
            rules: Vec::new(),
        })
    };
    Figure {
        id: "gradients-by-probability".to_owned(),
        title: "The pull on a pixel against its probability".to_owned(),
        caption: format!(
            "The pull |∂L/∂z|·N on one of N = {} pixels ({} foreground) halfway through training, by the pixel's own probability; all other pixels stay fixed. \
             Left: a foreground pixel, which is most wrong at p = 0. Right: a background pixel, which is most wrong at p = 1. The scale is logarithmic. Where a \
             line falls towards the wrong end, the loss gives up on the pixels that are most wrong.",
            plain(PIXELS),
            percent(SHARE),
        ),
        columns: 2,
        panels: vec![chart(true), chart(false)],
    }
}

/// The pull on a foreground pixel at p = 0.01, compared with that at one half.
fn hardest(profiles: &[Profile]) -> Finding {
    let wrong = 0.01;
    let ratios: Vec<(&str, f64)> = profiles
        .iter()
        .map(|profile| (profile.name, profile.pull(logit(wrong) as f32, true) / profile.pull(0.0, true)))
        .filter(|(_, ratio)| ratio.is_finite())
        .collect();
    let mut ratios = ratios;
    ratios.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shown: Vec<(String, &str)> = ratios.iter().map(|(name, ratio)| (significant(*ratio, 3), *name)).collect();
    let each: Vec<String> = shown
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|alike| {
            let names: Vec<String> = alike.iter().map(|(_, name)| (*name).to_owned()).collect();
            Some(format!("{} {}", listed(&names), alike.first()?.0))
        })
        .collect();
    Finding::new(format!(
        "Each loss pulls this many times as hard on a badly wrong foreground pixel (p = {}) as on an undecided one (p = 0.5): {}. A number far below 1 means that the \
         loss gives up on such pixels.",
        plain(wrong),
        each.join("; "),
    ))
}

fn by_share(losses: &Losses, stages: [Stage; 2]) -> Result<Figure, TheoryError> {
    let panels: Result<Vec<Panel>, TheoryError> = stages.into_iter().map(|stage| share_chart(losses, stage)).collect();
    Ok(Figure {
        id: "gradients-by-share".to_owned(),
        title: "Who gets the gradient as foreground becomes rare".to_owned(),
        caption: format!(
            "The foreground's share of the gradient, Σ |∂L/∂z| over {} pixels, by the foreground's share of the pixels (logarithmic). Left: the start of training, \
             with every pixel at p = 0.5. Right: halfway. At a height of 0.5 foreground and background pull equally in total. Near 0 the background has nearly \
             all of the gradient.",
            plain(PIXELS),
        ),
        columns: 2,
        panels: panels?,
    })
}

fn share_chart(losses: &Losses, stage: Stage) -> Result<Panel, TheoryError> {
    let mut series: Vec<Series> = Vec::new();
    for share in evenly_by_ratio(SHARES[0], SHARES[1], 41) {
        let population = Population::new(stage, share);
        for (place, profile) in profiles(losses, &population)?.into_iter().enumerate() {
            if series.len() == place {
                series.push(Series::line(profile.name, profile.colour, []));
            }
            if let Some(line) = series.get_mut(place) {
                line.x.push(share);
                line.y.push(Some(profile.foreground_share(&population)).filter(|share| share.is_finite()));
            }
        }
    }
    Ok(Panel::Chart(Chart {
        title: match stage {
            Stage::Start => "Start: all at p = 0.5",
            Stage::Halfway => "Halfway",
        }
        .to_owned(),
        x: Axis::log("foreground's share of the pixels"),
        y: Axis::linear("foreground's share of Σ |∂L/∂z|").range(0.0, 1.0),
        series,
        rules: Vec::new(),
    }))
}

/// The foreground's share of the gradient at the smallest share of pixels.
fn rarest(losses: &Losses, stage: Stage) -> Result<Finding, TheoryError> {
    let population = Population::new(stage, SHARES[0]);
    let each: Vec<String> = profiles(losses, &population)?
        .iter()
        .map(|profile| (profile.name, profile.foreground_share(&population)))
        // A loss without any gradient, such as Tversky with α = β = 0, has no share.
        .filter(|(_, share)| share.is_finite())
        .map(|(name, share)| format!("{name} {}", percent(share)))
        .collect();
    Ok(Finding::new(format!(
        "With {} foreground, {} the foreground's share of the gradient is {}.",
        percent(SHARES[0]),
        match stage {
            Stage::Start => "at the start of training",
            Stage::Halfway => "halfway through training",
        },
        listed(&each),
    )))
}

fn map(losses: &Losses, foreground: bool) -> Result<Figure, TheoryError> {
    let logits = evenly(-8.0, 8.0, 65);
    let shares = evenly_by_ratio(SHARES[0], SHARES[1], 33);
    let mut maps: Vec<(&str, Vec<Vec<Option<f64>>>)> = Vec::new();
    let mut largest: f64 = 0.0;
    for &share in &shares {
        let population = Population::new(Stage::Halfway, share);
        for (place, profile) in profiles(losses, &population)?.into_iter().enumerate() {
            let row: Vec<f64> = logits.iter().map(|&logit| profile.pull(logit as f32, foreground)).collect();
            largest = row.iter().copied().fold(largest, f64::max);
            let row = row.into_iter().map(|pull| Some(pull).filter(|pull| *pull > 0.0)).collect();
            match maps.get_mut(place) {
                Some((_, rows)) => rows.push(row),
                None => maps.push((profile.name, vec![row])),
            }
        }
    }
    // The next power of ten above the largest pull.
    let highest = libm::exp10(libm::ceil(libm::log10(largest.max(f64::MIN_POSITIVE))));
    let panels = maps.into_iter().map(|(name, values)| {
        Panel::Heat(Heat {
            title: name.to_owned(),
            x: Axis::linear("logit z of the pixel"),
            y: Axis::log("foreground's share of the pixels"),
            value: Axis::log("|∂L/∂z|·N").range(highest * DECADES, highest),
            x_values: logits.clone(),
            y_values: shares.clone(),
            values,
        })
    });
    Ok(Figure {
        id: format!("gradients-map-{}", kind(foreground)),
        title: format!("The pull on a {} pixel, by logit and imbalance", kind(foreground)),
        caption: format!(
            "The pull |∂L/∂z|·N on one {} pixel halfway through training, as colour on one logarithmic scale for all panels. Across: the pixel's logit. Up: the \
             foreground's share of all pixels (logarithmic). The pixel is wrong {}. The scale covers {} to {}; smaller values have the colour of its low end. \
             Where the colour does not change upwards, imbalance does not affect the pixel.",
            kind(foreground),
            if foreground { "on the left" } else { "on the right" },
            significant(highest * DECADES, 1),
            significant(highest, 1),
        ),
        columns: 3,
        panels: panels.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::losses;
    use super::*;

    fn chart(panel: &Panel) -> &Chart {
        let Panel::Chart(chart) = panel else { panic!("a chart") };
        chart
    }

    #[test]
    fn bce_pulls_by_what_is_wrong_and_dice_gives_up() {
        let population = Population::new(Stage::Halfway, SHARE);
        let figure = by_probability(&profiles(&losses(), &population).unwrap());
        for (panel, foreground) in figure.panels.iter().zip([true, false]) {
            let chart = chart(panel);
            let [bce, _, dice, ..] = chart.series.as_slice() else { panic!("the losses") };
            for (p, pull) in bce.x.iter().zip(&bce.y) {
                let expected = if foreground { 1.0 - p } else { *p };
                assert!((pull.unwrap() / expected - 1.0).abs() < 1e-4, "{p}");
            }
            // p(1−p) has its maximum in the middle.
            let at = |p: f64| dice.x.iter().zip(&dice.y).find(|(x, _)| (**x - p).abs() < 1e-9).unwrap().1.unwrap();
            assert!(at(0.01) < 0.05 * at(0.5) && at(0.99) < 0.05 * at(0.5));
        }
        let sentence = hardest(&profiles(&losses(), &population).unwrap()).sentence;
        assert!(sentence.contains(" 0.0396. "), "{sentence}");
        assert!(sentence.contains(" BCE 1.98;"), "{sentence}");
    }

    #[test]
    fn bce_starts_with_a_share_by_number() {
        let figure = by_share(&losses(), [Stage::Start, Stage::Halfway]).unwrap();
        let bce = &chart(&figure.panels[0]).series[0];
        for (share, of_gradient) in bce.x.iter().zip(&bce.y) {
            assert!((of_gradient.unwrap() / share - 1.0).abs() < 1e-5, "{share}");
        }
    }

    #[test]
    fn maps_share_one_scale_that_holds_the_largest() {
        for foreground in [true, false] {
            let figure = map(&losses(), foreground).unwrap();
            let mut ranges = Vec::new();
            let mut largest: f64 = 0.0;
            for panel in &figure.panels {
                let Panel::Heat(heat) = panel else { panic!("a map") };
                assert_eq!(heat.values.len(), heat.y_values.len());
                assert!(heat.values.iter().all(|row| row.len() == heat.x_values.len()));
                largest = heat.values.iter().flatten().flatten().copied().fold(largest, f64::max);
                ranges.push(heat.value.range.unwrap());
            }
            assert!(ranges.iter().all(|range| *range == ranges[0]));
            assert!(largest <= ranges[0][1] && largest > ranges[0][1] / 10.0, "{largest}");
        }
    }
}
