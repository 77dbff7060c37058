//! The images of a run, shared by its arms.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{BinarySet, Labelling, PairSet, Split, binary, damage};
use crate::run::config::Config;
use crate::run::task::Labels;

/// The images, made when they are first asked for, and the same for all arms of a seed.
#[derive(Default)]
pub(crate) struct Sets {
    // Shares are told apart by their bits.
    binary: Shelf<(u64, Labels, u64), [Arc<BinarySet>; 2]>,
    cells: Shelf<u64, [Arc<BinarySet>; 2]>,
    damage: Shelf<u64, [Arc<PairSet>; 2]>,
}

type Shelf<K, V> = Mutex<BTreeMap<K, Arc<OnceLock<V>>>>;

impl Sets {
    /// Those to train with, and those held out, with the usual labels.
    pub(crate) fn binary(&self, config: &Config, share: f64, seed: u64) -> [Arc<BinarySet>; 2] {
        self.labelled(config, share, Labels::Usual, seed)
    }

    /// The same, with these labels.
    pub(crate) fn labelled(&self, config: &Config, share: f64, labels: Labels, seed: u64) -> [Arc<BinarySet>; 2] {
        taken(&self.binary, (share.to_bits(), labels, seed), || {
            let labelling = labelling(config, labels);
            [Split::Training, Split::HeldOut].map(|split| Arc::new(binary(&config.data, share, labelling, seed, split)))
        })
    }

    /// The small images of cells, with the usual labels.
    pub(crate) fn cells(&self, config: &Config, seed: u64) -> [Arc<BinarySet>; 2] {
        taken(&self.cells, seed, || {
            let (data, labelling) = (config.data_of_cells(), labelling(config, Labels::Usual));
            [Split::Training, Split::HeldOut]
                .map(|split| Arc::new(binary(&data, config.data.share, labelling, seed, split)))
        })
    }

    pub(crate) fn damage(&self, config: &Config, seed: u64) -> [Arc<PairSet>; 2] {
        taken(&self.damage, seed, || {
            [Split::Training, Split::HeldOut].map(|split| Arc::new(damage(&config.data, &config.damage, seed, split)))
        })
    }
}

fn labelling(config: &Config, labels: Labels) -> Labelling {
    let noise = config.robustness.label_noise;
    match labels {
        Labels::Usual => Labelling::Swapped(config.data.label_noise),
        Labels::Clean => Labelling::Swapped(0.0),
        Labels::Noisy => Labelling::Swapped(noise),
        Labels::Soft => Labelling::Mean { annotators: config.robustness.annotators, noise },
        Labels::HalfEmpty => Labelling::HalfEmpty,
    }
}

/// What lies on the shelf, made first if it does not; others wait meanwhile only if they want the same.
fn taken<K: Ord, V: Clone>(shelf: &Shelf<K, V>, key: K, make: impl FnOnce() -> V) -> V {
    let place = shelf.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
    place.get_or_init(make).clone()
}
