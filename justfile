# The checks of CI and the measurements, run by hand. `just` lists the recipes.

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

# The guide, into target/guide: pictures, pages, and a check of its code and links. `just guide open` shows it in a browser.
guide *arguments:
    .ci/guide {{arguments}}

# The pictures in loss-core's documentation, drawn again after a loss has changed.
pictures:
    cargo run --release -p loss-guide -- pictures

# Builds loss-core for a microcontroller: no std, no alloc, Rust 1.85.
no-std:
    .ci/no-std

# Checks licences, sources and refused crates of all dependencies; `just deny advisories` also asks RustSec's database.
deny *arguments:
    .ci/deny {{arguments}}

# Fuzzes each target for this many seconds: `just fuzz 1800 planes classes`.
fuzz seconds="60" *targets:
    .ci/fuzz {{seconds}} {{targets}}

bench:
    cargo bench -p loss-bench

# Trains a U-Net under every loss and writes target/ablation/index.html.
report:
    cargo run --release -p ablation

# Measures other crates that compute the same losses (a long build).
bench-rivals:
    cargo bench --manifest-path loss-bench/rivals/Cargo.toml

# Counts the instructions per pixel with callgrind.
instructions:
    cargo run --release -p loss-bench --bin instructions

# Writes docs/benchmarks.md and its plots from the last measurements.
bench-report:
    cargo run --release -p loss-bench --bin report

# Measures the table of errors again (half an hour).
accuracy:
    cargo test --release -p loss-core --test accuracy -- --ignored --nocapture

# Runs the C interface on this machine and on a Cortex-M4F under QEMU, compares it with Rust, and writes the table of loss-c/README.md.
c-interface:
    loss-c/run

# Runs the firmware on four boards under QEMU, compares it with this machine, and writes the tables of docs/embedded.md.
firmware:
    loss-examples/firmware/run

# Checks for the same bits on aarch64 with NEON, on big-endian s390x (both emulated) and in WebAssembly.
machines:
    .ci/machines

# The Python package with the newest torch and its libraries (7 GB, in target/python): all tests, and torch.compile.
python:
    .ci/python newest

# The page that computes in the browser, into target/web/.
web:
    loss-web/build

# The page in headless Chromium, compared with the native library.
web-check:
    .ci/web

# Calls every function of the C interface under AddressSanitizer and UndefinedBehaviorSanitizer.
c-sanitizers:
    .ci/c-sanitizers

# Runs loss-core's tests with overflow checks and debug assertions.
checked:
    .ci/checked
