//! The terms of a case whose channels are classes, by the library's losses over classes.

use loss_core::class::{
    AbsentClass, Activation, ClassAccumulator, ClassDenominator, ClassImageMean, ClassLoss, ClassPlane, ClassPointwise,
    ClassReduction, ClassSample, ClassTarget, CrossEntropy, GeneralisedDice, Layout, PerClass, SoftmaxFocal,
    VolumeWeight, WeightMode,
};
use loss_core::extend::{AnyOverlap, ClassPixel, Fingerprint, Real, RegionFamily};
use loss_core::{EmptyImage, EmptyMask, FinishError, FocalTversky, LogDice, Tversky};

use crate::binary::{Data, Evaluation, power_slope};
use crate::vocabulary::{self, Absent, Encoding, Group, Norm, PowerOn, Reduction, Term};

/// Evaluates a term with the smallest capacity for its channels. `None` if it is not a term over classes.
pub fn term(data: &Data, term: &Term, total: &mut Evaluation) -> Option<(f64, Result<f64, FinishError>)> {
    match data.channels {
        0..=1 => Evaluator::<1> { data }.term(term, total),
        2..=8 => Evaluator::<8> { data }.term(term, total),
        9..=32 => Evaluator::<32> { data }.term(term, total),
        _ => Evaluator::<256> { data }.term(term, total),
    }
}

struct Evaluator<'a, const C: usize> {
    data: &'a Data,
}

/// A pixel of an image, with the place of each class's logit.
struct Placed<const C: usize> {
    sample: ClassSample<C>,
    indices: [usize; C],
    /// By its label.
    ignored: bool,
}

/// The reduction of a pixel term, for any loss.
struct PixelTerm {
    norm: Norm,
    mask_eps: f64,
    ignored: Option<f64>,
    /// Channel 0 is dropped before the softmax, and its pixels are ignored.
    include_background: bool,
    /// Whether ignored pixels count in Σ m.
    ignored_are_masked_in: bool,
}

