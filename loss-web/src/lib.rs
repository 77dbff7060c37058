//! The losses as WebAssembly: what the page in `loss-web/page` asks, and what it is told.
//!
//! [`answer`] takes a [`Request`] as JSON and gives its answer as JSON. JSON keeps every bit: a number is written with the digits that tell it
//! from its neighbours, and integers that may exceed 2⁵³ are strings.
//!
//! A picture is a square of logits and a mask. All numbers of an answer come from `loss-core` and `loss-expression`; nothing here is a formula.
#![deny(unsafe_code)]

mod curves;
mod evaluate;
#[cfg(target_arch = "wasm32")]
mod exports;
mod listed;
mod picture;
mod sums;

use serde::{Deserialize, Serialize};

pub use curves::{Curve, Curves, ValueOf};
pub use evaluate::{Evaluation, HardScores, Part};
pub use listed::{Group, Listed, ListedParameter};
pub use picture::Picture;
pub use sums::SumRow;

/// What can be asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// The losses that an expression can name, and those that need several classes.
    Losses,
    /// The probability of each logit.
    Probabilities {
        /// The logits.
        logits: Vec<f32>,
    },
    /// Value, gradient, map and sums of an expression over a picture.
    Evaluate {
        /// The expression.
        expression: String,
        /// The picture.
        picture: Picture,
        /// The order in which the pixels are summed, a permutation; as they stand if there is none.
        #[serde(default)]
        order: Option<Vec<u32>>,
    },
    /// What becomes of value and gradient when one pixel changes.
    Curves {
        /// The expression.
        expression: String,
        /// The picture.
        picture: Picture,
        /// The pixel's place.
        pixel: usize,
    },
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refusal {
    /// What is wrong and what to do.
    pub error: String,
    /// For an expression, the column at fault, from 1.
    pub column: Option<usize>,
}

impl Refusal {
    fn of(error: impl std::fmt::Display) -> Self {
        Self { error: error.to_string(), column: None }
    }
}

/// Answers a request, both as JSON. What is refused is an object with the key `error`.
#[must_use]
pub fn answer(request: &str) -> String {
    let answered = match serde_json::from_str(request) {
        Ok(Request::Losses) => written(&listed::losses()),
        Ok(Request::Probabilities { logits }) => written(&picture::probabilities(&logits)),
        Ok(Request::Evaluate { expression, picture, order }) => {
            evaluate::evaluate(&expression, &picture, order.as_deref()).and_then(|evaluation| written(&evaluation))
        }
        Ok(Request::Curves { expression, picture, pixel }) => {
            curves::curves(&expression, &picture, pixel).and_then(|curves| written(&curves))
        }
        Err(error) => Err(Refusal::of(error)),
    };
    answered.or_else(|refusal| written(&refusal)).unwrap_or_else(|refusal| refusal.error)
}

fn written(what: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(what).map_err(Refusal::of)
}
