use super::{Array, ArrayError, Order, Reader, Result};

/// Starts reading several arrays of the same shape so that they yield the same elements at the
/// same positions: all in the order of the first array's file.
///
/// Shapes must be equal but for axes of length 1: `(N, 1, H, W)` goes with `(N, H, W)`, and `(1, H, W, 1)` with `(H, W)`.
///
/// Memory: an array stored in the other order than the first (C against Fortran) is read into
/// memory whole, at the size it has in the file, and its values are picked out one by one. Save
/// large arrays in the same order to avoid this. The order does not matter, and everything is
/// streamed, for arrays with at most one axis longer than 1.
pub fn open_together(arrays: &[Array]) -> Result<Vec<Reader>> {
    check_shapes(arrays)?;
    let Some(first) = arrays.first() else {
        return Ok(Vec::new());
    };
    arrays.iter().map(|array| open_in_order(array, first.order())).collect()
}

/// Checks the shapes as [`open_together`] does, without reading anything.
pub fn check_shapes(arrays: &[Array]) -> Result<()> {
    let Some(first) = arrays.first() else {
        return Ok(());
    };
    arrays.iter().try_for_each(|array| check_shape(first, array))
}

fn check_shape(first: &Array, other: &Array) -> Result<()> {
    if squeezed(first.shape()) == squeezed(other.shape()) {
        return Ok(());
    }
    Err(ArrayError::ShapeMismatch {
        first: first.name().to_owned(),
        first_shape: first.shape_text(),
        other: other.name().to_owned(),
        other_shape: other.shape_text(),
    })
}

/// A shape without its axes of length 1, which say nothing of where a value is.
pub(crate) fn squeezed(shape: &[u64]) -> Vec<u64> {
    shape.iter().copied().filter(|length| *length != 1).collect()
}

/// Starts reading an array in an order that may not be that of its file; it is then held in memory, as
/// [`open_together`] says.
pub fn open_in_order(array: &Array, order: Order) -> Result<Reader> {
    let mut reader = array.reader()?;
    let long_axes = array.shape().iter().filter(|&&length| length > 1).count();
    if array.order() == order || long_axes < 2 || array.is_empty() {
        return Ok(reader);
    }
    let mut bytes = Vec::new();
    reader.read_bytes_to_end(&mut bytes)?;
    Ok(Reader::permuted(array, Permuted::new(bytes, array, order)))
}

/// The bytes of an array held in memory, to be taken in the order its file does not have.
pub(super) struct Permuted {
    bytes: Vec<u8>,
    size: usize,
    /// The axes, the one that varies fastest first.
    axes: Vec<Axis>,
    /// The position of the next value in `bytes`.
    next: usize,
}

struct Axis {
    length: usize,
    /// The distance in bytes between neighbours along the axis.
    stride: usize,
    index: usize,
}

impl Permuted {
    fn new(bytes: Vec<u8>, array: &Array, order: Order) -> Self {
        let size = array.dtype().size();
        let mut stride = size;
        let mut axes: Vec<Axis> = fastest_first(array.shape(), array.order())
            .into_iter()
            .map(|length| {
                // All values are in memory, so the lengths and strides fit.
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let axis = Axis { length, stride, index: 0 };
                stride = stride.saturating_mul(length);
                axis
            })
            .collect();
        if order != array.order() {
            axes.reverse();
        }
        Self { bytes, size, axes, next: 0 }
    }

    /// Fills `out`, whose length must be a multiple of the size of a value, and returns how many
    /// bytes there were.
    pub(super) fn fill(&mut self, out: &mut [u8]) -> usize {
        match self.size {
            1 => self.gather::<1>(out),
            2 => self.gather::<2>(out),
            4 => self.gather::<4>(out),
            _ => self.gather::<8>(out),
        }
    }

    fn gather<const N: usize>(&mut self, out: &mut [u8]) -> usize {
        let (items, _) = out.as_chunks_mut::<N>();
        for (count, item) in items.iter_mut().enumerate() {
            match self.bytes.get(self.next..).and_then(<[u8]>::first_chunk) {
                Some(bytes) => *item = *bytes,
                None => return count * N,
            }
            self.advance();
        }
        out.len()
    }

    fn advance(&mut self) {
        for axis in &mut self.axes {
            axis.index += 1;
            self.next += axis.stride;
            if axis.index < axis.length {
                return;
            }
            self.next -= axis.stride * axis.length;
            axis.index = 0;
        }
    }
}

fn fastest_first(shape: &[u64], order: Order) -> Vec<u64> {
    match order {
        Order::C => shape.iter().rev().copied().collect(),
        Order::Fortran => shape.to_vec(),
    }
}
