//! Parts shared by the fuzz targets: pixels, losses and links made of the fuzzer's bytes.

use std::ops::RangeInclusive;

use arbitrary::{Result, Unstructured};
use loss_core::class::{ClassAccumulator, ClassLoss};
use loss_core::extend::{AnyOverlap, Link, SharedSums};
use loss_core::{
    Accumulator, AnyLoss, AsymmetricFocal, AsymmetricFocalTversky, BalancedBce, Bce, Dice, EmptyMask,
    ExponentialLogCrossEntropy, ExponentialLogDice, Focal, FocalForm, FocalTversky, GeneralisedCrossEntropy, Iou,
    LogCoshDice, LogDice, Loss, Mcc, NormalisedFocal, ParameterError, Pointwise, Poly1, QualityFocal, Reduced,
    ReducedFocal, Tversky,
};

/// Numbers at which formulas, roundings and ranges change.
const EDGES: [f32; 36] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    0.25,
    2.0,
    -2.0,
    16.0,
    17.0,
    28.0,
    88.0,
    -88.0,
    -104.0,
    128.0,
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::MAX,
    f32::MIN,
    f32::MIN_POSITIVE,
    1e-45,
    -1e-45,
    1e-30,
    1e-6,
    0.999_999_94,
    1.000_000_1,
    9.313_226e-10,
    2.328_306_4e-10,
    2.328_306e-10,
    4_294_967_296.0,
    4_294_967_808.0,
    1e9,
    1e10,
    1.342_177_3e8,
    3e38,
];

/// A number for a logit or a parameter: two bytes make a usual number, more bytes an unusual one.
pub fn number(bytes: &mut Unstructured) -> Result<f32> {
    Ok(match bytes.arbitrary::<u8>()? {
        0..=95 => f32::from(bytes.arbitrary::<i8>()?) / 8.0,
        96..=159 => f32::from(bytes.arbitrary::<u8>()?) / 255.0,
        160..=199 => f32::from(bytes.arbitrary::<i16>()?) / 256.0,
        edge @ 200..=235 => EDGES[usize::from(edge - 200)],
        _ => f32::from_bits(bytes.arbitrary()?),
    })
}

/// A target: mostly 0 or 1.
pub fn target(bytes: &mut Unstructured) -> Result<f32> {
    Ok(match bytes.arbitrary::<u8>()? {
        0..=99 => 0.0,
        100..=199 => 1.0,
        200..=239 => f32::from(bytes.arbitrary::<u8>()?) / 255.0,
        _ => number(bytes)?,
    })
}

/// A weight: mostly 1, or 0.
pub fn weight(bytes: &mut Unstructured) -> Result<f32> {
    Ok(match bytes.arbitrary::<u8>()? {
        0..=149 => 1.0,
        150..=179 => 0.0,
        180..=229 => f32::from(bytes.arbitrary::<u8>()?) / 32.0,
        _ => number(bytes)?,
    })
}

/// A number of pixels: few, or in one case of 64 about as many as a tile of `tile` pixels, so that it is just full, nearly full, or a little exceeded.
pub fn length(bytes: &mut Unstructured, few: RangeInclusive<usize>, tile: usize) -> Result<usize> {
    if bytes.ratio(63, 64)? {
        return bytes.int_in_range(few);
    }
    Ok(tile - 16 + bytes.int_in_range(0..=48)?)
}

/// Repeats the elements up to a length.
pub fn repeated<T: Clone>(elements: &[T], length: usize) -> Vec<T> {
    elements.iter().cycle().take(length).cloned().collect()
}

/// The bits of numbers; all NaNs become the same.
pub fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| if number.is_nan() { f32::NAN } else { *number }.to_bits()).collect()
}

