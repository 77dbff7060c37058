//! The pieces of surface that pass a corner of the grid, for each of the 256 ways to fill the eight voxels around it.
//!
//! The voxels are the bits of a code: 128 is the first (the lowest z, y and x), 1 the last. A piece is a triangle, and stands here as eight times its
//! normal, without signs, whose length is its area for voxels of size 1. A code and its complement have the same surface. These are the figures of DeepMind's
//! `surface-distance` 0.1 (`lookup_tables.py`, Apache-2.0), whose areas a normalised surface Dice depends on.

/// The pieces for a code.
pub(super) fn of(code: u8) -> &'static [[u8; 3]] {
    let code = code.min(u8::MAX - code);
    let kind = KIND_OF_CODE.get(usize::from(code)).copied().unwrap_or(0);
    KINDS.get(usize::from(kind)).copied().unwrap_or_default()
}

const KINDS: [&[[u8; 3]]; 27] = [
    &[],
    &[[1, 1, 1]],
    &[[2, 2, 0], [2, 2, 0]],
    &[[2, 0, 2], [2, 0, 2]],
    &[[1, 1, 1], [1, 1, 1]],
    &[[1, 1, 1], [2, 2, 2], [4, 0, 0]],
    &[[4, 0, 0], [4, 0, 0]],
    &[[0, 2, 2], [0, 2, 2]],
    &[[0, 4, 0], [1, 1, 1], [2, 2, 2]],
    &[[0, 0, 4], [1, 1, 1], [2, 2, 2]],
    &[[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    &[[1, 1, 1], [1, 1, 1], [2, 2, 2], [2, 2, 2]],
    &[[0, 2, 2], [0, 2, 2], [1, 1, 1]],
    &[[1, 1, 1], [2, 0, 2], [2, 0, 2]],
    &[[0, 2, 2], [1, 1, 1], [2, 0, 2], [3, 3, 3]],
    &[[1, 1, 1], [2, 2, 0], [2, 2, 0]],
    &[[0, 2, 2], [1, 1, 1], [2, 2, 0], [3, 3, 3]],
    &[[1, 1, 1], [1, 1, 1], [2, 2, 2], [4, 0, 0]],
    &[[0, 4, 0], [0, 4, 0]],
    &[[1, 1, 1], [2, 0, 2], [2, 2, 0], [3, 3, 3]],
    &[[0, 4, 0], [1, 1, 1], [1, 1, 1], [2, 2, 2]],
    &[[2, 2, 0], [2, 2, 0], [2, 2, 0], [2, 2, 0]],
    &[[0, 0, 4], [0, 0, 4]],
    &[[0, 0, 4], [1, 1, 1], [1, 1, 1], [2, 2, 2]],
    &[[2, 0, 2], [2, 0, 2], [2, 0, 2], [2, 0, 2]],
    &[[0, 2, 2], [0, 2, 2], [0, 2, 2], [0, 2, 2]],
    &[[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]],
];

#[rustfmt::skip]
const KIND_OF_CODE: [u8; 128] = [
    0, 1, 1, 2, 1, 3, 4, 5, 1, 4, 3, 5, 2, 5, 5, 6,
    1, 7, 4, 8, 4, 9, 10, 11, 4, 12, 13, 14, 15, 16, 17, 5,
    1, 4, 7, 8, 4, 13, 12, 14, 4, 10, 9, 11, 15, 17, 16, 5,
    2, 8, 8, 18, 15, 19, 20, 8, 15, 20, 19, 8, 21, 15, 15, 2,
    1, 4, 4, 15, 7, 9, 12, 16, 4, 10, 13, 17, 8, 11, 14, 5,
    3, 9, 13, 19, 9, 22, 23, 9, 13, 23, 24, 13, 19, 9, 13, 3,
    4, 10, 12, 20, 12, 23, 25, 12, 10, 26, 23, 10, 20, 10, 12, 4,
    5, 11, 14, 8, 16, 9, 12, 7, 17, 10, 13, 4, 15, 4, 4, 1,
];
