//! The pages of the guide: complete, honest about their numbers, and each begins by saying what the reader gets.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use loss_core::list::{self, Needs};
use loss_expression::{ClassExpression, Expression};
use loss_guide::{PAGES_WITH_RUST, blocks, expressions, loss_picture, page, pages, programs, slug};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

fn text(name: &str) -> String {
    let path = repository().join("docs/guide/src").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_loss_has_a_page_with_everything() {
    let mut slugs = BTreeSet::new();
    for facts in list::all() {
        let slug = slug(facts);
        assert!(slugs.insert(slug), "two losses are called {slug}");
        let page = text(&format!("losses/{slug}.md"));
        for directive in ["facts", "picture", "parameters", "peers"] {
            let asked = page.lines().any(|line| {
                line.strip_prefix("{{")
                    .and_then(|line| line.strip_suffix("}}"))
                    .is_some_and(|line| line.split(' ').take(2).eq([directive, slug]))
            });
            assert!(asked, "{slug} has no {directive}");
        }
        for heading in ["## When it helps", "## When it fails", "## In code"] {
            assert!(page.contains(heading), "{slug} has no {heading}");
        }
        let languages: BTreeSet<String> = blocks(&page).into_iter().map(|block| block.language).collect();
        assert!(languages.contains("rust"), "{slug} has no Rust");
        let has_expression = languages.iter().any(|language| language.starts_with("loss"));
        assert_eq!(has_expression, facts.needs != Needs::ClassDistances, "{slug}: the expression");
        // Every loss that C can choose at run time is shown in C.
        let function = format!("loss_term_{}(", facts.name);
        let header = fs::read_to_string(repository().join("loss-c/include/loss.h")).expect("the header");
        if facts.needs == Needs::Nothing && header.contains(&function) {
            assert!(page.contains(&function), "{slug}: no C");
        }
    }
    assert!(slugs.len() >= 29);
    let folder = fs::read_dir(repository().join("docs/guide/src/losses")).expect("a folder");
    let files =
        folder.map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned());
    assert_eq!(files.collect::<BTreeSet<_>>(), slugs.into_iter().map(str::to_owned).collect());
}

/// The value that a page's Rust asserts is that of the page's first expression.
#[test]
fn rust_and_expression_of_a_page_have_one_value() {
    for facts in list::all().filter(|facts| facts.needs != Needs::ClassDistances) {
        let page = text(&format!("losses/{}.md", slug(facts)));
        let (expression, value) = expressions(&page).expect("expressions").first().cloned().expect("an expression");
        let rust: String =
            blocks(&page).into_iter().filter(|block| block.language == "rust").map(|block| block.code).collect();
        assert!(rust.replace('_', "").contains(&format!("{value:.6}")), "{}: {expression} is {value:.6}", slug(facts));
    }
}

#[test]
fn every_page_is_in_the_summary_and_says_first_what_it_gives() {
    let summary = text("SUMMARY.md");
    for (name, text) in pages().expect("pages") {
        if name == "SUMMARY.md" {
            continue;
        }
        assert!(summary.contains(&format!("]({name})")), "{name} is not in SUMMARY.md");
        let mut lines = text.lines().filter(|line| !line.is_empty());
        assert!(lines.next().is_some_and(|line| line.starts_with("# ")), "{name} has no title");
        let promise = lines.next().unwrap_or_default();
        let is_promise = promise.starts_with("You ") || name == "index.md";
        assert!(is_promise && promise.chars().count() < 200, "{name} begins: {promise}");
    }
}

/// What is neither run nor compared has to say so by its language.
#[test]
fn every_block_of_code_is_of_a_language_that_is_checked() {
    let mut with_rust = Vec::new();
    for (name, text) in pages().expect("pages") {
        let blocks = blocks(&text);
        for block in &blocks {
            let checked = ["rust", "c", "loss", "loss classes", "sh", "toml", "text output"];
            assert!(checked.contains(&block.language.as_str()), "{name}: a block of {:?}", block.language);
        }
        if blocks.iter().any(|block| block.language == "rust") {
            with_rust.push(name);
        }
    }
    let listed: BTreeSet<&str> = PAGES_WITH_RUST.iter().copied().collect();
    assert_eq!(listed, with_rust.iter().map(String::as_str).collect(), "src/doctests.rs lists the pages with Rust");
}

