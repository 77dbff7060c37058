//! The report: sums, values and gradients of all pixels there are.

use heapless::Vec;
use loss_core::class::{ClassAccumulator, ClassGradient, ClassLoss, ClassSample};
use loss_core::extend::SharedSums;
use loss_core::{
    Accumulator, Confusion, Counts, FinishError, Finished, Gradient, HardSample, Histogram, Logits, Loss, Part, Sample,
};
use ufmt::uwrite;

use crate::camera::Frame;
use crate::error::ReportError;
use crate::lines::{Checksum, Number, Output, line};
use crate::losses::{CLASSES, bce_dice, cross_entropy_dice, focal_tversky, quantisation};
use crate::pixels::{ClassPixels, CodePixels, HALVES, Half, Pixels};
use crate::random::{MixedPixels, RandomPixels};
use crate::{tuning, vectors, watching};

/// How many frames the camera gives.
const FRAMES: usize = 4;
/// How many random pixels there are of each loss.
pub const RANDOM_PIXELS: u32 = 1_000_000;
/// How many random pixels there are with soft targets, weights, and what is rejected.
pub const MIXED_PIXELS: u32 = 200_000;
/// How many integers of a state stand in a line.
const INTEGERS: usize = 7;
/// How many integers the longest state has: that of cross-entropy + Dice of five classes.
const STATE: usize = 144;

/// Prints everything.
///
/// # Errors
/// [`ReportError`] if a loss has no result, which none of these pixels gives rise to.
pub fn report(output: &mut impl Output) -> Result<(), ReportError> {
    let mut history = Vec::<[f64; 5], FRAMES>::new();
    for number in 0..FRAMES as u32 {
        let frame = Frame { number };
        line(output, |text| uwrite!(text, "camera frame {}", number))?;
        let values = [
            binary(output, "bce+dice", &bce_dice()?, &frame)?,
            counted(output, "bce+dice counted", &bce_dice()?, &frame)?,
            binary(output, "focal+tversky", &focal_tversky()?, &frame)?,
            classes(output, "ce+dice", &cross_entropy_dice::<CLASSES>()?, &frame)?,
            codes(output, &frame)?,
        ];
        history.push(values).map_err(|_| ReportError::Room)?;
    }
    for (number, values) in (0..FRAMES).zip(&history) {
        for value in values {
            line(output, |text| uwrite!(text, "history frame {} {}", number, Number(*value)))?;
        }
    }

    watching::report(output)?;
    tuning::report(output)?;
    vectors::report(output)?;

    let random = RandomPixels { seed: 1, count: RANDOM_PIXELS };
    line(output, |text| uwrite!(text, "random pixels {}", RANDOM_PIXELS))?;
    codes(output, &random)?;
    binary(output, "bce+dice", &bce_dice()?, &random)?;
    counted(output, "bce+dice counted", &bce_dice()?, &random)?;
    binary(output, "focal+tversky", &focal_tversky()?, &random)?;
    classes(output, "ce+dice", &cross_entropy_dice::<CLASSES>()?, &random)?;
    let mixed = MixedPixels(RandomPixels { count: MIXED_PIXELS, ..random });
    line(output, |text| uwrite!(text, "mixed pixels {}", MIXED_PIXELS))?;
    binary(output, "bce+dice", &bce_dice()?, &mixed)?;
    binary(output, "focal+tversky", &focal_tversky()?, &mixed)?;
    line(output, |text| uwrite!(text, "end"))
}

/// A binary loss: two halves that are summed apart and merged, and the gradient of all pixels. Gives the value.
#[inline(never)]
pub(crate) fn binary<L: Loss>(
    output: &mut impl Output,
    name: &str,
    loss: &L,
    pixels: &dyn Pixels,
) -> Result<f64, ReportError> {
    #[inline(never)]
    fn slope<L: Loss>(gradient: &Gradient<L, Logits>, sample: Sample) -> f32 {
        gradient.at(sample)
    }

    let total = total(output, name, HALVES.map(|_| loss.accumulator()), pixels, |sample| sample)?;
    let gradient = total.gradient();
    let mut checksum = Checksum::new();
    for half in HALVES {
        pixels.for_each(half, &mut |sample| checksum.add(slope(&gradient, sample).to_bits()));
    }
    line(output, |text| uwrite!(text, "{} gradient checksum {:016x}", name, checksum.get()))?;
    Ok(total.value())
}

/// The same of hard targets that are counted, whose sums have less to keep. The gradient would be that of the other sums.
#[inline(never)]
pub(crate) fn counted<L: Loss>(
    output: &mut impl Output,
    name: &str,
    loss: &L,
    pixels: &dyn Pixels,
) -> Result<f64, ReportError> {
    let hard = |Sample { input, target, .. }| HardSample::from((input, target == 1.0));
    let total = total(output, name, HALVES.map(|_| loss.counting_accumulator()), pixels, hard)?;
    Ok(total.value())
}

