//! Calls of PyTorch and its libraries beside calls of this crate. Both give the same figures on the batches of the reference vectors.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::path::Path;

use loss_core::class::{ClassLoss, ClassPlane, Layout};
use loss_core::conventions::{kornia, monai, pytorch, segmentation_models_pytorch as smp, torchvision};
use loss_core::{EmptyImage, Loss, Plane, Pointwise};
use npyz::{Deserialize, NpyFile};

fn read<T: Deserialize>(name: &str) -> Result<Vec<T>, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../loss-core/tests/vectors").join(name);
    Ok(NpyFile::new(File::open(path)?)?.into_vec()?)
}

/// The loss of two images of 16×16 pixels: the mean over them, or all pixels pooled.
fn binary(loss: impl Loss, by_image: bool) -> Result<f64, Box<dyn Error>> {
    let (logits, targets): (Vec<f32>, Vec<u8>) = (read("pub_bin.logits.npy")?, read("pub_bin.targets.npy")?);
    let pixels = if by_image { 256 } else { 512 };
    let mut mean = loss.image_mean(EmptyImage::Count);
    for (logits, targets) in logits.chunks(pixels).zip(targets.chunks(pixels)) {
        mean.extend_plane(Plane::new(logits, targets)?);
        mean.end_image()?;
    }
    Ok(mean.finish()?)
}

/// The loss of the images with five classes.
fn classes(loss: impl ClassLoss<5>) -> Result<f64, Box<dyn Error>> {
    let (logits, labels): (Vec<f32>, Vec<u8>) = (read("pub_cls.logits.npy")?, read("pub_cls.targets.npy")?);
    let mut mean = loss.class_image_mean(EmptyImage::Count);
    for (logits, labels) in logits.chunks(5 * 256).zip(labels.chunks(256)) {
        mean.extend_plane(ClassPlane::new(5, Layout::Planar, logits, labels)?);
        mean.end_image()?;
    }
    Ok(mean.finish()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let row = |call: &str, here: &str, value: f64| println!("{call:52} {here:46} {value:.6}");
    let bce = binary(pytorch::bce_with_logits(), false)?;
    row("F.binary_cross_entropy_with_logits(z, t)", "pytorch::bce_with_logits()", bce);
    row("F.cross_entropy(z, y)", "pytorch::cross_entropy()", classes(pytorch::cross_entropy())?);
    let focal = torchvision::sigmoid_focal().mean();
    row("sigmoid_focal_loss(z, t, reduction=\"mean\")", "torchvision::sigmoid_focal().mean()", binary(focal, false)?);
    row("monai DiceLoss(sigmoid=True)", "monai::dice(), by image", binary(monai::dice(), true)?);
    let both = classes(monai::dice_ce_softmax())?;
    row("monai DiceCELoss(softmax=True, to_onehot_y=True)", "monai::dice_ce_softmax(), by image", both);
    row("smp.losses.DiceLoss(\"binary\")", "smp::dice()", binary(smp::dice(), false)?);
    row("smp.losses.MCCLoss()", "smp::mcc()", binary(smp::mcc(), false)?);
    row("kornia dice_loss(z, y, average=\"macro\")", "kornia::dice_macro(), by image", classes(kornia::dice_macro())?);
    Ok(())
}
