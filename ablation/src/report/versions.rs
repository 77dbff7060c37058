//! The versions that numbers depend on.

/// By name. All crates of the workspace have one version.
pub(crate) const VERSIONS: [(&str, &str); 2] =
    [("ablation", env!("CARGO_PKG_VERSION")), ("loss-core", env!("CARGO_PKG_VERSION"))];
