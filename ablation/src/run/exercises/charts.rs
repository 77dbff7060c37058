//! Charts that several exercises share.

use crate::run::model::{Axis, Chart, Figure, Panel, Series};
use crate::run::outcomes::Entry;
use crate::run::statistics;
use crate::run::training::FOLLOWED;

/// With more bands than this, they hide each other.
const MOST_BANDS: usize = 5;

/// A panel for each metric, a line for each entry.
pub(super) fn histories(id: &str, title: &str, entries: &[Entry<'_>], metrics: &[&str]) -> Figure {
    let has_bands = entries.len() <= MOST_BANDS;
    let series = |metric: &str| {
        let all = entries.iter().map(|entry| entry.history(metric)).filter(|series| !series.x.is_empty());
        all.map(|series| if has_bands { series } else { Series { spread: Vec::new(), ..series } }).collect()
    };
    let panel = |metric: &&str| {
        Panel::Chart(Chart {
            title: (*metric).to_owned(),
            x: step_axis(entries),
            y: Axis::linear(*metric).range(0.0, 1.0),
            series: series(metric),
            rules: Vec::new(),
        })
    };
    let spread = if has_bands {
        ", bands from the smallest to the largest seed"
    } else {
        "; the table below gives their spread after the last step"
    };
    let metrics_named = statistics::capitalised(&metrics.join(", "));
    Figure {
        id: id.to_owned(),
        title: title.to_owned(),
        caption: format!(
            "{metrics_named} by step, on the first held-out images (at most {FOLLOWED}): means over seeds{spread}."
        ),
        columns: metrics.len().min(3),
        panels: metrics.iter().map(panel).collect(),
    }
}

/// From the beginning to the last step.
pub(super) fn step_axis(entries: &[Entry<'_>]) -> Axis {
    let last = entries.iter().flat_map(Entry::trained).map(|trained| trained.steps.len()).max();
    let axis = Axis::linear("optimiser step");
    match last {
        Some(last) if last > 0 => axis.range(0.0, last as f64),
        _ => axis,
    }
}
