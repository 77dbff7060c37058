//! Every option that changes a value changes the fingerprint: options of each loss, link, accumulator and mean.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::{Entry, Visitor, every_loss};
use loss_core::boundary::BoundaryAccumulator;
use loss_core::class::{
    AbsentClass, Activation, AnyClassLoss, AnyClassSet, AnyRegion, ClassAccumulator, ClassDenominator, ClassImageMean,
    ClassLoss, ClassPointwise, ClassReduction, ConfusionMatrix, CrossEntropy, Foreground, GeneralisedDice, PerClass,
    SoftmaxFocal, VolumeWeight, WassersteinDice, WeightMode,
};
use loss_core::extend::AnyOverlap;
use loss_core::head::{HeadGradient, Layer};
use loss_core::sorted::BinnedLovasz;
use loss_core::watch::{Agreement, ClassEntropy, ExpectedDice, ForegroundShare, LogitBins, PredictiveEntropy, Watch};
use loss_core::{
    Accumulator, AnyLoss, AsymmetricFocal, AsymmetricFocalTversky, BalancedBce, Bce, Denominator, Dice, EmptyImage,
    EmptyMask, ExponentialLogCrossEntropy, ExponentialLogDice, Focal, FocalForm, FocalTversky, GeneralisedCrossEntropy,
    Histogram, Iou, LabelSmoothing, LogCoshDice, LogDice, Logits, Loss, Mcc, Minimum, NormalisedFocal, Pointwise,
    Poly1, Probabilities, Product, QualityFocal, Quantisation, ReducedFocal, Squared, Tversky, unified_focal,
};

