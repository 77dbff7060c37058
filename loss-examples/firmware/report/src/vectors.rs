//! Cases of the reference vectors, built into the program.

use loss_core::Sample;
use loss_core::class::ClassSample;
use ufmt::uwrite;

use crate::error::ReportError;
use crate::lines::{Output, line};
use crate::losses::{bce_dice, cross_entropy_dice, focal_tversky};
use crate::pixels::{ClassPixels, Half, Pixels};
use crate::report::{binary, classes, counted};

/// The numbers of an `.npy` file.
#[derive(Clone, Copy)]
struct Numbers {
    file: &'static [u8],
    start: usize,
}

impl Numbers {
    /// Version 1 of the format: ten bytes, of which the last two tell how long the text is that follows.
    const fn of(file: &'static [u8]) -> Self {
        Self { file, start: 10 + file[8] as usize + 256 * file[9] as usize }
    }

    fn f32(&self, index: usize) -> Option<f32> {
        let at = self.start.wrapping_add(index.wrapping_mul(4));
        self.file.get(at..)?.first_chunk().map(|&bytes| f32::from_le_bytes(bytes))
    }

    fn u8(&self, index: usize) -> Option<u8> {
        self.file.get(self.start.wrapping_add(index)).copied()
    }

    /// How many bytes there are.
    const fn len(&self) -> usize {
        self.file.len().saturating_sub(self.start)
    }
}

macro_rules! numbers {
    ($name:literal, $kind:literal) => {{
        const NUMBERS: Numbers = Numbers::of(include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../loss-core/tests/vectors/",
            $name,
            $kind
        )));
        NUMBERS
    }};
}

macro_rules! vector {
    ($name:literal, $pixels:expr) => {
        (
            $name,
            Vector {
                logits: numbers!($name, ".logits.npy"),
                targets: numbers!($name, ".targets.npy"),
                pixels: $pixels,
            },
        )
    };
}

/// Logits and targets, and how many pixels they are.
struct Vector {
    logits: Numbers,
    targets: Numbers,
    pixels: u32,
}

impl Vector {
    /// Targets are bytes, or as many `f32`s as logits.
    fn is_soft(&self) -> bool {
        self.targets.len() == self.logits.len()
    }

    fn pixels(&self, half: Half) -> impl Iterator<Item = usize> + use<> {
        half.of(0..self.pixels).map(|pixel| pixel as usize)
    }
}

/// Prints the report of each case.
pub(crate) fn report(output: &mut impl Output) -> Result<(), ReportError> {
    for (name, vector) in [
        vector!("pub_bin", 512),
        vector!("seed000", 8192),
        vector!("ext_hard", 48),
        vector!("ext_mixed_empty", 128),
        vector!("seed003_batch3", 768),
        vector!("pub_bin_soft", 512),
        vector!("ext_soft", 24),
    ] {
        line(output, |text| uwrite!(text, "vector {}", name))?;
        binary(output, "bce+dice", &bce_dice()?, &vector)?;
        if !vector.is_soft() {
            counted(output, "bce+dice counted", &bce_dice()?, &vector)?;
        }
        binary(output, "focal+tversky", &focal_tversky()?, &vector)?;
    }
    for (name, vector) in [vector!("pub_cls", 512), vector!("pub_cls_ign", 512), vector!("seed001_rand", 512)] {
        line(output, |text| uwrite!(text, "vector {}", name))?;
        classes(output, "ce+dice", &cross_entropy_dice::<5>()?, &Planar::<5> { vector, image: 256 })?;
    }
    let (name, vector) = vector!("ext_softmax", 36);
    line(output, |text| uwrite!(text, "vector {}", name))?;
    classes(output, "ce+dice", &cross_entropy_dice::<3>()?, &Planar::<3> { vector, image: 36 }).map(|_| ())
}

impl Pixels for Vector {
    fn for_each(&self, half: Half, act: &mut dyn FnMut(Sample)) {
        let soft = self.is_soft();
        for pixel in self.pixels(half) {
            let target = if soft { self.targets.f32(pixel) } else { self.targets.u8(pixel).map(f32::from) };
            // A pixel that is not there is rejected, and so counted.
            act((self.logits.f32(pixel).unwrap_or(f32::NAN), target.unwrap_or(f32::NAN)).into());
        }
    }
}

/// Images of C classes, each class by class, `image` pixels each.
struct Planar<const C: usize> {
    vector: Vector,
    image: usize,
}

impl<const C: usize> ClassPixels<C> for Planar<C> {
    fn for_each(&self, half: Half, act: &mut dyn FnMut(ClassSample<C>)) {
        let Vector { logits, targets, .. } = &self.vector;
        for pixel in self.vector.pixels(half) {
            let (image, position) = (pixel.checked_div(self.image), pixel.checked_rem(self.image));
            let first = image.unwrap_or_default().wrapping_mul(self.image).wrapping_mul(C);
            let at = |class: usize| {
                let before = class.wrapping_mul(self.image).wrapping_add(position.unwrap_or_default());
                logits.f32(first.wrapping_add(before)).unwrap_or(f32::NAN)
            };
            act((core::array::from_fn(at), targets.u8(pixel).map_or(-1, i32::from)).into());
        }
    }
}