/// All directives but those that run `ablation`, which `.ci/guide` has.
#[test]
fn every_page_can_be_filled() {
    for (name, text) in pages().expect("pages") {
        let is_run = |line: &&str| !["{{run", "{{refused", "ablation"].iter().any(|start| line.starts_with(start));
        let without: Vec<&str> = text.lines().filter(is_run).collect();
        let filled = page(&name, &without.join("\n")).unwrap_or_else(|error| panic!("{error}"));
        assert!(!filled.lines().any(|line| line.starts_with("{{")));
        assert!(!filled.contains("](repo:") && !filled.contains("](doc:"), "{name}");
    }
}

/// Losses that stand in a sentence or a table are expressions too.
#[test]
fn losses_in_sentences_are_expressions() {
    let mut read = 0;
    for (name, text) in pages().expect("pages") {
        let mut in_block = false;
        for line in text.lines() {
            in_block ^= line.starts_with("```");
            if in_block || line.starts_with("{{") {
                continue;
            }
            for code in line.split('`').skip(1).step_by(2) {
                let first = code.split(['(', ' ', '+']).next().unwrap_or_default();
                if !list::all().any(|facts| facts.names().any(|name| name == first)) || !code.contains(['(', '+']) {
                    continue;
                }
                let is_one = code.parse::<Expression>().is_ok() || code.parse::<ClassExpression>().is_ok();
                assert!(is_one, "{name}: `{code}` is no expression");
                read += 1;
            }
        }
    }
    assert!(read > 10, "{read}");
}

/// The page on microcontrollers says that its C and its expression give one value; `.ci/guide` runs the C.
#[test]
fn c_of_the_microcontroller_prints_what_its_expression_gives() {
    let page = text("microcontroller.md");
    let (expression, value) = expressions(&page).expect("expressions").first().cloned().expect("an expression");
    let printed = blocks(&page).into_iter().filter(|block| block.language == "text output");
    assert!(printed.into_iter().any(|block| block.code == format!("loss {value:.6}\n")), "{expression} is {value:.6}");
}

#[test]
fn every_figure_of_a_run_is_shown() {
    let text: String = pages().expect("pages").into_iter().map(|(_, text)| text).collect();
    for entry in fs::read_dir(repository().join("docs/guide/src/figures")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(text.contains(&format!("{{{{figure {name} ")), "no page shows {}", path.display());
    }
}

#[test]
fn what_a_page_asks_for_and_there_is_not_is_an_error() {
    for wrong in [
        "{{picture no_such_loss}}",
        "{{nonsense}}",
        "{{peers bce no_such_case}}",
        "{{part nothing}}",
        "[a](repo:no/such/file.md)",
        "```loss\nbcee\n```",
    ] {
        let error = page("somewhere.md", wrong).expect_err(wrong).to_string();
        assert!(error.contains("bcee") || error.contains("somewhere.md"), "{error}");
    }
}

/// The pictures in the documentation of Rust are those that the library draws now.
#[test]
fn committed_pictures_are_what_is_drawn() {
    let folder = repository().join("loss-core/pictures");
    let mut size = 0;
    for facts in list::all() {
        let drawn = loss_picture(facts).expect("a picture");
        let path = folder.join(format!("{}.svg", slug(facts)));
        let committed = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            committed == drawn,
            "{} is old: `cargo run --release -p loss-guide -- pictures` draws it again",
            path.display()
        );
        assert!(
            !drawn.trim_end().contains("\n\n") && drawn.starts_with("<svg "),
            "Markdown would end the picture at an empty line"
        );
        size += drawn.len();
    }
    assert!(size < 150_000, "{size} bytes of pictures");
    assert_eq!(fs::read_dir(folder).expect("a folder").count(), list::all().count());
}

/// Every loss with a picture shows it on its page of the documentation.
#[test]
fn every_loss_shows_its_picture() {
    let mut sources = String::new();
    let mut folders = vec![repository().join("loss-core/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources += &fs::read_to_string(path).expect("a text");
            }
        }
    }
    for facts in list::all() {
        let shown = format!("pictures/{}.svg\")]", slug(facts));
        assert!(sources.contains(&shown), "no page of the documentation includes {shown}");
    }
}

#[test]
fn c_of_the_pages_becomes_programs() {
    let programs = programs(&pages().expect("pages")).expect("programs");
    let terms = programs.iter().find(|program| program.name == "terms").expect("the terms");
    assert!(terms.code.matches("static int guide_").count() >= 19, "{}", terms.code);
    assert!(programs.iter().filter(|program| program.code.contains("int main(")).count() >= 3);
}
