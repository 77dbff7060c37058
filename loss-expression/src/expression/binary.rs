//! The losses of binary masks.

use std::sync::LazyLock;

use loss_core::boundary::BoundaryAccumulator;
use loss_core::extend::{Link, Target};
use loss_core::list::{Arguments, BuildError, Facts, FromArguments, Listed};
use loss_core::sorted::{LovaszHinge, Ohem, TopK};
use loss_core::{
    AnyLoss, AsymmetricFocal, AsymmetricFocalTversky, LengthError, Plane, Pointwise, UnifiedFocal, unified_focal,
};

use super::classes::ClassesLoss;
use super::vocabulary::{Entry, Vocabulary};

/// A loss of binary masks.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BinaryLoss {
    /// A function of sums over pixels.
    Sums(AnyLoss),
    /// Two losses of sums, each with a coefficient: the unified focal loss.
    Two([(f64, AnyLoss); 2]),
    /// A loss that ranks the pixels.
    Ranking(Ranking),
    /// The boundary loss, which needs a distance map.
    Boundary,
}

/// A loss that ranks the pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Ranking {
    /// The Lovász hinge, [`LovaszHinge`].
    LovaszHinge,
    /// Cross-entropy of the hardest pixels by [`TopK`].
    TopK(TopK),
    /// Cross-entropy of the hardest pixels by [`Ohem`].
    Ohem(Ohem),
}

impl Ranking {
    /// The name in expressions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LovaszHinge => LovaszHinge::FACTS.name,
            Self::TopK(_) => TopK::FACTS.name,
            Self::Ohem(_) => Ohem::FACTS.name,
        }
    }
}

impl BinaryLoss {
    /// Whether the loss is a sum over pixels, and so has a map.
    #[must_use]
    pub fn is_pointwise(&self) -> bool {
        matches!(self, Self::Sums(loss) if loss.is_pointwise())
    }

    pub(crate) fn write_map<K: Link, T: Target>(
        &self,
        link: &K,
        plane: Plane<'_, T>,
        map: &mut [f32],
    ) -> Option<Result<(), LengthError>> {
        match self {
            Self::Sums(loss) => loss.write_map(link, plane, map),
            Self::Two(_) | Self::Ranking(_) | Self::Boundary => None,
        }
    }
}

static ENTRIES: LazyLock<Vec<Entry<BinaryLoss>>> = LazyLock::new(|| {
    let mut entries: Vec<Entry<BinaryLoss>> = AnyLoss::LIST
        .iter()
        .map(|entry| Entry::new(entry.facts, |arguments| (entry.build)(arguments).map(BinaryLoss::Sums)))
        .collect();
    let mut add = |facts: Facts, build: fn(&Arguments<'_>) -> Result<BinaryLoss, BuildError>| {
        entries.push(Entry::new(facts, build));
    };
    add(UnifiedFocal::FACTS, |arguments| {
        let [lambda, delta, gamma, smooth] = ["lambda", "delta", "gamma", "smooth"].map(|name| arguments.number(name));
        // The loss itself refuses bad parameters; a test checks that the two are the same loss.
        let _ = unified_focal(lambda, delta, gamma, smooth)?;
        let pixel = AsymmetricFocal::new(delta as f32, gamma as f32)?.mean();
        let region = AsymmetricFocalTversky::new(delta, gamma, smooth)?;
        Ok(BinaryLoss::Two([
            (lambda, AnyLoss::AsymmetricFocal(pixel)),
            (1.0 - lambda, AnyLoss::AsymmetricFocalTversky(region)),
        ]))
    });
    add(LovaszHinge::FACTS, |_| Ok(BinaryLoss::Ranking(Ranking::LovaszHinge)));
    add(TopK::FACTS, |arguments| Ok(BinaryLoss::Ranking(Ranking::TopK(TopK::from_arguments(arguments)?))));
    add(Ohem::FACTS, |arguments| Ok(BinaryLoss::Ranking(Ranking::Ohem(Ohem::from_arguments(arguments)?))));
    add(BoundaryAccumulator::<loss_core::Logits>::FACTS, |_| Ok(BinaryLoss::Boundary));
    entries
});

impl Vocabulary for BinaryLoss {
    const OF: &'static str = "binary masks";

    fn entries() -> &'static [Entry<Self>] {
        &ENTRIES
    }

    fn elsewhere(name: &str) -> Option<String> {
        let entry = ClassesLoss::find(name)?;
        Some(format!(
            "{} is a loss over classes, and these are binary masks (one-hot targets are read as classes with --one-hot)",
            entry.facts.name
        ))
    }
}
