//! Values in another order or number than in their file.

use std::io::{self, Read};
use std::sync::Arc;

use super::source::in_usize;
use super::{Array, Order, Result};

/// The same bytes several times.
pub(super) struct Repeated {
    bytes: Arc<[u8]>,
    left: u64,
    at: usize,
}

impl Repeated {
    pub(super) fn new(bytes: Vec<u8>, times: u64) -> Self {
        Self { bytes: bytes.into(), left: times, at: 0 }
    }
}

impl Read for Repeated {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || self.bytes.is_empty() {
            return Ok(0);
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.len().min(out.len());
        if let (Some(out), Some(rest)) = (out.get_mut(..count), rest.get(..count)) {
            out.copy_from_slice(rest);
        }
        self.at += count;
        if self.at == self.bytes.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Ok(count)
    }
}

/// The bytes of an array whose last axis comes after the first `before` ones.
pub(super) fn moved(stored: &Array, before: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    super::together::open_in_order(stored, Order::C)?.read_bytes_to_end(&mut bytes)?;
    let shape = stored.shape();
    let [rest @ .., last] = shape else { return Ok(bytes) };
    let (size, last) = (stored.dtype().size(), in_usize(*last, stored)?);
    let inner: u64 = rest.iter().skip(before).product();
    let inner = in_usize(inner, stored)?;
    let mut result = Vec::with_capacity(bytes.len());
    for block in bytes.chunks((inner * last * size).max(1)) {
        for channel in 0..last {
            let values = block.chunks(size).skip(channel).step_by(last.max(1));
            values.for_each(|value| result.extend_from_slice(value));
        }
    }
    Ok(result)
}
