//! The losses of other libraries as expressions, like the functions of `loss_core::conventions`.

use crate::expression::closest;

/// The pixels over which a term is taken before the mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// All pixels of the batch.
    Batch,
    /// The pixels of each image.
    Image,
}

/// A loss of another library, with that library's defaults.
#[derive(Debug)]
pub struct Convention {
    /// `library.loss`.
    pub name: &'static str,
    /// The vocabulary of its terms: "binary masks" or "classes".
    pub of: &'static str,
    /// The terms of the sum.
    pub terms: &'static [(&'static str, Grouping)],
    /// A trap or another remark.
    pub note: &'static str,
}

impl Convention {
    /// The terms as one expression. If their [grouping](Self::grouping) differs, the expression's value is not the loss.
    #[must_use]
    pub fn expression(&self) -> String {
        self.terms.iter().map(|(term, _)| *term).collect::<Vec<_>>().join(" + ")
    }

    /// Whether any term is taken over each image.
    #[must_use]
    pub fn is_per_image(&self) -> bool {
        self.terms.iter().any(|(_, grouping)| *grouping == Grouping::Image)
    }

    /// The pixels over which the terms are taken, in words.
    #[must_use]
    pub fn grouping(&self) -> &'static str {
        let of_batch = self.terms.iter().any(|(_, grouping)| *grouping == Grouping::Batch);
        match (self.is_per_image(), of_batch) {
            (true, true) => "first term per image, second pooled",
            (true, false) => "mean over images",
            (false, _) => "pooled over all pixels",
        }
    }

    fn library(&self) -> &'static str {
        self.name.split('.').next().unwrap_or_default()
    }
}

/// Other names of libraries.
const ALIASES: [(&str, &str); 5] = [
    ("segmentation_models_pytorch", "smp"),
    ("segmentation_models", "smp"),
    ("torch", "pytorch"),
    ("nnunetv2", "nnunet"),
    ("nn_unet", "nnunet"),
];

use Grouping::{Batch, Image};

const BINARY: &str = "binary masks";
const CLASSES: &str = "classes";

const NEARLY_UNSMOOTHED: &str = "if an image has no foreground, the loss is near 1 for the slightest false positive";
const ABSENT_IS_ONE: &str =
    "an empty mask costs 1 even if nothing is predicted, and false positives there have no gradient";
const ABSENT_IS_PERFECT: &str =
    "without foreground in the whole batch the loss is 0, and false positives have no gradient";
const NNUNET: &str = "nnU-Net reports −Dice, which is lower by 1; its plan may pool the batch instead (batch_dice)";
const IGNORED_DILUTE: &str = "ignored pixels stay in the mean with a loss of 0";
const MICRO: &str = "one score over all classes, so large classes decide it";

