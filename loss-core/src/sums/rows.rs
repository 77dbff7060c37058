//! Rows of terms that are added to exact sums, several at a time.

use super::exact::ExactSum;
use crate::number::lanes::{Kernel, Lanes};
use crate::number::real::Bits;

const DIGIT_BITS: usize = 23;

/// A sum of terms in digits: each term is split into K signed digits of 23 bits. The last digit counts 2⁻⁶⁴, or 2⁻⁴¹ if the last digit of all terms is 0 and left out.
///
/// Adding 1.5·2²³ units to a number rounds it to a multiple of the unit. The bits of the result, minus the bits of
/// 1.5·2²³ units, are that multiple. The rest of the number is exact and goes to the next digit; the last digit
/// rounds half to even, as [`ExactSum::add`] does. So a digit takes two additions, two subtractions and no
/// branch.
pub(crate) struct Digits<V: Lanes, const K: usize, const WITHOUT: usize> {
    sums: [V::Total; K],
    /// Bits that are set if a term was too large for the first digit.
    beyond: V::Bits,
    terms: u32,
}

impl<V: Lanes, const K: usize, const WITHOUT: usize> Digits<V, K, WITHOUT> {
    /// The unit of a digit, as a power of two times 2⁻⁶⁴.
    const fn shift(digit: usize) -> u32 {
        ((K + WITHOUT - 1 - digit) * DIGIT_BITS) as u32
    }

    /// The number that a digit's term is added to: 1.5·2²³ of its units.
    const fn magic(digit: usize) -> f32 {
        f32::from_bits((127 + 23 - 64 + Self::shift(digit)) << 23 | 1 << 22)
    }

    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { sums: [V::Total::splat(0); K], beyond: V::Bits::splat(0), terms: 0 }
    }

    /// Adds one term in each lane. Up to 256 fit a total, because each digit is at most 2²² and a total is an `i32`.
    #[inline(always)]
    pub(crate) fn add(&mut self, terms: V) {
        self.terms += V::TERMS_A_TOTAL;
        let mut rest = terms;
        for (digit, sum) in self.sums.iter_mut().enumerate() {
            let magic = V::splat(Self::magic(digit));
            let shifted = rest + magic;
            if digit == 0 {
                self.beyond = self.beyond | (shifted.to_bits() ^ magic.to_bits());
            }
            *sum = V::add_to(*sum, shifted.to_bits());
            rest = rest - (shifted - magic);
        }
        debug_assert!(WITHOUT == 0 || !V::any_bit(rest.to_bits() << 1), "a term is not as moderate as its loss says");
    }

    /// Adds the digits to a sum, unless a term was too large: 2⁴ or more for three digits, 2²⁷ or more for four.
    #[inline(always)]
    fn finish<const DIGITS: usize>(self, to: &mut ExactSum<DIGITS>) -> bool {
        // The first shifted number has the sign and exponent of the magic one if it did not leave its binade.
        if V::any_bit(self.beyond >> 23) {
            return false;
        }
        to.add_units(self.units());
        true
    }

    /// The sum in units of 2⁻⁶⁴. It is right only if no term was too large, which [`finish`](Self::finish) checks.
    #[inline(always)]
    pub(crate) fn units(self) -> i128 {
        let mut units = 0;
        for (digit, sum) in self.sums.into_iter().enumerate() {
            let magics = f32::to_bits(Self::magic(digit)).wrapping_mul(self.terms);
            units += i128::from(V::sum_signed(sum.minus(V::Total::splat(magics)))) << Self::shift(digit);
        }
        units
    }
}

/// The number of vectors in the rows: of all terms, and of [sparse](Terms::SPARSE) terms those that are not 0.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stored {
    all: usize,
    sparse: usize,
}

impl Stored {
    /// Stores the terms of a vector of pixels, each kind in a row of its own.
    #[inline(always)]
    pub(crate) fn store<V: Lanes, const ROW: usize, const N: usize>(
        &mut self,
        terms: [V; N],
        sparse: [bool; N],
        rows: &mut [[f32; ROW]; N],
    ) {
        let mut bits = V::Bits::splat(0);
        for ((term, row), is_sparse) in terms.into_iter().zip(rows).zip(sparse) {
            let vector = if is_sparse { self.sparse } else { self.all };
            if is_sparse {
                bits = bits | term.to_bits();
            }
            term.store(row.get_mut(vector * V::WIDTH..).unwrap_or_default());
        }
        self.all += 1;
        if sparse.contains(&true) {
            self.sparse += usize::from(V::any_bit(bits));
        }
    }

    /// Adds rows of terms, each to a sum. `moderate`: see [`Terms::are_moderate`].
    ///
    /// The loop reads terms that are already in memory. It is short, so the processor works on several iterations at once.
    #[inline(always)]
    pub(crate) fn add<V: Lanes, const ROW: usize, const DIGITS: usize, const N: usize>(
        self,
        rows: &[[f32; ROW]; N],
        sparse: [bool; N],
        moderate: bool,
        sums: &mut [ExactSum<DIGITS>; N],
    ) {
        for ((row, is_sparse), sum) in rows.iter().zip(sparse).zip(sums) {
            let vectors = if is_sparse { self.sparse } else { self.all };
            let row = row.get(..vectors * V::WIDTH).unwrap_or_default();
            if moderate {
                V::apart(AddModerateRow { row, sum });
            } else {
                V::apart(AddRow { row, sum });
            }
        }
    }
}

/// A row of terms, a whole number of vectors, to be added to a sum.
pub(crate) struct AddRow<'a, const DIGITS: usize> {
    pub(crate) row: &'a [f32],
    pub(crate) sum: &'a mut ExactSum<DIGITS>,
}

impl<const DIGITS: usize> Kernel for AddRow<'_, DIGITS> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { row, sum } = self;
        // Three digits hold terms below 16. A fourth, up to 2²⁷, is for large weights and very wrong predictions. Larger
        // terms are added one by one.
        if !add_digits::<V, 3, 0, DIGITS>(row, sum) && !add_digits::<V, 4, 0, DIGITS>(row, sum) {
            row.iter().for_each(|&term| sum.add(term));
        }
    }
}

/// A row of terms, each 0 or in [2⁻¹⁸, 16).
struct AddModerateRow<'a, const DIGITS: usize> {
    row: &'a [f32],
    sum: &'a mut ExactSum<DIGITS>,
}

impl<const DIGITS: usize> Kernel for AddModerateRow<'_, DIGITS> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        // None of these terms is too large.
        add_digits::<V, 2, 1, DIGITS>(self.row, self.sum);
    }
}

#[inline(always)]
fn add_digits<V: Lanes, const K: usize, const WITHOUT: usize, const DIGITS: usize>(
    row: &[f32],
    sum: &mut ExactSum<DIGITS>,
) -> bool {
    let mut digits = Digits::<V, K, WITHOUT>::new();
    for terms in row.chunks_exact(V::WIDTH) {
        digits.add(V::load(terms));
    }
    digits.finish(sum)
}
