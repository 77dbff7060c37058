//! Counts what each path costs on this board: instructions, bytes of stack, bytes of state.
//!
//! The paths go through rows of the camera. What is printed is read by `firmware-host`:
//!
//! - `calibration <ticks> <instructions>`: the clock
//! - `cost <path>: <ticks> <pixels>`: of as many pixels more, all else equal
//! - `stack <path>: <bytes>` and `state <path>: <bytes>`
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::hardware::{Clock, entry, exit, print, stack_depth, two_instructions_a_turn};
use firmware_report::ReportError;
use firmware_report::camera::{Row, WIDTH};
use firmware_report::lines::line;
use firmware_report::losses::{CLASSES, bce_dice, cross_entropy_dice, focal_tversky, quantisation};
use firmware_report::net::FEATURES;
use firmware_report::paths::{self, ByHand, features};
use firmware_report::tuning::{Gradient, sgd};
use loss_core::class::ClassLoss;
use loss_core::extend::ExactValue;
use loss_core::head::Head;
use loss_core::watch::{Agreement, Watch};
use loss_core::{Histogram, Loss};
use ufmt::uwrite;

/// How many rows of a frame are gone through, evenly spread.
const ROWS: u32 = 8;
/// How often each.
const TIMES: u32 = 2;
const CALIBRATION_TURNS: u32 = 1_000_000;
/// Makes logits up to 32 of the camera's.
const SURE: f32 = 4.0;

#[entry]
fn main() -> ! {
    exit(measure(&Clock::start()).is_ok())
}

fn measure(clock: &Clock) -> Result<(), ReportError> {
    let [once, twice] =
        [1, 2].map(|times| clock.ticks(|| two_instructions_a_turn(black_box(times * CALIBRATION_TURNS))));
    let instructions = 2 * CALIBRATION_TURNS;
    line(&mut print, |text| uwrite!(text, "calibration {} {}", twice.wrapping_sub(once), instructions))?;

    counted(clock, "BCE + Dice", &bce_dice()?)?;
    binary(clock, "BCE + Dice", &bce_dice()?)?;
    binary(clock, "focal + Tversky", &focal_tversky()?)?;
    several_classes(clock)?;
    codes(clock)?;
    watching(clock)?;
    training(clock)?;
    by_hand(clock)
}

/// Measures a path whose state is so many bytes large.
fn path(clock: &Clock, name: &str, kind: &str, state: usize, run: impl FnMut(&Row)) -> Result<(), ReportError> {
    path_of_logits(1.0, clock, name, kind, state, run)
}

/// The same with the camera's logits times a factor.
fn path_of_logits(
    factor: f32,
    clock: &Clock,
    name: &str,
    kind: &str,
    state: usize,
    mut run: impl FnMut(&Row),
) -> Result<(), ReportError> {
    let mut row = Row::new();
    let mut ticks = 0u32;
    for index in 0..ROWS {
        row.capture(0, index * (96 / ROWS) + 3);
        row.logits.iter_mut().for_each(|logit| *logit *= factor);
        // The difference of two counts holds pixels alone: nothing of a call or of reading the clock.
        let [few, many] = [TIMES, 2 * TIMES].map(|times| {
            clock.ticks(|| {
                for _ in 0..times {
                    run(black_box(&row));
                }
            })
        });
        ticks = ticks.wrapping_add(many.wrapping_sub(few));
    }
    let pixels = ROWS * TIMES * WIDTH as u32;
    line(&mut print, |text| uwrite!(text, "cost {}, {}: {} {}", name, kind, ticks, pixels))?;
    let stack = stack_depth(|| run(black_box(&row))).ok_or(ReportError::Room)?;
    line(&mut print, |text| uwrite!(text, "stack {}, {}: {}", name, kind, stack))?;
    line(&mut print, |text| uwrite!(text, "state {}, {}: {}", name, kind, state))
}

/// What is done once at the end.
fn end(name: &str, kind: &str, run: impl FnOnce()) -> Result<(), ReportError> {
    let stack = stack_depth(run).ok_or(ReportError::Room)?;
    line(&mut print, |text| uwrite!(text, "stack {}, {}: {}", name, kind, stack))
}

#[inline(never)]
fn counted<L: ExactValue>(clock: &Clock, name: &str, loss: &L) -> Result<(), ReportError> {
    let mut sums = loss.counting_accumulator();
    let state = size_of_val(&sums);
    path(clock, name, "counted, stream", state, |row| paths::count(&mut sums, row))?;
    // What a network is sure of has terms near and below the grid of the sums.
    path_of_logits(SURE, clock, name, "counted, stream of sure pixels", state, |row| paths::count(&mut sums, row))?;
    end(name, "counted, value in integers", || {
        black_box(sums.nearest_value().ok());
    })?;
    end(name, "counted, value", || {
        black_box(sums.value().ok());
    })
}

