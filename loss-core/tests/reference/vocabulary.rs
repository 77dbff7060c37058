//! The keys of `cases.json`, as `vectors/README.md` defines them. A key that is not listed here is an error.
#![allow(dead_code, reason = "some keys only say what is so anyway; they are read, so that an unknown one fails")]

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Cases {
    pub cases: Vec<Case>,
}

/// Other keys are information for people.
#[derive(Deserialize)]
pub struct Case {
    pub name: String,
    pub loss: LossText,
    pub inputs: Inputs,
    pub value: Option<Value>,
    pub grad: Option<String>,
    pub grad_summary: Option<GradientSummary>,
    pub map: Option<File>,
    #[serde(default)]
    pub stages: Vec<Stage>,
    pub series: Option<Series>,
}

#[derive(Deserialize)]
pub struct LossText {
    pub terms: Option<Vec<Term>>,
    #[serde(default)]
    pub params: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Value {
    Number(f64),
    /// "nan": the source gives NaN, and this library an error.
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    pub logits: Option<File>,
    pub probs: Option<File>,
    pub targets: Option<Targets>,
    pub mask: Option<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub file: String,
    pub dtype: String,
    pub shape: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    pub file: String,
    pub dtype: String,
    pub shape: Vec<usize>,
    pub encoding: Encoding,
    pub ignore_value: Option<f64>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    Binary,
    Soft,
    Labels,
}

#[derive(Deserialize)]
pub struct GradientSummary {
    pub sum: f64,
    pub l1: f64,
    pub l2: f64,
    pub max_abs: f64,
    pub argmax_abs: usize,
    pub sample_index: Vec<usize>,
    pub sample_value: Vec<f64>,
    pub row_sums: Option<String>,
    pub column_sums: Option<String>,
}

#[derive(Deserialize)]
pub struct Stage {
    pub stage: String,
    pub lambda: f64,
    pub loss: f64,
    pub terms: Vec<Term>,
    pub inputs: Inputs,
    pub grad_of_total: Option<String>,
}

#[derive(Deserialize)]
pub struct Series {
    pub file: String,
    pub shape: Vec<usize>,
    pub columns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Term {
    Bce(Bce),
    Focal(Focal),
    Ce(Ce),
    SoftmaxFocal(SoftmaxFocal),
    Region(Region),
    GeneralizedDice(GeneralizedDice),
    LovaszHinge(LovaszHinge),
    LovaszSoftmax(LovaszSoftmax),
    Mcc(Mcc),
    UserDefined(UserDefined),
}

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    Mean,
    ValidMean,
    Sum,
    None,
    SpatialMeanThenSum,
    MaskMean,
    WeightedMean,
    MeanOverPixelsAndChannels,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    Sigmoid,
    Softmax,
    None,
}

/// "labels": the label targets are used as one-hot channels.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum TargetsAs {
    Labels,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum PerChannel {
    All(f64),
    Each(Vec<f64>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bce {
    #[serde(default = "one")]
    pub coef: f64,
    pub norm: Norm,
    pub activation: Option<Activation>,
    pub pos_weight: Option<PerChannel>,
    #[serde(default)]
    pub label_smoothing: f64,
    pub ignore_value: Option<f64>,
    #[serde(default)]
    pub mask_eps: f64,
    #[serde(default, rename = "no_mask_means_all_valid")]
    pub _no_mask_means_all_valid: bool,
    pub targets: Option<TargetsAs>,
    pub ignore_index: Option<f64>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum FocalForm {
    #[default]
    PtExpBce,
    PtMix,
    SigmoidMargin,
    Split,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Focal {
    #[serde(default = "one")]
    pub coef: f64,
    pub gamma: f64,
    pub alpha: Option<f64>,
    #[serde(default)]
    pub form: FocalForm,
    pub norm: Norm,
    pub activation: Option<Activation>,
    #[serde(default)]
    pub mask_eps: f64,
    #[serde(default, rename = "no_mask_means_all_valid")]
    pub _no_mask_means_all_valid: bool,
    pub ignore_value: Option<f64>,
    pub targets: Option<TargetsAs>,
    #[serde(default = "yes")]
    pub include_background: bool,
    pub channel_weights: Option<Vec<f64>>,
    pub ignore_index: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ce {
    #[serde(default = "one")]
    pub coef: f64,
    pub norm: Norm,
    pub label_smoothing: Option<f64>,
    pub class_weights: Option<Vec<f64>>,
    pub ignore_index: Option<f64>,
    pub mask_eps: Option<f64>,
    pub activation: Option<Activation>,
    #[serde(default, rename = "no_mask_means_all_valid")]
    pub _no_mask_means_all_valid: bool,
    pub targets: Option<TargetsAs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoftmaxFocalForm {
    Standard,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftmaxFocal {
    #[serde(default = "one")]
    pub coef: f64,
    pub gamma: f64,
    pub class_weights: Option<Vec<f64>>,
    pub form: Option<SoftmaxFocalForm>,
    pub norm: Norm,
    #[serde(default = "yes")]
    pub include_background: bool,
    pub ignore_index: Option<f64>,
    #[serde(default)]
    pub mask_eps: f64,
    #[serde(default, rename = "no_mask_means_all_valid")]
    pub _no_mask_means_all_valid: bool,
    pub activation: Option<Activation>,
    pub targets: Option<TargetsAs>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    ImageChannel,
    Channel,
    Image,
    All,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    Mean,
    Sum,
    None,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    Min,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    NegLog,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Absent {
    ZeroLoss,
    Skip,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum WeightMode {
    Multiply,
    Normalise,
    Inside,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PowerOn {
    Group,
    Mean,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    #[serde(default = "one")]
    pub coef: f64,
    pub activation: Activation,
    pub scale: f64,
    pub alpha: f64,
    pub beta: f64,
    pub smooth_nr: f64,
    pub smooth_dr: f64,
    pub group: Group,
    pub reduction: Reduction,
    #[serde(default)]
    pub clamp_min: f64,
    pub absent: Option<Absent>,
    pub overlap: Option<Overlap>,
    #[serde(default)]
    pub squared: bool,
    pub transform: Option<Transform>,
    pub power: Option<f64>,
    pub power_on: Option<PowerOn>,
    pub targets: Option<TargetsAs>,
    #[serde(default = "yes")]
    pub include_background: bool,
    pub channels: Option<Vec<usize>>,
    pub channel_weights: Option<Vec<f64>>,
    pub weight_mode: Option<WeightMode>,
    pub ignore_index: Option<f64>,
    pub ignore_value: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeightType {
    Square,
    Simple,
    Uniform,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneralizedDice {
    #[serde(default = "one")]
    pub coef: f64,
    pub activation: Activation,
    pub w_type: ClassWeightType,
    pub batch: bool,
    pub smooth_nr: f64,
    pub smooth_dr: f64,
    pub reduction: Reduction,
    pub targets: Option<TargetsAs>,
    #[serde(default = "yes")]
    pub include_background: bool,
    pub ignore_index: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LovaszHinge {
    #[serde(default = "one")]
    pub coef: f64,
    pub per_image: bool,
    pub ignore_value: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LovaszClasses {
    Present,
    All,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LovaszSoftmax {
    #[serde(default = "one")]
    pub coef: f64,
    pub per_image: bool,
    pub classes: Option<LovaszClasses>,
    pub ignore_index: Option<f64>,
    pub targets: Option<TargetsAs>,
    pub activation: Option<Activation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mcc {
    #[serde(default = "one")]
    pub coef: f64,
    pub eps: f64,
    pub activation: Option<Activation>,
    pub ignore_value: Option<f64>,
    pub targets: Option<TargetsAs>,
    pub ignore_index: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserDefinedId {
    OneSidedFocal,
    FocalPtFromWeightedCe,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserDefined {
    pub id: UserDefinedId,
    #[serde(default = "one")]
    pub coef: f64,
    pub gamma: f64,
    pub norm: Norm,
    pub class_weights: Option<Vec<f64>>,
}
