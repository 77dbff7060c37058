use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::keys::{Key, Keys, is_repeated, stem};
use super::{Named, Template, shown};

/// The files of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The option, such as `--targets`, for messages.
    pub option: &'static str,
    /// The files, in the order they were given.
    pub paths: Vec<PathBuf>,
    /// Whether their order means something.
    pub named: Named,
}

/// What decides which files belong together, where it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairRule {
    /// The order in which files are named one by one: the first with the first
    Order,
    /// The names
    Name,
    /// The name of the second file, made of that of the first.
    Template(Template),
}

impl std::str::FromStr for PairRule {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "order" => Ok(Self::Order),
            "name" => Ok(Self::Name),
            text => text.parse().map(Self::Template),
        }
    }
}

/// What the partners of a list have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PairedBy {
    /// Their place: files named one by one, or one file with one.
    Order,
    /// The name, without the extension; or the path below the folder of each list.
    Name,
    /// The name, after a prefix and a suffix that all files of a list have.
    Affix,
    /// The numbers in the name.
    Numbers,
    /// A name made of the other.
    Template,
    /// One file is that of all.
    Broadcast,
}

impl PairedBy {
    /// The word that stands for it in JSON and CSV.
    pub fn word(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Name => "name",
            Self::Affix => "affix",
            Self::Numbers => "numbers",
            Self::Template => "template",
            Self::Broadcast => "broadcast",
        }
    }
}

/// Which files of two lists belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// For each file of the first list, the place of its partner in the second.
    pub partners: Vec<usize>,
    /// What the partners have in common.
    pub by: PairedBy,
}

/// Why two lists of files cannot be paired.
#[derive(Debug, thiserror::Error)]
pub enum PairingError {
    /// Files without a partner.
    #[error(
        "cannot pair {first} with {second}:{unpaired}\n\
         Files pair by the same name, by the same name after a prefix and a suffix that all files of a list have, or by \
         the same numbers in the name. Files named one by one pair in the order given if there are as many of both"
    )]
    Unpaired {
        /// The first list: its option and how many files it has.
        first: String,
        /// The second list.
        second: String,
        /// A line for each of some files without a partner.
        unpaired: String,
    },
    /// Files that a template gives no partner.
    #[error("{file}: {problem} (--pair {template})")]
    Template {
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: String,
        /// The template.
        template: String,
    },
    /// Files named one by one, in an order that their names contradict.
    #[error(
        "cannot tell which files belong together: {file} goes with {by_order} by the order of {option}, but with \
         {by_name} by its {kind}; --pair order or --pair name says which is meant (a pattern in quotes pairs by name)"
    )]
    Contradiction {
        /// A file of the first list.
        file: String,
        /// Its partner by order.
        by_order: String,
        /// What its name says.
        by_name: String,
        /// The option of the second list.
        option: &'static str,
        /// What in the name says so.
        kind: &'static str,
    },
    /// An order was asked for, of files that have none.
    #[error(
        "--pair order is for files named one by one, and those of {option} come from a pattern or a folder; leave it out, \
         or name the files"
    )]
    Unordered {
        /// The option.
        option: &'static str,
    },
}

/// Pairs each file of a list with one of another.
///
/// One file goes with one. Files that were all named one by one pair in the order given, unless their names say that
/// other files belong together. Other lists pair by names: the same name without its extension (or path below the folder
/// that all files of the list are in, where names occur twice), else the same name after a prefix and a suffix that all
/// files of a list have, else the same numbers in the name. Each file must have exactly one partner.
///
/// The order of files that were not named one by one does not matter.
pub fn pair(first: &Files, second: &Files, rule: Option<PairRule>) -> Result<Pairs, PairingError> {
    let (count, equal) = (first.paths.len(), first.paths.len() == second.paths.len());
    let in_order = Pairs { partners: (0..count).collect(), by: PairedBy::Order };
    if equal && count == 1 && !matches!(rule, Some(PairRule::Template(_))) {
        return Ok(in_order);
    }
    let unordered = [first, second].into_iter().find(|files| files.named != Named::OneByOne);
    if let Some(PairRule::Template(template)) = &rule {
        return template.pair(first, second);
    }
    if rule == Some(PairRule::Order) {
        return match unordered {
            Some(files) => Err(PairingError::Unordered { option: files.option }),
            None if equal => Ok(in_order),
            None => Err(unpaired(first, second, &Keys::of(&first.paths, &second.paths))),
        };
    }
    let all_keys = Keys::of(&first.paths, &second.paths);
    let by_name = all_keys.iter().find_map(|keys| Some((keys, Pairs { partners: keys.partners()?, by: keys.by })));
    if rule.is_none() && unordered.is_none() && equal {
        let contradiction = match &by_name {
            Some((keys, pairs)) => contradiction(first, second, keys, pairs.partners.iter().copied().enumerate()),
            None => best(&all_keys).and_then(|keys| contradiction(first, second, keys, keys.matches().into_iter())),
        };
        return contradiction.map_or(Ok(in_order), Err);
    }
    match by_name {
        Some((_, pairs)) => Ok(pairs),
        None => Err(unpaired(first, second, &all_keys)),
    }
}

