//! The Rust of every page, as tests of the documentation.

/// Declares the pages with Rust. A test compares the list with the folder.
macro_rules! pages {
    ($($name:ident $page:literal)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../../docs/guide/src/", $page))]
            mod $name {}
        )*

        /// The pages whose Rust is tested.
        pub const PAGES_WITH_RUST: &[&str] = &[$($page,)*];
    };
}

pages! {
    choosing_empty_images "choosing/empty-images.md"
    choosing_quantised "choosing/quantised.md"
    choosing_soft_labels "choosing/soft-labels.md"
    exactness "exactness.md"
    index "index.md"
    losses_asymmetric_focal "losses/asymmetric_focal.md"
    losses_asymmetric_focal_tversky "losses/asymmetric_focal_tversky.md"
    losses_balanced_bce "losses/balanced_bce.md"
    losses_bce "losses/bce.md"
    losses_boundary "losses/boundary.md"
    losses_ce "losses/ce.md"
    losses_dice "losses/dice.md"
    losses_exponential_log_cross_entropy "losses/exponential_log_cross_entropy.md"
    losses_exponential_log_dice "losses/exponential_log_dice.md"
    losses_focal "losses/focal.md"
    losses_focal_tversky "losses/focal_tversky.md"
    losses_generalised_cross_entropy "losses/generalised_cross_entropy.md"
    losses_generalised_dice "losses/generalised_dice.md"
    losses_iou "losses/iou.md"
    losses_log_cosh_dice "losses/log_cosh_dice.md"
    losses_log_dice "losses/log_dice.md"
    losses_lovasz_hinge "losses/lovasz_hinge.md"
    losses_lovasz_softmax "losses/lovasz_softmax.md"
    losses_mcc "losses/mcc.md"
    losses_normalised_focal "losses/normalised_focal.md"
    losses_ohem "losses/ohem.md"
    losses_poly1 "losses/poly1.md"
    losses_quality_focal "losses/quality_focal.md"
    losses_reduced_focal "losses/reduced_focal.md"
    losses_softmax_focal "losses/softmax_focal.md"
    losses_top_k "losses/top_k.md"
    losses_tversky "losses/tversky.md"
    losses_unified_focal "losses/unified_focal.md"
    losses_wasserstein_dice "losses/wasserstein_dice.md"
    microcontroller "microcontroller.md"
    recipes_fleet "recipes/fleet.md"
    recipes_resume "recipes/resume.md"
    recipes_threads "recipes/threads.md"
    recipes_tiles "recipes/tiles.md"
    recipes_training_loop "recipes/training-loop.md"
    walkthrough "walkthrough.md"
}
