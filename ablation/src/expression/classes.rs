//! The table of losses over classes, by a softmax.

use loss_core::{
    AbsentClass, ClassDenominator, ClassReduction, CrossEntropy, GeneralisedDice, SoftmaxFocal, VolumeWeight,
    WeightMode,
};

use super::BinaryLoss;
use super::arguments::Arguments;
use super::registry::{
    BuildError, EXPONENT, FALSE_NEGATIVES, FALSE_POSITIVES, FLOORED, LOG_FLOORED, LossEntry, NOT_NEGATIVE,
    OVERLAP_FORM, Parameter, SHARE, SMOOTHING, Vocabulary, number, word,
};

/// A loss over classes, before their number and weights are known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ClassesLoss {
    CrossEntropy {
        loss: CrossEntropy,
        denominator: ClassDenominator,
        /// Whether it takes the class weights that are given.
        weighted: bool,
    },
    Focal {
        loss: SoftmaxFocal,
        denominator: ClassDenominator,
        weighted: bool,
    },
    PerClass {
        binary: BinaryLoss,
        foreground_only: bool,
        absent: AbsentClass,
        reduction: ClassReduction,
        /// What it does with the class weights that are given.
        weights: Option<WeightMode>,
    },
    GeneralisedDice {
        loss: GeneralisedDice,
        foreground_only: bool,
    },
}

impl ClassesLoss {
    /// Whether the loss is a sum over pixels, so that there is a map of it.
    pub(crate) fn is_pointwise(&self) -> bool {
        matches!(self, ClassesLoss::CrossEntropy { .. } | ClassesLoss::Focal { .. })
    }

    /// Whether class weights that are given matter to it.
    pub(crate) fn takes_weights(&self) -> bool {
        match self {
            ClassesLoss::CrossEntropy { weighted, .. } | ClassesLoss::Focal { weighted, .. } => *weighted,
            ClassesLoss::PerClass { weights, .. } => weights.is_some(),
            ClassesLoss::GeneralisedDice { .. } => false,
        }
    }
}

impl Vocabulary for ClassesLoss {
    const OF: &'static str = "classes";

    fn losses() -> &'static [LossEntry<Self>] {
        LOSSES
    }

    fn elsewhere(name: &str) -> Option<String> {
        let entry = BinaryLoss::find(name)?;
        let instead = if entry.name == "bce" { "; ce is the cross-entropy of a softmax" } else { "" };
        Some(format!("{} is a loss of binary masks, and these are classes{instead}", entry.name))
    }
}

const REDUCTIONS: &[&str] = &["weighted_mean", "mean", "sum", "pixels", "pixels_and_classes"];

const REDUCTION_MEANING: &str = "what Σ w ℓ is divided by: weighted_mean = Σ w w_y, w_y the class weights (PyTorch); mean = Σ w; sum = 1; pixels = \
     the number of pixels, ignored ones counted; pixels_and_classes = that times the number of classes (MONAI's focal loss)";

const CLASS_WEIGHTS: Parameter = word(
    "weights",
    "multiply",
    &["multiply", "none"],
    "multiply: the loss of a pixel times the weight of its class, as --class-weights gives it; none: without",
);

const KEPT: Parameter = word("classes", "all", &["all", "foreground"], "foreground: without class 0");
const KEPT_ALONE: &[Parameter] = &[KEPT];

const PER_CLASS: &[Parameter] = &[
    KEPT,
    word(
        "average",
        "macro",
        &["macro", "micro", "sum"],
        "macro: the mean of the classes' losses; micro: the loss of their sums; sum: the sum of their losses",
    ),
    word(
        "absent",
        "count",
        &["count", "zero", "skip"],
        "a class that occurs in no target counts with what the formula gives (count), with 0 (zero), or not at all (skip)",
    ),
    word(
        "weights",
        "none",
        &["none", "multiply", "normalise", "inside"],
        "what --class-weights do: nothing; Σ w L / number of classes (MONAI); Σ w L / Σ w; or weigh I, P and T (kornia)",
    ),
];

