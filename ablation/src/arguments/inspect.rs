//! `inspect`.

use std::ffi::OsString;

use clap::Args;

use super::ClassesArgument;
use crate::targets::Value;

/// Look at masks before training: class balance, the resulting weights, and losses to start with.
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// Masks: .npy, or .npz as file.npz:name, patterns in quotes or folders; bool, labels from 0, or soft masks in [0, 1]. Axis 0
    /// counts the images if there are more than two axes
    #[arg(value_name = "FILE", required_unless_present = "guide")]
    pub(crate) masks: Vec<OsString>,

    /// The number of classes, or their names: "background,road,house" [default: up to the largest label]
    #[arg(long, value_name = "CLASSES")]
    pub(crate) classes: Option<ClassesArgument>,

    /// Leave out the pixels with this label, such as 255
    #[arg(long, value_name = "LABEL", allow_negative_numbers = true)]
    pub(crate) ignore: Option<Value>,

    /// Use these values as foreground, such as 255 or 3,4, and all other labels as background
    #[arg(long, value_name = "VALUES", value_delimiter = ',', allow_negative_numbers = true)]
    pub(crate) foreground: Vec<Value>,

    /// With --foreground: use these values and 0 as background, and no others [default: all other labels]
    #[arg(long, value_name = "VALUES", value_delimiter = ',', allow_negative_numbers = true, requires = "foreground")]
    pub(crate) background: Vec<Value>,

    /// Read one-hot masks as labels [default: masks that are one-hot are read so, with a note]
    #[arg(long)]
    pub(crate) one_hot: bool,

    /// Count each channel as a binary mask, even if they look one-hot
    #[arg(long, conflicts_with = "one_hot")]
    pub(crate) multi_label: bool,

    /// Show the losses that the field uses for each task, with reasons
    #[arg(long)]
    pub(crate) guide: bool,

    /// Print JSON, with numbers in full
    #[arg(long)]
    pub(crate) json: bool,
}
