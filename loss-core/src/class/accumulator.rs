use super::batch::OneClassPixel;
use super::finished::FinishedClasses;
use super::loss::ClassLoss;
use super::pixel::Activation;
use super::sample::{CheckedClasses, ClassSample, Label, Reading, ValidPixel};
use super::sums::{COUNTS, ClassSums};
use crate::error::{Parameter, ParameterError, StateError};
use crate::fingerprint::Fingerprint;
use crate::sums::counts::{Counts, RejectedPixel};
use crate::sums::error::FinishError;
use crate::sums::state::{Sums, read_state, state_length, write_state};

/// The running sums of a loss over a stream of pixels of up to C classes.
///
/// It works as [`Accumulator`](crate::Accumulator) does for one class: exact integer sums; equal bits for any order, split and machine; bad input counted and left out.
///
/// ```
/// use loss_core::class::{ClassLoss, ClassPlane, ClassPointwise, CrossEntropy, Layout, PerClass};
/// use loss_core::Dice;
///
/// let loss = CrossEntropy::new().mean() + PerClass::new(Dice::new(1e-5)?);
///
/// let mut sums = loss.class_accumulator().ignoring(255);
/// sums.push(([2.0, -1.0, 0.5], 0u8)); // logits and a label
/// sums.push(([0.0, 0.0, 0.0], 255u8)); // ignored
/// let logits = [2.0, 0.1, -1.0, 3.0, 0.5, 0.2]; // two pixels, class by class
/// let labels = [0u8, 1];
/// let plane = ClassPlane::<_, 3>::new(3, Layout::Planar, &logits, &labels)?;
/// sums.extend_plane(plane);
///
/// let total = sums.finish()?;
/// assert_eq!(total.counts().valid, 3);
/// let mut gradient = [0.0; 6];
/// total.gradient().write(plane, &mut gradient)?;
/// assert_eq!(total.class(1).map(|class| class.support()), Some(1.0));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # State
///
/// The state is like [`Accumulator`'s](crate::Accumulator#state): six counts, Σ w, then Σ w p t, Σ w p (1−t) and Σ w (1−p) t for each of the C classes, then
/// the same for each class with p replaced by 1 where the class is predicted and by 0 elsewhere, then the sums of the loss.
#[derive(Clone, Debug)]
#[must_use]
pub struct ClassAccumulator<L: ClassLoss<C>, const C: usize> {
    pub(super) loss: L,
    pub(super) reading: Reading,
    /// The sums that all losses share, and the loss's own.
    pub(crate) sums: (ClassSums<C>, L::Sums),
    pub(crate) first_rejected: Option<RejectedPixel>,
}

impl<L: ClassLoss<C>, const C: usize> ClassAccumulator<L, C> {
    /// Makes an accumulator of C classes, without pixels.
    pub fn new(loss: L) -> Self {
        let sums = (ClassSums::new(), loss.sums());
        let reading = Reading { classes: C, activation: Activation::Softmax, ignored: None };
        Self { loss, reading, sums, first_rejected: None }
    }

    /// Sets the number of classes in use, the first `classes` ones, and forgets all pixels.
    ///
    /// # Errors
    /// [`ParameterError`] unless the number is from 1 to C.
    pub fn with_classes(self, classes: usize) -> Result<Self, ParameterError> {
        ParameterError::check(
            Parameter::Classes,
            classes as f64,
            (1..=C).contains(&classes),
            "from 1 to the capacity",
        )?;
        Ok(self.reading(|reading| reading.classes = classes))
    }

    /// Sets the label whose pixels are ignored; it replaces an earlier one. Forgets all pixels. To ignore several labels, use weights or a mask.
    pub fn ignoring(self, label: impl Label) -> Self {
        self.reading(|reading| reading.ignored = Some(label.to_i64()))
    }

    /// Sets how logits become probabilities \[softmax\], and forgets all pixels.
    ///
    /// With sigmoids, cross-entropy and focal loss see only the classes' foreground terms −ln p_c. What people usually mean by these losses of sigmoids is
    /// [`Channels`](super::Channels) of binary losses. Region losses work with both.
    pub fn activation(self, activation: Activation) -> Self {
        self.reading(|reading| reading.activation = activation)
    }

    fn reading(self, change: impl FnOnce(&mut Reading)) -> Self {
        let mut changed = self;
        change(&mut changed.reading);
        changed.reset();
        changed
    }

    /// Adds a pixel: `(logits, label)` or `(logits, label, weight)`, see [`ClassSample`].
    ///
    /// A pixel out of range is left out and counted. Logits, soft targets, weight and label are checked in this order.
    #[inline]
    pub fn push(&mut self, sample: impl Into<ClassSample<C>>) {
        match sample.into().check(&self.reading) {
            CheckedClasses::Valid(ValidPixel { pixel, weight, labelled, predicted }) => {
                let pixel = OneClassPixel { pixel: &pixel, weight, predicted };
                let (shared, own) = &mut self.sums;
                if labelled && weight == 1.0 {
                    shared.add_hard(&pixel, 1);
                } else {
                    shared.add(&pixel);
                }
                self.loss.add(&pixel, own);
                shared.counts.accept();
            }
            CheckedClasses::Ignored => self.sums.0.counts.ignore(),
            CheckedClasses::Rejected(reason) => self.sums.0.counts.reject(reason, &mut self.first_rejected),
        }
    }

