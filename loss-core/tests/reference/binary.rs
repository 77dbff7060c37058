//! The terms of a case: those whose channels are independent sigmoids (or probabilities) by the library's binary losses, the
//! others by `classes` and `sorted`.

use std::path::Path;

use loss_core::extend::{AnyOverlap, Fingerprint, Link, Pixel, Real};
use loss_core::{
    Bce, Denominator, EmptyImage, EmptyMask, FinishError, Focal, FocalForm, FocalTversky, ImageMean, LabelSmoothing,
    LogDice, Logits, Loss, Mcc, Pointwise, Probabilities, Sample, Tversky,
};

use crate::arrays::read_f32;
use crate::vocabulary::{
    self, Absent, Activation, Encoding, Group, Inputs, Norm, PerChannel, PowerOn, Reduction, Term, WeightMode,
};

/// The arrays of a case: `[batch, channels, pixels]`.
pub struct Data {
    pub inputs: Vec<f32>,
    /// Logits have no ε.
    epsilon: Option<f32>,
    pub targets: Vec<f32>,
    pub encoding: Encoding,
    pub ignore_value: Option<f64>,
    pub mask: Option<Vec<f32>>,
    pub batch: usize,
    pub channels: usize,
    pub pixels: usize,
}

pub struct Evaluation {
    pub value: Result<f64, FinishError>,
    pub gradient: Vec<f32>,
    pub map: Vec<f32>,
}

/// One number of the batch: one channel of one pixel of an image.
#[derive(Clone, Copy)]
struct Place {
    image: usize,
    channel: usize,
    pixel: usize,
}

impl Data {
    pub fn read(folder: &Path, inputs: &Inputs, epsilon: f64) -> Self {
        let (file, epsilon) = match (&inputs.logits, &inputs.probs) {
            (Some(file), None) => (file, None),
            (None, Some(file)) => (file, Some(epsilon as f32)),
            _ => panic!("inputs need either logits or probs"),
        };
        assert_eq!(file.dtype, "f32");
        let [batch, channels] = [file.shape[0], file.shape[1]];
        let pixels = file.shape[2..].iter().product();
        let values = read_f32(folder, &file.file);
        assert_eq!(values.len(), batch * channels * pixels, "{}: shape", file.file);
        let targets = inputs.targets.as_ref().expect("targets");
        let mask = inputs.mask.as_ref().map(|mask| {
            assert_eq!(mask.shape[..2], [batch, 1], "{}: shape", mask.file);
            assert_eq!(mask.dtype, "u8");
            read_f32(folder, &mask.file)
        });
        let target_values = read_f32(folder, &targets.file);
        let expected = if targets.encoding == Encoding::Labels { batch * pixels } else { values.len() };
        assert_eq!(target_values.len(), expected, "{}: shape", targets.file);
        assert_eq!(target_values.len(), targets.shape.iter().product::<usize>());
        assert_eq!(targets.dtype, if targets.encoding == Encoding::Soft { "f32" } else { "u8" });
        Self {
            inputs: values,
            epsilon,
            targets: target_values,
            encoding: targets.encoding,
            ignore_value: targets.ignore_value,
            mask,
            batch,
            channels,
            pixels,
        }
    }

    fn index(&self, place: Place) -> usize {
        (place.image * self.channels + place.channel) * self.pixels + place.pixel
    }

    fn places(&self, images: std::ops::Range<usize>, channels: &[usize]) -> Vec<Place> {
        let mut places = Vec::new();
        for image in images {
            for &channel in channels {
                places.extend((0..self.pixels).map(|pixel| Place { image, channel, pixel }));
            }
        }
        places
    }

    /// The values channel by channel, image by image, as the arrays store them.
    fn in_order(&self, values: Vec<f32>, channels: usize) -> Vec<f32> {
        let at = |image: usize, channel: usize| ((channel * self.batch) + image) * self.pixels;
        let blocks = (0..self.batch).flat_map(|image| (0..channels).map(move |channel| (image, channel)));
        blocks.flat_map(|(image, channel)| values[at(image, channel)..][..self.pixels].iter().copied()).collect()
    }

