//! What names have in common.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::PairedBy;

/// What identifies a file in its list; `None` if it has nothing of the kind.
pub(super) type Key = Option<Vec<u8>>;

/// The keys of two lists of files, of one kind.
pub(super) struct Keys {
    pub(super) by: PairedBy,
    pub(super) first: Vec<Key>,
    pub(super) second: Vec<Key>,
}

impl Keys {
    /// The keys of each kind, those first that say most.
    pub(super) fn of(first: &[PathBuf], second: &[PathBuf]) -> Vec<Self> {
        let stems = [stems(first), stems(second)];
        let relative = [relative_names(first), relative_names(second)];
        let mut all = Vec::new();
        let of_lists = |by, [first, second]: &[Vec<Vec<u8>>; 2], key: fn(&Vec<u8>) -> Key| Self {
            by,
            first: first.iter().map(key).collect(),
            second: second.iter().map(key).collect(),
        };
        let names = [&stems, &relative];
        all.extend(names.map(|names| of_lists(PairedBy::Name, names, |name| Some(name.clone()))));
        all.extend(names.iter().filter_map(|[first, second]| without_affixes(first, second)));
        all.extend(names.map(|names| of_lists(PairedBy::Numbers, names, |name| numbers(name))));
        all
    }

    /// The pairs of files whose key is theirs alone in each list.
    pub(super) fn matches(&self) -> Vec<(usize, usize)> {
        let seconds = unique(&self.second);
        let mut matches: Vec<(usize, usize)> =
            unique(&self.first).into_iter().filter_map(|(key, index)| Some((index, *seconds.get(key)?))).collect();
        matches.sort_unstable();
        matches
    }

    /// For each file of the first list its partner in the second, if all files of both have one.
    pub(super) fn partners(&self) -> Option<Vec<usize>> {
        let matches = self.matches();
        let complete = matches.len() == self.first.len() && matches.len() == self.second.len();
        complete.then(|| matches.into_iter().map(|(_, second)| second).collect())
    }
}

/// Whether a file shares its key with another of its list.
pub(super) fn is_repeated(keys: &[Key], index: usize) -> bool {
    let Some(Some(key)) = keys.get(index) else { return false };
    keys.iter().flatten().filter(|other| *other == key).count() > 1
}

fn unique(keys: &[Key]) -> HashMap<&[u8], usize> {
    let mut places: HashMap<&[u8], Option<usize>> = HashMap::new();
    for (index, key) in keys.iter().enumerate() {
        if let Some(key) = key {
            places.entry(key).and_modify(|place| *place = None).or_insert(Some(index));
        }
    }
    places.into_iter().filter_map(|(key, place)| Some((key, place?))).collect()
}

/// The name without its extension. What follows a dot is no extension if it is a number: `scan.1`, `scan.2`.
pub(super) fn stem(path: &Path) -> Vec<u8> {
    let is_number = |extension: &[u8]| extension.iter().all(u8::is_ascii_digit);
    let mut path = path;
    // Of `.nii.gz` both go.
    let is =
        |path: &Path, ending: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending));
    let unpacked = path.with_extension("");
    if is(path, "gz") && is(&unpacked, "nii") {
        path = &unpacked;
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    match (path.extension(), path.file_stem()) {
        (Some(extension), Some(stem)) if !is_number(extension.as_encoded_bytes()) => stem,
        _ => name,
    }
    .as_encoded_bytes()
    .to_vec()
}

fn stems(paths: &[PathBuf]) -> Vec<Vec<u8>> {
    paths.iter().map(|path| stem(path)).collect()
}

/// The paths below the folder that all are in, without extensions: `a/x`, `b/x`.
fn relative_names(paths: &[PathBuf]) -> Vec<Vec<u8>> {
    let folders: Vec<Vec<Component<'_>>> =
        paths.iter().map(|path| path.parent().unwrap_or(Path::new("")).components().collect()).collect();
    let Some(first) = folders.first() else { return Vec::new() };
    let is_shared = |depth: &usize| folders.iter().all(|folder| folder.get(*depth) == first.get(*depth));
    let shared = (0..first.len()).take_while(is_shared).count();
    let name = |(path, folder): (&PathBuf, &Vec<Component<'_>>)| {
        let mut name = Vec::new();
        for component in folder.iter().skip(shared) {
            name.extend(component.as_os_str().as_encoded_bytes());
            name.push(b'/');
        }
        name.extend(stem(path));
        name
    };
    paths.iter().zip(&folders).map(name).collect()
}