pub(crate) static LOSSES: &[LossEntry<ClassesLoss>] = &[
    LossEntry {
        name: "ce",
        aliases: &["cross_entropy"],
        formula: "w_y·(−ln p_y)",
        description: "Cross-entropy of a softmax.",
        paper: "",
        parameters: &[&[
            number("label_smoothing", 0.0, SHARE, "ε, the share of a target that is spread evenly over the classes"),
            word("reduction", "weighted_mean", REDUCTIONS, REDUCTION_MEANING),
            CLASS_WEIGHTS,
        ]],
        build: |arguments| {
            let loss = CrossEntropy::new().label_smoothing(arguments.number("label_smoothing") as f32)?;
            Ok(ClassesLoss::CrossEntropy {
                loss,
                denominator: denominator(arguments),
                weighted: arguments.word("weights") != "none",
            })
        },
    },
    LossEntry {
        name: "focal",
        aliases: &["softmax_focal"],
        formula: "w_y·(1−p_y)^γ·(−ln p_y)",
        description: "Focal loss of a softmax: cross-entropy that fades where the prediction is already right.",
        paper: "Lin et al., Focal Loss for Dense Object Detection, 2017",
        parameters: &[&[
            number("gamma", 2.0, NOT_NEGATIVE, "γ; 0 is ce"),
            word("reduction", "mean", REDUCTIONS, REDUCTION_MEANING),
            CLASS_WEIGHTS,
        ]],
        build: |arguments| {
            Ok(ClassesLoss::Focal {
                loss: SoftmaxFocal::new(arguments.number("gamma") as f32)?,
                denominator: denominator(arguments),
                weighted: arguments.word("weights") != "none",
            })
        },
    },
    LossEntry {
        name: "dice",
        aliases: &["f1"],
        formula: "of each class 1 − (2I + s) / (P + T + s)",
        description: "Dice loss of each class against the rest.",
        paper: "Milletari et al., V-Net, 2016",
        parameters: &[SMOOTHING, FLOORED, OVERLAP_FORM, PER_CLASS],
        build: |arguments| per_class("dice", arguments),
    },
    LossEntry {
        name: "iou",
        aliases: &["jaccard"],
        formula: "of each class 1 − (I + s) / (P + T − I + s)",
        description: "IoU (Jaccard) loss of each class against the rest.",
        paper: "Rahman and Wang, Optimizing Intersection-Over-Union, 2016",
        parameters: &[SMOOTHING, FLOORED, OVERLAP_FORM, PER_CLASS],
        build: |arguments| per_class("iou", arguments),
    },
    LossEntry {
        name: "tversky",
        aliases: &[],
        formula: "of each class 1 − (TP + s) / (TP + α·FP + β·FN + s)",
        description: "Tversky loss of each class against the rest: Dice with a price for each kind of error.",
        paper: "Salehi et al., Tversky loss function for image segmentation, 2017",
        parameters: &[
            &[number("alpha", 0.5, NOT_NEGATIVE, FALSE_POSITIVES), number("beta", 0.5, NOT_NEGATIVE, FALSE_NEGATIVES)],
            SMOOTHING,
            FLOORED,
            OVERLAP_FORM,
            PER_CLASS,
        ],
        build: |arguments| per_class("tversky", arguments),
    },
    LossEntry {
        name: "focal_tversky",
        aliases: &[],
        formula: "of each class (1 − (TP + s) / (TP + α·FP + β·FN + s))^γ",
        description: "Focal Tversky loss of each class against the rest. γ is the exponent itself (the paper's 1/γ).",
        paper: "Abraham and Khan, A Novel Focal Tversky loss function, 2019",
        parameters: &[
            &[
                number("alpha", 0.3, NOT_NEGATIVE, FALSE_POSITIVES),
                number("beta", 0.7, NOT_NEGATIVE, FALSE_NEGATIVES),
                number("gamma", 0.75, EXPONENT, "γ, the exponent"),
            ],
            SMOOTHING,
            FLOORED,
            OVERLAP_FORM,
            PER_CLASS,
        ],
        build: |arguments| per_class("focal_tversky", arguments),
    },
    LossEntry {
        name: "log_dice",
        aliases: &[],
        formula: "of each class −ln max(score, floor),  score = 1 − dice, 1 − iou or 1 − tversky",
        description: "The negative logarithm of the Dice, IoU or Tversky score of each class against the rest.",
        paper: "Wong et al., 3D Segmentation with Exponential Logarithmic Loss, 2018",
        parameters: &[
            &[
                word("of", "dice", &["dice", "iou", "tversky"], "the score"),
                number("alpha", 0.5, NOT_NEGATIVE, "α, the price of false positives, for of=tversky"),
                number("beta", 0.5, NOT_NEGATIVE, "β, the price of false negatives, for of=tversky"),
            ],
            SMOOTHING,
            LOG_FLOORED,
            OVERLAP_FORM,
            PER_CLASS,
        ],
        build: |arguments| per_class("log_dice", arguments),
    },
    LossEntry {
        name: "log_cosh_dice",
        aliases: &[],
        formula: "of each class ln cosh(1 − (2I + s) / (P + T + s))",
        description: "The logarithm of the hyperbolic cosine of the Dice loss of each class against the rest.",
        paper: "Jadon, A survey of loss functions for semantic segmentation, 2020",
        parameters: &[SMOOTHING, FLOORED, OVERLAP_FORM, PER_CLASS],
        build: |arguments| per_class("log_cosh_dice", arguments),
    },
    LossEntry {
        name: "mcc",
        aliases: &["matthews"],
        formula: "of each class 1 − (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))",
        description: "Matthews correlation loss of each class against the rest.",
        paper: "Abhishek and Hamarneh, Matthews Correlation Coefficient Loss, 2021",
        parameters: &[&[number("smooth", 1e-5, NOT_NEGATIVE, "added to each of the four counts")], PER_CLASS],
        build: |arguments| per_class("mcc", arguments),
    },
    LossEntry {
        name: "generalised_dice",
        aliases: &["generalized_dice", "gdl"],
        formula: "1 − (2 Σ_c v_c I_c + s) / (Σ_c v_c (P_c + T_c) + s),  v_c = 1/T_c², 1/T_c or 1",
        description: "Generalised Dice loss: one Dice score of all classes, weighted by volume.",
        paper: "Sudre et al., Generalised Dice overlap, 2017",
        parameters: &[
            &[word("weight", "square", &["square", "simple", "uniform"], "v: 1/T², 1/T or 1")],
            SMOOTHING,
            KEPT_ALONE,
        ],
        build: |arguments| {
            let [numerator, denominator] =
                ["smooth_numerator", "smooth_denominator"].map(|name| arguments.number(name));
            let weight = match arguments.word("weight") {
                "simple" => VolumeWeight::Simple,
                "uniform" => VolumeWeight::Uniform,
                _ => VolumeWeight::Square,
            };
            let loss = GeneralisedDice::new(0.0)?.smooth(numerator, denominator)?.volume_weight(weight);
            Ok(ClassesLoss::GeneralisedDice { loss, foreground_only: foreground_only(arguments) })
        },
    },
];

