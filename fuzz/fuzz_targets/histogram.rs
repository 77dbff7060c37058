//! Fuzzes a histogram of codes against a stream of the same pixels: their bits must be equal.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use loss_core::histogram::{Code, Meaning};
use loss_core::{Accumulator, AnyLoss, Histogram, Logits, Loss, Probabilities, Quantisation};
use loss_fuzz::{any_loss, bits, state};

fuzz_target!(|data: &[u8]| {
    // Too few bytes, or parameters out of range, make no case.
    let _ = case(&mut Unstructured::new(data));
});

fn case(bytes: &mut Unstructured) -> Result<()> {
    let Some(loss) = any_loss(bytes)? else { return Ok(()) };
    let scale = match bytes.arbitrary::<u8>()? {
        power @ 0..=127 => f32::exp2(f32::from(power) - 64.0),
        step => f32::from(step) / 1024.0,
    };
    let Ok(quantisation) = Quantisation::new(scale, bytes.int_in_range(-255..=255)?) else { return Ok(()) };
    match bytes.int_in_range(0..=3)? {
        0 => hard(bytes, loss, quantisation, |code| code as i8),
        1 => hard(bytes, loss, quantisation, |code| code),
        2 => {
            let empty = Histogram::<i8, 4>::with_levels(quantisation);
            check(bytes, loss.accumulator(), empty, |code| code as i8).map(drop)
        }
        _ => {
            let Ok(empty) = Histogram::<u8, 2, Probabilities>::of_probabilities(quantisation) else { return Ok(()) };
            let Ok(sums) = loss.probability_accumulator(1e-6) else { return Ok(()) };
            let histogram = check(bytes, sums, empty, |code| code)?;
            if let Ok(curves) = histogram.curves_valid() {
                assert!((0.0..=1.0).contains(&curves.brier_score()));
            }
            Ok(())
        }
    }
}

/// Checks the sums of sorted errors and the curves, which need hard targets.
fn hard<C: Code>(
    bytes: &mut Unstructured,
    loss: AnyLoss,
    quantisation: Quantisation,
    to_code: fn(u8) -> C,
) -> Result<()> {
    let histogram = check(bytes, loss.accumulator(), Histogram::<C, 2, Logits>::new(quantisation), to_code)?;
    for lovasz in [histogram.lovasz_hinge(), histogram.lovasz_sigmoid()].into_iter().flatten() {
        assert!(lovasz.value().is_finite(), "{}", lovasz.value());
    }
    if let Ok(curves) = histogram.curves_valid() {
        let calibration = curves.calibration::<7>();
        let shares = [curves.roc_auc(), curves.average_precision(), Some(curves.brier_score())];
        for share in shares.into_iter().flatten().chain([calibration.expected_calibration_error()]) {
            assert!((0.0..=1.0).contains(&share), "{share}");
        }
    }
    Ok(())
}

/// A run of equal pixels. Equal pixels that follow each other are counted at once, so a case has runs.
struct Run {
    code: u8,
    target: u8,
    valid: bool,
    length: usize,
}

fn check<C: Code, const TARGETS: usize, K: Meaning>(
    bytes: &mut Unstructured,
    no_pixels: Accumulator<AnyLoss, K>,
    empty: Histogram<C, TARGETS, K>,
    to_code: fn(u8) -> C,
) -> Result<Histogram<C, TARGETS, K>> {
    let quantisation = empty.quantisation();
    let masked: bool = bytes.arbitrary()?;
    let mut runs = Vec::new();
    while !bytes.is_empty() && runs.len() < 64 {
        let [code, target, length] = bytes.arbitrary()?;
        let target = if target >= 250 { target } else { target % TARGETS as u8 };
        runs.push(Run { code, target, valid: length < 224, length: usize::from(length) % 24 });
    }
    let pixels = || runs.iter().flat_map(|run| std::iter::repeat_n(run, run.length));
    let codes: Vec<C> = pixels().map(|run| to_code(run.code)).collect();
    let targets: Vec<u8> = pixels().map(|run| run.target).collect();
    let valid: Vec<bool> = pixels().map(|run| !masked || run.valid).collect();

    let mut histogram = empty.clone();
    if masked {
        histogram.extend_masked_codes(&codes, &targets, &valid).unwrap();
    } else {
        histogram.extend_codes(&codes, &targets).unwrap();
    }
    let sample = |((&code, &target), &valid): ((&C, &u8), &bool)| {
        let share = f32::from(target) / (TARGETS - 1) as f32;
        (quantisation.logit(code.into()), share, valid)
    };
    let samples = || codes.iter().zip(&targets).zip(&valid).map(sample);
    let mut pushed = no_pixels.clone();
    samples().for_each(|sample| pushed.push(sample));
    let mut counted = no_pixels.clone();
    counted.extend_histogram(&histogram);
    assert_eq!(state(&counted), state(&pushed), "{quantisation:?}");
    assert_eq!(counted.first_rejected(), pushed.first_rejected());

    let (mut first, mut second) = (empty.clone(), empty.clone());
    let all = codes.iter().zip(&targets).zip(&valid);
    for (index, ((&code, &target), &valid)) in all.enumerate() {
        let part = if index % 3 == 0 { &mut first } else { &mut second };
        if valid { part.push(code, target) } else { part.ignore(1) }
    }
    first.merge(&second).unwrap();
    assert!(first == histogram, "in two parts");
    let mut integers = Vec::with_capacity(histogram.state_length());
    histogram.for_each_of_state(|integer| integers.push(integer));
    let mut read = empty.clone();
    read.load_state(integers).unwrap();
    assert!(read == histogram, "from its state");

    if let Ok(finished) = pushed.finish_valid() {
        let slopes = finished.gradient();
        let expected: Vec<f32> = samples().map(|sample| slopes.at(sample)).collect();
        let table = histogram.gradient_table(|pixel| slopes.at(pixel));
        let mut written = vec![f32::NAN; codes.len()];
        table.write_masked(&codes, &targets, &valid, &mut written).unwrap();
        assert_eq!(bits(&written), bits(&expected), "{quantisation:?} gradient");
    }
    Ok(histogram)
}
