use super::*;
use crate::run::model::{Block, Finding};
use crate::run::results::tests::example;

/// The comparison of the example with what a change makes of it.
fn changed(change: impl Fn(&mut Results)) -> RunComparison {
    let a = example();
    let mut b = a.clone();
    change(&mut b);
    compare(&a, &b)
}

#[test]
fn identical_runs() {
    let comparison = changed(|_| {});
    assert!(comparison.identical);
    assert_eq!((comparison.shared_arms, comparison.identical_arms), (2, 2));
    assert!(comparison.settings.is_empty() && comparison.arms.is_empty() && comparison.sections.is_empty());
    assert_eq!(comparison.text(), "The two runs are identical.\n");
}

#[test]
fn a_changed_setting_and_version() {
    let comparison = changed(|b| {
        b.configuration.data.noise = 0.5;
        b.configuration.losses.own.push("bce".to_owned());
        b.versions.insert("burn".to_owned(), "0.23.0".to_owned());
        b.versions.insert("ablation".to_owned(), "0.1.0".to_owned());
        b.complete = false;
    });
    assert!(!comparison.identical);
    let names = |changes: &[Change]| changes.iter().map(|change| change.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&comparison.settings), ["complete", "data.noise", "losses.own"]);
    assert_eq!(
        (comparison.settings[1].a.clone(), comparison.settings[1].b.clone()),
        (Some(0.4.into()), Some(0.5.into()))
    );
    assert_eq!(names(&comparison.versions), ["ablation", "burn"]);
    assert_eq!(comparison.versions[0].a, None);
    let text = comparison.text();
    assert!(text.contains("Settings that differ:\n"), "{text}");
    assert!(text.lines().any(|line| line.split_whitespace().eq(["data.noise", "0.4", "0.5"])), "{text}");
    assert!(text.contains("2 of 2 arms that both runs have are identical."), "{text}");
    assert!(!text.contains("Metrics after"), "{text}");
}

#[test]
fn a_changed_metric() {
    let comparison = changed(|b| {
        for (arm, shift) in b.arms.iter_mut().filter(|arm| arm.loss == "BCE").zip([0.05, 0.051, 0.049]) {
            let dice = arm.metrics.get_mut("Dice").unwrap();
            *dice = dice.map(|dice| dice + shift);
        }
    });
    assert_eq!((comparison.shared_arms, comparison.identical_arms), (2, 1));
    let [arm] = &comparison.arms[..] else { panic!("{comparison:?}") };
    let [metric] = &arm.metrics[..] else { panic!("{arm:?}") };
    assert_eq!((&*arm.loss, &*metric.metric), ("BCE", "Dice"));
    assert!((metric.difference.unwrap() - 0.05).abs() < 1e-12);
    assert_eq!(metric.paired.as_ref().unwrap().better(), Some("b"));
    let text = comparison.text();
    assert!(text.contains("1 of 2 arms that both runs have are identical."), "{text}");
    let row = text.lines().find(|line| line.contains("BCE")).unwrap();
    let row = row.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(row, "5 % BCE Dice 0.711667 0.761667 0.0500 [0.0475, 0.0525] b is higher");
}

#[test]
fn a_changed_course() {
    let comparison = changed(|b| b.arms[0].history.clear());
    assert_eq!((comparison.identical_arms, comparison.arms.len()), (1, 1));
    assert!(comparison.text().contains("\n5 %, BCE: equal after the last step, but not on the way there."));
}

