//! Slices by lanes: a tile of pixels at a time, first its exponentials, then one loop for each loss.
//!
//! A loop with a single purpose is short enough for the processor to work on several iterations at once; a loop with all
//! purposes is not.

use core::cell::RefCell;
use core::marker::PhantomData;

use super::accumulator::{Accumulator, CountingAccumulator};
use super::finished::Gradient;
use super::numbers::{LoadedPlane, Numbers, TILE};
use crate::arch::{CACHE_LINE, SimdLevel, prefetch};
use crate::error::{LengthError, WeightedPlaneError};
use crate::input::link::Link;
use crate::input::pixel::Pixel;
use crate::input::plane::Plane;
use crate::input::sample::{HardTarget, Target};
use crate::loss::Loss;
use crate::loss::passes::{GradientPasses, OfPixel, sealed as passes_sealed};
use crate::number::finite::clamp_to_finite;
use crate::number::lanes::{Kernel, Lanes, WIDEST};
use crate::sums::batch::{Batch, HardBatch, SoftConfusion, Targets, Terms, count_all, sealed};
use crate::sums::exact::{ExactSum, UnitSum};
use crate::sums::rows::{AddRow, Stored};
use crate::sums::shared::{ROUNDS_TO_UNIT, SharedSums};

#[cfg(feature = "bench-internals")]
pub(crate) mod plain_sums;

/// A number for each pixel of a tile.
type Row = [f32; TILE];

/// Rows for terms on their way to the sums; the losses use them in turn. They are made once, because clearing them for each loss takes a tenth of its time.
type TermRows = RefCell<[Row; 3]>;

/// Valid pixels, a whole number of vectors, with the link's results.
struct Activated<'a, K> {
    link: &'a K,
    plane: LoadedPlane<'a>,
    /// See [`Link::activate`].
    activated: [&'a [f32]; 2],
    /// Whether every input is [moderate](Link::is_moderate), every target hard, and no pixel has a weight.
    moderate: bool,
    rows: &'a TermRows,
}

impl<K> Clone for Activated<'_, K> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Activated<'_, K> {}

impl<'a, K> Activated<'a, K> {
    /// The same, in lanes.
    #[inline(always)]
    fn tile<V>(self) -> Tile<'a, V, K> {
        Tile { pixels: self, lanes: PhantomData }
    }
}

/// The same, in lanes.
struct Tile<'a, V, K> {
    pixels: Activated<'a, K>,
    lanes: PhantomData<V>,
}

/// The weights of a tile without weights.
static ONES: Row = [1.0; TILE];

impl<V: Lanes, K: Link> Tile<'_, V, K> {
    /// Vectors of inputs, of the two numbers made of each input, and of targets.
    #[inline(always)]
    fn columns(&self) -> impl Iterator<Item = Column<'_>> {
        let Activated { plane: LoadedPlane { inputs, targets, .. }, activated: [first, second], .. } = self.pixels;
        let made = first.chunks_exact(V::WIDTH).zip(second.chunks_exact(V::WIDTH));
        inputs.chunks_exact(V::WIDTH).zip(made).zip(targets.chunks_exact(V::WIDTH))
    }

    // This is a method because a closure would not be inlined, and would be compiled without the instructions of the level.
    #[inline(always)]
    fn pixel(&self, ((input, (first, second)), target): Column<'_>) -> Pixel<V> {
        let activated = [V::load(first), V::load(second)];
        self.pixels.link.activated_pixel(V::load(input), activated, V::load(target))
    }
}

/// A vector of pixels, as [`Tile::columns`] returns it.
type Column<'a> = ((&'a [f32], (&'a [f32], &'a [f32])), &'a [f32]);

