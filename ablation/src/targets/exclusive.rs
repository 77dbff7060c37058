//! Recognises one-hot targets: an axis along which exactly one value is set.
//!
//! Whether that is so of every pixel is a question about all sums along the axis, and these do not fit in memory. The
//! sums Sᵢ are all 1 exactly when the vector S − 1 is 0, and a random projection of a vector is 0 only if the vector is
//! (but for one case in 2^56). So each value adds its share, times a number that its line along the axis determines, to
//! one integer. That works in any order of the values and needs no second pass.

use std::fmt;

use crate::arrays::{Array, DType, Order};
use crate::targets::MOST_CLASSES;

/// The axis that may be that of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClassAxis {
    /// Axis 1: (N, C, …).
    Second,
    /// Axis 0, of a single image: (C, …).
    First,
    /// The last axis: (N, …, C).
    Last,
}

impl ClassAxis {
    /// The axis of an array of this shape, if it can be that of classes.
    ///
    /// An array of two axes is an image, or a list of pixels for each image. The last axis counts only if it is shorter
    /// than the one before, as the colours of an image file are.
    pub(crate) fn of(self, shape: &[u64]) -> Option<usize> {
        const CLASSES: std::ops::RangeInclusive<u64> = 2..=MOST_CLASSES as u64;
        let (axis, can_be) = match (self, shape) {
            (_, [] | [_] | [_, _]) => return None,
            (ClassAxis::Second, _) => (1, true),
            (ClassAxis::First, _) => (0, true),
            (ClassAxis::Last, [.., before, last]) => (shape.len() - 1, last < before),
        };
        shape.get(axis).filter(|length| can_be && CLASSES.contains(length)).map(|_| axis)
    }
}

const AXES: [ClassAxis; 3] = [ClassAxis::Second, ClassAxis::First, ClassAxis::Last];

impl fmt::Display for ClassAxis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ClassAxis::Second => "axis 1",
            ClassAxis::First => "axis 0",
            ClassAxis::Last => "the last axis",
        })
    }
}

/// What is so along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sums {
    /// Every value is 0 or 1, and one of each line is 1.
    OneHot,
    /// The values of each line are probabilities of classes: they sum to 1.
    Distribution,
    Other,
}

/// Watches the targets of one array, in the order of `order`.
#[derive(Clone, Debug)]
pub(crate) struct Exclusive {
    axes: Vec<(ClassAxis, Line)>,
    /// Whether all values are 0 or 1.
    hard: bool,
    /// Whether they may be others.
    soft: bool,
    valid: u64,
    total: f64,
}

/// The sums along one axis.
#[derive(Clone, Debug)]
struct Line {
    classes: u64,
    /// Values before the next of the same line.
    inner: u64,
    /// Where the next value is.
    outer: u64,
    class: u64,
    at: u64,
    /// Σ (C·t − 1)·h over valid values, of hard ones …
    projection: u64,
    /// … and of any, with signs in place of h.
    signed: [f64; SIGNS],
    dead: bool,
}

const SIGNS: usize = 4;
/// The root mean square of S − 1 that rounding to f16 explains.
const ROUNDING: f64 = 2e-3;
/// Far more than that.
const FAR: f64 = 20.0 * ROUNDING;
/// Fewer lines than this happen to have one pixel each.
const FEWEST_LINES: u64 = 8;

impl Exclusive {
    /// For values of an array of this type and shape that come in this order; `None` if no axis can be that of classes.
    pub(crate) fn new(dtype: DType, shape: &[u64], order: Order) -> Option<Self> {
        Self::of_shape(shape, order, dtype.is_float())
    }

    fn of_shape(shape: &[u64], order: Order, soft: bool) -> Option<Self> {
        let line = |axis: ClassAxis| {
            let place = axis.of(shape)?;
            let classes = *shape.get(place)?;
            let (before, after) = shape.split_at(place);
            let inner = match order {
                Order::C => after.iter().skip(1).product(),
                Order::Fortran => before.iter().product(),
            };
            let (projection, signed) = (0, [0.0; SIGNS]);
            Some((axis, Line { classes, inner, outer: 0, class: 0, at: 0, projection, signed, dead: false }))
        };
        let axes: Vec<(ClassAxis, Line)> = AXES.into_iter().filter_map(line).collect();
        (!axes.is_empty()).then_some(Self { axes, hard: true, soft, valid: 0, total: 0.0 })
    }

