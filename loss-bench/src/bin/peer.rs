//! Our side of `peers/compare.py`: computes losses over arrays in files, one request per line.
//!
//! `peer LOGITS TARGETS` reads little-endian `f32` logits and `u8` targets. With as many logits as targets it serves the binary
//! losses, with five times as many (class by class, CHW) the loss over classes. A request is
//! `LOSS value CALLS` or `LOSS gradient CALLS [FILE]`, and the answer is a line of JSON:
//!
//! ```text
//! bce-dice gradient 3 gradient.f32
//! {"seconds":0.0123,"value":0.71,"gradient_sum":0.001,"gradient_abs_sum":0.2}
//! ```
//!
//! `seconds` is the time of one call, the mean of `CALLS`. The gradient is written to the file after the clock has stopped.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufWriter, Write as _};
use std::time::Instant;

use loss_core::class::{ClassLoss, ClassPlane, ClassPointwise, CrossEntropy, Layout, PerClass};
use loss_core::{Bce, Dice, Focal, Loss, Plane, Pointwise, Tversky};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const CLASSES: usize = 5;
/// MONAI's default; `compare.py` sets the other libraries to the same.
const SMOOTH: f64 = 1e-5;

/// Computes the value of a binary loss, and its gradient if there is a buffer for it. Only this is timed.
fn run<L: Loss>(loss: &L, plane: Plane<'_, u8>, gradient: Option<&mut [f32]>) -> Result<f64> {
    let mut sums = loss.accumulator();
    let Some(gradient) = gradient else {
        sums.extend_plane(plane);
        return Ok(sums.finish()?.value());
    };
    let kept = sums.extend_plane_keeping(plane, gradient)?;
    let total = sums.finish()?;
    kept.write_gradient(&total.gradient());
    Ok(total.value())
}

/// As [`run`], for a loss over classes.
fn run_classes<L: ClassLoss<CLASSES>>(
    loss: &L,
    plane: ClassPlane<'_, u8, CLASSES>,
    gradient: Option<&mut [f32]>,
) -> Result<f64> {
    let mut sums = loss.class_accumulator();
    sums.extend_plane(plane);
    let total = sums.finish()?;
    if let Some(gradient) = gradient {
        total.gradient().write(plane, gradient)?;
    }
    Ok(total.value())
}

struct Arrays {
    logits: Vec<f32>,
    targets: Vec<u8>,
    /// Reused by every call that wants a gradient, so no call pays for fresh memory.
    gradient: Vec<f32>,
}

impl Arrays {
    fn read(logits: &str, targets: &str) -> Result<Self> {
        let bytes = std::fs::read(logits).map_err(|error| format!("{logits}: {error}"))?;
        let words = bytes.chunks_exact(size_of::<f32>());
        if !words.remainder().is_empty() {
            return Err(format!("{logits}: not a whole number of f32").into());
        }
        let logits: Vec<f32> = words.map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        let targets = std::fs::read(targets).map_err(|error| format!("{targets}: {error}"))?;
        let gradient = vec![0.0; logits.len()];
        Ok(Self { logits, targets, gradient })
    }

    /// One call of a loss.
    fn call(&mut self, loss: &str, wants_gradient: bool) -> Result<f64> {
        let (logits, targets) = (black_box(self.logits.as_slice()), black_box(self.targets.as_slice()));
        let gradient = wants_gradient.then_some(self.gradient.as_mut_slice());
        match loss {
            "bce-dice" => {
                let loss = Bce::new().mean() + Dice::new(SMOOTH)?;
                run(&loss, Plane::new(logits, targets)?, gradient)
            }
            "focal-tversky" => {
                let loss = Focal::new(2.0)?.mean() + Tversky::new(0.3, 0.7, SMOOTH)?;
                run(&loss, Plane::new(logits, targets)?, gradient)
            }
            "classes" => {
                let loss = CrossEntropy::new().mean() + PerClass::new(Dice::new(SMOOTH)?);
                run_classes(&loss, ClassPlane::new(CLASSES, Layout::Planar, logits, targets)?, gradient)
            }
            other => Err(format!("no such loss: {other}").into()),
        }
    }

    fn answer(&mut self, request: &str) -> Result<String> {
        let mut words = request.split_whitespace();
        let (Some(loss), Some(what), Some(calls)) = (words.next(), words.next(), words.next()) else {
            return Err("a request is: LOSS value|gradient CALLS [FILE]".into());
        };
        let wants_gradient = match what {
            "value" => false,
            "gradient" => true,
            other => return Err(format!("neither value nor gradient: {other}").into()),
        };
        let calls: u32 = calls.parse()?;
        let mut value = f64::NAN;
        let start = Instant::now();
        for _ in 0..calls {
            value = black_box(self.call(loss, wants_gradient)?);
        }
        let seconds = start.elapsed().as_secs_f64() / f64::from(calls);

        let mut answer = format!("{{\"seconds\":{seconds},\"value\":{value}");
        if wants_gradient {
            let slopes = || self.gradient.iter().map(|&slope| f64::from(slope));
            let (sum, abs_sum) = (slopes().sum::<f64>(), slopes().map(f64::abs).sum::<f64>());
            write!(answer, ",\"gradient_sum\":{sum},\"gradient_abs_sum\":{abs_sum}")?;
            // The rest of the line, because a path may contain spaces.
            let file = request.splitn(4, ' ').nth(3).map(str::trim);
            file.map_or(Ok(()), |file| write_little_endian(file, &self.gradient))?;
        }
        answer.push('}');
        Ok(answer)
    }
}

fn write_little_endian(path: &str, values: &[f32]) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for value in values {
        file.write_all(&value.to_le_bytes())?;
    }
    Ok(file.flush()?)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [logits, targets] = arguments.as_slice() else {
        return Err(
            "usage: peer LOGITS TARGETS, then requests on standard input: LOSS value|gradient CALLS [FILE]".into()
        );
    };
    let mut arrays = Arrays::read(logits, targets)?;
    let mut output = std::io::stdout().lock();
    for request in std::io::stdin().lock().lines() {
        match arrays.answer(&request?) {
            Ok(answer) => writeln!(output, "{answer}")?,
            Err(error) => writeln!(output, "{{\"error\":{:?}}}", error.to_string())?,
        }
        output.flush()?;
    }
    Ok(())
}
