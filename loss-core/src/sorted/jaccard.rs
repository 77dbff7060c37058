//! The Jaccard loss of a set of mistaken pixels, and its Lovász extension.
//!
//! Of G foreground pixels let a set M hold a, and b of the background: with just these mistaken, intersection and union are
//! G − a and G + b, and the Jaccard loss is
//!
//! ```text
//! J(M) = 1 − (G − a)/(G + b) = (a + b)/(G + b)          (J(∅) = 0, also for G = 0)
//! ```
//!
//! Its Lovász extension takes an error eᵢ of each pixel in place of a set. With the pixels in order of falling errors and
//! Jᵢ the loss of the first i,
//!
//! ```text
//! L(e) = Σ eᵢ (Jᵢ − Jᵢ₋₁)
//! ```
//!
//! **Ties.** L does not depend on the order of equal errors, but Jᵢ − Jᵢ₋₁ does. Tied pixels, da of the foreground and db of
//! the background after a and b that stand higher, raise J together by
//!
//! ```text
//! ΔJ = (da·(G + b) + db·(G − a)) / ((G + b)(G + b + db))
//! ```
//!
//! Each gets the mean of what the two orders "foreground first" and "background first" give its kind:
//!
//! ```text
//! foreground  ½ (1/(G + b) + 1/(G + b + db))          background  (G − a − da/2) / ((G + b)(G + b + db))
//! ```
//!
//! They add up to ΔJ, they are what Jᵢ − Jᵢ₋₁ is without ties, they depend on counts alone, and as a convex combination of the
//! slopes of orders they are a subgradient of L. (One slope ΔJ/(da + db) for all would in general be none: where G − a is small, a
//! background pixel hardly raises J in any order.)
//!
//! Without foreground J is 1 from the first pixel on, so that L is the largest error; the pixels that have it share the slope 1.

use crate::number::compensated::Compensated;

/// A group of pixels with equal errors, and those that stand higher. All are counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// G, all foreground pixels.
    pub(super) foreground: f64,
    /// a, the foreground above.
    pub(super) foreground_above: f64,
    /// b, the background above.
    pub(super) background_above: f64,
    /// da, the foreground in the group.
    pub(super) foreground_tied: f64,
    /// db, the background in the group.
    pub(super) background_tied: f64,
}

impl Group {
    /// G + b and G + b + db.
    fn unions(&self) -> (f64, f64) {
        let before = self.foreground + self.background_above;
        (before, before + self.background_tied)
    }

    /// ΔJ, within 2⁻⁵¹ of itself.
    pub(super) fn rise(&self) -> f64 {
        let (before, after) = self.unions();
        if before > 0.0 {
            let missed = self.foreground - self.foreground_above;
            (self.foreground_tied * before + self.background_tied * missed) / (before * after)
        } else if after > 0.0 {
            1.0
        } else {
            0.0
        }
    }

    /// ∂L/∂e of a pixel of the group.
    pub(super) fn slope(&self, foreground: bool) -> f64 {
        let (before, after) = self.unions();
        if before > 0.0 {
            if foreground {
                0.5 * (1.0 / before + 1.0 / after)
            } else {
                let missed = self.foreground - self.foreground_above - 0.5 * self.foreground_tied;
                missed / (before * after)
            }
        } else if foreground || after == 0.0 {
            0.0
        } else {
            1.0 / after
        }
    }
}

/// The Lovász extension, summed a group of equal errors at a time, from the highest error down.
pub(super) struct Extension {
    foreground: f64,
    foreground_above: f64,
    background_above: f64,
    sum: Compensated,
}

impl Extension {
    /// Of so many foreground pixels.
    pub(super) fn new(foreground: f64) -> Self {
        Self { foreground, foreground_above: 0.0, background_above: 0.0, sum: Compensated::default() }
    }

    /// Adds the pixels with the next lower error, if it is positive.
    pub(super) fn add(&mut self, error: f64, foreground_tied: f64, background_tied: f64) -> Group {
        let Self { foreground, foreground_above, background_above, .. } = *self;
        let group = Group { foreground, foreground_above, background_above, foreground_tied, background_tied };
        if error > 0.0 {
            self.sum.add(error * group.rise());
        }
        self.foreground_above += foreground_tied;
        self.background_above += background_tied;
        group
    }

    /// Σ eᵢ (Jᵢ − Jᵢ₋₁) so far.
    pub(super) fn value(&self) -> f64 {
        self.sum.value()
    }
}
