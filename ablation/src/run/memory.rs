//! The memory of a run, estimated before it begins. A program that takes more than the system has is ended without a message, hours later.

use std::collections::BTreeMap;
use std::fmt;

use sysinfo::{MemoryRefreshKind, System};

use super::config::Config;
use super::exercises::{self, Exercise};
use super::task::{Labels, Task};
use super::training::{binary, damage};

// Everything is in `f64`, which cannot overflow; an estimate does not need the last byte.
//
// The factors are measured. The table compares the largest resident size of runs with one thread (`/usr/bin/time -v`) with the estimate, in MB.
//
// | images | base channels | batch | network | measured | estimated |
// |---|---|---|---|---|---|
// | 16 × 16 | 2 | 2 | binary | 244 | 250 |
// | 64 × 64, 5050 of them | 2 | 2 | binary | 368 | 380 |
// | 128 × 128 | 8 | 8 | binary | 267 | 277 |
// | 128 × 128 | 8 | 16 | binary | 451 | 490 |
// | 128 × 128 | 8 | 8 | pairs | 396 | 449 |
// | 256 × 256 | 4 | 16 | binary | 530 | 947 |
// | 256 × 256 | 32 | 4 | binary | 978 | 1756 |
//
// So the estimate is about a tenth too high, and up to 1.8 times too high for large images, for which the framework stores less than assumed.

/// The program itself, including threads and the allocator's reserve.
const PROGRAM: f64 = 60e6;
/// The report: its sections without training, and the figures while they are drawn. The trainings have released their memory by then.
const REPORT: f64 = 190e6;
/// The size of an `f32`.
const NUMBER: f64 = 4.0;
/// The numbers that a training step stores for each number in a layer's output: the output itself, the inputs of its gradient, and
/// the working memory of the convolutions.
const HELD_OF_LAYER: f64 = 5.0;
/// The numbers per weight: the weight, its gradient, two moments of Adam, and the same again while they are updated.
const HELD_OF_WEIGHT: f64 = 8.0;
/// The bytes per pixel of a pair while pairs are made: the places of the buildings.
const PLACED_PIXEL: f64 = 2.0;
/// The bytes of a training step in memory, twice, and as text.
const STEP: f64 = 400.0;
/// The bytes of a metric of an evaluation, in the same way.
const METRIC: f64 = 300.0;
const BINARY_METRICS: f64 = 7.0;
const DAMAGE_METRICS: f64 = 18.0;
/// The bytes for a held-out image: its scores in memory, as text, and in the resamples of the comparisons.
const IMAGE: f64 = 2000.0;
/// The number of predictions kept for pictures per training, and their bytes per pixel in memory and as text.
const PICTURED: f64 = 6.0;
const PICTURE_PIXEL: f64 = 4.0;

/// The estimate of a run, in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    /// All images of all seeds.
    images: f64,
    /// The networks that are trained at the same time.
    training: f64,
    /// The results of the trainings, kept until the report is written.
    outcomes: f64,
}

/// The error of a run for which there is too little memory.
#[derive(Debug, thiserror::Error)]
#[error(
    "this run takes about {} of memory, and {} are free: {} for images, {} for training, {} for results; lower {}",
    Bytes(.needed.total()), Bytes(*.free), Bytes(.needed.images), Bytes(.needed.training), Bytes(.needed.outcomes), .needed.remedy()
)]
pub(crate) struct TooLarge {
    needed: Estimate,
    free: f64,
}

/// Fails if a run would take more memory than there is. If the system does not tell how much there is, only a run beyond the address space is refused.
pub(crate) fn check(config: &Config, exercises: &[&Exercise], threads: usize) -> Result<(), TooLarge> {
    Estimate::new(config, exercises, threads).check(free())
}