/// The fingerprints of the losses of a file, each with another option.
struct List(BTreeMap<&'static str, Vec<u64>>);

impl List {
    fn add(&mut self, file: &'static str, fingerprints: impl IntoIterator<Item = u64>) {
        self.0.entry(file).or_default().extend(fingerprints);
    }

    fn losses<L: Loss>(&mut self, file: &'static str, losses: impl IntoIterator<Item = L>) {
        self.add(file, losses.into_iter().map(|loss| loss.accumulator().fingerprint()));
    }

    fn class_losses<L: ClassLoss<3>>(&mut self, file: &'static str, losses: impl IntoIterator<Item = L>) {
        self.add(file, losses.into_iter().map(|loss| loss.class_accumulator().fingerprint()));
    }
}

/// The options that the losses of the Dice family share, on a loss with none of them.
macro_rules! similarity {
    ($loss:expr) => {{
        let loss = $loss;
        [
            loss,
            loss.smooth(0.5, 0.25).unwrap(),
            loss.smooth(0.25, 0.5).unwrap(),
            loss.floor(0.125).unwrap(),
            loss.empty_mask(EmptyMask::Zero),
            loss.empty_mask(EmptyMask::One),
        ]
        .map(|loss| loss.accumulator().fingerprint())
        .into_iter()
        .chain([loss.overlap(Squared).accumulator().fingerprint(), loss.overlap(Minimum).accumulator().fingerprint()])
    }};
}

fn list() -> List {
    let mut list = List(BTreeMap::new());
    let bce = Bce::new();
    let smoothed = |s| bce.label_smoothing(LabelSmoothing::flip(s).unwrap());
    list.losses("pointwise/bce.rs", [bce, bce.pos_weight(2.0).unwrap(), smoothed(0.1), smoothed(0.2)].map(Bce::mean));
    let focal = |gamma| Focal::new(gamma).unwrap();
    let forms = [FocalForm::Split, FocalForm::Exponential, FocalForm::Margin].map(|form| focal(2.0).form(form));
    let alphas = [0.0, 0.25, 1.0].map(|alpha| focal(2.0).alpha(alpha).unwrap());
    let focals = || [focal(2.0), focal(2.5), focal(0.0)].into_iter().chain(forms).chain(alphas);
    list.losses("pointwise/focal.rs", focals().map(Focal::mean));
    list.losses("pointwise/poly1.rs", [1.0, -1.0, 2.0].map(|epsilon| Poly1::new(epsilon).unwrap().mean()));
    let asymmetric = [(0.6, 0.5), (0.7, 0.5), (0.6, 0.25), (0.5, 0.6)];
    list.losses(
        "pointwise/asymmetric_focal.rs",
        asymmetric.map(|(delta, gamma)| AsymmetricFocal::new(delta, gamma).unwrap().mean()),
    );
    let reduced = |gamma, threshold| ReducedFocal::new(gamma, threshold).unwrap();
    let alphas = [0.25, 0.75].map(|alpha| reduced(2.0, 0.5).alpha(alpha).unwrap());
    let all = [reduced(2.0, 0.5), reduced(1.0, 0.5), reduced(2.0, 0.25)].into_iter().chain(alphas);
    list.losses("pointwise/reduced_focal.rs", all.map(ReducedFocal::mean));
    list.losses("pointwise/quality_focal.rs", [2.0, 1.0].map(|beta| QualityFocal::new(beta).unwrap().mean()));
    let generalised = [0.7, 0.5].map(|q| GeneralisedCrossEntropy::new(q).unwrap().mean());
    list.losses("pointwise/generalised_cross_entropy.rs", generalised);
    let logarithmic = |gamma| ExponentialLogCrossEntropy::new(gamma).unwrap();
    let weighted = [(2.0, 1.0), (1.0, 2.0)].map(|(on, off)| logarithmic(0.3).class_weights(on, off).unwrap());
    let all = [logarithmic(0.3), logarithmic(0.5)].into_iter().chain(weighted);
    list.losses("pointwise/exponential_log_cross_entropy.rs", all.map(ExponentialLogCrossEntropy::mean));

    let denominators = [
        Denominator::Weight,
        Denominator::WeightPlus(1e-8),
        Denominator::WeightPlus(1e-5),
        Denominator::Pixels,
        Denominator::Fixed(1.0),
        Denominator::Fixed(2.0),
    ];
    list.losses("loss/reduction.rs", denominators.map(|denominator| bce.over(denominator)));
    list.losses("region/balanced_bce.rs", denominators.map(|denominator| BalancedBce::new().over(denominator)));
    let floored = NormalisedFocal::new(focal(2.0)).floor(1e-3).unwrap();
    list.losses("region/normalised_focal.rs", focals().map(NormalisedFocal::new).chain([floored]));

    list.add("region/dice.rs", similarity!(Dice::new(1.0).unwrap()));
    list.losses("region/dice.rs", [Dice::new(2.0).unwrap()]);
    list.add("region/iou.rs", similarity!(Iou::new(1.0).unwrap()));
    list.losses("region/iou.rs", [Iou::new(2.0).unwrap()]);
    list.add("region/tversky.rs", similarity!(Tversky::new(0.3, 0.7, 1.0).unwrap()));
    let others = [(0.7, 0.3, 1.0), (0.3, 0.3, 1.0), (0.7, 0.7, 1.0), (0.3, 0.7, 2.0)];
    list.losses("region/tversky.rs", others.map(|(alpha, beta, smooth)| Tversky::new(alpha, beta, smooth).unwrap()));
    list.add("region/focal_tversky.rs", similarity!(FocalTversky::new(0.3, 0.7, 0.75, 1.0).unwrap()));
    let others = [(0.7, 0.7, 0.75), (0.3, 0.3, 0.75), (0.3, 0.7, 1.0)];
    let others = others.map(|(alpha, beta, gamma)| FocalTversky::new(alpha, beta, gamma, 1.0).unwrap());
    list.losses("region/focal_tversky.rs", others);
    list.add("region/log_dice.rs", similarity!(LogDice::new(1.0).unwrap()));
    // Half the smoothing of the Tversky index equals that of the Dice score, but the floors differ.
    let others = [LogDice::new(2.0), LogDice::iou(1.0), LogDice::tversky(0.5, 0.5, 0.5)].map(Result::unwrap);
    list.losses("region/log_dice.rs", others);
    list.add("region/exponential_log_dice.rs", similarity!(ExponentialLogDice::new(0.3, 1.0).unwrap()));
    let others = [(0.5, 1.0), (0.3, 2.0)].map(|(gamma, smooth)| ExponentialLogDice::new(gamma, smooth).unwrap());
    list.losses("region/exponential_log_dice.rs", others);
    list.add("region/log_cosh_dice.rs", similarity!(LogCoshDice::new(1.0).unwrap()));
    list.losses("region/log_cosh_dice.rs", [LogCoshDice::new(2.0).unwrap()]);
    list.losses("region/mcc.rs", [0.0, 1.0].map(|smooth| Mcc::new(smooth).unwrap()));
    let asymmetric = [(0.6, 0.5, 0.0), (0.7, 0.5, 0.0), (0.6, 0.25, 0.0), (0.6, 0.5, 1.0)];
    let asymmetric =
        asymmetric.map(|(delta, gamma, smooth)| AsymmetricFocalTversky::new(delta, gamma, smooth).unwrap());
    let masks = [EmptyMask::Zero, EmptyMask::One].map(|empty| asymmetric[0].empty_mask(empty));
    list.losses("region/asymmetric_focal_tversky.rs", asymmetric.into_iter().chain(masks));
    let unified =
        [(0.5, 0.6, 0.5, 0.0), (0.4, 0.6, 0.5, 0.0), (0.5, 0.7, 0.5, 0.0), (0.5, 0.6, 0.4, 0.0), (0.5, 0.6, 0.5, 1.0)];
    list.losses(
        "loss/unified_focal.rs",
        unified.map(|(lambda, delta, gamma, s)| unified_focal(lambda, delta, gamma, s).unwrap()),
    );

    let dice = Dice::new(1.0).unwrap();
    list.losses(
        "loss/combine.rs",
        [(1.0, 1.0), (2.0, 1.0), (1.0, 2.0), (2.0, 2.0)].map(|(a, b)| a * bce.mean() + b * dice),
    );
    list.losses("loss/combine.rs", [2.0 * (bce.mean() + 3.0 * dice)]);
    list.losses("loss/combine.rs", [bce.mean() + dice + dice]);
    list.losses("loss/combine.rs", [dice + bce.mean()]);
    let overlaps = [AnyOverlap::Product, AnyOverlap::Squared, AnyOverlap::Minimum];
    list.losses("loss/any.rs", overlaps.map(|overlap| AnyLoss::Dice(dice.overlap(overlap))));
    list.losses(
        "loss/any.rs",
        [AnyLoss::Iou(Iou::new(1.0).unwrap().overlap(AnyOverlap::Product)), AnyLoss::Bce(bce.mean())],
    );
    list.losses("loss/any.rs", [[AnyLoss::Bce(bce.mean()); 2]]);
    list.losses("loss/any.rs", [[AnyLoss::Bce(bce.mean()).times(2.0), AnyLoss::Bce(bce.mean()).times(1.0)]]);
    let forms = [dice.overlap(Product).accumulator().fingerprint(), dice.overlap(Squared).accumulator().fingerprint()];
    list.add("region/overlap.rs", forms.into_iter().chain([dice.overlap(Minimum).accumulator().fingerprint()]));

    let thresholds =
        [0.5, 0.25, 0.75].map(|threshold| bce.mean().accumulator().at_threshold(threshold).unwrap().fingerprint());
    list.add("stream/accumulator.rs", thresholds.into_iter().chain([bce.mean().counting_accumulator().fingerprint()]));
    let links = [1e-7, 1e-6].map(|epsilon| bce.mean().probability_accumulator(epsilon).unwrap().fingerprint());
    list.add("input/link.rs", links.into_iter().chain([bce.mean().accumulator().fingerprint()]));

    let quantised = [(0.1, 0), (0.2, 0), (0.1, 1)].map(|(scale, zero)| Quantisation::new(scale, zero).unwrap());
    list.add("histogram/mod.rs", quantised.map(|quantisation| Histogram::<i8>::new(quantisation).fingerprint()));
    list.add("histogram/mod.rs", [Histogram::<u8>::new(quantised[0]).fingerprint()]);
    list.add("histogram/mod.rs", [Histogram::<i8, 4>::with_levels(quantised[0]).fingerprint()]);
    let of_bytes = Quantisation::new(1.0 / 256.0, 0).unwrap();
    let probabilities = Histogram::<u8, 2, _>::of_probabilities(of_bytes).unwrap().fingerprint();
    list.add("histogram/meaning.rs", [probabilities, Histogram::<u8>::new(of_bytes).fingerprint()]);
    let boundary = [1e-7, 1e-6].map(|epsilon| Probabilities::new(epsilon).unwrap());
    list.add("boundary/mod.rs", boundary.map(|link| BoundaryAccumulator::with_link(link).fingerprint()));
    list.add("boundary/mod.rs", [BoundaryAccumulator::new().fingerprint()]);
    list.add("sorted/binned.rs", [BinnedLovasz::<64>::new().fingerprint(), BinnedLovasz::<65>::new().fingerprint()]);
    for empty in [EmptyImage::Skip, EmptyImage::Count] {
        list.add(
            "stream/image_mean.rs",
            [0.0, 1.0].map(|smooth| Dice::new(smooth).unwrap().image_mean(empty).fingerprint()),
        );
        let mean = ClassImageMean::<_, 3>::new(ClassAccumulator::new(PerClass::new(dice)), empty).fingerprint();
        let ignoring = ClassAccumulator::new(PerClass::new(dice)).ignoring(255u8);
        list.add("class/image_mean.rs", [mean, ClassImageMean::<_, 3>::new(ignoring, empty).fingerprint()]);
    }
    // A mean has another fingerprint than its loss.
    list.losses("stream/image_mean.rs", [Dice::new(0.0).unwrap()]);
    list.class_losses("class/image_mean.rs", [PerClass::new(dice)]);

    let ce = CrossEntropy::new();
    let smoothed = [0.0, 0.1].map(|epsilon| ce.label_smoothing(epsilon).unwrap());
    list.class_losses("class/cross_entropy.rs", smoothed.map(ClassPointwise::mean));
    let weighted = [[2.0, 1.0, 1.0], [1.0, 1.0, 2.0]].map(|weights| ce.weights(weights).unwrap());
    list.class_losses("class/cross_entropy.rs", weighted.map(ClassPointwise::mean));
    let denominators = [
        ClassDenominator::ClassWeight,
        ClassDenominator::Weight,
        ClassDenominator::WeightPlus(1e-8),
        ClassDenominator::WeightPlus(1e-5),
        ClassDenominator::Pixels,
        ClassDenominator::PixelsTimesClasses,
        ClassDenominator::Fixed(1.0),
        ClassDenominator::Fixed(2.0),
    ];
    list.class_losses("class/reduction.rs", denominators.map(|denominator| ce.over(denominator)));
    let focal = |gamma| SoftmaxFocal::new(gamma).unwrap();
    list.class_losses("class/focal.rs", [focal(2.0).mean(), focal(1.0).mean()]);
    list.class_losses("class/focal.rs", [focal(2.0).weights([2.0, 1.0, 1.0]).unwrap().mean()]);
    let per_class = PerClass::new(dice);
    list.class_losses("class/per_class.rs", [per_class, PerClass::new(Dice::new(2.0).unwrap())]);
    list.class_losses(
        "class/per_class.rs",
        [AbsentClass::Zero, AbsentClass::Skip].map(|absent| per_class.absent(absent)),
    );
    let reductions = [ClassReduction::Sum, ClassReduction::Pooled].map(|reduction| per_class.reduction(reduction));
    list.class_losses("class/per_class.rs", reductions);
    let modes = [WeightMode::Multiply, WeightMode::Normalise, WeightMode::Inside];
    for weights in [[2.0, 1.0, 1.0], [1.0, 2.0, 1.0]] {
        list.class_losses("class/per_class.rs", modes.map(|mode| per_class.weights(weights, mode).unwrap()));
    }
    list.class_losses("class/per_class.rs", [per_class.classes(Foreground)]);
    list.class_losses("class/per_class.rs", [[0, 1], [0, 2]].map(|classes| per_class.classes(classes)));
    let generalised = GeneralisedDice::new(1.0).unwrap();
    let volumes = [VolumeWeight::Square, VolumeWeight::Simple, VolumeWeight::Uniform];
    list.class_losses("class/generalised_dice.rs", volumes.map(|weight| generalised.volume_weight(weight)));
    let smoothed = [(0.5, 1.0), (1.0, 0.5)].map(|(above, below)| generalised.smooth(above, below).unwrap());
    list.class_losses("class/generalised_dice.rs", smoothed);
    list.class_losses("class/generalised_dice.rs", [generalised.classes(Foreground)]);
    let wasserstein = |near, smooth| WassersteinDice::new([[0.0, 1.0, 1.0], [1.0, 0.0, near], [1.0, 0.5, 0.0]], smooth);
    let all = [wasserstein(0.5, 0.0), wasserstein(0.25, 0.0), wasserstein(0.5, 1.0)].map(Result::unwrap);
    list.class_losses("class/wasserstein_dice.rs", all);
    let region =
        |overlap| PerClass::new(AnyRegion::new(AnyLoss::Dice(dice.overlap(overlap)))).classes(AnyClassSet::EveryClass);
    let any: [AnyClassLoss; 6] = [
        AnyClassLoss::CrossEntropy(ce.mean()),
        AnyClassLoss::SoftmaxFocal(focal(2.0).mean()),
        AnyClassLoss::PerClass(region(AnyOverlap::Product)),
        AnyClassLoss::PerClass(region(AnyOverlap::Squared)),
        AnyClassLoss::PerClass(region(AnyOverlap::Product).classes(AnyClassSet::Foreground)),
        AnyClassLoss::GeneralisedDice(generalised.classes(AnyClassSet::EveryClass)),
    ];
    list.class_losses("class/any.rs", any);
    let reading = ClassLoss::<3>::class_accumulator(&ce.mean());
    let labels =
        [255, 0, -1, i64::MAX, i64::MAX - 1, 1 << 32].map(|label: i64| reading.clone().ignoring(label).fingerprint());
    let readings = [reading.fingerprint(), reading.clone().with_classes(2).unwrap().fingerprint()];
    let activated = reading.clone().activation(Activation::Sigmoid).fingerprint();
    let capacity = ClassLoss::<4>::class_accumulator(&ce.mean());
    let capacities = [capacity.fingerprint(), capacity.with_classes(3).unwrap().fingerprint()];
    let matrix = ConfusionMatrix::<3>::new();
    let ignoring = [255, 0, -1, 1 << 32].map(|label: i64| matrix.clone().ignoring(label).fingerprint());
    let matrices = [matrix.fingerprint(), ConfusionMatrix::<4>::new().fingerprint()];
    list.add("class/confusion_matrix.rs", ignoring.into_iter().chain(matrices));
    watched(&mut list);
    list.add("class/accumulator.rs", labels.into_iter().chain(readings).chain([activated]).chain(capacities));
    list
}

/// What is kept of a model without labels, and the gradients of a last layer.
fn watched(list: &mut List) {
    let thresholds = [0.5, 0.25];
    list.add("watch/agreement.rs", thresholds.map(|at| Agreement::at_threshold(at).unwrap().fingerprint()));
    list.add("watch/expected_dice.rs", thresholds.map(|at| ExpectedDice::at_threshold(at).unwrap().fingerprint()));
    list.add("watch/foreground.rs", thresholds.map(|at| ForegroundShare::at_threshold(at).unwrap().fingerprint()));
    let classes = [ClassEntropy::<3>::new().fingerprint(), ClassEntropy::<4>::new().fingerprint()];
    list.add("watch/entropy.rs", classes.into_iter().chain([PredictiveEntropy::new().fingerprint()]));
    let ranges = [(-8.0, 8.0), (-8.0, 7.0), (-7.0, 8.0)];
    let bins = ranges.map(|(low, high)| LogitBins::<4>::new(low, high).unwrap().fingerprint());
    list.add("watch/drift.rs", bins.into_iter().chain([LogitBins::<5>::new(-8.0, 8.0).unwrap().fingerprint()]));
    let watch = || Watch::<4>::new(-8.0, 8.0).unwrap();
    let options = [watch().fingerprint(), watch().at_threshold(0.25).unwrap().fingerprint()];
    list.add("watch/model.rs", options.into_iter().chain([Watch::<5>::new(-8.0, 8.0).unwrap().fingerprint()]));

    let layer = Layer { weights: [[0.5, 1.0]], bias: [0.25] };
    let other = Layer { weights: [[1.0, 0.5]], bias: [0.25] };
    let moved = Layer { weights: [[0.5, 1.0]], bias: [0.5] };
    list.add("head/layer.rs", [layer, other, moved].map(|layer| layer.fingerprint()));
    let mut sums = Dice::new(1.0).unwrap().accumulator();
    let empty = HeadGradient::<i8, 2, 1>::new(&layer, &sums).fingerprint();
    let of_u8 = HeadGradient::<u8, 2, 1>::new(&layer, &sums).fingerprint();
    let of_iou = HeadGradient::<i8, 2, 1>::new(&layer, &Iou::new(1.0).unwrap().accumulator()).fingerprint();
    sums.push((0.5, true));
    let of_a_pixel = HeadGradient::<i8, 2, 1>::new(&layer, &sums).fingerprint();
    let at_other_weights = HeadGradient::<i8, 2, 1>::new(&other, &sums).fingerprint();
    list.add("head/gradient.rs", [empty, of_u8, of_iou, of_a_pixel, at_other_weights]);
}

/// The files of the losses that every law is tested on.
struct Files(BTreeSet<&'static str>);

impl Visitor for Files {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, _: L) {
        self.0.insert(entry.file);
    }
}

#[test]
fn no_two_options_of_a_loss_share_a_fingerprint() {
    for (file, mut fingerprints) in list().0 {
        let count = fingerprints.len();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), count, "{file}: an option does not enter the fingerprint");
        assert!(count > 1, "{file}");
    }
}

