//! The command line: what can be asked for, and what the answer is when it goes wrong.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::paths::PairRule;
#[cfg(feature = "train")]
use crate::run::{LARGEST_SEED, MOST_SEEDS};
use crate::score::classes::WeightsFrom;
use crate::targets::Value;
use crate::{inspect, losses, score, terminal};
use loss_expression::Entry;
use loss_expression::{BinaryLoss, ClassesLoss, Vocabulary};

/// Segmentation losses, compared by training and computed for predictions of your own.
///
/// `run` trains a small U-Net on synthetic imbalanced data under different losses, and writes a report with figures.
/// `score` reads the logits or probabilities of any framework from NumPy files, streams them past exact sums (the
/// result does not depend on order, chunks or machine), and gives losses, their parts, confusion counts and gradients.
///
/// Without a command it is `ablation run`.
#[derive(Debug, Parser)]
#[command(
    name = "ablation",
    version,
    propagate_version = true,
    after_help = "Examples:\n  ablation run --quick\n  ablation score --logits z.npy --targets y.npy\n  ablation score --logits z.npy --targets y.npy --loss \"bce + dice(smooth=1e-5)\" --json\n  ablation score --logits z.npy --targets labels.npy --classes background,road,house --convention monai\n  ablation inspect labels.npy\n  ablation losses focal\n\nExit codes: 0 done (also if the reader of the output has gone, as in `| head`), 1 a file could not be read or written, 2 the input or the command line is wrong (a file to read does not exist), 130 broken off by Ctrl-C with nothing to show."
)]
struct Cli {
    // As `ablation run`, without one.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "train")]
    Run(RunArguments),
    #[cfg(feature = "train")]
    Config(ConfigArguments),
    #[cfg(feature = "train")]
    Compare(CompareArguments),
    Score(Box<ScoreArguments>),
    Inspect(InspectArguments),
    Losses(LossesArguments),
    /// What to print where nothing was asked for.
    #[command(skip)]
    Help(String),
}

/// Train a small U-Net under different losses, and write a report.
///
/// Synthetic images with few foreground pixels, one network, and for each loss some trainings that differ in nothing but
/// the seed. The report is one page (index.html) with its figures (SVG, PNG), all numbers (results.json, data/*.csv) and
/// what can be said from them, differences with their intervals.
#[cfg(feature = "train")]
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The exercises to run: 1 BCE alone against BCE + Dice, 2 Dice against IoU, 3 focal γ, 4 gradient magnitudes,
    /// 5 extreme imbalance, 6 damage mapping in five classes [default: all]
    #[arg(value_name = "EXERCISE", value_parser = clap::value_parser!(u8).range(1..=6))]
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

    /// Add an arm with a loss of your own to exercises 1, 2 and 5: an expression as `ablation score` has it, such as
    /// "0.7*focal(gamma=2) + 0.3*tversky(alpha=0.3, beta=0.7)". May be given several times
    #[arg(long = "loss", value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub(crate) losses: Vec<String>,

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

/// How long it may take.
#[cfg(feature = "train")]
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
#[cfg(feature = "train")]
#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    #[command(flatten)]
    pub(crate) preset: PresetArguments,
}

/// Show what changed between two runs.
///
/// Settings, versions, and each metric of each arm; where both runs have the same seeds, whether the difference is clear.
#[cfg(feature = "train")]
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

    /// Write the loss of each pixel, times its weight, before any mean, as --grad does; for bce, ce, focal, poly1 and
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

/// The number of classes, and their names if they were given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClassesArgument {
    pub(crate) count: usize,
    pub(crate) names: Vec<String>,
}

impl FromStr for ClassesArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let accepted = format!("accepted: a number from 1 to {MOST_CLASSES}, or as many names separated by commas");
        let text = text.trim();
        if let Ok(count) = text.parse::<i64>() {
            let count = usize::try_from(count).ok().filter(|count| (1..=MOST_CLASSES).contains(count));
            return count.map(|count| Self { count, names: Vec::new() }).ok_or(accepted);
        }
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        let distinct = names.iter().collect::<BTreeSet<_>>().len() == names.len();
        if names.len() > MOST_CLASSES || !distinct || names.iter().any(String::is_empty) {
            return Err(format!("{accepted}, none empty and none twice"));
        }
        let is_number =
            |name: &String| name.parse::<f64>().is_ok() && name.contains(|character: char| character.is_ascii_digit());
        let in_order = names.iter().enumerate().all(|(class, name)| *name == class.to_string());
        if names.iter().all(is_number) && !in_order {
            let (count, last) = (names.len(), names.len() - 1);
            return Err(format!(
                "names are given to the classes from 0 on, so {text} would name classes 0 to {last}; give --classes {count} \
                 for {count} classes, names with letters if these are their names, or the number of all classes if these \
                 are some of their labels"
            ));
        }
        Ok(Self { count: names.len(), names })
    }
}