impl Estimate {
    pub(super) fn new(config: &Config, exercises: &[&Exercise], threads: usize) -> Self {
        let seeds = f64::from(config.seeds);
        let arms = exercises::arms_of_seed(config, exercises, config.first_seed);
        let sets: BTreeMap<Set, u32> = arms.iter().map(|arm| (Set::of(arm.task), config.seeds_of(arm.task))).collect();
        let networks = sets.keys().map(|set| set.training(config)).fold(0.0, f64::max);
        Self {
            images: sets.iter().map(|(set, seeds)| f64::from(*seeds) * set.images(config)).sum(),
            training: networks * (threads as f64).min(seeds * arms.len() as f64),
            outcomes: arms.iter().map(|arm| f64::from(config.seeds_of(arm.task)) * outcome(config, arm.task)).sum(),
        }
    }

    /// The sum of all parts.
    pub(super) fn total(&self) -> f64 {
        PROGRAM + self.images + self.outcomes + self.training.max(REPORT)
    }

    fn check(self, free: f64) -> Result<(), TooLarge> {
        if self.total() <= free { Ok(()) } else { Err(TooLarge { needed: self, free }) }
    }

    /// The settings that determine the largest part.
    fn remedy(&self) -> &'static str {
        let Self { images, training, outcomes } = *self;
        if images >= training && images >= outcomes {
            "data.training_images, data.held_out_images, damage.training_images, damage.held_out_images, data.size or seeds"
        } else if training >= outcomes {
            "training.batch, training.base_channels, data.size, data.held_out_images, damage.held_out_images or --threads"
        } else {
            "training.steps, training.damage_steps, training.evaluations, data.held_out_images, damage.held_out_images, data.size or seeds"
        }
    }
}

/// A set of images that arms share: those of a share of foreground (by its bits), or the pairs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Set {
    Binary(u64, Labels),
    Cells,
    Pairs,
}

impl Set {
    fn of(task: Task) -> Self {
        match task {
            Task::Binary { share, labels } => Set::Binary(share.to_bits(), labels),
            Task::Cell { .. } => Set::Cells,
            // Shares are at most 1, so this key is free.
            Task::Nuclei => Set::Binary(u64::MAX, Labels::Usual),
            Task::Damage { .. } => Set::Pairs,
        }
    }

    /// The number of training images and of held-out images.
    fn counts(self, config: &Config) -> [f64; 2] {
        let [training, held_out] = match self {
            Set::Binary(..) => [config.data.training_images, config.data.held_out_images],
            Set::Cells => [config.sensitivity.training_images, config.sensitivity.held_out_images],
            Set::Pairs => [config.damage.training_images, config.damage.held_out_images],
        };
        [training as f64, held_out as f64]
    }

    /// The bytes per pixel of one seed: an image with its labels and its truth, or two images with their labels.
    fn images(self, config: &Config) -> f64 {
        let of_pixel = match self {
            // Includes a distance and a soft label for each pixel.
            Set::Binary(_, Labels::Soft) => 3.0 * NUMBER + 2.0,
            Set::Binary(..) | Set::Cells => 2.0 * NUMBER + 2.0,
            Set::Pairs => 2.0 * NUMBER + 1.0 + PLACED_PIXEL,
        };
        self.counts(config).iter().sum::<f64>() * self.pixels(config) * of_pixel
    }

    /// The number of pixels of an image.
    fn pixels(self, config: &Config) -> f64 {
        let size = match self {
            Set::Cells => config.sensitivity.size,
            Set::Binary(..) | Set::Pairs => config.data.size,
        };
        (size as f64) * (size as f64)
    }

    /// One training: a step of the optimiser, with the logits of the held-out images.
    fn training(self, config: &Config) -> f64 {
        let architecture = match self {
            Set::Binary(..) | Set::Cells => binary::architecture(3, config.training.base_channels, 0.0),
            Set::Pairs => damage::architecture(config.training.base_channels, &[0.0; damage::CLASSES], Vec::new()),
        };
        let [_, held_out] = self.counts(config);
        let weights = HELD_OF_WEIGHT * architecture.weights();
        let layers = HELD_OF_LAYER * config.training.batch as f64 * self.pixels(config) * architecture.layers();
        // Counted twice because growing copies it, and with the numbers needed for judging.
        let logits = held_out * self.pixels(config) * 2.0 * architecture.logits as f64;
        NUMBER * (weights + layers + logits)
    }
}

