//! The arguments of each command, one file per command, and the arguments that several share.
//!
//! Every command reads its arguments, so this layer lies below all of them; `cli` parses them and passes them on.

mod classes;
mod inspect;
mod losses;
mod merge;
mod metrics;
#[cfg(feature = "train")]
mod run;
mod score;

pub(crate) use classes::ClassesArgument;
pub(crate) use inspect::InspectArguments;
pub(crate) use losses::LossesArguments;
pub(crate) use merge::{CompletionsArguments, ManArguments, MergeArguments};
pub(crate) use metrics::{BothEmpty, MetricArguments, OutputArguments, SurfacePoints, Touching};
#[cfg(feature = "train")]
pub(crate) use run::{
    CompareArguments, ConfigArguments, Foreground, LARGEST_SEED, MOST_SEEDS, PresetArguments, ReportArguments,
    RunArguments,
};
pub(crate) use score::{AxisOrder, EmptyImages, OnBad, ScoreArguments};
