//! The streaming log-sum-exp compared with a two-pass one, and its laws.

use loss_core::extend::LogSumExp;
use quickcheck::{Arbitrary, Gen, quickcheck};

#[derive(Clone, Debug)]
struct Terms(Vec<f32>);

impl Arbitrary for Terms {
    fn arbitrary(g: &mut Gen) -> Self {
        let center = (f32::from(i16::arbitrary(g)) / 100.0) * if bool::arbitrary(g) { 1.0 } else { 1e10 };
        let spread = [0.5, 10.0, 60.0][usize::arbitrary(g) % 3];
        Self(Vec::<i16>::arbitrary(g).into_iter().map(|x| center + f32::from(x) / 32768.0 * spread).collect())
    }
}

fn of(terms: &[f32]) -> LogSumExp {
    let mut sum = LogSumExp::new();
    sum.extend(terms.iter().copied());
    sum
}

fn two_pass(terms: &[f32]) -> f64 {
    let largest = terms.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let largest = f64::from(largest);
    largest + terms.iter().map(|&x| (f64::from(x) - largest).exp()).sum::<f64>().ln()
}

quickcheck! {
    fn equals_two_passes(terms: Terms) -> bool {
        let Terms(terms) = terms;
        if terms.is_empty() {
            return of(&terms).value() == f64::NEG_INFINITY;
        }
        let (value, expected) = (of(&terms).value(), two_pass(&terms));
        (value - expected).abs() <= 2e-7 + 4.0 * f64::EPSILON * expected.abs()
    }

    fn order_and_splits_do_not_matter(a: Terms, b: Terms) -> bool {
        let whole = of(&[a.0.clone(), b.0.clone()].concat());
        let mut backwards = [a.0.clone(), b.0.clone()].concat();
        backwards.reverse();
        let (mut left, mut right) = (of(&a.0), of(&b.0));
        left.merge(&right);
        right.merge(&of(&a.0));
        let bits = whole.value().to_bits();
        left == whole && [of(&backwards), left, right].iter().all(|sum| sum.value().to_bits() == bits)
    }
}

#[test]
fn special_values() {
    let sum = of(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
    assert_eq!((sum.value(), sum.terms(), sum.rejected()), (f64::NEG_INFINITY, 1, 2));
    assert_eq!(of(&[f32::MAX]).value(), f64::from(f32::MAX));
    assert_eq!(of(&[f32::MIN]).value(), f64::from(f32::MIN));
    assert_eq!(of(&[f32::MIN, f32::MAX, 0.0]).value(), f64::from(f32::MAX));
    assert!((of(&[0.0; 1000]).value() - 1000f64.ln()).abs() < 2e-7);
    assert!((of(&[-0.25, -0.25]).value() - (2f64.ln() - 0.25)).abs() < 2e-7);
}