#[test]
fn missing_arms_and_seeds() {
    let comparison = changed(|b| {
        b.arms.retain(|arm| arm.loss != "Dice");
        b.arms.pop();
    });
    let dice = ArmName { data: "5 %".to_owned(), loss: "Dice".to_owned(), seeds: vec![0, 1, 2] };
    assert_eq!((&comparison.only_in_a[..], &comparison.only_in_b[..]), (&[dice][..], &[][..]));
    assert_eq!(comparison.shared_arms, 1);
    let text = comparison.text();
    assert!(text.contains("Arms only in a:\n  5 %, Dice (seeds 0, 1, 2)\n"), "{text}");
    assert!(text.contains("\n5 %, BCE: only a has seed 2."), "{text}");
    let paired = comparison.arms[0].metrics[0].paired.as_ref().unwrap();
    assert_eq!((paired.seeds(), paired.mean), (2, 0.0), "the pairs are those of the shared seeds");
    assert!(text.lines().any(|line| line.contains("BCE") && line.ends_with("[0.000, 0.000]   equal")), "{text}");
    let nothing = changed(|b| b.arms.clear());
    assert!(nothing.text().contains("No arm is in both runs."));
}

#[test]
fn changed_findings_and_sections() {
    let comparison = changed(|b| {
        b.sections[0].blocks.clear();
        b.sections[0].finding(Finding::new("No clear difference."));
    });
    assert!(comparison.text().contains(
        "Findings that differ:\n  Exercise 1\n    a: Dice has a higher Dice than BCE.\n    b: No clear difference.\n"
    ));
    let comparison = changed(|b| b.sections[0].blocks.push(Block::Text("More.".to_owned())));
    assert_eq!((comparison.findings.len(), &comparison.sections[..]), (0, &["Exercise 1".to_owned()][..]));
    assert!(comparison.text().contains("but other text, tables or figures: Exercise 1."));
}

#[test]
fn json_holds_the_comparison() {
    let comparison = changed(|b| b.configuration.seeds = 4);
    let json: Value = serde_json::from_str(&comparison.json().unwrap()).unwrap();
    assert_eq!(json["identical"], false);
    assert_eq!(json["settings"], serde_json::json!([{"name": "seeds", "a": 5, "b": 4}]));
}

/// The example with a comparison behind its finding: the second arm is better by about so much.
fn concluding(by: f64) -> Results {
    let values = |by: f64| [0.7 + by, 0.72 + by, 0.71 + 1.1 * by].map(Some);
    let comparison = Comparison::new("Dice", true, ("BCE", &values(0.0)), ("Dice", &values(by)));
    let mut results = example();
    results.sections[0].blocks.clear();
    results.sections[0].finding(Finding::from_comparisons(comparison.sentence(), vec![comparison]));
    results
}

#[test]
fn changed_conclusions() {
    use super::conclusions::ChangeOfMind::{NoLongerClear, NowClear, Reversed};
    let change = |a: f64, b: f64| {
        let comparison = compare(&concluding(a), &concluding(b));
        assert_eq!((comparison.conclusions.shared, comparison.conclusions.only_in_a), (1, 0));
        (comparison.conclusions.changed.first().map(|changed| changed.change), comparison.text())
    };
    assert_eq!(change(0.0, 0.2).0, Some(NowClear));
    assert_eq!(change(0.2, 0.0).0, Some(NoLongerClear));
    let (reversed, text) = change(0.2, -0.2);
    assert_eq!(reversed, Some(Reversed));
    assert!(
        text.contains(
            "1 of 1 conclusions changed:\n  Exercise 1: BCE and Dice in Dice, reversed\n    a: Dice beats BCE in Dice:"
        ),
        "{text}"
    );
    assert!(text.contains("\n    b: BCE beats Dice in Dice:"), "{text}");
    let (none, text) = change(0.2, 0.3);
    assert_eq!(none, None, "another number is the same conclusion");
    assert!(text.contains("No conclusion changed: both runs draw the same 1."), "{text}");
    let gone = compare(&concluding(0.2), &example());
    assert_eq!((gone.conclusions.shared, gone.conclusions.only_in_a, gone.conclusions.only_in_b), (0, 1, 0));
    assert!(gone.text().contains("share no conclusion.\n1 more are in a alone."), "{}", gone.text());
}
