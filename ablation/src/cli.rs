//! The command line: parses it, runs the command, and prints its answer or its error.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::answer::Answer;
#[cfg(feature = "train")]
use crate::arguments::{CompareArguments, ConfigArguments, ReportArguments, RunArguments};
use crate::arguments::{
    CompletionsArguments, InspectArguments, LossesArguments, ManArguments, MergeArguments, ScoreArguments,
};
use crate::error::Error;
use crate::{inspect, losses, man, score, terminal};

/// Segmentation losses: compared by training, and computed for your own predictions.
///
/// `run` trains a small U-Net on synthetic imbalanced data under different losses, and writes a report with figures.
/// `score` reads the logits, probabilities or label maps of any framework (NumPy, NIfTI, PNG, TIFF, safetensors), streams
/// them past exact sums (the result does not depend on order, chunks or machine), and gives losses, their parts,
/// confusion counts, gradients and metrics. `merge` adds what several machines summed.
///
/// Without a command, `ablation` does what `ablation run` does. If it was built without training, it prints this help.
#[derive(Debug, Parser)]
#[command(
    name = "ablation",
    version,
    propagate_version = true,
    after_help = "Examples:\n  ablation run --quick\n  ablation score --logits z.npy --targets y.npy\n  ablation score --logits z.npy --targets y.npy --loss \"bce + dice(smooth=1e-5)\" --json\n  ablation score --logits z.npy --targets labels.npy --classes background,road,house --convention monai\n  ablation score --prediction preds/ --targets masks/ --metrics all --intervals 0.95\n  ablation inspect labels.npy\n  ablation losses focal\n\nExit codes: 0 done (also if the reader of a pipe stops early, as in `| head`), 1 a file could not be read or written (with --keep-going: or scored), 2 the input or the command line is wrong (for example, a file does not exist), 130 stopped by Ctrl-C before there was a result."
)]
struct Cli {
    // `None` means `ablation run`.
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
    Report(ReportArguments),
    #[cfg(feature = "train")]
    Compare(CompareArguments),
    Score(Box<ScoreArguments>),
    Merge(Box<MergeArguments>),
    Inspect(InspectArguments),
    Losses(LossesArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
    /// What to print where nothing was asked for.
    #[command(skip)]
    Help(String),
}

fn command() -> clap::Command {
    let styles = Styles::styled()
        .header(AnsiColor::Green.on_default().bold())
        .usage(AnsiColor::Green.on_default().bold())
        .literal(AnsiColor::Cyan.on_default().bold());
    let command = Cli::command().styles(styles);
    #[cfg(feature = "train")]
    let command = command.mut_subcommand("run", crate::run::with_exercises);
    let command = command.mut_subcommand("score", |score| {
        score.after_long_help(score::help()).after_help("--help says more, with examples.")
    });
    command.mut_subcommand("inspect", |inspect| {
        inspect.after_long_help(inspect::help()).after_help("--help says more, with examples.")
    })
}

/// Runs the program with these arguments; the first one is the program's name.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    exit_code_of(arguments).into()
}

/// Runs the program with these arguments, the first of which is its name, inside of another program, and gives the exit code.
pub fn exit_code_of(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    let words: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let parsed = command().try_get_matches_from(&words).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            let printed = terminal::answer_of_the_parser(&error).map_err(Error::Output);
            return printed.map_or_else(|error| failed(&error.into()), |()| code);
        }
    };
    let outcome = match cli.command.unwrap_or_else(without_command) {
        Command::Help(help) => Ok(help.into()),
        #[cfg(feature = "train")]
        Command::Run(arguments) => crate::run::run(&arguments).map(Answer::from).map_err(Failure::from),
        #[cfg(feature = "train")]
        Command::Config(arguments) => crate::run::config(&arguments).map(Answer::from).map_err(Failure::from),
        #[cfg(feature = "train")]
        Command::Report(arguments) => crate::run::draw_again(&arguments).map(Answer::from).map_err(Failure::from),
        #[cfg(feature = "train")]
        Command::Compare(arguments) => crate::run::compare(&arguments).map(Answer::from).map_err(Failure::from),
        Command::Score(mut arguments) => {
            arguments.output.command = shown_words(&words);
            score::score(&arguments).map_err(Failure::from)
        }
        Command::Merge(mut arguments) => {
            arguments.output.command = shown_words(&words);
            score::merge(&arguments).map_err(Failure::from)
        }
        Command::Inspect(arguments) => inspect::inspect(&arguments).map(Answer::from).map_err(Failure::from),
        Command::Losses(arguments) => losses::losses(&arguments).map(Answer::from).map_err(Failure::from),
        Command::Completions(arguments) => {
            man::completions(&arguments, command()).map(Answer::from).map_err(Failure::from)
        }
        Command::Man(arguments) => man::man(&arguments, command()).map(Answer::from).map_err(Failure::from),
    };
    let printed = outcome.and_then(|answer| {
        terminal::answer(&answer.text).map_err(Error::Output)?;
        Ok(answer.failure)
    });
    match printed {
        Ok(None) => 0,
        // There is a result, though not of all that was asked.
        Ok(Some(failure)) => {
            terminal::say(format_args!("error: {failure}"));
            1
        }
        Err(error) => failed(&error),
    }
}

/// The words of a command as text.
fn shown_words(words: &[OsString]) -> Vec<String> {
    words.iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Prints the reason why there is no answer.
fn failed(error: &Failure) -> u8 {
    terminal::say(format_args!("error: {error}"));
    error.exit_code()
}

/// The default without a command: train and report, if that is compiled in.
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

/// The reason why a command has no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Common(#[from] Error),
    #[error(transparent)]
    Score(#[from] score::ScoreError),
    #[cfg(feature = "train")]
    #[error(transparent)]
    Run(#[from] crate::run::RunError),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Failure::Common(error) => error.exit_code(),
            Failure::Score(error) => error.exit_code(),
            #[cfg(feature = "train")]
            Failure::Run(error) => error.exit_code(),
        }
    }
}
