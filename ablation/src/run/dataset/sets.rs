//! The images of a run, shared by its arms.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{BinarySet, PairSet, Split, binary, damage};
use crate::run::config::Config;

/// The images, made when they are first asked for, and the same for all arms of a seed.
#[derive(Default)]
pub(crate) struct Sets {
    // Shares are told apart by their bits.
    binary: Shelf<(u64, u64), [Arc<BinarySet>; 2]>,
    damage: Shelf<u64, [Arc<PairSet>; 2]>,
}

type Shelf<K, V> = Mutex<BTreeMap<K, Arc<OnceLock<V>>>>;

impl Sets {
    /// Those to train with, and those held out.
    pub(crate) fn binary(&self, config: &Config, share: f64, seed: u64) -> [Arc<BinarySet>; 2] {
        taken(&self.binary, (share.to_bits(), seed), || {
            [Split::Training, Split::HeldOut].map(|split| Arc::new(binary(&config.data, share, seed, split)))
        })
    }

    pub(crate) fn damage(&self, config: &Config, seed: u64) -> [Arc<PairSet>; 2] {
        taken(&self.damage, seed, || {
            [Split::Training, Split::HeldOut].map(|split| Arc::new(damage(&config.data, &config.damage, seed, split)))
        })
    }
}

/// What lies on the shelf, made first if it does not; others wait meanwhile only if they want the same.
fn taken<K: Ord, V: Clone>(shelf: &Shelf<K, V>, key: K, make: impl FnOnce() -> V) -> V {
    let place = shelf.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
    place.get_or_init(make).clone()
}
