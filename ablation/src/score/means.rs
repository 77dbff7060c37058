//! Means over images and files.

use loss_core::FinishError;
use loss_core::extend::TermSum;

use loss_expression::{Evaluated, Expression};

/// The means of the values of several images or files, summed exactly.
pub(crate) struct Means {
    sums: Vec<(TermSum, Vec<TermSum>)>,
    pub(crate) counted: u64,
    pub(crate) skipped: u64,
}

impl Means {
    pub(crate) fn new<L>(expressions: &[Expression<L>]) -> Self {
        let sums = expressions.iter().map(|expression| (TermSum::ZERO, vec![TermSum::ZERO; expression.terms().len()]));
        Self { sums: sums.collect(), counted: 0, skipped: 0 }
    }

    /// Adds the values of an image; `None` if it has no valid pixel. One that is too large for the sum is an error.
    pub(crate) fn add(&mut self, values: Option<&[Evaluated]>) -> Result<(), FinishError> {
        let Some(values) = values else {
            self.skipped += 1;
            return Ok(());
        };
        self.counted += 1;
        for ((value_sum, part_sums), evaluated) in self.sums.iter_mut().zip(values) {
            value_sum.add_f64(evaluated.value);
            for (sum, part) in part_sums.iter_mut().zip(&evaluated.parts) {
                sum.add_f64(*part);
            }
            if value_sum.is_saturated() || part_sums.iter().any(TermSum::is_saturated) {
                return Err(FinishError::Saturated);
            }
        }
        Ok(())
    }

    /// `None` if there was no image.
    pub(crate) fn finish(&self) -> Option<Vec<Evaluated>> {
        let mean = |sum: &TermSum| sum.to_f64() / self.counted as f64;
        let evaluated = |(value, parts): &(TermSum, Vec<TermSum>)| Evaluated {
            value: mean(value),
            parts: parts.iter().map(mean).collect(),
        };
        (self.counted > 0).then(|| self.sums.iter().map(evaluated).collect())
    }
}
