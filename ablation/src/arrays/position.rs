//! Positions in an array.

use super::Order;

/// The index of a position in an order.
pub(crate) fn unravel(mut position: u64, shape: &[u64], order: Order) -> Vec<u64> {
    let mut take = |length: &u64| {
        let length = (*length).max(1);
        let index = position % length;
        position /= length;
        index
    };
    match order {
        Order::Fortran => shape.iter().map(take).collect(),
        Order::C => {
            let mut index: Vec<u64> = shape.iter().rev().map(&mut take).collect();
            index.reverse();
            index
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_follow_the_order() {
        // NumPy: np.unravel_index(17, (2, 3, 4), order=…)
        assert_eq!(unravel(17, &[2, 3, 4], Order::C), [1, 1, 1]);
        assert_eq!(unravel(17, &[2, 3, 4], Order::Fortran), [1, 2, 2]);
    }
}
