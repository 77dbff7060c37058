//! `losses`.

use clap::Args;

/// List the losses that expressions can name.
#[derive(Debug, Args)]
pub(crate) struct LossesArguments {
    /// Describe only this loss, with all its parameters
    #[arg(value_name = "LOSS")]
    pub(crate) name: Option<String>,

    /// List the losses over classes
    #[arg(long)]
    pub(crate) classes: bool,

    /// List the losses of other libraries as expressions, with their traps
    #[arg(long, conflicts_with_all = ["name", "classes"])]
    pub(crate) conventions: bool,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
