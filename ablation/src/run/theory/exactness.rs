//! The same pixels in another order: naive sums change, those of `loss-core` do not.

use std::collections::BTreeSet;

use loss_core::extend::{Fingerprint, Pixel, Real};
use loss_core::{Bce, Dice, Logits, Loss, Plane, Pointwise};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::naive;
use super::numbers::{cell, columns, percent, plain, significant};
use super::{TheoryError, colours};
use crate::run::config::Losses;
use crate::run::model::{Axis, Cell, Chart, Figure, Finding, Look, Panel, Section, Series, Table};
use crate::run::normal::normal_pair;

const SEED: u64 = 20;
const PIXELS: usize = 100_000;
const FOREGROUND: usize = 2_000;
const PERMUTATIONS: usize = 200;
const BINS: usize = 21;

/// p as a "loss", so that its 32-bit value is that of `loss-core`.
#[derive(Clone)]
struct Probability;

impl Pointwise for Probability {
    const NAME: &'static str = "probability";

    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        pixel.p
    }

    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        pixel.p_slope
    }

    fn fingerprint(&self, _: &mut Fingerprint) {}
}

/// A pixel with the terms of its sums; the ways differ only in how they add.
#[derive(Clone, Copy)]
struct Terms {
    logit: f32,
    target: bool,
    cross_entropy: f32,
    p: f32,
}

/// Imbalanced pixels: foreground around logit 1 and background around −3, both with standard deviation 2.
fn pixels(count: usize, foreground: usize, generator: &mut ChaCha8Rng) -> Result<Vec<Terms>, TheoryError> {
    let mut pixels = Vec::with_capacity(count);
    for place in 0..count {
        let target = place < foreground;
        // Only one of the pair is used, because the figures of this section were made with these pixels.
        let [normal, _] = normal_pair(generator);
        let logit = (if target { 1.0 } else { -3.0 } + 2.0 * normal) as f32;
        let cross_entropy = Bce::new().at(&Logits, (logit, target))?;
        pixels.push(Terms { logit, target, cross_entropy, p: Probability.at(&Logits, (logit, target))? });
    }
    Ok(pixels)
}

/// A way of adding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Sequential,
    Pairwise,
    Double,
    LossCore,
}

impl Way {
    const ALL: [Self; 4] = [Self::Sequential, Self::Pairwise, Self::Double, Self::LossCore];

    fn name(self) -> &'static str {
        match self {
            Self::Sequential => "32-bit, one after the other",
            Self::Pairwise => "32-bit, pairwise",
            Self::Double => "64-bit, one after the other",
            Self::LossCore => "loss-core",
        }
    }
}

/// BCE and Dice loss by each way, for each permutation.
struct Results {
    /// Indexed by [`Way::ALL`], then by permutation; BCE and Dice.
    values: [Vec<[f64; 2]>; 4],
    /// The number of distinct states of `loss-core`'s accumulator.
    states: usize,
}

fn results(
    mut pixels: Vec<Terms>,
    smooth: f64,
    permutations: usize,
    generator: &mut ChaCha8Rng,
) -> Result<Results, TheoryError> {
    let loss = Bce::new().mean() + Dice::new(smooth)?;
    let [mut sequential, mut pairwise, mut double, mut ours] = [const { Vec::new() }; 4];
    let mut states: BTreeSet<Vec<i64>> = BTreeSet::new();
    for _ in 0..permutations {
        pixels.shuffle(generator);
        let column = |of: fn(&Terms) -> f32| pixels.iter().map(of).collect::<Vec<f32>>();
        let terms = [
            column(|pixel| pixel.cross_entropy),
            column(|pixel| if pixel.target { pixel.p } else { 0.0 }),
            column(|pixel| pixel.p),
            column(|pixel| f32::from(u8::from(pixel.target))),
        ];
        let of_sums = |sum: fn(&[f32]) -> f32| {
            let [cross_entropy, overlap, predicted, foreground] = terms.each_ref().map(|terms| sum(terms));
            let dice = naive::dice(overlap, predicted, foreground, smooth as f32);
            [cross_entropy / pixels.len() as f32, dice].map(f64::from)
        };
        sequential.push(of_sums(naive::sequential_sum));
        pairwise.push(of_sums(naive::pairwise_sum));
        let [cross_entropy, overlap, predicted, foreground] = terms.each_ref().map(|terms| naive::double_sum(terms));
        double
            .push([cross_entropy / pixels.len() as f64, naive::dice_in_double(overlap, predicted, foreground, smooth)]);

        let mut sums = loss.accumulator();
        let logits = column(|pixel| pixel.logit);
        let targets: Vec<bool> = pixels.iter().map(|pixel| pixel.target).collect();
        if let Ok(plane) = Plane::new(&logits, &targets) {
            sums.extend_plane(plane);
        }
        let mut parts = sums.finish()?.parts().map(|part| part.value).collect::<Vec<f64>>().into_iter();
        ours.push([parts.next().unwrap_or(f64::NAN), parts.next().unwrap_or(f64::NAN)]);
        let mut state = Vec::with_capacity(sums.state_length());
        sums.for_each_of_state(|integer| state.push(integer));
        states.insert(state);
    }
    Ok(Results { values: [sequential, pairwise, double, ours], states: states.len() })
}

