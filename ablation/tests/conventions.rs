//! The losses of other libraries, against those that the library has as functions.

mod common;

use common::{Folder, close, number};
use loss_core::class::{ClassLoss, ClassPlane, ClassPointwise, Layout};
use loss_core::conventions::{
    keras, kornia, monai, nnunet, optax, pytorch, segmentation_models_pytorch as smp, torchvision,
};
use loss_core::{EmptyImage, Loss, Plane, Pointwise};
use serde_json::Value;

const IMAGES: usize = 3;
const CLASSES: usize = 4;
const PIXELS: usize = 30;

fn random(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    }
}

/// Pixels of binary masks or of classes, of which the last class is in no target of the last image.
struct Data {
    logits: Vec<f32>,
    targets: Vec<u8>,
}

impl Data {
    fn binary() -> Self {
        let mut random = random(7);
        let logits = (0..IMAGES * PIXELS).map(|_| 6.0 * random() - 3.0).collect();
        Self { logits, targets: (0..IMAGES * PIXELS).map(|_| u8::from(random() < 0.3)).collect() }
    }

    fn of_classes() -> Self {
        let mut random = random(8);
        let logits = (0..IMAGES * CLASSES * PIXELS).map(|_| 6.0 * random() - 3.0).collect();
        let most = |index: usize| if index / PIXELS == IMAGES - 1 { CLASSES - 1 } else { CLASSES };
        let targets = (0..IMAGES * PIXELS).map(|index| (random() * most(index) as f32) as u8).collect();
        Self { logits, targets }
    }

    fn batch(&self, loss: impl Loss) -> f64 {
        let mut sums = loss.accumulator();
        sums.extend_plane(Plane::new(&self.logits, &self.targets).expect("a plane"));
        sums.finish().expect("a value").value()
    }

    fn images(&self, loss: impl Loss) -> f64 {
        let mut mean = loss.image_mean(EmptyImage::Skip);
        for (logits, targets) in self.logits.chunks(PIXELS).zip(self.targets.chunks(PIXELS)) {
            mean.extend_plane(Plane::new(logits, targets).expect("a plane"));
            mean.end_image().expect("an image");
        }
        mean.finish().expect("a mean")
    }

    fn planes(&self) -> impl Iterator<Item = ClassPlane<'_, u8, CLASSES>> {
        let images = self.logits.chunks(CLASSES * PIXELS).zip(self.targets.chunks(PIXELS));
        images.map(|(logits, labels)| ClassPlane::new(CLASSES, Layout::Planar, logits, labels).expect("a plane"))
    }

    fn class_batch(&self, loss: impl ClassLoss<CLASSES>) -> f64 {
        let mut sums = loss.class_accumulator();
        self.planes().for_each(|plane| sums.extend_plane(plane));
        sums.finish().expect("a value").value()
    }

    fn class_images(&self, loss: impl ClassLoss<CLASSES>) -> f64 {
        let mut mean = loss.class_image_mean(EmptyImage::Skip);
        for plane in self.planes() {
            mean.extend_plane(plane);
            mean.end_image().expect("an image");
        }
        mean.finish().expect("a mean")
    }
}

fn scored(shape: &[u64], data: &Data) -> Vec<Value> {
    let folder = Folder::new();
    folder.c("z.npy", shape, &data.logits).c("y.npy", &[IMAGES as u64, PIXELS as u64], &data.targets);
    let libraries = folder.run("losses --conventions --json", &[]).json();
    let of = if shape.len() == 2 { "binary masks" } else { "classes" };
    let mut arguments = vec!["--json"];
    for convention in libraries["conventions"].as_array().expect("conventions") {
        if convention["of"] == of {
            arguments.extend(["--convention", convention["convention"].as_str().expect("a name")]);
        }
    }
    let json = folder.run("score --logits z.npy --targets y.npy", &arguments).json();
    json["conventions"].as_array().expect("conventions").clone()
}

fn check(scores: &[Value], expected: &[(&str, f64)]) {
    for score in scores {
        let name = score["convention"].as_str().expect("a name");
        let (_, value) = expected.iter().find(|(other, _)| *other == name).unwrap_or_else(|| panic!("{name}"));
        close(number(score, "value"), *value, 1e-9);
    }
    assert_eq!(scores.len(), expected.len());
}

