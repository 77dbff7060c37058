//! Tables and charts of the chapters that need no training: computed by the library when the guide is built.

mod exactness;
mod imbalance;
mod lecture;
mod stability;
mod walkthrough;

use crate::error::Error;
use crate::subject::{Evaluated, Pixels, Subject};

type Make = fn() -> Result<String, Error>;

const PARTS: [(&str, Make); 11] = [
    ("accuracy-trap", imbalance::accuracy),
    ("gradient-shares", imbalance::shares),
    ("loss-curves", imbalance::curves),
    ("weighted-cross-entropy", lecture::weighted),
    ("focal-against-cross-entropy", lecture::focal),
    ("dice-at-overlaps", lecture::overlaps),
    ("nine-pixels", walkthrough::nine),
    ("hundred-pixels", walkthrough::hundred),
    ("worked-sum", exactness::worked),
    ("naive-cross-entropy", stability::cross_entropy),
    ("naive-dice", stability::dice),
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

/// With as many digits as tell it from 0 % and 100 %.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let places = (0..4).find(|&places| {
        let text = format!("{percent:.places$}");
        let shown: f64 = text.parse().unwrap_or(percent);
        (shown - percent).abs() <= 0.02 * percent.min(100.0 - percent)
    });
    format!("{percent:.*} %", places.unwrap_or(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_tell_nearly_all_from_all() {
        assert_eq!([0.999, 0.5, 1.0, 0.001, 0.05].map(percent), ["99.9 %", "50 %", "100 %", "0.1 %", "5 %"]);
    }

    #[test]
    fn every_part_is_made() {
        for (name, make) in PARTS {
            let text = make().unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(text.len() > 200, "{name}: {text}");
            assert!(!text.contains("NaN") && !text.contains(" inf "), "{name}: {text}");
        }
    }
}
