//! The agreement of two rankings.

/// Kendall's τ-b of two lists of scores: 1 if they order everything alike, −1 if in opposite order, about 0 if independently. Pairs tied in one list count half.
///
/// (C − D) / √((C + D + T_a)(C + D + T_b)), with C pairs in the same order, D in opposite orders, and T_a and T_b tied in b or in a alone. `None` if the scores of a list
/// are all equal, or the lists differ in length.
pub(crate) fn kendall(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let [mut both, mut in_a, mut in_b] = [0_i64; 3];
    for (index, (a_one, b_one)) in a.iter().zip(b).enumerate() {
        for (a_other, b_other) in a.iter().zip(b).skip(index + 1) {
            let [by_a, by_b] = [sign(a_one - a_other), sign(b_one - b_other)];
            both += by_a * by_b;
            in_a += by_a * by_a;
            in_b += by_b * by_b;
        }
    }
    (in_a > 0 && in_b > 0).then(|| both as f64 / ((in_a as f64) * (in_b as f64)).sqrt())
}

fn sign(value: f64) -> i64 {
    i64::from(value > 0.0) - i64::from(value < 0.0)
}
