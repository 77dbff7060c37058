//! Deep supervision: the weights of losses at several scales, and label maps reduced to each scale.
//!
//! The loss is Σᵢ λᵢ Lᵢ, where i = 0 is the full size. Each scale has its own accumulator and loss. Take its gradient with the
//! upstream factor λᵢ ([`gradient_times`](crate::class::FinishedClasses::gradient_times)).
//!
//! ```
//! use loss_core::deep_supervision::{nnunet, total};
//! use loss_core::class::{ClassLoss, ClassPointwise, CrossEntropy};
//!
//! let loss = CrossEntropy::new().mean();
//! let lambdas = nnunet::<3>(); // 2/3, 1/3 and 0: the smallest scale is left out
//! let mut values = [0.0; 3];
//! for (value, logit) in values.iter_mut().zip([0.0, 1.0, 2.0]) {
//!     let mut sums = loss.class_accumulator();
//!     sums.push(([logit, 0.0], 1u8));
//!     *value = sums.finish()?.value();
//! }
//! assert!((total(&lambdas, &values) - (2.0 * values[0] + values[1]) / 3.0).abs() < 1e-15);
//! # Ok::<(), loss_core::FinishError>(())
//! ```

use crate::class::Label;
use crate::error::LengthError;

/// λᵢ = 2⁻ⁱ (MONAI's DeepSupervisionLoss with `weight_mode="exp"`, its default).
#[must_use]
pub fn halving<const N: usize>() -> [f64; N] {
    let mut next = 1.0;
    [(); N].map(|()| {
        let lambda = next;
        next /= 2.0;
        lambda
    })
}

/// 1 at full size and ½ at every other scale (MONAI's `weight_mode="two"`).
#[must_use]
pub fn two<const N: usize>() -> [f64; N] {
    let mut next = 1.0;
    [(); N].map(|()| core::mem::replace(&mut next, 0.5))
}

/// 1 at every scale (MONAI's `weight_mode="same"`).
#[must_use]
pub const fn same<const N: usize>() -> [f64; N] {
    [1.0; N]
}

/// nnU-Net's weights: λᵢ = 2⁻ⁱ, 0 at the smallest scale, then normalised. A single scale has weight 1.
#[must_use]
pub fn nnunet<const N: usize>() -> [f64; N] {
    let mut lambdas = halving();
    if N > 1 {
        if let Some(smallest) = lambdas.last_mut() {
            *smallest = 0.0;
        }
    }
    normalised(lambdas)
}

/// Scales the weights to the sum 1; leaves them unchanged if their sum is not above 0.
#[must_use]
pub fn normalised<const N: usize>(lambdas: [f64; N]) -> [f64; N] {
    let sum: f64 = lambdas.iter().sum();
    if sum > 0.0 { lambdas.map(|lambda| lambda / sum) } else { lambdas }
}

/// The combined loss Σᵢ λᵢ Lᵢ.
#[must_use]
pub fn total<const N: usize>(lambdas: &[f64; N], values: &[f64; N]) -> f64 {
    lambdas.iter().zip(values).map(|(lambda, value)| lambda * value).sum()
}

/// A reduction of a label map by strides, row by row: every k-th pixel of every k-th row, starting at 0.
///
/// A map of w × h becomes ⌈w/k⌉ × ⌈h/k⌉, like the slice `[::k, ::k]`.
///
/// ```
/// use loss_core::deep_supervision::Strides;
///
/// let mut half = Strides::new(2);
/// let mut row = [0u8; 2];
/// assert_eq!(half.push_row(&[1, 2, 3], &mut row)?, Some(2)); // a row of two labels
/// assert_eq!(row, [1, 3]);
/// assert_eq!(half.push_row(&[4, 5, 6], &mut row)?, None); // a row that is skipped
/// # Ok::<(), loss_core::LengthError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Strides {
    factor: usize,
    row: usize,
}

impl Strides {
    /// Makes a reduction by a factor; 0 counts as 1.
    pub const fn new(factor: usize) -> Self {
        Self { factor: if factor == 0 { 1 } else { factor }, row: 0 }
    }

    /// The width of the reduced rows.
    #[must_use]
    pub const fn width(&self, width: usize) -> usize {
        width.div_ceil(self.factor)
    }

