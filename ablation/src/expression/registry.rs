//! The one table of losses, from which the parser's checks, the help text and `ablation losses` are made.

use loss_core::{
    AnyLoss, AnyOverlap, Bce, Denominator, Dice, EmptyMask, Focal, FocalForm, FocalTversky, Iou, LabelSmoothing,
    LogCoshDice, LogDice, Mcc, ParameterError, Pointwise, Poly1, Reduced, Tversky,
};

use super::arguments::Arguments;
use super::{BinaryLoss, PointwiseLoss};

/// A table of losses that expressions can be made of: those of binary masks, or those over classes.
pub(crate) trait Vocabulary: Clone + PartialEq + std::fmt::Debug + 'static {
    /// What the losses are of.
    const OF: &'static str;

    fn losses() -> &'static [LossEntry<Self>];

    /// Why a loss of this name is not among them, if another table has it.
    fn elsewhere(name: &str) -> Option<String>;

    /// The entry with this name or alias.
    fn find(name: &str) -> Option<&'static LossEntry<Self>> {
        Self::losses().iter().find(|entry| entry.names().any(|other| other == name))
    }

    /// All names, for messages: `bce, …, iou (jaccard), …`.
    fn all_names() -> String {
        let name = |entry: &LossEntry<Self>| match entry.aliases {
            [] => entry.name.to_owned(),
            aliases => format!("{} ({})", entry.name, aliases.join(", ")),
        };
        Self::losses().iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

impl Vocabulary for BinaryLoss {
    const OF: &'static str = "binary masks";

    fn losses() -> &'static [LossEntry<Self>] {
        LOSSES
    }

    fn elsewhere(name: &str) -> Option<String> {
        let entry = super::ClassesLoss::find(name)?;
        Some(format!(
            "{} is a loss over classes, and these are binary masks (one-hot targets are read as classes with --one-hot)",
            entry.name
        ))
    }
}

/// A loss that expressions can name, and that is an `L` when built.
pub(crate) struct LossEntry<L: 'static> {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) formula: &'static str,
    pub(crate) description: &'static str,
    pub(crate) paper: &'static str,
    /// In groups, because many losses share some of them.
    pub(crate) parameters: &'static [&'static [Parameter]],
    pub(crate) build: fn(&Arguments) -> Result<L, BuildError>,
}

impl<L> LossEntry<L> {
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().copied().flatten()
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters().find(|parameter| parameter.name == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Whether the loss is a sum over pixels, so that there is a map of it.
    pub(crate) fn is_pointwise(&self) -> bool {
        self.parameter("reduction").is_some()
    }
}

impl BinaryLoss {
    fn pointwise(loss: AnyLoss, pointwise: PointwiseLoss) -> Self {
        Self { loss, pointwise: Some(pointwise), has_sums: true }
    }

    /// A loss of the Dice family.
    fn similarity(loss: AnyLoss, arguments: &Arguments) -> Self {
        Self { loss, pointwise: None, has_sums: overlap(arguments) != AnyOverlap::Product }
    }
}

/// Arguments that are each in range, and make no loss together.
pub(crate) enum BuildError {
    Refused(ParameterError),
    Conflict { parameter: &'static str, message: &'static str },
}

impl From<ParameterError> for BuildError {
    fn from(error: ParameterError) -> Self {
        Self::Refused(error)
    }
}

pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: Preset,
    pub(crate) meaning: &'static str,
}

/// What a parameter accepts.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Number(Range),
    Word(&'static [&'static str]),
    NumberOrNone(Range),
}

