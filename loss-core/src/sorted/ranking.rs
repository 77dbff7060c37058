//! Ranks of pixels, in memory that the caller lends.
//!
//! Only keys are kept: those of the foreground from the front, those of the background from the back. Each kind is sorted. A
//! pixel's place among both is found by bisection from its own error, so no index is kept. The result is a function of the set
//! of pixels, not of their order.

use super::jaccard::{Extension, Group};

/// The number of keys of each kind in the lent memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filled {
    foreground: usize,
    background: usize,
}

impl Filled {
    /// Stores a key if there is room left.
    pub(super) fn push<K>(&mut self, memory: &mut [K], key: K, foreground: bool) {
        let Some(last_free) = memory.len().checked_sub(self.foreground + self.background + 1) else { return };
        let (at, filled) = if foreground {
            (self.foreground, &mut self.foreground)
        } else {
            (self.foreground + last_free, &mut self.background)
        };
        if let Some(place) = memory.get_mut(at) {
            *place = key;
            *filled += 1;
        }
    }

    /// Sorts the keys. More may be pushed afterwards.
    pub(super) fn ranks<K: Ord>(self, memory: &mut [K]) -> Ranks<'_, K> {
        let (foreground, rest) = memory.split_at_mut_checked(self.foreground).unwrap_or_default();
        let free = rest.len().saturating_sub(self.background);
        let (_, background) = rest.split_at_mut_checked(free).unwrap_or_default();
        foreground.sort_unstable();
        background.sort_unstable();
        Ranks { foreground, background }
    }
}

/// Sorted keys, ascending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranks<'s, K> {
    foreground: &'s [K],
    background: &'s [K],
}

impl<K> Default for Ranks<'_, K> {
    fn default() -> Self {
        Self { foreground: &[], background: &[] }
    }
}

impl<K: Ord + Copy> Ranks<'_, K> {
    /// Whether there is foreground.
    pub(super) fn has_foreground(&self) -> bool {
        !self.foreground.is_empty()
    }

    /// Σ eᵢ (Jᵢ − Jᵢ₋₁) over the positive errors, a group of ties at a time.
    pub(super) fn value(&self, error: impl Fn(K) -> f64) -> f64 {
        let Self { mut foreground, mut background } = *self;
        let mut extension = Extension::new(foreground.len() as f64);
        while let Some(&key) = foreground.last().max(background.last()) {
            let error = error(key);
            if error <= 0.0 {
                break;
            }
            extension.add(error, take_ties(&mut foreground, key), take_ties(&mut background, key));
        }
        extension.value()
    }

    /// ∂L/∂e of a pixel with this key.
    pub(super) fn slope(&self, key: K, foreground: bool) -> f64 {
        let (foreground_above, foreground_tied) = place(self.foreground, key);
        let (background_above, background_tied) = place(self.background, key);
        let total = self.foreground.len() as f64;
        Group { foreground: total, foreground_above, background_above, foreground_tied, background_tied }
            .slope(foreground)
    }
}

/// Takes the keys equal to the largest off the end, and returns their number.
fn take_ties<K: Ord>(keys: &mut &[K], largest: K) -> f64 {
    let ties = keys.iter().rev().take_while(|&key| *key == largest).count();
    *keys = keys.get(..keys.len() - ties).unwrap_or_default();
    ties as f64
}

/// The number of keys above this one, and the number equal to it.
fn place<K: Ord>(keys: &[K], key: K) -> (f64, f64) {
    let from_key = keys.get(keys.partition_point(|other| *other < key)..).unwrap_or_default();
    // There is seldom more than one.
    let ties = match from_key {
        [first, ..] if *first != key => 0,
        [_, second, ..] if *second != key => 1,
        _ => from_key.partition_point(|other| *other == key),
    };
    ((from_key.len() - ties) as f64, ties as f64)
}

/// A number as an integer with the same order; both zeros have the same key.
pub(super) fn key_of(x: f32) -> u32 {
    let bits = (x + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 0x8000_0000 }
}

/// The number of a key.
pub(super) fn number_of(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 1 { key & 0x7fff_ffff } else { !key })
}
