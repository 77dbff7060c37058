//! What `score` can be asked for beside losses, and where its answers go.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use loss_metrics::facts::{Group, METRICS, Metric};

/// Metrics and their parameters.
#[derive(Debug, Args)]
#[command(next_help_heading = "Metrics")]
pub(crate) struct MetricArguments {
    /// Metrics beside losses, separated by commas: overlap, surface, instances, calibration, all, or single ones such as
    /// dice,hd95,lesion_f1 [default: overlap, of --prediction, --per-image FILE, --intervals and --report]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) metrics: Vec<Wanted>,

    /// β of f_beta
    #[arg(long, value_name = "BETA", default_value = "2", value_parser = positive)]
    pub(crate) beta: f64,

    /// The tolerance of nsd (normalised surface Dice), in the unit of the spacing
    #[arg(long, value_name = "DISTANCE", default_value = "1", value_parser = not_negative)]
    pub(crate) tolerance: f64,

    /// Which points surface distances are measured between
    #[arg(long, value_enum, value_name = "POINTS", default_value_t = SurfacePoints::Voxels)]
    pub(crate) points: SurfacePoints,

    /// The distance from the outline within which boundary_iou counts pixels, in pixels [default: 2 % of the image's diagonal]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) boundary_width: Option<u32>,

    /// Which neighbours belong to the same object
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Touching::Corners)]
    pub(crate) connectivity: Touching,

    /// Also count objects by size: the borders between sizes, as areas or volumes in the unit of the spacing
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = positive)]
    pub(crate) sizes: Vec<f64>,

    /// The number of bins of ece and mce
    #[arg(long, value_name = "BINS", default_value = "15", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) bins: u32,

    /// Score class 0, the background, like the other classes
    #[arg(long)]
    pub(crate) include_background: bool,

    /// How to count a class in an image that has it neither in truth nor in prediction
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = BothEmpty::Skip)]
    pub(crate) both_empty: BothEmpty,

    /// Bootstrap intervals of this level over images, such as 0.95
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, default_missing_value = "0.95", value_parser = level)]
    pub(crate) intervals: Option<f64>,

    /// The number of resamples of the images
    #[arg(long, value_name = "N", default_value = "2000", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(crate) resamples: u32,

    /// The seed of the resamples
    #[arg(long, value_name = "SEED", default_value = "0")]
    pub(crate) seed: u64,

    /// Compare two models by the rows that --per-image FILE wrote for each, on the same images
    #[arg(long, value_names = ["A", "B"], num_args = 2)]
    pub(crate) compare: Vec<PathBuf>,
}

/// Where answers go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// Write ∂L/∂logit (or ∂L/∂p) of the one --loss as f32 .npy, in the shape and order of the input; for many files, a
    /// folder
    #[arg(long, value_name = "FILE")]
    pub(crate) grad: Option<PathBuf>,

    /// Write the loss of each pixel, times its weight, before any mean, as --grad does; for sums over pixels and
    /// their sums
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,

    /// Write the exact sums for `ablation merge`, instead of an answer
    #[arg(long, value_name = "FILE", conflicts_with_all = ["grad", "map", "csv", "json"])]
    pub(crate) state: Option<PathBuf>,

    /// Write the answer to a file, as JSON or CSV if its name ends in .json or .csv
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Write a page with tables and figures: the distribution of each metric, predicted against true sizes, scores over
    /// thresholds, and the worst images as pictures. One HTML file, which loads nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["state", "compare"])]
    pub(crate) report: Option<PathBuf>,

    /// The words of the command, for the report
    #[arg(skip)]
    pub(crate) command: Vec<String>,

    /// Print JSON, with numbers in full
    #[arg(long)]
    pub(crate) json: bool,

    /// Print CSV: a row for each file (and image), the pooled result and the means; of --prediction a row for each image
    /// and class
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

impl OutputArguments {
    fn ends_in(&self, ending: &str) -> bool {
        let extension = self.output.as_ref().and_then(|path| path.extension());
        extension.is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
    }

    /// Whether the answer is JSON.
    pub(crate) fn json(&self) -> bool {
        self.json || (!self.csv && self.ends_in("json"))
    }

    /// Whether it is CSV.
    pub(crate) fn csv(&self) -> bool {
        self.csv || (!self.json && self.ends_in("csv"))
    }
}

/// A metric, or a group of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    Group(Group),
    One(Metric),
}

impl Wanted {
    pub(crate) fn contains(self, metric: Metric) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Group(group) => metric.facts().group == group,
            Wanted::One(one) => one == metric,
        }
    }
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_lowercase().replace('-', "_");
        if name == "all" {
            return Ok(Wanted::All);
        }
        if let Some(group) = Group::ALL.into_iter().find(|group| group.name() == name) {
            return Ok(Wanted::Group(group));
        }
        if let Some(metric) = Metric::find(&name) {
            return Ok(Wanted::One(metric));
        }
        let names: Vec<&str> = METRICS.iter().map(|facts| facts.name).collect();
        let near = loss_expression::closest(&name, names.iter().copied());
        let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        Err(format!(
            "there is no such metric{near} accepted: overlap, surface, instances, calibration, all, {}",
            names.join(", ")
        ))
    }
}

/// The points that surface distances run between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SurfacePoints {
    /// The outermost pixels of a mask, each counting 1, as MONAI and MetricsReloaded
    Voxels,
    /// The surface between pixels, by area, as DeepMind's surface-distance
    Area,
    /// All pixels of a mask, as scikit-image
    Region,
}

/// Which pixels touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Touching {
    /// By faces: 4 neighbours in 2-D, 6 in 3-D
    Faces,
    /// By edges as well: 8 and 18
    Edges,
    /// By corners as well: 8 and 26
    Corners,
}

/// How to count a class that neither truth nor prediction has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BothEmpty {
    /// Leave the image out of the class's mean, and count it as absent
    Skip,
    /// Count it as a perfect prediction
    Perfect,
}

fn number(text: &str, accepted: &str, holds: impl Fn(f64) -> bool) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && holds(number) => Ok(number),
        _ => Err(format!("accepted: {accepted}")),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, "a number above 0", |number| number > 0.0)
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text, "a number of at least 0", |number| number >= 0.0)
}

fn level(text: &str) -> Result<f64, String> {
    number(text, "a level above 0 and below 1, such as 0.95", |number| 0.0 < number && number < 1.0)
}
