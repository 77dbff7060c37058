//! `score`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ClassesArgument;
use crate::paths::PairRule;
use crate::score::classes::WeightsFrom;
use crate::targets::Value;

/// Score predictions against targets.
///
/// One pass over the pixels gives the losses asked for, how many pixels were valid, ignored and rejected, and the
/// confusion, soft and at a threshold; of several classes a table of each class. Arrays are streamed, so they may be
/// larger than memory (but see below for arrays in different orders).
///
/// Binary masks are logits and targets of the same shape. Logits (N, C, …) with labels (N, …) are C classes, by a
/// softmax.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("input").required(true).args(["logits", "probs"]))]
pub(crate) struct ScoreArguments {
    /// Logits: .npy, or .npz as file.npz:name; f16, f32 or f64 (rounded to f32). Several files, a pattern in quotes or
    /// a folder score many
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Input")]
    pub(crate) logits: Vec<OsString>,

    /// Probabilities of foreground, in place of logits. Prefer logits where there are any: a probability near 1 has
    /// lost what 1 − p was
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Input")]
    pub(crate) probs: Vec<OsString>,

    /// Targets of the same shape: bool or integers 0/1, or floats in [0, 1]; others with --foreground. Labels of classes:
    /// integers from 0, without the axis of classes; with it, --one-hot or --multi-label
    #[arg(long, value_name = "FILE", num_args = 1.., required = true, help_heading = "Input")]
    pub(crate) targets: Vec<OsString>,

    /// Mask of valid pixels: bool or integers; where it is 0 the pixel is ignored
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Input")]
    pub(crate) mask: Vec<OsString>,

    /// Weight of each pixel: 0 (ignored), or from 2^-32 to 2^32
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Input")]
    pub(crate) weights: Vec<OsString>,

    /// What decides which files belong together [default: their order if all are named one by one and the names do not
    /// contradict it, else their names]
    #[arg(long, value_enum, value_name = "RULE", help_heading = "Input")]
    pub(crate) pair: Option<PairRule>,

    /// Ignore the pixels whose target is this value, such as 255 or nan
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true, help_heading = "Input")]
    pub(crate) ignore: Option<Value>,

    /// Take these values of the targets as foreground, such as 255 or 3,4, and all other labels as background
    #[arg(long, value_name = "VALUES", value_delimiter = ',', allow_negative_numbers = true, help_heading = "Input")]
    pub(crate) foreground: Vec<Value>,

    /// With --foreground: take these values and 0 as background, and no others [default: all other labels]
    #[arg(
        long,
        value_name = "VALUES",
        value_delimiter = ',',
        allow_negative_numbers = true,
        requires = "foreground",
        help_heading = "Input"
    )]
    pub(crate) background: Vec<Value>,

    /// Targets of the shape of the logits are one-hot: read them as labels of classes, by a softmax
    #[arg(long, help_heading = "Input")]
    pub(crate) one_hot: bool,

    /// Targets of the shape of the logits are binary masks, one in each channel, even if they look one-hot
    #[arg(long, conflicts_with = "one_hot", help_heading = "Input")]
    pub(crate) multi_label: bool,

    /// The number of classes (up to 256), or their names: "background,road,house". Logits are (N, C, …), or (C, …) for
    /// one image [default: that of axis 1, where targets lack it]
    #[arg(long, value_name = "CLASSES", help_heading = "Input")]
    pub(crate) classes: Option<ClassesArgument>,

    /// Clip probabilities to [E, 1−E] in logarithms; with --probs
    #[arg(long, value_name = "E", default_value = "1e-7", value_parser = epsilon, conflicts_with = "logits", help_heading = "Input")]
    pub(crate) epsilon: f32,

    /// What to do about a pixel that is out of range (a logit that is not finite, a target outside [0, 1], …)
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnBad::Error, help_heading = "Input")]
    pub(crate) on_bad: OnBad,

    /// Refuse probabilities and soft targets that lie outside [0, 1] by rounding alone (1e-6), in place of clamping them
    #[arg(long, help_heading = "Input")]
    pub(crate) strict: bool,

    /// A loss, such as "bce + 0.5 * dice(smooth=1e-5)"; give several to compare [default: bce, dice, iou, focal, bce + dice]
    #[arg(long = "loss", value_name = "EXPRESSION", allow_hyphen_values = true, help_heading = "Scores")]
    pub(crate) losses: Vec<String>,

    /// The losses of another library with its defaults, such as monai or monai.dice; `ablation losses --conventions`
    /// lists them
    #[arg(long = "convention", value_name = "NAME", help_heading = "Scores")]
    pub(crate) conventions: Vec<String>,

    /// Weights of classes, for ce, focal and losses with weights=…: "1,5,20", or computed from the targets as inverse,
    /// median, effective or effective:BETA
    #[arg(long, value_name = "WEIGHTS", help_heading = "Scores")]
    pub(crate) class_weights: Option<WeightsFrom>,

    /// The mean over images of each image's loss, in place of the loss of all pixels pooled; axis 0 is the image
    #[arg(long, help_heading = "Scores")]
    pub(crate) per_image: bool,

    /// What an image counts for that has no valid pixel; with --per-image
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = EmptyImages::Skip, help_heading = "Scores")]
    pub(crate) empty_images: EmptyImages,

    /// The probability from which on a pixel is called foreground, for the confusion [default: 0.5]
    #[arg(long, value_name = "P", value_parser = threshold, help_heading = "Scores")]
    pub(crate) threshold: Option<f64>,

    /// Write ∂L/∂logit (or ∂L/∂p) of the one --loss as f32 .npy, in the shape and order of the input; for many files, a
    /// folder
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) grad: Option<PathBuf>,

    /// Write the loss of each pixel, times its weight, before any mean, as --grad does; for sums over pixels and
    /// their sums
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) map: Option<PathBuf>,

    /// Print JSON, with numbers in full
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// Print CSV: a row for each file (and image), the pooled result and the means
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub(crate) csv: bool,
}

impl ScoreArguments {
    pub(crate) fn threshold(&self) -> f64 {
        self.threshold.unwrap_or(0.5)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnBad {
    /// Name the first such pixel and stop
    Error,
    /// Leave such pixels out, and say how many
    Skip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EmptyImages {
    /// Nothing: it leaves the mean, and the report says so
    Skip,
    /// The loss of no pixels, which is 0
    Count,
}

fn threshold(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if 0.0 < number && number < 1.0 => Ok(number),
        _ => Err("accepted: a number above 0 and below 1".to_owned()),
    }
}

fn epsilon(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(number) if (f32::MIN_POSITIVE..0.5).contains(&number) => Ok(number),
        _ => Err("accepted: a number from 2^-126 to below 0.5".to_owned()),
    }
}
