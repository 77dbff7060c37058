//! Gradients as q7 and q15: fixed-point numbers of 8 and 16 bits, as CMSIS-NN and other kernels for microcontrollers take them.
//!
//! A q7 number q stands for q·2⁻⁷ in [−1, 1), a q15 one for q·2⁻¹⁵. A gradient over n pixels is far smaller, about 1/n, so it is shifted up by a power of two that all of its pixels share:
//! g = q·2^−(7 + shift). [`shift_for`] gives the largest shift at which a largest gradient fits.
//!
//! ```
//! use loss_core::fixed_point::{shift_for, to_q7, to_q15};
//!
//! let gradients = [1.0e-3, -4.0e-4, 2.5e-5];
//! let shift = shift_for(1.0e-3);
//! assert_eq!(shift, 9); // 2⁹·10⁻³ is 0.512
//! assert_eq!(gradients.map(|gradient| to_q7(gradient, shift)), [66, -26, 2]);
//! assert_eq!(gradients.map(|gradient| to_q15(gradient, shift)), [16777, -6711, 419]);
//! ```
//!
//! **Error bound.** Half a unit, 2^−(8 + shift) of a q7 number and 2^−(16 + shift) of a q15 one, unless it is beyond the range, where it stops at the end. Rounding is half to even, in integers. A
//! [`GradientTable`](crate::histogram::GradientTable) of q7 numbers takes 512 bytes in place of 2 KiB, see [`GradientTable::to_q7`](crate::histogram::GradientTable::to_q7).

/// The largest shift at which a number of this magnitude is below 1, from −128 to 126: 126 of 0, and of less than 2⁻¹²⁶; −128 of what is infinite or no number.
#[must_use]
pub fn shift_for(largest: f32) -> i32 {
    let exponent = ((largest.to_bits() >> 23) & 0xff) as i32;
    if exponent == 0xff { -128 } else { 126i32.wrapping_sub(exponent) }
}

/// The nearest q7 number of gradient·2^shift, half to even; NaN is 0.
#[must_use]
pub fn to_q7(gradient: f32, shift: i32) -> i8 {
    to_units(gradient, shift.saturating_add(7)).clamp(i8::MIN.into(), i8::MAX.into()) as i8
}

/// The nearest q15 number of gradient·2^shift, half to even; NaN is 0.
#[must_use]
pub fn to_q15(gradient: f32, shift: i32) -> i16 {
    to_units(gradient, shift.saturating_add(15)).clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// The integer nearest to number·2^power, half to even, within ±2²⁰.
fn to_units(number: f32, power: i32) -> i32 {
    const MOST: i32 = 1 << 20;
    let bits = number.to_bits();
    let exponent = ((bits >> 23) & 0xff) as i32;
    let is_negative = bits >> 31 == 1;
    let fraction = bits & 0x007f_ffff;
    let significand = if exponent == 0 { fraction } else { fraction | 0x0080_0000 };
    // The number is significand·2^(exponent − 150); so many bits are to be cut off.
    let cut = 150i32.wrapping_sub(exponent.max(1)).saturating_sub(power);
    let magnitude = match cut {
        _ if exponent == 0xff => {
            if fraction == 0 {
                MOST
            } else {
                0
            }
        }
        25.. => 0,
        1..=24 => {
            let (floor, half) = (significand >> cut, 1u32 << cut.wrapping_sub(1).unsigned_abs());
            let rest = significand & half.wrapping_mul(2).wrapping_sub(1);
            let up = rest > half || (rest == half && floor & 1 == 1);
            (floor as i32).wrapping_add(up.into()).min(MOST)
        }
        _ => (u64::from(significand) << cut.wrapping_neg().min(32)).min(MOST as u64) as i32,
    };
    if is_negative { magnitude.wrapping_neg() } else { magnitude }
}
