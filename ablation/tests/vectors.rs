//! The reference vectors of loss-core, scored by the program.
//!
//! Each binary case is put into an expression, and its figure compared. A mean over images and channels is the mean
//! over images of a single channel; where the same loss adds a pixel term that is pooled, the program reports both.

#[path = "reference/classes.rs"]
mod classes;
mod common;

use std::path::{Path, PathBuf};

use common::{Folder, number, run};
use serde_json::Value;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../loss-core/tests/vectors")
}

/// A term as an expression, and whether it is a mean over images. `Err`: why the program has no such term.
fn term(term: &Value) -> Result<(String, bool), String> {
    let get = |key: &str| term.get(key).and_then(Value::as_f64);
    let word = |key: &str| term.get(key).and_then(Value::as_str).unwrap_or_default();
    let reduction = || match (word("norm"), get("mask_eps")) {
        ("mean", _) => Ok("reduction=pixels".to_owned()),
        ("valid_mean", _) => Ok("reduction=mean".to_owned()),
        // The gradient of a map is that of its sum.
        ("sum" | "none", _) => Ok("reduction=sum".to_owned()),
        ("mask_mean", Some(epsilon)) => Ok(format!("mean_epsilon={epsilon:?}")),
        (other, _) => Err(format!("norm {other:?}")),
    };
    let coefficient = get("coef").unwrap_or(1.0);
    let (text, per_image) = match word("kind") {
        "bce" => {
            let pos_weight = get("pos_weight").unwrap_or(1.0);
            let smoothing = get("label_smoothing").unwrap_or(0.0);
            (format!("bce(pos_weight={pos_weight:?}, label_smoothing={smoothing:?}, {})", reduction()?), false)
        }
        "focal" => {
            let form = match word("form") {
                "pt_exp_bce" | "" => "exponential",
                "pt_mix" => "mixture",
                "sigmoid_margin" => "margin",
                "split" => "split",
                other => return Err(format!("form {other:?}")),
            };
            let alpha = get("alpha").map_or("none".to_owned(), |alpha| format!("{alpha:?}"));
            let gamma = get("gamma").unwrap_or(f64::NAN);
            (format!("focal(gamma={gamma:?}, alpha={alpha}, form={form}, {})", reduction()?), false)
        }
        "mcc" => (format!("mcc(smooth={:?})", get("eps").unwrap_or(0.0)), false),
        "region" => region(term, &get, &word)?,
        other => return Err(format!("kind {other:?}")),
    };
    Ok((format!("{coefficient:?} * {text}"), per_image))
}

fn region<'a>(
    term: &Value,
    get: &dyn Fn(&str) -> Option<f64>,
    word: &dyn Fn(&'a str) -> &'a str,
) -> Result<(String, bool), String>
where
{
    let scale = get("scale").unwrap_or(f64::NAN);
    let overlap = match (term.get("squared").and_then(Value::as_bool), word("overlap")) {
        (Some(true), _) => "squared",
        (_, "min") => "minimum",
        _ => "product",
    };
    let empty = if word("absent") == "zero_loss" { "zero" } else { "formula" };
    let [alpha, beta, numerator, denominator, floor] =
        ["alpha", "beta", "smooth_nr", "smooth_dr", "clamp_min"].map(|key| get(key).unwrap_or(0.0));
    let arguments = format!(
        "alpha={alpha:?}, beta={beta:?}, smooth_numerator={:?}, smooth_denominator={:?}, floor={:?}, overlap={overlap}, empty={empty}",
        numerator / scale,
        denominator / scale,
        floor / scale,
    );
    let per_image = match word("group") {
        "image_channel" | "image" => true,
        "channel" | "all" => false,
        other => return Err(format!("group {other:?}")),
    };
    match (word("transform"), get("power")) {
        ("", None) => Ok((format!("tversky({arguments})"), per_image)),
        ("", Some(power)) => Ok((format!("focal_tversky(gamma={power:?}, {arguments})"), per_image)),
        ("neg_log", None) => Ok((format!("log_dice(of=tversky, {arguments})"), per_image)),
        (other, _) => Err(format!("transform {other:?}")),
    }
}