/// Look at masks before training: class balance, the weights that follow, and losses to begin with.
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// Masks: .npy, or .npz as file.npz:name, patterns in quotes or folders; bool, labels from 0, or soft masks in [0, 1]. Axis 0
    /// is that of images, unless there are two axes
    #[arg(value_name = "FILE", required_unless_present = "guide")]
    pub(crate) masks: Vec<OsString>,

    /// The number of classes, or their names: "background,road,house" [default: up to the largest label]
    #[arg(long, value_name = "CLASSES")]
    pub(crate) classes: Option<ClassesArgument>,

    /// Leave out the pixels with this label, such as 255
    #[arg(long, value_name = "LABEL", allow_negative_numbers = true)]
    pub(crate) ignore: Option<Value>,

    /// Take these values as foreground, such as 255 or 3,4, and all other labels as background
    #[arg(long, value_name = "VALUES", value_delimiter = ',', allow_negative_numbers = true)]
    pub(crate) foreground: Vec<Value>,

    /// With --foreground: take these values and 0 as background, and no others [default: all other labels]
    #[arg(long, value_name = "VALUES", value_delimiter = ',', allow_negative_numbers = true, requires = "foreground")]
    pub(crate) background: Vec<Value>,

    /// Read one-hot masks as labels [default: if the masks are one-hot, and it is then said]
    #[arg(long)]
    pub(crate) one_hot: bool,

    /// Count each channel as a binary mask, even if they look one-hot
    #[arg(long, conflicts_with = "one_hot")]
    pub(crate) multi_label: bool,

    /// Show which losses the field takes for which task, and why
    #[arg(long)]
    pub(crate) guide: bool,

    /// Print JSON, with numbers in full
    #[arg(long)]
    pub(crate) json: bool,
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

/// List the losses that expressions can name.
#[derive(Debug, Args)]
pub(crate) struct LossesArguments {
    /// Describe this loss alone, with all its parameters
    #[arg(value_name = "LOSS")]
    pub(crate) name: Option<String>,

    /// List those over classes
    #[arg(long)]
    pub(crate) classes: bool,

