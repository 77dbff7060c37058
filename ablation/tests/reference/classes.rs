//! The cases over classes, put into expressions.

use serde_json::Value;

use crate::common::{number, run};
use crate::{folder, score_map};

/// A term as an expression, and whether it is a mean over images. `Err`: why the program has no such term.
fn term(term: &Value) -> Result<(String, bool), String> {
    let get = |key: &str| term.get(key).and_then(Value::as_f64);
    let word = |key: &str| term.get(key).and_then(Value::as_str).unwrap_or_default();
    let reduction = || match word("norm") {
        "weighted_mean" => Ok("weighted_mean"),
        "valid_mean" => Ok("mean"),
        "mean" => Ok("pixels"),
        "mean_over_pixels_and_channels" => Ok("pixels_and_classes"),
        // The gradient of a map is that of its sum.
        "sum" | "none" => Ok("sum"),
        other => Err(format!("norm {other:?}")),
    };
    let foreground_only = term.get("include_background").and_then(Value::as_bool) == Some(false);
    let classes = if foreground_only { "foreground" } else { "all" };
    let (text, per_image) = match word("kind") {
        "ce" => {
            let smoothing = get("label_smoothing").unwrap_or(0.0);
            (format!("ce(label_smoothing={smoothing:?}, reduction={})", reduction()?), false)
        }
        "softmax_focal" if foreground_only => return Err("a softmax without background".to_owned()),
        "softmax_focal" => {
            (format!("focal(gamma={:?}, reduction={})", get("gamma").unwrap_or(f64::NAN), reduction()?), false)
        }
        "generalized_dice" => {
            let [numerator, denominator] = ["smooth_nr", "smooth_dr"].map(|key| get(key).unwrap_or(0.0));
            let per_image = term.get("batch").and_then(Value::as_bool) != Some(true);
            let smoothing = format!("smooth_numerator={numerator:?}, smooth_denominator={denominator:?}");
            (format!("gdl(weight={}, {smoothing}, classes={classes})", word("w_type")), per_image)
        }
        "region" => {
            if !["", "mean"].contains(&word("reduction")) || word("activation") != "softmax" {
                return Err("reduced otherwise".to_owned());
            }
            let (scale, power) = (get("scale").unwrap_or(f64::NAN), get("power"));
            let overlap = match (term.get("squared").and_then(Value::as_bool), word("overlap")) {
                (Some(true), _) => "squared",
                (_, "min") => "minimum",
                _ => "product",
            };
            let absent = match word("absent") {
                "zero_loss" => "zero",
                "skip" => "skip",
                _ => "count",
            };
            let (average, per_image) = match word("group") {
                "image_channel" => ("macro", true),
                "channel" => ("macro", false),
                "image" => ("micro", true),
                "all" => ("micro", false),
                other => return Err(format!("group {other:?}")),
            };
            let [alpha, beta, numerator, denominator, floor] =
                ["alpha", "beta", "smooth_nr", "smooth_dr", "clamp_min"].map(|key| get(key).unwrap_or(0.0));
            let arguments = format!(
                "alpha={alpha:?}, beta={beta:?}, smooth_numerator={:?}, smooth_denominator={:?}, floor={:?}, \
                 overlap={overlap}, absent={absent}, average={average}, classes={classes}",
                numerator / scale,
                denominator / scale,
                floor / scale,
            );
            let text = match (word("transform"), power, word("power_on")) {
                ("", None, _) => format!("tversky({arguments})"),
                ("", Some(power), "" | "group") => format!("focal_tversky(gamma={power:?}, {arguments})"),
                other => return Err(format!("transform {other:?}")),
            };
            (text, per_image)
        }
        other => return Err(format!("kind {other:?}")),
    };
    Ok((format!("{:?} * {text}", get("coef").unwrap_or(1.0)), per_image))
}

/// A case as the program scores it; `Err`: why it cannot.
pub fn score(case: &Value) -> Result<f64, String> {
    let inputs = &case["inputs"];
    let file = |key: &str| inputs[key]["file"].as_str();
    let (logits, targets) = (file("logits").ok_or("no logits")?, file("targets").ok_or("no targets")?);
    let terms_of_case = case["loss"]["terms"].as_array().ok_or("no terms")?;
    let terms: Vec<(String, bool)> = terms_of_case.iter().map(term).collect::<Result<_, _>>()?;
    if let Some(map) = case["map"]["file"].as_str() {
        return score_map(&terms, ["--logits", logits, "--targets", targets], map);
    }
    case["value"].as_f64().ok_or("no value")?;

    // Some cases have few pixels, whose logits all lie in [0, 1].
    let mut arguments = vec!["score", "--logits", logits, "--targets", targets, "--small-logits", "--json"];
    let weights = terms_of_case.iter().find_map(|term| term.get("class_weights")?.as_array());
    let weights = weights.map(|weights| weights.iter().map(Value::to_string).collect::<Vec<_>>().join(","));
    if let Some(weights) = &weights {
        arguments.extend(["--class-weights", weights]);
    }
    let ignored =
        terms_of_case.iter().find_map(|term| term.get("ignore_index")?.as_i64()).map(|label| label.to_string());
    if let Some(ignored) = &ignored {
        arguments.extend(["--ignore", ignored]);
    }
    terms.iter().for_each(|(text, _)| arguments.extend(["--loss", text]));
    if terms.iter().any(|(_, per_image)| *per_image) {
        arguments.extend(["--per-image", "--empty-images", "count"]);
    }
    let json = run(&folder(), &arguments).json();
    let value = |(index, (_, per_image)): (usize, &(String, bool))| {
        let place = match (per_image, json.get("pooled")) {
            (true, _) => "mean_over_images/losses",
            (false, Some(_)) => "pooled/losses",
            (false, None) => "losses",
        };
        number(&json, &format!("{place}/{index}/value"))
    };
    Ok(terms.iter().enumerate().map(value).sum())
}
