//! Products that are added to sums: exact, and rounded once to the grid.

use super::{ExactSum, WORD_BITS, half_to_even, signed, significand};

impl<const N: usize> ExactSum<N> {
    /// Adds a·b, rounded once to the grid: the product itself is exact. One that is beyond the range of this sum's type, infinite or NaN
    /// [saturates](Self#saturation) the sum.
    #[inline]
    pub fn add_product(&mut self, a: f32, b: f32) {
        let ((a, a_exponent), (b, b_exponent)) = (significand_and_exponent(a), significand_and_exponent(b));
        self.add_scaled(a.wrapping_mul(b), a_exponent.wrapping_add(b_exponent));
    }

    /// Adds a·b, rounded once to the grid, for a whole number b of up to 16 bits: one multiplication of integers in place of two numbers' parts.
    #[inline]
    pub fn add_product_with_integer(&mut self, a: f32, b: i32) {
        let (a, exponent) = significand_and_exponent(a);
        self.add_scaled(a.wrapping_mul(b.into()), exponent);
    }

    /// Adds product·2^exponent, |product| below 2⁶³; what stands for no number is told by the exponent.
    #[inline(always)]
    fn add_scaled(&mut self, product: i64, exponent: i32) {
        // Units of 2⁻⁶⁴.
        let shift = exponent.wrapping_add(64);
        let bits = 64u32.wrapping_sub(product.unsigned_abs().leading_zeros()) as i32;
        if exponent >= NO_NUMBER || (product != 0 && bits.wrapping_add(shift) > Self::HIGHEST_BIT) {
            *self = Self::SATURATED;
        } else if shift < 0 {
            let count = half_to_even(product.unsigned_abs(), shift.unsigned_abs());
            self.add_units_at(0, signed(count.into(), product < 0));
        } else if product != 0 {
            self.add_units_at((shift as u32 / WORD_BITS) as usize, i128::from(product) << (shift as u32 % WORD_BITS));
        }
    }

    /// How many bits the largest term has, in units of 2⁻⁶⁴: one of 3 digits is 1, one of 4 is 2³², one of 7 is the largest `f32`.
    const HIGHEST_BIT: i32 = (WORD_BITS * (N as u32 - 1)) as i32;
}

/// The exponent of what is infinite or NaN, and of its products.
const NO_NUMBER: i32 = 1 << 20;

/// A number as significand·2^exponent, exactly; the exponent is [`NO_NUMBER`] or more if it is infinite or NaN.
#[inline(always)]
fn significand_and_exponent(number: f32) -> (i64, i32) {
    let bits = number.to_bits();
    let exponent = ((bits >> 23) & 0xff) as i32;
    let (significand, exponent) = match exponent {
        0 => (bits & 0x007f_ffff, -149),
        0xff => (0, NO_NUMBER.wrapping_mul(2)),
        exponent => (significand(bits), exponent.wrapping_sub(150)),
    };
    let significand = i64::from(significand);
    (if bits >> 31 == 1 { significand.wrapping_neg() } else { significand }, exponent)
}