/// The value of a parameter that is not given.
#[derive(Clone, Copy)]
pub(crate) enum Preset {
    Number(f64),
    Word(&'static str),
    /// That of another parameter.
    SameAs(&'static str),
}

/// Numbers from `minimum` (itself only if `closed`) to `maximum`.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) minimum: f64,
    pub(crate) closed: bool,
    pub(crate) maximum: f64,
    pub(crate) text: &'static str,
}

impl Range {
    pub(crate) fn contains(&self, number: f64) -> bool {
        let above = if self.closed { number >= self.minimum } else { number > self.minimum };
        above && number <= self.maximum
    }
}

/// The largest parameter that the library takes.
pub(crate) const LARGEST: f64 = f32::MAX as f64;

pub(super) const NOT_NEGATIVE: Range = Range { minimum: 0.0, closed: true, maximum: LARGEST, text: "at least 0" };
pub(super) const SHARE: Range = Range { minimum: 0.0, closed: true, maximum: 1.0, text: "from 0 to 1" };
const FROM_MINUS_ONE: Range = Range { minimum: -1.0, closed: true, maximum: LARGEST, text: "at least -1" };
pub(super) const EXPONENT: Range = Range { minimum: 0.0, closed: false, maximum: 1e3, text: "above 0, at most 1000" };

pub(super) const fn number(name: &'static str, default: f64, range: Range, meaning: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Number(range), default: Preset::Number(default), meaning }
}

pub(super) const fn word(
    name: &'static str,
    default: &'static str,
    accepted: &'static [&'static str],
    meaning: &'static str,
) -> Parameter {
    Parameter { name, kind: Kind::Word(accepted), default: Preset::Word(default), meaning }
}

const REDUCTION: &[Parameter] = &[
    word(
        "reduction",
        "mean",
        &["mean", "sum", "pixels"],
        "what Σ w ℓ is divided by: mean = Σ w; sum = 1; pixels = the number of pixels, ignored ones counted",
    ),
    number("mean_epsilon", 0.0, NOT_NEGATIVE, "added to Σ w under the mean, as some training scripts do"),
];

pub(super) const SMOOTHING: &[Parameter] = &[
    number("smooth", 1e-5, NOT_NEGATIVE, "s, added above and below the fraction bar of the formula"),
    Parameter {
        name: "smooth_numerator",
        kind: Kind::Number(NOT_NEGATIVE),
        default: Preset::SameAs("smooth"),
        meaning: "s above the bar alone",
    },
    Parameter {
        name: "smooth_denominator",
        kind: Kind::Number(NOT_NEGATIVE),
        default: Preset::SameAs("smooth"),
        meaning: "s below the bar alone",
    },
];

const FORM: Parameter = word(
    "overlap",
    "product",
    &["product", "squared", "minimum"],
    "product: I = Σ w p t, P = Σ w p, T = Σ w t; squared (V-Net): P = Σ w p², T = Σ w t²; minimum (soft labels): I = Σ w min(p, t)",
);
/// The form of the overlap alone, for losses over classes, which have a rule for absent classes instead.
pub(super) const OVERLAP_FORM: &[Parameter] = &[FORM];
const OVERLAP: &[Parameter] = &[
    FORM,
    word(
        "empty",
        "formula",
        &["formula", "zero", "one"],
        "the loss of a mask without foreground: what the formula gives, or 0, or 1",
    ),
];

const FLOOR: Parameter = number(
    "floor",
    0.0,
    NOT_NEGATIVE,
    "the denominator, as it stands in the formula of tversky, does not fall below this",
);
pub(super) const FLOORED: &[Parameter] = &[FLOOR];
pub(super) const LOG_FLOORED: &[Parameter] = &[Parameter {
    default: Preset::Number(1e-7),
    meaning: "neither the score nor the denominator, as it stands in the formula of tversky, falls below this",
    ..FLOOR
}];

pub(super) const FALSE_POSITIVES: &str = "α, the price of false positives";
pub(super) const FALSE_NEGATIVES: &str = "β, the price of false negatives; β > α favours recall";

