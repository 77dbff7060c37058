//! What lists say of a loss, and the arguments that one is made of.

mod arguments;
mod parameters;

pub use arguments::{Arguments, BuildError, Value};
pub(crate) use parameters::*;

/// What a list says of a loss.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The name in expressions.
    pub name: &'static str,
    /// Other names of the same.
    pub aliases: &'static [&'static str],
    /// What the loss asks for beside inputs and targets.
    pub needs: Needs,
    /// The loss of a pixel, for a sum over pixels; else of all.
    pub formula: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// The paper, or nothing where there is none.
    pub source: &'static str,
    /// Where the documentation has it: the path in this crate.
    pub page: &'static str,
    /// Whether the loss is a sum over pixels, so that there is a map of it.
    pub is_pointwise: bool,
    /// Whether the loss is one over classes too, as [`PerClass`](crate::class::PerClass) of each against the rest.
    pub is_per_class: bool,
    /// The parameters in groups, because many losses share some of them: its own, …
    pub parameters: &'static [&'static [ParameterFacts]],
    /// … and those of its reduction.
    pub more_parameters: &'static [&'static [ParameterFacts]],
}

impl Facts {
    /// The parameters, in the order in which they are shown.
    pub fn parameters(&self) -> impl Iterator<Item = &'static ParameterFacts> + use<> {
        self.parameters.iter().chain(self.more_parameters).copied().flatten()
    }

    /// Facts without options, for a list to start from.
    pub(crate) const NONE: Self = Self {
        name: "",
        aliases: &[],
        needs: Needs::Nothing,
        formula: "",
        description: "",
        source: "",
        page: "",
        is_pointwise: false,
        is_per_class: false,
        parameters: &[],
        more_parameters: &[],
    };

    /// The parameter of this name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'static ParameterFacts> {
        self.parameters().find(|parameter| parameter.name == name)
    }

    /// The name and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        core::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// What a loss asks for beside inputs and targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Nothing: pixels of two classes stream through it.
    Nothing,
    /// Labels of classes, or a target for each.
    Classes,
    /// Labels of classes, and the distance of each class from each other.
    ClassDistances,
    /// All pixels at once, or some memory for each.
    AllPixels,
    /// Labels of classes, and all pixels at once.
    AllPixelsOfClasses,
    /// The distance of each pixel from the boundary of the mask.
    DistanceMap,
}

/// What a list can have a row of.
pub trait Listed {
    /// What the list says of it.
    const FACTS: Facts;
}

/// What arguments make: a loss, or an option of several.
pub trait FromArguments: Sized {
    /// Of arguments that are in range each.
    ///
    /// # Errors
    /// [`BuildError`] if they make no loss together.
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError>;
}

/// A row of a list: a loss that becomes an `L`.
#[derive(Clone, Copy, Debug)]
pub struct Entry<L: 'static> {
    /// What lists say of it.
    pub facts: Facts,
    /// Makes it of arguments.
    pub build: fn(&Arguments<'_>) -> Result<L, BuildError>,
}

/// A parameter of a loss.
#[derive(Clone, Copy, Debug)]
pub struct ParameterFacts {
    /// The name.
    pub name: &'static str,
    /// What it accepts.
    pub kind: Kind,
    /// The value if none is given.
    pub default: Preset,
    /// What it does.
    pub meaning: &'static str,
}

/// What a parameter accepts.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A number of a range.
    Number(Range),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number of a range, or `none`.
    NumberOrNone(Range),
    /// Rows of numbers in [0, 1], or `1`: a distance between each two classes.
    Matrix,
}

/// The value of a parameter that is not given.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Preset {
    /// A number.
    Number(f64),
    /// A word.
    Word(&'static str),
    /// That of another parameter.
    SameAs(&'static str),
}

/// Numbers from `minimum` (itself only if `closed`) to `maximum` (itself only if `closed_above`).
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The smallest number, or what all are above.
    pub minimum: f64,
    /// Whether the smallest number is one of the range.
    pub closed: bool,
    /// The largest number, or what all are below.
    pub maximum: f64,
    /// Whether the largest number is one of the range.
    pub closed_above: bool,
    /// The range in words.
    pub text: &'static str,
}

impl Range {
    /// Whether a number is one of the range.
    #[must_use]
    pub const fn contains(&self, number: f64) -> bool {
        let above = if self.closed { number >= self.minimum } else { number > self.minimum };
        let below = if self.closed_above { number <= self.maximum } else { number < self.maximum };
        above && below
    }
}