impl<V: Lanes, K: Link> HardBatch for Tile<'_, V, K> {
    #[inline(always)]
    fn count_confusion<C>(&self, threshold: f32, counts: &mut [C; 3], add: impl Fn(&mut C, u32)) -> Targets {
        let LoadedPlane { inputs, targets, weights, .. } = self.pixels.plane;
        let (threshold, one) = (V::splat(threshold), V::splat(1.0));
        let (mut predicted, mut foreground, mut both) = (0, 0, 0);
        let columns = inputs.chunks_exact(V::WIDTH).zip(targets.chunks_exact(V::WIDTH));
        for (vector, (input, target)) in columns.enumerate() {
            let (prediction, truth) = (V::load(input).ge(threshold), V::load(target).ge(one));
            // An ignored pixel was loaded as background.
            let prediction = match weights {
                None => prediction,
                Some(weights) => {
                    let weight = V::load(weights.get(vector * V::WIDTH..).unwrap_or_default());
                    V::both(prediction, weight.ge(one))
                }
            };
            predicted += V::count(prediction);
            foreground += V::count(truth);
            both += V::count(V::both(prediction, truth));
        }
        count_all(counts, [both, predicted - both, foreground - both], add)
    }
}

impl<V, K> sealed::Batch for Tile<'_, V, K> {}

impl<V: Lanes, K: Link> Batch for Tile<'_, V, K> {
    #[inline(always)]
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        add_terms(self, terms, sums);
    }

    #[inline(always)]
    fn add_apart<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        V::apart(AddTerms { pixels: self.pixels, terms, sums });
    }

    #[inline(always)]
    fn may_have_foreground(&self) -> bool {
        let smallest = V::splat(f32::from_bits(1));
        let mut foreground = 0;
        for target in self.pixels.plane.targets.chunks_exact(V::WIDTH) {
            foreground += V::count(V::load(target).ge(smallest));
        }
        foreground > 0
    }

    #[inline(always)]
    fn add_weights(&self, sum: &mut UnitSum) {
        match self.pixels.plane.weights {
            None => sum.add_count(self.pixels.plane.inputs.len() as u32),
            Some(row) => V::apart(AddRow { row, sum }),
        }
    }
}

// Not in the trait's method, where the type of the terms has no name and so no constant.
#[inline(always)]
fn add_terms<V: Lanes, K: Link, M: Terms<N>, const DIGITS: usize, const N: usize>(
    tile: &Tile<'_, V, K>,
    terms: &M,
    sums: &mut [ExactSum<DIGITS>; N],
) {
    let Activated { plane, moderate, rows, .. } = tile.pixels;
    let mut rows = rows.try_borrow_mut().ok();
    let mut own;
    let rows = match rows.as_mut().and_then(|rows| rows.first_chunk_mut::<N>()) {
        Some(rows) => rows,
        // There are more terms than rows.
        None => {
            own = [[0.0; TILE]; N];
            &mut own
        }
    };
    let weights = plane.weights.unwrap_or(&ONES);
    let mut stored = Stored::default();
    for (column, weight) in tile.columns().zip(weights.chunks_exact(V::WIDTH)) {
        stored.store(terms.terms(&tile.pixel(column), V::load(weight)), M::SPARSE, rows);
    }
    stored.add::<V, TILE, DIGITS, N>(rows, M::SPARSE, moderate && terms.are_moderate(), sums);
}

/// Adds the terms of a tile.
struct AddTerms<'a, K, M, const DIGITS: usize, const N: usize> {
    pixels: Activated<'a, K>,
    terms: &'a M,
    sums: &'a mut [ExactSum<DIGITS>; N],
}

impl<K: Link, M: Terms<N>, const DIGITS: usize, const N: usize> Kernel for AddTerms<'_, K, M, DIGITS, N> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        self.pixels.tile::<V>().add(self.terms, self.sums);
    }
}

/// Loads a tile.
struct Load<'b, T> {
    plane: Plane<'b, T>,
    numbers: &'b mut Numbers,
}

impl<'b, T: Target> Kernel for Load<'b, T> {
    type Output = Option<LoadedPlane<'b>>;

    #[inline(always)]
    fn run<V: Lanes>(self) -> Self::Output {
        self.plane.numbers(self.numbers)
    }
}

