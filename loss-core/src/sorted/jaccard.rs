//! The Jaccard loss of a set of mistaken pixels, and its Lovász extension.
//!
//! Let M be a set of mistaken pixels, with a of the G foreground pixels and b background pixels. If just these are mistaken, the intersection is
//! G − a, the union G + b, and the Jaccard loss is
//!
//! ```text
//! J(M) = 1 − (G − a)/(G + b) = (a + b)/(G + b)          (J(∅) = 0, also for G = 0)
//! ```
//!
//! Its Lovász extension takes an error eᵢ of each pixel instead of a set. Sort the pixels by falling error, and let
//! Jᵢ be the loss of the first i:
//!
//! ```text
//! L(e) = Σ eᵢ (Jᵢ − Jᵢ₋₁)
//! ```
//!
//! **Ties.** L does not depend on the order of equal errors, but Jᵢ − Jᵢ₋₁ does. Let da foreground and db background pixels be tied,
//! after a and b pixels with larger errors. Together they raise J by
//!
//! ```text
//! ΔJ = (da·(G + b) + db·(G − a)) / ((G + b)(G + b + db))
//! ```
//!
//! Each tied pixel gets the mean of two slopes: one with the tied foreground sorted first, one with the tied background first:
//!
//! ```text
//! foreground  ½ (1/(G + b) + 1/(G + b + db))          background  (G − a − da/2) / ((G + b)(G + b + db))
//! ```
//!
//! These slopes add up to ΔJ, equal Jᵢ − Jᵢ₋₁ where there are no ties, and depend only on counts. They are a convex combination of the
//! slopes of orders, and so a subgradient of L. (The single slope ΔJ/(da + db) for all is not one in general: where G − a is small, a
//! background pixel hardly raises J in any order.)
//!
//! Without foreground J is 1 from the first pixel on, so L is the largest error. The pixels with that error share the slope 1.

use crate::number::compensated::Compensated;

/// A group of pixels with equal errors, and the pixels with larger ones. All fields are counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// G, the number of foreground pixels.
    pub(super) foreground: f64,
    /// a, the foreground with larger errors.
    pub(super) foreground_above: f64,
    /// b, the background with larger errors.
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

    /// ΔJ, with a relative error below 2⁻⁵¹.
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

/// The Lovász extension, summed from the highest error down, a group of equal errors at a time.
pub(super) struct Extension {
    foreground: f64,
    foreground_above: f64,
    background_above: f64,
    sum: Compensated,
}

impl Extension {
    /// Makes the empty sum for a number of foreground pixels.
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
