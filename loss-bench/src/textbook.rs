//! BCE + Dice, and cross-entropy + mean Dice over classes, as one would write them by hand: a loop over pixels, `f64` sums,
//! numerically stable, nothing else.

/// Where elementary functions come from.
pub trait Functions {
    /// eˣ.
    fn exp(x: f32) -> f32;
    /// ln(1 + x).
    fn ln_1p(x: f32) -> f32;
    /// ln x.
    fn ln(x: f32) -> f32;
}

/// The functions of the standard library, which come from the platform.
pub struct Std;

impl Functions for Std {
    fn exp(x: f32) -> f32 {
        x.exp()
    }

    fn ln_1p(x: f32) -> f32 {
        x.ln_1p()
    }

    fn ln(x: f32) -> f32 {
        x.ln()
    }
}

/// The functions of the crate `libm`, without the standard library.
pub struct Libm;

impl Functions for Libm {
    fn exp(x: f32) -> f32 {
        libm::expf(x)
    }

    fn ln_1p(x: f32) -> f32 {
        libm::log1pf(x)
    }

    fn ln(x: f32) -> f32 {
        libm::logf(x)
    }
}

/// The sums of BCE + Dice.
#[derive(Clone, Copy, Default)]
struct Sums {
    bce: f64,
    intersection: f64,
    predicted: f64,
    foreground: f64,
}

impl Sums {
    fn value(&self, pixels: usize, smooth: f64) -> f64 {
        let dice = (2.0 * self.intersection + smooth) / (self.predicted + self.foreground + smooth);
        self.bce / pixels as f64 + 1.0 - dice
    }

    fn add(&mut self, bce: f32, p: f32, t: f32) {
        self.bce += f64::from(bce);
        self.intersection += f64::from(p * t);
        self.predicted += f64::from(p);
        self.foreground += f64::from(t);
    }
}

/// BCE + Dice, each written on its own.
pub fn value<F: Functions>(logits: &[f32], mask: &[u8], smooth: f64) -> f64 {
    let mut sums = Sums::default();
    for (&z, &t) in logits.iter().zip(mask) {
        let t = f32::from(t);
        let bce = z.max(0.0) - z * t + F::ln_1p(F::exp(-z.abs()));
        let p = 1.0 / (1.0 + F::exp(-z));
        sums.add(bce, p, t);
    }
    sums.value(logits.len(), smooth)
}

/// BCE + Dice with one exponential per pixel for both.
pub fn value_of_one_exponential<F: Functions>(logits: &[f32], mask: &[u8], smooth: f64) -> f64 {
    let mut sums = Sums::default();
    for (&z, &t) in logits.iter().zip(mask) {
        let t = f32::from(t);
        let e = F::exp(-z.abs());
        let bce = z.max(0.0) - z * t + F::ln_1p(e);
        let p = if z < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) };
        sums.add(bce, p, t);
    }
    sums.value(logits.len(), smooth)
}

/// BCE + Dice and its gradient; it stores the probabilities between the two passes.
pub fn value_and_gradient<F: Functions>(logits: &[f32], mask: &[u8], smooth: f64, gradient: &mut [f32]) -> f64 {
    let mut sums = Sums::default();
    for ((&z, &t), p) in logits.iter().zip(mask).zip(&mut *gradient) {
        let t = f32::from(t);
        let bce = z.max(0.0) - z * t + F::ln_1p(F::exp(-z.abs()));
        *p = 1.0 / (1.0 + F::exp(-z));
        sums.add(bce, *p, t);
    }
    slopes(&sums, mask, smooth, gradient);
    sums.value(logits.len(), smooth)
}