/// Prepares all inputs of a tile.
struct Prepare<'a, K> {
    link: &'a K,
    inputs: &'a [f32],
    to: &'a mut [f32],
    /// The inputs of the next tile, to prefetch.
    next: &'a [f32],
}

/// The link's judgement of a tile's inputs.
#[derive(PartialEq)]
enum Accepted {
    /// The link rejects some.
    NotAll,
    /// The link accepts all.
    All,
    /// The link accepts all, and all are [moderate](Link::is_moderate).
    Moderate,
}

impl<K: Link> Kernel for Prepare<'_, K> {
    type Output = Accepted;

    /// One loop does both, because it is the first to touch the inputs and computes while it waits for memory.
    #[inline(always)]
    fn run<V: Lanes>(self) -> Accepted {
        let (mut accepted, mut moderate) = (0, 0);
        let vectors = self.inputs.chunks_exact(V::WIDTH).zip(self.to.chunks_exact_mut(V::WIDTH));
        for (vector, (input, to)) in vectors.enumerate() {
            prefetch_vector::<V>(self.next, vector);
            let input = V::load(input);
            accepted += V::count(self.link.accepts(input)) as usize;
            moderate += V::count(self.link.is_moderate(input)) as usize;
            self.link.prepare(input).store(to);
        }
        match self.inputs.len() {
            length if moderate == length => Accepted::Moderate,
            length if accepted == length => Accepted::All,
            _ => Accepted::NotAll,
        }
    }
}

#[inline(always)]
fn prefetch_vector<V: Lanes>(values: &[f32], vector: usize) {
    for line in 0..V::WIDTH.div_ceil(CACHE_LINE) {
        prefetch(values, vector * V::WIDTH + line * CACHE_LINE);
    }
}

/// Turns prepared inputs into the numbers that each loss starts from. This is a loop of its own: together with the exponentials, the processor
/// would work on fewer iterations at once.
struct Activate<'a, K> {
    link: &'a K,
    inputs: &'a [f32],
    prepared: &'a [f32],
    /// Whether the second number is needed; for [`Logits`](crate::input::link::Logits) it is a logarithm.
    both: bool,
    to: &'a mut [Row; 2],
}

impl<'a, K: Link> Kernel for Activate<'a, K> {
    type Output = [&'a [f32]; 2];

    #[inline(always)]
    fn run<V: Lanes>(self) -> Self::Output {
        let Self { link, inputs, prepared, both, to: [first, second] } = self;
        let from = inputs.chunks_exact(V::WIDTH).zip(prepared.chunks_exact(V::WIDTH));
        let length = inputs.len();
        if !both {
            for ((input, prepared), to) in from.zip(first.chunks_exact_mut(V::WIDTH)) {
                let [of_first, _] = link.activate(V::load(input), V::load(prepared));
                of_first.store(to);
            }
            return [first.get(..length).unwrap_or_default(); 2];
        }
        let to = first.chunks_exact_mut(V::WIDTH).zip(second.chunks_exact_mut(V::WIDTH));
        for ((input, prepared), (to_first, to_second)) in from.zip(to) {
            let [of_first, of_second] = link.activate(V::load(input), V::load(prepared));
            of_first.store(to_first);
            of_second.store(to_second);
        }
        [first.get(..length).unwrap_or_default(), second.get(..length).unwrap_or_default()]
    }
}

/// Adds a tile to the sums that all losses share.
struct AddShared<'a, K, C> {
    pixels: Activated<'a, K>,
    threshold: f32,
    sums: &'a mut C,
}

impl<K: Link, C: SharedSums> Kernel for AddShared<'_, K, C> {
    /// The number of ignored pixels.
    type Output = i64;

    #[inline(always)]
    fn run<V: Lanes>(self) -> i64 {
        let Self { pixels, threshold, sums } = self;
        let (tile, plane) = (pixels.tile::<V>(), pixels.plane);
        match plane.weights {
            None if plane.hard => {
                sums.add_hard_pixels(&tile, threshold);
                sums.add_unit_weights(plane.inputs.len() as u32);
                0
            }
            weights => {
                sums.add_pixels(&tile, threshold);
                weights.map_or(0, |weights| weights.iter().fold(0, |count, &weight| count + i64::from(weight == 0.0)))
            }
        }
    }
}