/// The integers of a state.
pub fn state<L: Loss, K: Link, C: SharedSums>(sums: &Accumulator<L, K, C>) -> Vec<i64> {
    let mut state = Vec::with_capacity(sums.state_length());
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

/// The integers of a state over classes.
pub fn class_state<L: ClassLoss<C>, const C: usize>(sums: &ClassAccumulator<L, C>) -> Vec<i64> {
    let mut state = Vec::with_capacity(sums.state_length());
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

/// Any of the losses of the library, with any parameters; `None` if the parameters are out of range.
pub fn any_loss(bytes: &mut Unstructured) -> Result<Option<AnyLoss>> {
    let (kind, options) = (bytes.int_in_range(0..=18)?, Options::new(bytes)?);
    let [a, b, c] = [number(bytes)?, number(bytes)?, number(bytes)?];
    Ok(built(kind, &options, [a, b, c]).ok())
}

/// The choices that losses leave.
struct Options {
    overlap: AnyOverlap,
    empty_mask: EmptyMask,
    sum: bool,
    more: bool,
    form: FocalForm,
}

impl Options {
    fn new(bytes: &mut Unstructured) -> Result<Self> {
        Ok(Self {
            overlap: *bytes.choose(&[AnyOverlap::Product, AnyOverlap::Squared, AnyOverlap::Minimum])?,
            empty_mask: *bytes.choose(&[EmptyMask::Formula, EmptyMask::Zero, EmptyMask::One])?,
            sum: bytes.arbitrary()?,
            more: bytes.arbitrary()?,
            form: *bytes.choose(&[FocalForm::Mixture, FocalForm::Split, FocalForm::Exponential, FocalForm::Margin])?,
        })
    }

    fn reduced<P: Pointwise>(&self, loss: P) -> Reduced<P> {
        if self.sum { loss.sum() } else { loss.mean() }
    }
}

fn built(kind: u8, options: &Options, [a, b, c]: [f32; 3]) -> Result<AnyLoss, ParameterError> {
    let &Options { overlap, empty_mask, more, form, .. } = options;
    let [alpha, beta, smooth] = [a, b, c].map(f64::from);
    Ok(match kind {
        0 => AnyLoss::Bce(options.reduced(if more { Bce::new().pos_weight(a)? } else { Bce::new() })),
        1 => {
            let focal = Focal::new(a)?.form(form);
            AnyLoss::Focal(options.reduced(if more { focal.alpha(b)? } else { focal }))
        }
        2 => AnyLoss::Poly1(options.reduced(Poly1::new(a)?)),
        3 => AnyLoss::Dice(Dice::new(smooth)?.empty_mask(empty_mask).overlap(overlap)),
        4 => AnyLoss::Iou(Iou::new(smooth)?.empty_mask(empty_mask).overlap(overlap)),
        5 => AnyLoss::Tversky(Tversky::new(alpha, beta, smooth)?.empty_mask(empty_mask).overlap(overlap)),
        6 => AnyLoss::FocalTversky(FocalTversky::new(alpha, 1.0 - alpha, beta, smooth)?.overlap(overlap)),
        7 if more => AnyLoss::LogDice(LogDice::tversky(alpha, beta, smooth)?.overlap(overlap)),
        7 => AnyLoss::LogDice(LogDice::new(smooth)?.empty_mask(empty_mask).overlap(overlap)),
        8 => AnyLoss::LogCoshDice(LogCoshDice::new(smooth)?.empty_mask(empty_mask).overlap(overlap)),
        9 => AnyLoss::Mcc(Mcc::new(smooth)?),
        10 => AnyLoss::AsymmetricFocal(options.reduced(AsymmetricFocal::new(a, b)?)),
        11 => {
            let loss = ExponentialLogCrossEntropy::new(a)?;
            AnyLoss::ExponentialLogCrossEntropy(options.reduced(if more { loss.class_weights(b, c)? } else { loss }))
        }
        12 => AnyLoss::GeneralisedCrossEntropy(options.reduced(GeneralisedCrossEntropy::new(a)?)),
        13 => AnyLoss::QualityFocal(options.reduced(QualityFocal::new(a)?)),
        14 => {
            let loss = ReducedFocal::new(a, b)?;
            AnyLoss::ReducedFocal(options.reduced(if more { loss.alpha(c)? } else { loss }))
        }
        15 => AnyLoss::ExponentialLogDice(ExponentialLogDice::new(alpha, smooth)?.overlap(overlap)),
        16 => AnyLoss::AsymmetricFocalTversky(AsymmetricFocalTversky::new(alpha, beta, smooth)?.empty_mask(empty_mask)),
        17 => AnyLoss::BalancedBce(BalancedBce::new()),
        _ => AnyLoss::NormalisedFocal(NormalisedFocal::new(Focal::new(a)?.form(form)).floor(smooth)?),
    })
}
