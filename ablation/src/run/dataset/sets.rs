//! The images of a run, shared by its arms.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::nuclei::{QUADRANTS, nuclei};
use super::{BinarySet, Cut, Labelling, PairSet, Real, Split, binary, damage};
use crate::run::config::{Config, Data};
use crate::run::task::Labels;

/// The images, made when they are first needed, and shared by all arms of a seed.
#[derive(Default)]
pub(crate) struct Sets {
    // The key holds the bits of the share.
    binary: Shelf<(u64, Labels, u64), [Arc<BinarySet>; 2]>,
    cells: Shelf<u64, [Arc<BinarySet>; 2]>,
    damage: Shelf<u64, [Arc<PairSet>; 2]>,
    nuclei: Shelf<u64, [Arc<BinarySet>; 2]>,
    /// Images from files instead of synthetic ones.
    real: Option<Arc<Real>>,
}

type Shelf<K, V> = Mutex<BTreeMap<K, Arc<OnceLock<V>>>>;

impl Sets {
    /// Makes sets, with crops of these images instead of synthetic ones if there are any.
    pub(crate) fn of(real: Option<Arc<Real>>) -> Self {
        Self { real, ..Self::default() }
    }

    /// The training set and the held-out set, with the usual labels.
    pub(crate) fn binary(&self, config: &Config, share: f64, seed: u64) -> [Arc<BinarySet>; 2] {
        self.labelled(config, share, Labels::Usual, seed)
    }

    /// The training set and the held-out set, with these labels.
    pub(crate) fn labelled(&self, config: &Config, share: f64, labels: Labels, seed: u64) -> [Arc<BinarySet>; 2] {
        taken(&self.binary, (share.to_bits(), labels, seed), || {
            let labelling = labelling(config, labels);
            if let Some(real) = &self.real {
                return real.sets(cut(config, &config.data), labelling, seed).map(Arc::new);
            }
            [Split::Training, Split::HeldOut].map(|split| Arc::new(binary(&config.data, share, labelling, seed, split)))
        })
    }

    /// The small images of cells, with the usual labels.
    pub(crate) fn cells(&self, config: &Config, seed: u64) -> [Arc<BinarySet>; 2] {
        taken(&self.cells, seed, || {
            let (data, labelling) = (config.data_of_cells(), labelling(config, Labels::Usual));
            if let Some(real) = &self.real {
                return real.sets(cut(config, &data), labelling, seed).map(Arc::new);
            }
            [Split::Training, Split::HeldOut]
                .map(|split| Arc::new(binary(&data, config.data.share, labelling, seed, split)))
        })
    }

    /// Crops of the microscope's image: each seed holds out a quadrant.
    pub(crate) fn nuclei(&self, config: &Config, seed: u64) -> [Arc<BinarySet>; 2] {
        taken(&self.nuclei, seed, || {
            let cut = Cut { folds: QUADRANTS, ..cut(config, &config.data) };
            nuclei().sets(cut, Labelling::Swapped(0.0), seed).map(Arc::new)
        })
    }

    pub(crate) fn damage(&self, config: &Config, seed: u64) -> [Arc<PairSet>; 2] {
        taken(&self.damage, seed, || {
            [Split::Training, Split::HeldOut].map(|split| Arc::new(damage(&config.data, &config.damage, seed, split)))
        })
    }
}

/// The cutting of images from files under these settings.
fn cut(config: &Config, data: &Data) -> Cut {
    let folds = config.images.as_ref().map_or(2, |images| images.folds);
    Cut { size: data.size, folds, training: data.training_images, held_out: data.held_out_images }
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

/// Returns the item on the shelf, and makes it first if necessary; others wait only if they need the same item.
fn taken<K: Ord, V: Clone>(shelf: &Shelf<K, V>, key: K, make: impl FnOnce() -> V) -> V {
    let place = shelf.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
    place.get_or_init(make).clone()
}
