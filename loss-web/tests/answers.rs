//! Answers are what `loss-expression` says, and what cannot be answered is refused.

use loss_core::Plane;
use loss_expression::binary::{Inputs, Losses};
use loss_web::answer;
use quickcheck::quickcheck;
use serde_json::{Value, json};

fn asked(request: &Value) -> Value {
    serde_json::from_str(&answer(&request.to_string())).expect("JSON")
}

fn error(request: &Value) -> String {
    asked(request)["error"].as_str().unwrap_or("(none)").to_owned()
}

/// Pixels of a picture, of any bits that make a finite logit.
fn picture(pixels: &[(i16, bool)], scale: u8) -> Value {
    let logits: Vec<f32> = pixels.iter().map(|(logit, _)| f32::from(*logit) / (f32::from(scale) + 700.3)).collect();
    let truth: Vec<u8> = pixels.iter().map(|(_, truth)| (*truth).into()).collect();
    json!({ "width": pixels.len(), "logits": logits, "truth": truth })
}

fn evaluate(expression: &str, picture: &Value) -> Value {
    json!({ "ask": "evaluate", "expression": expression, "picture": picture })
}

const EXPRESSION: &str = "0.7 * focal(gamma=1.5) + bce - 0.25 * tversky(alpha=0.3, beta=0.7, smooth=1)";

quickcheck! {
    fn an_answer_has_the_bits_of_the_library(pixels: Vec<(i16, bool)>, scale: u8) -> bool {
        if pixels.is_empty() {
            return error(&evaluate(EXPRESSION, &picture(&pixels, scale))).contains("no picture");
        }
        let request = picture(&pixels, scale);
        let given = asked(&evaluate(EXPRESSION, &request));
        let logits: Vec<f32> = serde_json::from_value(request["logits"].clone()).unwrap();
        let truth: Vec<bool> = pixels.iter().map(|(_, truth)| *truth).collect();
        let losses = Losses::new(vec![EXPRESSION.parse().unwrap()]);
        let mut sums = losses.accumulator(Inputs::Logits).unwrap();
        let plane = Plane::new(&logits, &truth).unwrap();
        sums.extend(plane.into()).unwrap();
        let finished = sums.finish().unwrap();
        let mut gradient = vec![0.0; logits.len()];
        finished.gradient(1.0).unwrap().write(plane.into(), &mut gradient).unwrap();
        let state: Vec<String> = sums.state().unwrap().iter().map(i64::to_string).collect();
        given["value"].as_f64().unwrap().to_bits() == finished.value().to_bits()
            && serde_json::from_value::<Vec<f32>>(given["gradient"].clone()).unwrap() == gradient
            && given["state"] == json!(state)
            && given["map_of"] == "0.7 * focal(gamma=1.5) + bce"
    }

    fn an_order_moves_no_integer(pixels: Vec<(i16, bool)>, scale: u8, shift: usize) -> bool {
        if pixels.is_empty() {
            return true;
        }
        let mut order: Vec<usize> = (0..pixels.len()).collect();
        order.rotate_left(shift % pixels.len());
        order.reverse();
        let mut request = evaluate(EXPRESSION, &picture(&pixels, scale));
        let before = asked(&request);
        request["order"] = json!(order);
        let after = asked(&request);
        let digits = |of: &Value| of["sums"].as_array().unwrap().iter().map(|sum| sum["digits"].clone()).collect::<Vec<_>>();
        digits(&before) == digits(&after)
            && ["value", "gradient", "map", "state"].into_iter().all(|key| before[key] == after[key])
    }
}

#[test]
fn every_loss_of_a_mask_is_answered_with_curves() {
    let picture = picture(&[(5000, true), (-2000, true), (700, false), (-9000, false)], 3);
    let losses = asked(&json!({ "ask": "losses" }));
    let listed = losses.as_array().unwrap();
    assert_eq!(listed.len(), loss_core::list::all().count());
    for loss in listed {
        let name = loss["name"].as_str().unwrap();
        let answered = asked(&evaluate(name, &picture));
        let curves = asked(&json!({ "ask": "curves", "expression": name, "picture": picture, "pixel": 2 }));
        if loss["group"] == "classes" {
            // One over classes may have the name of one of masks.
            let has_namesake = listed.iter().any(|other| other["name"] == name && other["group"] != "classes");
            assert!(has_namesake || answered["error"].is_string() && curves["error"].is_string(), "{name}");
        } else {
            assert!(answered["value"].is_f64(), "{name}: {answered}");
            assert_eq!(answered["map"].is_array(), loss["group"] == "pixels", "{name}");
            assert_eq!(answered["state"].is_array(), loss["group"] != "ranking", "{name}");
            assert_eq!(curves["foreground"]["value"].as_array().unwrap().len(), 65, "{name}");
            assert_eq!(curves["gradient"], answered["gradient"][2], "{name}");
        }
    }
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let picture = picture(&[(5000, true), (-2000, false)], 3);
    let with = |key: &str, value: Value| {
        let mut changed = picture.clone();
        changed[key] = value;
        error(&evaluate("bce", &changed))
    };
    assert!(with("logits", json!([1e39, 0])).contains("pixel 0 is not finite"), "{}", with("logits", json!([1e39, 0])));
    assert!(with("logits", json!([null, 0])).contains("null"));
    assert!(with("truth", json!([0, 2])).contains("pixel 1 is 2"));
    assert!(with("truth", json!([0])).contains("no picture"));
    assert!(with("width", json!(0)).contains("no picture"));
    assert!(with("weight", json!(1)).contains("unknown field"));
    let wrong = asked(&evaluate("bce + dic", &picture));
    assert_eq!(wrong["column"], 7);
    assert_eq!(
        error(&evaluate("bce + dic", &picture)),
        "bce + dic".parse::<loss_expression::Expression>().unwrap_err().to_string()
    );
    let curves =
        |pixel: usize| error(&json!({ "ask": "curves", "expression": "bce", "picture": picture, "pixel": pixel }));
    assert!(curves(2).contains("no pixel 2") && curves(1) == "(none)");
    assert!(answer("not JSON").contains("error"));
}
