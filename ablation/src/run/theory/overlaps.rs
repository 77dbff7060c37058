//! Masks of two shapes with a known overlap, as pixels and as pictures.

use crate::run::model::{Paint, Picture, PictureKind};

/// An image whose pixels are predicted with certainty: hits first, then misses, false alarms and the rest.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    pub(super) width: usize,
    pub(super) pixels: Vec<Outcome>,
}

/// The outcome of a pixel: its prediction compared with its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    TruePositive,
    FalsePositive,
    FalseNegative,
    TrueNegative,
}

impl Outcome {
    pub(super) const ALL: [Self; 4] =
        [Self::TruePositive, Self::FalsePositive, Self::FalseNegative, Self::TrueNegative];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::TruePositive => "hit (true positive)",
            Self::FalsePositive => "false alarm (false positive)",
            Self::FalseNegative => "miss (false negative)",
            Self::TrueNegative => "background, correct (true negative)",
        }
    }

    pub(super) fn is_foreground(self) -> bool {
        matches!(self, Self::TruePositive | Self::FalseNegative)
    }

    /// The pixel with a logit of this size, and its target.
    pub(super) fn pixel(self, size: f32) -> (f32, bool) {
        let logit = if matches!(self, Self::TruePositive | Self::FalsePositive) { size } else { -size };
        (logit, self.is_foreground())
    }

    fn paint(self) -> Paint {
        match self {
            Self::TruePositive => Paint::TruePositive,
            Self::FalsePositive => Paint::FalsePositive,
            Self::FalseNegative => Paint::FalseNegative,
            Self::TrueNegative => Paint::Background,
        }
    }
}

impl Mask {
    /// Makes it of runs of pixels, row by row; the rest up to `height` rows is background.
    pub(super) fn of_runs(width: usize, height: usize, runs: &[(Outcome, usize)]) -> Self {
        let run = |&(outcome, count): &(Outcome, usize)| std::iter::repeat_n(outcome, count);
        let mut pixels: Vec<Outcome> = runs.iter().flat_map(run).collect();
        pixels.resize(width * height, Outcome::TrueNegative);
        Self { width, pixels }
    }

    pub(super) fn count(&self, outcome: Outcome) -> usize {
        self.pixels.iter().filter(|&&other| other == outcome).count()
    }

    /// The pixels with logits of this size.
    pub(super) fn samples(&self, size: f32) -> impl Iterator<Item = (f32, bool)> {
        self.pixels.iter().map(move |outcome| outcome.pixel(size))
    }

    pub(super) fn picture(&self, note: String) -> Picture {
        self.painted(note, Outcome::paint)
    }

    /// The foreground of the target.
    pub(super) fn target_picture(&self) -> Picture {
        let paint = |outcome: Outcome| if outcome.is_foreground() { Paint::Foreground } else { Paint::Background };
        self.painted("target".to_owned(), paint)
    }

    fn painted(&self, note: String, paint: impl Fn(Outcome) -> Paint) -> Picture {
        Picture {
            width: self.width,
            height: self.pixels.len() / self.width.max(1),
            kind: PictureKind::Painted,
            note,
            pixels: self.pixels.iter().map(|&outcome| paint(outcome) as u8).collect(),
        }
    }
}

/// The meaning of the colours of [`Mask::picture`].
pub(super) fn legend() -> Vec<(Paint, String)> {
    Outcome::ALL.map(|outcome| (outcome.paint(), outcome.name().to_owned())).to_vec()
}
