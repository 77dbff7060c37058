//! Objects: which were found, and how well.

mod components;

use std::collections::BTreeMap;

pub use components::{Connectivity, Objects};

/// The truth's and the prediction's objects of an image, counted. Detections add: those of several images are the sum of theirs.
///
/// An object of the truth is **found** if any pixel of it was predicted; a predicted object is **right** if it touches the truth. They **match** if their IoU
/// is above ½, so each has one partner at most. With n the objects of the truth, m the predicted ones, and M matches:
///
/// | score | formula |
/// |---|---|
/// | [`recall`](Self::recall) | found / n, lesion-wise |
/// | [`precision`](Self::precision) | right / m |
/// | [`f1`](Self::f1) | 2·found / (2·found + (m − right) + (n − found)) |
/// | [`recognition_quality`](Self::recognition_quality) | RQ = M / (M + ½(m − M) + ½(n − M)) |
/// | [`segmentation_quality`](Self::segmentation_quality) | SQ = Σ IoU / M |
/// | [`panoptic_quality`](Self::panoptic_quality) | PQ = RQ · SQ = Σ IoU / (½m + ½n) |
///
/// **Range.** [0, 1]; higher is better. **One side has no object.** 0, but for recall without anything to find, which is none. **Both:** no score. **Depends
/// on** the [`Connectivity`] that objects were made with, and **needs** the whole image. **The same figures:** MetricsReloaded's lesion-wise counts (touching by faces),
/// panopticapi's PQ.
///
/// Kirillov, He, Girshick, Rother and Dollár, *Panoptic segmentation*, 2019; Liew et al., *A large, curated, open-source stroke neuroimaging dataset* (ATLAS), 2022 (lesion-wise
/// F1).
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Detections {
    /// Objects of the truth.
    pub truth: u64,
    /// Predicted objects.
    pub predicted: u64,
    /// Objects of the truth of which any pixel was predicted.
    pub found: u64,
    /// Predicted objects that touch the truth.
    pub right: u64,
    /// Pairs with an IoU above ½.
    pub matched: u64,
    /// The sum of their IoUs.
    pub iou: f64,
}

/// An object and what became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Object {
    pixels: u64,
    is_touched: bool,
    iou: Option<f64>,
}

/// The objects of a truth and a prediction, each with what became of it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Matching {
    truth: Vec<Object>,
    predicted: Vec<Object>,
}

impl Matching {
    /// Compares objects of one image. Pixels beyond the shorter of the two are left out.
    pub fn new(truth: &Objects, predicted: &Objects) -> Self {
        let mut shared: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for (a, b) in truth.labels().iter().zip(predicted.labels()) {
            if *a > 0 && *b > 0 {
                *shared.entry((*a, *b)).or_default() += 1;
            }
        }
        let object = |pixels: &u64| Object { pixels: *pixels, is_touched: false, iou: None };
        let mut matching = Self {
            truth: truth.sizes().iter().map(object).collect(),
            predicted: predicted.sizes().iter().map(object).collect(),
        };
        for ((a, b), pixels) in shared {
            let (Some(a), Some(b)) =
                (matching.truth.get_mut(a as usize - 1), matching.predicted.get_mut(b as usize - 1))
            else {
                continue;
            };
            (a.is_touched, b.is_touched) = (true, true);
            let iou = pixels as f64 / (a.pixels + b.pixels - pixels) as f64;
            if iou > 0.5 {
                (a.iou, b.iou) = (Some(iou), Some(iou));
            }
        }
        matching
    }

    /// The counts over all objects.
    pub fn detections(&self) -> Detections {
        self.between(0.0, f64::INFINITY)
    }

    /// The counts over the objects of at least `from` pixels and fewer than `to`: each object by its own size.
    ///
    /// A match counts by the size of the truth's object. Panoptic quality asks for all objects, so of a stratum use recall and precision.
    pub fn between(&self, from: f64, to: f64) -> Detections {
        let counts = |objects: &[Object]| -> Vec<Object> {
            objects.iter().filter(|object| (from..to).contains(&(object.pixels as f64))).copied().collect()
        };
        let (truth, predicted) = (counts(&self.truth), counts(&self.predicted));
        let touched = |objects: &[Object]| objects.iter().filter(|object| object.is_touched).count() as u64;
        Detections {
            truth: truth.len() as u64,
            predicted: predicted.len() as u64,
            found: touched(&truth),
            right: touched(&predicted),
            matched: truth.iter().filter(|object| object.iou.is_some()).count() as u64,
            // From 0: a sum of no numbers is −0.
            iou: truth.iter().filter_map(|object| object.iou).fold(0.0, |sum, iou| sum + iou),
        }
    }
}

impl Detections {
    /// Adds the objects of another image.
    pub fn add(&mut self, other: &Self) {
        self.truth += other.truth;
        self.predicted += other.predicted;
        self.found += other.found;
        self.right += other.right;
        self.matched += other.matched;
        self.iou += other.iou;
    }

    fn any(&self) -> bool {
        self.truth > 0 || self.predicted > 0
    }

    /// The share of the truth's objects that were found; none if there are none.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        (self.truth > 0).then(|| self.found as f64 / self.truth as f64)
    }

    /// The share of the predicted objects that are right; 0 if nothing was predicted though there is something.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        self.any().then(|| if self.predicted == 0 { 0.0 } else { self.right as f64 / self.predicted as f64 })
    }

    /// F1 of objects.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        let (found, wrong) = (self.found as f64, (self.predicted - self.right) + (self.truth - self.found));
        self.any().then(|| 2.0 * found / (2.0 * found + wrong as f64))
    }

    /// RQ: F1 of matches.
    #[must_use]
    pub fn recognition_quality(&self) -> Option<f64> {
        self.any().then(|| 2.0 * self.matched as f64 / (self.truth + self.predicted) as f64)
    }

    /// SQ: the mean IoU of matches; 0 without one.
    #[must_use]
    pub fn segmentation_quality(&self) -> Option<f64> {
        self.any().then(|| if self.matched == 0 { 0.0 } else { self.iou / self.matched as f64 })
    }

    /// PQ.
    #[must_use]
    pub fn panoptic_quality(&self) -> Option<f64> {
        self.any().then(|| 2.0 * self.iou / (self.truth + self.predicted) as f64)
    }
}
