# What CI runs, by hand. `just` lists the recipes.

default:
    @just --list

# Everything that CI checks.
ci:
    .ci/run

test:
    cargo test --release --workspace --all-features

lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

# loss-core for a microcontroller: no std, no alloc, Rust 1.85.
no-std:
    .ci/no-std

bench:
    cargo bench -p loss-bench

# Measures the table of errors anew (some minutes).
accuracy:
    cargo test --release -p loss-core --test accuracy -- --ignored --nocapture
