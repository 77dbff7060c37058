//! A real image that the program carries: nuclei under a fluorescence microscope. `ablation/data/nuclei` names its source.

use std::sync::LazyLock;

use super::Real;
use crate::images::{Image, Mask};

/// The image is cut into quadrants, which are used as separate images.
pub(crate) const QUADRANTS: usize = 4;

static IMAGE: &[u8] = include_bytes!("../../../data/nuclei/image.png");
static MASK: &[u8] = include_bytes!("../../../data/nuclei/mask.png");

/// The quadrants of the image, as images.
pub(super) fn nuclei() -> &'static Real {
    static NUCLEI: LazyLock<Real> = LazyLock::new(|| {
        let whole = (Image::of_bytes(IMAGE, "nuclei"), Mask::of_bytes(MASK, "nuclei"));
        let (Ok(image), Ok(mask)) = whole else { return Real::none() };
        let quadrants = (0..QUADRANTS).map(|place| {
            let corner = [place % 2 * (image.width / 2), place / 2 * (image.height / 2)];
            (image.part(corner), mask.part(corner))
        });
        Real::new(quadrants.collect(), |value| value != 0).unwrap_or_else(|_| Real::none())
    });
    &NUCLEI
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file is complete, and its foreground is what its source says.
    #[test]
    fn four_quadrants_of_the_image() {
        assert_eq!(nuclei().len(), QUADRANTS);
        assert_eq!(nuclei().share(), 52_226.0 / 262_144.0);
        nuclei().check(256, QUADRANTS).unwrap();
    }
}