/// The keys that pair most files, of equal ones the first.
fn best(all_keys: &[Keys]) -> Option<&Keys> {
    all_keys.iter().rev().max_by_key(|keys| keys.matches().len())
}

/// The first file that its name does not pair with the file at the same place.
fn contradiction(
    first: &Files,
    second: &Files,
    keys: &Keys,
    mut by_name: impl Iterator<Item = (usize, usize)>,
) -> Option<PairingError> {
    let (place, partner) = by_name.find(|(place, partner)| place != partner)?;
    let name = |files: &Files, place: usize| files.paths.get(place).map_or(String::new(), |path| shown(path));
    Some(PairingError::Contradiction {
        file: name(first, place),
        by_order: name(second, place),
        by_name: name(second, partner),
        option: second.option,
        kind: match keys.by {
            PairedBy::Numbers => "numbers",
            _ => "name",
        },
    })
}

fn unpaired(first: &Files, second: &Files, all_keys: &[Keys]) -> PairingError {
    let count = |files: &Files| match files.paths.len() {
        1 => format!("1 file of {}", files.option),
        count => format!("{count} files of {}", files.option),
    };
    let lines = best(all_keys).map_or(String::new(), |keys| {
        let (firsts, seconds): (BTreeSet<usize>, BTreeSet<usize>) = keys.matches().into_iter().unzip();
        let lonely = |files: &Files, paired: &BTreeSet<usize>| -> Vec<usize> {
            (0..files.paths.len()).filter(|place| !paired.contains(place)).collect()
        };
        let (firsts, seconds) = (lonely(first, &firsts), lonely(second, &seconds));
        let what = if keys.by == PairedBy::Numbers { "these numbers" } else { "this name" };
        let of_first = lonely_lines(first, &keys.first, what, &firsts, second, &seconds);
        of_first + &lonely_lines(second, &keys.second, what, &seconds, first, &firsts)
    });
    PairingError::Unpaired { first: count(first), second: count(second), unpaired: lines }
}

/// A line for each of some files without a partner: what is wrong, and the nearest names among the others.
fn lonely_lines(
    files: &Files,
    keys: &[Key],
    what: &str,
    lonely: &[usize],
    others: &Files,
    candidates: &[usize],
) -> String {
    const MOST: usize = 3;
    let mut lines = String::new();
    for place in lonely.iter().take(MOST) {
        let Some(path) = files.paths.get(*place) else { continue };
        let reason = if is_repeated(keys, *place) {
            format!("several files of {} have {what}", files.option)
        } else {
            let nearest = nearest(path, others, candidates);
            format!("none of {} goes with it{nearest}", others.option)
        };
        let _ = write!(lines, "\n  {}: {reason}", shown(path));
    }
    if lonely.len() > MOST {
        let _ = write!(lines, "\n  and {} more of {}", lonely.len() - MOST, files.option);
    }
    lines
}

fn nearest(path: &Path, others: &Files, candidates: &[usize]) -> String {
    /// Names are compared with so many, as a comparison takes a while.
    const LOOKED_AT: usize = 10_000;
    const MOST: usize = 2;
    let text = |path: &Path| String::from_utf8_lossy(&stem(path)).into_owned();
    let name = text(path);
    let candidates = candidates.iter().take(LOOKED_AT).filter_map(|place| others.paths.get(*place));
    let mut candidates: Vec<(f64, &PathBuf)> =
        candidates.map(|other| (strsim::jaro_winkler(&name, &text(other)), other)).collect();
    candidates.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let names: Vec<String> = candidates.iter().take(MOST).map(|(_, path)| shown(path)).collect();
    if names.is_empty() { String::new() } else { format!("; nearest: {}", names.join(", ")) }
}
