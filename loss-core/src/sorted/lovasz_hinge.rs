use super::lovasz::{ErrorKind, Lovasz};
use crate::facts::{Facts, Listed, Needs};

/// Lovász hinge: the [`Lovasz`] extension of the Jaccard loss over the hinge errors of logits.
///
/// L = Σ max(eᵢ, 0)·(Jᵢ − Jᵢ₋₁) by falling errors e = 1 − z(2t−1), where Jᵢ is the Jaccard loss with the first i pixels mistaken.
///
/// ∂L/∂zᵢ = −(2tᵢ−1)·(Jᵢ − Jᵢ₋₁) for eᵢ > 0, else 0.
///
#[doc = include_str!("../../pictures/lovasz_hinge.svg")]
///
/// **Domain.** Any finite logit. The order is that of −z(2t−1), which needs no rounding, so pixels whose errors would round to
/// the same `f32` keep their order. **Scratch:** one `u32` per valid pixel. Ties, empty masks, ignored pixels and the error bound are
/// those of [`Lovasz`]: a mask of background alone gives the largest hinge error. All pixels are pooled. For the mean over
/// images call [`reset`](Lovasz::reset) after each, and give each image's gradient the upstream factor 1/images.
///
/// ```
/// use loss_core::sorted::LovaszHinge;
/// use loss_core::Plane;
///
/// let (logits, mask) = ([2.0, -0.5, 0.25, -3.0], [true, true, false, false]);
/// let plane = Plane::new(&logits, &mask)?;
/// let mut scratch = [0; 4];
/// let mut pixels = LovaszHinge::new(&mut scratch);
/// pixels.extend_plane(plane);
/// let finished = pixels.finish()?;
/// // errors 1.5 (foreground) and 1.25 (background); J = 1/2, then 1 − 1/3
/// assert!((finished.value() - (1.5 / 2.0 + 1.25 / 6.0)).abs() < 1e-12);
///
/// let mut gradient = [0.0; 4];
/// finished.write_gradient(plane, &mut gradient)?;
/// assert_eq!(gradient, [0.0, -0.5, 1.0 / 6.0, 0.0]);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Yu and Blaschko, *Learning submodular losses with the Lovász hinge*, 2015; Berman et al., 2018.
#[doc(alias = "BinaryLovaszLoss")]
#[doc(alias = "lovasz_hinge_loss")]
#[doc(alias = "LovaszHingeLoss")]
#[doc(alias = "LovaszLoss")]
pub type LovaszHinge<'a> = Lovasz<'a, HingeErrors>;

/// The errors of [`LovaszHinge`]: the input is a logit z, the error 1 − z(2t−1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HingeErrors {}

impl ErrorKind for HingeErrors {
    fn accepts(input: f32) -> bool {
        input.is_finite()
    }

    fn rank(input: f32, foreground: bool) -> f32 {
        if foreground { -input } else { input }
    }

    fn error(rank: f32) -> f64 {
        1.0 + f64::from(rank)
    }

    fn slope(foreground: bool) -> f64 {
        if foreground { -1.0 } else { 1.0 }
    }
}

impl Listed for LovaszHinge<'_> {
    const FACTS: Facts = Facts {
        name: "lovasz_hinge",
        aliases: &["lovasz"],
        needs: Needs::AllPixels,
        formula: "Σ max(eᵢ, 0)·(Jᵢ − Jᵢ₋₁) by falling errors e = 1 − z(2t−1),  Jᵢ = the Jaccard loss with the first i mistaken",
        description: "Lovász hinge: the Lovász extension of the Jaccard loss, over the hinge errors of logits.",
        source: "Yu and Blaschko, Learning submodular losses with the Lovász hinge, 2015; Berman et al., The Lovász-Softmax loss, 2018",
        page: "sorted::LovaszHinge",
        ..Facts::NONE
    };
}
