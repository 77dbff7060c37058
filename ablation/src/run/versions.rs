//! The versions of everything that the numbers depend on.

use std::collections::BTreeMap;

use crate::report::versions::VERSIONS;

/// The framework as `Cargo.toml` pins it; its version is part of what determines the numbers.
const BURN: &str = "0.22.1";

/// The versions, by name.
pub(crate) fn versions() -> BTreeMap<String, String> {
    let all = VERSIONS.into_iter().chain([("burn", BURN)]);
    all.map(|(name, version)| (name.to_owned(), version.to_owned())).collect()
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