/// Adds a tile to the sums of a loss.
struct AddOwn<'a, L: Loss, K> {
    loss: &'a L,
    pixels: Activated<'a, K>,
    sums: &'a mut L::Sums,
}

impl<L: Loss, K: Link> Kernel for AddOwn<'_, L, K> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        self.loss.add(&self.pixels.tile::<V>(), self.sums);
    }
}

/// Finds out whether a pixel has an error whose term would round to 0. Then pixels are added one by one, to leave traces.
struct HasTraces<'a, K>(Activated<'a, K>);

impl<K: Link> Kernel for HasTraces<'_, K> {
    type Output = bool;

    #[inline(always)]
    fn run<V: Lanes>(self) -> bool {
        let tile = self.0.tile::<V>();
        let weights = self.0.plane.weights.unwrap_or(&ONES);
        let (smallest, counted) = (V::splat(f32::from_bits(1)), V::splat(ROUNDS_TO_UNIT));
        let (mut errors, mut in_sums) = (0, 0);
        for (column, weight) in tile.columns().zip(weights.chunks_exact(V::WIDTH)) {
            let pixel = tile.pixel(column);
            let [_, false_positive, false_negative] = SoftConfusion.terms(&pixel, V::load(weight));
            for (term, p, share) in
                [(false_positive, pixel.p, pixel.background), (false_negative, pixel.q, pixel.target)]
            {
                errors += V::count(V::both(p.ge(smallest), share.ge(smallest)));
                in_sums += V::count(term.ge(counted));
            }
        }
        errors != in_sums
    }
}

/// Memory for a tile and its prepared inputs, as the gradient needs it.
struct Scratch {
    numbers: Numbers,
    prepared: Row,
}

impl Scratch {
    fn new() -> Self {
        Self { numbers: Numbers::new(), prepared: [0.0; TILE] }
    }
}

/// The additional memory that the sums need.
pub(super) struct SumScratch {
    tile: Scratch,
    activated: [Row; 2],
    rows: TermRows,
}

impl SumScratch {
    pub(super) fn new() -> Self {
        let row = [0.0; TILE];
        Self { tile: Scratch::new(), activated: [row; 2], rows: RefCell::new([row; 3]) }
    }
}

impl<L: Loss, K: Link, C: SharedSums> Accumulator<L, K, C> {
    /// Adds a tile, a whole number of vectors, and leaves its prepared inputs in `keep` if there is one. Returns `None` and adds nothing if the level
    /// has no lanes, a pixel is not valid, or a pixel must leave a trace.
    fn add_tile<T: Target>(
        &mut self,
        level: SimdLevel,
        tile: Plane<'_, T>,
        scratch: &mut SumScratch,
        keep: Option<&mut [f32]>,
        next: &[f32],
    ) -> Option<()> {
        let Self { loss, link, sums, .. } = self;
        let SumScratch { tile: Scratch { numbers, prepared }, activated, rows } = scratch;
        let plane = level.run(Load { plane: tile, numbers })??;
        let prepared = keep.unwrap_or(prepared).get_mut(..plane.inputs.len())?;
        let accepted = level.run(Prepare { link, inputs: plane.inputs, to: &mut *prepared, next })?;
        (accepted != Accepted::NotAll).then_some(())?;
        let link = &*link;
        let both = loss.needs_logarithms();
        let activated =
            level.run(Activate { link, inputs: plane.inputs, prepared: &*prepared, both, to: activated })?;
        let moderate = accepted == Accepted::Moderate && plane.hard && plane.weights.is_none();
        let pixels = Activated { link, plane, activated, moderate, rows: &*rows };
        if !K::NEVER_CERTAIN && level.run(HasTraces(pixels))? {
            return None;
        }
        let shared = AddShared { pixels, threshold: self.threshold_input, sums: &mut sums.0 };
        let ignored = level.run(shared)?;
        level.run(AddOwn { loss: &*loss, pixels, sums: &mut sums.1 })?;
        sums.0.count_pixels(|counts| counts.accept_many(tile.len() as i64 - ignored, ignored));
        Some(())
    }