    /// The stored target: a class, or the target itself.
    fn stored_target(&self, place: Place) -> f32 {
        match self.encoding {
            Encoding::Labels => self.targets[place.image * self.pixels + place.pixel],
            Encoding::Binary | Encoding::Soft => self.targets[self.index(place)],
        }
    }

    fn masked_out(&self, place: Place) -> bool {
        self.mask.as_ref().is_some_and(|mask| mask[place.image * self.pixels + place.pixel] == 0.0)
    }

    fn ignored(&self, place: Place, ignore: Option<f64>) -> bool {
        let stored = f64::from(self.stored_target(place));
        ignore == Some(stored) || self.ignore_value == Some(stored)
    }

    /// The sample of a pixel term; its probabilities are clipped.
    fn pixel_sample(&self, place: Place, weight: f32) -> Sample {
        let sample = self.sample(place, weight);
        let clip = |epsilon: f32| sample.input.clamp(epsilon, 1.0 - epsilon);
        Sample { input: self.epsilon.map_or(sample.input, clip), ..sample }
    }

    fn sample(&self, place: Place, weight: f32) -> Sample {
        let stored = self.stored_target(place);
        let target = match self.encoding {
            Encoding::Labels => f32::from(u8::from(stored as usize == place.channel)),
            Encoding::Binary | Encoding::Soft => stored,
        };
        Sample { input: self.inputs[self.index(place)], target, weight }
    }
}

/// Samples that share one loss, and the places of their gradient.
type Samples = Vec<(usize, Sample)>;

impl Evaluation {
    /// Adds the map of a term to the sum of the earlier maps.
    pub fn add_map(&mut self, map: &[f32]) {
        if self.map.is_empty() {
            self.map = vec![0.0; map.len()];
        }
        assert_eq!(self.map.len(), map.len(), "the maps of the terms differ in shape");
        self.map.iter_mut().zip(map).for_each(|(sum, value)| *sum += value);
    }
}

pub fn evaluate(data: &Data, terms: &[Term]) -> Evaluation {
    match data.epsilon {
        None => Evaluator { data, link: Logits }.evaluate(terms),
        Some(epsilon) => Evaluator { data, link: Probabilities::new(epsilon).unwrap() }.evaluate(terms),
    }
}

struct Evaluator<'a, K> {
    data: &'a Data,
    link: K,
}

/// The reduction of a pixel term, for any loss.
struct PixelTerm<'a> {
    norm: Norm,
    mask_eps: f64,
    ignore: Option<f64>,
    channels: Vec<usize>,
    channel_weights: Option<&'a [f64]>,
}