/// Sums two halves apart and adds them up in both ways: as accumulators, and as the integers of their states.
#[inline(never)]
fn total<L: Loss, C: SharedSums>(
    output: &mut impl Output,
    name: &str,
    [mut first, mut sums]: [Accumulator<L, Logits, C>; 2],
    pixels: &dyn Pixels,
    convert: impl Fn(Sample) -> C::Sample,
) -> Result<Finished<L, Logits>, ReportError> {
    #[inline(never)]
    fn push<L: Loss, C: SharedSums>(sums: &mut Accumulator<L, Logits, C>, sample: C::Sample) {
        sums.push(sample);
    }

    pixels.for_each(Half::Second, &mut |sample| push(&mut sums, convert(sample)));
    pixels.for_each(Half::First, &mut |sample| push(&mut first, convert(sample)));
    let integers = added(|to| first.for_each_of_state(to), |to| sums.for_each_of_state(to))?;
    sums.merge(&first)?;
    state(output, name, sums.fingerprint(), |to| sums.for_each_of_state(to))?;
    first.load_state(integers.iter().copied())?;
    added_state(output, name, |to| first.for_each_of_state(to))?;

    let total = sums.finish_valid()?;
    counts(output, name, total.counts())?;
    value(output, name, total.value(), total.parts())?;
    confusion(output, name, total.soft())?;
    confusion(output, name, total.hard())?;
    Ok(total)
}

/// The same for a loss over classes.
#[inline(never)]
pub(crate) fn classes<L: ClassLoss<C>, const C: usize>(
    output: &mut impl Output,
    name: &str,
    loss: &L,
    pixels: &dyn ClassPixels<C>,
) -> Result<f64, ReportError> {
    #[inline(never)]
    fn push<L: ClassLoss<C>, const C: usize>(sums: &mut ClassAccumulator<L, C>, sample: ClassSample<C>) {
        sums.push(sample);
    }
    #[inline(never)]
    fn slopes<L: ClassLoss<C>, const C: usize>(gradient: &ClassGradient<L, C>, sample: ClassSample<C>) -> [f32; C] {
        gradient.at(sample)
    }

    let [mut first, mut sums] = HALVES.map(|_| loss.class_accumulator().ignoring(255));
    pixels.for_each(Half::Second, &mut |sample| push(&mut sums, sample));
    pixels.for_each(Half::First, &mut |sample| push(&mut first, sample));
    let integers = added(|to| first.for_each_of_state(to), |to| sums.for_each_of_state(to))?;
    sums.merge(&first)?;
    state(output, name, sums.fingerprint(), |to| sums.for_each_of_state(to))?;
    first.load_state(integers.iter().copied())?;
    added_state(output, name, |to| first.for_each_of_state(to))?;

    let total = match sums.finish() {
        // Of logits near the ends of f32 the loss may be beyond them: every machine must say so.
        Err(FinishError::Saturated) => {
            line(output, |text| uwrite!(text, "{} has no value: a term is beyond f32", name))?;
            return Ok(f64::NAN);
        }
        total => total?,
    };
    counts(output, name, total.counts())?;
    value(output, name, total.value(), total.parts())?;
    for class in total.classes() {
        confusion(output, name, class.soft)?;
        confusion(output, name, class.hard)?;
    }

    let gradient = total.gradient();
    let mut checksum = Checksum::new();
    for half in HALVES {
        pixels.for_each(half, &mut |sample| {
            slopes(&gradient, sample).iter().for_each(|slope| checksum.add(slope.to_bits()));
        });
    }
    line(output, |text| uwrite!(text, "{} gradient checksum {:016x}", name, checksum.get()))?;
    Ok(total.value())
}

/// Quantised pixels: the counts of two halves, which are merged, as are their sums, and the gradient of all pixels.
#[inline(never)]
fn codes(output: &mut impl Output, pixels: &dyn CodePixels) -> Result<f64, ReportError> {
    let name = "int8 bce+dice";
    let (mut sums, mut focal) = (bce_dice()?.accumulator(), focal_tversky()?.accumulator());
    count_halves(output, name, pixels, &mut sums, &mut focal)?;
    counted_codes(output, name, pixels, &sums, &focal)
}

/// What follows from the counts.
#[inline(never)]
fn counted_codes(
    output: &mut impl Output,
    name: &str,
    pixels: &dyn CodePixels,
    sums: &Accumulator<impl Loss>,
    focal: &Accumulator<impl Loss>,
) -> Result<f64, ReportError> {
    let focal = focal.finish()?;
    value(output, "int8 focal+tversky", focal.value(), focal.parts())?;
    state(output, name, sums.fingerprint(), |to| sums.for_each_of_state(to))?;
    let total = sums.finish()?;
    value(output, name, total.value(), total.parts())?;

    let (gradient, quantisation) = (total.gradient(), quantisation()?);
    let mut checksum = Checksum::new();
    for half in HALVES {
        pixels.for_each(half, &mut |code, target| {
            checksum.add(gradient.at((quantisation.logit(code.into()), target)).to_bits());
        });
    }
    line(output, |text| uwrite!(text, "{} gradient checksum {:016x}", name, checksum.get()))?;
    Ok(total.value())
}

