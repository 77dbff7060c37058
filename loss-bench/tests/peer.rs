//! Tests the requests that `peers/compare.py` sends to the program `peer`.
#![forbid(unsafe_code)]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The answers to requests about arrays, which are written to files first.
fn ask(name: &str, logits: &[f32], targets: &[u8], requests: &str) -> Vec<String> {
    let file = |end: &str| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{end}"));
    let bytes: Vec<u8> = logits.iter().flat_map(|logit| logit.to_le_bytes()).collect();
    fs::write(file("f32"), bytes).expect("a file of logits");
    fs::write(file("u8"), targets).expect("a file of targets");
    let mut peer = Command::new(env!("CARGO_BIN_EXE_peer"))
        .args([file("f32"), file("u8")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    peer.stdin.take().expect("its input").write_all(requests.as_bytes()).expect("requests");
    let output = peer.wait_with_output().expect("answers");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

fn number(answer: &str, name: &str) -> f64 {
    let (_, rest) = answer.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} in {answer}"));
    rest.split([',', '}']).next().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{name} in {answer}"))
}

#[test]
fn binary_losses() {
    // p = ½ everywhere: BCE is ln 2, Dice ½, focal ln 2 / 4, Tversky ½.
    let answers = ask("binary", &[0.0; 4], &[1, 0, 1, 0], "bce-dice value 2\nfocal-tversky gradient 1\n");
    let ln_2 = std::f64::consts::LN_2;
    assert!((number(&answers[0], "value") - (ln_2 + 0.5)).abs() < 1e-5, "{answers:?}");
    assert!((number(&answers[1], "value") - (ln_2 / 4.0 + 0.5)).abs() < 1e-5, "{answers:?}");
    assert!(number(&answers[1], "gradient_abs_sum") > 0.0 && number(&answers[1], "seconds") > 0.0, "{answers:?}");
}

#[test]
fn classes_and_the_gradient_in_a_file() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("a gradient.f32");
    let answers = ask("classes", &[0.0; 25], &[0, 1, 2, 3, 4], &format!("classes gradient 1 {}\n", path.display()));
    // All five probabilities are ⅕: cross-entropy is ln 5, and the Dice loss of each class 1 − 2·⅕ / 2.
    assert!((number(&answers[0], "value") - (5f64.ln() + 0.8)).abs() < 1e-5, "{answers:?}");
    let bytes = fs::read(path).expect("the gradient");
    let slopes = bytes.chunks_exact(4).map(|word| f64::from(f32::from_le_bytes([word[0], word[1], word[2], word[3]])));
    assert_eq!(bytes.len(), 25 * 4);
    assert_eq!(number(&answers[0], "gradient_sum"), slopes.sum::<f64>());
}

#[test]
fn a_wrong_request_is_answered() {
    let answers = ask("wrong", &[0.0; 2], &[1, 0], "hinge value 1\nbce-dice slope 1\nbce-dice\nbce-dice value 1\n");
    assert!(answers[..3].iter().all(|answer| answer.starts_with("{\"error\":")), "{answers:?}");
    assert!(answers[3].starts_with("{\"seconds\":"), "{answers:?}");
}