impl<K: Link> Evaluator<'_, K> {
    fn evaluate(&self, terms: &[Term]) -> Evaluation {
        let count = self.data.inputs.len();
        let mut total = Evaluation { value: Ok(0.0), gradient: vec![0.0; count], map: Vec::new() };
        for term in terms {
            let (coefficient, value) = match crate::classes::term(self.data, term, &mut total) {
                Some(evaluated) => evaluated,
                None => match crate::sorted::term(self.data, term, &mut total) {
                    Some((coefficient, value)) => (coefficient, Ok(value)),
                    None => self.term(term, &mut total),
                },
            };
            total.value = match (total.value, value) {
                (Ok(sum), Ok(value)) => Ok(sum + coefficient * value),
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
        }
        total
    }

    fn term(&self, term: &Term, total: &mut Evaluation) -> (f64, Result<f64, FinishError>) {
        let all: Vec<usize> = (0..self.data.channels).collect();
        match term {
            Term::Bce(term) => {
                self.require_activation(term.activation);
                let smoothing = LabelSmoothing::flip(term.label_smoothing as f32).unwrap();
                let loss = |channel: usize| {
                    let pos_weight = match &term.pos_weight {
                        None => 1.0,
                        Some(PerChannel::All(weight)) => *weight,
                        Some(PerChannel::Each(weights)) => weights[channel],
                    };
                    Bce::new().pos_weight(pos_weight as f32).unwrap().label_smoothing(smoothing)
                };
                let reduction = PixelTerm {
                    norm: term.norm,
                    mask_eps: term.mask_eps,
                    ignore: term.ignore_value.or(term.ignore_index),
                    channels: all,
                    channel_weights: None,
                };
                (term.coef, self.pixel_term(loss, &reduction, term.coef, total))
            }
            Term::Focal(term) => {
                self.require_activation(term.activation);
                let form = match term.form {
                    vocabulary::FocalForm::PtExpBce => FocalForm::Exponential,
                    vocabulary::FocalForm::PtMix => FocalForm::Mixture,
                    vocabulary::FocalForm::SigmoidMargin => FocalForm::Margin,
                    vocabulary::FocalForm::Split => FocalForm::Split,
                };
                let mut loss = Focal::new(term.gamma as f32).unwrap().form(form);
                if let Some(alpha) = term.alpha {
                    loss = loss.alpha(alpha as f32).unwrap();
                }
                let reduction = PixelTerm {
                    norm: term.norm,
                    mask_eps: term.mask_eps,
                    ignore: term.ignore_value.or(term.ignore_index),
                    channels: if term.include_background { all } else { all[1..].to_vec() },
                    channel_weights: term.channel_weights.as_deref(),
                };
                (term.coef, self.pixel_term(|_| loss, &reduction, term.coef, total))
            }
            Term::UserDefined(term) => {
                let loss = OneSidedFocal { gamma: term.gamma as f32 };
                let reduction =
                    PixelTerm { norm: term.norm, mask_eps: 0.0, ignore: None, channels: all, channel_weights: None };
                (term.coef, self.pixel_term(|_| loss.clone(), &reduction, term.coef, total))
            }
            Term::Region(term) => (term.coef, self.region(term, total)),
            Term::Mcc(term) => {
                self.require_activation(term.activation);
                let samples = self.samples(
                    &self.data.places(0..self.data.batch, &all),
                    term.ignore_value.or(term.ignore_index),
                    1.0,
                );
                let loss = Mcc::new(term.eps).unwrap();
                let value = self.group(loss, &samples, false).map(|(value, gradient)| {
                    add_gradient(&samples, &gradient, term.coef, &mut total.gradient);
                    value
                });
                (term.coef, value)
            }
            _ => unreachable!("evaluated by `classes` or `sorted`"),
        }
    }

    fn require_activation(&self, activation: Option<Activation>) {
        let expected = if self.data.epsilon.is_some() { Activation::None } else { Activation::Sigmoid };
        assert!(activation.unwrap_or(Activation::Sigmoid) == expected, "the activation does not fit the inputs");
    }

    /// Masked and ignored pixels have weight 0.
    fn samples(&self, places: &[Place], ignore: Option<f64>, weight: f64) -> Samples {
        let data = self.data;
        let weight_at = |place| if data.masked_out(place) || data.ignored(place, ignore) { 0.0 } else { weight as f32 };
        places.iter().map(|&place| (data.index(place), data.sample(place, weight_at(place)))).collect()
    }

    /// The value and the gradient over samples. If all are ignored and the formula would be 0/0, it is an error ("strict").
    fn group<L: Loss>(&self, loss: L, samples: &Samples, strict: bool) -> Result<(f64, Vec<f32>), FinishError> {
        let empty = if strict { EmptyImage::Skip } else { EmptyImage::Count };
        let mut mean = ImageMean::new(loss, self.link.clone(), empty);
        samples.iter().for_each(|&(_, sample)| mean.push(sample));
        let Some(finished) = mean.end_image()? else { return Err(mean.finish().expect_err("no image counts")) };
        Ok((finished.value(), finished.gradients(samples.iter().map(|&(_, sample)| sample)).collect()))
    }

    fn pixel_term<P: Pointwise>(
        &self,
        loss: impl Fn(usize) -> P,
        term: &PixelTerm<'_>,
        coefficient: f64,
        total: &mut Evaluation,
    ) -> Result<f64, FinishError> {
        let data = self.data;
        let places = data.places(0..data.batch, &term.channels);
        let masked = term.norm == Norm::MaskMean;
        let weight_at = |place: Place| {
            let left_out = data.ignored(place, term.ignore) || (masked && data.masked_out(place));
            let kept = term.channels.iter().position(|&channel| channel == place.channel).unwrap();
            let weight = term.channel_weights.map_or(1.0, |weights| weights[if weights.len() == 1 { 0 } else { kept }]);
            if left_out { 0.0 } else { weight as f32 }
        };
        let valid = places.iter().filter(|&&place| weight_at(place) != 0.0).count();
        let masked_in = places.iter().filter(|&&place| !data.masked_out(place)).count() as f64;
        let nothing = (term.norm == Norm::ValidMean && valid == 0)
            || (term.norm == Norm::MaskMean && masked_in + term.mask_eps == 0.0);
        if nothing {
            return Err(FinishError::NoPixels);
        }
        let denominator = match term.norm {
            Norm::Mean => places.len() as f64,
            Norm::ValidMean => valid as f64,
            Norm::Sum | Norm::None => 1.0,
            Norm::SpatialMeanThenSum => data.pixels as f64,
            Norm::MaskMean => masked_in + term.mask_eps,
            Norm::WeightedMean | Norm::MeanOverPixelsAndChannels => panic!("a norm of multi-class losses"),
        };
        let (mut value, mut map) = (0.0, Vec::new());
        for &channel in &term.channels {
            let loss = loss(channel);
            let of_channel = |place: &&Place| place.channel == channel;
            let samples: Samples = places
                .iter()
                .filter(of_channel)
                .map(|&place| (data.index(place), data.pixel_sample(place, weight_at(place))))
                .collect();
            let (sum, gradient) = self.group(loss.clone().over(Denominator::Fixed(denominator)), &samples, false)?;
            value += sum;
            add_gradient(&samples, &gradient, coefficient, &mut total.gradient);
            for &(_, sample) in samples.iter().filter(|_| term.norm == Norm::None) {
                let at = loss.at(&self.link, sample).expect("a valid pixel");
                map.push((coefficient as f32) * at * sample.weight);
            }
        }
        if term.norm == Norm::None {
            total.add_map(&self.data.in_order(map, term.channels.len()));
        }
        Ok(value)
    }

    fn region(&self, term: &vocabulary::Region, total: &mut Evaluation) -> Result<f64, FinishError> {
        self.require_activation(Some(term.activation));
        let data = self.data;
        let mut channels: Vec<usize> = term.channels.clone().unwrap_or_else(|| (0..data.channels).collect());
        if !term.include_background {
            channels.retain(|&channel| channel != 0);
        }
        let weight_of = |channel: usize| {
            let kept = channels.iter().position(|&kept| kept == channel).unwrap();
            term.channel_weights.as_ref().map_or(1.0, |weights| weights[kept])
        };
        let inside = term.weight_mode == Some(WeightMode::Inside);
        // The image and the channel of each group; a group over all of them has none.
        let images = || 0..data.batch;
        let groups: Vec<(Vec<Place>, Option<usize>, usize)> = match term.group {
            Group::ImageChannel => images()
                .flat_map(|image| channels.iter().map(move |&channel| (image, channel)))
                .map(|(image, channel)| (data.places(image..image + 1, &[channel]), Some(channel), image))
                .collect(),
            Group::Channel => {
                channels.iter().map(|&channel| (data.places(images(), &[channel]), Some(channel), 0)).collect()
            }
            Group::Image => images().map(|image| (data.places(image..image + 1, &channels), None, image)).collect(),
            Group::All => vec![(data.places(images(), &channels), None, 0)],
        };
        let mut results = Vec::new();
        for (places, channel, image) in &groups {
            let samples: Samples = places
                .iter()
                .flat_map(|&place| {
                    let weight = if inside { weight_of(place.channel) } else { 1.0 };
                    self.samples(&[place], term.ignore_index.or(term.ignore_value), weight)
                })
                .collect();
            let support: f32 = samples.iter().map(|(_, sample)| sample.weight * sample.target).sum();
            let (value, gradient) = self.region_of(term, &samples)?;
            let weight = if inside { 1.0 } else { channel.map_or(1.0, weight_of) };
            results.push(GroupResult { samples, value, gradient, weight, image: *image, present: support > 0.0 });
        }
        let (value, factors) = reduce(term, &results, data.batch);
        for (result, factor) in results.iter().zip(factors) {
            add_gradient(&result.samples, &result.gradient, term.coef * factor, &mut total.gradient);
        }
        if term.reduction == Reduction::None {
            let map: Vec<f32> =
                results.iter().map(|result| (term.coef * result.value * result.weight) as f32).collect();
            total.add_map(&map);
        }
        Ok(value)
    }

    /// One group's loss, after the transform and the power on a group.
    fn region_of(&self, term: &vocabulary::Region, samples: &Samples) -> Result<(f64, Vec<f32>), FinishError> {
        let vocabulary::Region { scale, alpha, beta, smooth_nr, smooth_dr, clamp_min, .. } = *term;
        let overlap = match (term.squared, term.overlap) {
            (false, None) => AnyOverlap::Product,
            (true, None) => AnyOverlap::Squared,
            (false, Some(vocabulary::Overlap::Min)) => AnyOverlap::Minimum,
            (true, Some(_)) => panic!("squared and min at once"),
        };
        let empty = match term.absent {
            Some(Absent::ZeroLoss) => EmptyMask::Zero,
            // Skipped groups leave the mean in `reduce`.
            None | Some(Absent::Skip) => EmptyMask::Formula,
        };
        let (numerator, denominator, floor) = (smooth_nr / scale, smooth_dr / scale, clamp_min / scale);
        let strict = smooth_dr == 0.0 && clamp_min == 0.0 && term.absent.is_none();
        let group_power = term.power.filter(|_| term.power_on.unwrap_or(PowerOn::Group) == PowerOn::Group);
        match (term.transform, group_power) {
            (None, None) => {
                let loss = Tversky::new(alpha, beta, 0.0).unwrap().smooth(numerator, denominator).unwrap();
                self.group(loss.floor(floor).unwrap().empty_mask(empty).overlap(overlap), samples, strict)
            }
            (None, Some(power)) => {
                let loss = FocalTversky::new(alpha, beta, power, 0.0).unwrap().smooth(numerator, denominator).unwrap();
                self.group(loss.floor(floor).unwrap().empty_mask(empty).overlap(overlap), samples, strict)
            }
            (Some(vocabulary::Transform::NegLog), power) => {
                let loss = LogDice::tversky(alpha, beta, 0.0).unwrap().smooth(numerator, denominator).unwrap();
                let loss = loss.floor(clamp_min).unwrap().empty_mask(empty).overlap(overlap);
                let (value, mut gradient) = self.group(loss, samples, strict)?;
                let power = power.unwrap_or(1.0);
                let slope = power_slope(value, power);
                gradient.iter_mut().for_each(|g| *g = (f64::from(*g) * slope) as f32);
                Ok((value.powf(power), gradient))
            }
        }
    }
}