/// The losses of other libraries, with their defaults.
pub static CONVENTIONS: &[Convention] = &[
    Convention { name: "pytorch.bce_with_logits", of: BINARY, terms: &[("bce", Batch)], note: "" },
    Convention {
        name: "pytorch.cross_entropy",
        of: CLASSES,
        terms: &[("ce", Batch)],
        note: "divided by the weight of the labels, so the weight cancels if all labels are of one class",
    },
    Convention {
        name: "torchvision.sigmoid_focal",
        of: BINARY,
        terms: &[("focal(gamma=2, alpha=0.25)", Batch)],
        note: "alpha 0.25 weighs foreground less than background; torchvision does not reduce by default",
    },
    Convention { name: "monai.dice", of: BINARY, terms: &[("dice(smooth=1e-5)", Image)], note: NEARLY_UNSMOOTHED },
    Convention {
        name: "monai.dice_squared",
        of: BINARY,
        terms: &[("dice(smooth=1e-5, overlap=squared)", Image)],
        note: NEARLY_UNSMOOTHED,
    },
    Convention {
        name: "monai.jaccard",
        of: BINARY,
        terms: &[("iou(smooth=5e-6)", Image)],
        note: "MONAI doubles the fraction but not its smoothing, so its 1e-5 is 5e-6 here",
    },
    Convention {
        name: "monai.tversky",
        of: BINARY,
        terms: &[("tversky(alpha=0.5, beta=0.5, smooth=1e-5)", Image)],
        note: NEARLY_UNSMOOTHED,
    },
    Convention { name: "monai.focal", of: BINARY, terms: &[("focal(gamma=2, form=margin)", Batch)], note: "" },
    Convention {
        name: "monai.dice_ce",
        of: BINARY,
        terms: &[("dice(smooth=1e-5)", Image), ("bce", Batch)],
        note: NEARLY_UNSMOOTHED,
    },
    Convention {
        name: "monai.dice_focal",
        of: BINARY,
        terms: &[("dice(smooth=1e-5)", Image), ("focal(gamma=2, form=margin)", Batch)],
        note: NEARLY_UNSMOOTHED,
    },
    Convention {
        name: "monai.dice_softmax",
        of: CLASSES,
        terms: &[("dice(smooth=1e-5)", Image)],
        note: "a class missing from an image counts, with a loss near 1 for the slightest prediction of it",
    },
    Convention {
        name: "monai.dice_softmax_foreground",
        of: CLASSES,
        terms: &[("dice(smooth=1e-5, classes=foreground)", Image)],
        note: "include_background=False",
    },
    Convention {
        name: "monai.tversky_softmax",
        of: CLASSES,
        terms: &[("tversky(alpha=0.5, beta=0.5, smooth=1e-5)", Image)],
        note: "alpha weighs false positives",
    },
    Convention {
        name: "monai.generalized_dice",
        of: CLASSES,
        terms: &[("generalised_dice(weight=square, smooth=1e-5)", Image)],
        note: "a class missing from an image takes the largest weight of the others",
    },
    Convention {
        name: "monai.focal_softmax",
        of: CLASSES,
        terms: &[("focal(gamma=2, reduction=pixels_and_classes, weights=none)", Batch)],
        note: "the mean includes the classes, all but one of which are 0, so it is 1/C of the mean over pixels",
    },
    Convention {
        name: "monai.dice_ce_softmax",
        of: CLASSES,
        terms: &[("dice(smooth=1e-5)", Image), ("ce", Batch)],
        note: "a class missing from an image counts, with a loss near 1 for the slightest prediction of it",
    },
    Convention {
        name: "smp.dice",
        of: BINARY,
        terms: &[("dice(smooth=0, floor=1e-7, overlap=minimum, empty=zero)", Batch)],
        note: ABSENT_IS_PERFECT,
    },
    Convention {
        name: "smp.jaccard",
        of: BINARY,
        terms: &[("iou(smooth=0, floor=1e-7, overlap=minimum, empty=zero)", Batch)],
        note: ABSENT_IS_PERFECT,
    },
    Convention {
        name: "smp.tversky",
        of: BINARY,
        terms: &[("tversky(smooth=0, floor=1e-7, overlap=minimum, empty=zero)", Batch)],
        note: ABSENT_IS_PERFECT,
    },
    Convention { name: "smp.focal", of: BINARY, terms: &[("focal(gamma=2, form=exponential)", Batch)], note: "" },
    Convention {
        name: "smp.soft_bce_with_logits",
        of: BINARY,
        terms: &[("bce(reduction=pixels)", Batch)],
        note: IGNORED_DILUTE,
    },
    Convention {
        name: "smp.mcc",
        of: BINARY,
        terms: &[("mcc(smooth=1e-5)", Batch)],
        note: "near 1 on an empty mask, whatever is predicted",
    },
    Convention {
        name: "smp.dice_multiclass",
        of: CLASSES,
        terms: &[("dice(smooth=0, floor=1e-7, overlap=minimum, absent=zero)", Batch)],
        note: "a class missing from the batch counts as perfect, whatever is predicted",
    },
    Convention {
        name: "smp.jaccard_multiclass",
        of: CLASSES,
        terms: &[("iou(smooth=0, floor=1e-7, overlap=minimum, absent=zero)", Batch)],
        note: "a class missing from the batch counts as perfect, whatever is predicted",
    },
    Convention {
        name: "smp.tversky_multiclass",
        of: CLASSES,
        terms: &[("tversky(smooth=0, floor=1e-7, overlap=minimum, absent=zero)", Batch)],
        note: "a class missing from the batch counts as perfect, whatever is predicted",
    },
    Convention {
        name: "smp.soft_cross_entropy",
        of: CLASSES,
        terms: &[("ce(reduction=pixels, weights=none)", Batch)],
        note: IGNORED_DILUTE,
    },
    Convention {
        name: "kornia.binary_focal_with_logits",
        of: BINARY,
        terms: &[("focal(gamma=2, alpha=0.25, form=split, reduction=pixels)", Batch)],
        note: "reduction=\"mean\"; kornia does not reduce by default, and ignored pixels stay in its mean",
    },
    Convention {
        name: "kornia.dice",
        of: CLASSES,
        terms: &[("dice(smooth=0, smooth_denominator=1e-8, average=micro)", Image)],
        note: MICRO,
    },
    Convention {
        name: "kornia.dice_macro",
        of: CLASSES,
        terms: &[("dice(smooth=0, smooth_denominator=1e-8, absent=skip)", Image)],
        note: "classes missing from an image leave its mean, and their false positives cost almost nothing",
    },
    Convention {
        name: "nnunet.dc_and_bce",
        of: BINARY,
        terms: &[("dice(smooth=1e-5)", Image), ("bce", Batch)],
        note: NNUNET,
    },
    Convention {
        name: "nnunet.soft_dice",
        of: CLASSES,
        terms: &[("dice(smooth=1e-5, classes=foreground)", Image)],
        note: NNUNET,
    },
    Convention {
        name: "nnunet.dc_and_ce",
        of: CLASSES,
        terms: &[("dice(smooth=1e-5, classes=foreground)", Image), ("ce", Batch)],
        note: NNUNET,
    },
    Convention {
        name: "keras.binary_crossentropy",
        of: BINARY,
        terms: &[("bce", Batch)],
        note: "Keras clips probabilities to [1e-7, 1-1e-7], and so does --probs",
    },
    Convention {
        name: "keras.binary_focal_crossentropy",
        of: BINARY,
        terms: &[("focal(gamma=2)", Batch)],
        note: "Keras does not use its alpha=0.25 unless apply_class_balancing=True",
    },
    Convention {
        name: "keras.dice",
        of: BINARY,
        terms: &[("dice(smooth=0, smooth_denominator=1e-7)", Batch)],
        note: ABSENT_IS_ONE,
    },
    Convention {
        name: "keras.tversky",
        of: BINARY,
        terms: &[("tversky(alpha=0.5, beta=0.5, smooth=0, smooth_denominator=1e-7)", Batch)],
        note: "Keras' code swaps alpha and beta compared with its documentation: its alpha weighs false negatives, which is beta here",
    },
    Convention {
        name: "keras.sparse_categorical_crossentropy",
        of: CLASSES,
        terms: &[("ce(reduction=mean)", Batch)],
        note: "",
    },
    Convention {
        name: "keras.categorical_focal_crossentropy",
        of: CLASSES,
        terms: &[("0.25 * focal(gamma=2, weights=none)", Batch)],
        note: "alpha=0.25 is one factor for all classes, so it only scales the loss",
    },
    Convention {
        name: "keras.dice_softmax",
        of: CLASSES,
        terms: &[("dice(smooth=0, smooth_denominator=1e-7, average=micro)", Batch)],
        note: MICRO,
    },
    Convention {
        name: "optax.sigmoid_binary_cross_entropy",
        of: BINARY,
        terms: &[("bce", Batch)],
        note: "optax does not reduce; this is the mean",
    },
    Convention {
        name: "optax.sigmoid_focal",
        of: BINARY,
        terms: &[("focal(gamma=2)", Batch)],
        note: "optax does not reduce; this is the mean",
    },
    Convention {
        name: "optax.dice",
        of: BINARY,
        terms: &[("tversky(alpha=0.5, beta=0.5, smooth=1)", Image)],
        note: "a smoothing of 1 in Tversky's formula is a smoothing of 2 in Dice's",
    },
    Convention {
        name: "optax.softmax_cross_entropy",
        of: CLASSES,
        terms: &[("ce(reduction=mean, weights=none)", Batch)],
        note: "optax does not reduce; this is the mean",
    },
    Convention {
        name: "optax.dice_softmax",
        of: CLASSES,
        terms: &[("tversky(alpha=0.5, beta=0.5, smooth=1)", Image)],
        note: "a smoothing of 1 in Tversky's formula is a smoothing of 2 in Dice's",
    },
];

