//! A build without figures says how to get one that has them.
#![cfg(not(feature = "report"))]

mod common;

use common::Folder;

#[test]
fn a_report_is_refused_with_the_remedy() {
    let folder = Folder::new();
    folder.c("z.npy", &[2, 2], &[1.0f32, -1.0, 2.0, -2.0]).c("y.npy", &[2, 2], &[1u8, 0, 1, 0]);
    let words = "score --logits z.npy --targets y.npy";
    let refusal = folder.run(words, &["--report", "r.html"]).one_line();
    assert!(refusal.contains("--features report"), "{refusal}");
    // Also where there are no files, so that nobody waits for it.
    assert_eq!(folder.run("score --logits no.npy --targets no.npy --report r.html", &[]).refusal(), refusal);
    assert_eq!(folder.run("merge no.json --report r.html", &[]).refusal(), refusal);
    folder.run(words, &[]).text();
    assert_eq!(folder.names(), ["y.npy", "z.npy"]);
}