struct GroupResult {
    samples: Samples,
    value: f64,
    gradient: Vec<f32>,
    weight: f64,
    image: usize,
    present: bool,
}

pub fn power_slope(value: f64, power: f64) -> f64 {
    if power == 1.0 {
        1.0
    } else if value > 0.0 {
        power * value.powf(power - 1.0)
    } else {
        0.0
    }
}

/// The reduced value, and the factor on each group's gradient.
fn reduce(term: &vocabulary::Region, results: &[GroupResult], batch: usize) -> (f64, Vec<f64>) {
    let weight = |result: &GroupResult| result.weight;
    let normalise = term.weight_mode == Some(WeightMode::Normalise);
    let mean_over = |group: &[&GroupResult]| {
        let total: f64 = if normalise { group.iter().map(|r| weight(r)).sum() } else { group.len() as f64 };
        let value: f64 = group.iter().map(|result| weight(result) * result.value).sum();
        (value / total, 1.0 / total)
    };
    let all: Vec<&GroupResult> = results.iter().collect();
    let (value, factors): (f64, Vec<f64>) = match term.reduction {
        Reduction::Sum | Reduction::None => {
            let skip = term.absent == Some(Absent::Skip);
            // The weights of one image, because the sum goes over images.
            let first = results.iter().filter(|r| r.image == results[0].image);
            let total: f64 = if normalise { first.map(weight).sum() } else { 1.0 };
            let factor = |r: &GroupResult| if skip && !r.present { 0.0 } else { weight(r) / total };
            let factors: Vec<f64> = results.iter().map(factor).collect();
            let lacking = |&image: &usize| skip && !results.iter().any(|r| r.image == image && r.present);
            let lacking = (0..batch).filter(lacking).filter(|&image| results.iter().any(|r| r.image == image)).count();
            let sum: f64 = results.iter().zip(&factors).map(|(r, factor)| factor * r.value).sum();
            (sum + lacking as f64, factors)
        }
        Reduction::Mean if term.absent == Some(Absent::Skip) => {
            let images = if matches!(term.group, Group::ImageChannel | Group::Image) { batch } else { 1 };
            let (mut value, mut factors) = (0.0, vec![0.0; results.len()]);
            for image in 0..images {
                let present: Vec<&GroupResult> = results.iter().filter(|r| r.image == image && r.present).collect();
                if present.is_empty() {
                    value += 1.0 / images as f64;
                    continue;
                }
                let (mean, share) = mean_over(&present);
                value += mean / images as f64;
                for (factor, result) in factors.iter_mut().zip(results) {
                    if result.image == image && result.present {
                        *factor = weight(result) * share / images as f64;
                    }
                }
            }
            (value, factors)
        }
        Reduction::Mean => {
            let (value, share) = mean_over(&all);
            (value, results.iter().map(|result| weight(result) * share).collect())
        }
    };
    match (term.power, term.power_on) {
        (Some(power), Some(PowerOn::Mean)) => {
            let slope = power_slope(value, power);
            (value.powf(power), factors.into_iter().map(|factor| factor * slope).collect())
        }
        _ => (value, factors),
    }
}

fn add_gradient(samples: &Samples, gradient: &[f32], factor: f64, total: &mut [f32]) {
    for (&(index, _), &slope) in samples.iter().zip(gradient) {
        total[index] += (f64::from(slope) * factor) as f32;
    }
}

/// A published mistake: (1−p)^γ times the cross-entropy for background pixels as well. Here it is a user-defined loss.
#[derive(Clone)]
pub struct OneSidedFocal {
    pub gamma: f32,
}

impl Pointwise for OneSidedFocal {
    const NAME: &'static str = "one_sided_focal";

    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let cross_entropy = pixel.target * pixel.foreground_loss + pixel.background * pixel.background_loss;
        (R::splat(self.gamma) * pixel.background_loss).exp_neg() * cross_entropy
    }

    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let cross_entropy = pixel.target * pixel.foreground_loss + pixel.background * pixel.background_loss;
        let slope = pixel.target * pixel.foreground_slope + pixel.background * pixel.background_slope;
        let gamma = R::splat(self.gamma);
        (gamma * pixel.background_loss).exp_neg() * (slope - gamma * pixel.background_slope * cross_entropy)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.gamma));
    }
}
