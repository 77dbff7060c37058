use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use quickcheck::{Arbitrary, Gen, TestResult, quickcheck};
use tempfile::TempDir;

use super::*;

fn files(option: &'static str, named: Named, names: &[impl AsRef<str>]) -> Files {
    Files { option, paths: names.iter().map(|name| PathBuf::from(name.as_ref())).collect(), named }
}

fn pairs_of(
    first: &Files,
    second: &Files,
    rule: Option<PairRule>,
) -> Result<(Vec<(String, String)>, PairedBy), String> {
    let Pairs { partners, by } = pair(first, second, rule).map_err(|error| error.to_string())?;
    assert_eq!(partners.len(), first.paths.len());
    let name = |path: &Path| path.to_str().unwrap().to_owned();
    let pairs = first.paths.iter().zip(partners).map(|(path, partner)| (name(path), name(&second.paths[partner])));
    Ok((pairs.collect(), by))
}

/// Pairs the files of two patterns.
fn together(
    first: &[impl AsRef<str>],
    second: &[impl AsRef<str>],
) -> Result<(Vec<(String, String)>, PairedBy), String> {
    pairs_of(&files("--logits", Named::Together, first), &files("--targets", Named::Together, second), None)
}

/// Pairs files that were named one by one.
fn one_by_one(
    first: &[&str],
    second: &[&str],
    rule: Option<PairRule>,
) -> Result<(Vec<(String, String)>, PairedBy), String> {
    pairs_of(&files("--logits", Named::OneByOne, first), &files("--targets", Named::OneByOne, second), rule)
}

fn expected(pairs: &[(&str, &str)], by: PairedBy) -> Result<(Vec<(String, String)>, PairedBy), String> {
    Ok((pairs.iter().map(|(first, second)| ((*first).to_owned(), (*second).to_owned())).collect(), by))
}

#[test]
fn files_of_patterns_pair_by_the_first_key_that_fits() {
    use PairedBy::{Affix, Name, Numbers};
    let cases: [(&[(&str, &str)], PairedBy); 17] = [
        (&[("z/2.npy", "y/2.npz"), ("z/1.npy", "y/1.npz")], Name),
        (&[("p/a/x.npy", "m/a/x.npy"), ("p/b/x.npy", "m/b/x.npy")], Name),
        (&[("p/a.1", "m/a.1"), ("p/a.2", "m/a.2")], Name),
        (&[("a/case_1.npy", "b/case_1_mask.npy"), ("a/case_10.npy", "b/case_10_mask.npy")], Affix),
        (&[("1", "m1x"), ("11", "m11x"), ("111", "m111x")], Affix),
        (&[("u1_1", "1_1v"), ("u1", "1v"), ("u1_1_1", "1_1_1v")], Affix),
        (&[("pred-a.npy", "a.gt.npy"), ("pred-b.npy", "b.gt.npy"), ("pred-c.npy", "c.gt.npy")], Affix),
        (&[("v2_left.npy", "mask_left_2024.npy"), ("v2_right.npy", "mask_right_2024.npy")], Affix),
        (&[("case1/pred.npy", "case1/mask.npy"), ("case2/pred.npy", "case2/mask.npy")], Affix),
        (&[("x.npy", "y_x.npy"), ("x_x.npy", "y_x_x.npy")], Affix),
        (&[("ab", "cabab"), ("abab", "cababab"), ("abb", "cabbab")], Affix),
        (&[("é", "é2"), ("è", "è2")], Affix),
        (&[("p001.npy", "1.npy"), ("p010.npy", "10.npy"), ("p100.npy", "100.npy")], Numbers),
        (&[("a0_b1", "x0-1"), ("a1_b0", "y1-0")], Numbers),
        (&[("0", "img00"), ("1", "pic01")], Numbers),
        (&[("a/left1.npy", "b/1.npy"), ("a/right2.npy", "b/02.npy")], Numbers),
        (&[("s1/p.npy", "a01/q.npy"), ("s2/p.npy", "b02/r.npy")], Numbers),
    ];
    for (pairs, by) in cases {
        let (first, mut second): (Vec<&str>, Vec<&str>) = pairs.iter().copied().unzip();
        second.reverse();
        assert_eq!(together(&first, &second), expected(pairs, by));
        // The other way round, too.
        let turned: Vec<(&str, &str)> = pairs.iter().rev().map(|(first, second)| (*second, *first)).collect();
        assert_eq!(together(&second, &first), expected(&turned, by));
    }
    assert_eq!(together(&["alpha"], &["omega"]), expected(&[("alpha", "omega")], PairedBy::Order));
}

