//! The comparison of runs as text.

use std::fmt::Write;

use serde_json::Value;

use super::conclusions::{ChangeOfMind, ChangedConclusion, Conclusions};
use super::{ArmName, Change, MetricComparison, RunComparison};
use crate::report::numbers::{decimals_for, number};
use crate::run::statistics::{Comparison, Verdict};
use crate::tables::{left, right, six, table, trimmed};

impl RunComparison {
    /// The lines of text, with a line break at the end.
    pub(crate) fn text(&self) -> String {
        if self.identical {
            return "The two runs are identical.\n".to_owned();
        }
        let parts = [
            changed("Settings that differ:", "setting", &self.settings),
            changed("Versions that differ:", "program", &self.versions),
            listed("Arms only in a:", &self.only_in_a),
            listed("Arms only in b:", &self.only_in_b),
            self.conclusions(),
            self.arms_in_short(),
            self.metrics(),
            self.findings(),
            self.other_sections(),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("\n\n") + "\n"
    }

    /// Indented JSON, with a line break at the end.
    pub(crate) fn json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    fn arms_in_short(&self) -> String {
        let mut text = match self.shared_arms {
            0 => "No arm is in both runs.".to_owned(),
            shared => format!("{} of {shared} arms that both runs have are identical.", self.identical_arms),
        };
        for arm in &self.arms {
            let (data, loss) = (&arm.data, &arm.loss);
            for (run, seeds) in [("a", &arm.seeds_only_in_a), ("b", &arm.seeds_only_in_b)] {
                if !seeds.is_empty() {
                    let _ = write!(text, "\n{data}, {loss}: only {run} has {}.", seeds_text(seeds));
                }
            }
            if arm.metrics.is_empty() && arm.seeds_only_in_a.is_empty() && arm.seeds_only_in_b.is_empty() {
                let _ = write!(text, "\n{data}, {loss}: equal after the last step, but not on the way there.");
            }
        }
        text
    }

    /// The conclusions of one run that the other does not share.
    fn conclusions(&self) -> String {
        let Conclusions { shared, changed, only_in_a, only_in_b } = &self.conclusions;
        let mut text = match (*shared, changed.len()) {
            (0, _) if *only_in_a + *only_in_b == 0 => return String::new(),
            (0, _) => "The runs compare no two losses in the same way, so they share no conclusion.".to_owned(),
            (shared, 0) => format!("No conclusion changed: both runs draw the same {shared}."),
            (shared, changed) => format!("{changed} of {shared} conclusions changed:"),
        };
        for conclusion in changed {
            let ChangedConclusion { section, metric, first, second, change, a, b, .. } = conclusion;
            let how = match change {
                ChangeOfMind::NowClear => "clear in b alone",
                ChangeOfMind::NoLongerClear => "clear in a alone",
                ChangeOfMind::Reversed => "reversed",
            };
            let _ = write!(text, "\n  {section}: {first} and {second} in {metric}, {how}");
            for (run, comparison) in [("a", a), ("b", b)] {
                let _ = write!(text, "\n    {run}: {}", comparison.sentence());
            }
        }
        for (run, count) in [("a", *only_in_a), ("b", *only_in_b)] {
            if count > 0 {
                let _ = write!(text, "\n{count} more are in {run} alone.");
            }
        }
        text
    }

    fn metrics(&self) -> String {
        if self.arms.iter().all(|arm| arm.metrics.is_empty()) {
            return String::new();
        }
        let mut rows = table([
            left("data"),
            left("loss"),
            left("metric"),
            right("a"),
            right("b"),
            right("b − a"),
            right("95 % interval"),
            left("over the shared seeds"),
        ]);
        for arm in &self.arms {
            for metric in &arm.metrics {
                let mean =
                    |summary: Option<super::Summary>| summary.map_or("–".to_owned(), |summary| six(summary.mean));
                let (interval, verdict) = verdict(metric);
                rows.add_row([
                    left(&arm.data),
                    left(&arm.loss),
                    left(&metric.metric),
                    right(mean(metric.a)),
                    right(mean(metric.b)),
                    right(metric.difference.map_or("–".to_owned(), |value| number(value, decimals_for(value, 3)))),
                    right(interval),
                    left(verdict),
                ]);
            }
        }
        format!("Metrics after the last step that differ, as means over the seeds of each run:\n{}", trimmed(&rows))
    }

    fn findings(&self) -> String {
        let mut text = String::new();
        for changed in &self.findings {
            let _ = write!(text, "\n  {}", changed.section);
            for (run, sentences) in [("a", &changed.a), ("b", &changed.b)] {
                for sentence in sentences {
                    let _ = write!(text, "\n    {run}: {sentence}");
                }
            }
        }
        if text.is_empty() { text } else { format!("Findings that differ:{text}") }
    }

    fn other_sections(&self) -> String {
        let others: Vec<&str> = self
            .sections
            .iter()
            .filter(|title| self.findings.iter().all(|changed| changed.section != **title))
            .map(String::as_str)
            .collect();
        match others.is_empty() {
            true => String::new(),
            false => {
                format!("Sections with the same findings, but other text, tables or figures: {}.", others.join("; "))
            }
        }
    }
}

fn changed(heading: &str, what: &str, changes: &[Change]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let mut rows = table([left(what), left("a"), left("b")]);
    let shown = |value: &Option<Value>| match value {
        None => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    for change in changes {
        rows.add_row([left(&change.name), left(shown(&change.a)), left(shown(&change.b))]);
    }
    format!("{heading}\n{}", trimmed(&rows))
}

fn listed(heading: &str, arms: &[ArmName]) -> String {
    if arms.is_empty() {
        return String::new();
    }
    let line = |arm: &ArmName| format!("\n  {}, {} ({})", arm.data, arm.loss, seeds_text(&arm.seeds));
    format!("{heading}{}", arms.iter().map(line).collect::<String>())
}

fn seeds_text(seeds: &[u64]) -> String {
    let numbers: Vec<String> = seeds.iter().map(u64::to_string).collect();
    format!("seed{} {}", if seeds.len() == 1 { "" } else { "s" }, numbers.join(", "))
}

/// The interval of the paired difference, and its verdict.
fn verdict(metric: &MetricComparison) -> (String, String) {
    let dash = || "–".to_owned();
    let Some(paired) = &metric.paired else { return (dash(), "no shared seed".to_owned()) };
    let Some([low, high]) = paired.interval() else { return (dash(), "one seed: no conclusion".to_owned()) };
    let decimals = decimals_for(if high > low { (high - low) / 2.0 } else { high }, 2);
    let interval = format!("[{}, {}]", number(low, decimals), number(high, decimals));
    (interval, in_words(paired).to_owned())
}

fn in_words(paired: &Comparison) -> &'static str {
    if paired.differences.iter().all(|difference| *difference == 0.0) {
        return "equal";
    }
    match paired.verdict {
        Verdict::SecondHigher => "b is higher",
        Verdict::FirstHigher => "a is higher",
        Verdict::NoClearDifference => "no clear difference",
    }
}
