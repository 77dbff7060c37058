//! Prepares the guide of `docs/guide`: draws every loss from the library itself, and fills the pages with facts of the list, figures and what commands print.
#![forbid(unsafe_code)]

mod book;
mod c;
mod commands;
mod curves;
mod doctests;
mod draw;
mod error;
mod examples;
mod facts;
mod multiples;
mod peers;
mod picture;
mod repository;
mod subject;
mod theory;
mod values;

pub use book::{page, pages, preprocess};
pub use c::{Program, programs};
pub use commands::ABLATION;
pub use doctests::PAGES_WITH_RUST;
pub use error::Error;
pub use examples::{Block, blocks, expressions};
pub use picture::{loss_picture, slug};
pub use repository::REPOSITORY;
