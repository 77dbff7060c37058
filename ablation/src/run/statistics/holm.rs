//! Holm's correction for several comparisons.

/// The p-values corrected by Holm's method (1979), in their original order. Sorted upwards, the i-th of n (counted from 0) is multiplied by n − i, raised to the one before
/// it if it is smaller, and limited to 1. A corrected p of at most 5 % keeps the probability of even one false claim in the family at 5 %, for any
/// dependence between them.
pub(crate) fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    let at = |index: usize| p.get(index).copied().unwrap_or(1.0);
    order.sort_by(|one, other| at(*one).total_cmp(&at(*other)));
    let mut adjusted = vec![1.0; p.len()];
    let mut least: f64 = 0.0;
    for (place, index) in order.into_iter().enumerate() {
        least = least.max(((p.len() - place) as f64 * at(index)).min(1.0));
        if let Some(adjusted) = adjusted.get_mut(index) {
            *adjusted = least;
        }
    }
    adjusted
}