    fn extend_slices<T: Target>(&mut self, level: SimdLevel, plane: Plane<'_, T>, keep: Option<&mut [f32]>) {
        // A plane shorter than a vector is added without the memory for a tile, which would take longer to clear than these pixels take.
        if level == SimdLevel::SCALAR || plane.len() < WIDEST {
            return self.extend_scalar(plane, keep.unwrap_or_default());
        }
        self.extend_tiles(level, plane, keep, &mut SumScratch::new());
    }

    /// Adds the pixels of slices, tile by tile.
    pub(super) fn extend_tiles<T: Target>(
        &mut self,
        level: SimdLevel,
        plane: Plane<'_, T>,
        mut keep: Option<&mut [f32]>,
        scratch: &mut SumScratch,
    ) {
        let mut rest = plane;
        while !rest.is_empty() {
            let (tile, others) = rest.split_at(TILE);
            rest = others;
            let length = tile.len();
            let (tile, tail) = tile.split_at(length / WIDEST * WIDEST);
            rest.prefetch_targets();
            let (mut to, mut tail_to) = (None, None);
            if let Some(places) = keep.take() {
                let (of_tile, rest_to) = places.split_at_mut(length.min(places.len()));
                let (of_vectors, of_tail) = of_tile.split_at_mut(tile.len().min(of_tile.len()));
                (to, tail_to, keep) = (Some(of_vectors), Some(of_tail), Some(rest_to));
            }
            let next = rest.inputs_to_prefetch();
            if self.add_tile(level, tile, scratch, to.as_deref_mut(), next).is_none() {
                self.extend_scalar(tile, to.unwrap_or_default());
            }
            self.extend_scalar(tail, tail_to.unwrap_or_default());
        }
    }

    /// Adds pixels one by one, and leaves their prepared inputs while there is room.
    fn extend_scalar<T: Target>(&mut self, plane: Plane<'_, T>, keep: &mut [f32]) {
        for (sample, to) in plane.samples().zip(keep) {
            *to = self.link.prepare(sample.input);
        }
        let mut run = self.run();
        match plane.pairs() {
            Some(pairs) => pairs.for_each(|pair| run.push(pair.into())),
            None => plane.samples().for_each(|sample| run.push_apart(sample)),
        }
    }
}

impl<L: Loss, K: Link> Accumulator<L, K> {
    /// Adds the pixels of slices.
    pub fn extend_plane<T: Target>(&mut self, plane: Plane<'_, T>) {
        self.extend_plane_at(SimdLevel::best(), plane);
    }

    /// Adds the pixels of slices at the given level. The sums do not depend on it.
    pub fn extend_plane_at<T: Target>(&mut self, level: SimdLevel, plane: Plane<'_, T>) {
        self.extend_slices(level, plane, None);
    }

    /// Adds the pixels of slices, and stores their exponentials in the buffer of their future gradient.
    ///
    /// [`KeptPlane::write_gradient`] then takes a third less time. The exponentials are stored for up to a million pixels, which caches hold. For more pixels, writing and
    /// reading them would cost more than computing them again, so the buffer is left unchanged.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is added then.
    pub fn extend_plane_keeping<'a, T: Target>(
        &mut self,
        plane: Plane<'a, T>,
        gradient: &'a mut [f32],
    ) -> Result<KeptPlane<'a, T, K>, LengthError> {
        self.extend_plane_keeping_at(SimdLevel::best(), plane, gradient)
    }

    /// The same as [`extend_plane_keeping`](Self::extend_plane_keeping), at the given level.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is added then.
    pub fn extend_plane_keeping_at<'a, T: Target>(
        &mut self,
        level: SimdLevel,
        plane: Plane<'a, T>,
        gradient: &'a mut [f32],
    ) -> Result<KeptPlane<'a, T, K>, LengthError> {
        plane.check_length("the gradient", gradient.len())?;
        let what = if level != SimdLevel::SCALAR && plane.len() <= MOST_KEPT { Kept } else { Replace };
        self.extend_slices(level, plane, (what == Kept).then_some(&mut *gradient));
        Ok(KeptPlane { plane, gradient, level, what, link: PhantomData })
    }
}