impl Results {
    fn of(&self, way: Way) -> &[[f64; 2]] {
        let [sequential, pairwise, double, ours] = &self.values;
        match way {
            Way::Sequential => sequential,
            Way::Pairwise => pairwise,
            Way::Double => double,
            Way::LossCore => ours,
        }
    }

    fn values(&self, way: Way, of: Quantity) -> impl Iterator<Item = f64> {
        self.of(way).iter().map(move |[bce, dice]| match of {
            Quantity::Bce => *bce,
            Quantity::Dice => *dice,
        })
    }

    fn distinct(&self, way: Way, of: Quantity) -> usize {
        self.values(way, of).map(f64::to_bits).collect::<BTreeSet<u64>>().len()
    }

    /// `loss-core`'s value, whose sums are exact.
    fn exact(&self, of: Quantity) -> f64 {
        self.values(Way::LossCore, of).next().unwrap_or(f64::NAN)
    }

    /// (value − exact) / exact for each permutation.
    fn deviations(&self, way: Way, of: Quantity) -> Vec<f64> {
        let exact = self.exact(of);
        self.values(way, of).map(|value| (value - exact) / exact).collect()
    }

    fn largest_deviation(&self, way: Way, of: Quantity) -> f64 {
        self.deviations(way, of).into_iter().fold(0.0, |largest: f64, deviation| largest.max(deviation.abs()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Bce,
    Dice,
}

impl Quantity {
    const ALL: [Self; 2] = [Self::Bce, Self::Dice];

    fn name(self) -> &'static str {
        match self {
            Self::Bce => "BCE",
            Self::Dice => "Dice loss",
        }
    }

    fn colour(self) -> usize {
        match self {
            Self::Bce => colours::BCE,
            Self::Dice => colours::DICE,
        }
    }
}

pub(super) fn fill(section: &mut Section, losses: &Losses) -> Result<(), TheoryError> {
    let mut generator = ChaCha8Rng::seed_from_u64(SEED);
    let pixels = pixels(PIXELS, FOREGROUND, &mut generator)?;
    let results = results(pixels, losses.smooth, PERMUTATIONS, &mut generator)?;
    section.text(format!(
        "Floating-point addition rounds after every step, so a sum depends on the order of its terms: on the tiles of an image, on the number of threads, on the machine. \
         Here {PIXELS} pixels with {} foreground are summed in {PERMUTATIONS} random orders. All ways of adding take the same 32-bit probability and cross-entropy of \
         each pixel. Pairwise addition sums each half by itself, and so on within the halves. loss-core rounds each term once to a multiple of 2⁻⁶⁴ and adds integers. \
         Dice has smooth = {}.",
        percent(FOREGROUND as f64 / PIXELS as f64),
        plain(losses.smooth),
    ));
    section.figure(figure(&results));
    section.table(table(&results));
    for of in Quantity::ALL {
        section.finding(finding(&results, of));
    }
    Ok(())
}

/// The unit of drawn deviations: a ten-millionth of the value.
const UNIT: f64 = 1e-7;

fn figure(results: &Results) -> Figure {
    let ways = [(Way::Sequential, Look::Dots), (Way::LossCore, Look::Line)];
    let dots = |of: Quantity| {
        let series = ways.map(|(way, look)| {
            let colour = if way == Way::LossCore { of.colour() } else { colours::OTHER };
            let deviations = results.deviations(way, of).into_iter().enumerate();
            let points = deviations.map(|(place, deviation)| ((place + 1) as f64, deviation / UNIT));
            Series::line(way.name(), colour, points).look(look)
        });
        Panel::Chart(Chart {
            title: format!("{}, by order", of.name()),
            x: Axis::linear("permutation"),
            y: Axis::linear("deviation from the exact value, in 10⁻⁷ of it"),
            series: series.to_vec(),
            rules: Vec::new(),
        })
    };
    let bars = |of: Quantity| {
        let deviations = results.deviations(Way::Sequential, of).into_iter().map(|deviation| deviation / UNIT);
        Panel::Chart(Chart {
            title: format!("{}, by deviation", of.name()),
            x: Axis::linear("deviation of the 32-bit sum, in 10⁻⁷ of the value"),
            y: Axis::linear("permutations"),
            series: vec![
                Series::line(Way::Sequential.name(), colours::OTHER, histogram(&deviations.collect::<Vec<_>>()))
                    .look(Look::Bars),
            ],
            rules: Vec::new(),
        })
    };
    Figure {
        id: "exactness-spread".to_owned(),
        title: "The same loss in another order".to_owned(),
        caption: format!(
            "BCE and Dice loss of the same {PIXELS} pixels in {PERMUTATIONS} random orders: the deviation from the exact value, in units of 10⁻⁷ of it. Above: each order, with 32-bit \
             sums (dots) and with loss-core (line at 0). Below: the number of orders by deviation with 32-bit sums, in {BINS} bins."
        ),
        columns: 2,
        panels: vec![dots(Quantity::Bce), dots(Quantity::Dice), bars(Quantity::Bce), bars(Quantity::Dice)],
    }
}

/// The middles of [`BINS`] bins from the smallest to the largest number, and the count in each.
fn histogram(numbers: &[f64]) -> Vec<(f64, f64)> {
    let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let width = (high - low) / BINS as f64;
    if !width.is_finite() || width <= 0.0 {
        return numbers.first().map(|&first| (first, numbers.len() as f64)).into_iter().collect();
    }
    let mut counts = [0usize; BINS];
    for number in numbers {
        let place = (((number - low) / width) as usize).min(BINS - 1);
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
    let middle = |place: usize| low + (place as f64 + 0.5) * width;
    counts.into_iter().enumerate().map(|(place, count)| (middle(place), count as f64)).collect()
}

fn table(results: &Results) -> Table {
    let mut rows = Vec::new();
    for of in Quantity::ALL {
        let exact = results.exact(of) as f32;
        let ulp = f64::from(exact.next_up() - exact) / results.exact(of);
        for way in Way::ALL {
            let deviation = results.largest_deviation(way, of);
            let states = match way {
                Way::LossCore => Cell::number(results.states as f64, 0),
                _ => Cell::text(""),
            };
            rows.push(vec![
                Cell::text(of.name()),
                Cell::text(way.name()),
                Cell::number(results.distinct(way, of) as f64, 0),
                states,
                cell(deviation),
                cell(deviation / ulp),
            ]);
        }
    }
    Table {
        id: "exactness-ways".to_owned(),
        title: format!("{PERMUTATIONS} orders of the same pixels"),
        columns: columns([
            "loss",
            "way of adding",
            "different values",
            "different states",
            "largest relative deviation",
            "the same in ULP of 32 bits",
        ]),
        rows,
        note: "Values count as different if any bit differs. A state is the integers of loss-core's accumulator, which hold both losses at once. Deviations are from loss-core's \
               value. A ULP is the distance between neighbouring 32-bit numbers there. 32-bit Dice also loses digits when its score is subtracted from 1. The deviation of \
               64-bit Dice does not come from adding: naive code sums only p, while loss-core also sums the misses 1 − p, each rounded to 32 bits."
            .to_owned(),
    }
}

fn finding(results: &Results, of: Quantity) -> Finding {
    let deviations = results.deviations(Way::Sequential, of);
    let (low, high) = deviations
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &deviation| (low.min(deviation), high.max(deviation)));
    let values = |count: usize| if count == 1 { "1 value".to_owned() } else { format!("{count} values") };
    Finding::new(format!(
        "Summed in {PERMUTATIONS} orders, the same {PIXELS} pixels give {} of the {} with 32-bit sums (spread over {} of the value), {} with 64-bit sums and {} with \
             loss-core.",
        values(results.distinct(Way::Sequential, of)),
        of.name(),
        significant(high - low, 2),
        values(results.distinct(Way::Double, of)),
        values(results.distinct(Way::LossCore, of)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(seed: u64) -> Results {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let pixels = pixels(20_000, 400, &mut generator).unwrap();
        results(pixels, 1e-5, 12, &mut generator).unwrap()
    }

    #[test]
    fn ours_has_one_value_and_one_state_and_naive_sums_many() {
        let results = small(3);
        assert_eq!(results.states, 1);
        for of in Quantity::ALL {
            assert_eq!(results.distinct(Way::LossCore, of), 1);
            assert!(results.distinct(Way::Sequential, of) > 6, "{of:?}");
            assert!(results.largest_deviation(Way::Double, of) < 1e-11);
            assert!(results.largest_deviation(Way::Pairwise, of) < results.largest_deviation(Way::Sequential, of));
            assert!(results.largest_deviation(Way::Sequential, of) < 1e-2);
        }
    }

    /// If the misses are summed in double precision, only the rounding of that sum remains, as the table's note says.
    #[test]
    fn dice_in_double_differs_by_its_misses_alone() {
        /// 1 − p, as in `loss-core`.
        #[derive(Clone)]
        struct Rest;

        impl Pointwise for Rest {
            const NAME: &'static str = "rest";

            fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
                pixel.q
            }

            fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
                -pixel.p_slope
            }

            fn fingerprint(&self, _: &mut Fingerprint) {}
        }

        let mut generator = ChaCha8Rng::seed_from_u64(3);
        let pixels = pixels(20_000, 400, &mut generator).unwrap();
        let of = |target: bool| pixels.iter().filter(move |pixel| pixel.target == target);
        let hits: f64 = of(true).map(|pixel| f64::from(pixel.p)).sum();
        let alarms: f64 = of(false).map(|pixel| f64::from(pixel.p)).sum();
        let misses: f64 = of(true).map(|pixel| f64::from(Rest.at(&Logits, (pixel.logit, true)).unwrap())).sum();
        let expected = (alarms + misses) / (2.0 * hits + alarms + misses + 1e-5);
        let results = results(pixels.clone(), 1e-5, 1, &mut generator).unwrap();
        assert!((results.exact(Quantity::Dice) / expected - 1.0).abs() < 1e-14);
        assert!(results.largest_deviation(Way::Double, Quantity::Dice) > 1e-13);
    }

    #[test]
    fn a_seed_gives_the_same_again_and_another_does_not() {
        assert_eq!(small(3).values, small(3).values);
        assert_ne!(small(3).values, small(4).values);
    }

    #[test]
    fn other_pixels_have_another_state() {
        let mut generator = ChaCha8Rng::seed_from_u64(5);
        let first = pixels(50, 10, &mut generator).unwrap();
        let second = pixels(50, 10, &mut generator).unwrap();
        let value = |pixels| results(pixels, 1e-5, 1, &mut ChaCha8Rng::seed_from_u64(1)).unwrap().exact(Quantity::Bce);
        assert_ne!(value(first), value(second));
    }

    #[test]
    fn a_histogram_counts_every_number() {
        let numbers = [0.0, 0.15, 0.15, 1.95, 2.1];
        let bins = histogram(&numbers);
        assert_eq!(bins.len(), BINS);
        assert_eq!(bins.iter().map(|bin| bin.1).sum::<f64>(), 5.0);
        assert_eq!((bins[0].1, bins[1].1, bins[19].1, bins[20].1), (1.0, 2.0, 1.0, 1.0));
        assert_eq!(histogram(&[3.0, 3.0]), [(3.0, 2.0)]);
        assert!(histogram(&[]).is_empty());
    }

    #[test]
    fn a_histogram_loses_no_number() {
        fn complete(numbers: Vec<i16>) -> bool {
            let numbers: Vec<f64> = numbers.into_iter().map(|number| f64::from(number) / 7.0).collect();
            histogram(&numbers).iter().map(|bin| bin.1).sum::<f64>() == numbers.len() as f64
        }
        quickcheck::quickcheck(complete as fn(Vec<i16>) -> bool);
    }
}
