//! The losses over classes, by a softmax.

use std::sync::LazyLock;

use loss_core::AnyLoss;
use loss_core::class::{
    AbsentClass, ClassDenominator, ClassReduction, CrossEntropy, GeneralisedDice, SoftmaxFocal, WeightMode,
};
use loss_core::list::{Arguments, BuildError, Facts, FromArguments, Listed, PER_CLASS, ParameterFacts};
use loss_core::sorted::{LovaszClasses, LovaszSoftmax, Ohem, TopK};

use super::binary::BinaryLoss;
use super::vocabulary::{Entry, Vocabulary};

/// A loss over classes, before the number of classes and their weights are known.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClassesLoss {
    /// Cross-entropy of a softmax.
    CrossEntropy {
        /// The loss, without weights.
        loss: CrossEntropy,
        /// The denominator of its sum.
        denominator: ClassDenominator,
        /// Whether it uses given class weights.
        weighted: bool,
    },
    /// Focal loss of a softmax.
    Focal {
        /// The loss, without weights.
        loss: SoftmaxFocal,
        /// The denominator of its sum.
        denominator: ClassDenominator,
        /// Whether it uses given class weights.
        weighted: bool,
    },
    /// A binary loss of each class against the rest.
    PerClass {
        /// The binary loss.
        binary: AnyLoss,
        /// Whether class 0 is left out.
        foreground_only: bool,
        /// The loss of a class that no pixel has.
        absent: AbsentClass,
        /// How the losses of the classes become one.
        reduction: ClassReduction,
        /// The effect of given class weights.
        weights: Option<WeightMode>,
    },
    /// Generalised Dice loss.
    GeneralisedDice {
        /// The loss over all classes.
        loss: GeneralisedDice,
        /// Whether class 0 is left out.
        foreground_only: bool,
    },
    /// A loss that ranks the pixels.
    Ranking(ClassRanking),
}

/// A loss over classes that ranks the pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClassRanking {
    /// Lovász-Softmax, [`LovaszSoftmax`].
    LovaszSoftmax(LovaszClasses),
    /// Cross-entropy of the hardest pixels by [`TopK`].
    TopK(TopK),
    /// Cross-entropy of the hardest pixels by [`Ohem`].
    Ohem(Ohem),
}

impl ClassRanking {
    /// The name in expressions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LovaszSoftmax(_) => LovaszSoftmax::<1>::FACTS.name,
            Self::TopK(_) => TopK::FACTS.name,
            Self::Ohem(_) => Ohem::FACTS.name,
        }
    }
}

impl ClassesLoss {
    /// Whether the loss is a sum over pixels, and so has a map.
    #[must_use]
    pub fn is_pointwise(&self) -> bool {
        matches!(self, Self::CrossEntropy { .. } | Self::Focal { .. })
    }

    /// Whether given class weights change the loss.
    #[must_use]
    pub fn takes_weights(&self) -> bool {
        match self {
            Self::CrossEntropy { weighted, .. } | Self::Focal { weighted, .. } => *weighted,
            Self::PerClass { weights, .. } => weights.is_some(),
            Self::GeneralisedDice { .. } | Self::Ranking(_) => false,
        }
    }
}

static ENTRIES: LazyLock<Vec<Entry<ClassesLoss>>> = LazyLock::new(|| {
    let mut entries: Vec<Entry<ClassesLoss>> = vec![
        Entry::new(CrossEntropy::FACTS, |arguments| {
            Ok(ClassesLoss::CrossEntropy {
                loss: CrossEntropy::from_arguments(arguments)?,
                denominator: ClassDenominator::from_arguments(arguments)?,
                weighted: arguments.word("weights") != "none",
            })
        }),
        Entry::new(SoftmaxFocal::FACTS, |arguments| {
            Ok(ClassesLoss::Focal {
                loss: SoftmaxFocal::from_arguments(arguments)?,
                denominator: ClassDenominator::from_arguments(arguments)?,
                weighted: arguments.word("weights") != "none",
            })
        }),
    ];
    entries.extend(AnyLoss::LIST.iter().filter_map(per_class));
    entries.push(Entry::new(GeneralisedDice::FACTS, |arguments| {
        Ok(ClassesLoss::GeneralisedDice {
            loss: GeneralisedDice::from_arguments(arguments)?,
            foreground_only: foreground_only(arguments),
        })
    }));
    let mut add = |facts: Facts, build: fn(&Arguments<'_>) -> Result<ClassRanking, BuildError>| {
        entries.push(Entry::new(facts, move |arguments| build(arguments).map(ClassesLoss::Ranking)));
    };
    add(LovaszSoftmax::<1>::FACTS, |arguments| {
        Ok(ClassRanking::LovaszSoftmax(LovaszClasses::from_arguments(arguments)?))
    });
    add(TopK::FACTS, |arguments| Ok(ClassRanking::TopK(TopK::from_arguments(arguments)?)));
    add(Ohem::FACTS, |arguments| Ok(ClassRanking::Ohem(Ohem::from_arguments(arguments)?)));
    entries
});

fn foreground_only(arguments: &Arguments<'_>) -> bool {
    arguments.word("classes") == "foreground"
}

/// A binary region loss of each class against the rest, if the loss is a region loss.
fn per_class(entry: &'static loss_core::list::Entry<AnyLoss>) -> Option<Entry<ClassesLoss>> {
    if !entry.facts.is_per_class {
        return None;
    }
    // Classes have a rule for absent ones instead of one for empty masks. The list is made once, so little memory is leaked.
    let own: Vec<ParameterFacts> =
        entry.facts.parameters().filter(|parameter| parameter.name != "empty").copied().collect();
    let groups: Vec<&'static [ParameterFacts]> = vec![Vec::leak(own), PER_CLASS];
    let formula = String::leak(format!("of each class {}", entry.facts.formula));
    let description = String::leak(format!("{} Here of each class against the rest.", entry.facts.description));
    let facts = Facts { formula, description, parameters: Vec::leak(groups), more_parameters: &[], ..entry.facts };
    Some(Entry::new(facts, |arguments| {
        Ok(ClassesLoss::PerClass {
            binary: (entry.build)(arguments)?,
            foreground_only: foreground_only(arguments),
            absent: AbsentClass::from_arguments(arguments)?,
            reduction: ClassReduction::from_arguments(arguments)?,
            weights: Option::<WeightMode>::from_arguments(arguments)?,
        })
    }))
}

impl Vocabulary for ClassesLoss {
    const OF: &'static str = "classes";

    fn entries() -> &'static [Entry<Self>] {
        &ENTRIES
    }

    fn elsewhere(name: &str) -> Option<String> {
        let entry = BinaryLoss::find(name)?;
        let instead = if entry.facts.name == "bce" { "; ce is the cross-entropy of a softmax" } else { "" };
        Some(format!("{} is a loss of binary masks, and these are classes{instead}", entry.facts.name))
    }
}