/// The numbers in a name, one after the other, without leading zeros; `None` if there are none.
fn numbers(name: &[u8]) -> Key {
    let runs = name.split(|byte| !byte.is_ascii_digit()).filter(|run| !run.is_empty());
    let numbers: Vec<&[u8]> = runs
        .map(|run| {
            let zeros = run.iter().take_while(|digit| **digit == b'0').count();
            run.get(zeros.min(run.len() - 1)..).unwrap_or_default()
        })
        .collect();
    (!numbers.is_empty()).then(|| numbers.join(&b','))
}

/// How many bytes to take off at the front and at the back of each name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    front: usize,
    back: usize,
}

impl Cut {
    fn keys(self, names: &[Vec<u8>]) -> Vec<Key> {
        let key = |name: &Vec<u8>| name.get(self.front..name.len().checked_sub(self.back)?).map(<[u8]>::to_vec);
        names.iter().map(key).collect()
    }
}

/// The keys that pair most once a prefix and a suffix that all names of a list have are taken off.
///
/// `None` if they can be taken off in several ways that pair all files differently.
fn without_affixes(first: &[Vec<u8>], second: &[Vec<u8>]) -> Option<Keys> {
    let mut best: Option<(usize, Keys)> = None;
    let mut complete: Option<Vec<usize>> = None;
    let seconds = cuts(second);
    for cut in cuts(first) {
        for other in &seconds {
            let keys = Keys { by: PairedBy::Affix, first: cut.keys(first), second: other.keys(second) };
            if let Some(partners) = keys.partners()
                && complete.replace(partners.clone()).is_some_and(|known| known != partners)
            {
                return None;
            }
            let count = keys.matches().len();
            if best.as_ref().is_none_or(|(most, _)| count > *most) {
                best = Some((count, keys));
            }
        }
    }
    best.map(|(_, keys)| keys)
}

/// The ways to take off what all names begin and end with.
///
/// There are several only if in the shortest name the two overlap: of `ab` and `abab` it is `ab` before or after nothing.
/// A number is not cut in two, so `case_1` and `case_10` differ in `1` and `10`.
fn cuts(names: &[Vec<u8>]) -> Vec<Cut> {
    /// Enough for names that people give.
    const MOST: usize = 16;
    let [first, others @ ..] = names else { return Vec::new() };
    if others.is_empty() {
        return vec![Cut { front: 0, back: 0 }];
    }
    let shared = |same: &dyn Fn(&Vec<u8>) -> usize| others.iter().map(same).min().unwrap_or(0);
    let prefix = shared(&|other| first.iter().zip(other).take_while(|(a, b)| a == b).count());
    let suffix = shared(&|other| first.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count());
    let shortest = names.iter().map(Vec::len).min().unwrap_or(0);
    let front = whole_front(names, prefix);
    let back = whole_back(names, suffix);
    if prefix + suffix <= shortest {
        return vec![Cut { front, back }];
    }
    let mut cuts = vec![
        Cut { front, back: whole_back(names, suffix.min(shortest - front)) },
        Cut { front: whole_front(names, prefix.min(shortest - back)), back },
    ];
    let splits = (shortest - suffix.min(shortest)..=prefix).map(|front| Cut { front, back: shortest - front });
    let is_whole = |cut: &Cut| whole_front(names, cut.front) == cut.front && whole_back(names, cut.back) == cut.back;
    cuts.extend(splits.filter(is_whole).take(MOST));
    cuts.dedup();
    cuts
}

/// The length of a prefix that divides no number.
fn whole_front(names: &[Vec<u8>], length: usize) -> usize {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let goes_on = names.iter().any(|name| is_digit(name.get(length)));
    let prefix = names.first().and_then(|name| name.get(..length)).unwrap_or_default();
    let digits = prefix.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    if goes_on { length - digits } else { length }
}

/// As [`whole_front`], of a suffix.
fn whole_back(names: &[Vec<u8>], length: usize) -> usize {
    let before = |name: &Vec<u8>| name.len().checked_sub(length + 1).and_then(|place| name.get(place)).copied();
    let goes_on = names.iter().any(|name| before(name).is_some_and(|byte| byte.is_ascii_digit()));
    let suffix = names.first().and_then(|name| name.get(name.len().checked_sub(length)?..)).unwrap_or_default();
    let digits = suffix.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if goes_on { length - digits } else { length }
}
