//! From values to places along an axis, and its ticks.

use crate::report::model::{Axis, Scale};
use crate::report::numbers::{number, power_of_ten};

/// A tick: its place and its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// The place in the axis's own space: the value, or its base 10 logarithm.
    pub(super) at: f64,
    pub(super) label: String,
}

/// The room beyond the data, and what else the axis must contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// From the first to the last point.
    Tight,
    Padded,
    /// Padded, and including 0, from which bars grow.
    WithZero,
}

/// An axis with known ends.
#[derive(Clone, Debug)]
pub(super) struct Ruler {
    pub(super) scale: Scale,
    /// The ends, in the axis' own space.
    pub(super) low: f64,
    pub(super) high: f64,
    names: Vec<String>,
}

impl Ruler {
    pub(super) fn new(axis: &Axis, data: impl Iterator<Item = f64>, room: Room) -> Self {
        let ruler = |(low, high)| Self { scale: axis.scale, low, high, names: axis.categories.clone() };
        if !axis.categories.is_empty() {
            return ruler((-0.5, axis.categories.len() as f64 - 0.5));
        }
        let into = |value: f64| space(axis.scale, value);
        if let Some([low, high]) = axis.range
            && let (Some(low), Some(high)) = (into(low), into(high))
            && low < high
        {
            return ruler((low, high));
        }
        let (mut low, mut high) = data
            .filter_map(into)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        let linear = axis.scale == Scale::Linear;
        if room == Room::WithZero && linear {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        if high - low <= 1e-12 * high.abs().max(low.abs()) {
            let half = if linear { (0.5 * high.abs()).max(1e-3) } else { 0.5 };
            return ruler((low - half, high + half));
        }
        if room != Room::Tight {
            // No room beyond 0 and 1 if the data suggest that nothing can lie there.
            let (floor, ceiling) = (linear && low >= 0.0, linear && low >= 0.0 && high <= 1.0 && high > 0.8);
            let padding = 0.04 * (high - low);
            low = if floor { (low - padding).max(0.0) } else { low - padding };
            high = if ceiling { (high + padding).min(1.0) } else { high + padding };
        }
        ruler((low, high))
    }

    /// Reverses an axis of names, which are read from the top.
    pub(super) fn read_from_top(self) -> Self {
        if self.named() { Self { low: self.high, high: self.low, ..self } } else { self }
    }

    /// A value in the axis's own space; `None` if the axis has no place for it.
    pub(super) fn space(&self, value: f64) -> Option<f64> {
        space(self.scale, value)
    }

    /// The position of a place in the axis's own space: 0 at the low end, 1 at the high end.
    pub(super) fn share(&self, at: f64) -> f64 {
        (at - self.low) / (self.high - self.low)
    }

    pub(super) fn named(&self) -> bool {
        !self.names.is_empty()
    }

    /// About `wanted` ticks at most, and the power of ten that their labels leave out.
    pub(super) fn ticks(&self, wanted: usize) -> (Vec<Tick>, Option<i32>) {
        if self.named() {
            let names = self.names.iter().enumerate();
            return (names.map(|(at, name)| Tick { at: at as f64, label: name.clone() }).collect(), None);
        }
        match self.scale {
            Scale::Linear => self.linear_ticks(wanted),
            Scale::Log => (self.log_ticks(wanted), None),
        }
    }

    fn linear_ticks(&self, wanted: usize) -> (Vec<Tick>, Option<i32>) {
        let rough = (self.high - self.low) / wanted.max(1) as f64;
        let mut power = rough.log10().floor() as i32;
        let mantissa = rough / 10_f64.powi(power);
        let (step, mut decimals) = match mantissa {
            mantissa if mantissa <= 1.1 => (1.0, 0),
            mantissa if mantissa <= 2.15 => (2.0, 0),
            // Where steps or pixels are counted, 2.5 units would not be a whole number.
            mantissa if mantissa <= 2.75 && power != 0 => (2.5, 1),
            mantissa if mantissa <= 5.5 => (5.0, 0),
            _ => {
                power += 1;
                (1.0, 0)
            }
        };
        decimals -= power;
        let step = step * 10_f64.powi(power);
        let largest = self.low.abs().max(self.high.abs());
        let left_out = (largest >= 1e5 || decimals > 4).then(|| largest.log10().floor() as i32);
        let factor = 10_f64.powi(left_out.unwrap_or(0));
        let decimals = (decimals + left_out.unwrap_or(0)).max(0) as usize;
        let (first, last) = ((self.low / step - 1e-6).ceil() as i64, (self.high / step + 1e-6).floor() as i64);
        let ticks = (first..=last).map(|index| {
            let at = index as f64 * step;
            Tick { at, label: number(at / factor, decimals) }
        });
        (ticks.collect(), left_out)
    }

    fn log_ticks(&self, wanted: usize) -> Vec<Tick> {
        let (first, last) = ((self.low - 1e-9).ceil() as i32, (self.high + 1e-9).floor() as i32);
        let decades = (last - first + 1).max(0) as usize;
        if decades < 2 {
            // Within about a decade: 1, 2 and 5 times its powers.
            let ticks: Vec<Tick> = (first - 1..=last)
                .flat_map(|power| [1_i32, 2, 5].map(|digit| (digit, power)))
                .map(|(digit, power)| {
                    let value = f64::from(digit) * 10_f64.powi(power);
                    Tick { at: value.log10(), label: plain_or_power(digit, power) }
                })
                .filter(|tick| tick.at >= self.low - 1e-9 && tick.at <= self.high + 1e-9)
                .collect();
            if ticks.len() >= 2 {
                return ticks;
            }
            let (low, high) = (10_f64.powf(self.low), 10_f64.powf(self.high));
            let linear = Ruler { scale: Scale::Linear, low, high, names: Vec::new() };
            let (ticks, left_out) = linear.linear_ticks(wanted.min(4));
            return ticks
                .into_iter()
                .filter(|tick| tick.at > 0.0)
                .map(|tick| Tick {
                    at: tick.at.log10(),
                    label: left_out
                        .map_or(tick.label.clone(), |power| format!("{}×{}", tick.label, power_of_ten(power))),
                })
                .collect();
        }
        let every = decades.div_ceil(wanted.max(2)) as i32;
        let plain = first >= -3 && last <= 3;
        (first..=last)
            .filter(|power| power.rem_euclid(every) == 0)
            .map(|power| Tick {
                at: f64::from(power),
                label: if plain { plain_or_power(1, power) } else { power_of_ten(power) },
            })
            .collect()
    }

    /// The places of the short ticks between the decades.
    pub(super) fn short_ticks(&self) -> Vec<f64> {
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        if self.scale == Scale::Linear || self.named() || last - first > 6 {
            return Vec::new();
        }
        (first..last)
            .flat_map(|power| (2..10).map(move |digit| f64::from(power) + f64::from(digit).log10()))
            .filter(|at| *at >= self.low && *at <= self.high)
            .collect()
    }
}

fn space(scale: Scale, value: f64) -> Option<f64> {
    match scale {
        Scale::Linear => value.is_finite().then_some(value),
        Scale::Log => (value > 0.0 && value.is_finite()).then(|| value.log10()),
    }
}

fn plain_or_power(digit: i32, power: i32) -> String {
    match power {
        0..=3 => (digit * 10_i32.pow(power.unsigned_abs())).to_string(),
        -4..=-1 => number(f64::from(digit) * 10_f64.powi(power), power.unsigned_abs() as usize),
        _ if digit == 1 => power_of_ten(power),
        _ => format!("{digit}×{}", power_of_ten(power)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, data: &[f64], room: Room, wanted: usize) -> Vec<String> {
        Ruler::new(axis, data.iter().copied(), room).ticks(wanted).0.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&Axis::linear(""), &[0.13, 0.91], Room::Padded, 5), ["0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(labels(&Axis::linear(""), &[-3.0, 3.0], Room::Tight, 4), ["−2", "0", "2"]);
        assert_eq!(labels(&Axis::linear(""), &[0.0, 1000.0], Room::Tight, 4), ["0", "250", "500", "750", "1000"]);
        assert_eq!(labels(&Axis::log(""), &[2e-6, 30.0], Room::Tight, 4), ["10⁻⁴", "10⁻²", "10⁰"]);
        assert_eq!(labels(&Axis::log(""), &[0.004, 0.2], Room::Tight, 4), ["0.01", "0.1"]);
        assert_eq!(labels(&Axis::log(""), &[0.15, 0.7], Room::Tight, 4), ["0.2", "0.5"]);
    }

    #[test]
    fn small_numbers_leave_their_power_out() {
        let (ticks, power) = Ruler::new(&Axis::linear(""), [0.0, 3.1e-7].into_iter(), Room::Tight).ticks(4);
        assert_eq!(power, Some(-7));
        assert_eq!(ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
        assert!((ticks[3].at - 3e-7).abs() < 1e-15);
    }

    #[test]
    fn what_has_no_logarithm_has_no_place() {
        let ruler = Ruler::new(&Axis::log(""), [0.0, -3.0, 0.01, 10.0].into_iter(), Room::Tight);
        assert_eq!((ruler.low, ruler.high), (-2.0, 1.0));
        assert_eq!(ruler.space(0.0), None);
        assert_eq!(ruler.space(-1.0), None);
        assert!((ruler.share(ruler.space(1.0).unwrap()) - 2.0 / 3.0).abs() < 1e-12);
    }

    quickcheck::quickcheck! {
        /// Whatever the data, the ends hold them and the ticks are few and inside.
        fn ticks_lie_within(one: f64, other: f64) -> bool {
            if !one.is_finite() || !other.is_finite() || one.abs().max(other.abs()) > 1e200 {
                return true;
            }
            [Room::Tight, Room::Padded, Room::WithZero].into_iter().all(|room| {
                let ruler = Ruler::new(&Axis::linear(""), [one, other].into_iter(), room);
                let (ticks, _) = ruler.ticks(6);
                ruler.low <= one.min(other)
                    && ruler.high >= one.max(other)
                    && ruler.low < ruler.high
                    && ticks.len() <= 9
                    && ticks.iter().all(|tick| (-0.001..=1.001).contains(&ruler.share(tick.at)))
            })
        }
    }
}