#[test]
fn what_has_no_unique_partner_is_refused() {
    for (first, second) in [
        // Other cases, though they end alike.
        (&["case_10", "case_11"][..], &["case_20_mask", "case_21_mask"][..]),
        (&["0", "1", "2"], &["1", "2", "3"]),
        (&["a/x", "b/x"], &["c/x", "d/x"]),
        (&["a/x", "a/x"], &["b/x", "b/y"]),
        (&["p1", "q1"], &["1", "01"]),
        (&["alpha", "beta"], &["gamma", "delta"]),
        (&["1", "2"], &["1"]),
        (&["1"], &["1", "2"]),
        (&["2.5"], &["2.5", "25"]),
    ] {
        let message = together(first, second).expect_err("a refusal");
        assert!(message.starts_with("cannot pair "), "{message}");
        assert!(together(second, first).is_err());
    }
    let names = |count: u32, skip: u32, suffix: &str| -> Vec<String> {
        (1..=count).filter(|case| *case != skip).map(|case| format!("case_{case}{suffix}.npy")).collect()
    };
    let message = together(&names(12, 0, ""), &names(12, 7, "_mask")).expect_err("a refusal");
    assert_eq!(message.lines().nth(1), Some("  case_7.npy: none of --targets goes with it"));
    assert!(message.starts_with("cannot pair 12 files of --logits with 11 files of --targets:"), "{message}");
    assert_eq!(message.lines().count(), 3, "{message}");
    let message = together(&["cat_1", "dog_2", "cow_3"], &["cat_1", "dgo_2", "owl_3"]).map(|pairs| pairs.1);
    assert_eq!(message, Ok(PairedBy::Numbers));
    let message = together(&["cat", "dog", "cow"], &["cat", "dgo", "owl"]).expect_err("a refusal");
    assert!(message.contains("dog: none of --targets goes with it; nearest: dgo, owl\n"), "{message}");
    let message = together(&["a/x", "b/x", "c/y"], &["x", "y"]).expect_err("a refusal");
    assert!(message.contains("a/x: several files of --logits have this name\n"), "{message}");
    let many: Vec<String> = ('a'..='z').map(String::from).collect();
    let message = together(&many, &["1", "2"]).expect_err("a refusal");
    assert!(message.contains("and 23 more of --logits\n"), "{message}");
}

#[test]
fn files_named_one_by_one_keep_their_order_unless_names_contradict() {
    let in_order = |first: &[&str], second: &[&str]| {
        let pairs: Vec<(&str, &str)> = first.iter().copied().zip(second.iter().copied()).collect();
        assert_eq!(one_by_one(first, second, None), expected(&pairs, PairedBy::Order));
    };
    in_order(&["a/case_1.npy", "a/case_10.npy"], &["b/case_1_mask.npy", "b/case_10_mask.npy"]);
    in_order(&["alpha", "beta", "gamma"], &["eins", "zwei", "drei"]);
    in_order(&["monday", "tuesday"], &["w1", "w2"]);
    in_order(&["a", "a"], &["b", "c"]);
    in_order(&["1.npy", "2.npy", "x.npy"], &["1_m.npy", "2_m.npy", "y.npy"]);

    for (first, second) in [
        // As the shell sorts them.
        (&["case_1.npy", "case_10.npy"][..], &["case_10_mask.npy", "case_1_mask.npy"][..]),
        (&["a", "b"], &["b", "a"]),
        (&["p1", "p2"], &["02", "01"]),
        // Part of the names is enough.
        (&["1", "2", "3"], &["2", "3", "4"]),
        (&["x1", "y2", "z"], &["2", "z", "1"]),
    ] {
        let message = one_by_one(first, second, None).expect_err("a refusal");
        assert!(message.starts_with("cannot tell which files belong together: "), "{message}");
        assert!(message.contains("--pair order") && message.contains("--pair name"), "{message}");
        let pairs: Vec<(&str, &str)> = first.iter().copied().zip(second.iter().copied()).collect();
        assert_eq!(one_by_one(first, second, Some(PairRule::Order)), expected(&pairs, PairedBy::Order));
    }
    let sorted_by_the_shell = &["case_10_mask.npy", "case_1_mask.npy"];
    assert_eq!(
        one_by_one(&["case_1.npy", "case_10.npy"], sorted_by_the_shell, None).expect_err("a refusal"),
        "cannot tell which files belong together: case_1.npy goes with case_10_mask.npy by the order of --targets, but \
         with case_1_mask.npy by its name; --pair order or --pair name says which is meant (a pattern in quotes pairs \
         by name)"
    );
    assert_eq!(
        one_by_one(&["case_1.npy", "case_10.npy"], sorted_by_the_shell, Some(PairRule::Name)),
        expected(&[("case_1.npy", "case_1_mask.npy"), ("case_10.npy", "case_10_mask.npy")], PairedBy::Affix)
    );
    assert!(one_by_one(&["a", "b"], &["c", "d"], Some(PairRule::Name)).is_err());
    for rule in [None, Some(PairRule::Order), Some(PairRule::Name)] {
        assert!(one_by_one(&["a", "b"], &["a"], rule).is_err());
    }

    // A list beside a pattern pairs by name, and has no order in common with it.
    let list = files("--logits", Named::OneByOne, &["2", "1"]);
    let pattern = files("--targets", Named::Together, &["1_m", "2_m"]);
    let pairs = pairs_of(&list, &pattern, None);
    assert_eq!(pairs, expected(&[("2", "2_m"), ("1", "1_m")], PairedBy::Affix));
    let message = pairs_of(&list, &pattern, Some(PairRule::Order)).expect_err("a refusal");
    assert!(message.starts_with("--pair order is for files named one by one, and those of --targets"), "{message}");
}

