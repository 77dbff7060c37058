//! The conclusions that two runs share, and those that changed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::run::results::Results;
use crate::run::statistics::Comparison;

/// The conclusions of both runs; each is a comparison behind a finding.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Conclusions {
    /// The number that both runs have.
    pub(crate) shared: usize,
    pub(crate) changed: Vec<ChangedConclusion>,
    /// The number that only one run has.
    pub(crate) only_in_a: usize,
    pub(crate) only_in_b: usize,
}

/// A comparison with different verdicts in the two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ChangedConclusion {
    pub(crate) section: String,
    pub(crate) metric: String,
    pub(crate) first: String,
    pub(crate) second: String,
    pub(crate) change: ChangeOfMind,
    /// The name of the clearly better arm in each run; `None` if there is no clear difference.
    pub(crate) better_in_a: Option<String>,
    pub(crate) better_in_b: Option<String>,
    /// The two comparisons.
    pub(crate) a: Comparison,
    pub(crate) b: Comparison,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeOfMind {
    /// The second run finds a clear difference, and the first did not.
    NowClear,
    /// The first run found a clear difference, and the second does not.
    NoLongerClear,
    Reversed,
}

/// The section, the metric, the two arms, and the place among several comparisons of this kind.
type Key<'a> = (&'a str, &'a str, &'a str, &'a str, usize);

fn of_run(results: &Results) -> BTreeMap<Key<'_>, (&str, &Comparison)> {
    let mut found = BTreeMap::new();
    for section in &results.sections {
        for comparison in section.findings().flat_map(|finding| &finding.comparisons) {
            let key = |number| (&*section.id, &*comparison.metric, &*comparison.first, &*comparison.second, number);
            let number = (0..).find(|number| !found.contains_key(&key(*number))).unwrap_or(0);
            found.insert(key(number), (section.title.as_str(), comparison));
        }
    }
    found
}

pub(super) fn conclusions(a: &Results, b: &Results) -> Conclusions {
    let (of_a, of_b) = (of_run(a), of_run(b));
    let shared: Vec<_> = of_a.iter().filter_map(|(key, of_a)| Some((of_a, of_b.get(key)?))).collect();
    let changed = |(of_a, of_b): &(&(&str, &Comparison), &(&str, &Comparison))| {
        let ((section, a), (_, b)) = (**of_a, **of_b);
        let change = match (a.better(), b.better()) {
            (None, Some(_)) => ChangeOfMind::NowClear,
            (Some(_), None) => ChangeOfMind::NoLongerClear,
            (Some(one), Some(other)) if one != other => ChangeOfMind::Reversed,
            _ => return None,
        };
        Some(ChangedConclusion {
            section: section.to_owned(),
            metric: a.metric.clone(),
            first: a.first.clone(),
            second: a.second.clone(),
            change,
            better_in_a: a.better().map(str::to_owned),
            better_in_b: b.better().map(str::to_owned),
            a: a.clone(),
            b: b.clone(),
        })
    };
    Conclusions {
        changed: shared.iter().filter_map(changed).collect(),
        only_in_a: of_a.len() - shared.len(),
        only_in_b: of_b.len() - shared.len(),
        shared: shared.len(),
    }
}
