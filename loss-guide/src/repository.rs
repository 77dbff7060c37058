//! Where files of the repository lie, and how a page of the guide links to them.

use std::path::{Path, PathBuf};

/// A file of the repository.
pub(crate) fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The environment variable with the address under which the repository's files are shown, for a guide that is put elsewhere.
pub const REPOSITORY: &str = "LOSS_GUIDE_REPOSITORY";

/// From a page of the built guide (`target/guide`) to the root of the repository.
fn upwards(page: &str) -> String {
    "../".repeat(page.matches('/').count() + 2)
}

/// The links of a page that begin with `repo:` (a file of the repository) and `doc:` (a page of the documentation of Rust) become addresses.
///
/// # Errors
/// The link that leads nowhere.
pub(crate) fn with_links(page: &str, text: &str) -> Result<String, String> {
    let published = std::env::var(REPOSITORY).ok();
    let mut parts = text.split("](");
    let mut linked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        linked += "](";
        let Some((target, rest)) = part.split_once(')') else {
            linked += part;
            continue;
        };
        let published = |rest: &str| published.as_ref().map(|base| format!("{}/{rest}", base.trim_end_matches('/')));
        if let Some(file) = target.strip_prefix("repo:") {
            if file.contains('#') || !path(file).exists() {
                return Err(format!("the repository has no {file}"));
            }
            // mdBook takes every relative link that ends in .md for one of its own pages, and makes it .html. The same address with a code for
            // the dot it leaves.
            let local = file.strip_suffix(".md").map_or_else(|| file.to_owned(), |stem| format!("{stem}%2Emd"));
            linked += &published(file).unwrap_or_else(|| upwards(page) + &local);
        } else if let Some(item) = target.strip_prefix("doc:") {
            let documentation = path("target/doc");
            if documentation.join("loss_core/index.html").exists() && !documentation.join(item).exists() {
                return Err(format!("the documentation has no {item}; if it is new, build it: `just docs`"));
            }
            linked +=
                &published(&format!("doc/{item}")).unwrap_or_else(|| format!("{}target/doc/{item}", upwards(page)));
        } else {
            linked += target;
        }
        linked.push(')');
        linked += rest;
    }
    Ok(linked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_the_built_guide_to_the_repository() {
        let linked = with_links("losses/bce.md", "[a](repo:docs/state.md), [b](../losses.md) and [c](repo:Cargo.toml)")
            .expect("links");
        assert_eq!(linked, "[a](../../../docs/state%2Emd), [b](../losses.md) and [c](../../../Cargo.toml)");
        assert!(with_links("index.md", "[a](repo:docs/nothing.md)").is_err());
    }
}