/// Counts two halves and adds them to sums.
///
/// Not inlined, so that the histograms leave the stack: a micro:bit has 16 KiB of RAM, and two of them with a row of the camera take most of it.
#[inline(never)]
fn count_halves(
    output: &mut impl Output,
    name: &str,
    pixels: &dyn CodePixels,
    sums: &mut Accumulator<impl Loss>,
    focal: &mut Accumulator<impl Loss>,
) -> Result<(), ReportError> {
    let (mut histogram, mut whole) = (Histogram::<i8>::new(quantisation()?), Histogram::<i8>::new(quantisation()?));
    for half in HALVES {
        histogram.reset();
        pixels.for_each(half, &mut |code, target| histogram.push(code, target));
        histogram_state(output, "half of the histogram", &histogram)?;
        sums.merge(&histogram.accumulator(sums.loss()))?;
        focal.extend_histogram(&histogram);
        whole.merge(&histogram)?;
    }
    histogram_state(output, "merged histogram", &whole)?;
    let merged = whole.accumulator(sums.loss());
    added_state(output, name, |to| merged.for_each_of_state(to))
}

/// The checksum of what a histogram has counted.
fn histogram_state(output: &mut impl Output, name: &str, histogram: &Histogram<i8>) -> Result<(), ReportError> {
    let mut checksum = Checksum::new();
    histogram.for_each_of_state(|integer| checksum.add_integer(integer));
    line(output, |text| uwrite!(text, "{} state checksum {:016x}", name, checksum.get()))
}

/// The integers of two states, added one by one: what a message queue or a database does to merge them.
fn added(
    first: impl Fn(&mut dyn FnMut(i64)),
    second: impl Fn(&mut dyn FnMut(i64)),
) -> Result<Vec<i64, STATE>, ReportError> {
    let (mut sums, mut complete) = (Vec::new(), true);
    first(&mut |integer| complete &= sums.push(integer).is_ok());
    let mut each = sums.iter_mut();
    second(&mut |integer| {
        if let Some(sum) = each.next() {
            *sum = integer.wrapping_add(*sum);
        }
    });
    if complete { Ok(sums) } else { Err(ReportError::Room) }
}

/// The checksum of a state that was added in another way: the one of the state itself.
fn added_state(output: &mut impl Output, name: &str, each: impl Fn(&mut dyn FnMut(i64))) -> Result<(), ReportError> {
    let mut checksum = Checksum::new();
    each(&mut |integer| checksum.add_integer(integer));
    line(output, |text| uwrite!(text, "{} added otherwise checksum {:016x}", name, checksum.get()))
}

/// The integers of a state, some in a line, and their checksum.
fn state(
    output: &mut impl Output,
    name: &str,
    fingerprint: u64,
    each: impl Fn(&mut dyn FnMut(i64)),
) -> Result<(), ReportError> {
    let mut lines = StateLines { output, name, integers: Vec::new(), checksum: Checksum::new(), written: Ok(()) };
    each(&mut |integer| lines.take(integer));
    lines.write();
    let StateLines { output, checksum, written, .. } = lines;
    written?;
    line(output, |text| {
        uwrite!(text, "{} state checksum {:016x} fingerprint {:016x}", name, checksum.get(), fingerprint)
    })
}

/// Integers on their way to lines.
struct StateLines<'a, O> {
    output: &'a mut O,
    name: &'a str,
    integers: Vec<i64, INTEGERS>,
    checksum: Checksum,
    written: Result<(), ReportError>,
}

impl<O: Output> StateLines<'_, O> {
    // Not inlined, or else it stands in flash for each sum of a state.
    #[inline(never)]
    fn take(&mut self, integer: i64) {
        self.checksum.add_integer(integer);
        if self.integers.is_full() {
            self.write();
        }
        // There is room: a full list was just written.
        let _ = self.integers.push(integer);
    }

    fn write(&mut self) {
        let Self { output, name, integers, .. } = self;
        let written = line(*output, |text| {
            uwrite!(text, "{} state", *name)?;
            integers.iter().try_for_each(|integer| uwrite!(text, " {}", *integer))
        });
        self.written = self.written.and(written);
        self.integers.clear();
    }
}

fn counts(output: &mut impl Output, name: &str, counts: Counts) -> Result<(), ReportError> {
    line(output, |text| {
        uwrite!(text, "{} valid {} ignored {} rejected {}", name, counts.valid, counts.ignored, counts.rejected())
    })
}

fn value(
    output: &mut impl Output,
    name: &str,
    value: f64,
    parts: impl Iterator<Item = Part>,
) -> Result<(), ReportError> {
    for part in parts {
        line(output, |text| uwrite!(text, "{} part {} {}", name, part.name, Number(part.value)))?;
    }
    line(output, |text| uwrite!(text, "{} value {}", name, Number(value)))
}

fn confusion(output: &mut impl Output, name: &str, confusion: Confusion) -> Result<(), ReportError> {
    let Confusion { true_positive, false_positive, false_negative, true_negative } = confusion;
    line(output, |text| {
        uwrite!(text, "{} confusion", name)?;
        let weights = [true_positive, false_positive, false_negative, true_negative];
        weights.iter().try_for_each(|weight| uwrite!(text, " {:016x}", weight.to_bits()))
    })
}
