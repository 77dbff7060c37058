//! The versions of everything that the numbers depend on.

use std::collections::BTreeMap;

/// The framework as `Cargo.toml` pins it; its version is part of what determines the numbers.
const BURN: &str = "0.22.1";

/// The versions, by name.
pub(crate) fn versions() -> BTreeMap<String, String> {
    let own = env!("CARGO_PKG_VERSION");
    [("ablation", own), ("loss-core", own), ("burn", BURN)]
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_framework_is_the_one_that_is_built_with() {
        let lock = include_str!("../../../Cargo.lock");
        assert!(lock.contains(&format!("name = \"burn\"\nversion = \"{BURN}\"")));
    }
}
