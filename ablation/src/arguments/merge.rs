//! `merge`, `completions` and `man`.

use std::path::PathBuf;

use clap::Args;

use super::{MetricArguments, OutputArguments};

/// Add the states that `score --state` wrote, and finish: the result of one run over all files.
///
/// The sums are exact, so the bits are those of one run, for any split of the files. States of other losses, classes, metrics or versions are refused, and so is a file
/// that two states have.
#[derive(Debug, Args)]
pub(crate) struct MergeArguments {
    /// The states
    #[arg(value_name = "STATE", required = true)]
    pub(crate) states: Vec<PathBuf>,

    /// A row for each image and class as CSV, or JSON Lines if it ends in .jsonl; the states have to have them
    #[arg(long, value_name = "FILE")]
    pub(crate) per_image: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) metric: MetricArguments,

    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// Print the completions of a shell: `ablation completions bash > /etc/bash_completion.d/ablation`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Print the manual page, or write that of each command into a folder.
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// The command whose page is printed [default: ablation itself]
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,

    /// The folder to write all pages into
    #[arg(long, short, value_name = "FOLDER", conflicts_with = "command")]
    pub(crate) output: Option<PathBuf>,
}