/// A case as the program scores it; `Err`: why it cannot.
fn score(case: &Value) -> Result<f64, String> {
    let inputs = &case["inputs"];
    let file = |key: &str| inputs[key]["file"].as_str();
    let encoding = inputs["targets"]["encoding"].as_str().unwrap_or_default();
    match encoding {
        "binary" | "soft" => {}
        "labels" => return classes::score(case),
        other => return Err(format!("targets {other:?}")),
    }
    let (option, input) = match (file("logits"), file("probs")) {
        (Some(logits), _) => ("--logits", logits),
        (_, Some(probs)) => ("--probs", probs),
        _ => return Err("no inputs".to_owned()),
    };
    let terms = case["loss"]["terms"].as_array().ok_or("no terms")?;
    let terms: Vec<(String, bool)> = terms.iter().map(term).collect::<Result<_, _>>()?;
    if let Some(map) = case["map"]["file"].as_str() {
        return score_map(&terms, [option, input, "--targets", file("targets").ok_or("no targets")?], map);
    }
    case["value"].as_f64().ok_or("no value")?;

    let mut arguments = vec!["score", option, input, "--targets", file("targets").ok_or("no targets")?, "--json"];
    if option == "--logits" {
        // Some cases have few pixels, whose logits all lie in [0, 1].
        arguments.push("--small-logits");
    }
    let epsilon = case["loss"]["params"]["eps"].as_f64().map(|epsilon| epsilon.to_string());
    if let (Some(epsilon), "--probs") = (&epsilon, option) {
        arguments.extend(["--epsilon", epsilon]);
    }
    if let Some(mask) = file("mask") {
        arguments.extend(["--mask", mask]);
    }
    let ignore = inputs["targets"]["ignore_value"].as_f64().map(|value| value.to_string());
    if let Some(ignore) = &ignore {
        arguments.extend(["--ignore", ignore]);
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

/// 0 if each value of a map is right, NaN if not.
pub(crate) fn score_map(terms: &[(String, bool)], inputs: [&str; 4], map: &str) -> Result<f64, String> {
    let written = Folder::new();
    let place = written.path("map.npy");
    let expression = terms.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(" + ");
    let options = ["--loss", &expression, "--map", place.to_str().ok_or("a path that is not UTF-8")?];
    let expected = read_f64(&folder().join(map));
    let outcome = run(&folder(), &[&["score"], &inputs[..], &options].concat());
    if expected.iter().any(|loss| loss.abs() > f64::from(f32::MAX)) {
        // There is no number for such a pixel.
        let refusal = outcome.refusal();
        assert!(refusal.contains("larger than the largest f32"), "{refusal}");
        assert!(!place.exists(), "nothing is written");
        return Ok(0.0);
    }
    outcome.text();
    let (.., given) = written.read("map.npy");
    let right =
        |(given, expected): (&f32, &f64)| (f64::from(*given) - expected).abs() <= (2e-6 * expected.abs()).max(1e-37);
    let all_right = given.len() == expected.len() && given.iter().zip(&expected).all(right);
    Ok(if all_right { 0.0 } else { f64::NAN })
}

fn read_f64(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).expect("a file");
    npyz::NpyFile::new(&bytes[..]).expect("an array").into_vec().expect("f64 values")
}

#[test]
fn reference_values_are_reproduced() {
    let text = std::fs::read_to_string(folder().join("cases.json")).expect("the reference cases");
    let cases: Value = serde_json::from_str(&text).expect("JSON");
    let (mut scored, mut wrong) = (Vec::new(), Vec::new());
    for case in cases["cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        match score(case) {
            Err(reason) => eprintln!("not scored: {name}: {reason}"),
            Ok(value) => {
                let expected = case["value"].as_f64().unwrap_or(0.0);
                scored.push(name);
                let right = (value - expected).abs() <= (2e-6 * expected.abs()).max(1e-12);
                if !right {
                    wrong.push(format!("{name}: {value}, expected {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for name in [
        "seed000_bce_dice_probs",
        "torch_bce_pos_weight",
        "smp_dice",
        "smp_mcc",
        "monai_dicefocal_sigmoid",
        "ext_bce_soft",
        "seed001_wce_destroyed",
        "seed001_dice",
        "seed001_focal_plus_dice_corrected",
        "torch_ce_weighted",
        "torch_ce_ignore",
        "torch_ce_none",
        "monai_dice_softmax_nobg",
        "monai_dicece_softmax",
        "monai_gdl_softmax",
        "monai_focal_softmax",
        "smp_dice_multiclass_ignore",
        "kornia_dice_macro",
        "ext_ce",
    ] {
        assert!(scored.contains(&name), "{name} was not scored");
    }
    assert!(scored.len() >= 82, "{} scored", scored.len());
}
