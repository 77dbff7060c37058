//! What the native library says of pixels: reads a line of JSON for each case, and writes one.
//!
//! It calls `loss-expression` directly and shares nothing with what the page is made of, so that the page can be compared with it.
//!
//!     {"expression": "bce", "width": 2, "logits": [1.5, -2.0], "truth": [1, 0]}

use std::error::Error;
use std::io::{BufRead, Write};

use loss_core::boundary::distance::{scratch_length, signed_distance_map};
use loss_core::{Confusion, Plane};
use loss_expression::binary::{Inputs, Losses, Pixels};
use loss_expression::{Expression, ExpressionError};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Case {
    expression: String,
    width: usize,
    logits: Vec<f32>,
    truth: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        let said = match case.expression.parse() {
            Ok(expression) => evaluate(expression, &case).unwrap_or_else(|error| json!({ "error": error.to_string() })),
            Err(error) => {
                let error: ExpressionError = error;
                json!({ "error": error.to_string(), "column": error.column() })
            }
        };
        writeln!(output, "{said}")?;
    }
    Ok(())
}

fn evaluate(expression: Expression, case: &Case) -> Result<Value, Box<dyn Error>> {
    let Case { width, logits, truth, .. } = case;
    let mask: Vec<bool> = truth.iter().map(|&truth| truth != 0).collect();
    let mut distances = vec![0.0; logits.len()];
    signed_distance_map(&mask, *width, logits.len() / width, &mut vec![0; scratch_length(*width)], &mut distances)?;
    let pixels = Pixels::from(Plane::new(logits, &mask)?).with_distances(&distances)?;

    let written = expression.to_string();
    let losses = Losses::new(vec![expression]);
    let mut sums = losses.accumulator(Inputs::Logits)?;
    sums.extend(pixels)?;
    let finished = sums.finish()?;
    let mut gradient = vec![0.0; logits.len()];
    finished.gradient(1.0).ok_or("no gradient")?.write(pixels, &mut gradient)?;
    let mut map = vec![0.0; logits.len()];
    let has_map = losses.write_map(Inputs::Logits, pixels, &mut map)?;
    Ok(json!({
        "expression": written,
        "value": finished.value(),
        "parts": finished.values()[0].parts,
        "soft": confusion(finished.soft()),
        "hard": confusion(finished.hard()),
        "gradient": numbers(&gradient),
        "map": has_map.then(|| numbers(&map)),
        "state": sums.state().map(|state| state.iter().map(i64::to_string).collect::<Vec<_>>()),
        "fingerprint": format!("{:016x}", sums.fingerprint()),
    }))
}

/// `f64` holds every `f32`.
fn numbers(of: &[f32]) -> Vec<f64> {
    of.iter().map(|&number| number.into()).collect()
}

fn confusion(of: Confusion) -> Value {
    json!({
        "true_positive": of.true_positive,
        "false_positive": of.false_positive,
        "false_negative": of.false_negative,
        "true_negative": of.true_negative,
        "dice": of.dice(),
        "iou": of.iou(),
        "precision": of.precision(),
        "recall": of.recall(),
        "accuracy": of.accuracy(),
    })
}