impl<L: Loss, K: Link> CountingAccumulator<L, K> {
    /// Adds the pixels of slices whose targets are `bool` or `u8`, with or without a mask.
    ///
    /// # Errors
    /// [`WeightedPlaneError`] if the plane has weights; nothing is added then.
    pub fn extend_plane<T: HardTarget>(&mut self, plane: Plane<'_, T>) -> Result<(), WeightedPlaneError> {
        self.extend_plane_at(SimdLevel::best(), plane)
    }

    /// Adds the pixels of slices at the given level. The sums do not depend on it.
    ///
    /// # Errors
    /// [`WeightedPlaneError`] if the plane has weights; nothing is added then.
    pub fn extend_plane_at<T: HardTarget>(
        &mut self,
        level: SimdLevel,
        plane: Plane<'_, T>,
    ) -> Result<(), WeightedPlaneError> {
        if plane.has_weights() {
            return Err(WeightedPlaneError);
        }
        self.extend_slices(level, plane, None);
        Ok(())
    }
}

/// The largest plane whose exponentials are kept. Measured with AVX-512, 1 MB of second-level cache and 32 MB of third: keeping takes 0.85 of the time of
/// computing again up to 2²¹ pixels, and 1.1 of it from 2²⁴ on. For a cache of 2 MB alone, 2²² are too many. At the scalar level keeping gains nothing.
const MOST_KEPT: usize = 1 << 20;

/// A plane whose pixels have been added, with the buffer of their gradient. The buffer may hold their exponentials until then.
///
/// [`Accumulator::extend_plane_keeping`] makes it.
#[derive(Debug)]
#[must_use = "the buffer holds no gradient yet"]
pub struct KeptPlane<'a, T, K> {
    plane: Plane<'a, T>,
    gradient: &'a mut [f32],
    level: SimdLevel,
    what: What,
    link: PhantomData<K>,
}

impl<T: Target, K: Link> KeptPlane<'_, T, K> {
    /// Writes the gradient of every pixel into the buffer, like [`Gradient::write`].
    pub fn write_gradient<L: Loss>(self, gradient: &Gradient<L, K>) {
        let Self { plane, gradient: to, level, what, .. } = self;
        gradient.write_slices(level, plane, to, what);
    }
}

/// How the gradient of a pixel is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    /// It is written.
    Replace,
    /// It overwrites the prepared number of the pixel.
    Kept,
    /// It is added to the number that is there.
    Add,
}

use What::{Add, Kept, Replace};

/// Writes or adds the gradient of a tile, and returns whether the link accepts all inputs.
struct WriteTile<'a, L: Loss, K: Link> {
    gradient: &'a Gradient<L, K>,
    plane: LoadedPlane<'a>,
    /// The prepared inputs, if the destination of the gradient does not hold them.
    prepared: Option<&'a [f32]>,
    to: &'a mut [f32],
    add: bool,
    /// The destination of the next tile's gradient, to prefetch.
    next_to: &'a [f32],
}

impl<L: Loss, K: Link> Kernel for WriteTile<'_, L, K> {
    type Output = bool;

    #[inline(always)]
    fn run<V: Lanes>(self) -> bool {
        let Self { gradient, plane, prepared, to, add, next_to } = self;
        let (mut accepted, mut sums) = (0, None);
        let pass = Pass { link: &gradient.link, plane, prepared, to, add, next_to, accepted: &mut accepted };
        let passes = TilePasses::<V, K> { pass, sums: &mut sums, lanes: PhantomData };
        gradient.loss.gradient_passes(&gradient.slope, passes);
        accepted == plane.inputs.len()
    }
}

