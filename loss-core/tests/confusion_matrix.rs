//! The likeliest classes of codes, counted: the scores of the same pixels as logits.

use loss_core::class::{ClassLoss, ClassPointwise, ConfusionMatrix, CrossEntropy};
use loss_core::{Quantisation, StateError};
use quickcheck::quickcheck;

fn state(matrix: &ConfusionMatrix<3>) -> Vec<i64> {
    let mut state = Vec::new();
    matrix.for_each_of_state(|integer| state.push(integer));
    let mut written = vec![0; matrix.state_length()];
    matrix.write_state(&mut written).unwrap();
    assert_eq!(state, written);
    state
}

quickcheck! {
    fn scores_of_codes_are_those_of_logits(pixels: Vec<(i8, i8, i8, u8)>, split: u8) -> bool {
        let quantisation = Quantisation::new(0.043, -7).unwrap();
        // Ties, ignored labels, and labels that are no class, are common.
        let pixels: Vec<([i8; 3], u8)> =
            pixels.iter().map(|&(a, b, c, label)| ([a / 32, b / 32, c / 32], if label % 9 == 0 { 255 } else { label % 4 })).collect();
        let mut logits = CrossEntropy::new().mean().class_accumulator().ignoring(255u8);
        let mut matrix = ConfusionMatrix::<3>::new().ignoring(255u8);
        for (codes, label) in &pixels {
            logits.push((codes.map(|code| quantisation.logit(code.into())), *label));
            matrix.push_codes(codes, *label);
        }
        let counts = matrix.counts();
        let expected = logits.counts();
        assert_eq!((counts.valid, counts.ignored, counts.rejected_labels), (expected.valid, expected.ignored, expected.rejected_labels));
        let (first, second) = pixels.split_at(usize::from(split).min(pixels.len()));
        let of = |pixels: &[([i8; 3], u8)]| {
            let mut matrix = ConfusionMatrix::<3>::new().ignoring(255u8);
            pixels.iter().rev().for_each(|(codes, label)| matrix.push_codes(codes, *label));
            matrix
        };
        let (mut merged, other) = (of(second), of(first));
        let plain: Vec<i64> = state(&merged).iter().zip(state(&other)).map(|(a, b)| a + b).collect();
        merged.merge(&other).unwrap();
        let mut loaded = of(&[]);
        loaded.load_state(plain).unwrap();
        assert!(merged == matrix && loaded == matrix);
        let Ok(total) = logits.finish_valid() else { return counts.valid == 0 && matrix.accuracy().is_none() };
        assert_eq!(matrix.accuracy(), total.accuracy());
        (0..3).all(|class| matrix.class(class) == total.class(class).map(|report| report.hard)) && matrix.class(3).is_none()
    }
}

#[test]
fn what_does_not_belong_is_refused() {
    let mut matrix = ConfusionMatrix::<3>::new();
    matrix.push(2, 1u8);
    matrix.push(3, 1u8);
    matrix.push(0, -1i64);
    assert_eq!((matrix.counts().valid, matrix.counts().rejected_labels, matrix.count(1u8, 2)), (1, 2, 1));
    assert!(matches!(matrix.merge(&ConfusionMatrix::new().ignoring(0u8)), Err(StateError::OtherLoss { .. })));
    let before = matrix.clone();
    for bad in [vec![0; 10], vec![0; 12], [vec![0; 10], vec![-1]].concat(), [vec![1 << 61], vec![0; 10]].concat()] {
        assert!(matrix.load_state(bad).is_err());
        assert!(matrix == before);
    }
}
