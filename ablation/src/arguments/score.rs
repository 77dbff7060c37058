//! `score`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ClassesArgument, MetricArguments, OutputArguments};
use crate::paths::PairRule;
use crate::score::classes::WeightsFrom;
use crate::targets::Value;

/// Score predictions against targets.
///
/// One pass over the pixels computes the losses, counts valid, ignored and rejected pixels, and gives the confusion, soft
/// and at a threshold; several classes have a table. Arrays are streamed, so they may be larger than memory (but see below
/// for arrays in different orders). --metrics adds overlap, surface distances, objects and calibration, an image at a time.
///
/// Logits and targets of the same shape are binary masks. Logits (N, C, …) with labels (N, …) are C classes, by a softmax.
/// --prediction scores label maps, which have metrics but no losses.
///
/// Files are .npy, .npz and .safetensors (name one of several arrays as file.npz:name), .nii and .nii.gz, PNG and TIFF;
/// a folder or a pattern in quotes names many, and - is standard input.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("input").required(true).args(["logits", "probs", "prediction", "compare"]))]
pub(crate) struct ScoreArguments {
    /// Logits: f16, bf16, f32 or f64 (rounded to f32). Several files, a pattern in quotes or a folder score many
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Input")]
    pub(crate) logits: Vec<OsString>,

    /// Probabilities in place of logits: of foreground, or a softmax (N, C, …) of classes, such as nnU-Net's .npz. Prefer
    /// logits where there are any: a probability near 1 has lost what 1 − p was
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Input")]
    pub(crate) probs: Vec<OsString>,

    /// Predicted masks or label maps in place of logits: metrics alone, no losses
    #[arg(long, visible_alias = "predictions", value_name = "FILE", num_args = 1.., help_heading = "Input")]
    pub(crate) prediction: Vec<OsString>,

