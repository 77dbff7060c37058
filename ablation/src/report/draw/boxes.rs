//! Distributions: the points of a place side by side, over a box of their quartiles.

use super::frame::Plot;
use super::palette::Ink;
use super::scene::Scene;

/// Fewer points than these have no box: it would say no more than they.
const FEWEST: usize = 5;
/// Of more points than these only some are drawn, and all beyond the whiskers.
pub(crate) const MOST_POINTS: usize = 1500;
/// Whiskers reach the last point within so many heights of the box (Tukey).
const REACH: f64 = 1.5;

/// The quarter points and the ends of the whiskers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quartiles {
    low: f64,
    first: f64,
    median: f64,
    third: f64,
    high: f64,
}

impl Quartiles {
    /// Of values that rise. Between two values the quarter points are interpolated, as NumPy's default does.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let last = values.len().checked_sub(1)?;
        let at = |share: f64| {
            let place = share * last as f64;
            let below = values.get(place.floor() as usize).copied()?;
            let above = values.get(place.ceil() as usize).copied()?;
            Some(below + place.fract() * (above - below))
        };
        let (first, median, third) = (at(0.25)?, at(0.5)?, at(0.75)?);
        let reach = REACH * (third - first);
        let within = || values.iter().copied().filter(|value| (first - reach..=third + reach).contains(value));
        Some(Self {
            low: within().next().unwrap_or(first).min(first),
            first,
            median,
            third,
            high: within().next_back().unwrap_or(third).max(third),
        })
    }
}

/// Draws the points of one place: `x` in pixels, at most `half` to its sides, and the values in the space of the axis, rising.
pub(super) fn draw(scene: &mut Scene, plot: Plot, x: f64, half: f64, values: &[f64], y: impl Fn(f64) -> f64, ink: Ink) {
    let quartiles = Quartiles::of(values).filter(|_| values.len() >= FEWEST);
    if let Some(quartiles) = quartiles {
        let [low, first, median, third, high] =
            [quartiles.low, quartiles.first, quartiles.median, quartiles.third, quartiles.high].map(&y);
        let (left, right) = (x - half, x + half);
        let corners = [(left, first), (right, first), (right, third), (left, third)];
        scene.area(corners, ink, 0.16);
        for pair in 0..corners.len() {
            scene.line(corners[pair], corners[(pair + 1) % corners.len()], ink, 1.2);
        }
        let cap = 0.35 * half;
        for (from, to) in [
            ((x, first), (x, low)),
            ((x, third), (x, high)),
            ((x - cap, low), (x + cap, low)),
            ((x - cap, high), (x + cap, high)),
        ] {
            scene.line(from, to, ink, 1.2);
        }
        scene.line((left, median), (right, median), ink, 2.6);
    }
    let (radius, alpha) = match values.len() {
        0..=60 => (3.4, 0.85),
        61..=300 => (2.4, 0.7),
        _ => (1.7, 0.6),
    };
    let every = values.len().div_ceil(MOST_POINTS).max(1);
    let is_beyond = |value: f64| quartiles.is_some_and(|quartiles| !(quartiles.low..=quartiles.high).contains(&value));
    let drawn = values.iter().enumerate().filter(|(place, value)| place % every == 0 || is_beyond(**value));
    let heights: Vec<f64> = drawn.map(|(_, value)| y(*value)).collect();
    for (height, shift) in heights.iter().zip(shifts(&heights, radius, 0.9 * half)) {
        let place = (x + shift, *height);
        if plot.holds(place) {
            scene.disc(place, radius, ink, alpha);
        }
    }
}

/// How far each point moves to the side, so that points of about the same height do not cover each other as far as there is room.
fn shifts(heights: &[f64], radius: f64, half: f64) -> Vec<f64> {
    let row = |height: f64| (height / (1.6 * radius)).floor() as i64;
    let mut counts = std::collections::BTreeMap::new();
    for height in heights {
        *counts.entry(row(*height)).or_insert(0_usize) += 1;
    }
    let mut seen = std::collections::BTreeMap::new();
    let shift = |height: &f64| {
        let count = counts.get(&row(*height)).copied().unwrap_or(1);
        let step = (2.0 * radius).min(2.0 * half / count.max(1) as f64);
        let place = seen.entry(row(*height)).or_insert(0_usize);
        // From the middle in turn to both sides.
        let side = if *place % 2 == 0 { -1.0 } else { 1.0 };
        let shift = match count % 2 {
            0 => (0.5 + (*place / 2) as f64) * side * step,
            _ => (*place).div_ceil(2) as f64 * side * step,
        };
        *place += 1;
        shift
    };
    heights.iter().map(shift).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As numpy.percentile([1, 2, 4, 8, 100], [25, 50, 75]), and 100 lies beyond the whisker.
    #[test]
    fn boxes_have_quartiles_and_whiskers() {
        let expected = Quartiles { low: 1.0, first: 2.0, median: 4.0, third: 8.0, high: 8.0 };
        assert_eq!(Quartiles::of(&[1.0, 2.0, 4.0, 8.0, 100.0]), Some(expected));
        assert_eq!(Quartiles::of(&[0.0, 1.0]).map(|quartiles| (quartiles.first, quartiles.median)), Some((0.25, 0.5)));
        assert_eq!(Quartiles::of(&[]), None);
    }

    quickcheck::quickcheck! {
        fn points_stay_beside_their_place(heights: Vec<u8>) -> bool {
            let heights: Vec<f64> = heights.into_iter().map(f64::from).collect();
            shifts(&heights, 3.0, 20.0).iter().all(|shift| shift.abs() <= 20.0)
        }
    }
}
