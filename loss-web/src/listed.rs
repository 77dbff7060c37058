//! The losses to choose from: the list of the library.

use loss_core::list::{self, Facts, Kind, Needs, ParameterFacts, Preset};
use serde::Serialize;

/// A loss as the page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// The name in expressions.
    pub name: &'static str,
    /// Other names of the same.
    pub aliases: &'static [&'static str],
    /// Where it stands on the page.
    pub group: Group,
    /// Its formula.
    pub formula: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// The paper.
    pub source: &'static str,
    /// Its parameters.
    pub parameters: Vec<ListedParameter>,
}

/// What kind of loss it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// A sum over pixels.
    Pixels,
    /// A function of sums over pixels.
    Sums,
    /// One that ranks the pixels.
    Ranking,
    /// One that needs the distance of each pixel from the boundary.
    Distance,
    /// One over several classes, which a mask has not.
    Classes,
}

/// A parameter as the page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ListedParameter {
    /// The name.
    pub name: &'static str,
    /// The value if none is given.
    pub default: String,
    /// What it accepts.
    pub accepts: String,
    /// What it does.
    pub meaning: &'static str,
}

pub(crate) fn losses() -> Vec<Listed> {
    list::all().map(Listed::from).collect()
}

impl From<&'static Facts> for Listed {
    fn from(facts: &'static Facts) -> Self {
        Self {
            name: facts.name,
            aliases: facts.aliases,
            group: Group::of(facts),
            formula: facts.formula,
            description: facts.description,
            source: facts.source,
            parameters: facts.parameters().map(ListedParameter::from).collect(),
        }
    }
}

impl Group {
    fn of(facts: &Facts) -> Self {
        match facts.needs {
            Needs::Nothing if facts.is_pointwise => Self::Pixels,
            Needs::Nothing => Self::Sums,
            Needs::AllPixels => Self::Ranking,
            Needs::DistanceMap => Self::Distance,
            _ => Self::Classes,
        }
    }
}

impl From<&'static ParameterFacts> for ListedParameter {
    fn from(facts: &'static ParameterFacts) -> Self {
        let accepts = match facts.kind {
            Kind::Number(range) => range.text.to_owned(),
            Kind::NumberOrNone(range) => format!("none, or {}", range.text),
            Kind::Word(words) => words.join(", "),
            _ => "rows of numbers".to_owned(),
        };
        let default = match facts.default {
            Preset::Number(number) => number.to_string(),
            Preset::Word(word) => word.to_owned(),
            Preset::SameAs(other) => format!("as {other}"),
            _ => String::new(),
        };
        Self { name: facts.name, default, accepts, meaning: facts.meaning }
    }
}