    /// Targets: masks of the shape of the logits (bool, 0 and 1, or floats in [0, 1]; other values need --foreground), or
    /// labels of classes (whole numbers from 0) without the axis of classes; with that axis, --one-hot or --multi-label
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "compare", help_heading = "Input")]
    pub(crate) targets: Vec<OsString>,

    /// Mask of valid pixels: bool or integers; where it is 0 the pixel is ignored
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Input")]
    pub(crate) mask: Vec<OsString>,

    /// Weight of each pixel: 0 (ignored), or from 2^-32 to 2^32
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Input")]
    pub(crate) weights: Vec<OsString>,

    /// Pair files by order, by name, or by a rule that makes the name of the targets' file from the prediction's, such as
    /// "{id}_mask.png" or "{id}_logits.npy:{id}_mask.png" [default: their order if all are named one by one and the names
    /// do not contradict it, else their names]
    #[arg(long, value_name = "RULE", help_heading = "Input")]
    pub(crate) pair: Option<PairRule>,

    /// Use one mask for every image: the targets lack the first axis, or one file stands beside several
    #[arg(long, help_heading = "Input")]
    pub(crate) broadcast: bool,

    /// Ignore the pixels whose target is this value, such as 255 or nan
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true, help_heading = "Input")]
    pub(crate) ignore: Option<Value>,

    /// Take these values of the targets (and of --prediction) as foreground, such as 255 or 3,4, and all other labels as
    /// background
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

    /// The last axis of logits or probabilities (and of one-hot targets) counts the classes: (N, H, W, C) or (H, W, C)
    #[arg(long, conflicts_with_all = ["grad", "prediction"], help_heading = "Input")]
    pub(crate) channels_last: bool,

    /// The number of classes, or their names: "background,road,house". Logits are (N, C, …), or (C, …) for one image
    /// [default: that of axis 1, where targets lack it; of --prediction up to the largest label]
    #[arg(long, value_name = "CLASSES", help_heading = "Input")]
    pub(crate) classes: Option<ClassesArgument>,

    /// The axes of an image: 2 are (height, width), 3 (depth, height, width); axes before them are images, and channels
    /// [default: 2 of PNG, 3 of NIfTI, those of --spacing, or what the shape leaves]
    #[arg(long, value_name = "AXES", value_parser = clap::value_parser!(u8).range(2..=3), help_heading = "Input")]
    pub(crate) dims: Option<u8>,

    /// The distance between neighbours along the last axes, in the order of the axes, such as 3,0.8,0.8 [default: that of
    /// NIfTI files, else 1, and distances are in pixels]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', value_parser = spacing, help_heading = "Input")]
    pub(crate) spacing: Vec<f64>,

    /// The order of the axes of arrays that stand beside NIfTI volumes: zyx as SimpleITK and nnU-Net have them, or xyz as
    /// nibabel [default: the one that fits the shapes; needed where both fit]
    #[arg(long, value_enum, value_name = "ORDER", help_heading = "Input")]
    pub(crate) axes: Option<AxisOrder>,

    /// Score volumes voxel by voxel though their headers put the voxels in different places
    #[arg(long, help_heading = "Input")]
    pub(crate) ignore_affine: bool,

    /// Clip probabilities to [E, 1−E] in logarithms; with --probs
    #[arg(long, value_name = "E", default_value = "1e-7", value_parser = epsilon, conflicts_with = "logits", help_heading = "Input")]
    pub(crate) epsilon: f32,

    /// What to do with a pixel that is out of range (a logit that is not finite, a target outside [0, 1], …)
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnBad::Error, help_heading = "Input")]
    pub(crate) on_bad: OnBad,

    /// Take logits as logits though all of them lie in [0, 1], as probabilities do
    #[arg(long, conflicts_with_all = ["probs", "prediction", "compare"], help_heading = "Input")]
    pub(crate) small_logits: bool,

    /// Refuse probabilities and soft targets that lie outside [0, 1] by rounding alone (1e-6), in place of clamping them
    #[arg(long, help_heading = "Input")]
    pub(crate) strict: bool,

    /// Skip broken files: score the others, name the broken ones, and end with exit code 1
    #[arg(long, help_heading = "Input")]
    pub(crate) keep_going: bool,

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

    /// Average the losses of the images, instead of pooling all pixels; axis 0 counts the images. With a file, write a row
    /// for each image and class as CSV, or JSON Lines if it ends in .jsonl
    #[arg(long, value_name = "FILE", num_args = 0..=1, help_heading = "Scores")]
    pub(crate) per_image: Option<Option<PathBuf>>,

    /// How to count an image without valid pixels; with --per-image
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = EmptyImages::Skip, help_heading = "Scores")]
    pub(crate) empty_images: EmptyImages,

    /// Count a pixel as foreground from this probability on, in the confusion and the metrics [default: 0.5]
    #[arg(long, value_name = "P", value_parser = threshold, help_heading = "Scores")]
    pub(crate) threshold: Option<f64>,

    #[command(flatten)]
    pub(crate) metric: MetricArguments,

    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

impl ScoreArguments {
    pub(crate) fn threshold(&self) -> f64 {
        self.threshold.unwrap_or(0.5)
    }

    /// Whether the losses are means over images.
    pub(crate) fn is_per_image(&self) -> bool {
        self.per_image.is_some()
    }

    /// Whether metrics alone were asked for.
    pub(crate) fn is_without_losses(&self) -> bool {
        !self.prediction.is_empty()
            || (!self.metric.metrics.is_empty() && self.losses.is_empty() && self.conventions.is_empty())
    }

    /// Where the rows of images go.
    pub(crate) fn rows(&self) -> Option<&PathBuf> {
        self.per_image.as_ref().and_then(Option::as_ref)
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
    /// Leave it out of the mean; the report says so
    Skip,
    /// Count it with the loss of no pixels, which is 0
    Count,
}

/// The order of the axes of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AxisOrder {
    /// (z, y, x), as SimpleITK and nnU-Net
    Zyx,
    /// (x, y, z), as nibabel
    Xyz,
}

fn spacing(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(number) if f64::MIN_POSITIVE <= number && number.is_finite() => Ok(number),
        _ => Err("accepted: numbers above 0, one for each axis, such as 3,0.8,0.8".to_owned()),
    }
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
