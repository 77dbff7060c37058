//! Names of files that are made of others: `{id}_logits.npy:{id}_mask.png`.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::keys::stem;
use super::{Files, PairedBy, PairingError, Pairs, shown};

/// What stands for the part that two names share.
const ID: &str = "{id}";

/// How the name of a file is made of that of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The name of the first file; without it the id is all of the name but its ending.
    first: Option<Shape>,
    second: Shape,
}

/// What a name is around the id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    before: String,
    after: String,
}

impl Shape {
    fn parse(text: &str) -> Option<Self> {
        let (before, after) = text.split_once(ID)?;
        (!after.contains(ID)).then(|| Self { before: before.to_owned(), after: after.to_owned() })
    }

    /// The id in a name, which is not empty.
    fn id<'a>(&self, name: &'a [u8]) -> Option<&'a [u8]> {
        let id = name.strip_prefix(self.before.as_bytes())?.strip_suffix(self.after.as_bytes())?;
        (!id.is_empty()).then_some(id)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{ID}{}", self.before, self.after)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.first {
            Some(first) => write!(f, "{first}:{}", self.second),
            None => write!(f, "{}", self.second),
        }
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, second) = match text.split_once(':') {
            Some((first, second)) => (Some(Shape::parse(first)), Shape::parse(second)),
            None => (None, Shape::parse(text)),
        };
        let (first, second) = match (first, second) {
            (Some(None), _) | (_, None) => {
                return Err("accepted: order, name, or the name of the targets' file with {id} once in it, such as \"{id}_mask.png\" or \
                            \"{id}_logits.npy:{id}_mask.png\""
                    .to_owned());
            }
            (first, Some(second)) => (first.flatten(), second),
        };
        Ok(Self { first, second })
    }
}

fn name(path: &Path) -> &[u8] {
    path.file_name().unwrap_or(path.as_os_str()).as_encoded_bytes()
}

impl Template {
    /// For each file of the first list its partner.
    pub(super) fn pair(&self, first: &Files, second: &Files) -> Result<Pairs, PairingError> {
        let failed = |path: &Path, problem: String| PairingError::Template {
            file: shown(path),
            problem,
            template: self.to_string(),
        };
        let mut places: HashMap<&[u8], usize> = HashMap::new();
        for (place, path) in second.paths.iter().enumerate() {
            let Some(id) = self.second.id(name(path)) else {
                return Err(failed(path, format!("its name is not {}", self.second)));
            };
            if let Some(other) = places.insert(id, place).and_then(|other| second.paths.get(other)) {
                return Err(failed(path, format!("has the same name as {}", shown(other))));
            }
        }
        let mut partners = Vec::new();
        for path in &first.paths {
            let id = match &self.first {
                Some(shape) => {
                    shape.id(name(path)).ok_or_else(|| failed(path, format!("its name is not {shape}")))?.to_vec()
                }
                None => stem(path),
            };
            let Some(place) = places.remove(&id[..]) else {
                let Shape { before, after } = &self.second;
                let wanted = format!("{before}{}{after}", String::from_utf8_lossy(&id));
                return Err(failed(path, format!("{} has no {wanted} for it, or another file has it", second.option)));
            };
            partners.push(place);
        }
        match places.into_values().min().and_then(|place| second.paths.get(place)) {
            Some(lonely) => Err(failed(lonely, format!("none of {} goes with it", first.option))),
            None => Ok(Pairs { partners, by: PairedBy::Template }),
        }
    }
}
