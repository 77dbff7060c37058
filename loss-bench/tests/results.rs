//! Reading what criterion writes.
#![forbid(unsafe_code)]

use std::fs;

use loss_bench::results::Results;

#[test]
fn reads_what_criterion_writes() {
    let root = std::env::temp_dir().join(format!("loss-bench-results-{}", std::process::id()));
    let new = root.join("a group").join("a name").join("a parameter").join("new");
    fs::create_dir_all(&new).expect("a directory");
    let id = r#"{"group_id":"a group","function_id":"a name","value_str":"a parameter","throughput":{"Elements":10}}"#;
    fs::write(new.join("benchmark.json"), id).expect("a file");
    let sample = r#"{"sampling_mode":"Linear","iters":[1.0,2.0,4.0],"times":[50.0,80.0,120.0]}"#;
    fs::write(new.join("sample.json"), sample).expect("a file");
    let results = Results::read(&root);
    fs::remove_dir_all(&root).expect("removed");
    let measurement = results.get("a group", "a name", "a parameter").expect("a measurement");
    let seconds = [measurement.fastest, measurement.median, measurement.slowest].map(|second| (second * 1e9).round());
    assert_eq!(seconds, [30.0, 40.0, 50.0]);
    assert!((measurement.nanoseconds() - 4.0).abs() < 1e-9);
    assert!(results.get("a group", "a name", "another").is_none());
}
