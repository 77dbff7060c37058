//! Predicted against true sizes: Bland and Altman, *Statistical methods for assessing agreement*, 1986.

use super::Content;
use super::contents::{Part, counted};
use super::distribution::{left_out, rows_of, shown_classes};
use super::facts::power;
use crate::arguments::BothEmpty;
use crate::report::model::{Axis, Chart, Figure, Look, Panel, Rule, Series};
use crate::report::numbers::significant;
use crate::score::metrics::{ClassSummary, PresenceWord, Row};
use crate::tables::{Grid, six, six_or_dash};

/// More images than these are thinned out in the drawing.
const MOST_POINTS: usize = 1500;

/// The sizes of a class: of each image the true and the predicted one.
#[derive(Clone, Debug, PartialEq)]
struct Agreement {
    sizes: Vec<[f64; 2]>,
    /// The mean of predicted − true.
    mean: f64,
    /// The mean ± 1.96 standard deviations, with n − 1; none of one image.
    limits: Option<[f64; 2]>,
}

impl Agreement {
    fn new(sizes: Vec<[f64; 2]>) -> Option<Self> {
        const REACH: f64 = 1.96;
        let count = sizes.len() as f64;
        let differences = || sizes.iter().map(|[truth, predicted]| predicted - truth);
        let mean = differences().sum::<f64>() / count;
        let squares: f64 = differences().map(|difference| (difference - mean).powi(2)).sum();
        let limits = (sizes.len() > 1).then(|| {
            let half = REACH * (squares / (count - 1.0)).sqrt();
            [mean - half, mean + half]
        });
        (!sizes.is_empty()).then_some(Self { sizes, mean, limits })
    }

    /// The points of the drawing: the mean of both sizes, and their difference. Of very many every so manieth, and all beyond the limits.
    fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let every = self.sizes.len().div_ceil(MOST_POINTS).max(1);
        let points = self.sizes.iter().map(|[truth, predicted]| (truth.midpoint(*predicted), predicted - truth));
        let is_beyond = |difference: f64| self.limits.is_some_and(|[low, high]| difference < low || difference > high);
        points.enumerate().filter(move |(place, (_, y))| place % every == 0 || is_beyond(*y)).map(|(_, point)| point)
    }
}

pub(super) fn part(content: &Content<'_>) -> Part {
    let mut part = Part::new("agreement", "Predicted against true sizes");
    let Some(summary) = content.summary else {
        return part.lacking("Not drawn: no image was measured, so there are no sizes of images.");
    };
    let (kind, unit) = match units(&content.measured.rows.0) {
        Ok(units) => units,
        Err(reason) => return part.lacking(reason),
    };
    let mut panels = Vec::new();
    let header = ["images", "mean difference", "lower limit", "upper limit"];
    let mut grid = Grid::of_numbers("class", header);
    let classes = shown_classes(summary);
    for class in &summary.classes {
        let Some(agreement) = Agreement::new(sizes(content, class.class)) else { continue };
        let limits = agreement.limits.map_or([None, None], |limits| limits.map(Some)).map(six_or_dash);
        let [low, high] = limits;
        grid.row(class.label(), [agreement.sizes.len().to_string(), six(agreement.mean), low, high]);
        if agreement.limits.is_none() {
            part.lacking.push(format!("Class {} is not drawn: one image has no limits of agreement.", class.label()));
        } else if classes.iter().any(|shown| shown.class == class.class) {
            panels.push(panel(class, &agreement, kind, &unit, summary.classes.len() > 1));
        }
    }
    if grid.rows.is_empty() {
        return part.lacking("Not drawn: no image has a class in truth or prediction.");
    }
    part.text.extend(left_out(summary));
    if !panels.is_empty() {
        let caption = format!(
            "Bland–Altman: a point is an image; across is the mean of its predicted and true {kind}, upwards predicted − true. The lines are the mean difference and \
             the limits of agreement, 1.96 standard deviations from it: if differences are normal, 95 % of them lie between. Images that have a class neither in truth \
             nor in prediction are left out{}.{}",
            if content.asked.both_empty == BothEmpty::Perfect {
                " unless `--both-empty perfect` counts them, as here"
            } else {
                ""
            },
            if content.measured.rows.0.len() > MOST_POINTS {
                " Of very many images some are drawn, and all beyond the limits; the lines are of all."
            } else {
                ""
            }
        );
        let columns = if panels.len() == 1 { 1 } else { 2 };
        let title = format!("Difference of predicted and true {kind} against their mean");
        part.figures.push(Figure { id: "agreement".to_owned(), title, caption, columns, panels });
    }
    part.table("agreement", format!("Predicted − true {kind}, in {unit}"), &grid, "");
    part
}

