use core::fmt::Debug;

/// A code of a quantised model: `i8` or `u8`.
pub trait Code: Copy + Debug + PartialEq + Into<i32> + sealed::Byte {}

impl Code for i8 {}
impl Code for u8 {}

pub(crate) mod sealed {
    /// A byte that stands for a number. Counting uses its bits as they are, which costs no instruction; only readers need the order of the
    /// numbers.
    pub trait Byte: Sized {
        /// The name that distinguishes the types.
        const NAME: &'static str;

        /// All codes, from the lowest number to the highest.
        const RISING: [Self; 256];

        fn to_bits(self) -> u8;

        fn from_bits(bits: u8) -> Self;

        /// The place of the code in this order.
        fn position(self) -> usize;
    }

    impl Byte for i8 {
        const NAME: &'static str = "i8";

        const RISING: [Self; 256] = {
            let mut codes = [0; 256];
            let mut i = 0;
            while i < 256 {
                codes[i] = (i as i32 - 128) as i8;
                i += 1;
            }
            codes
        };

        #[inline(always)]
        fn to_bits(self) -> u8 {
            self as u8
        }

        fn from_bits(bits: u8) -> Self {
            bits as i8
        }

        fn position(self) -> usize {
            usize::from(self as u8 ^ 0x80)
        }
    }

    impl Byte for u8 {
        const NAME: &'static str = "u8";

        const RISING: [Self; 256] = {
            let mut codes = [0; 256];
            let mut i = 0;
            while i < 256 {
                codes[i] = i as u8;
                i += 1;
            }
            codes
        };

        #[inline(always)]
        fn to_bits(self) -> u8 {
            self
        }

        fn from_bits(bits: u8) -> Self {
            bits
        }

        fn position(self) -> usize {
            usize::from(self)
        }
    }
}