impl<const C: usize> Evaluator<'_, C> {
    fn term(&self, term: &Term, total: &mut Evaluation) -> Option<(f64, Result<f64, FinishError>)> {
        match term {
            Term::Ce(term) => {
                assert!(term.activation.is_none_or(|activation| activation == vocabulary::Activation::Softmax));
                let weights = self.weights(term.class_weights.as_deref());
                let loss = CrossEntropy::new().weights(weights.as_slice()).unwrap();
                let loss = loss.label_smoothing(term.label_smoothing.unwrap_or(0.0) as f32).unwrap();
                let reduction = PixelTerm {
                    norm: term.norm,
                    mask_eps: term.mask_eps.unwrap_or(0.0),
                    ignored: term.ignore_index,
                    include_background: true,
                    ignored_are_masked_in: false,
                };
                Some((term.coef, self.pixel_term(loss, &reduction, term.coef, total)))
            }
            Term::SoftmaxFocal(term) => {
                let mut weights = self.weights(term.class_weights.as_deref());
                if !term.include_background
                    && term.class_weights.as_ref().is_some_and(|w| w.len() == self.data.channels)
                {
                    weights.remove(0);
                }
                let loss = SoftmaxFocal::new(term.gamma as f32).unwrap().weights(weights.as_slice()).unwrap();
                let reduction = PixelTerm {
                    norm: term.norm,
                    mask_eps: term.mask_eps,
                    ignored: term.ignore_index,
                    include_background: term.include_background,
                    ignored_are_masked_in: true,
                };
                Some((term.coef, self.pixel_term(loss, &reduction, term.coef, total)))
            }
            Term::UserDefined(term) if matches!(term.id, vocabulary::UserDefinedId::FocalPtFromWeightedCe) => {
                let weights = self.weights(term.class_weights.as_deref());
                let loss = FocalOfWeightedCrossEntropy { gamma: term.gamma as f32, weights: &weights };
                let reduction = PixelTerm {
                    norm: term.norm,
                    mask_eps: 0.0,
                    ignored: None,
                    include_background: true,
                    ignored_are_masked_in: true,
                };
                Some((term.coef, self.pixel_term(loss, &reduction, term.coef, total)))
            }
            Term::Region(term) if term.activation == vocabulary::Activation::Softmax => {
                Some((term.coef, self.region(term, total)))
            }
            Term::GeneralizedDice(term) => Some((term.coef, self.generalised_dice(term, total))),
            _ => None,
        }
    }

    fn weights(&self, weights: Option<&[f64]>) -> Vec<f64> {
        weights.map_or_else(|| vec![1.0; self.data.channels], <[f64]>::to_vec)
    }

    /// The pixels of images; classes are those from `first` on.
    fn pixels(
        &self,
        images: std::ops::Range<usize>,
        first: usize,
        ignored: Option<f64>,
        masked: bool,
    ) -> Vec<Placed<C>> {
        let data = self.data;
        let mut pixels = Vec::new();
        for image in images {
            for pixel in 0..data.pixels {
                let (mut logits, mut indices) = ([0.0; C], [0; C]);
                for (class, channel) in (first..data.channels).enumerate() {
                    indices[class] = (image * data.channels + channel) * data.pixels + pixel;
                    logits[class] = data.inputs[indices[class]];
                }
                let number = image * data.pixels + pixel;
                let target = match data.encoding {
                    Encoding::Labels => ClassTarget::Label(data.targets[number] as i64 - first as i64),
                    Encoding::Binary | Encoding::Soft => {
                        let mut targets = [0.0; C];
                        for class in 0..data.channels - first {
                            targets[class] = data.targets[indices[class]];
                        }
                        ClassTarget::Soft(targets)
                    }
                };
                let is_label =
                    |label: f64| matches!(target, ClassTarget::Label(l) if (l + first as i64) as f64 == label);
                let dropped = first > 0 && matches!(target, ClassTarget::Label(l) if l < 0);
                let ignored = ignored.is_some_and(is_label) || data.ignore_value.is_some_and(is_label);
                let left_out =
                    ignored || dropped || (masked && data.mask.as_ref().is_some_and(|mask| mask[number] == 0.0));
                let weight = if left_out { 0.0 } else { 1.0 };
                pixels.push(Placed { sample: ClassSample { logits, target, weight }, indices, ignored });
            }
        }
        pixels
    }

    /// The value and the gradients over pixels. If all are ignored and the formula would be 0/0, it is an error ("strict").
    fn group<L: ClassLoss<C>>(
        &self,
        loss: L,
        classes: usize,
        activation: Activation,
        pixels: &[Placed<C>],
        strict: bool,
    ) -> Result<(f64, Vec<[f32; C]>), FinishError> {
        self.group_of(loss, classes, activation, pixels, strict, |_| true)
    }

    /// The value over the summed pixels, and the gradients of all.
    fn group_of<L: ClassLoss<C>>(
        &self,
        loss: L,
        classes: usize,
        activation: Activation,
        pixels: &[Placed<C>],
        strict: bool,
        is_summed: impl Fn(&Placed<C>) -> bool,
    ) -> Result<(f64, Vec<[f32; C]>), FinishError> {
        let sums = ClassAccumulator::new(loss).with_classes(classes).unwrap().activation(activation);
        let empty = if strict { EmptyImage::Skip } else { EmptyImage::Count };
        let mut mean = ClassImageMean::new(sums, empty);
        pixels.iter().filter(|placed| is_summed(placed)).for_each(|placed| mean.push(placed.sample));
        let Some(finished) = mean.end_image()? else { return Err(mean.finish().expect_err("no image counts")) };
        let gradient = finished.gradient();
        Ok((finished.value(), pixels.iter().map(|placed| gradient.at(placed.sample)).collect()))
    }

    /// The loss of one pixel.
    fn loss_of<P: ClassPointwise>(&self, loss: &P, classes: usize, placed: &Placed<C>) -> f32 {
        let ClassTarget::Label(label) = placed.sample.target else { panic!("a map of soft targets") };
        if placed.sample.weight == 0.0 {
            return 0.0;
        }
        let labels = [label];
        let plane = ClassPlane::<_, C>::new(classes, Layout::Interleaved, &placed.sample.logits[..classes], &labels);
        let mut map = [f32::NAN];
        loss.write_map(plane.unwrap(), &mut map).unwrap();
        map[0]
    }

    fn pixel_term<P: ClassPointwise>(
        &self,
        loss: P,
        term: &PixelTerm,
        coefficient: f64,
        total: &mut Evaluation,
    ) -> Result<f64, FinishError> {
        let data = self.data;
        let first = usize::from(!term.include_background);
        let classes = data.channels - first;
        let pixels = self.pixels(0..data.batch, first, term.ignored, term.norm == Norm::MaskMean);
        let valid = pixels.iter().filter(|placed| placed.sample.weight != 0.0).count();
        let is_dropped =
            |placed: &&Placed<C>| matches!(placed.sample.target, ClassTarget::Label(-1)) && !placed.ignored;
        let dropped = if first > 0 { pixels.iter().filter(is_dropped).count() } else { 0 };
        if valid + dropped == 0 && matches!(term.norm, Norm::ValidMean | Norm::WeightedMean) {
            return Err(FinishError::NoPixels);
        }
        let masked_in = match &data.mask {
            _ if !term.ignored_are_masked_in => valid,
            Some(mask) => mask.iter().filter(|&&valid| valid != 0.0).count(),
            None => pixels.len(),
        } as f64;
        if term.norm == Norm::MaskMean && masked_in + term.mask_eps == 0.0 {
            return Err(FinishError::NoPixels);
        }
        let denominator = match term.norm {
            Norm::Mean => ClassDenominator::Pixels,
            // A dropped background pixel gives 0, but is not ignored.
            Norm::ValidMean => ClassDenominator::Fixed((valid + dropped) as f64),
            Norm::WeightedMean => ClassDenominator::ClassWeight,
            Norm::Sum | Norm::None => ClassDenominator::Fixed(1.0),
            Norm::SpatialMeanThenSum => ClassDenominator::Fixed(data.pixels as f64),
            Norm::MaskMean => ClassDenominator::Fixed(masked_in + term.mask_eps),
            Norm::MeanOverPixelsAndChannels => ClassDenominator::PixelsTimesClasses,
        };
        if term.norm == Norm::None {
            let of = |placed: &Placed<C>| (coefficient * f64::from(self.loss_of(&loss, classes, placed))) as f32;
            total.add_map(&pixels.iter().map(of).collect::<Vec<f32>>());
        }
        // A map needs no sum, and each slope depends only on its pixel, so a loss beyond f32 need not be summed.
        let is_summed = |placed: &Placed<C>| term.norm != Norm::None || self.loss_of(&loss, classes, placed) < f32::MAX;
        let (value, gradients) =
            self.group_of(loss.clone().over(denominator), classes, Activation::Softmax, &pixels, false, is_summed)?;
        add(&pixels, &gradients, classes, coefficient, &mut total.gradient);
        Ok(value)
    }

    fn region(&self, term: &vocabulary::Region, total: &mut Evaluation) -> Result<f64, FinishError> {
        let vocabulary::Region { scale, alpha, beta, smooth_nr, smooth_dr, clamp_min, .. } = *term;
        let overlap = match (term.squared, term.overlap) {
            (false, None) => AnyOverlap::Product,
            (true, None) => AnyOverlap::Squared,
            (false, Some(vocabulary::Overlap::Min)) => AnyOverlap::Minimum,
            (true, Some(_)) => panic!("squared and min at once"),
        };
        let (numerator, denominator, floor) = (smooth_nr / scale, smooth_dr / scale, clamp_min / scale);
        let group_power = term.power.filter(|_| term.power_on.unwrap_or(PowerOn::Group) == PowerOn::Group);
        // A pooled group is absent as a whole or not at all.
        let empty = match term.absent {
            Some(Absent::ZeroLoss) => EmptyMask::Zero,
            Some(Absent::Skip) => EmptyMask::One,
            None => EmptyMask::Formula,
        };
        let pooled = matches!(term.group, Group::Image | Group::All);
        let empty = if pooled { empty } else { EmptyMask::Formula };
        match (term.transform, group_power) {
            (None, None) => {
                let loss = Tversky::new(alpha, beta, 0.0).unwrap().smooth(numerator, denominator).unwrap();
                self.per_class(term, loss.floor(floor).unwrap().empty_mask(empty).overlap(overlap), total)
            }
            (None, Some(power)) => {
                let loss = FocalTversky::new(alpha, beta, power, 0.0).unwrap().smooth(numerator, denominator).unwrap();
                self.per_class(term, loss.floor(floor).unwrap().empty_mask(empty).overlap(overlap), total)
            }
            (Some(vocabulary::Transform::NegLog), None) => {
                let loss = LogDice::tversky(alpha, beta, 0.0).unwrap().smooth(numerator, denominator).unwrap();
                self.per_class(term, loss.floor(clamp_min).unwrap().empty_mask(empty).overlap(overlap), total)
            }
            (Some(_), Some(_)) => panic!("a power of a logarithm"),
        }
    }

    fn per_class<L: RegionFamily>(
        &self,
        term: &vocabulary::Region,
        loss: L,
        total: &mut Evaluation,
    ) -> Result<f64, FinishError> {
        let data = self.data;
        let mut kept: Vec<usize> = term.channels.clone().unwrap_or_else(|| (0..data.channels).collect());
        if !term.include_background {
            kept.retain(|&channel| channel != 0);
        }
        // The case has one weight per kept channel, the library one per class.
        let mut weights = vec![0.0; data.channels];
        for (i, &channel) in kept.iter().enumerate() {
            weights[channel] = term.channel_weights.as_ref().map_or(1.0, |weights| weights[i]);
        }
        let mode = match term.weight_mode {
            None | Some(vocabulary::WeightMode::Multiply) => WeightMode::Multiply,
            Some(vocabulary::WeightMode::Normalise) => WeightMode::Normalise,
            Some(vocabulary::WeightMode::Inside) => WeightMode::Inside,
        };
        let absent = match term.absent {
            None => AbsentClass::Count,
            Some(Absent::ZeroLoss) => AbsentClass::Zero,
            Some(Absent::Skip) => AbsentClass::Skip,
        };
        let pooled = matches!(term.group, Group::Image | Group::All);
        let reduction = match (pooled, term.reduction) {
            (true, _) => ClassReduction::Pooled,
            (false, Reduction::Mean) => ClassReduction::Mean,
            (false, Reduction::Sum | Reduction::None) => ClassReduction::Sum,
        };
        let loss = PerClass::new(loss).absent(absent).reduction(reduction);
        let loss = loss.weights(weights.as_slice(), mode).unwrap().classes(kept.as_slice());

        let by_image = matches!(term.group, Group::ImageChannel | Group::Image);
        let batches: Vec<_> = if by_image {
            (0..data.batch).map(|image| image..image + 1).collect()
        } else {
            std::iter::once(0..data.batch).collect()
        };
        let share = if term.reduction == Reduction::Mean { 1.0 / batches.len() as f64 } else { 1.0 };
        let strict = term.smooth_dr == 0.0 && term.clamp_min == 0.0 && term.absent.is_none();
        let (mut sum, mut parts, mut map) = (0.0, Vec::new(), Vec::new());
        for images in batches {
            let pixels = self.pixels(images, 0, term.ignore_index, true);
            let (value, gradients) = self.group(loss.clone(), data.channels, Activation::Softmax, &pixels, strict)?;
            if term.reduction == Reduction::None {
                let groups: Vec<&[usize]> = if pooled { vec![&kept] } else { kept.chunks(1).collect() };
                for group in groups {
                    let alone = loss.clone().classes(group);
                    let (value, _) = self.group(alone, data.channels, Activation::Softmax, &pixels, strict)?;
                    map.push((term.coef * value) as f32);
                }
            }
            sum += share * value;
            parts.push((pixels, gradients));
        }
        let (value, factor) = match (term.power, term.power_on) {
            (Some(power), Some(PowerOn::Mean)) => (sum.powf(power), power_slope(sum, power)),
            _ => (sum, 1.0),
        };
        for (pixels, gradients) in parts {
            add(&pixels, &gradients, data.channels, term.coef * share * factor, &mut total.gradient);
        }
        if term.reduction == Reduction::None {
            total.add_map(&map);
        }
        Ok(value)
    }

    fn generalised_dice(&self, term: &vocabulary::GeneralizedDice, total: &mut Evaluation) -> Result<f64, FinishError> {
        let data = self.data;
        let activation = match term.activation {
            vocabulary::Activation::Softmax => Activation::Softmax,
            vocabulary::Activation::Sigmoid => Activation::Sigmoid,
            vocabulary::Activation::None => panic!("generalised Dice of probabilities"),
        };
        let weight = match term.w_type {
            vocabulary::ClassWeightType::Square => VolumeWeight::Square,
            vocabulary::ClassWeightType::Simple => VolumeWeight::Simple,
            vocabulary::ClassWeightType::Uniform => VolumeWeight::Uniform,
        };
        let kept: Vec<usize> = (usize::from(!term.include_background)..data.channels).collect();
        let loss = GeneralisedDice::new(0.0).unwrap().smooth(term.smooth_nr, term.smooth_dr).unwrap();
        let loss = loss.volume_weight(weight).classes(kept.as_slice());
        let batches: Vec<_> = if term.batch {
            std::iter::once(0..data.batch).collect()
        } else {
            (0..data.batch).map(|image| image..image + 1).collect()
        };
        let share = if term.reduction == Reduction::Mean { 1.0 / batches.len() as f64 } else { 1.0 };
        let mut value = 0.0;
        let mut map = Vec::new();
        for images in batches {
            let pixels = self.pixels(images, 0, term.ignore_index, true);
            let (of_batch, gradients) = self.group(loss, data.channels, activation, &pixels, false)?;
            value += share * of_batch;
            map.push((term.coef * of_batch) as f32);
            add(&pixels, &gradients, data.channels, term.coef * share, &mut total.gradient);
        }
        if term.reduction == Reduction::None {
            total.add_map(&map);
        }
        Ok(value)
    }
}