/// The libraries, in the order of the table.
#[must_use]
pub fn libraries() -> Vec<&'static str> {
    let mut libraries: Vec<&str> = CONVENTIONS.iter().map(Convention::library).collect();
    libraries.dedup();
    libraries
}

/// The convention of this name, or all of a library, for this kind of input.
///
/// # Errors
/// A message that says what is wrong, if there is none.
pub fn choose(name: &str, of: &str) -> Result<Vec<&'static Convention>, String> {
    let written = name.to_lowercase().replace('-', "_");
    let (library, loss) = written.split_once('.').map_or((written.as_str(), None), |(a, b)| (a, Some(b)));
    let library = ALIASES.iter().find(|(alias, _)| *alias == library).map_or(library, |(_, name)| name);
    let is_meant = |convention: &&Convention| match loss {
        None => convention.library() == library,
        Some(loss) => convention.name.split_once('.') == Some((library, loss)),
    };
    let meant: Vec<&Convention> = CONVENTIONS.iter().filter(is_meant).collect();
    if meant.is_empty() {
        let names = CONVENTIONS.iter().map(|convention| convention.name).chain(libraries());
        let suggestion = closest(&written, names).map_or(String::new(), |name| format!("; did you mean {name}?"));
        return Err(format!(
            "there is no convention {name:?}{suggestion}\n  libraries: {}; `ablation losses --conventions` lists all",
            libraries().join(", ")
        ));
    }
    let fitting: Vec<&Convention> = meant.iter().copied().filter(|convention| convention.of == of).collect();
    if fitting.is_empty() {
        let others: Vec<&str> = CONVENTIONS
            .iter()
            .filter(|convention| convention.library() == library && convention.of == of)
            .map(|convention| convention.name)
            .collect();
        let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
        return Err(format!("{name} is no loss of {of}; for these targets {library} has: {others}"));
    }
    Ok(fitting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{BinaryLoss, ClassesLoss, Expression, Vocabulary};

    #[test]
    fn every_expression_is_one() {
        for convention in CONVENTIONS {
            let text = convention.expression();
            let count = match convention.of {
                BINARY => text.parse::<Expression<BinaryLoss>>().map(|expression| expression.terms().len()),
                _ => text.parse::<Expression<ClassesLoss>>().map(|expression| expression.terms().len()),
            };
            let count = count.unwrap_or_else(|error| panic!("{}: {error}", convention.name));
            assert_eq!(count, convention.terms.len(), "{}", convention.name);
            let chosen = choose(convention.name, convention.of).expect("a convention");
            assert_eq!(chosen.iter().map(|chosen| chosen.name).collect::<Vec<_>>(), [convention.name]);
        }
        assert_eq!((BINARY, CLASSES), (BinaryLoss::OF, ClassesLoss::OF));
    }

    #[test]
    fn libraries_are_chosen_by_what_fits() {
        let names = |name, of| choose(name, of).map(|all| all.iter().map(|one| one.name).collect::<Vec<_>>());
        assert_eq!(names("torch", CLASSES), Ok(vec!["pytorch.cross_entropy"]));
        assert_eq!(names("pytorch", BINARY), Ok(vec!["pytorch.bce_with_logits"]));
        assert!(names("monai", CLASSES).is_ok_and(|names| names.len() == 6));
        let message = names("monai.dices", CLASSES).expect_err("no such loss");
        assert!(message.contains("did you mean monai.dice"), "{message}");
        let message = names("smp.mcc", CLASSES).expect_err("binary");
        assert!(message.contains("no loss of classes") && message.contains("smp.dice_multiclass"), "{message}");
        assert_eq!(libraries(), ["pytorch", "torchvision", "monai", "smp", "kornia", "nnunet", "keras", "optax"]);
    }
}
