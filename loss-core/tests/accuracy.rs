//! Errors in units in the last place, against `f64` formulas.
//!
//! `accuracy.md`, which the crate's documentation shows, is the table that [`exhaustively`] measures; the normal run
//! checks a dense sample against it.

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, Ordering};

use loss_core::extend::{Link, Pixel, Real};
use loss_core::{Bce, Focal, Logits, Pointwise};

const TABLE: &str = include_str!("../src/accuracy.md");

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    /// |error| / max(ulp(reference), 2⁻¹⁴⁹).
    Ulp,
    /// |error| / |reference|.
    Relative,
}

/// A function with its reference, over a range of bits of its argument.
struct Row {
    name: String,
    domain: &'static str,
    unit: Unit,
    /// The promised limit, which no measurement may exceed.
    limit: f64,
    ranges: Vec<RangeInclusive<u32>>,
    /// The value and its reference.
    at: Box<dyn Fn(f32) -> (f32, f64) + Sync>,
}

const SMALLEST_NORMAL: f64 = f32::MIN_POSITIVE as f64;

impl Row {
    fn error(&self, x: f32) -> f64 {
        let (value, reference) = (self.at)(x);
        let error = (f64::from(value) - reference).abs();
        if reference.abs() < SMALLEST_NORMAL && error <= SMALLEST_NORMAL {
            return 0.0;
        }
        match self.unit {
            Unit::Ulp => error / f64::max(ulp(reference), 2f64.powi(-149)),
            Unit::Relative => error / reference.abs(),
        }
    }

    /// The largest error and its argument, over every `step`th argument, or every `step_beyond`th whose absolute value is outside [2⁻¹², 128].
    /// Outside, functions equal their limits or a power of ½.
    fn largest(&self, step: u32, step_beyond: u32) -> (f64, f32) {
        let mut largest = (0.0, 0.0);
        for range in &self.ranges {
            let mut bits = *range.start();
            while bits <= *range.end() {
                let x = f32::from_bits(bits);
                let error = self.error(x);
                assert!(!error.is_nan(), "{} is not a number at {x:e}", self.name);
                if error > largest.0 {
                    largest = (error, x);
                }
                let near = (2f32.powi(-12)..=128.0).contains(&x.abs());
                let Some(next) = bits.checked_add(if near { step } else { step_beyond }) else { break };
                bits = next;
            }
        }
        largest
    }
}