/// The list has every file that hashes, and every loss.
#[test]
fn every_file_that_makes_fingerprints_is_in_the_list() {
    let list = list();
    let mut files = Files(BTreeSet::new());
    every_loss(&mut files);
    for file in &files.0 {
        assert!(list.0.contains_key(file), "{file} is not in the list of fingerprints");
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // Hashed by other files, or without options.
    let parts = [
        "fingerprint.rs",
        "stream/serde.rs",
        "loss/mod.rs",
        "error.rs",
        "sums/shared.rs",
        "input/quantisation.rs",
        "class/combine.rs",
        "class/loss.rs",
        "class/pixel.rs",
        "class/weights.rs",
        "stream/logs.rs",
        "watch/mod.rs",
        "watch/state.rs",
        "head/weights.rs",
    ];
    let parts: BTreeSet<&str> = parts
        .into_iter()
        .chain(["pointwise/mod.rs", "region/user.rs", "region/similarity.rs", "extend.rs", "lib.rs"])
        .collect();
    let mut hashing = BTreeSet::new();
    fn all(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                all(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && std::fs::read_to_string(&path).unwrap().contains("ingerprint")
            {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    all(&source, &source, &mut hashing);
    for file in &hashing {
        assert!(
            list.0.contains_key(file.as_str()) || parts.contains(file.as_str()),
            "{file} is not in the list of fingerprints"
        );
    }
}

/// A mean that skips empty images differs from one that counts them.
#[test]
fn means_over_other_images_do_not_merge() {
    let dice = Dice::new(1.0).unwrap();
    let mut skipping = dice.image_mean(EmptyImage::Skip);
    let counting = dice.image_mean(EmptyImage::Count);
    assert!(skipping.merge(&counting).is_err());
    assert!(skipping.merge(&skipping.clone()).is_ok());
    let loss = PerClass::new(dice);
    let mut skipping = ClassLoss::<3>::class_image_mean(&loss, EmptyImage::Skip);
    assert!(skipping.merge(&loss.class_image_mean(EmptyImage::Count)).is_err());
    assert!(skipping.merge(&skipping.clone()).is_ok());
}

/// −0 and 0 are one number and give one loss.
#[test]
fn the_sign_of_zero_does_not_matter() {
    let fingerprint = |smooth| Dice::new(smooth).unwrap().accumulator().fingerprint();
    assert_eq!(fingerprint(0.0), fingerprint(-0.0));
    assert_eq!(Accumulator::new(Dice::new(0.0).unwrap(), Logits).fingerprint(), fingerprint(-0.0));
}
