//! What comes in: a pixel of a stream, or slices of many, and what a link makes of it.
//!
//! | file | what |
//! |---|---|
//! | `sample.rs` | a pixel as it is streamed in: input, target, weight, and whether they are in range |
//! | `plane.rs` | many of them, as slices |
//! | `quantisation.rs` | codes of 8 bits for logits |
//! | `link.rs` | what an input is: a logit, or a probability |
//! | `pixel.rs` | a pixel after its exponential: all that a loss may ask for |

pub(crate) mod link;
pub(crate) mod pixel;
pub(crate) mod plane;
pub(crate) mod quantisation;
pub(crate) mod sample;