/// Names of a few letters and digits, so that they often have parts in common.
#[derive(Clone, Debug)]
struct Name(String);

impl Arbitrary for Name {
    fn arbitrary(generator: &mut Gen) -> Self {
        let length = 1 + usize::arbitrary(generator) % 5;
        Self((0..length).map(|_| *generator.choose(&['a', 'b', '_', '0', '1', '2']).unwrap()).collect())
    }
}

fn distinct(names: &[Name]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|name| name.0.clone()).collect();
    names.sort();
    names.dedup();
    names
}

fn shuffled<T: Clone>(items: &[T], seed: &[usize]) -> Vec<T> {
    let mut rest = items.to_vec();
    let mut seed = seed.iter().copied().cycle();
    let mut result = Vec::new();
    while !rest.is_empty() {
        result.push(rest.remove(seed.next().unwrap_or(0) % rest.len()));
    }
    result
}

type Partners = BTreeMap<String, String>;

fn sorted(result: Result<(Vec<(String, String)>, PairedBy), String>) -> Option<(Partners, PairedBy)> {
    let (pairs, by) = result.ok()?;
    let count = pairs.len();
    let partners: Partners = pairs.into_iter().collect();
    // No file is paired twice.
    assert_eq!(partners.len(), count);
    assert_eq!(partners.values().collect::<std::collections::BTreeSet<_>>().len(), count);
    Some((partners, by))
}

