//! The groups of measurements, each named by its question, and the sizes of images.
//!
//! The benches write under these names, and the report reads them.

use std::path::PathBuf;

/// BCE + Dice over one image by this crate's paths, textbook code and other crates.
pub const IMPLEMENTATION: &str = "which implementation";
/// Each loss by itself, and sums of losses.
pub const LOSS: &str = "by loss";
/// Sizes from a sensor's 96×96 pixels to 64 M pixels.
pub const SIZE: &str = "by size";
/// An iterator, slices at each level of the processor, and all threads.
pub const PATH: &str = "by path";
/// `f32`, 16 bits, quantised codes; masks, weights, soft targets.
pub const INPUT: &str = "by input";
/// Iterators of each kind of pixel.
pub const ITERATORS: &str = "by iterator";
/// Shares of foreground in blobs, and networks of different certainty.
pub const IMAGES: &str = "by image";
/// From 2 to 150 classes.
pub const CLASSES: &str = "by classes";
/// The same loop with exact sums and with other sums.
pub const EXACTNESS: &str = "what exactness costs";
/// One thread up to all, and the same threads only reading.
pub const THREADS: &str = "threads";

/// Every group.
pub const ALL: [&str; 10] = [IMPLEMENTATION, LOSS, SIZE, PATH, INPUT, ITERATORS, IMAGES, CLASSES, EXACTNESS, THREADS];

/// A parameter: only the value of the loss.
pub const VALUE: &str = "value";
/// A parameter: the value and the gradient of every pixel.
pub const GRADIENT: &str = "value and gradient";

/// A name in [`IMPLEMENTATION`] and [`SIZE`].
pub const SLICES: &str = "loss-core, slices";
/// A name in [`IMPLEMENTATION`] and [`PATH`].
pub const ITERATOR: &str = "loss-core, iterator";
/// A name in [`IMPLEMENTATION`] and [`PATH`].
pub const ALL_THREADS: &str = "loss-core, all threads";
/// Textbook code with the standard library's functions.
pub const TEXTBOOK_STD: &str = "textbook, std";
/// Textbook code with the functions of `libm`, as on firmware.
pub const TEXTBOOK_LIBM: &str = "textbook, libm";
/// The same code with one exponential per pixel.
pub const TEXTBOOK_SHARED: &str = "textbook, std, one exponential";
/// A name in [`THREADS`]: only reading.
pub const READING: &str = "only reading";

/// The width and height of images in groups with one size: 4 M pixels.
pub const SIDE: usize = 2048;
/// The width and height in groups of many losses and paths: 1 M pixels.
pub const SMALL_SIDE: usize = 1024;
/// The width and height in the group of threads: 16 M pixels.
pub const LARGE_SIDE: usize = 4096;
/// What [`SIZE`] goes through.
pub const SIDES: [usize; 7] = [96, 256, 512, 1024, 2048, 4096, 8192];

/// The folder of criterion's results: `CRITERION_HOME`, or else the workspace's target directory, also for benches of other workspaces.
pub fn results_directory() -> PathBuf {
    if let Some(home) = std::env::var_os("CRITERION_HOME") {
        return home.into();
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| workspace().join("target")).join("criterion")
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().map_or(package.clone(), Into::into)
}