/// A pass over a tile: its source and its destination.
struct Pass<'a, K> {
    link: &'a K,
    plane: LoadedPlane<'a>,
    prepared: Option<&'a [f32]>,
    to: &'a mut [f32],
    add: bool,
    next_to: &'a [f32],
    /// The number of inputs that the link accepts; the last pass counts them.
    accepted: &'a mut usize,
}

impl<K: Link> Pass<'_, K> {
    /// Adds a gradient to the sums, if there are any. The last pass writes or adds the total to the destination; earlier passes leave it in the sums.
    #[inline(always)]
    fn run<V: Lanes>(self, of: &impl OfPixel, mut sums: Option<&mut Row>, last: bool) {
        let Self { link, plane, prepared, to, add, next_to, accepted } = self;
        let LoadedPlane { inputs, targets, weights, .. } = plane;
        let mut count = 0;
        let columns = inputs.chunks_exact(V::WIDTH).zip(targets.chunks_exact(V::WIDTH));
        for (vector, ((input, target), to)) in columns.zip(to.chunks_exact_mut(V::WIDTH)).enumerate() {
            prefetch_vector::<V>(next_to, vector);
            let (input, there) = (V::load(input), V::load(to));
            count += V::count(link.accepts(input)) as usize;
            let prepared = match prepared {
                Some(prepared) => vector_of(prepared, vector),
                None => there,
            };
            let before = match &sums {
                Some(sums) => vector_of(&**sums, vector),
                None => V::splat(NOTHING),
            };
            let slope = of.add_to(before, &link.prepared_pixel(input, prepared, V::load(target)));
            if !last {
                if let Some(sums) = &mut sums {
                    slope.store(sums.get_mut(vector * V::WIDTH..).unwrap_or_default());
                }
                continue;
            }
            let slope = match weights {
                None => clamp_to_finite(slope),
                Some(weights) => {
                    let weight = vector_of::<V>(weights, vector);
                    let weighted = clamp_to_finite(weight * slope);
                    V::select(weight.ge(V::splat(f32::MIN_POSITIVE)), weighted, V::splat(0.0))
                }
            };
            let slope = if add { there + slope } else { slope };
            slope.store(to);
        }
        *accepted = count;
    }
}

/// The empty sum of gradients: −0, because adding any number to it keeps that number's bits.
const NOTHING: f32 = -0.0;

#[inline(always)]
fn vector_of<V: Lanes>(slice: &[f32], vector: usize) -> V {
    V::load(slice.get(vector * V::WIDTH..).unwrap_or_default())
}

/// The gradient of a tile, in one pass or in several that add up.
struct TilePasses<'a, V, K> {
    pass: Pass<'a, K>,
    /// The sum of the passes, if there is more than one.
    sums: &'a mut Option<Row>,
    lanes: PhantomData<V>,
}

impl<V: Lanes, K: Link> GradientPasses for TilePasses<'_, V, K> {}

impl<V: Lanes, K: Link> passes_sealed::GradientPasses for TilePasses<'_, V, K> {
    #[inline(always)]
    fn whole(self, of: &impl OfPixel) {
        self.pass.run::<V>(of, None, true);
    }

    #[inline(always)]
    fn add(&mut self, of: &impl OfPixel, last: bool) {
        let sums = if last { self.sums.as_mut() } else { Some(self.sums.get_or_insert([NOTHING; TILE])) };
        let Pass { link, plane, prepared, to, add, next_to, accepted } = &mut self.pass;
        let (link, plane, prepared, add) = (*link, *plane, *prepared, *add);
        // Only the last pass prefetches.
        let next_to = if last { *next_to } else { &[] };
        let pass = Pass { link, plane, prepared, to, add, next_to, accepted };
        V::apart(PassApart { pass, of, sums, last });
    }
}