    /// List the losses of other libraries as expressions, with their traps
    #[arg(long, conflicts_with_all = ["name", "classes"])]
    pub(crate) conventions: bool,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
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

/// The most threads that may be asked for.
#[cfg(feature = "train")]
const MOST_THREADS: i64 = 1024;

/// The most classes that there may be.
pub(crate) const MOST_CLASSES: usize = 256;

/// The losses of a vocabulary, a line each.
fn lines_of<L: Vocabulary>() -> String {
    let width = L::entries().iter().map(|entry| entry.facts.name.len()).max().unwrap_or(0);
    let line = |entry: &Entry<L>| format!("  {:width$}  {}\n", entry.facts.name, entry.facts.formula);
    L::entries().iter().map(line).collect()
}

fn score_help() -> String {
    let (losses, class_losses) = (lines_of::<BinaryLoss>(), lines_of::<ClassesLoss>());
    format!(
        "\
Loss expressions:
  A sum of losses with coefficients: bce + 0.5 * dice(smooth=1e-5) - 0.1 * focal(gamma=1.5)
  Arguments are named; brackets group terms and may be left out of a loss without arguments.
  All expressions are evaluated in one pass.
  Without --loss: bce, dice, iou, focal (gamma=2) and bce + dice, with smooth=1e-5.

{losses}
  t target, p prediction, w weight; I = Σ w p t, P = Σ w p, T = Σ w t.
  `ablation losses` lists the parameters.

Classes:
  Logits (N, C, …) with integer labels (N, …), or (C, …) with (…) for one image, are C classes by a softmax.
  Without --loss: ce, dice and ce + dice, with smooth=1e-5; dice and its like are the mean over classes.

{class_losses}
  y the label, w_y its class weight (--class-weights; 1 without), I, P and T of a class against the rest.
  ce and focal take the class weights, dice and its like where they say so: dice(weights=multiply).
  classes=foreground leaves class 0 out, absent=skip a class that occurs nowhere, average=micro pools classes.
  `ablation losses --classes` lists the parameters.
  The table of classes has accuracy beside what a prediction of class 0 alone would score.

What targets mean:
  Targets of the shape of the logits are binary masks: 0 and 1, or soft targets from 0 to 1.
  Masks of other values, as image files have them (0 and 255), need --foreground 255. Other values that occur are
  background if they can only be labels; grey levels, 255 and negative values beside labels are refused, and
  --background says that they are background. A value that occurs nowhere is an error.
  One-hot targets, where one channel of each pixel is 1, can be read in two ways, and so they are refused without
  --one-hot (labels of classes, by a softmax) or --multi-label (a binary mask in each channel). Axis 1, axis 0 of one
  image and the last axis are looked at, in arrays of three axes and more, if they have 2 to 256 values.
  --mask, --weights and --ignore combine: a pixel counts if none of them leaves it out, and what is left out may have
  any target, weight and logit, NaN too.
  Probabilities and soft targets within 1e-6 outside [0, 1] are taken for 0 or 1 and counted, unless --strict.
  JSON says how targets were read (targets_read_as, class_axis, foreground, clamped), and has all warnings.

Pooled or per image:
  By default all pixels of all files are pooled, as in \"batch Dice\".
  --per-image takes the mean over the images (axis 0) of each image's loss, which is another loss.
  An image without valid pixels is left out of that mean, unless --empty-images count.
  Many files give a row each (the highest first loss first), the pooled result, and the mean over files.
  --convention takes each part over the batch or each image as that library does.

Examples:
  ablation score --logits z.npy --targets y.npy
  ablation score --logits z.npy --targets y.npy --mask valid.npy --loss \"bce + dice\" --grad g.npy
  ablation score --probs preds.npz:p --targets labels.npz:y --ignore 255 --per-image --json
  ablation score --logits z.npy --targets mask.npy --foreground 255
  ablation score --logits 'preds/*.npy' --targets 'masks/*.npy' --loss dice --csv
  ablation score --logits z.npy --targets labels.npy --classes 5 --ignore 255 --class-weights median
  ablation score --logits z.npy --targets labels.npy --loss \"focal + dice(classes=foreground)\" --convention monai

Files:
  Files named one by one pair in the order given, the first with the first. If their names say
  otherwise, nothing is scored, and --pair order or --pair name decides.
  Files of a pattern in quotes or of a folder pair by their names: the same name without its
  extension; else the same name after a prefix and a suffix that all files of a list have
  (case_1 with case_1_mask); else the same numbers (p001 with 1). Each file must have one partner.
  --mask and --weights pair with the logits by the same rule. The table, JSON (paired_by) and CSV
  show which files were scored together, and by what.
  A folder stands for the .npy and .npz files directly in it. * and ? do not match the dot that
  begins a hidden name; ** stands for folders at any depth.
  A name that is not UTF-8 is shown with \\xff for such a byte; JSON lists it under escaped.
  Shapes must be equal, but for a channel axis of 1: (N, 1, H, W) goes with (N, H, W).
  An array in another order (C, Fortran) than the input is held in memory; the rest is streamed.
  Logits of classes are read a few rows of each class at a time; from an .npz archive an image at a time is held in
  memory, and arrays in Fortran order as a whole.
  Output files appear whole or not at all.

Bad input:
  The first bad pixel is named and nothing is written; exit code 2. --on-bad skip scores the rest."
    )
}

fn command() -> clap::Command {
    let styles = Styles::styled()
        .header(AnsiColor::Green.on_default().bold())
        .usage(AnsiColor::Green.on_default().bold())
        .literal(AnsiColor::Cyan.on_default().bold());
    let command = Cli::command().styles(styles).mut_subcommand("score", |score| {
        score.after_long_help(score_help()).after_help("--help says more, with examples.")
    });
    command.mut_subcommand("inspect", |inspect| {
        inspect.after_long_help(inspect::help()).after_help("--help says more, with examples.")
    })
}

/// Runs the program with these arguments, the first of which is its name.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    let parsed = command().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            let printed = terminal::answer_of_the_parser(&error).map_err(score::ScoreError::Output);
            return printed.map_or_else(|error| failed(&error.into()), |()| ExitCode::from(code));
        }
    };
    let outcome = match cli.command.unwrap_or_else(without_command) {
        Command::Help(help) => Ok(help),
        #[cfg(feature = "train")]
        Command::Run(arguments) => crate::run::run(&arguments).map_err(Failure::from),
        #[cfg(feature = "train")]
        Command::Config(arguments) => crate::run::config(&arguments).map_err(Failure::from),
        #[cfg(feature = "train")]
        Command::Compare(arguments) => crate::run::compare(&arguments).map_err(Failure::from),
        Command::Score(arguments) => score::score(&arguments).map_err(Failure::from),
        Command::Inspect(arguments) => inspect::inspect(&arguments).map_err(Failure::from),
        Command::Losses(arguments) => losses::losses(&arguments).map_err(Failure::from),
    };
    let printed = outcome.and_then(|text| Ok(terminal::answer(&text).map_err(score::ScoreError::Output)?));
    printed.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

/// Says why there is no answer.
fn failed(error: &Failure) -> ExitCode {
    terminal::say(format_args!("error: {error}"));
    ExitCode::from(error.exit_code())
}

/// What the program does when it is not told what: train and report, if it can.
#[cfg(feature = "train")]
fn without_command() -> Command {
    match command().try_get_matches_from(["ablation", "run"]).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(Cli { command: Some(command) }) => command,
        _ => Command::Help(command().render_help().to_string()),
    }
}

#[cfg(not(feature = "train"))]
fn without_command() -> Command {
    Command::Help(command().render_help().to_string())
}

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Score(#[from] score::ScoreError),
    #[cfg(feature = "train")]
    #[error(transparent)]
    Run(#[from] crate::run::RunError),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Failure::Score(error) => error.exit_code(),
            #[cfg(feature = "train")]
            Failure::Run(error) => error.exit_code(),
        }
    }
}
