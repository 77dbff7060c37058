//! Names for results, made of what they were computed from.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Config;

/// The number of hexadecimal digits kept: 64 bits, so that among a million things two are alike with probability 3e-8.
const CHARACTERS: usize = 16;

/// The first 16 hexadecimal digits of SHA-256 of the value as JSON, with keys in alphabetical order.
///
/// Fails for values that JSON cannot hold, such as maps whose keys are not strings.
pub(crate) fn fingerprint_of(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut json = serde_json::to_value(value)?;
    json.sort_all_objects();
    Ok(hash(&json.to_string()))
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>().chars().take(CHARACTERS).collect()
}

impl Config {
    /// Equal only for equal settings.
    pub(crate) fn fingerprint(&self) -> String {
        // JSON can hold all settings; their debug text would serve as well.
        fingerprint_of(self).unwrap_or_else(|_| hash(&format!("{self:?}")))
    }
}
