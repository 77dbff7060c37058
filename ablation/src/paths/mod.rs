//! Files that a command line names: one by one, by a pattern or by their folder; which of them belong together; and how
//! their names are shown.
//!
//! A path is a path here: a name that is not UTF-8 is found, paired and shown like any other.

mod find;
mod keys;
mod pairing;
mod shown;
mod template;
#[cfg(test)]
mod tests;

pub use find::{Found, Named, PathError, find, find_with, is_pattern};
pub use pairing::{Files, PairRule, PairedBy, PairingError, Pairs, pair};
pub use shown::shown;
pub use template::Template;
