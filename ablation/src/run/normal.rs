//! Normally distributed random numbers.

use core::f64::consts::TAU;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Two independent numbers with mean 0 and standard deviation 1, by the Box-Muller transform.
///
/// It uses `libm`, so that the images of a seed are the same on every machine: a platform's own logarithm differs in the last digit.
pub(crate) fn normal_pair(generator: &mut ChaCha8Rng) -> [f64; 2] {
    let (radius, angle): (f64, f64) = (generator.random(), generator.random());
    // 1 − u is in (0, 1], where the logarithm is finite.
    let radius = (-2.0 * libm::log(1.0 - radius)).sqrt();
    let (sin, cos) = libm::sincos(TAU * angle);
    [radius * cos, radius * sin]
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn mean_and_spread_are_those_of_the_distribution() {
        const PAIRS: usize = 10_000;
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let numbers: Vec<f64> = (0..PAIRS).flat_map(|_| normal_pair(&mut generator)).collect();
        let mean =
            |of: &dyn Fn(f64) -> f64| numbers.iter().map(|number| of(*number)).sum::<f64>() / numbers.len() as f64;
        assert!(mean(&|number| number).abs() < 0.02);
        assert!((mean(&|number| number * number) - 1.0).abs() < 0.03);
        // 68.27 % lie within one standard deviation.
        assert!((mean(&|number| f64::from(number.abs() < 1.0)) - 0.6827).abs() < 0.01);
    }
}