quickcheck! {
    fn the_order_of_a_pattern_does_not_matter(first: Vec<Name>, second: Vec<Name>, seeds: (Vec<usize>, Vec<usize>)) -> bool {
        let (first, second) = (distinct(&first), distinct(&second));
        let turned = together(&shuffled(&first, &seeds.0), &shuffled(&second, &seeds.1));
        sorted(together(&first, &second)) == sorted(turned)
    }

    fn both_lists_tell_the_same_pairs(first: Vec<Name>, second: Vec<Name>) -> bool {
        let (first, second) = (distinct(&first), distinct(&second));
        let turned = sorted(together(&second, &first)).map(|(partners, by)| {
            (partners.into_iter().map(|(second, first)| (first, second)).collect(), by)
        });
        sorted(together(&first, &second)) == turned
    }

    fn what_is_named_one_by_one_pairs_in_order_or_not_at_all(first: Vec<Name>, second: Vec<Name>) -> bool {
        let count = first.len().min(second.len());
        let names = |names: &[Name]| -> Vec<String> { names.iter().take(count).map(|name| name.0.clone()).collect() };
        let (first, second) = (names(&first), names(&second));
        let list = |option, names: &[String]| files(option, Named::OneByOne, names);
        let pairs = pair(&list("--logits", &first), &list("--targets", &second), None);
        let in_order = Pairs { partners: (0..count).collect(), by: PairedBy::Order };
        let by_name = sorted(together(&first, &second)).map(|(partners, _)| {
            first.iter().zip(&second).all(|(first, second)| partners.get(first) == Some(second))
        });
        match pairs {
            Ok(pairs) => pairs == in_order && by_name != Some(false),
            Err(_) => by_name != Some(true),
        }
    }

    fn names_with_affixes_pair_as_the_names_do(names: Vec<Name>, affixes: (Name, Name), seed: Vec<usize>) -> TestResult {
        let names = distinct(&names);
        if names.len() < 2 {
            return TestResult::discard();
        }
        // Letters keep the numbers of the names and of the affixes apart.
        let affixed = |name: &String| format!("{}x{name}y{}.npy", affixes.0.0, affixes.1.0);
        let second: Vec<String> = shuffled(&names, &seed).iter().map(affixed).collect();
        let partners: Partners = names.iter().map(|name| (name.clone(), affixed(name))).collect();
        TestResult::from_bool(sorted(together(&names, &second)) == Some((partners, PairedBy::Affix)))
    }

    fn any_affix_pairs_alike_or_not_at_all(names: Vec<Name>, affixes: (Name, Name), seed: Vec<usize>) -> TestResult {
        let names = distinct(&names);
        if names.len() < 2 {
            return TestResult::discard();
        }
        let affixed = |name: &String| format!("{}{name}{}", affixes.0.0, affixes.1.0);
        let second: Vec<String> = shuffled(&names, &seed).iter().map(affixed).collect();
        let partners: Partners = names.iter().map(|name| (name.clone(), affixed(name))).collect();
        let found = sorted(together(&names, &second));
        TestResult::from_bool(found.is_none_or(|(found, _)| found == partners))
    }

    fn repeated_names_never_pair(names: Vec<Name>, place: usize) -> TestResult {
        let mut names = distinct(&names);
        if names.is_empty() {
            return TestResult::discard();
        }
        names.push(names[place % names.len()].clone());
        let second: Vec<String> = names.iter().map(|name| format!("{name}_m")).collect();
        TestResult::from_bool(together(&names, &second).is_err() && together(&names, &names).is_err())
    }

    fn pairs_by_number_have_the_same_numbers(numbers: Vec<u16>, zeros: u8, seed: Vec<usize>) -> TestResult {
        let mut numbers = numbers;
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() < 2 {
            return TestResult::discard();
        }
        let width = usize::from(zeros % 4) + 6;
        let padded = |number: &u16| format!("p{number:0width$}");
        let second: Vec<String> = shuffled(&numbers, &seed).iter().map(u16::to_string).collect();
        let first: Vec<String> = numbers.iter().map(padded).collect();
        let partners: Partners = numbers.iter().map(|number| (padded(number), number.to_string())).collect();
        TestResult::from_bool(sorted(together(&first, &second)) == Some((partners, PairedBy::Numbers)))
    }
}

struct Folder(TempDir);

