//! Lanes of registers that hold four numbers, written once for the processors that have no others.

/// Writes the lanes of a register of four numbers, and of their bits, from the instructions of a processor.
///
/// What stands behind `unsafe` here is an instruction, which the module that writes this is compiled for targets with alone, or a load or store of four numbers whose number
/// the type says.
macro_rules! lanes_of_four {
    (
        $(#[$attribute:meta])*
        $lanes:ident, $bits:ident: $with:ident;
        registers $register:ty, $bit_register:ty, $mask:ty;
        arithmetic $add:ident $sub:ident $mul:ident $div:ident $neg:ident $abs:ident;
        comparisons $lt:ident $gt:ident $ge:ident $select:ident;
        integers $plus:ident $minus:ident $and:ident $or:ident $xor:ident;
        shifts $left:expr, $right:expr, $right_signed:expr;
        moves $set:ident $set_bits:ident, $to_bits:expr, $from_bits:expr, $load:expr, $store:expr;
        functions $both:ident, $count:expr, $sum:expr, $any:expr;
    ) => {
        #[inline(never)]
        pub(super) fn $with<K: Kernel>(kernel: K) -> K::Output {
            kernel.run::<Twice<$lanes>>()
        }

        $(#[$attribute])*
        #[derive(Clone, Copy)]
        pub(super) struct $lanes($register);

        /// The bits of four numbers.
        #[derive(Clone, Copy)]
        pub(super) struct $bits($bit_register);

        lanes_of_four! { @operators
            $lanes Add add $add, $lanes Sub sub $sub, $lanes Mul mul $mul, $lanes Div div $div,
            $bits BitAnd bitand $and, $bits BitOr bitor $or, $bits BitXor bitxor $xor
        }

        impl Neg for $lanes {
            type Output = Self;

            #[inline(always)]
            fn neg(self) -> Self {
                Self(unsafe { $neg(self.0) })
            }
        }

        impl Shl<u32> for $bits {
            type Output = Self;

            #[inline(always)]
            fn shl(self, by: u32) -> Self {
                Self(unsafe { $left(self.0, by) })
            }
        }

        impl Shr<u32> for $bits {
            type Output = Self;

            #[inline(always)]
            fn shr(self, by: u32) -> Self {
                Self(unsafe { $right(self.0, by) })
            }
        }

        impl Bits for $bits {
            #[inline(always)]
            fn splat(bits: u32) -> Self {
                Self(unsafe { $set_bits(bits) })
            }

            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                Self(unsafe { $plus(self.0, other.0) })
            }

            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                Self(unsafe { $minus(self.0, other.0) })
            }

            #[inline(always)]
            fn shift_signed(self, by: u32) -> Self {
                Self(unsafe { $right_signed(self.0, by) })
            }
        }

        impl Real for $lanes {
            const LANES: usize = Self::WIDTH;

            type Mask = $mask;

            #[inline(always)]
            fn splat(x: f32) -> Self {
                Self(unsafe { $set(x) })
            }

            #[inline(always)]
            fn abs(self) -> Self {
                Self(unsafe { $abs(self.0) })
            }

            // The instructions for the smaller and the larger number treat zeros and NaN otherwise than `f32`'s implementation.
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                Self::select(unsafe { $lt(self.0, other.0) }, self, other)
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                Self::select(unsafe { $gt(self.0, other.0) }, self, other)
            }

            #[inline(always)]
            fn ge(self, other: Self) -> $mask {
                unsafe { $ge(self.0, other.0) }
            }

            #[inline(always)]
            fn select(mask: $mask, yes: Self, no: Self) -> Self {
                Self(unsafe { $select(yes.0, no.0, mask) })
            }

            functions_of_math!();
        }

        impl Float32 for $lanes {
            type Bits = $bits;

            #[inline(always)]
            fn to_bits(self) -> $bits {
                $bits(unsafe { $to_bits(self.0) })
            }

            #[inline(always)]
            fn from_bits(bits: $bits) -> Self {
                Self(unsafe { $from_bits(bits.0) })
            }
        }

        impl Lanes for $lanes {
            const WIDTH: usize = 4;
            const TERMS_A_TOTAL: u32 = 1;

            type Total = $bits;

            #[inline(always)]
            fn apart<K: Kernel>(kernel: K) -> K::Output {
                $with(kernel)
            }

            #[inline(always)]
            fn load(from: &[f32]) -> Self {
                match from.first_chunk::<4>() {
                    // SAFETY: four numbers are there.
                    Some(from) => Self(unsafe { $load(from.as_ptr()) }),
                    None => Self::splat(0.0),
                }
            }

            #[inline(always)]
            fn store(self, to: &mut [f32]) {
                if let Some(to) = to.first_chunk_mut::<4>() {
                    // SAFETY: there is room for four numbers.
                    unsafe { $store(to.as_mut_ptr(), self.0) }
                }
            }

            #[inline(always)]
            fn add_to(total: $bits, bits: $bits) -> $bits {
                total.plus(bits)
            }

            #[inline(always)]
            fn sum_signed(bits: $bits) -> i64 {
                unsafe { $sum(bits.0) }
            }

            #[inline(always)]
            fn any_bit(bits: $bits) -> bool {
                unsafe { $any(bits.0) }
            }

            #[inline(always)]
            fn both(a: $mask, b: $mask) -> $mask {
                unsafe { $both(a, b) }
            }

            #[inline(always)]
            fn count(mask: $mask) -> u32 {
                unsafe { $count(mask) }
            }
        }
    };
    (@operators $($type:ident $trait:ident $method:ident $instruction:ident),*) => {
        $(impl $trait for $type {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(unsafe { $instruction(self.0, other.0) })
            }
        })*
    };
}
pub(super) use lanes_of_four;