pub(crate) static LOSSES: &[LossEntry<BinaryLoss>] = &[
    LossEntry {
        name: "bce",
        aliases: &["binary_cross_entropy"],
        formula: "pos_weight·t·(−ln p) + (1−t)·(−ln(1−p))",
        description: "Binary cross-entropy.",
        paper: "",
        parameters: &[
            &[
                number("pos_weight", 1.0, NOT_NEGATIVE, "the weight of the foreground term (PyTorch's pos_weight)"),
                number("label_smoothing", 0.0, SHARE, "s, how much targets are softened"),
                word("smoothing", "flip", &["flip", "uniform"], "how: flip = t(1−s) + (1−t)s; uniform = t(1−s) + s/2"),
            ],
            REDUCTION,
        ],
        build: |arguments| {
            let s = arguments.number("label_smoothing") as f32;
            let smoothing = match arguments.word("smoothing") {
                "uniform" => LabelSmoothing::uniform(s)?,
                _ => LabelSmoothing::flip(s)?,
            };
            let bce = Bce::new().pos_weight(arguments.number("pos_weight") as f32)?.label_smoothing(smoothing);
            Ok(BinaryLoss::pointwise(AnyLoss::Bce(reduced(bce, arguments)?), PointwiseLoss::Bce(bce)))
        },
    },
    LossEntry {
        name: "focal",
        aliases: &[],
        formula: "−α_t·(1−p_t)^γ·ln p_t,  p_t = p if t = 1, 1−p if t = 0",
        description: "Focal loss: cross-entropy that fades where the prediction is already right.",
        paper: "Lin et al., Focal Loss for Dense Object Detection, 2017",
        parameters: &[
            &[
                number("gamma", 2.0, NOT_NEGATIVE, "γ; 0 is bce"),
                Parameter {
                    name: "alpha",
                    kind: Kind::NumberOrNone(SHARE),
                    default: Preset::Word("none"),
                    meaning: "α_t = α for foreground, 1−α for background; none = 1 for both",
                },
                word(
                    "form",
                    "mixture",
                    &["mixture", "split", "exponential", "margin"],
                    "for soft targets (all agree for 0 and 1): mixture (torchvision), split (kornia), exponential (Detectron, segmentation_models.pytorch), margin (MONAI)",
                ),
            ],
            REDUCTION,
        ],
        build: |arguments| {
            let form = match arguments.word("form") {
                "split" => FocalForm::Split,
                "exponential" => FocalForm::Exponential,
                "margin" => FocalForm::Margin,
                _ => FocalForm::Mixture,
            };
            let mut focal = Focal::new(arguments.number("gamma") as f32)?.form(form);
            if let Some(alpha) = arguments.number_or_none("alpha") {
                focal = focal.alpha(alpha as f32)?;
            }
            Ok(BinaryLoss::pointwise(AnyLoss::Focal(reduced(focal, arguments)?), PointwiseLoss::Focal(focal)))
        },
    },
    LossEntry {
        name: "poly1",
        aliases: &[],
        formula: "−ln p_t + ε·(1−p_t)",
        description: "Poly-1: cross-entropy with its first polynomial coefficient shifted.",
        paper: "Leng et al., PolyLoss, 2022",
        parameters: &[&[number("epsilon", 1.0, FROM_MINUS_ONE, "ε; 0 is bce")], REDUCTION],
        build: |arguments| {
            let poly1 = Poly1::new(arguments.number("epsilon") as f32)?;
            Ok(BinaryLoss::pointwise(AnyLoss::Poly1(reduced(poly1, arguments)?), PointwiseLoss::Poly1(poly1)))
        },
    },
    LossEntry {
        name: "dice",
        aliases: &["f1"],
        formula: "1 − (2I + s) / (P + T + s)",
        description: "Dice loss.",
        paper: "Milletari et al., V-Net, 2016; Sudre et al., Generalised Dice overlap, 2017",
        parameters: &[SMOOTHING, FLOORED, OVERLAP],
        build: |arguments| {
            let [numerator, denominator] = smoothing(arguments);
            let dice = Dice::new(0.0)?
                .smooth(numerator, denominator)?
                .floor(arguments.number("floor"))?
                .empty_mask(empty_mask(arguments))
                .overlap(overlap(arguments));
            Ok(BinaryLoss::similarity(AnyLoss::Dice(dice), arguments))
        },
    },
    LossEntry {
        name: "iou",
        aliases: &["jaccard"],
        formula: "1 − (I + s) / (P + T − I + s)",
        description: "IoU (Jaccard) loss.",
        paper: "Rahman and Wang, Optimizing Intersection-Over-Union, 2016",
        parameters: &[SMOOTHING, FLOORED, OVERLAP],
        build: |arguments| {
            let [numerator, denominator] = smoothing(arguments);
            let iou = Iou::new(0.0)?
                .smooth(numerator, denominator)?
                .floor(arguments.number("floor"))?
                .empty_mask(empty_mask(arguments))
                .overlap(overlap(arguments));
            Ok(BinaryLoss::similarity(AnyLoss::Iou(iou), arguments))
        },
    },
    LossEntry {
        name: "tversky",
        aliases: &[],
        formula: "1 − (TP + s) / (TP + α·FP + β·FN + s),  TP = I, FP = P − I, FN = T − I",
        description: "Tversky loss: Dice with a price for each kind of error.",
        paper: "Salehi et al., Tversky loss function for image segmentation, 2017",
        parameters: &[
            &[number("alpha", 0.5, NOT_NEGATIVE, FALSE_POSITIVES), number("beta", 0.5, NOT_NEGATIVE, FALSE_NEGATIVES)],
            SMOOTHING,
            FLOORED,
            OVERLAP,
        ],
        build: |arguments| {
            let [numerator, denominator] = smoothing(arguments);
            let tversky = Tversky::new(arguments.number("alpha"), arguments.number("beta"), 0.0)?
                .smooth(numerator, denominator)?
                .floor(arguments.number("floor"))?
                .empty_mask(empty_mask(arguments))
                .overlap(overlap(arguments));
            Ok(BinaryLoss::similarity(AnyLoss::Tversky(tversky), arguments))
        },
    },
    LossEntry {
        name: "focal_tversky",
        aliases: &[],
        formula: "(1 − (TP + s) / (TP + α·FP + β·FN + s))^γ",
        description: "Focal Tversky loss: a power of the Tversky loss. γ is the exponent itself (the paper's 1/γ).",
        paper: "Abraham and Khan, A Novel Focal Tversky loss function, 2019",
        parameters: &[
            &[
                number("alpha", 0.3, NOT_NEGATIVE, FALSE_POSITIVES),
                number("beta", 0.7, NOT_NEGATIVE, FALSE_NEGATIVES),
                number("gamma", 0.75, EXPONENT, "γ, the exponent"),
            ],
            SMOOTHING,
            FLOORED,
            OVERLAP,
        ],
        build: |arguments| {
            let [numerator, denominator] = smoothing(arguments);
            let [alpha, beta, gamma] = ["alpha", "beta", "gamma"].map(|name| arguments.number(name));
            let focal_tversky = FocalTversky::new(alpha, beta, gamma, 0.0)?
                .smooth(numerator, denominator)?
                .floor(arguments.number("floor"))?
                .empty_mask(empty_mask(arguments))
                .overlap(overlap(arguments));
            Ok(BinaryLoss::similarity(AnyLoss::FocalTversky(focal_tversky), arguments))
        },
    },
    LossEntry {
        name: "log_dice",
        aliases: &[],
        formula: "−ln max(score, floor),  score = 1 − dice, 1 − iou or 1 − tversky",
        description: "The negative logarithm of a Dice, IoU or Tversky score.",
        paper: "Wong et al., 3D Segmentation with Exponential Logarithmic Loss, 2018",
        parameters: &[
            &[
                word("of", "dice", &["dice", "iou", "tversky"], "the score"),
                number("alpha", 0.5, NOT_NEGATIVE, "α, the price of false positives, for of=tversky"),
                number("beta", 0.5, NOT_NEGATIVE, "β, the price of false negatives, for of=tversky"),
            ],
            SMOOTHING,
            LOG_FLOORED,
            OVERLAP,
        ],
        build: |arguments| {
            let score = match arguments.word("of") {
                "tversky" => LogDice::tversky(arguments.number("alpha"), arguments.number("beta"), 0.0)?,
                other => {
                    if let Some(parameter) = ["alpha", "beta"].into_iter().find(|name| arguments.is_given(name)) {
                        return Err(BuildError::Conflict { parameter, message: "needs of=tversky" });
                    }
                    if other == "iou" { LogDice::iou(0.0)? } else { LogDice::new(0.0)? }
                }
            };
            let [numerator, denominator] = smoothing(arguments);
            let log_dice = score
                .smooth(numerator, denominator)?
                .floor(arguments.number("floor"))?
                .empty_mask(empty_mask(arguments))
                .overlap(overlap(arguments));
            Ok(BinaryLoss::similarity(AnyLoss::LogDice(log_dice), arguments))
        },
    },
    LossEntry {
        name: "log_cosh_dice",
        aliases: &[],
        formula: "ln cosh(1 − (2I + s) / (P + T + s))",
        description: "The logarithm of the hyperbolic cosine of the Dice loss.",
        paper: "Jadon, A survey of loss functions for semantic segmentation, 2020",
        parameters: &[SMOOTHING, FLOORED, OVERLAP],
        build: |arguments| {
            let [numerator, denominator] = smoothing(arguments);
            let log_cosh_dice = LogCoshDice::new(0.0)?
                .smooth(numerator, denominator)?
                .floor(arguments.number("floor"))?
                .empty_mask(empty_mask(arguments))
                .overlap(overlap(arguments));
            Ok(BinaryLoss::similarity(AnyLoss::LogCoshDice(log_cosh_dice), arguments))
        },
    },
    LossEntry {
        name: "mcc",
        aliases: &["matthews"],
        formula: "1 − (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))",
        description: "Matthews correlation loss: the one region loss that sees true negatives.",
        paper: "Abhishek and Hamarneh, Matthews Correlation Coefficient Loss, 2021",
        parameters: &[&[number("smooth", 1e-5, NOT_NEGATIVE, "added to each of the four counts")]],
        build: |arguments| {
            let loss = AnyLoss::Mcc(Mcc::new(arguments.number("smooth"))?);
            Ok(BinaryLoss { loss, pointwise: None, has_sums: true })
        },
    },
];