fn add<const C: usize>(pixels: &[Placed<C>], gradients: &[[f32; C]], classes: usize, factor: f64, total: &mut [f32]) {
    for (placed, gradient) in pixels.iter().zip(gradients) {
        for (&index, &slope) in placed.indices.iter().zip(gradient).take(classes) {
            total[index] += (f64::from(slope) * factor) as f32;
        }
    }
}

/// A published mistake: p_t from a *weighted* cross-entropy, (1 − e^−c)^γ c with c = w_y (−ln p_y). Here it is a user-defined loss.
#[derive(Clone)]
struct FocalOfWeightedCrossEntropy<'a> {
    gamma: f32,
    weights: &'a [f64],
}

impl FocalOfWeightedCrossEntropy<'_> {
    /// w_y, and c.
    fn weighted<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>) -> (R, R) {
        let mut sums = (R::splat(0.0), R::splat(0.0));
        for ((&weight, &target), &loss) in self.weights.iter().zip(&pixel.target).zip(&pixel.cross_entropy) {
            let weight = R::splat(weight as f32) * target;
            sums = (sums.0 + weight, sums.1 + weight * loss);
        }
        sums
    }

    fn power<R: Real>(&self, exponent: f32, u: R) -> R {
        (R::splat(exponent) * -u.max(R::splat(f32::MIN_POSITIVE)).ln()).exp_neg()
    }
}

impl ClassPointwise for FocalOfWeightedCrossEntropy<'_> {
    const NAME: &'static str = "focal_pt_from_weighted_ce";

    fn loss<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>) -> R {
        let (_, c) = self.weighted(pixel);
        self.power(self.gamma, c.one_minus_exp_neg()) * c
    }

    fn add_slope<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>, factor: R, slope: &mut [R; C]) {
        let (weight, c) = self.weighted(pixel);
        let u = c.one_minus_exp_neg();
        let outer =
            self.power(self.gamma, u) + R::splat(self.gamma) * self.power(self.gamma - 1.0, u) * c.exp_neg() * c;
        let classes = slope.iter_mut().zip(&pixel.target).zip(&pixel.p).zip(&pixel.q).take(pixel.classes);
        for (((slope, &target), &p), &q) in classes {
            let by_logit = (R::splat(1.0) - target) * p - target * q;
            *slope = *slope + factor * outer * weight * by_logit;
        }
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.gamma));
    }
}
