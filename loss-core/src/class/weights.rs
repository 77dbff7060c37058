use crate::error::{Parameter, ParameterError};
use crate::fingerprint::Fingerprint;

/// A weight for each class: an array, a slice or [`Equal`].
///
/// [`class_weights`](crate::class_weights) computes the usual ones from counts. A class past the end of an array has weight 0.
pub trait ClassWeights: Clone {
    /// The weight of a class.
    fn of(&self, class: usize) -> f64;

    /// The first class whose weight is not a finite number of at least 0, and that weight.
    fn out_of_range(&self) -> Option<(usize, f64)>;

    /// Adds what distinguishes the weights from others.
    fn fingerprint(&self, fingerprint: &mut Fingerprint);
}

/// Weight 1 for every class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Equal;

impl ClassWeights for Equal {
    #[inline(always)]
    fn of(&self, _: usize) -> f64 {
        1.0
    }

    fn out_of_range(&self) -> Option<(usize, f64)> {
        None
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("equal");
    }
}

impl<const N: usize> ClassWeights for [f64; N] {
    #[inline(always)]
    fn of(&self, class: usize) -> f64 {
        self.get(class).copied().unwrap_or(0.0)
    }

    fn out_of_range(&self) -> Option<(usize, f64)> {
        self.as_slice().out_of_range()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        self.as_slice().fingerprint(fingerprint);
    }
}

impl ClassWeights for &[f64] {
    #[inline(always)]
    fn of(&self, class: usize) -> f64 {
        self.get(class).copied().unwrap_or(0.0)
    }

    fn out_of_range(&self) -> Option<(usize, f64)> {
        (0..).zip(self.iter().copied()).find(|(_, weight)| !(0.0..=f64::from(f32::MAX)).contains(weight))
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("weights").number(self.len() as f64);
        self.iter().for_each(|&weight| {
            fingerprint.number(weight);
        });
    }
}

/// Optional weights; without them every class has weight 1.
impl<W: ClassWeights> ClassWeights for Option<W> {
    #[inline(always)]
    fn of(&self, class: usize) -> f64 {
        self.as_ref().map_or(1.0, |weights| weights.of(class))
    }

    fn out_of_range(&self) -> Option<(usize, f64)> {
        self.as_ref().and_then(W::out_of_range)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        match self {
            Some(weights) => weights.fingerprint(fingerprint),
            None => Equal.fingerprint(fingerprint),
        }
    }
}

/// A choice of classes: [`EveryClass`], [`Foreground`], or an array or slice of indices.
pub trait ClassSet: Clone {
    /// Whether a class is chosen.
    fn contains(&self, class: usize) -> bool;

    /// Adds what distinguishes the choice from others.
    fn fingerprint(&self, fingerprint: &mut Fingerprint);
}

/// All classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EveryClass;

impl ClassSet for EveryClass {
    #[inline(always)]
    fn contains(&self, _: usize) -> bool {
        true
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("every class");
    }
}

/// [`EveryClass`] or [`Foreground`], chosen at run time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnyClassSet {
    /// The choice [`EveryClass`].
    #[default]
    EveryClass,
    /// The choice [`Foreground`].
    Foreground,
}

impl ClassSet for AnyClassSet {
    #[inline(always)]
    fn contains(&self, class: usize) -> bool {
        match self {
            AnyClassSet::EveryClass => EveryClass.contains(class),
            AnyClassSet::Foreground => Foreground.contains(class),
        }
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        match self {
            AnyClassSet::EveryClass => EveryClass.fingerprint(fingerprint),
            AnyClassSet::Foreground => Foreground.fingerprint(fingerprint),
        }
    }
}

/// All classes but class 0, the background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Foreground;

impl ClassSet for Foreground {
    #[inline(always)]
    fn contains(&self, class: usize) -> bool {
        class != 0
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("foreground");
    }
}

impl<const N: usize> ClassSet for [usize; N] {
    #[inline(always)]
    fn contains(&self, class: usize) -> bool {
        self.as_slice().contains(&class)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        self.as_slice().fingerprint(fingerprint);
    }
}

impl ClassSet for &[usize] {
    #[inline(always)]
    fn contains(&self, class: usize) -> bool {
        <[usize]>::contains(self, &class)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("chosen").number(self.len() as f64);
        self.iter().for_each(|&class| {
            fingerprint.number(class as f64);
        });
    }
}

impl ParameterError {
    /// Checks that there is one weight for each class, for weights whose number is known only when the program runs.
    ///
    /// # Errors
    /// A [`ParameterError`] of [`Parameter::Classes`] if there are more or fewer.
    pub fn check_number_of_weights(weights: usize, classes: usize) -> Result<(), Self> {
        Self::check(Parameter::Classes, classes as f64, weights == classes, "the number of class weights")
    }

    /// Checks that class weights are finite and at least 0.
    pub(crate) fn check_weights(weights: &impl ClassWeights) -> Result<(), Self> {
        match weights.out_of_range() {
            Some((class, weight)) => {
                let accepted = "a finite number, at least 0";
                Err(Self { parameter: Parameter::ClassWeight, index: Some(class), given: weight, accepted })
            }
            None => Ok(()),
        }
    }
}
