use crate::sums::exact::UnitSum;

/// A feature of a pixel: `i8`, `u8`, `i16` or `f32`. No other type can implement it.
///
/// The codes of a quantised network are taken as they are. Its scale and zero point are absorbed by weights and bias: scale·Σ w (x − zero point) is
/// another layer over x.
pub trait Feature: Copy + sealed::Feature {}

pub(super) mod sealed {
    use super::UnitSum;

    /// Keeps [`Feature`](super::Feature) from being implemented elsewhere.
    pub trait Feature {
        /// Tells the types from each other.
        const NAME: &'static str;

        /// The feature as a number, exactly.
        fn to_f32(self) -> f32;

        /// Adds g·x, rounded once to a multiple of 2⁻⁶⁴.
        fn add_product(self, slope: f32, sum: &mut UnitSum);
    }
}

macro_rules! integers {
    ($($integer:ty, $name:literal);*) => {
        $(impl Feature for $integer {}

        impl sealed::Feature for $integer {
            const NAME: &'static str = $name;

            #[inline(always)]
            fn to_f32(self) -> f32 {
                self.into()
            }

            #[inline(always)]
            fn add_product(self, slope: f32, sum: &mut UnitSum) {
                sum.add_product_with_integer(slope, self.into());
            }
        })*
    };
}
integers!(i8, "i8"; u8, "u8"; i16, "i16");

impl Feature for f32 {}

impl sealed::Feature for f32 {
    const NAME: &'static str = "f32";

    #[inline(always)]
    fn to_f32(self) -> f32 {
        self
    }

    #[inline(always)]
    fn add_product(self, slope: f32, sum: &mut UnitSum) {
        sum.add_product(slope, self);
    }
}
