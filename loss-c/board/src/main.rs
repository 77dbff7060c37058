//! Prints the same as `../board.c`, computed by `loss_core` without C; `loss-c/run` compares the two.

use loss_core::class::{ClassLoss, ClassPointwise, CrossEntropy, Foreground, PerClass};
use loss_core::extend::{AnyOverlap, SharedSums};
use loss_core::{
    Accumulator, AnyLoss, Bce, Dice, FinishError, Finished, Focal, HardSample, Histogram, LogCoshDice, Logits, Loss,
    Mcc, Pointwise, Poly1, Quantisation, Sample, Tversky,
};

const PIXELS: usize = 40 * 53;
const CLASSES: usize = 5;

struct Pixels(u32);

impl Pixels {
    fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 16
    }

    fn logit(&mut self) -> f32 {
        (self.bits() as i32 - 32768) as f32 / 4096.0
    }

    fn hard(&mut self) -> bool {
        self.bits() & 7 == 0
    }

    fn soft(&mut self) -> f32 {
        (self.bits() & 255) as f32 / 256.0
    }

    fn weight(&mut self) -> f32 {
        (self.bits() & 7) as f32 * 0.5
    }
}

#[derive(Clone, Copy)]
struct HardPixel(f32, bool, bool);

impl From<HardPixel> for HardSample {
    fn from(HardPixel(logit, foreground, valid): HardPixel) -> Self {
        (logit, foreground, valid).into()
    }
}

impl From<HardPixel> for Sample {
    fn from(HardPixel(logit, foreground, valid): HardPixel) -> Self {
        (logit, foreground, valid).into()
    }
}

fn checksum(slopes: impl IntoIterator<Item = f32>) -> u64 {
    let step = |hash: u64, slope: f32| (hash ^ u64::from(slope.to_bits())).wrapping_mul(0x0100_0000_01b3);
    slopes.into_iter().fold(0xcbf2_9ce4_8422_2325, step)
}

fn print_bits(loss: &str, what: &str, bits: u64) {
    println!("{loss} {what} {bits:016x}");
}

fn print_number(loss: &str, what: &str, number: f64) {
    print_bits(loss, what, number.to_bits());
}

fn print_result<L: Loss>(loss: &str, finished: &Finished<L, Logits>) {
    print_number(loss, "value", finished.value());
    finished.parts().for_each(|part| print_number(loss, "part", part.value));
    print_number(loss, "soft true positive", finished.soft().true_positive);
    print_number(loss, "hard true positive", finished.hard().true_positive);
}

fn print_binary<L: Loss, C: SharedSums, S: Copy + Into<C::Sample> + Into<Sample>>(
    loss: &str,
    mut sums: Accumulator<L, Logits, C>,
    upstream: f64,
    pixels: &[S],
) -> Result<(), FinishError> {
    sums.extend(pixels.iter().copied());
    print_bits(loss, "fingerprint", sums.fingerprint());
    sums.for_each_of_state(|integer| print_bits(loss, "state", integer as u64));
    let finished = sums.finish()?;
    print_result(loss, &finished);
    let gradient = finished.gradient_times(upstream);
    print_bits(loss, "gradient", checksum(pixels.iter().map(|&pixel| gradient.at(pixel))));
    Ok(())
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut from = Pixels(1);
    let pixels: Vec<Sample> = (0..PIXELS).map(|_| (from.logit(), from.hard()).into()).collect();
    let loss = Bce::new().pos_weight(2.5)?.mean().times(1.0) + Dice::new(1e-5)?.times(0.5);
    print_binary("bce_and_dice", loss.accumulator(), 1.0, &pixels)?;

    let mut from = Pixels(6);
    let pixels: Vec<HardPixel> =
        (0..PIXELS).map(|_| HardPixel(from.logit(), from.hard(), from.weight() > 0.0)).collect();
    let loss = Bce::new().pos_weight(2.5)?.mean().times(1.0) + Dice::new(1e-5)?.times(0.5);
    print_binary("bce_and_dice_counting", loss.counting_accumulator(), 1.0, &pixels)?;

    let mut from = Pixels(2);
    let pixels: Vec<Sample> = (0..PIXELS).map(|_| (from.logit(), from.soft(), from.weight()).into()).collect();
    let focal = Focal::new(2.0)?.alpha(0.25)?;
    let loss = 0.7 * focal.mean() + 0.3 * Tversky::new(0.3, 0.7, 1.0)?;
    print_binary("focal_and_tversky", loss.accumulator().at_threshold(0.4)?, 8.0, &pixels)?;

    let mut from = Pixels(3);
    let pixels: Vec<Sample> = (0..PIXELS).map(|_| (from.logit(), from.soft()).into()).collect();
    let loss = [
        AnyLoss::Poly1(Poly1::new(1.5)?.sum()).times(0.5),
        AnyLoss::LogCoshDice(LogCoshDice::new(1.0)?.overlap(AnyOverlap::Squared)).times(2.0),
        AnyLoss::Mcc(Mcc::new(1e-3)?).times(1.0),
    ];
    print_binary("any", loss.accumulator(), 1.0, &pixels)?;

    let mut from = Pixels(4);
    let pixels: Vec<([f32; 8], u32)> = (0..PIXELS)
        .map(|_| {
            let mut logits = [0.0; 8];
            logits.iter_mut().take(CLASSES).for_each(|logit| *logit = from.logit());
            (logits, from.bits() % 6)
        })
        .collect();
    let weights = [1.0, 5.0, 20.0, 20.0, 20.0, 0.0, 0.0, 0.0];
    let loss = CrossEntropy::new().weights(weights)?.weighted_mean() * 1.0
        + PerClass::new(Dice::new(1e-5)?).classes(Foreground) * 1.0;
    let mut sums = loss.class_accumulator().with_classes(CLASSES)?.ignoring(5);
    sums.extend(pixels.iter().copied());
    let name = "ce_and_dice";
    print_bits(name, "fingerprint", sums.fingerprint());
    sums.for_each_of_state(|integer| print_bits(name, "state", integer as u64));
    let finished = sums.finish()?;
    print_number(name, "value", finished.value());
    finished.parts().for_each(|part| print_number(name, "part", part.value));
    finished.classes().for_each(|class| print_number(name, "hard true positive", class.hard.true_positive));
    let gradient = finished.gradient();
    let slopes = pixels.iter().flat_map(|&pixel| gradient.at(pixel).into_iter().take(CLASSES));
    print_bits(name, "gradient", checksum(slopes));

    let mut from = Pixels(5);
    let mut histogram = Histogram::<i8>::new(Quantisation::new(0.05, 3)?);
    for _ in 0..PIXELS {
        let code = (from.bits() & 255) as i32 - 128;
        histogram.push(code as i8, from.hard());
    }
    print_bits("histogram", "fingerprint", histogram.fingerprint());
    let sums = histogram.accumulator(&(Bce::new().mean() + Dice::new(1.0)?));
    print_result("histogram", &sums.finish()?);
    Ok(())
}
