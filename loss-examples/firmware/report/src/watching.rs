//! The camera's model watched without labels: the second of two models is the same one, quantised.

use loss_core::watch::{Agreement, ClassEntropy, Watch};
use ufmt::uwrite;

use crate::camera::{HEIGHT, Row};
use crate::error::ReportError;
use crate::lines::{Checksum, Number, Output, line};
use crate::losses::{CLASSES, bce_dice, quantisation};

/// Bins of the histogram of logits.
pub const BINS: usize = 16;

/// Prints what is seen of the first frame, and how far the second has drifted from it.
#[inline(never)]
pub(crate) fn report(output: &mut impl Output) -> Result<(), ReportError> {
    let (first, agreement, entropy) = watch_frame(0)?;
    let (second, ..) = watch_frame(1)?;
    let mut checksum = Checksum::new();
    first.for_each_of_state(|integer| checksum.add_integer(integer));
    agreement.for_each_of_state(|integer| checksum.add_integer(integer));
    entropy.for_each_of_state(|integer| checksum.add_integer(integer));
    let fingerprints = first.fingerprint() ^ agreement.fingerprint() ^ entropy.fingerprint();
    line(output, |text| {
        uwrite!(text, "watch state checksum {:016x} fingerprints {:016x}", checksum.get(), fingerprints)
    })?;
    let (watched, agreed, of_classes) = (first.finish()?, agreement.finish()?, entropy.finish()?);
    line(output, |text| uwrite!(text, "watch entropy {}", Number(watched.entropy)))?;
    line(output, |text| uwrite!(text, "watch class entropy {}", Number(of_classes)))?;
    line(output, |text| uwrite!(text, "watch expected dice {}", Number(watched.expected.dice().unwrap_or(-1.0))))?;
    line(output, |text| uwrite!(text, "watch foreground {}", Number(watched.foreground.mask)))?;
    line(output, |text| uwrite!(text, "watch disagreement {}", Number(agreed.disagreement())))?;
    line(output, |text| uwrite!(text, "watch soft disagreement {}", Number(agreed.soft_disagreement())))?;
    let drift = second.drift(&first)?;
    line(output, |text| uwrite!(text, "watch population stability {}", Number(drift.population_stability)))?;
    line(output, |text| uwrite!(text, "watch kolmogorov-smirnov {}", Number(drift.kolmogorov_smirnov)))?;
    line(output, |text| uwrite!(text, "watch jensen-shannon {}", Number(drift.jensen_shannon)))?;
    nearest(output)
}

/// The value in integers.
#[inline(never)]
fn nearest(output: &mut impl Output) -> Result<(), ReportError> {
    use loss_core::Loss as _;
    let mut sums = bce_dice()?.counting_accumulator();
    let mut row = Row::new();
    for y in 0..HEIGHT {
        row.capture(2, y);
        sums.extend(row.logits.iter().zip(&row.mask));
    }
    let (nearest, value) = (sums.nearest_value()?, sums.value()?);
    line(output, |text| uwrite!(text, "bce+dice nearest {:08x} value {}", nearest.to_bits(), Number(value)))
}

fn watch_frame(number: u32) -> Result<(Watch<BINS>, Agreement, ClassEntropy<CLASSES>), ReportError> {
    let (mut watch, mut agreement, mut entropy) = (Watch::new(-8.0, 8.0)?, Agreement::new(), ClassEntropy::new());
    let quantisation = quantisation()?;
    let mut row = Row::new();
    for y in 0..HEIGHT {
        row.capture(number, y);
        watch.extend(row.logits.iter().copied());
        agreement
            .extend(row.logits.iter().zip(&row.codes).map(|(&logit, &code)| (logit, quantisation.logit(code.into()))));
        entropy.extend(row.class_logits.iter().copied());
    }
    Ok((watch, agreement, entropy))
}
