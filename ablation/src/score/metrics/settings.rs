//! What the values of a row depend on beside the pixels. A row says it, so that values of other settings are not compared.

use loss_metrics::facts::{Group, Metric};
use loss_metrics::surface::Width;

use super::Asked;
use crate::arguments::ScoreArguments;
use crate::score::inputs::Geometry;

/// The settings of the values of a file's rows, such as `tolerance=1 points=voxels spacing=3,0.8,0.8`.
pub(super) fn of(arguments: &ScoreArguments, asked: &Asked, geometry: &Geometry) -> String {
    let listed = |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
    let width = match asked.width {
        Width::Pixels(pixels) => pixels.to_string(),
        _ => "share".to_owned(),
    };
    let has_probabilities = arguments.prediction.is_empty();
    let settings = [
        ("beta", Some(asked.beta.to_string())),
        ("tolerance", Some(asked.tolerance.to_string())),
        ("points", Some(asked.points_word().to_owned())),
        ("boundary_width", Some(width)),
        ("connectivity", Some(asked.connectivity_word().to_owned())),
        ("spacing", Some(listed(&geometry.spacing))),
        ("threshold", has_probabilities.then(|| arguments.threshold().to_string())),
        ("class_weights", arguments.class_weights.as_ref().map(|weights| weights.to_string().replace(' ', ""))),
    ];
    let is_used = |name: &str| {
        asked.metrics.iter().any(|metric| concerns(name, Some(*metric))) || (has_probabilities && concerns(name, None))
    };
    let texts = settings.into_iter().filter(|(name, _)| is_used(name));
    texts.filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect::<Vec<_>>().join(" ")
}

/// The name of a setting that a value, a metric or a loss, depends on and that differs, with what it is in both.
pub(crate) fn difference<'a>(a: &'a str, b: &'a str, value: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let metric = Metric::find(value);
    let parse = |text: &'a str| text.split_whitespace().filter_map(|setting| setting.split_once('='));
    let find = |text: &'a str, name: &str| parse(text).find(|(other, _)| *other == name).map(|(_, value)| value);
    let names = parse(a).chain(parse(b)).map(|(name, _)| name).filter(|name| concerns(name, metric));
    // A file of rows that says nothing was written by another program.
    let mut names = names.filter(|_| !a.is_empty() && !b.is_empty());
    names.find_map(|name| {
        let (a, b) = (find(a, name).unwrap_or("none"), find(b, name).unwrap_or("none"));
        (a != b).then_some((name, a, b))
    })
}

/// Whether a metric, or else a loss, depends on a setting.
fn concerns(setting: &str, metric: Option<Metric>) -> bool {
    let Some(metric) = metric else { return setting == "class_weights" };
    let group = metric.facts().group;
    let is_distance = group == Group::Surface && metric != Metric::BoundaryIou;
    match setting {
        "beta" => metric == Metric::FBeta,
        "tolerance" => metric == Metric::SurfaceDice,
        "points" | "spacing" => is_distance,
        "boundary_width" => metric == Metric::BoundaryIou,
        "connectivity" => group == Group::Instances,
        "threshold" => group != Group::Calibration,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_differ_for_the_values_that_depend_on_them() {
        let (a, b) = ("tolerance=1 points=voxels", "tolerance=2 points=voxels beta=2");
        assert_eq!(difference(a, b, "nsd"), Some(("tolerance", "1", "2")));
        assert_eq!(difference(a, b, "f_beta"), Some(("beta", "none", "2")));
        for value in ["hd95", "dice", "bce + dice"] {
            assert_eq!(difference(a, b, value), None, "{value}");
        }
        assert_eq!(difference("class_weights=1,2", "threshold=0.5", "ce"), Some(("class_weights", "1,2", "none")));
        assert_eq!(difference("", b, "nsd"), None);
    }
}
