//! Wrong labels at the objects' boundaries.

use super::random::Stream;

/// Swaps the labels of about `share` of the foreground's pixels with as many background pixels.
///
/// Both are drawn from the boundary pixels: those with a 4-neighbour of the other class. So the foreground keeps its number of
/// pixels. A fraction of a swap is made with its probability. There are no more swaps than boundary pixels of either class.
pub(super) fn swap_at_boundary(mask: &[u8], size: usize, share: f64, stream: &mut Stream) -> Vec<u8> {
    let foreground = mask.iter().filter(|&&label| label != 0).count();
    let asked = stream.round(share.clamp(0.0, 1.0) * foreground as f64);
    let (mut inner, mut outer): (Vec<usize>, Vec<usize>) =
        (0..mask.len()).filter(|&index| is_boundary(mask, size, index)).partition(|&index| mask.get(index) == Some(&1));
    stream.shuffle(&mut inner);
    stream.shuffle(&mut outer);
    let mut labels = mask.to_vec();
    for (&inner, &outer) in inner.iter().zip(&outer).take(asked) {
        if let Ok([inner, outer]) = labels.get_disjoint_mut([inner, outer]) {
            core::mem::swap(inner, outer);
        }
    }
    labels
}

/// Whether a 4-neighbour has the other class.
fn is_boundary(mask: &[u8], size: usize, index: usize) -> bool {
    let own = mask.get(index);
    let differs = |neighbour: Option<usize>| neighbour.is_some_and(|at| mask.get(at).is_some_and(|at| Some(at) != own));
    let column = index % size.max(1);
    differs((column > 0).then(|| index - 1))
        || differs((column + 1 < size).then_some(index + 1))
        || differs(index.checked_sub(size))
        || differs(Some(index + size))
}
