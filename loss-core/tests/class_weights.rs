//! Weights from counts: the figures of the lecture and of scikit-learn, and edge cases.

use loss_core::Bce;
use loss_core::class::CrossEntropy;
use loss_core::class_weights::{blend, clamp, effective_number, inverse_frequency, median_frequency, pos_weight};
use quickcheck::{Arbitrary, Gen, QuickCheck};

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

/// For any input, every weight is valid for the losses, and a class that does not occur has weight 0.
#[test]
fn whatever_is_given_a_weight_can_be_used() {
    #[derive(Clone, Debug)]
    struct Any(f64);

    impl Arbitrary for Any {
        fn arbitrary(g: &mut Gen) -> Self {
            let special =
                [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, -1.5, f64::MAX, f64::MIN, 5e-324, 1e-300, 1e39];
            Any(match u8::arbitrary(g) % 3 {
                0 => *g.choose(&special).unwrap(),
                1 => f64::from_bits(u64::arbitrary(g)),
                _ => f64::from(u32::arbitrary(g)) / 1e3,
            })
        }
    }

    fn property(counts: Vec<Any>, parameter: Any, other: Any) -> bool {
        let counts: Vec<f64> = counts.into_iter().map(|Any(count)| count).collect();
        let occurs = |class: usize| counts[class] > 0.0;
        let usable = |weights: &[f64]| {
            let fits = (0..).zip(weights).all(|(class, weight)| {
                (0.0..=f64::from(f32::MAX)).contains(weight) && (occurs(class) || *weight == 0.0)
            });
            // What the losses say themselves.
            fits && CrossEntropy::new().weights(weights).is_ok()
        };
        let of = |change: &dyn Fn(&mut [f64])| {
            let mut weights = vec![f64::NAN; counts.len()];
            change(&mut weights);
            usable(&weights)
        };
        let given = |change: &dyn Fn(&mut [f64])| {
            let mut weights = counts.clone();
            change(&mut weights);
            usable(&weights)
        };
        let pos_weight = pos_weight(parameter.0, other.0);
        of(&|weights| inverse_frequency(&counts, weights).unwrap())
            && of(&|weights| median_frequency(&counts, weights).unwrap())
            && of(&|weights| effective_number(parameter.0, &counts, weights).unwrap())
            && given(&|weights| blend(parameter.0, weights))
            && given(&|weights| clamp(parameter.0, other.0, weights))
            && pos_weight.is_some() == (parameter.0 > 0.0)
            && pos_weight.is_none_or(|weight| Bce::new().pos_weight(weight as f32).is_ok())
    }
    QuickCheck::new().tests(20_000).quickcheck(property as fn(Vec<Any>, Any, Any) -> bool);

    let mut weights = [0.0; 3];
    effective_number(f64::NAN, &[4.0, 0.0, 9.0], &mut weights).unwrap();
    close(&weights, &[1.0, 0.0, 1.0]);
    inverse_frequency(&[f64::NAN, 10.0, 30.0], &mut weights).unwrap();
    close(&weights, &[0.0, 4.0 / 3.0, 4.0 / 9.0]);
    median_frequency(&[f64::INFINITY, 1e300, -4.0], &mut weights).unwrap();
    assert!(weights[0] > 0.0 && weights[1] > weights[0] && weights[2] == 0.0, "{weights:?}");
    let mut weights = [f64::NAN, f64::INFINITY, 3.0];
    blend(f64::NAN, &mut weights);
    close(&weights, &[0.0, 1.0, 1.0]);
}

#[test]
fn blended_and_clamped() {
    let mut weights = [8.0, 0.5, 0.0];
    blend(0.25, &mut weights);
    close(&weights, &[2.75, 0.875, 0.0]);
    clamp(1.0, 2.0, &mut weights);
    close(&weights, &[2.0, 1.0, 0.0]);
    assert_eq!(pos_weight(0.0, 10.0), None);
    // The share in the documentation's page on sparse masks: 58 of 1152 pixels.
    assert!((pos_weight(58.0, 1094.0).unwrap() - 18.862068965517242).abs() < 1e-12);
}
