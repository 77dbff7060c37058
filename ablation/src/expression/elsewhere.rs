//! Losses that the library has and expressions cannot name.

/// A loss of `loss-core` that `score` does not evaluate.
pub(crate) struct Elsewhere {
    /// The names by which it is asked for.
    pub(crate) names: &'static [&'static str],
    /// Where the library has it.
    pub(crate) path: &'static str,
    /// Why it is no term of an expression.
    pub(crate) why: &'static str,
}

const SORTED: &str = "it sorts the pixels, so it is no function of sums";
const BOUNDARY: &str = "it needs the distance of each pixel from the boundary";
const PARAMETERS: &str = "expressions have no name for it";

pub(crate) const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere {
        names: &["lovasz", "lovasz_hinge", "lovász", "lovász_hinge"],
        path: "loss_core::LovaszHinge, loss_core::Lovasz",
        why: SORTED,
    },
    Elsewhere { names: &["lovasz_softmax", "lovász_softmax"], path: "loss_core::LovaszSoftmax", why: SORTED },
    Elsewhere { names: &["binned_lovasz"], path: "loss_core::BinnedLovasz", why: SORTED },
    Elsewhere { names: &["topk", "top_k", "topk_ce", "top_k_ce", "topk_bce"], path: "loss_core::TopK", why: SORTED },
    Elsewhere {
        names: &["ohem", "ohem_ce", "ohem_bce", "hard_mining", "hard_negative_mining"],
        path: "loss_core::Ohem",
        why: SORTED,
    },
    Elsewhere {
        names: &["wasserstein", "wasserstein_dice", "generalised_wasserstein_dice", "generalized_wasserstein_dice"],
        path: "loss_core::WassersteinDice",
        why: "it needs the distances between classes",
    },
    Elsewhere {
        names: &["boundary", "boundary_loss", "surface", "surface_loss"],
        path: "loss_core::BoundaryAccumulator",
        why: BOUNDARY,
    },
    Elsewhere { names: &["hausdorff", "hausdorff_dt"], path: "loss_core::distance", why: BOUNDARY },
    Elsewhere {
        names: &["unified_focal", "asymmetric_unified_focal"],
        path: "loss_core::unified_focal",
        why: PARAMETERS,
    },
    Elsewhere { names: &["balanced_bce", "balanced_ce"], path: "loss_core::BalancedBce", why: PARAMETERS },
    Elsewhere { names: &["normalised_focal", "normalized_focal"], path: "loss_core::NormalisedFocal", why: PARAMETERS },
    Elsewhere { names: &["asymmetric_focal"], path: "loss_core::AsymmetricFocal", why: PARAMETERS },
    Elsewhere { names: &["asymmetric_focal_tversky"], path: "loss_core::AsymmetricFocalTversky", why: PARAMETERS },
    Elsewhere {
        names: &["exponential_log_cross_entropy", "exponential_log_ce"],
        path: "loss_core::ExponentialLogCrossEntropy",
        why: PARAMETERS,
    },
    Elsewhere {
        names: &["exponential_log_dice", "exponential_log", "exp_log"],
        path: "loss_core::ExponentialLogDice",
        why: PARAMETERS,
    },
    Elsewhere {
        names: &["generalised_cross_entropy", "generalized_cross_entropy", "gce"],
        path: "loss_core::GeneralisedCrossEntropy",
        why: PARAMETERS,
    },
    Elsewhere { names: &["quality_focal"], path: "loss_core::QualityFocal", why: PARAMETERS },
    Elsewhere { names: &["reduced_focal"], path: "loss_core::ReducedFocal", why: PARAMETERS },
];

/// What to say of a loss that the library has elsewhere.
pub(crate) fn in_the_library(name: &str) -> Option<String> {
    let plain = name.to_lowercase().replace('-', "_");
    let stem = plain.strip_suffix("_loss").unwrap_or(&plain);
    let found = ELSEWHERE.iter().find(|loss| loss.names.iter().any(|other| *other == plain || *other == stem))?;
    Some(format!("score cannot evaluate {name}: {}; the library has it as {}", found.why, found.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{BinaryLoss, Vocabulary};

    /// The words of a name such as `FocalTversky`, joined by underscores.
    fn snake(name: &str) -> String {
        let mut snake = String::new();
        for character in name.chars() {
            if character.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.extend(character.to_lowercase());
        }
        snake
    }

    /// The library's list of losses for run time, read from its text, because a program cannot list the variants.
    #[test]
    fn every_loss_of_the_library_has_a_name_here_or_there() {
        let text = include_str!("../../../loss-core/src/loss/any.rs");
        let variants: Vec<&str> = text
            .lines()
            .filter(|line| line.ends_with(';') && line.contains(") with "))
            .filter_map(|line| Some(line.trim().split_once('(')?.0))
            .filter(|name| name.chars().all(char::is_alphanumeric))
            .collect();
        assert!(variants.len() >= 19, "{variants:?}");
        for name in variants {
            let snake = snake(name);
            assert!(BinaryLoss::find(&snake).is_some() || in_the_library(&snake).is_some(), "{snake}");
        }
    }

    #[test]
    fn names_are_not_those_of_expressions_and_paths_exist() {
        let library = include_str!("../../../loss-core/src/lib.rs");
        for loss in ELSEWHERE {
            assert!(loss.names.iter().all(|name| BinaryLoss::find(name).is_none()), "{:?}", loss.names);
            for path in loss.path.split(", ") {
                let name = path.strip_prefix("loss_core::").expect("a path of the library");
                let is_word = |character: char| character.is_alphanumeric() || character == '_';
                assert!(library.split(|character: char| !is_word(character)).any(|word| word == name), "{path}");
            }
        }
        let message = in_the_library("Lovasz_Loss").expect("a loss of the library");
        assert!(message.contains("loss_core::LovaszHinge") && message.contains("sorts"), "{message}");
    }
}