fn reduced<P: Pointwise>(pointwise: P, arguments: &Arguments) -> Result<Reduced<P>, BuildError> {
    let epsilon = arguments.number("mean_epsilon");
    let reduction = arguments.word("reduction");
    if reduction != "mean" && arguments.is_given("mean_epsilon") {
        return Err(BuildError::Conflict { parameter: "mean_epsilon", message: "needs reduction=mean" });
    }
    Ok(match reduction {
        "sum" => pointwise.sum(),
        "pixels" => pointwise.mean_over_pixels(),
        _ if epsilon > 0.0 => pointwise.over(Denominator::WeightPlus(epsilon)),
        _ => pointwise.mean(),
    })
}

fn smoothing(arguments: &Arguments) -> [f64; 2] {
    ["smooth_numerator", "smooth_denominator"].map(|name| arguments.number(name))
}

fn overlap(arguments: &Arguments) -> AnyOverlap {
    match arguments.word("overlap") {
        "squared" => AnyOverlap::Squared,
        "minimum" => AnyOverlap::Minimum,
        _ => AnyOverlap::Product,
    }
}

fn empty_mask(arguments: &Arguments) -> EmptyMask {
    match arguments.word("empty") {
        "zero" => EmptyMask::Zero,
        "one" => EmptyMask::One,
        _ => EmptyMask::Formula,
    }
}