#[inline(never)]
fn binary<L: Loss>(clock: &Clock, name: &str, loss: &L) -> Result<(), ReportError> {
    let mut sums = loss.accumulator();
    let state = size_of_val(&sums);
    path(clock, name, "stream", state, |row| paths::stream(&mut sums, row))?;
    path(clock, name, "slices", state, |row| {
        let _ = paths::slices(&mut sums, row);
    })?;
    end(name, "value", || {
        black_box(sums.value().ok());
    })?;
    let gradient = sums.finish()?.gradient();
    let mut slopes = [0.0; WIDTH];
    path(clock, name, "gradient", size_of_val(&gradient), |row| paths::gradient(&gradient, row, black_box(&mut slopes)))
}

#[inline(never)]
fn several_classes(clock: &Clock) -> Result<(), ReportError> {
    let name = "five classes, CE + Dice";
    let loss = cross_entropy_dice::<CLASSES>()?;
    let mut sums = loss.class_accumulator();
    let state = size_of_val(&sums);
    path(clock, name, "stream", state, |row| paths::stream_classes(&mut sums, row))?;
    end(name, "value", || {
        black_box(sums.finish().map(|total| total.value()).ok());
    })?;
    let gradient = sums.finish()?.gradient();
    let mut slopes = [[0.0; CLASSES]; WIDTH];
    path(clock, name, "gradient", size_of_val(&gradient), |row| {
        paths::gradient_classes(&gradient, row, black_box(&mut slopes));
    })
}

#[inline(never)]
fn codes(clock: &Clock) -> Result<(), ReportError> {
    let name = "int8 histogram";
    let mut histogram = Histogram::<i8>::new(quantisation()?);
    let state = size_of_val(&histogram);
    path(clock, name, "stream", state, |row| paths::push_codes(&mut histogram, row))?;
    path(clock, name, "slices", state, |row| {
        let _ = paths::extend_codes(&mut histogram, row);
    })?;
    let loss = bce_dice()?;
    end(name, "value", || {
        black_box(histogram.accumulator(&loss).finish().map(|total| total.value()).ok());
    })?;
    let gradient = histogram.accumulator(&loss).finish()?.gradient();
    let table = histogram.gradient_table(|sample| gradient.at(sample));
    let mut slopes = [0.0; WIDTH];
    path(clock, name, "gradient", size_of_val(&table), |row| {
        let _ = paths::gradient_codes(&table, row, black_box(&mut slopes));
    })
}

#[inline(never)]
fn watching(clock: &Clock) -> Result<(), ReportError> {
    let mut watch = Watch::new(-8.0, 8.0)?;
    let state = size_of_val(&watch);
    path(clock, "watch", "one model", state, |row| paths::watch(&mut watch, row))?;
    end("watch", "one model, numbers", || {
        black_box(watch.finish().ok());
    })?;
    let mut agreement = Agreement::new();
    let quantisation = quantisation()?;
    let state = size_of_val(&agreement);
    path(clock, "watch", "two models", state, |row| paths::agree(&mut agreement, &quantisation, row))
}

#[inline(never)]
fn training(clock: &Clock) -> Result<(), ReportError> {
    let name = "head of 8 int8 features";
    let mut head = Head::new([[0.125; FEATURES]], [-1.0])?.fraction_bits(5)?;
    let layer = head.layer();
    let loss = bce_dice()?;
    let mut sums = loss.counting_accumulator();
    let mut row = Row::new();
    row.capture(0, 40);
    let features = features(&row);
    drop(row);
    let state = size_of_val(&head) + size_of_val(&layer) + size_of_val(&sums);
    path(clock, name, "first pass", state, |row| paths::head_forward(&mut sums, &layer, &features, row))?;
    let slope = sums.finish()?.gradient();
    let mut gradient = Gradient::new(&layer, &sums);
    let state = size_of_val(&head) + size_of_val(&layer) + size_of_val(&slope) + size_of_val(&gradient);
    path(clock, name, "second pass", state, |row| {
        paths::head_gradient(&mut gradient, &slope, &layer, &features, row);
    })?;
    let state = size_of_val(&layer) + size_of_val(&gradient);
    path(clock, name, "one pass of BCE", state, |row| {
        paths::head_gradient_of_bce(&mut gradient, &layer, &features, row);
    })?;
    let sgd = sgd()?;
    end(name, "step", || {
        black_box(head.step(&gradient, &sgd).ok());
    })
}

#[inline(never)]
fn by_hand(clock: &Clock) -> Result<(), ReportError> {
    let mut sums = ByHand::default();
    let state = size_of_val(&sums);
    path(clock, "BCE + Dice", "by hand", state, |row| paths::bce_dice_by_hand(black_box(&mut sums), row))?;
    path(clock, "focal + Tversky", "by hand", state, |row| paths::focal_tversky_by_hand(black_box(&mut sums), row))?;
    let mut slopes = [0.0; WIDTH];
    path(clock, "BCE + Dice", "gradient by hand", 12, |row| {
        paths::bce_dice_gradient_by_hand(
            black_box(1e-3),
            black_box(-1e-3),
            black_box(1e-3),
            row,
            black_box(&mut slopes),
        );
    })?;
    let mut sums = [ByHand::default(); CLASSES];
    let state = size_of_val(&sums);
    path(clock, "five classes, CE + Dice", "by hand", state, |row| {
        paths::cross_entropy_dice_by_hand(black_box(&mut sums), row);
    })
}
