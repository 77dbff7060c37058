//! Fuzzes a histogram of codes against a stream of the same pixels: their bits must be equal.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use loss_core::histogram::Code;
use loss_core::{AnyLoss, Histogram, Loss, Quantisation};
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
    match bytes.int_in_range(0..=2)? {
        0 => hard(bytes, loss, quantisation, |code| code as i8),
        1 => hard(bytes, loss, quantisation, |code| code),
        _ => check::<_, 4>(bytes, loss, quantisation, |code| code as i8).map(drop),
    }
}

/// Checks the sums of sorted errors and the curves, which need hard targets.
fn hard<C: Code>(
    bytes: &mut Unstructured,
    loss: AnyLoss,
    quantisation: Quantisation,
    to_code: fn(u8) -> C,
) -> Result<()> {
    let histogram: Histogram<C> = check(bytes, loss, quantisation, to_code)?;
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

fn check<C: Code, const TARGETS: usize>(
    bytes: &mut Unstructured,
    loss: AnyLoss,
    quantisation: Quantisation,
    to_code: fn(u8) -> C,
) -> Result<Histogram<C, TARGETS>> {
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

    let mut histogram = Histogram::<C, TARGETS>::with_levels(quantisation);
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
    let mut pushed = loss.accumulator();
    samples().for_each(|sample| pushed.push(sample));
    let counted = histogram.accumulator(&loss);
    assert_eq!(state(&counted), state(&pushed), "{loss:?} {quantisation:?}");
    assert_eq!(counted.first_rejected(), pushed.first_rejected());

    let (mut first, mut second) = (Histogram::with_levels(quantisation), Histogram::with_levels(quantisation));
    let all = codes.iter().zip(&targets).zip(&valid);
    for (index, ((&code, &target), &valid)) in all.enumerate() {
        let part: &mut Histogram<C, TARGETS> = if index % 3 == 0 { &mut first } else { &mut second };
        if valid { part.push(code, target) } else { part.ignore(1) }
    }
    first.merge(&second).unwrap();
    assert!(first == histogram, "in two parts");
    let mut integers = Vec::with_capacity(histogram.state_length());
    histogram.for_each_of_state(|integer| integers.push(integer));
    assert!(Histogram::from_state(quantisation, integers).unwrap() == histogram, "from its state");

    if let Ok(finished) = pushed.finish_valid() {
        let slopes = finished.gradient();
        let expected: Vec<f32> = samples().map(|sample| slopes.at(sample)).collect();
        let table = histogram.gradient_table(|pixel| slopes.at(pixel));
        let mut written = vec![f32::NAN; codes.len()];
        table.write_masked(&codes, &targets, &valid, &mut written).unwrap();
        assert_eq!(bits(&written), bits(&expected), "{loss:?} {quantisation:?} gradient");
    }
    Ok(histogram)
}