fn outcome(config: &Config, task: Task) -> f64 {
    let (metrics, held_out) = match task {
        Task::Binary { .. } | Task::Cell { .. } | Task::Nuclei => (BINARY_METRICS, Set::of(task).counts(config)[1]),
        Task::Damage { .. } => (DAMAGE_METRICS, config.damage.held_out_images as f64),
    };
    let evaluations = config.evaluations_of(task) as f64 + 1.0;
    STEP * config.pace_of(task).steps as f64
        + METRIC * metrics * evaluations
        + IMAGE * held_out
        + PICTURED * PICTURE_PIXEL * Set::of(task).pixels(config)
}

/// The memory that the system can give: what is free, within the limit of a container, and at most the address space.
fn free() -> f64 {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    // 0 if it is not known.
    let available = Some(system.available_memory()).filter(|bytes| *bytes > 0);
    let process = sysinfo::get_current_pid().ok().and_then(|pid| {
        let which = sysinfo::ProcessesToUpdate::Some(&[pid]);
        system.refresh_processes_specifics(which, false, sysinfo::ProcessRefreshKind::nothing());
        system.process(pid)?.cgroup_limits()
    });
    // Not `free_memory`, which counts cached files as used although they give way.
    let limit = process.or_else(|| system.cgroup_limits()).map(|limits| limits.total_memory.saturating_sub(limits.rss));
    [available, limit].into_iter().flatten().map(|bytes| bytes as f64).fold(isize::MAX as f64, f64::min)
}

/// A number of bytes, for display.
struct Bytes(f64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["MB", "GB", "TB", "PB", "EB"];
        let mut value = self.0 / 1e6;
        let mut units = UNITS.iter();
        let mut unit = units.next().unwrap_or(&"");
        for larger in units {
            if value < 1000.0 {
                break;
            }
            (value, unit) = (value / 1000.0, larger);
        }
        let decimals = if value < 10.0 { 1 } else { 0 };
        write!(f, "{value:.decimals$} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::config::Preset;

    fn estimate(config: &Config, threads: usize) -> Estimate {
        Estimate::new(config, exercises::ALL, threads)
    }

    #[test]
    fn presets_fit_into_small_machines() {
        for preset in [Preset::Quick, Preset::Default] {
            let total = estimate(&Config::preset(preset), 2).total();
            assert!((2e8..1e9).contains(&total), "{preset:?}: {total}");
        }
        assert!(estimate(&Config::preset(Preset::Full), 8).total() < 8e9);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_helps() {
        type Change = fn(&mut Config);
        let changes: [(Change, &str); 3] = [
            (|config| config.data.training_images = 1_000_000, "lower data.training_images,"),
            (|config| config.training.base_channels = 64, "lower training.batch,"),
            (|config| config.training.steps = 1_000_000, "lower training.steps,"),
        ];
        for (change, remedy) in changes {
            let mut config = Config::preset(Preset::Default);
            change(&mut config);
            let needed = estimate(&config, 4);
            assert!(needed.check(needed.total()).is_ok());
            let refusal = needed.check(needed.total() - 1.0).unwrap_err().to_string();
            assert!(refusal.contains(remedy), "{refusal}");
            assert!(refusal.starts_with("this run takes about ") && refusal.contains("B of memory, and "), "{refusal}");
        }
    }

    #[test]
    fn more_threads_than_arms_take_no_more() {
        let config = Config::preset(Preset::Quick);
        let arms = exercises::arms(&config, exercises::ALL).len();
        assert_eq!(estimate(&config, arms), estimate(&config, usize::MAX));
        assert!(estimate(&config, 1).training < estimate(&config, 2).training);
    }

    #[test]
    fn what_is_free_is_known_on_this_system() {
        let free = free();
        assert!(free > 1e6, "{free}");
        if cfg!(target_os = "linux") {
            assert!(free < 1e15, "{free}");
        }
    }

    #[test]
    fn bytes_read_well() {
        let texts = [0.0, 4e5, 1.5e9, 9.96e8, 2.56e13, 1e30].map(|bytes| Bytes(bytes).to_string());
        assert_eq!(texts, ["0.0 MB", "0.4 MB", "1.5 GB", "996 MB", "26 TB", "1000000000000 EB"]);
    }
}
