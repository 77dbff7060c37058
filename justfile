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

# Licences, sources and refused crates of all dependencies; `just deny advisories` with RustSec's database.
deny *arguments:
    .ci/deny {{arguments}}

# Fuzzes each target for so long: `just fuzz 1800 planes classes`.
fuzz seconds="60" *targets:
    .ci/fuzz {{seconds}} {{targets}}

bench:
    cargo bench -p loss-bench

# Trains a U-Net under every loss and writes target/ablation/index.html.
report:
    cargo run --release -p ablation

# What other crates take for the same answers (a long build).
bench-rivals:
    cargo bench --manifest-path loss-bench/rivals/Cargo.toml

# Instructions a pixel, by callgrind.
instructions:
    cargo run --release -p loss-bench --bin instructions

# docs/benchmarks.md and its plots, from what was measured last.
bench-report:
    cargo run --release -p loss-bench --bin report

# Measures the table of errors anew (half an hour).
accuracy:
    cargo test --release -p loss-core --test accuracy -- --ignored --nocapture

# The C interface on this machine and on a Cortex-M4F under QEMU, compared with Rust; writes the table of loss-c/README.md.
c-interface:
    loss-c/run

# The firmware on four boards under QEMU, compared with this machine; writes the tables of docs/embedded.md.
firmware:
    loss-examples/firmware/run

# The same bits on aarch64 with NEON, on big-endian s390x (both emulated) and in WebAssembly.
machines:
    .ci/machines

# The Python package with the newest torch and its libraries (7 GB, in target/python): all tests, and torch.compile.
python:
    .ci/python newest

# Every function of the C interface under AddressSanitizer and UndefinedBehaviorSanitizer.
c-sanitizers:
    .ci/c-sanitizers

# loss-core's tests with overflow checks and debug assertions.
checked:
    .ci/checked
