//! Weights from counts: the figures of the lecture and of scikit-learn, and edge cases.

use loss_core::class_weights::{blend, clamp, effective_number, inverse_frequency, median_frequency, pos_weight};

fn close(a: &[f64], b: &[f64]) {
    assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs()), "{a:?} and {b:?}");
}

#[test]
fn inverse() {
    let mut weights = [0.0; 3];
    // scikit-learn: compute_class_weight("balanced") of 8, 4 and 12 samples.
    inverse_frequency(&[8.0, 4.0, 12.0], &mut weights).unwrap();
    close(&weights, &[1.0, 2.0, 2.0 / 3.0]);
    inverse_frequency(&[30.0, 0.0, 60.0], &mut weights).unwrap();
    close(&weights, &[1.0, 0.0, 0.5]);
    assert!(inverse_frequency(&[1.0], &mut weights).is_err());
}

#[test]
fn median() {
    let mut weights = [0.0; 5];
    median_frequency(&[96.0, 2.7, 0.1, 0.1, 0.1], &mut weights).unwrap();
    close(&weights, &[0.1 / 96.0, 0.1 / 2.7, 1.0, 1.0, 1.0]);
    median_frequency(&[10.0, 0.0, 4.0, 2.0, 40.0], &mut weights).unwrap();
    close(&weights, &[0.7, 0.0, 1.75, 3.5, 0.175]);
    median_frequency(&[0.0; 5], &mut weights).unwrap();
    close(&weights, &[0.0; 5]);
}

#[test]
fn effective() {
    let mut weights = [0.0; 2];
    effective_number(0.9, &[2.0, 1.0], &mut weights).unwrap();
    // (1−β)/(1−β²) = 1/1.9 and 1, scaled to sum to 2.
    let sum = 1.0 / 1.9 + 1.0;
    close(&weights, &[2.0 / 1.9 / sum, 2.0 / sum]);
    effective_number(0.999_999_999, &[100.0, 25.0], &mut weights).unwrap();
    assert!((weights[1] / weights[0] - 4.0).abs() < 1e-6, "towards inverse frequency");
    effective_number(0.0, &[100.0, 25.0], &mut weights).unwrap();
    close(&weights, &[1.0, 1.0]);
    effective_number(0.99, &[0.0, 25.0], &mut weights).unwrap();
    close(&weights, &[0.0, 1.0]);
}

#[test]
fn blended_and_clamped() {
    let mut weights = [8.0, 0.5, 0.0];
    blend(0.25, &mut weights);
    close(&weights, &[2.75, 0.875, 0.0]);
    clamp(1.0, 2.0, &mut weights);
    close(&weights, &[2.0, 1.0, 0.0]);
    assert_eq!(pos_weight(0.0, 10.0), None);
    // The share of the page on sparse masks: 58 of 1152 pixels.
    assert!((pos_weight(58.0, 1094.0).unwrap() - 18.862068965517242).abs() < 1e-12);
}
