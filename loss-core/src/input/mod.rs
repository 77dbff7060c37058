//! The inputs: a pixel of a stream or slices of many pixels, and the link that reads them.
//!
//! | file | what |
//! |---|---|
//! | `sample.rs` | one pixel of a stream: input, target, weight, and the check of their ranges |
//! | `plane.rs` | many pixels, as slices |
//! | `quantisation.rs` | 8-bit codes that stand for logits |
//! | `link.rs` | the meaning of an input: a logit or a probability |
//! | `pixel.rs` | a pixel after its exponential: every quantity that a loss may read |

pub(crate) mod link;
pub(crate) mod pixel;
pub(crate) mod plane;
pub(crate) mod quantisation;
pub(crate) mod sample;