/// The distance of `f32`s around x, by x's binade.
fn ulp(x: f64) -> f64 {
    let exponent = (x.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    2f64.powi(exponent - 23)
}

/// The step between the tested arguments outside the range in which the functions do most of their work.
const STEP_BEYOND: u32 = 97;

const MINUS: u32 = 0x8000_0000;

fn up_to(x: f32) -> Vec<RangeInclusive<u32>> {
    vec![0..=x.to_bits()]
}

/// Every finite logit.
fn logits() -> Vec<RangeInclusive<u32>> {
    vec![0..=f32::MAX.to_bits(), MINUS..=f32::MIN.to_bits()]
}

/// Every logit whose p is not rounded to ½, 0 or 1.
fn resolved_logits() -> Vec<RangeInclusive<u32>> {
    let (smallest, largest) = (2f32.powi(-26).to_bits(), 128f32.to_bits());
    vec![smallest..=largest, MINUS | smallest..=MINUS | largest]
}

fn sigmoid(z: f64) -> f64 {
    if z < 0.0 { z.exp() / (1.0 + z.exp()) } else { 1.0 / (1.0 + (-z).exp()) }
}

fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// A foreground pixel. A separate test shows that a background pixel is its mirror image.
fn foreground(z: f32) -> Pixel<f32> {
    Logits.pixel(z, 1.0)
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name: &str, domain, unit, limit, ranges, at: Box<dyn Fn(f32) -> (f32, f64) + Sync>| {
        rows.push(Row { name: name.to_owned(), domain, unit, limit, ranges, at });
    };
    let wide = f64::from;
    row("`exp_neg`, e⁻ˣ", "x ≥ 0", Unit::Ulp, 1.0, up_to(f32::MAX), Box::new(move |x| (x.exp_neg(), (-wide(x)).exp())));
    row(
        "`one_minus_exp_neg`, 1 − e⁻ˣ",
        "x ≥ 0",
        Unit::Ulp,
        1.5,
        up_to(f32::MAX),
        Box::new(move |x| (x.one_minus_exp_neg(), -(-wide(x)).exp_m1())),
    );
    row(
        "`ln_1p`, ln(1 + x)",
        "0 ≤ x ≤ 1",
        Unit::Ulp,
        1.5,
        up_to(1.0),
        Box::new(move |x| (Real::ln_1p(x), wide(x).ln_1p())),
    );
    let normal = vec![f32::MIN_POSITIVE.to_bits()..=f32::MAX.to_bits()];
    row("`ln`, ln x", "x ≥ 2⁻¹²⁶", Unit::Ulp, 1.0, normal.clone(), Box::new(move |x| (Real::ln(x), wide(x).ln())));
    row("`sqrt`, √x", "x ≥ 2⁻¹²⁶", Unit::Ulp, 0.6, normal, Box::new(move |x| (Real::sqrt(x), wide(x).sqrt())));

    const Z: &str = "every finite logit";
    row("p", Z, Unit::Ulp, 3.0, logits(), Box::new(move |z| (foreground(z).p, sigmoid(wide(z)))));
    row("1 − p", Z, Unit::Ulp, 3.0, logits(), Box::new(move |z| (foreground(z).q, sigmoid(-wide(z)))));
    let p_slope = move |z: f32| (foreground(z).p_slope, sigmoid(wide(z)) * sigmoid(-wide(z)));
    row("p(1 − p)", Z, Unit::Ulp, 5.0, logits(), Box::new(p_slope));
    let bce = move |z: f32| (Bce::new().loss(&foreground(z)), softplus(-wide(z)));
    row("BCE", Z, Unit::Ulp, 3.0, logits(), Box::new(bce));
    let bce_slope = move |z: f32| (Bce::new().slope(&foreground(z)), -sigmoid(-wide(z)));
    row("BCE, gradient", Z, Unit::Ulp, 3.0, logits(), Box::new(bce_slope));

    let gammas: [(f32, Unit, f64); 10] = [
        (0.0, Unit::Ulp, 8.0),
        (0.5, Unit::Ulp, 8.0),
        (1.0, Unit::Ulp, 8.0),
        (1.5, Unit::Ulp, 8.0),
        (2.0, Unit::Ulp, 8.0),
        (3.0, Unit::Ulp, 16.0),
        (5.0, Unit::Ulp, 16.0),
        (0.7, Unit::Relative, 2e-5),
        (2.2, Unit::Relative, 2e-5),
        (7.9, Unit::Relative, 2e-5),
    ];
    for (gamma, unit, limit) in gammas {
        // A power that is not computed as a product has a slow reference.
        let (domain, ranges) = match unit {
            Unit::Ulp => (Z, logits()),
            Unit::Relative => ("2⁻²⁶ ≤ abs z ≤ 128", resolved_logits()),
        };
        let focal = Focal::new(gamma).unwrap();
        let power = move |u: f64| match wide(gamma) {
            g if g * 2.0 % 2.0 == 0.0 => u.powi(g as i32),
            g if g * 2.0 % 1.0 == 0.0 => u.powi(g as i32) * u.sqrt(),
            g => u.powf(g),
        };
        let value = move |z: f32| (focal.loss(&foreground(z)), power(sigmoid(-wide(z))) * softplus(-wide(z)));
        row(&format!("focal, γ = {gamma}"), domain, unit, limit, ranges.clone(), Box::new(value));
        let slope = move |z: f32| {
            let (p, u) = (sigmoid(wide(z)), sigmoid(-wide(z)));
            (focal.slope(&foreground(z)), -power(u) * (wide(gamma) * p * softplus(-wide(z)) + u))
        };
        row(&format!("focal, γ = {gamma}, gradient"), domain, unit, limit, ranges, Box::new(slope));
    }
    rows
}

/// The table's bound of a row.
fn documented(row: &Row) -> f64 {
    let line = TABLE.lines().find(|line| line.starts_with(&format!("| {} |", row.name)));
    let line = line.unwrap_or_else(|| panic!("accuracy.md has no row {}", row.name));
    let bound = line.split('|').nth(3).and_then(|cell| cell.split_whitespace().next());
    bound.and_then(|bound| bound.parse().ok()).unwrap_or_else(|| panic!("no bound in {line}"))
}

#[test]
fn a_dense_sample_keeps_the_documented_bounds() {
    let rows = rows();
    assert_eq!(
        TABLE.lines().filter(|line| line.starts_with("| ")).count(),
        rows.len() + 1,
        "accuracy.md has other rows"
    );
    for row in rows {
        let bound = documented(&row);
        assert!(bound <= row.limit, "{}: {bound} is more than the promised {}", row.name, row.limit);
        let (largest, at) = row.largest(40_009, 40_009);
        assert!(largest <= bound, "{}: an error of {largest} at {at:e}, documented is {bound}", row.name);
    }
}

/// Measures every argument. `cargo test --release -p loss-core --test accuracy -- --ignored --nocapture` prints the table,
/// and fails if `accuracy.md` differs from it. `ACCURACY_STEP=1` also tests every argument outside [2⁻¹², 128], which takes hours.
#[test]
#[ignore = "takes minutes of two cores"]
fn exhaustively() {
    let rows = rows();
    let step = std::env::var("ACCURACY_STEP")
        .map_or(STEP_BEYOND, |step| step.parse().expect("ACCURACY_STEP is a whole number"));
    let next = AtomicU32::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut measured: Vec<(u32, f64, f32)> = std::thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let Some(row) = rows.get(i as usize) else { return done };
                let (largest, at) = row.largest(1, step);
                eprintln!("{}: {largest} at {at:e}", row.name);
                done.push((i, largest, at));
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker")).collect()
    });
    measured.sort_by_key(|&(i, ..)| i);
    let mut table = String::from("| quantity | over | largest error | at |\n|---|---|---|---|\n");
    for (&(_, largest, at), row) in measured.iter().zip(&rows) {
        let bound = match row.unit {
            Unit::Ulp => format!("{:.2} ULP", (largest * 100.0).ceil() / 100.0),
            Unit::Relative => format!("{:.1e} relative", (largest * 1e7).ceil() / 1e7),
        };
        writeln!(table, "| {} | {} | {bound} | {at:e} |", row.name, row.domain).unwrap();
        assert!(largest <= row.limit, "{}: {largest} at {at:e}, promised is {}", row.name, row.limit);
    }
    println!("{table}");
    assert!(TABLE.contains(&table), "accuracy.md is out of date");
}

