//! Compares the library with every case of `vectors/` (or of the folder named by `LOSS_VECTORS`).

mod arrays;
mod binary;
mod classes;
mod compare;
mod series;
mod sorted;
mod vocabulary;

use std::path::PathBuf;

use binary::{Data, Evaluation};
use compare::Checks;
use vocabulary::{Case, Cases, Inputs, Term, Value};

fn folder() -> PathBuf {
    std::env::var_os("LOSS_VECTORS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"), PathBuf::from)
}

fn evaluate(case: &Case, terms: &[Term], inputs: &Inputs) -> Evaluation {
    let epsilon = case.loss.params.get("eps").and_then(serde_json::Value::as_f64).unwrap_or(1e-7);
    binary::evaluate(&Data::read(&folder(), inputs, epsilon), terms)
}

fn check(case: &Case, checks: &mut Checks) {
    checks.start(&case.name);
    if let Some(series) = &case.series {
        series::check(&folder(), series, checks);
    }
    let mut total = 0.0;
    for stage in &case.stages {
        let evaluation = evaluate(case, &stage.terms, &stage.inputs);
        let value = evaluation.value.expect("a stage has a value");
        checks.value(&stage.stage, value, stage.loss);
        total += stage.lambda * value;
        if let Some(file) = &stage.grad_of_total {
            let gradient: Vec<f32> =
                evaluation.gradient.iter().map(|&slope| (stage.lambda * f64::from(slope)) as f32).collect();
            checks.gradient(&gradient, &arrays::read_f64(&folder(), file));
        }
    }
    let evaluation = case.loss.terms.as_ref().map(|terms| evaluate(case, terms, &case.inputs));
    match (&case.value, &evaluation) {
        (Some(Value::Number(expected)), Some(evaluation)) => match &evaluation.value {
            Ok(value) => checks.value("value", *value, *expected),
            Err(error) => checks.fail(format!("expected {expected:e}, got the error: {error}")),
        },
        (Some(Value::Number(expected)), None) => checks.value("total", total, *expected),
        (Some(Value::Text(text)), Some(evaluation)) => {
            assert_eq!(text, "nan", "{}: an unknown value", case.name);
            if let Ok(value) = evaluation.value {
                checks.fail(format!("expected an error, got {value:e}"));
            }
        }
        (Some(Value::Text(_)), None) => checks.fail("a value without terms".to_owned()),
        (None, _) => {}
    }
    let Some(evaluation) = evaluation else { return };
    if let Some(map) = &case.map {
        checks.map(&evaluation.map, &arrays::read_f64(&folder(), &map.file));
    }
    if let Some(file) = &case.grad {
        checks.gradient(&evaluation.gradient, &arrays::read_f64(&folder(), file));
    }
    if let Some(summary) = &case.grad_summary {
        let width = case.inputs.logits.as_ref().and_then(|file| file.shape.last().copied()).expect("logits");
        let read = |file: &Option<String>| file.as_ref().map(|file| arrays::read_f64(&folder(), file));
        checks.summary(&evaluation.gradient, width, summary, read(&summary.row_sums), read(&summary.column_sums));
    }
}

#[test]
fn every_case() {
    let path = folder().join("cases.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Cases = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut checks = Checks::default();
    for case in &cases.cases {
        check(case, &mut checks);
    }
    println!("{} cases, {} figures compared", cases.cases.len(), checks.compared());
    checks.finish();
}