impl Folder {
    fn new(files: &[&str]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        for file in files {
            let path = folder.0.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        folder
    }

    fn find(&self, argument: &str) -> Result<Vec<String>, String> {
        let found =
            find(self.0.path().join(argument).as_os_str()).map_err(|error| self.without_folder(&error.to_string()))?;
        let expected = if found.paths.len() == 1 && found.paths[0].ends_with(argument) {
            Named::OneByOne
        } else {
            Named::Together
        };
        assert_eq!(found.named, expected, "{argument}");
        Ok(found.paths.iter().map(|path| self.without_folder(&shown(path))).collect())
    }

    fn without_folder(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn names(names: &[&str]) -> Result<Vec<String>, String> {
    Ok(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn patterns_folders_and_files() {
    let folder = Folder::new(&[
        "b.npy",
        "a.npy",
        "c.txt",
        "[x]*.npy",
        "._a.npy",
        ".hidden/a.npy",
        "d.npy/e.npy",
        "d.npy/f/g.NPZ",
        "d.npy/f/h/i.npy",
        "d.npy/notes.txt",
        "t/notes.txt",
    ]);
    assert_eq!(folder.find("?.npy"), names(&["a.npy", "b.npy"]));
    assert_eq!(folder.find("[!b].npy"), names(&["a.npy"]));
    assert_eq!(folder.find("*a.npy"), names(&["a.npy"]));
    assert_eq!(folder.find(".*.npy"), names(&["._a.npy"]));
    assert_eq!(folder.find("c.txt"), names(&["c.txt"]));
    // It exists, so it is no pattern.
    assert_eq!(folder.find("[x]*.npy"), names(&["[x]*.npy"]));
    assert_eq!(folder.find("*/*.npy"), names(&["d.npy/e.npy"]));
    assert_eq!(folder.find("*.npy/e.npy"), names(&["d.npy/e.npy"]));
    assert_eq!(folder.find("d*/**/*.npy"), names(&["d.npy/e.npy", "d.npy/f/h/i.npy"]));
    assert_eq!(folder.find("**/a.npy"), names(&["a.npy"]));
    assert_eq!(folder.find("d.npy/**"), names(&["d.npy/e.npy", "d.npy/f/g.NPZ", "d.npy/f/h/i.npy", "d.npy/notes.txt"]));
    let found = find(folder.0.path().join("d.npy").as_os_str()).unwrap();
    assert_eq!((found.paths, found.named), (vec![folder.0.path().join("d.npy/e.npy")], Named::Together));
    assert_eq!(folder.find("d.npy/f"), names(&["d.npy/f/g.NPZ"]));
    let no_arrays = "t: no .npy, .npz, .safetensors, .nii, .nii.gz, .png, .tif or .tiff file in this folder; a pattern such as 't/**/*.npy' looks into the folders in it";
    assert_eq!(folder.find("t"), Err(no_arrays.to_owned()));
    let none = "none-*.npy: no such file, and no file matches it as a pattern";
    assert_eq!(folder.find("none-*.npy"), Err(none.to_owned()));
    assert!(folder.find("[").unwrap_err().starts_with("[: not a valid pattern: "));
    assert!(folder.find("a**").unwrap_err().starts_with("a**: not a valid pattern: "));
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_loops_end() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new(&["a/x.npy", "b/y.npy"]);
    symlink(folder.0.path().join("a"), folder.0.path().join("b/link")).unwrap();
    symlink(folder.0.path(), folder.0.path().join("a/loop")).unwrap();
    symlink("nowhere", folder.0.path().join("b/z.npy")).unwrap();
    // What is found through a link has the name it has there, and a link to nowhere is not left out.
    let found = folder.find("b/**/*.npy").unwrap();
    assert!(["b/link/x.npy", "b/y.npy", "b/z.npy"].iter().all(|name| found.contains(&(*name).to_owned())), "{found:?}");
}

/// A file system may refuse such names.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8_are_names() {
    use std::os::unix::ffi::OsStrExt;
    let name = |bytes: &'static [u8]| Path::new(OsStr::from_bytes(bytes));
    let folder = Folder::new(&["a.npy", "b\u{fffd}.npy"]);
    let all = [&b"a.npy"[..], b"b\xef\xbf\xbd.npy", b"b\xfe.npy", b"b\xff.npy", b"\xff\xfe.npy"];
    all[2..].iter().for_each(|bytes| fs::write(folder.0.path().join(OsStr::from_bytes(bytes)), b"").unwrap());
    let found = |pattern: &[u8]| {
        let found = find(folder.0.path().join(OsStr::from_bytes(pattern)).as_os_str()).unwrap();
        let names = found.paths.iter().map(|path| path.file_name().unwrap().as_bytes().to_vec());
        names.collect::<Vec<_>>()
    };
    assert_eq!(found(b"*.npy"), all);
    assert_eq!(found(b"b?.npy"), all[1..4]);
    assert_eq!(found(b"b\xff*"), [b"b\xff.npy"]);
    assert_eq!(found(b"b[\xfe\xff].npy"), [b"b\xfe.npy", b"b\xff.npy"]);
    assert_eq!(found(b"b\xff.npy"), [b"b\xff.npy"]);

    assert_eq!(shown(name(b"caf\xc3\xa9\\x.npy")), r"café\x.npy");
    assert_eq!(shown(name(b"caf\xe9\\x.npy")), r"caf\xe9\\x.npy");
    assert_ne!(shown(name(b"\xff\\xfe")), shown(name(b"\xff\xfe")));

    // Names that look alike in UTF-8 with replacements are not taken for one another.
    let of = |names: &[&'static [u8]]| Files {
        option: "--targets",
        paths: names.iter().map(|bytes| name(bytes).to_owned()).collect(),
        named: Named::Together,
    };
    let pairs = pair(&of(&[b"p/\xfe", b"p/\xff"]), &of(&[b"m/\xff.npy", b"m/\xfe.npy"]), None).unwrap();
    assert_eq!(pairs, Pairs { partners: vec![1, 0], by: PairedBy::Name });
    assert!(pair(&of(&[b"\xfe", b"\xff"]), &of(&[b"\xfd", b"\xff"]), None).is_err());
}
