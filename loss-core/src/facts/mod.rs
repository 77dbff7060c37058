//! The facts that lists state about a loss, and the arguments that make one.

mod arguments;
mod parameters;

pub use arguments::{Arguments, BuildError, Value};
pub(crate) use parameters::*;

/// The facts about a loss.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The name in expressions.
    pub name: &'static str,
    /// Other names of the same loss.
    pub aliases: &'static [&'static str],
    /// The data that the loss needs beside inputs and targets.
    pub needs: Needs,
    /// The formula: of one pixel's loss if the loss is a sum over pixels, otherwise of the whole loss.
    pub formula: &'static str,
    /// The loss in one sentence.
    pub description: &'static str,
    /// The paper; empty if there is none.
    pub source: &'static str,
    /// The path of its documentation page in this crate.
    pub page: &'static str,
    /// Whether the loss is a sum over pixels, and so has a map.
    pub is_pointwise: bool,
    /// Whether the loss works over classes too, each class against the rest, through [`PerClass`](crate::class::PerClass).
    pub is_per_class: bool,
    /// The loss's own parameters. They are in groups because many losses share some of them.
    pub parameters: &'static [&'static [ParameterFacts]],
    /// The parameters of the loss's reduction, in groups as well.
    pub more_parameters: &'static [&'static [ParameterFacts]],
}

impl Facts {
    /// The parameters, in the order in which they are shown.
    pub fn parameters(&self) -> impl Iterator<Item = &'static ParameterFacts> + use<> {
        self.parameters.iter().chain(self.more_parameters).copied().flatten()
    }

    /// Facts without any option, the start of each loss's facts.
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

    /// The parameter called `name`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'static ParameterFacts> {
        self.parameters().find(|parameter| parameter.name == name)
    }

    /// The name and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        core::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// The data that a loss needs beside inputs and targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Nothing: the loss streams pixels of two classes.
    Nothing,
    /// Labels of classes, or a target for each class.
    Classes,
    /// Labels of classes, and a distance between each two classes.
    ClassDistances,
    /// All pixels at once, or some memory for each.
    AllPixels,
    /// Labels of classes, and all pixels at once.
    AllPixelsOfClasses,
    /// The distance of each pixel from the boundary of the mask.
    DistanceMap,
}

/// Something that a list can have a row for.
pub trait Listed {
    /// The facts of that row.
    const FACTS: Facts;
}

/// Something that arguments make: a loss, or an option that several losses share.
pub trait FromArguments: Sized {
    /// Makes it of arguments that are each in range.
    ///
    /// # Errors
    /// [`BuildError`] if the arguments contradict each other.
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError>;
}

/// A row of a list: a loss, and the function that makes it as an `L`.
#[derive(Clone, Copy, Debug)]
pub struct Entry<L: 'static> {
    /// The facts of the loss.
    pub facts: Facts,
    /// Makes the loss of arguments.
    pub build: fn(&Arguments<'_>) -> Result<L, BuildError>,
}

/// A parameter of a loss.
#[derive(Clone, Copy, Debug)]
pub struct ParameterFacts {
    /// The name.
    pub name: &'static str,
    /// What the parameter accepts.
    pub kind: Kind,
    /// The value if none is given.
    pub default: Preset,
    /// What the parameter does.
    pub meaning: &'static str,
}

/// What a parameter accepts.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A number in a range.
    Number(Range),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number in a range, or `none`.
    NumberOrNone(Range),
    /// Rows of numbers in [0, 1], or `1`: a distance between each two classes.
    Matrix,
}

/// The default value of a parameter.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Preset {
    /// A number.
    Number(f64),
    /// A word.
    Word(&'static str),
    /// The value of another parameter.
    SameAs(&'static str),
}

/// The numbers from `minimum` (included if `closed`) to `maximum` (included if `closed_above`).
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The lower end.
    pub minimum: f64,
    /// Whether the lower end is included.
    pub closed: bool,
    /// The upper end.
    pub maximum: f64,
    /// Whether the upper end is included.
    pub closed_above: bool,
    /// The range in words.
    pub text: &'static str,
}

impl Range {
    /// Whether the range contains a number.
    #[must_use]
    pub const fn contains(&self, number: f64) -> bool {
        let above = if self.closed { number >= self.minimum } else { number > self.minimum };
        let below = if self.closed_above { number <= self.maximum } else { number < self.maximum };
        above && below
    }
}