fn denominator(arguments: &Arguments) -> ClassDenominator {
    match arguments.word("reduction") {
        "mean" => ClassDenominator::Weight,
        "sum" => ClassDenominator::Fixed(1.0),
        "pixels" => ClassDenominator::Pixels,
        "pixels_and_classes" => ClassDenominator::PixelsTimesClasses,
        _ => ClassDenominator::ClassWeight,
    }
}

fn foreground_only(arguments: &Arguments) -> bool {
    arguments.word("classes") == "foreground"
}

/// The binary loss of this name, of each class.
fn per_class(name: &str, arguments: &Arguments) -> Result<ClassesLoss, BuildError> {
    let Some(entry) = BinaryLoss::find(name) else {
        return Err(BuildError::Conflict { parameter: "", message: "is a loss of no binary masks" });
    };
    Ok(ClassesLoss::PerClass {
        binary: (entry.build)(arguments)?,
        foreground_only: foreground_only(arguments),
        absent: match arguments.word("absent") {
            "zero" => AbsentClass::Zero,
            "skip" => AbsentClass::Skip,
            _ => AbsentClass::Count,
        },
        reduction: match arguments.word("average") {
            "micro" => ClassReduction::Pooled,
            "sum" => ClassReduction::Sum,
            _ => ClassReduction::Mean,
        },
        weights: match arguments.word("weights") {
            "multiply" => Some(WeightMode::Multiply),
            "normalise" => Some(WeightMode::Normalise),
            "inside" => Some(WeightMode::Inside),
            _ => None,
        },
    })
}
