//! The ranges of logits over which something holds.

use super::numbers::plain;

/// The verdict on a naive number, compared with the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    /// Finite, but off by more than [`TOLERANCE`].
    Off,
    /// Zero, where the right number is not.
    Zero,
    Infinite,
    NotANumber,
}

/// The relative error that is accepted.
pub(super) const TOLERANCE: f64 = 1e-3;

/// Compares two numbers. Below the normal range of `f32` an absolute error of 2⁻¹²⁶ is accepted, as in `loss-core`'s table of accuracy.
pub(super) fn verdict(naive: f32, right: f32) -> Verdict {
    let (value, expected) = (f64::from(naive), f64::from(right));
    let (error, smallest) = ((value - expected).abs(), f64::from(f32::MIN_POSITIVE));
    if naive.is_nan() {
        Verdict::NotANumber
    } else if naive.is_infinite() {
        Verdict::Infinite
    } else if error <= TOLERANCE * expected.abs() || (expected.abs() < smallest && error <= smallest) {
        Verdict::Right
    } else if naive == 0.0 {
        Verdict::Zero
    } else {
        Verdict::Off
    }
}

/// Ranges that are no farther apart than this are joined; between them rounding happens to give the right result.
pub(super) const BRIDGED: f64 = 1.0;

/// The ranges of x over which the verdict is one of those asked for, "−120 to −88.75, 17.5 to 120"; a dash if there is none.
pub(super) fn ranges(points: &[(f64, Verdict)], asked: &[Verdict]) -> String {
    let mut ranges: Vec<[f64; 2]> = Vec::new();
    for (x, _) in points.iter().filter(|(_, verdict)| asked.contains(verdict)) {
        match ranges.last_mut() {
            Some([_, last]) if x - *last <= BRIDGED => *last = *x,
            _ => ranges.push([*x, *x]),
        }
    }
    let told =
        ranges.iter().map(
            |[first, last]| {
                if first == last { plain(*first) } else { format!("{} to {}", plain(*first), plain(*last)) }
            },
        );
    if ranges.is_empty() { "–".to_owned() } else { told.collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_told_apart() {
        assert_eq!(verdict(1.0005, 1.0), Verdict::Right);
        assert_eq!(verdict(1.002, 1.0), Verdict::Off);
        assert_eq!(verdict(-1.0, 1.0), Verdict::Off);
        assert_eq!(verdict(0.0, 1e-9), Verdict::Zero);
        assert_eq!(verdict(0.0, 0.0), Verdict::Right);
        assert_eq!(verdict(0.0, 1e-38), Verdict::Right);
        assert_eq!(verdict(0.0, 1.2e-38), Verdict::Zero);
        assert_eq!(verdict(f32::NEG_INFINITY, 1.0), Verdict::Infinite);
        assert_eq!(verdict(f32::NAN, 1.0), Verdict::NotANumber);
    }

    #[test]
    fn ranges_are_runs() {
        use Verdict::{Infinite, NotANumber, Right};
        let points = [
            (-4.0, Infinite),
            (-3.0, NotANumber),
            (-2.5, Right),
            (-2.0, Infinite),
            (0.0, Right),
            (1.0, Infinite),
            (2.0, Infinite),
            (3.5, NotANumber),
        ];
        assert_eq!(ranges(&points, &[Infinite]), "−4, −2, 1 to 2");
        assert_eq!(ranges(&points, &[Infinite, NotANumber]), "−4 to −2, 1 to 2, 3.5");
        assert_eq!(ranges(&points, &[Verdict::Zero]), "–");
    }
}