/// The same with one exponential per pixel.
pub fn value_and_gradient_of_one_exponential<F: Functions>(
    logits: &[f32],
    mask: &[u8],
    smooth: f64,
    gradient: &mut [f32],
) -> f64 {
    let mut sums = Sums::default();
    for ((&z, &t), p) in logits.iter().zip(mask).zip(&mut *gradient) {
        let t = f32::from(t);
        let e = F::exp(-z.abs());
        let bce = z.max(0.0) - z * t + F::ln_1p(e);
        *p = if z < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) };
        sums.add(bce, *p, t);
    }
    slopes(&sums, mask, smooth, gradient);
    sums.value(logits.len(), smooth)
}

/// Turns probabilities into slopes with respect to the logits.
fn slopes(sums: &Sums, mask: &[u8], smooth: f64, gradient: &mut [f32]) {
    let whole = sums.predicted + sums.foreground + smooth;
    let of_foreground = (-2.0 / whole) as f32;
    let of_all = ((2.0 * sums.intersection + smooth) / (whole * whole)) as f32;
    let pixels = mask.len() as f32;
    for (&t, slope) in mask.iter().zip(gradient) {
        let (p, t) = (*slope, f32::from(t));
        *slope = (p - t) / pixels + p * (1.0 - p) * (of_foreground * t + of_all);
    }
}

/// The largest number of classes of [`class_value_and_gradient`].
pub const MOST_CLASSES: usize = 256;

/// Cross-entropy + the mean Dice loss over all classes of planar logits, and its gradient if there is a buffer for it.
pub fn class_value_and_gradient<F: Functions>(
    logits: &[f32],
    labels: &[u8],
    classes: usize,
    smooth: f64,
    mut gradient: Option<&mut [f32]>,
) -> f64 {
    let pixels = labels.len();
    let mut cross_entropy = 0.0;
    let mut intersections = [0.0; MOST_CLASSES];
    let mut wholes = [smooth; MOST_CLASSES];
    let mut p = [0f32; MOST_CLASSES];
    let p = &mut p[..classes];
    for (pixel, &label) in labels.iter().enumerate() {
        let label = usize::from(label);
        let mut largest = f32::NEG_INFINITY;
        for (class, p) in p.iter_mut().enumerate() {
            *p = logits[class * pixels + pixel];
            largest = largest.max(*p);
        }
        let of_label = p[label];
        let mut sum = 0.0;
        for p in p.iter_mut() {
            *p = F::exp(*p - largest);
            sum += *p;
        }
        cross_entropy += f64::from(F::ln(sum) + largest - of_label);
        for (class, p) in p.iter_mut().enumerate() {
            *p /= sum;
            wholes[class] += f64::from(*p);
        }
        intersections[label] += f64::from(p[label]);
        wholes[label] += 1.0;
        if let Some(gradient) = &mut gradient {
            for (class, &p) in p.iter().enumerate() {
                gradient[class * pixels + pixel] = p;
            }
        }
    }
    let dice = |class: usize| (2.0 * intersections[class] + smooth) / wholes[class];
    if let Some(gradient) = gradient {
        let share = 1.0 / classes as f64;
        let mut of_label = [0f32; MOST_CLASSES];
        let mut of_all = [0f32; MOST_CLASSES];
        for class in 0..classes {
            of_label[class] = (-2.0 * share / wholes[class]) as f32;
            of_all[class] = (share * dice(class) / wholes[class]) as f32;
        }
        for (pixel, &label) in labels.iter().enumerate() {
            let label = usize::from(label);
            let mut mean = 0.0;
            for (class, p) in p.iter_mut().enumerate() {
                *p = gradient[class * pixels + pixel];
                mean += *p * of_all[class];
            }
            mean += p[label] * of_label[label];
            for (class, &p) in p.iter().enumerate() {
                let own = f32::from(u8::from(class == label));
                let slope = of_all[class] + own * of_label[class];
                gradient[class * pixels + pixel] = (p - own) / pixels as f32 + p * (slope - mean);
            }
        }
    }
    let mean_dice = (0..classes).map(dice).sum::<f64>() / classes as f64;
    cross_entropy / pixels as f64 + 1.0 - mean_dice
}