    /// Adds the pixels of another accumulator of the same loss.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`] if losses, class counts or ignored labels differ; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let (expected, given) = (self.fingerprint(), other.fingerprint());
        if expected != given {
            return Err(StateError::OtherLoss { expected, given });
        }
        self.sums.merge(&other.sums);
        self.first_rejected = None;
        Ok(())
    }

    /// Forgets all pixels.
    pub fn reset(&mut self) {
        self.sums = (ClassSums::new(), self.loss.sums());
        self.first_rejected = None;
    }

    /// The number of pixels so far: valid, ignored and rejected.
    pub fn counts(&self) -> Counts {
        self.sums.0.counts
    }

    /// The first rejected pixel, if this accumulator has seen one itself and has not been merged since.
    pub fn first_rejected(&self) -> Option<RejectedPixel> {
        self.first_rejected
    }

    /// The number of classes in use.
    pub fn classes(&self) -> usize {
        self.reading.classes
    }

    /// The result, if every pixel was in range.
    ///
    /// # Errors
    /// [`FinishError`] if there is no valid pixel, if any pixel was rejected, if a term was too large, or if the loss's coefficients are too large. The
    /// accumulator is unchanged.
    pub fn finish(&self) -> Result<FinishedClasses<L, C>, FinishError> {
        FinishError::of_all(self.counts(), self.first_rejected)?;
        self.finish_any()
    }

    /// The result over the pixels that were in range; rejected pixels are left out.
    ///
    /// # Errors
    /// [`FinishError`] if there is no valid pixel, if a term was too large, or if the loss's coefficients are too large.
    pub fn finish_valid(&self) -> Result<FinishedClasses<L, C>, FinishError> {
        FinishError::of_valid(self.counts())?;
        self.finish_any()
    }

    /// The result over the pixels in range, even if there are none.
    pub(super) fn finish_any(&self) -> Result<FinishedClasses<L, C>, FinishError> {
        let (shared, own) = &self.sums;
        FinishError::check(own, self.loss.total_coefficient())?;
        Ok(FinishedClasses {
            loss: self.loss.clone(),
            reading: self.reading,
            counts: shared.counts,
            totals: shared.finish(self.reading.classes),
            sums: own.clone(),
        })
    }

    /// A hash of the loss, its parameters, the number of classes, the activation and the ignored label; equal on every machine.
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        self.add_to_fingerprint(&mut fingerprint);
        fingerprint.finish()
    }

    pub(super) fn add_to_fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.loss(1.0, |fingerprint| self.loss.fingerprint(fingerprint));
        let Reading { classes, activation, ignored } = self.reading;
        fingerprint.name("classes").number(C as f64).number(classes as f64).name(activation.code());
        if let Some(label) = ignored {
            // Two numbers, because a label may have more bits than one number holds.
            fingerprint.name("ignored").number((label >> 32) as f64).number(f64::from(label as u32));
        }
    }

    /// The [state](Self#state) as an array, in its normal form: equal sums give equal integers.
    ///
    /// # Errors
    /// [`StateError::Length`] if N is not the length of the state.
    pub fn state<const N: usize>(&self) -> Result<[i64; N], StateError> {
        let mut state = [0; N];
        self.write_state(&mut state).map(|()| state)
    }

    /// Writes the integers of the [state](Self#state), in their normal form.
    ///
    /// # Errors
    /// [`StateError::Length`] if the slice does not have the length of the state; nothing is written then.
    pub fn write_state(&self, state: &mut [i64]) -> Result<(), StateError> {
        write_state(&self.sums, state)
    }

    /// Passes the integers of the [state](Self#state) to a function, in their normal form.
    pub fn for_each_of_state(&self, mut to: impl FnMut(i64)) {
        self.sums.save(&mut to);
    }

    /// The number of integers in the state.
    pub fn state_length(&self) -> usize {
        state_length(&self.sums)
    }

    /// Replaces all pixels by those of a [state](Self#state), or of an element-wise sum of up to 2²⁰ states.
    ///
    /// # Errors
    /// Those of [`Accumulator::load_state`](crate::Accumulator::load_state); nothing is changed then.
    pub fn load_state(&mut self, state: impl IntoIterator<Item = i64>) -> Result<(), StateError> {
        self.sums = read_state((ClassSums::new(), self.loss.sums()), COUNTS, state)?;
        self.first_rejected = None;
        Ok(())
    }
}

/// Two accumulators are equal if they accumulate the same loss and hold the same sums.
impl<L: ClassLoss<C>, const C: usize> PartialEq for ClassAccumulator<L, C> {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint() == other.fingerprint() && self.sums == other.sums
    }
}

#[cfg(feature = "defmt")]
crate::stream::logs::logged!([L: ClassLoss<C>, const C: usize] ClassAccumulator<L, C>);