    /// Takes a row. If that completes a reduced row, writes it to the front of `reduced` and returns its length.
    ///
    /// # Errors
    /// [`LengthError`] if `reduced` is too short; the row is not taken then.
    pub fn push_row<T: Copy>(&mut self, labels: &[T], reduced: &mut [T]) -> Result<Option<usize>, LengthError> {
        let width = self.width(labels.len());
        check_room(reduced.len(), width)?;
        let kept = self.row % self.factor == 0;
        self.row = (self.row + 1) % self.factor;
        if !kept {
            return Ok(None);
        }
        reduced.iter_mut().zip(labels.iter().step_by(self.factor)).for_each(|(to, &label)| *to = label);
        Ok(Some(width))
    }
}

/// A reduction of a label map by majority, row by row: the most common label of each k × k block.
///
/// Among equally common labels the smallest wins. Labels of `classes` or more, such as an ignore label of 255, do not vote; a block without
/// any vote becomes the ignore label. Blocks at the right edge, and after [`finish`](Self::finish) at the lower edge, are cut off at the border of the map.
///
/// ```
/// use loss_core::deep_supervision::Majority;
///
/// let mut counts = [0u32; 2 * 3]; // scratch: reduced width × classes
/// let mut half = Majority::new(2, 3, 255u8, &mut counts);
/// let mut row = [0u8; 2];
/// assert_eq!(half.push_row(&[1, 2, 255], &mut row)?, None);
/// assert_eq!(half.push_row(&[2, 2, 255], &mut row)?, Some(2));
/// assert_eq!(row, [2, 255]);
/// # Ok::<(), loss_core::LengthError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Majority<'a, T> {
    factor: usize,
    classes: usize,
    ignored: T,
    /// The votes for each class, of each reduced pixel.
    counts: &'a mut [u32],
    /// The length of the rows in this block, and of the reduced row.
    length: usize,
    width: usize,
    rows: usize,
}

impl<'a, T: Label> Majority<'a, T> {
    /// Makes a reduction by a factor (0 counts as 1) of labels 0 to `classes` − 1. The lent scratch memory needs at least reduced width × classes
    /// counts.
    pub fn new(factor: usize, classes: usize, ignored: T, counts: &'a mut [u32]) -> Self {
        counts.fill(0);
        Self { factor: factor.max(1), classes: classes.max(1), ignored, counts, length: 0, width: 0, rows: 0 }
    }

    /// Takes a row. If that completes a reduced row, writes it to the front of `reduced` and returns its length.
    ///
    /// # Errors
    /// [`LengthError`] if `reduced` or the scratch memory is too short, or if the row differs in length from the earlier rows of its block; the row
    /// is not taken then.
    pub fn push_row(&mut self, labels: &[T], reduced: &mut [T]) -> Result<Option<usize>, LengthError>
    where
        T: TryFrom<usize>,
    {
        let width = labels.len().div_ceil(self.factor);
        check_room(reduced.len(), width)?;
        let scratch = width.saturating_mul(self.classes);
        if self.counts.len() < scratch {
            return Err(LengthError { slice: "the scratch memory", length: self.counts.len(), expected: scratch });
        }
        if self.rows > 0 && labels.len() != self.length {
            return Err(LengthError { slice: "the row", length: labels.len(), expected: self.length });
        }
        (self.length, self.width) = (labels.len(), width);
        for (votes, block) in self.counts.chunks_mut(self.classes).zip(labels.chunks(self.factor)) {
            for label in block {
                let class = usize::try_from(label.to_i64()).ok();
                if let Some(vote) = class.and_then(|class| votes.get_mut(class)) {
                    *vote += 1;
                }
            }
        }
        self.rows += 1;
        if self.rows < self.factor { Ok(None) } else { self.finish(reduced) }
    }

    /// Ends the map: writes the reduced row of a last, incomplete block, if there is one.
    ///
    /// # Errors
    /// [`LengthError`] if `reduced` is too short.
    pub fn finish(&mut self, reduced: &mut [T]) -> Result<Option<usize>, LengthError>
    where
        T: TryFrom<usize>,
    {
        if self.rows == 0 {
            return Ok(None);
        }
        check_room(reduced.len(), self.width)?;
        for (to, votes) in reduced.iter_mut().zip(self.counts.chunks_mut(self.classes)).take(self.width) {
            let (mut most, mut winner) = (0, None);
            for (class, vote) in votes.iter_mut().enumerate() {
                if *vote > most {
                    (most, winner) = (*vote, Some(class));
                }
                *vote = 0;
            }
            *to = winner.and_then(|class| T::try_from(class).ok()).unwrap_or(self.ignored);
        }
        self.rows = 0;
        Ok(Some(self.width))
    }
}

fn check_room(length: usize, expected: usize) -> Result<(), LengthError> {
    if length >= expected { Ok(()) } else { Err(LengthError { slice: "the reduced row", length, expected }) }
}
