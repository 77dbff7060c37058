//! A prediction and a truth.

use loss_core::boundary::distance::{scratch_length, signed_distance_map};
use loss_core::extend::Link;
use loss_core::{Logits, Plane};
use loss_expression::binary::Pixels;
use serde::Deserialize;

use crate::Refusal;

/// Logits and a mask, row by row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// How many pixels a row has.
    pub width: usize,
    /// The logit of each pixel.
    pub logits: Vec<f32>,
    /// 1 where the truth is foreground, 0 elsewhere.
    pub truth: Vec<u8>,
}

/// More would take seconds.
const MOST_PIXELS: usize = 1 << 20;

/// A picture that has been checked, with the distance of each pixel from the boundary of the truth.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) logits: Vec<f32>,
    pub(crate) truth: Vec<bool>,
    pub(crate) distances: Vec<f32>,
}

impl Picture {
    pub(crate) fn check(&self) -> Result<Checked, Refusal> {
        let Self { width, logits, truth } = self;
        let (width, pixels) = (*width, logits.len());
        if width == 0 || pixels == 0 || pixels % width != 0 || truth.len() != pixels || pixels > MOST_PIXELS {
            return Err(Refusal::of(format_args!(
                "{pixels} logits and {} pixels of truth are no picture of width {width}: both must be the same whole number of rows, \
                 1 to {MOST_PIXELS} pixels",
                truth.len()
            )));
        }
        if let Some(place) = logits.iter().position(|logit| !logit.is_finite()) {
            return Err(Refusal::of(format_args!("the logit of pixel {place} is not finite")));
        }
        if let Some(place) = truth.iter().position(|&truth| truth > 1) {
            return Err(Refusal::of(format_args!("the truth of pixel {place} is {}, and may be 0 or 1", truth[place])));
        }
        let truth: Vec<bool> = truth.iter().map(|&truth| truth == 1).collect();
        let mut distances = vec![0.0; pixels];
        let mut scratch = vec![0; scratch_length(width)];
        signed_distance_map(&truth, width, pixels / width, &mut scratch, &mut distances).map_err(Refusal::of)?;
        Ok(Checked { logits: logits.clone(), truth, distances })
    }
}

impl Checked {
    pub(crate) fn pixels(&self) -> Result<Pixels<'_>, Refusal> {
        let plane = Plane::new(&self.logits, &self.truth).map_err(Refusal::of)?;
        Pixels::from(plane).with_distances(&self.distances).map_err(Refusal::of)
    }

    /// The same pixels in another order.
    pub(crate) fn in_order(&self, order: &[u32]) -> Result<Self, Refusal> {
        let mut sorted: Vec<u32> = order.to_vec();
        sorted.sort_unstable();
        if sorted.len() != self.logits.len() || sorted.iter().zip(0..).any(|(place, expected)| *place != expected) {
            return Err(Refusal::of("the order does not have every pixel once"));
        }
        Ok(Self {
            logits: in_order(&self.logits, order),
            truth: in_order(&self.truth, order),
            distances: in_order(&self.distances, order),
        })
    }

    /// All pixels but one.
    pub(crate) fn without(&self, pixel: usize) -> Self {
        let mut others = self.clone();
        others.logits.remove(pixel);
        others.truth.remove(pixel);
        others.distances.remove(pixel);
        others
    }
}

fn in_order<T: Copy>(of: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|&place| of[place as usize]).collect()
}

/// The probability of each logit.
pub(crate) fn probabilities(logits: &[f32]) -> Vec<f32> {
    logits.iter().map(|&logit| Logits.pixel(logit, 0.0).p).collect()
}