/// A pass compiled as a function of its own.
struct PassApart<'a, K, G> {
    pass: Pass<'a, K>,
    of: &'a G,
    sums: Option<&'a mut Row>,
    last: bool,
}

impl<K: Link, G: OfPixel> Kernel for PassApart<'_, K, G> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { pass, of, sums, last } = self;
        // The usual case has a loop without branches.
        match sums {
            None => pass.run::<V>(of, None, true),
            Some(sums) => pass.run::<V>(of, Some(sums), last),
        }
    }
}

impl<L: Loss, K: Link> Gradient<L, K> {
    fn write_slices<T: Target>(&self, level: SimdLevel, plane: Plane<'_, T>, to: &mut [f32], what: What) {
        if level == SimdLevel::SCALAR || plane.len() < WIDEST {
            return self.write_scalar(plane, to, what);
        }
        let mut scratch = Scratch::new();
        let (mut rest, mut rest_to) = (plane, to);
        while !rest.is_empty() {
            let (tile, others) = rest.split_at(TILE);
            let (to, others_to) = rest_to.split_at_mut(tile.len().min(rest_to.len()));
            (rest, rest_to) = (others, others_to);
            let (tile, tail) = tile.split_at(tile.len() / WIDEST * WIDEST);
            let (to, tail_to) = to.split_at_mut(tile.len().min(to.len()));
            rest.prefetch_targets();
            let next = (rest.inputs_to_prefetch(), &*rest_to);
            if self.write_tile(level, tile, to, what, &mut scratch, next) != Some(true) {
                self.write_scalar(tile, to, what);
            }
            self.write_scalar(tail, tail_to, what);
        }
    }

    /// Writes the gradient of a tile, a whole number of vectors. If it returns `false`, what it wrote is invalid, and nothing was added.
    fn write_tile<T: Target>(
        &self,
        level: SimdLevel,
        tile: Plane<'_, T>,
        to: &mut [f32],
        what: What,
        scratch: &mut Scratch,
        (next, next_to): (&[f32], &[f32]),
    ) -> Option<bool> {
        let Scratch { numbers, prepared } = scratch;
        let plane = level.run(Load { plane: tile, numbers })??;
        let prepared = match what {
            Kept => None,
            Replace | Add => {
                let prepare = Prepare { link: &self.link, inputs: plane.inputs, to: &mut *prepared, next };
                (level.run(prepare)? != Accepted::NotAll).then_some(())?;
                Some(&*prepared as &[f32])
            }
        };
        level.run(WriteTile { gradient: self, plane, prepared, to, add: what == Add, next_to })
    }

    fn write_scalar<T: Target>(&self, plane: Plane<'_, T>, to: &mut [f32], what: What) {
        for (sample, to) in plane.samples().zip(to) {
            let slope = self.at(sample);
            *to = if what == Add { *to + slope } else { slope };
        }
    }
}

impl<L: Loss, K: Link> Gradient<L, K> {
    /// Writes the gradient of every pixel.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn write<T: Target>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        self.write_at(SimdLevel::best(), plane, gradient)
    }

    /// Writes the gradient of every pixel at the given level. The gradient does not depend on it.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn write_at<T: Target>(
        &self,
        level: SimdLevel,
        plane: Plane<'_, T>,
        gradient: &mut [f32],
    ) -> Result<(), LengthError> {
        plane.check_length("the gradient", gradient.len())?;
        self.write_slices(level, plane, gradient, Replace);
        Ok(())
    }

    /// Adds the gradient of every pixel to the numbers in `gradient`.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn add<T: Target>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        self.add_at(SimdLevel::best(), plane, gradient)
    }

    /// Adds the gradient of every pixel to the numbers in `gradient`, at the given level. The gradient does not depend on it.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn add_at<T: Target>(
        &self,
        level: SimdLevel,
        plane: Plane<'_, T>,
        gradient: &mut [f32],
    ) -> Result<(), LengthError> {
        plane.check_length("the gradient", gradient.len())?;
        self.write_slices(level, plane, gradient, Add);
        Ok(())
    }
}
