//! The arguments of `run`, `report`, `config` and `compare`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::ClassesArgument;

/// The largest seed, which every reader of JSON holds exactly.
pub(crate) const LARGEST_SEED: u64 = (1 << 53) - 1;

pub(crate) const MOST_SEEDS: u32 = 1000;

/// The largest number of threads.
const MOST_THREADS: i64 = 1024;

/// Train a small U-Net under different losses, and write a report.
///
/// The images are synthetic and have few foreground pixels. Each loss trains the same network several times, each time with another seed.
/// The report is one page (index.html) with its figures (SVG, PNG), all numbers (results.json, data/*.csv) and its conclusions, with the
/// interval of every difference.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The exercises to run [default: all]
    // `run::with_exercises` adds the list of exercises with their numbers.
    #[arg(value_name = "EXERCISE")]
    pub(crate) exercises: Vec<u8>,

    #[command(flatten)]
    pub(crate) preset: PresetArguments,

    /// Settings that differ from the preset, as TOML; `ablation config` prints all settings
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Train each loss with this number of seeds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_SEEDS)))]
    pub(crate) seeds: Option<u32>,

    /// The first of the seeds
    #[arg(long, value_name = "SEED", value_parser = clap::value_parser!(u64).range(..=LARGEST_SEED))]
    pub(crate) first_seed: Option<u64>,

    /// Train your own loss as well, an expression as in `ablation score`
    #[arg(long = "loss", value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub(crate) losses: Vec<String>,

    /// Train on crops of these images instead of synthetic ones: PNG, TIFF or .npy, grey or RGB; files, a pattern in quotes or a folder
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "masks", help_heading = "Your own images")]
    pub(crate) images: Vec<OsString>,

    /// Their masks, one for each image, paired like the files of `ablation score`: 0 and 1, 0 and 255, or labels with --classes
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "images", help_heading = "Your own images")]
    pub(crate) masks: Vec<OsString>,

    /// The masks are labels of this number of classes, or of these names, from 0; all but 0 are foreground [default: masks are binary]
    #[arg(long, value_name = "CLASSES", requires = "masks", help_heading = "Your own images")]
    pub(crate) classes: Option<ClassesArgument>,

    /// Use these values of the masks as foreground, such as 3,4, or "nonzero" if values number objects
    #[arg(long, value_name = "VALUES", requires = "masks", help_heading = "Your own images")]
    pub(crate) foreground: Option<Foreground>,

    /// Width and height of a crop in pixels: a multiple of 8 from 16 to 512 [default: data.size of the settings, 64]
    #[arg(long, value_name = "PIXELS", requires = "images", help_heading = "Your own images")]
    pub(crate) crop: Option<usize>,

    /// Split the images into this number of folds; each seed holds one fold out, in turn. An image is never divided between folds [default: 3]
    #[arg(long, value_name = "N", requires = "images", help_heading = "Your own images")]
    pub(crate) folds: Option<usize>,

    /// Print what would be trained, and about how much time and disk it takes, without training
    #[arg(long)]
    pub(crate) plan: bool,

    /// The folder of the report
    #[arg(long, short, value_name = "FOLDER", default_value = "target/ablation")]
    pub(crate) output: PathBuf,

    /// The number of trainings at the same time; it does not change the results [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MOST_THREADS))]
    pub(crate) threads: Option<u16>,

    /// Repeat trainings that are finished already
    #[arg(long)]
    pub(crate) fresh: bool,

    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// The values of a mask that are foreground.
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

/// The length of the run.
#[derive(Debug, Args)]
pub(crate) struct PresetArguments {
    /// Less than a minute: one seed, small images, few steps
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,

    /// Hours: larger images and networks, five seeds, 0.1 % foreground as well
    #[arg(long)]
    pub(crate) full: bool,
}

/// Print the settings of a run as TOML, with an explanation of each.
#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    #[command(flatten)]
    pub(crate) preset: PresetArguments,
}

/// Draw the report of a run again, without training.
///
/// The page, the figures and the tables come from results.json, and the facts of the run (command, machine, times) from the run.json beside it. The same version of
/// `ablation run` must have written both files.
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
/// Compares settings, versions, conclusions, and each metric of each loss on each data set. If both runs have the same seeds, it says whether a difference is clear.
#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The results.json of a run, or the folder of its report
    #[arg(value_name = "A")]
    pub(crate) first: PathBuf,

    /// The results.json of the other run, or the folder of its report
    #[arg(value_name = "B")]
    pub(crate) second: PathBuf,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