#[test]
fn of_binary_masks() {
    let data = Data::binary();
    check(
        &scored(&[IMAGES as u64, PIXELS as u64], &data),
        &[
            ("pytorch.bce_with_logits", data.batch(pytorch::bce_with_logits())),
            ("torchvision.sigmoid_focal", data.batch(torchvision::sigmoid_focal().mean())),
            ("monai.dice", data.images(monai::dice())),
            ("monai.dice_squared", data.images(monai::dice_squared())),
            ("monai.jaccard", data.images(monai::jaccard())),
            ("monai.tversky", data.images(monai::tversky())),
            ("monai.focal", data.batch(monai::focal())),
            ("monai.dice_ce", data.images(monai::dice_ce())),
            ("monai.dice_focal", data.images(monai::dice_focal())),
            ("smp.dice", data.batch(smp::dice())),
            ("smp.jaccard", data.batch(smp::jaccard())),
            ("smp.tversky", data.batch(smp::tversky())),
            ("smp.focal", data.batch(smp::focal())),
            ("smp.soft_bce_with_logits", data.batch(smp::soft_bce_with_logits())),
            ("smp.mcc", data.batch(smp::mcc())),
            ("kornia.binary_focal_with_logits", data.batch(kornia::binary_focal_with_logits().mean_over_pixels())),
            ("nnunet.dc_and_bce", data.images(nnunet::dc_and_bce())),
            ("keras.binary_crossentropy", data.batch(keras::binary_crossentropy())),
            ("keras.binary_focal_crossentropy", data.batch(keras::binary_focal_crossentropy())),
            ("keras.dice", data.batch(keras::dice())),
            ("keras.tversky", data.batch(keras::tversky())),
            ("optax.sigmoid_binary_cross_entropy", data.batch(optax::sigmoid_binary_cross_entropy().mean())),
            ("optax.sigmoid_focal", data.batch(optax::sigmoid_focal().mean())),
            ("optax.dice", data.images(optax::dice())),
        ],
    );
}

#[test]
fn of_classes() {
    let data = Data::of_classes();
    check(
        &scored(&[IMAGES as u64, CLASSES as u64, PIXELS as u64], &data),
        &[
            ("pytorch.cross_entropy", data.class_batch(pytorch::cross_entropy())),
            ("monai.dice_softmax", data.class_images(monai::dice_softmax())),
            (
                "monai.dice_softmax_foreground",
                data.class_images(monai::dice_softmax().classes(loss_core::class::Foreground)),
            ),
            ("monai.tversky_softmax", data.class_images(loss_core::class::PerClass::new(monai::tversky()))),
            ("monai.generalized_dice", data.class_images(monai::generalized_dice())),
            ("monai.focal_softmax", data.class_batch(monai::focal_softmax())),
            ("monai.dice_ce_softmax", data.class_images(monai::dice_ce_softmax())),
            ("smp.dice_multiclass", data.class_batch(smp::dice_multiclass())),
            ("smp.jaccard_multiclass", data.class_batch(smp::jaccard_multiclass())),
            ("smp.tversky_multiclass", data.class_batch(smp::tversky_multiclass())),
            ("smp.soft_cross_entropy", data.class_batch(smp::soft_cross_entropy())),
            ("kornia.dice", data.class_images(kornia::dice())),
            ("kornia.dice_macro", data.class_images(kornia::dice_macro())),
            ("nnunet.soft_dice", data.class_images(nnunet::soft_dice())),
            ("nnunet.dc_and_ce", data.class_images(nnunet::dc_and_ce())),
            ("keras.sparse_categorical_crossentropy", data.class_batch(keras::sparse_categorical_crossentropy())),
            ("keras.categorical_focal_crossentropy", data.class_batch(keras::categorical_focal_crossentropy())),
            ("keras.dice_softmax", data.class_batch(keras::dice_softmax())),
            ("optax.softmax_cross_entropy", data.class_batch(optax::softmax_cross_entropy().mean())),
            ("optax.dice_softmax", data.class_images(optax::dice_softmax())),
        ],
    );
}
