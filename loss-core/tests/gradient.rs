//! The slope of every pointwise loss is the derivative of its formula (dual numbers), and the gradient of every loss agrees with a
//! naive oracle (central differences).

mod common;

use common::dual::Dual;
use common::{Entry, Px, Smooth, Visitor, every_loss, in_f64, samples};
use loss_core::extend::Link;
use loss_core::{Logits, Loss, Plane, Pointwise, Probabilities};
use quickcheck::Gen;

/// `slope` against the dual number of `loss`, at random points, both by the logit and by the probability.
struct SlopeIsDerivative;

impl Visitor for SlopeIsDerivative {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, _: &Entry, _: L) {}

    fn visit_pointwise<P: Pointwise>(&mut self, entry: &Entry, loss: P) {
        let mut g = Gen::new(100);
        for _ in 0..2000 {
            let Smooth(Px(z, t, _)) = quickcheck::Arbitrary::arbitrary(&mut g);
            self.compare(entry, &loss, &Logits, f64::from(z), f64::from(t));
            let p = 1.0 / (1.0 + (-f64::from(z)).exp());
            self.compare(entry, &loss, &Probabilities::new(1e-7).unwrap(), p, f64::from(t));
        }
    }
}

impl SlopeIsDerivative {
    fn compare<P: Pointwise, K: Link>(&self, entry: &Entry, loss: &P, link: &K, x: f64, t: f64) {
        let value = loss.loss(&link.pixel(Dual::variable(x), Dual::constant(t)));
        let slope = loss.slope(&link.pixel(Dual::constant(x), Dual::constant(t))).value;
        let close = (value.slope - slope).abs() <= 1e-10 * (1.0 + slope.abs());
        assert!(close, "{}: at x = {x}, t = {t}: the derivative is {}, the slope {slope}", entry.name, value.slope);
    }
}

#[test]
fn slopes_are_derivatives() {
    every_loss(&mut SlopeIsDerivative);
}

/// Value and gradient against the oracle.
struct AgreesWithOracle {
    checked: usize,
}

impl Visitor for AgreesWithOracle {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        fn close<L: Loss + std::fmt::Debug>(entry: &Entry, loss: &L, pixels: &[Smooth]) -> bool {
            // One pixel whose gradient does not cancel gives a scale for the errors of the others.
            let pixels: Vec<Px> = pixels.iter().map(|&Smooth(pixel)| pixel).chain([Px(-0.75, 1.0, 1.5)]).collect();
            let mut sums = loss.accumulator();
            samples(&pixels).for_each(|pixel| sums.push(pixel));
            let finished = sums.finish().unwrap();
            let exact = in_f64(&pixels);
            let expected = (entry.oracle)(&exact);
            assert!(
                (finished.value() - expected).abs() <= 1e-6 * expected.abs() + 1e-7,
                "{}: {} instead of {expected} of {pixels:?}",
                entry.name,
                finished.value()
            );
            let difference = |i: usize| {
                let h = 1e-4;
                let shifted = |h: f64| {
                    let mut exact = exact.clone();
                    exact[i].0 += h;
                    (entry.oracle)(&exact)
                };
                (8.0 * (shifted(h) - shifted(-h)) - (shifted(2.0 * h) - shifted(-2.0 * h))) / (12.0 * h)
            };
            let expected: Vec<f64> = (0..pixels.len()).map(difference).collect();
            let largest = expected.iter().fold(0.0f64, |largest, slope| largest.max(slope.abs()));
            for (i, (slope, expected)) in finished.gradients(samples(&pixels)).zip(expected).enumerate() {
                let error = (f64::from(slope) - expected).abs();
                assert!(
                    error <= 3e-6 * largest + 1e-10,
                    "{}: gradient[{i}] is {slope}, the difference quotient {expected}, of {pixels:?}",
                    entry.name
                );
            }
            true
        }
        let mut g = Gen::new(40);
        for _ in 0..300 {
            assert!(close(entry, &loss, &<Vec<Smooth> as quickcheck::Arbitrary>::arbitrary(&mut g)));
            self.checked += 1;
        }
    }
}

#[test]
fn values_and_gradients_agree_with_the_oracle() {
    let mut visitor = AgreesWithOracle { checked: 0 };
    every_loss(&mut visitor);
    assert!(visitor.checked >= 20 * 300);
}

/// The three ways to a gradient, the upstream factor and the adding form agree.
struct Forms;

impl Visitor for Forms {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        let mut g = Gen::new(40);
        for _ in 0..50 {
            let mut pixels: Vec<Px> = quickcheck::Arbitrary::arbitrary(&mut g);
            pixels.push(Px(0.75, 1.0, 1.0));
            let mut sums = loss.accumulator();
            samples(&pixels).for_each(|pixel| sums.push(pixel));
            let finished = sums.finish().unwrap();
            let logits: Vec<f32> = pixels.iter().map(|pixel| pixel.0).collect();
            let targets: Vec<f32> = pixels.iter().map(|pixel| pixel.1).collect();
            let weights: Vec<f32> = pixels.iter().map(|pixel| pixel.2).collect();
            let plane = Plane::new(&logits, &targets).unwrap().with_weights(&weights).unwrap();
            let by_iterator: Vec<f32> = finished.gradients(samples(&pixels)).collect();
            let mut by_slice = vec![f32::NAN; pixels.len()];
            finished.write_gradient(plane, &mut by_slice).unwrap();
            assert_eq!(by_iterator, by_slice, "{}", entry.name);
            let mut added = by_slice.clone();
            finished.gradient().add(plane, &mut added).unwrap();
            let doubled: Vec<f32> = by_slice.iter().map(|slope| slope + slope).collect();
            assert_eq!(added, doubled, "{}", entry.name);
            let mut upstream = vec![0.0; pixels.len()];
            finished.gradient_times(-0.5).write(plane, &mut upstream).unwrap();
            for ((&slope, &scaled), pixel) in by_slice.iter().zip(&upstream).zip(&pixels) {
                assert!(slope.is_finite(), "{}: {slope} at {pixel:?}", entry.name);
                assert!((slope * -0.5 - scaled).abs() <= 1e-6 * slope.abs() + 1e-40, "{}", entry.name);
                assert!(pixel.2 != 0.0 || slope == 0.0, "{}: an ignored pixel has a gradient", entry.name);
            }
            assert!(finished.write_gradient(plane, &mut added[1..]).is_err());
        }
    }
}

#[test]
fn forms_of_the_gradient_agree() {
    every_loss(&mut Forms);
}