/// A background pixel is the mirror image of a foreground pixel, to the bit.
#[test]
fn targets_are_mirror_images() {
    let mut bits = 0;
    while bits < f32::INFINITY.to_bits() {
        for z in [f32::from_bits(bits), -f32::from_bits(bits)] {
            let (one, other) = (foreground(z), Logits.pixel(-z, 0.0));
            assert_eq!(one.p, other.q, "at {z:e}");
            let focal = Focal::new(1.7).unwrap();
            assert_eq!(focal.loss(&one), focal.loss(&other), "at {z:e}");
            assert_eq!(focal.slope(&one), -focal.slope(&other), "at {z:e}");
            assert_eq!(Bce::new().slope(&one), -Bce::new().slope(&other), "at {z:e}");
        }
        bits += 80_021;
    }
}

/// Any γ from 0 to 8, not only those of the table.
#[test]
fn every_gamma_keeps_its_promise() {
    let mut state = 0x9e37_79b9u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    for _ in 0..4000 {
        let gamma = (random() * 8.0) as f32;
        let focal = Focal::new(gamma).unwrap();
        for _ in 0..50 {
            let z = ((random() - 0.5) * [4.0, 40.0, 260.0][(random() * 3.0) as usize]) as f32;
            let (wide, g) = (f64::from(z), f64::from(gamma));
            let (p, u, loss) = (sigmoid(wide), sigmoid(-wide), softplus(-wide));
            let close = |value: f32, reference: f64| {
                let error = (f64::from(value) - reference).abs();
                error <= 2e-5 * reference.abs() || (reference.abs() < SMALLEST_NORMAL && error <= SMALLEST_NORMAL)
            };
            let pixel = foreground(z);
            assert!(close(focal.loss(&pixel), u.powf(g) * loss), "focal, γ = {gamma}, at {z}");
            assert!(close(focal.slope(&pixel), -u.powf(g) * (g * p * loss + u)), "gradient, γ = {gamma}, at {z}");
        }
    }
}
