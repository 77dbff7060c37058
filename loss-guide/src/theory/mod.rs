//! Tables and charts of the chapters that need no training: computed by the library when the guide is built.

mod exactness;
mod imbalance;
mod lecture;
mod walkthrough;

use crate::error::Error;
use crate::subject::{Evaluated, Pixels, Subject};

type Make = fn() -> Result<String, Error>;

const PARTS: [(&str, Make); 9] = [
    ("accuracy-trap", imbalance::accuracy),
    ("gradient-shares", imbalance::shares),
    ("loss-curves", imbalance::curves),
    ("weighted-cross-entropy", lecture::weighted),
    ("focal-against-cross-entropy", lecture::focal),
    ("dice-at-overlaps", lecture::overlaps),
    ("nine-pixels", walkthrough::nine),
    ("hundred-pixels", walkthrough::hundred),
    ("worked-sum", exactness::worked),
];

/// The part of this name; `None` if there is none.
pub(crate) fn part(name: &str) -> Option<Result<String, Error>> {
    PARTS.iter().find(|(other, _)| *other == name).map(|(_, make)| make())
}

/// A loss of binary pixels: logits and targets.
fn of_binary(expression: &str, pixels: &[(f32, u8)]) -> Result<Evaluated, Error> {
    let (logits, targets) = pixels.iter().copied().unzip();
    Subject::of_expression(expression, false)?.evaluate(&Pixels { logits, targets, distances: Vec::new() })
}

/// A table in Markdown.
fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
    let rule: Vec<String> =
        columns.iter().enumerate().map(|(at, _)| if at == 0 { "---" } else { "--:" }.to_owned()).collect();
    let rows: String = rows.iter().map(|row| line(row)).collect();
    line(&head) + &line(&rule) + &rows + "\n"
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 99.95 && share < 1.0 {
        format!("{percent:.2} %")
    } else if percent >= 10.0 || percent == 0.0 {
        format!("{percent:.0} %")
    } else if percent >= 1.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.2} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_made() {
        for (name, make) in PARTS {
            let text = make().unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(text.len() > 200, "{name}: {text}");
            assert!(!text.contains("NaN") && !text.contains("inf"), "{name}: {text}");
        }
    }
}
