//! `ablation compare`: the differences between two runs.

mod conclusions;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::metrics::name::is_better_lower;
use super::results::{ArmResult, Results};
use super::statistics::{Comparison, Summary};
use conclusions::Conclusions;

/// The differences between two runs, called a and b.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RunComparison {
    /// Whether everything is equal: settings, versions, numbers, and the text and figures made of them.
    pub(crate) identical: bool,
    /// Settings by their dotted keys, and the run's `complete` and `exercises`.
    pub(crate) settings: Vec<Change>,
    pub(crate) versions: Vec<Change>,
    /// Arms that only one run has, with their seeds.
    pub(crate) only_in_a: Vec<ArmName>,
    pub(crate) only_in_b: Vec<ArmName>,
    /// The number of arms that both runs have, and the number of these that are equal in everything, seed by seed and step by step.
    pub(crate) shared_arms: usize,
    pub(crate) identical_arms: usize,
    /// The arms that both have and that are not equal.
    pub(crate) arms: Vec<ArmComparison>,
    /// The conclusions of the runs, and where they differ.
    pub(crate) conclusions: Conclusions,
    pub(crate) findings: Vec<ChangedFindings>,
    /// The titles of the sections that differ in anything, findings included, or that only one run has.
    pub(crate) sections: Vec<String>,
}

/// A named item and its value in each run; `None` if it is missing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Change {
    pub(crate) name: String,
    pub(crate) a: Option<Value>,
    pub(crate) b: Option<Value>,
}

/// An arm with all its seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ArmName {
    pub(crate) data: String,
    pub(crate) loss: String,
    pub(crate) seeds: Vec<u64>,
}

/// An arm that both runs have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ArmComparison {
    pub(crate) data: String,
    pub(crate) loss: String,
    /// The seeds that only one run has.
    pub(crate) seeds_only_in_a: Vec<u64>,
    pub(crate) seeds_only_in_b: Vec<u64>,
    /// The metrics after the last step that differ for any seed; empty if only their course or their seeds differ.
    pub(crate) metrics: Vec<MetricComparison>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MetricComparison {
    pub(crate) metric: String,
    /// The summary over all seeds of each run.
    pub(crate) a: Option<Summary>,
    pub(crate) b: Option<Summary>,
    /// The mean of b minus the mean of a; for a pairing by seeds see `paired`.
    pub(crate) difference: Option<f64>,
    /// The comparison over the seeds that both have; `None` without such a seed.
    pub(crate) paired: Option<Comparison>,
}

/// The findings of a section that only one run has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ChangedFindings {
    pub(crate) section: String,
    pub(crate) a: Vec<String>,
    pub(crate) b: Vec<String>,
}

/// Finds the differences between two runs.
pub(crate) fn compare(a: &Results, b: &Results) -> RunComparison {
    let (arms_of_a, arms_of_b) = (arms(a), arms(b));
    let shared = || arms_of_a.iter().filter_map(|(name, of_a)| Some((name, of_a, arms_of_b.get(name)?)));
    let (findings, sections) = sections(a, b);
    RunComparison {
        identical: a == b,
        settings: changes(&settings(a), &settings(b)),
        versions: changes(&versions(a), &versions(b)),
        only_in_a: only(&arms_of_a, &arms_of_b),
        only_in_b: only(&arms_of_b, &arms_of_a),
        shared_arms: shared().count(),
        identical_arms: shared().filter(|(_, of_a, of_b)| of_a == of_b).count(),
        arms: shared()
            .filter(|(_, of_a, of_b)| of_a != of_b)
            .map(|(name, of_a, of_b)| compare_arms(name, of_a, of_b))
            .collect(),
        conclusions: conclusions::conclusions(a, b),
        findings,
        sections,
    }
}

/// The name of an arm: its data and its loss.
type Name<'a> = (&'a str, &'a str);
type BySeed<'a> = BTreeMap<u64, &'a ArmResult>;

fn arms(results: &Results) -> BTreeMap<Name<'_>, BySeed<'_>> {
    let mut arms: BTreeMap<Name<'_>, BySeed<'_>> = BTreeMap::new();
    for arm in &results.arms {
        arms.entry((&arm.exercise_data, &arm.loss)).or_default().insert(arm.seed, arm);
    }
    arms
}

fn only(these: &BTreeMap<Name<'_>, BySeed<'_>>, others: &BTreeMap<Name<'_>, BySeed<'_>>) -> Vec<ArmName> {
    let missing = these.iter().filter(|(name, _)| !others.contains_key(*name));
    missing
        .map(|((data, loss), seeds)| ArmName {
            data: (*data).to_owned(),
            loss: (*loss).to_owned(),
            seeds: seeds.keys().copied().collect(),
        })
        .collect()
}

