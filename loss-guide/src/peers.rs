//! A loss in other libraries: their calls as expressions, and figures that they gave.

use std::fmt::Write as _;
use std::fs;

use loss_core::list::Facts;
use loss_expression::conventions::CONVENTIONS;
use loss_expression::{BinaryLoss, ClassesLoss, Vocabulary};
use serde_json::Value;

use crate::error::Error;
use crate::repository;
use crate::subject::is_of_classes;

/// Whether a term of an expression is of this loss.
fn names(term: &str, facts: &Facts) -> bool {
    let name = term.rsplit_once("* ").map_or(term, |(_, loss)| loss);
    name.split('(').next().is_some_and(|name| facts.names().any(|other| other == name.trim()))
}

/// Calls of other libraries that are this loss, and the figures of these cases of the reference vectors.
pub(crate) fn peers(facts: &Facts, cases: &[&str]) -> Result<String, Error> {
    let mut rows = String::new();
    for convention in CONVENTIONS {
        let of_classes = convention.of == ClassesLoss::OF;
        let fits = if of_classes {
            is_of_classes(facts) || facts.is_per_class
        } else {
            convention.of == BinaryLoss::OF && !is_of_classes(facts)
        };
        if fits && convention.terms.iter().any(|(term, _)| names(term, facts)) {
            let _ = writeln!(
                rows,
                "| `{}` | `{}` | {} | {} |",
                convention.name,
                convention.expression(),
                convention.grouping(),
                convention.note
            );
        }
    }
    let mut text = String::new();
    if rows.is_empty() {
        text += "No preset of another library contains this loss.\n\n";
    } else {
        text += "Presets compute the numbers of other libraries, with their defaults (`ablation score --convention NAME`, \
                 [`loss_core::conventions`](doc:loss_core/conventions/index.html)):\n\n\
                 <div class=\"wide\">\n\n| preset | expression | pooled or per image | note |\n|---|---|---|---|\n";
        text += &rows;
        text += "\n</div>\n\n";
    }
    if !cases.is_empty() {
        text += "Values that other libraries or publications computed. A test compares this library with them (2·10⁻⁶ relative; gradients as well). \
                 The pixels are files of [`loss-core/tests/vectors`](repo:loss-core/tests/vectors/README.md):\n\n\
                 | call | its value |\n|---|--:|\n";
        let path = repository::path("loss-core/tests/vectors/cases.json");
        let all: Value = serde_json::from_str(&fs::read_to_string(&path).map_err(Error::file(&path))?)?;
        let all = all["cases"].as_array().cloned().unwrap_or_default();
        for name in cases {
            let missing = || Error::Directive {
                page: facts.name.to_owned(),
                line: (*name).to_owned(),
                cause: "no reference case has this name and a value".to_owned(),
            };
            let case = all.iter().find(|case| case["name"] == **name).ok_or_else(missing)?;
            let (source, value) = case["source"].as_str().zip(case["value"].as_f64()).ok_or_else(missing)?;
            let _ = writeln!(text, "| `{source}` | {value:.7} |");
        }
        text.push('\n');
    }
    Ok(text)
}
