//! Two registers used as one.

use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Shl, Shr, Sub};

use super::lanes::{Kernel, Lanes};
use super::real::{Bits, Float32, Real, functions_of_math};

/// Lanes of twice the width: a formula runs on two registers, instruction by instruction.
///
/// A formula is a chain whose steps wait for each other. With two chains the processor works on one while the other
/// waits.
#[derive(Clone, Copy)]
pub(crate) struct Twice<V>(V, V);

macro_rules! operators {
    ($($trait:ident $method:ident),*) => {
        $(impl<V: $trait<Output = V>> $trait for Twice<V> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0), self.1.$method(other.1))
            }
        })*
    };
}
operators!(Add add, Sub sub, Mul mul, Div div, BitAnd bitand, BitOr bitor, BitXor bitxor);

macro_rules! shifts {
    ($($trait:ident $method:ident),*) => {
        $(impl<V: $trait<u32, Output = V>> $trait<u32> for Twice<V> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, by: u32) -> Self {
                Self(self.0.$method(by), self.1.$method(by))
            }
        })*
    };
}
shifts!(Shl shl, Shr shr);

impl<V: Neg<Output = V>> Neg for Twice<V> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl<B: Bits> Bits for Twice<B> {
    #[inline(always)]
    fn splat(bits: u32) -> Self {
        Self(B::splat(bits), B::splat(bits))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(self.0.plus(other.0), self.1.plus(other.1))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Self(self.0.minus(other.0), self.1.minus(other.1))
    }

    #[inline(always)]
    fn shift_signed(self, by: u32) -> Self {
        Self(self.0.shift_signed(by), self.1.shift_signed(by))
    }
}

impl<V: Float32> Real for Twice<V> {
    const LANES: usize = 2 * V::LANES;

    type Mask = (V::Mask, V::Mask);

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(V::splat(x), V::splat(x))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs(), self.1.abs())
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.min(other.1))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0), self.1.max(other.1))
    }

    #[inline(always)]
    fn ge(self, other: Self) -> Self::Mask {
        (self.0.ge(other.0), self.1.ge(other.1))
    }

    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(V::select(mask.0, yes.0, no.0), V::select(mask.1, yes.1, no.1))
    }

    functions_of_math!();
}

impl<V: Float32> Float32 for Twice<V> {
    type Bits = Twice<V::Bits>;

    #[inline(always)]
    fn to_bits(self) -> Self::Bits {
        Twice(self.0.to_bits(), self.1.to_bits())
    }

    #[inline(always)]
    fn from_bits(bits: Self::Bits) -> Self {
        Self(V::from_bits(bits.0), V::from_bits(bits.1))
    }
}

impl<V: Lanes> Lanes for Twice<V> {
    const WIDTH: usize = 2 * V::WIDTH;
    const TERMS_A_TOTAL: u32 = 2 * V::TERMS_A_TOTAL;

    type Total = V::Total;

    #[inline(always)]
    fn apart<K: Kernel>(kernel: K) -> K::Output {
        V::apart(kernel)
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        let (first, second) = from.split_at_checked(V::WIDTH).unwrap_or_default();
        Self(V::load(first), V::load(second))
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        if let Some((first, second)) = to.split_at_mut_checked(V::WIDTH) {
            self.0.store(first);
            self.1.store(second);
        }
    }

    #[inline(always)]
    fn add_to(total: V::Total, bits: Self::Bits) -> V::Total {
        V::add_to(V::add_to(total, bits.0), bits.1)
    }

    #[inline(always)]
    fn sum_signed(total: V::Total) -> i64 {
        V::sum_signed(total)
    }

    #[inline(always)]
    fn any_bit(bits: Self::Bits) -> bool {
        V::any_bit(bits.0 | bits.1)
    }

    #[inline(always)]
    fn both(a: Self::Mask, b: Self::Mask) -> Self::Mask {
        (V::both(a.0, b.0), V::both(a.1, b.1))
    }

    #[inline(always)]
    fn count(mask: Self::Mask) -> u32 {
        V::count(mask.0) + V::count(mask.1)
    }
}