fn compare_arms((data, loss): &Name<'_>, a: &BySeed<'_>, b: &BySeed<'_>) -> ArmComparison {
    let seeds_only_in = |these: &BySeed<'_>, others: &BySeed<'_>| {
        these.keys().copied().filter(|seed| !others.contains_key(seed)).collect::<Vec<u64>>()
    };
    let metrics: BTreeSet<&String> = a.values().chain(b.values()).flat_map(|arm| arm.metrics.keys()).collect();
    ArmComparison {
        data: (*data).to_owned(),
        loss: (*loss).to_owned(),
        seeds_only_in_a: seeds_only_in(a, b),
        seeds_only_in_b: seeds_only_in(b, a),
        metrics: metrics.into_iter().filter_map(|metric| compare_metric(metric, a, b)).collect(),
    }
}

fn compare_metric(metric: &str, a: &BySeed<'_>, b: &BySeed<'_>) -> Option<MetricComparison> {
    let seeds: BTreeSet<u64> = a.keys().chain(b.keys()).copied().collect();
    let values = |arms: &BySeed<'_>| -> Vec<Option<f64>> {
        seeds.iter().map(|seed| arms.get(seed).and_then(|arm| arm.metrics.get(metric).copied().flatten())).collect()
    };
    let (of_a, of_b) = (values(a), values(b));
    if of_a == of_b {
        return None;
    }
    let (summary_a, summary_b) = (Summary::new(&of_a), Summary::new(&of_b));
    let paired = Comparison::new(metric, !is_better_lower(metric), ("a", &of_a), ("b", &of_b));
    Some(MetricComparison {
        metric: metric.to_owned(),
        a: summary_a,
        b: summary_b,
        difference: summary_a.zip(summary_b).map(|(a, b)| b.mean - a.mean),
        paired: Some(paired).filter(|paired| paired.seeds() > 0),
    })
}

fn settings(results: &Results) -> BTreeMap<String, Value> {
    let mut settings = BTreeMap::new();
    flatten("", &serde_json::to_value(&results.configuration).unwrap_or_default(), &mut settings);
    settings.insert("complete".to_owned(), results.complete.into());
    settings.insert("exercises".to_owned(), results.exercises.clone().into());
    settings
}

/// Turns objects into dotted keys; lists stay whole.
fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&key, value, into);
            }
        }
        other => {
            into.insert(prefix.to_owned(), other.clone());
        }
    }
}

fn versions(results: &Results) -> BTreeMap<String, Value> {
    results.versions.iter().map(|(name, version)| (name.clone(), version.clone().into())).collect()
}

fn changes(a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>) -> Vec<Change> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names
        .into_iter()
        .filter(|name| a.get(*name) != b.get(*name))
        .map(|name| Change { name: name.clone(), a: a.get(name).cloned(), b: b.get(name).cloned() })
        .collect()
}

/// The changed findings, and the titles of all changed sections, in the order of a, then of b.
fn sections(a: &Results, b: &Results) -> (Vec<ChangedFindings>, Vec<String>) {
    let new_in_b = b.sections.iter().filter(|section| a.sections.iter().all(|other| other.id != section.id));
    let (mut findings, mut titles) = (Vec::new(), Vec::new());
    for section in a.sections.iter().chain(new_in_b) {
        let find = |results: &'_ Results| results.sections.iter().position(|other| other.id == section.id);
        let in_a = find(a).and_then(|index| a.sections.get(index));
        let in_b = find(b).and_then(|index| b.sections.get(index));
        if in_a == in_b {
            continue;
        }
        titles.push(section.title.clone());
        let sentences = |section: Option<&super::model::Section>| -> Vec<String> {
            section.map_or(Vec::new(), |section| section.findings().map(|finding| finding.sentence.clone()).collect())
        };
        let (of_a, of_b) = (sentences(in_a), sentences(in_b));
        let without = |these: &[String], others: &[String]| -> Vec<String> {
            these.iter().filter(|sentence| !others.contains(sentence)).cloned().collect()
        };
        let (only_a, only_b) = (without(&of_a, &of_b), without(&of_b, &of_a));
        if !only_a.is_empty() || !only_b.is_empty() {
            findings.push(ChangedFindings { section: section.title.clone(), a: only_a, b: only_b });
        }
    }
    (findings, titles)
}