    /// Looks at some lines of each axis first: one that does not sum to 1 saves the rest of the work.
    ///
    /// For arrays all of whose values count. `value` reads the value at a position in the order of the values.
    pub(crate) fn rule_out<E>(&mut self, array: &Array, mut value: impl FnMut(u64) -> Result<f64, E>) -> Result<(), E> {
        for (_, line) in &mut self.axes {
            let lines = array.len() / line.classes;
            for number in [0, lines / 2, lines.saturating_sub(1)].into_iter().filter(|_| lines > 0) {
                let (outer, at) = (number / line.inner, number % line.inner);
                let mut sum = 0.0;
                for class in 0..line.classes {
                    sum += value((outer * line.classes + class) * line.inner + at)?;
                }
                line.dead |= sum.is_nan() || (sum - 1.0).abs() > FAR;
                if line.dead {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Adds the next targets; those of weight 0 do not count.
    pub(crate) fn add(&mut self, targets: &[f32], weights: Option<&[f32]>) {
        let is_valid =
            |place: usize| weights.is_none_or(|weights| weights.get(place).is_none_or(|weight| *weight != 0.0));
        for (place, target) in targets.iter().enumerate() {
            if is_valid(place) {
                self.valid += 1;
                self.total += f64::from(*target);
                self.hard &= *target == 0.0 || *target == 1.0;
            }
        }
        for (_, line) in self.axes.iter_mut().filter(|(_, line)| !line.dead) {
            line.add(targets, is_valid, self.soft);
            // More than one in each line that has begun: no need to look on.
            let most = line.lines_so_far() as f64 * if self.hard { 1.0 } else { 1.0 + ROUNDING };
            line.dead |= self.total > most;
        }
    }

    /// What is so along each axis; `None` if no value was valid.
    pub(crate) fn finish(&self) -> Option<AxisSums> {
        let of = |axis: ClassAxis| {
            let line = self.axes.iter().find(|(other, _)| *other == axis);
            line.map_or(Sums::Other, |(axis, line)| self.sums(*axis, line))
        };
        (self.valid > 0).then(|| AxisSums(AXES.map(of)))
    }

    fn sums(&self, axis: ClassAxis, line: &Line) -> Sums {
        let lines = self.valid / line.classes;
        let fewest = if axis == ClassAxis::Second { 1 } else { FEWEST_LINES };
        if line.dead || lines < fewest {
            return Sums::Other;
        }
        if self.hard {
            return if line.projection == 0 { Sums::OneHot } else { Sums::Other };
        }
        if line.mean_square(lines).sqrt() <= ROUNDING { Sums::Distribution } else { Sums::Other }
    }
}

/// What is so along each axis that may be that of classes, of one array or of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AxisSums([Sums; 3]);

impl AxisSums {
    /// No axis of classes.
    pub(crate) const NONE: Self = Self([Sums::Other; 3]);

    /// What is so of both.
    pub(crate) fn and(self, other: Self) -> Self {
        let mut both = self.0;
        for (a, b) in both.iter_mut().zip(other.0) {
            *a = match (*a, b) {
                (Sums::Other, _) | (_, Sums::Other) => Sums::Other,
                (Sums::OneHot, Sums::OneHot) => Sums::OneHot,
                _ => Sums::Distribution,
            };
        }
        Self(both)
    }

    /// The axis of classes.
    pub(crate) fn found(self) -> Option<(ClassAxis, Sums)> {
        self.each().find(|(_, sums)| *sums != Sums::Other)
    }

    pub(crate) fn each(self) -> impl Iterator<Item = (ClassAxis, Sums)> {
        AXES.into_iter().zip(self.0)
    }
}

impl Line {
    fn add(&mut self, targets: &[f32], is_valid: impl Fn(usize) -> bool, soft: bool) {
        for (place, target) in targets.iter().enumerate() {
            if is_valid(place) {
                let line = self.outer * self.inner + self.at;
                let random = mixed(line);
                let share = if *target == 1.0 { self.classes - 1 } else { u64::MAX };
                self.projection = self.projection.wrapping_add(random.wrapping_mul(share));
                if soft {
                    let share = self.classes as f64 * f64::from(*target) - 1.0;
                    for (bit, sum) in self.signed.iter_mut().enumerate() {
                        *sum += if random >> bit & 1 == 0 { share } else { -share };
                    }
                }
            }
            self.at += 1;
            if self.at == self.inner {
                (self.at, self.class) = (0, self.class + 1);
            }
            if self.class == self.classes {
                (self.class, self.outer) = (0, self.outer + 1);
                // All lines so far are complete, so most arrays are settled after their first image.
                let lines = self.outer * self.inner;
                self.dead = if soft { self.mean_square(lines).sqrt() > FAR } else { self.projection != 0 };
                if self.dead {
                    return;
                }
            }
        }
    }

    /// The mean square of S − 1 over so many lines, estimated.
    fn mean_square(&self, lines: u64) -> f64 {
        let (squares, classes): (f64, _) = (self.signed.iter().map(|sum| sum * sum).sum(), self.classes as f64);
        squares / (SIGNS as f64 * classes * classes * lines.max(1) as f64)
    }

    /// The lines that the values so far belong to.
    fn lines_so_far(&self) -> u64 {
        let begun = if self.class > 0 { self.inner } else { self.at };
        self.outer * self.inner + begun
    }
}

/// A number that looks random, for each number (the finaliser of SplitMix64).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use quickcheck::QuickCheck;

    use super::*;

    fn recognised(shape: &[u64], order: Order, values: &[f32], weights: Option<&[f32]>) -> Vec<(ClassAxis, Sums)> {
        let mut exclusive = Exclusive::of_shape(shape, order, true).expect("an axis of classes");
        // In pieces, as files are read.
        for (piece, targets) in values.chunks(7).enumerate() {
            exclusive.add(targets, weights.map(|weights| &weights[piece * 7..][..targets.len()]));
        }
        exclusive.finish().expect("valid values").each().filter(|(_, sums)| *sums != Sums::Other).collect()
    }

    /// Targets (N, C, P) from labels, in C order.
    fn one_hot(labels: &[u8], images: usize, classes: usize) -> Vec<f32> {
        let pixels = labels.len() / images;
        let index = |index: usize| (index / (classes * pixels), index / pixels % classes, index % pixels);
        let is_set =
            |(image, class, pixel): (usize, usize, usize)| usize::from(labels[image * pixels + pixel]) == class;
        (0..images * classes * pixels).map(|at| f32::from(u8::from(is_set(index(at))))).collect()
    }

    #[test]
    fn one_hot_is_recognised_in_every_order_and_one_wrong_pixel_is_enough() {
        fn holds(labels: Vec<u8>, wrong: usize) -> bool {
            let labels: Vec<u8> = labels.iter().map(|label| label % 3).chain([0, 1, 2, 0, 2, 1, 1, 0]).collect();
            let labels = &labels[..labels.len() / 2 * 2];
            let (pixels, mut values) = (labels.len() / 2, one_hot(labels, 2, 3));
            let shape = [2, 3, 1, pixels as u64];
            let expected = [(ClassAxis::Second, Sums::OneHot)];
            let turned: Vec<f32> =
                (0..values.len()).map(|index| values[(index % 2 * 3 + index / 2 % 3) * pixels + index / 6]).collect();
            let right = recognised(&shape, Order::C, &values, None).contains(&expected[0])
                && recognised(&shape, Order::Fortran, &turned, None).contains(&expected[0]);
            let at = wrong % values.len();
            values[at] = 1.0 - values[at];
            right && !recognised(&shape, Order::C, &values, None).iter().any(|found| found.0 == ClassAxis::Second)
        }
        QuickCheck::new().quickcheck(holds as fn(Vec<u8>, usize) -> bool);
    }

    #[test]
    fn ignored_pixels_do_not_count_and_soft_ones_are_told() {
        let labels = [0u8, 2, 1, 1, 0, 2, 2, 0, 1, 0];
        let mut values = one_hot(&labels, 1, 3);
        let mut weights = vec![1.0; 30];
        for class in 0..3 {
            (values[class * 10 + 4], weights[class * 10 + 4]) = (f32::NAN, 0.0);
        }
        let shape = [1, 3, 10];
        assert_eq!(recognised(&shape, Order::C, &values, Some(&weights)), [(ClassAxis::Second, Sums::OneHot)]);
        let soft: Vec<f32> = one_hot(&labels, 1, 3).iter().map(|target| 0.7 * target + 0.1).collect();
        assert_eq!(recognised(&shape, Order::C, &soft, None), [(ClassAxis::Second, Sums::Distribution)]);
        let other: Vec<f32> = (0..30).map(|index| (index * index % 11) as f32 / 10.0).collect();
        assert_eq!(recognised(&shape, Order::C, &other, None), []);
        // Single image, and channels last.
        let other = recognised(&[3, 2, 5], Order::C, &one_hot(&labels, 1, 3), None);
        assert_eq!(other, [(ClassAxis::First, Sums::OneHot)]);
        let last: Vec<f32> =
            labels.iter().flat_map(|label| (0..3).map(|class| f32::from(u8::from(*label == class)))).collect();
        assert_eq!(recognised(&[2, 5, 3], Order::C, &last, None), [(ClassAxis::Last, Sums::OneHot)]);
    }

    #[test]
    fn images_have_no_axis_of_classes() {
        for shape in [&[64, 64][..], &[5, 1, 300, 300], &[7], &[]] {
            assert!(ClassAxis::Second.of(shape).is_none(), "{shape:?}");
        }
        assert!(Exclusive::of_shape(&[300, 1, 300, 300], Order::C, false).is_none());
    }
}
