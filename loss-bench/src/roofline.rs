//! The least work of any loss: reading its inputs.

use rayon::prelude::*;

/// The pixels of a piece, as `loss-core` gives them to threads.
const PIECE: usize = 1 << 16;

/// The wrapping sum of all bits of logits and mask. The compiler makes vectors of it, several of which are under way at once, so that
/// it waits for memory alone.
pub fn read(logits: &[f32], mask: &[u8]) -> u32 {
    const LANES: usize = 32;
    let mut sums = [0u32; LANES];
    let logits = logits.chunks_exact(LANES);
    let mut rest = logits.remainder().iter().fold(0u32, |sum, logit| sum.wrapping_add(logit.to_bits()));
    for chunk in logits {
        sums.iter_mut().zip(chunk).for_each(|(sum, logit)| *sum = sum.wrapping_add(logit.to_bits()));
    }
    let mut words = [0u32; LANES];
    let mask = mask.chunks_exact(4 * LANES);
    rest = mask.remainder().iter().fold(rest, |sum, &target| sum.wrapping_add(target.into()));
    for chunk in mask {
        for (word, bytes) in words.iter_mut().zip(chunk.chunks_exact(4)) {
            *word = word.wrapping_add(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        }
    }
    sums.into_iter().chain(words).fold(rest, u32::wrapping_add)
}

/// The same on all threads of the current pool.
pub fn par_read(logits: &[f32], mask: &[u8]) -> u32 {
    let pieces = logits.par_chunks(PIECE).zip(mask.par_chunks(PIECE));
    pieces.map(|(logits, mask)| read(logits, mask)).reduce(|| 0, u32::wrapping_add)
}
