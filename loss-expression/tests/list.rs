//! The one list of losses: everything made from it is complete, and everything else is compared with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use loss_core::AnyLoss;
use loss_core::list::{self, Arguments, Facts, Kind, Needs, Preset};
use loss_expression::{BinaryLoss, ClassesLoss, Vocabulary, known_elsewhere};

/// Every loss whose inputs allow it can be written in an expression, and the list gives the reason for the others.
#[test]
fn every_loss_of_the_core_can_be_written() {
    let mut count = 0;
    for facts in list::all() {
        let (binary, of_classes) = match facts.needs {
            Needs::Nothing | Needs::DistanceMap => (true, facts.is_per_class),
            Needs::Classes | Needs::AllPixelsOfClasses => (false, true),
            Needs::AllPixels => (true, false),
            Needs::ClassDistances => (false, false),
            other => panic!("{other:?} of {}", facts.name),
        };
        for name in facts.names() {
            assert!(!binary || BinaryLoss::find(name).is_some(), "{name}");
            assert!(!of_classes || ClassesLoss::find(name).is_some(), "{name}");
        }
        if !binary && !of_classes {
            let why = known_elsewhere(facts.name).unwrap_or_else(|| panic!("{}", facts.name));
            assert!(why.contains(facts.page), "{why}");
        }
        count += 1;
    }
    assert!(count >= 29, "{count}");
}

#[test]
fn facts_are_whole() {
    fn names_are_unique<L: Vocabulary>() {
        let names: Vec<&str> = L::entries().iter().flat_map(|entry| entry.facts.names()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }
    names_are_unique::<BinaryLoss>();
    names_are_unique::<ClassesLoss>();
    for facts in list::all() {
        let Facts { name, formula, description, .. } = *facts;
        assert!(!formula.is_empty() && description.ends_with('.'), "{name}");
        let parameters: Vec<&str> = facts.parameters().map(|parameter| parameter.name).collect();
        assert_eq!(parameters.iter().collect::<BTreeSet<_>>().len(), parameters.len(), "{name}: {parameters:?}");
        for parameter in facts.parameters() {
            assert!(!parameter.meaning.is_empty(), "{name}.{}", parameter.name);
            let fits = match (parameter.kind, parameter.default) {
                (Kind::Number(range) | Kind::NumberOrNone(range), Preset::Number(number)) => range.contains(number),
                (Kind::NumberOrNone(_), Preset::Word("none")) | (Kind::Matrix, Preset::Word(_)) => true,
                (Kind::Word(words), Preset::Word(word)) => words.contains(&word),
                (_, Preset::SameAs(other)) => parameters.contains(&other),
                _ => false,
            };
            assert!(fits, "{name}.{}: {:?}", parameter.name, parameter.default);
        }
    }
}

/// A loss made without arguments is the one that its page describes.
#[test]
fn every_row_makes_its_loss() {
    for entry in AnyLoss::LIST {
        let loss = (entry.build)(&Arguments::new(&entry.facts, &[])).expect(entry.facts.name);
        let shown = format!("{loss:?}");
        assert!(shown.starts_with(entry.facts.page), "{}: {shown}", entry.facts.name);
        assert_eq!(loss.is_pointwise(), entry.facts.is_pointwise);
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

/// All files of Rust and C below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let ends = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, found);
        } else if ["rs", "c", "h"].contains(&ends) {
            found.push(path);
        }
    }
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|character: char| !character.is_alphanumeric() && character != '_').collect()
}

/// A loss that nothing else is made of is named in its own file, in its folder's `mod.rs` and in one row of the list, and elsewhere only in tests
/// and in the C interface. That is all that a new loss needs.
#[test]
fn a_new_loss_is_its_own_file_and_one_row() {
    const LOSSES: [&str; 5] =
        ["GeneralisedCrossEntropy", "QualityFocal", "ExponentialLogDice", "BalancedBce", "LogCoshDice"];
    let root = workspace();
    let mut files = Vec::new();
    for folder in ["loss-core/src", "loss-expression/src", "ablation/src", "loss-bench/src", "loss-bench/benches"] {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 200, "{}", files.len());
    for loss in LOSSES {
        let facts = AnyLoss::LIST.iter().map(|entry| entry.facts).find(|facts| facts.page == loss).expect(loss);
        let naming: BTreeSet<String> = files
            .iter()
            .filter(|file| {
                let text = fs::read_to_string(file).expect("a text");
                // Comments may speak of it.
                let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
                let code = code.join("\n");
                let words = words(&code);
                words.contains(loss) || words.contains(facts.name)
            })
            .map(|file| file.strip_prefix(&root).expect("a file of the workspace").display().to_string())
            .collect();
        let folder = if facts.is_pointwise { "pointwise" } else { "region" };
        let own = ["mod", facts.name].map(|file| format!("loss-core/src/{folder}/{file}.rs"));
        let expected = BTreeSet::from_iter(own.into_iter().chain(["loss-core/src/loss/any.rs".to_owned()]));
        assert_eq!(naming, expected, "{loss}");
    }
}

/// C has a function for each loss of the list.
#[test]
fn c_has_every_loss() {
    let header = fs::read_to_string(workspace().join("loss-c/include/loss.h")).expect("the header");
    for entry in AnyLoss::LIST {
        let function = format!("loss_term_{}", entry.facts.name);
        assert!(words(&header).contains(function.as_str()), "{function}");
    }
}

/// The tables of the documents name every loss.
#[test]
fn documents_name_every_loss() {
    let readme = fs::read_to_string(workspace().join("loss-core/README.md")).expect("the README");
    for facts in list::all() {
        let name = facts.page.rsplit("::").next().expect("a name");
        assert!(words(&readme).contains(name), "{}", facts.page);
    }
    let front = fs::read_to_string(workspace().join("README.md")).expect("the README");
    let count = format!("of {} losses", list::all().count());
    assert!(front.contains(&count), "README.md should say {count}");
}
