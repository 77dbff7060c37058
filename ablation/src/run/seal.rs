//! A hash beside a value on disk, so that damaged data is not taken for computed data.

use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A value with its hash; in JSON the hash is one more field of the value, `sha256`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sealed<T> {
    #[serde(flatten)]
    content: T,
    sha256: String,
}

impl<T: Serialize> Sealed<T> {
    pub(crate) fn new(content: T) -> serde_json::Result<Self> {
        let sha256 = hash_of(&content)?;
        Ok(Self { content, sha256 })
    }

    /// The value, if it is the one that was sealed.
    pub(crate) fn open(self) -> Option<T> {
        let Self { content, sha256 } = self;
        hash_of(&content).is_ok_and(|hash| hash == sha256).then_some(content)
    }
}

/// SHA-256 of a value as JSON without spaces, in hexadecimal digits.
///
/// It hashes the content of the value, not the bytes of a file, so a file may be indented differently.
fn hash_of(value: &impl Serialize) -> serde_json::Result<String> {
    let mut digest = Digested(Sha256::new());
    serde_json::to_writer(&mut digest, value)?;
    Ok(in_digits(digest.0))
}

/// SHA-256 of bytes, in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    in_digits(Sha256::new_with_prefix(bytes))
}

fn in_digits(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hashes the bytes as they are made, so the text of a long run is never held in memory.
struct Digested(Sha256);

impl io::Write for Digested {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Numbers {
        name: String,
        values: Vec<f64>,
        whole: u64,
    }

    quickcheck::quickcheck! {
        /// Any value opens again, and no other value does under its hash.
        fn a_seal_is_of_one_value(name: String, values: Vec<f64>, whole: u64, index: usize) -> bool {
            let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
            let numbers = Numbers { name, values, whole };
            let json = serde_json::to_vec(&Sealed::new(numbers.clone()).unwrap()).unwrap();
            let read = |json: &[u8]| serde_json::from_slice::<Sealed<Numbers>>(json).unwrap();
            let mut changed = read(&json);
            match changed.content.values.len() {
                0 => changed.content.whole ^= 1,
                count => {
                    let value = &mut changed.content.values[index % count];
                    *value = if *value == 0.0 { 1.0 } else { 0.0 };
                }
            }
            read(&json).open() == Some(numbers) && changed.open().is_none()
        }
    }

    #[test]
    fn the_hash_is_of_the_value_without_spaces() {
        let numbers = Numbers { name: "x".to_owned(), values: vec![1.0, 2.5], whole: 3 };
        // printf '{"name":"x","values":[1.0,2.5],"whole":3}' | sha256sum
        let expected = "348e72ab4c32b9a32e82838192b69da67f7f38c8697153975d545b1ad7f6fefa";
        assert_eq!(Sealed::new(numbers).unwrap().sha256, expected);
    }
}
