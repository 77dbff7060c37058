//! Benchmarks of `loss-core`: run `cargo bench -p loss-bench`.
#![forbid(unsafe_code)]
