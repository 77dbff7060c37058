//! The SIMD lanes of all processors, written once; each processor supplies its registers and instructions.

/// Writes lanes from a register type and its instructions. Operations that differ in kind between processors are passed as functions.
///
/// An `unsafe` without a comment is an instruction of the level; the module that calls this macro says why the processor has it.
macro_rules! lanes {
    (
        $(#[$attribute:meta])*
        $lanes:ident, $bits:ident, $float:ty, $int:ty, $mask:ty, $width:literal, $with:ident;
        arithmetic $add:ident $sub:ident $mul:ident $div:ident $min:expr, $max:expr;
        integers $plus:ident $minus:ident $and:ident $or:ident $xor:ident $left:expr, $right:expr, $signed:expr;
        moves $set:ident $set_bits:expr, $to_bits:expr, $from_bits:expr, $load:expr, $store:expr;
        functions $ge:expr, $select:expr, $both:expr, $mask_bits:expr, $sum:expr, $any:expr;
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy)]
        pub(super) struct $lanes($float);

        $(#[$attribute])*
        #[derive(Clone, Copy)]
        pub(super) struct $bits($int);

        // SAFETY, of everything below: only kernels that run at the level of the same name make values of these types, and
        // `SimdLevel` offers a level only where the processor has its instructions.
        lanes!(@operator [$(#[$attribute])*] $lanes, Add, add, $add);
        lanes!(@operator [$(#[$attribute])*] $lanes, Sub, sub, $sub);
        lanes!(@operator [$(#[$attribute])*] $lanes, Mul, mul, $mul);
        lanes!(@operator [$(#[$attribute])*] $lanes, Div, div, $div);
        lanes!(@operator [$(#[$attribute])*] $bits, BitAnd, bitand, $and);
        lanes!(@operator [$(#[$attribute])*] $bits, BitOr, bitor, $or);
        lanes!(@operator [$(#[$attribute])*] $bits, BitXor, bitxor, $xor);
        lanes!(@shift [$(#[$attribute])*] $bits, Shl, shl, $left);
        lanes!(@shift [$(#[$attribute])*] $bits, Shr, shr, $right);

        $(#[$attribute])*
        impl Neg for $lanes {
            type Output = Self;

            #[inline(always)]
            fn neg(self) -> Self {
                Self::from_bits(self.to_bits() ^ $bits::splat(0x8000_0000))
            }
        }

        $(#[$attribute])*
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
                Self(unsafe { $signed(self.0, by) })
            }
        }

        $(#[$attribute])*
        impl Real for $lanes {
            const LANES: usize = Self::WIDTH;

            type Mask = $mask;

            #[inline(always)]
            fn splat(x: f32) -> Self {
                Self(unsafe { $set(x) })
            }

            #[inline(always)]
            fn abs(self) -> Self {
                Self::from_bits(self.to_bits() & $bits::splat(0x7fff_ffff))
            }

            // The selection matches `f32`'s implementation: it takes the second number unless the first is less (or
            // greater).
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                Self(unsafe { $min(self.0, other.0) })
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                Self(unsafe { $max(self.0, other.0) })
            }

            #[inline(always)]
            fn ge(self, other: Self) -> $mask {
                unsafe { $ge(self.0, other.0) }
            }

            #[inline(always)]
            fn select(mask: $mask, yes: Self, no: Self) -> Self {
                Self(unsafe { $select(mask, yes.0, no.0) })
            }

            functions_of_math!();
        }

        $(#[$attribute])*
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

        $(#[$attribute])*
        impl Lanes for $lanes {
            const WIDTH: usize = $width;
            const TERMS_A_TOTAL: u32 = 1;

            type Total = $bits;

            #[inline(always)]
            fn apart<K: Kernel>(kernel: K) -> K::Output {
                unsafe { $with(kernel) }
            }

            #[inline(always)]
            fn load(from: &[f32]) -> Self {
                match from.first_chunk::<$width>() {
                    // SAFETY: besides the instruction, the slice holds that many numbers.
                    Some(from) => Self(unsafe { $load(from.as_ptr()) }),
                    None => Self::splat(0.0),
                }
            }

            #[inline(always)]
            fn store(self, to: &mut [f32]) {
                if let Some(to) = to.first_chunk_mut::<$width>() {
                    // SAFETY: besides the instruction, the slice has room for that many numbers.
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
                unsafe { $mask_bits(mask) }
            }
        }
    };
    (@operator [$(#[$attribute:meta])*] $type:ident, $trait:ident, $method:ident, $instruction:ident) => {
        $(#[$attribute])*
        impl $trait for $type {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(unsafe { $instruction(self.0, other.0) })
            }
        }
    };
    (@shift [$(#[$attribute:meta])*] $type:ident, $trait:ident, $method:ident, $shift:expr) => {
        $(#[$attribute])*
        impl $trait<u32> for $type {
            type Output = Self;

            #[inline(always)]
            fn $method(self, by: u32) -> Self {
                Self(unsafe { $shift(self.0, by) })
            }
        }
    };
}
pub(super) use lanes;
