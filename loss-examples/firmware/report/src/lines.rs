//! Lines of text, of what needs neither an allocator nor `core::fmt`, whose code can panic.

use core::ffi::CStr;

use heapless::String;
use ufmt::{Formatter, uDisplay, uWrite, uwrite};

use crate::ReportError;

/// The longest line, with its end.
pub const LINE: usize = 200;

/// Where lines go.
pub trait Output {
    /// Takes a line, whose last character is a newline.
    fn line(&mut self, line: &CStr);
}

impl<F: FnMut(&CStr)> Output for F {
    fn line(&mut self, line: &CStr) {
        self(line);
    }
}

/// Hands a line over that is written into it.
///
/// # Errors
/// [`ReportError::Room`] if it is longer than [`LINE`].
pub fn line(
    output: &mut impl Output,
    write: impl FnOnce(&mut String<LINE>) -> Result<(), ()>,
) -> Result<(), ReportError> {
    let mut text = String::new();
    write(&mut text).and_then(|()| text.push_str("\n\0")).map_err(|()| ReportError::Room)?;
    output.line(CStr::from_bytes_until_nul(text.as_bytes()).map_err(|_| ReportError::Room)?);
    Ok(())
}

/// A number's bits and its first ten digits.
///
/// The digits come from repeated multiplication, the same on every machine; the last of them may be rounded wrongly. The
/// bits are what counts.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub f64);

impl uDisplay for Number {
    fn fmt<W: uWrite + ?Sized>(&self, to: &mut Formatter<'_, W>) -> Result<(), W::Error> {
        uwrite!(to, "0x{:016x}", self.0.to_bits())?;
        if !self.0.is_finite() {
            return to.write_str(" not finite");
        }
        let (mut significand, mut exponent) = (if self.0 < 0.0 { -self.0 } else { self.0 }, 0i32);
        while significand >= 10.0 {
            significand *= 0.1;
            exponent = exponent.wrapping_add(1);
        }
        while significand < 1.0 && significand > 0.0 {
            significand *= 10.0;
            exponent = exponent.wrapping_sub(1);
        }
        let digits = (significand * 1e9 + 0.5) as u64;
        to.write_str(if self.0 < 0.0 { " -" } else { " " })?;
        uwrite!(to, "{}.", digits / 1_000_000_000)?;
        let mut rest = digits % 1_000_000_000;
        for _ in 0..9 {
            rest = rest.wrapping_mul(10);
            uwrite!(to, "{}", rest / 1_000_000_000)?;
            rest %= 1_000_000_000;
        }
        uwrite!(to, "e{}", exponent)
    }
}

/// An FNV-1a hash of words of 32 bits.
#[derive(Clone, Copy, Debug)]
pub struct Checksum(u64);

impl Checksum {
    /// Of nothing.
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a word.
    pub fn add(&mut self, word: u32) {
        self.0 = (self.0 ^ u64::from(word)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    /// Adds an integer of a state.
    #[inline(never)]
    pub fn add_integer(&mut self, integer: i64) {
        self.add(integer as u32);
        self.add((integer >> 32) as u32);
    }

    /// The hash.
    pub const fn get(&self) -> u64 {
        self.0
    }
}

impl Default for Checksum {
    fn default() -> Self {
        Self::new()
    }
}
