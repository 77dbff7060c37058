//! `run`, `report`, `config` and `compare`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::ClassesArgument;

/// The largest seed: every reader of JSON holds it exactly.
pub(crate) const LARGEST_SEED: u64 = (1 << 53) - 1;

pub(crate) const MOST_SEEDS: u32 = 1000;

/// The most threads that may be asked for.
const MOST_THREADS: i64 = 1024;

/// Train a small U-Net under different losses, and write a report.
///
/// Synthetic images with few foreground pixels, one network, and for each loss some trainings that differ in nothing but
/// the seed. The report is one page (index.html) with its figures (SVG, PNG), all numbers (results.json, data/*.csv) and
/// what can be said from them, differences with their intervals.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The exercises to run [default: all]
    // Which there are, and their numbers, `run::with_exercises` adds.
    #[arg(value_name = "EXERCISE")]
    pub(crate) exercises: Vec<u8>,

    #[command(flatten)]
    pub(crate) preset: PresetArguments,

    /// Settings that differ from the preset's, as TOML; `ablation config` prints them all
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Train each arm with so many seeds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_SEEDS)))]
    pub(crate) seeds: Option<u32>,

    /// The first of the seeds
    #[arg(long, value_name = "SEED", value_parser = clap::value_parser!(u64).range(..=LARGEST_SEED))]
    pub(crate) first_seed: Option<u64>,

    /// Add an arm with a loss of your own, an expression as `ablation score` has it
    #[arg(long = "loss", value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub(crate) losses: Vec<String>,

    /// Train on crops of these images in place of synthetic ones: PNG, TIFF or .npy, grey or RGB; files, a pattern in quotes or a folder
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "masks", help_heading = "Your own images")]
    pub(crate) images: Vec<OsString>,

    /// Their masks, one for each image, paired as `ablation score` pairs files: 0 and 1, 0 and 255, or labels with --classes
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "images", help_heading = "Your own images")]
    pub(crate) masks: Vec<OsString>,

    /// Masks are labels of so many classes, or of these names, from 0; all but 0 are foreground [default: masks are binary]
    #[arg(long, value_name = "CLASSES", requires = "masks", help_heading = "Your own images")]
    pub(crate) classes: Option<ClassesArgument>,

    /// Take these values of the masks as foreground, such as 3,4, or "nonzero" where values number objects
    #[arg(long, value_name = "VALUES", requires = "masks", help_heading = "Your own images")]
    pub(crate) foreground: Option<Foreground>,

    /// Width and height of a crop in pixels: a multiple of 8 from 16 to 512 [default: data.size of the settings, 64]
    #[arg(long, value_name = "PIXELS", requires = "images", help_heading = "Your own images")]
    pub(crate) crop: Option<usize>,

    /// Split the images into so many folds; each seed holds one out, in turn, and never a part of an image [default: 3]
    #[arg(long, value_name = "N", requires = "images", help_heading = "Your own images")]
    pub(crate) folds: Option<usize>,

    /// Print what would be trained, how long it takes about and how much disk, and train nothing
    #[arg(long)]
    pub(crate) plan: bool,

    /// The folder of the report
    #[arg(long, short, value_name = "FOLDER", default_value = "target/ablation")]
    pub(crate) output: PathBuf,

    /// Trainings side by side; the numbers do not depend on it [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MOST_THREADS))]
    pub(crate) threads: Option<u16>,

    /// Train again what is finished already
    #[arg(long)]
    pub(crate) fresh: bool,

    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// What of a mask is foreground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Foreground {
    /// Every value but 0.
    NonZero,
    Values(Vec<u32>),
}

impl FromStr for Foreground {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "nonzero" {
            return Ok(Self::NonZero);
        }
        let values = text.split(',').map(|value| value.trim().parse()).collect::<Result<_, _>>();
        values
            .map(Self::Values)
            .map_err(|_| "accepted: whole numbers from 0, separated by commas, or nonzero".to_owned())
    }
}

/// How long it may take.
#[derive(Debug, Args)]
pub(crate) struct PresetArguments {
    /// Less than a minute: one seed, small images, few steps
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,

    /// Hours: larger images and networks, five seeds, 0.1 % foreground as well
    #[arg(long)]
    pub(crate) full: bool,
}

/// Print the settings of a run as TOML, with what each means.
#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    #[command(flatten)]
    pub(crate) preset: PresetArguments,
}

/// Draw the report of a run again, without training.
///
/// The page, the figures and the tables come from results.json, and the facts of the run (command, machine, times) from the run.json beside it. They are the files that
/// `ablation run` of the same version wrote.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The results.json of a run, or the folder of its report
    #[arg(value_name = "RESULTS")]
    pub(crate) results: PathBuf,

    /// The folder to write into [default: that of the results]
    #[arg(long, short, value_name = "FOLDER")]
    pub(crate) output: Option<PathBuf>,
}

/// Show what changed between two runs: first the conclusions, then the numbers.
///
/// Settings, versions, conclusions, and each metric of each arm; where both runs have the same seeds, whether the difference is clear.
#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The results.json of a run, or the folder of its report
    #[arg(value_name = "A")]
    pub(crate) first: PathBuf,

    /// Those of the other
    #[arg(value_name = "B")]
    pub(crate) second: PathBuf,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
