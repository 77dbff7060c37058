//! Where pixels come from: anything that can be gone through twice, and in two halves.
//!
//! The traits serve as objects, and what is called for a pixel is a function of its own, so that a loss stands in flash once,
//! not once for each source of pixels.

use core::ops::Range;

use loss_core::Sample;
use loss_core::class::ClassSample;

/// Which of the pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Those that come first.
    First,
    /// The others.
    Second,
}

/// The two halves, in their order.
pub const HALVES: [Half; 2] = [Half::First, Half::Second];

impl Half {
    /// The half of a range.
    pub fn of(self, Range { start, end }: Range<u32>) -> Range<u32> {
        let middle = start.wrapping_add(end) / 2;
        match self {
            Half::First => start..middle,
            Half::Second => middle..end,
        }
    }
}

/// Pixels of a binary loss.
pub trait Pixels {
    /// Goes through half of the pixels, in the same order each time.
    fn for_each(&self, half: Half, act: &mut dyn FnMut(Sample));
}

/// Pixels of C classes.
pub trait ClassPixels<const C: usize> {
    /// Goes through half of the pixels, in the same order each time.
    fn for_each(&self, half: Half, act: &mut dyn FnMut(ClassSample<C>));
}

/// Pixels of a quantised model.
pub trait CodePixels {
    /// Goes through half of the pixels, in the same order each time.
    fn for_each(&self, half: Half, act: &mut dyn FnMut(i8, bool));
}
