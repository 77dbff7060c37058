//! Losses over classes.

use loss_core::class::{
    ClassAccumulator, ClassLoss, ClassPlane, ClassPointwise, ClassSample, ClassTarget, CrossEntropy, GeneralisedDice,
    Layout, PerClass, SoftmaxFocal, WassersteinDice, WeightMode,
};
use loss_core::{Dice, Mcc, Minimum, SimdLevel, Tversky};

use crate::data::Random;
use crate::lines::{Lines, bits, counts, debug, integers, numbers, outcome, parts, word};

/// More pixels than a tile of classes, and not a multiple of any register.
const PIXELS: usize = 691;

/// Every loss over classes. `.ci/machines` fails if one is missing here.
pub fn every_loss(lines: &mut Lines) {
    every_kind::<_, 5>(lines, "cross-entropy", CrossEntropy::new().mean());
    let weights = [0.5, 1.0, 300.0];
    every_kind::<_, 3>(lines, "softmax focal", SoftmaxFocal::new(2.0).unwrap().weights(weights).unwrap().mean());
    let loss = CrossEntropy::new().mean() + PerClass::new(Dice::new(1.0).unwrap());
    every_kind::<_, 5>(lines, "cross-entropy + dice", loss);
    let tversky = Tversky::new(0.3, 0.7, 1.0).unwrap().overlap(Minimum);
    let loss = PerClass::new(tversky).weights([0.5, 1.0, 3.0, 0.0], WeightMode::Inside).unwrap();
    every_kind::<_, 4>(lines, "tversky per class", loss);
    every_kind::<_, 2>(lines, "mcc per class", PerClass::new(Mcc::new(1.0).unwrap()));
    every_kind::<_, 4>(lines, "generalised dice", GeneralisedDice::new(1.0).unwrap());
    let distances = [[0.0, 1.0, 1.0], [1.0, 0.0, 0.25], [1.0, 0.25, 0.0]];
    every_kind::<_, 3>(lines, "wasserstein dice", WassersteinDice::new(distances, 0.5).unwrap());
    // More classes than slices take at once, so the pixels go one by one.
    every_kind::<_, 50>(lines, "cross-entropy of 50", CrossEntropy::new().mean());
}

/// Pixels of C classes, used one by one and as slices.
struct Pixels<const C: usize> {
    name: &'static str,
    layout: Layout,
    logits: Vec<f32>,
    labels: Vec<u8>,
    soft: Option<Vec<f32>>,
    weights: Option<Vec<f32>>,
}

impl<const C: usize> Pixels<C> {
    fn plane(&self) -> ClassPlane<'_, u8, C> {
        let plane = match &self.soft {
            Some(soft) => ClassPlane::soft(C, self.layout, &self.logits, soft).unwrap(),
            None => ClassPlane::new(C, self.layout, &self.logits, &self.labels).unwrap(),
        };
        self.weights.iter().fold(plane, |plane, weights| plane.with_weights(weights).unwrap())
    }

    /// The place of a logit.
    fn at(&self, pixel: usize, class: usize) -> usize {
        match self.layout {
            Layout::Planar => class * PIXELS + pixel,
            Layout::Interleaved => pixel * C + class,
        }
    }

    fn samples(&self) -> impl Iterator<Item = ClassSample<C>> + '_ {
        (0..PIXELS).map(|pixel| ClassSample {
            logits: std::array::from_fn(|class| self.logits[self.at(pixel, class)]),
            target: match &self.soft {
                Some(soft) => ClassTarget::Soft(std::array::from_fn(|class| soft[self.at(pixel, class)])),
                None => ClassTarget::Label(self.labels[pixel].into()),
            },
            weight: self.weights.as_ref().map_or(1.0, |weights| weights[pixel]),
        })
    }
}

/// Pixels of every kind.
fn kinds<const C: usize>() -> [Pixels<C>; 6] {
    let mut random = Random::new(30);
    let mut pixels = |name, layout, logit: fn(&mut Random) -> f32, is_soft: bool, is_weighted: bool| Pixels {
        name,
        layout,
        logits: random.many(PIXELS * C, logit),
        // One label more than there are classes; it is rejected.
        labels: random.many(PIXELS, |random| (random.bits() % if is_weighted { C as u32 + 1 } else { C as u32 }) as u8),
        soft: is_soft.then(|| random.many(PIXELS * C, |random| random.between(0.0, 1.0))),
        weights: is_weighted.then(|| {
            random.many(PIXELS, |random| if random.bits() % 3 == 0 { 0.0 } else { random.between(0.2, 30.0) })
        }),
    };
    [
        pixels("planar", Layout::Planar, Random::moderate, false, false),
        pixels("interleaved, weighted", Layout::Interleaved, Random::moderate, false, true),
        pixels("planar, soft", Layout::Planar, Random::moderate, true, false),
        pixels("sure", Layout::Interleaved, |random| random.between(-120.0, 120.0), false, false),
        pixels("any, NaN and infinite too", Layout::Planar, Random::any, false, true),
        pixels("any finite", Layout::Interleaved, Random::finite, false, false),
    ]
}

fn every_kind<L: ClassLoss<C>, const C: usize>(lines: &mut Lines, name: &str, loss: L) {
    let empty = loss.class_accumulator();
    for pixels in kinds() {
        pixels_and_slices(lines, &format!("{name}, {}", pixels.name), &empty, &pixels);
    }
}

fn state<L: ClassLoss<C>, const C: usize>(sums: &ClassAccumulator<L, C>) -> Vec<i64> {
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

/// Writes a line about pixels one by one, and checks that slices at every level agree.
fn pixels_and_slices<L: ClassLoss<C>, const C: usize>(
    lines: &mut Lines,
    name: &str,
    empty: &ClassAccumulator<L, C>,
    pixels: &Pixels<C>,
) {
    let mut one_by_one = empty.clone();
    pixels.samples().for_each(|pixel| one_by_one.push(pixel));
    let expected = state(&one_by_one);
    let finished = one_by_one.finish_valid();
    let slopes: Option<Vec<f32>> = finished.as_ref().ok().map(|finished| {
        let (gradient, mut slopes) = (finished.gradient(), vec![0.0; PIXELS * C]);
        for (pixel, sample) in pixels.samples().enumerate() {
            for (class, slope) in gradient.at(sample).into_iter().enumerate() {
                slopes[pixels.at(pixel, class)] = slope;
            }
        }
        slopes
    });
    lines.line(
        name,
        &[
            ("state", integers(&expected)),
            ("counts", counts(one_by_one.counts())),
            ("first_rejected", debug(&one_by_one.first_rejected())),
            ("fingerprint", word(one_by_one.fingerprint())),
            ("value", outcome(&finished, |finished| bits(finished.value()))),
            ("parts", outcome(&finished, |finished| parts(finished.parts()))),
            ("gradient", slopes.as_deref().map_or_else(|| "none".to_owned(), numbers)),
        ],
    );
    for level in SimdLevel::available() {
        let mut sums = empty.clone();
        sums.extend_plane_at(level, pixels.plane());
        lines.agree(&state(&sums), &expected, || format!("{name}, {level}, state"));
        let (Ok(finished), Some(slopes)) = (&finished, &slopes) else { continue };
        let mut buffer = vec![f32::NAN; slopes.len()];
        finished.gradient().write_at(level, pixels.plane(), &mut buffer).unwrap();
        lines.agree(&numbers(&buffer), &numbers(slopes), || format!("{name}, {level}, gradient"));
    }
}