/// "volume" and "mm³", for example; or why sizes cannot be compared.
fn units(rows: &[Row]) -> Result<(&'static str, String), String> {
    let mut kinds: Vec<(&str, usize)> = rows.iter().map(|row| (row.unit.as_str(), row.axes)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let name = |axes| match axes {
        2 => "area",
        3 => "volume",
        _ => "size",
    };
    match kinds[..] {
        [("px", axes)] => Ok((name(axes), "pixels".to_owned())),
        [(unit, axes)] => Ok((name(axes), format!("{unit}{}", power(axes)))),
        [] => Err("Not drawn: no image was measured.".to_owned()),
        _ => {
            Err("Not drawn: some images are in mm and others in pixels, or some are areas and others volumes."
                .to_owned())
        }
    }
}

/// The true and predicted sizes of a class, in all images that count.
fn sizes(content: &Content<'_>, class: usize) -> Vec<[f64; 2]> {
    let counts_absent = content.asked.both_empty == BothEmpty::Perfect;
    rows_of(content, class)
        .filter(|row| counts_absent || row.presence != Some(PresenceWord::Absent))
        .filter_map(|row| Some([row.volume(row.truth)?, row.volume(row.predicted)?]))
        .collect()
}

fn panel(class: &ClassSummary, agreement: &Agreement, kind: &str, unit: &str, is_named: bool) -> Panel {
    let rule = |name: &str, at: f64| Rule { name: format!("{name} {}", significant(at, 3)), at, horizontal: true };
    let mut rules = vec![rule("mean", agreement.mean)];
    if let Some([low, high]) = agreement.limits.filter(|[low, high]| low < high) {
        rules.extend([rule("−1.96 SD", low), rule("+1.96 SD", high)]);
    }
    Panel::Chart(Chart {
        title: if is_named {
            format!("class {} ({})", class.label(), counted(agreement.sizes.len(), "image"))
        } else {
            String::new()
        },
        x: Axis::linear(format!("mean of predicted and true {kind} ({unit})")),
        y: Axis::linear(format!("predicted − true ({unit})")),
        series: vec![Series::line("", 0, agreement.points()).look(Look::Dots)],
        rules,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The differences are 1, 2 and 6: the mean 3, the standard deviation √7.
    #[test]
    fn limits_are_those_of_the_standard_deviation() {
        let agreement = Agreement::new(vec![[1.0, 2.0], [10.0, 12.0], [5.0, 11.0]]).unwrap();
        assert_eq!(agreement.mean, 3.0);
        let [low, high] = agreement.limits.unwrap();
        assert!((high - (3.0 + 1.96 * 7_f64.sqrt())).abs() < 1e-12 && (low + high - 6.0).abs() < 1e-12);
        assert_eq!(agreement.points().collect::<Vec<_>>(), [(1.5, 1.0), (11.0, 2.0), (8.0, 6.0)]);
        assert_eq!(Agreement::new(vec![[1.0, 2.0]]).unwrap().limits, None);
        assert_eq!(Agreement::new(Vec::new()), None);
    }

    #[test]
    fn of_very_many_images_all_beyond_the_limits_are_drawn() {
        let mut sizes = vec![[100.0, 101.0]; 4000];
        sizes[1] = [100.0, 900.0];
        let points: Vec<_> = Agreement::new(sizes).unwrap().points().collect();
        assert!(points.len() < MOST_POINTS && points.contains(&(500.0, 800.0)));
    }
}
