//! The pages of the guide: what mdBook sends, with every directive replaced by what it asks for.

use std::fs;
use std::path::{Path, PathBuf};

use loss_core::list::{self, Facts};
use serde_json::Value;

use crate::error::Error;
use crate::picture::slug;
use crate::subject::is_of_classes;
use crate::{commands, examples, facts, peers, repository, theory};

/// mdBook's request, context and book as JSON, with every page filled.
///
/// # Errors
/// [`Error`] if the request is not mdBook's, or a page cannot be filled.
pub fn preprocess(request: &str) -> Result<String, Error> {
    let (_context, mut book): (Value, Value) = serde_json::from_str(request)?;
    // mdBook 0.5 says `items` where 0.4 said `sections`.
    for key in ["items", "sections"] {
        if let Some(items) = book.get_mut(key).and_then(Value::as_array_mut) {
            fill_all(items)?;
        }
    }
    Ok(book.to_string())
}

fn fill_all(items: &mut [Value]) -> Result<(), Error> {
    for item in items {
        // Others are lines between chapters, and titles of parts.
        let Some(chapter) = item.get_mut("Chapter").and_then(Value::as_object_mut) else { continue };
        let text = |key| chapter.get(key).and_then(Value::as_str);
        if let (Some(content), Some(path)) = (text("content"), text("path")) {
            let filled = page(path, content)?;
            chapter.insert("content".to_owned(), Value::from(filled));
        }
        if let Some(items) = chapter.get_mut("sub_items").and_then(Value::as_array_mut) {
            fill_all(items)?;
        }
    }
    Ok(())
}

/// A page with its directives replaced.
///
/// # Errors
/// [`Error`] that names page and line.
pub fn page(path: &str, content: &str) -> Result<String, Error> {
    let (mut filled, mut fence): (String, Option<(String, String)>) = (String::new(), None);
    let mut is_shell = false;
    for line in content.lines() {
        let wrong = |cause: String| Error::Directive { page: path.to_owned(), line: line.to_owned(), cause };
        match (&mut fence, line.strip_prefix("```")) {
            (None, Some(language)) if language.starts_with("loss") => {
                fence = Some((language.to_owned(), String::new()))
            }
            (None, Some(language)) => {
                fence = Some((String::new(), String::new()));
                is_shell = language == "sh";
                // What mdBook should not show as a language of its own.
                let language = if language == "text output" { "text" } else { language };
                filled += &format!("```{language}\n");
            }
            (Some((language, code)), Some(_)) => {
                filled += &if language.is_empty() { "```\n".to_owned() } else { examples::shown(language, code)? };
                (fence, is_shell) = (None, false);
            }
            (Some((language, code)), None) => {
                if is_shell {
                    commands::check(line).map_err(|error| wrong(error.to_string()))?;
                }
                let to = if language.is_empty() { &mut filled } else { code };
                *to += line;
                to.push('\n');
            }
            (None, None) => {
                let directive = line
                    .strip_prefix("{{")
                    .and_then(|rest| rest.strip_suffix("}}"))
                    .filter(|rest| !rest.starts_with('#'));
                let text = match directive {
                    Some(directive) => made(path, directive.trim()).map_err(|error| wrong(error.to_string()))?,
                    None => format!("{line}\n"),
                };
                filled += &repository::with_links(path, &text).map_err(wrong)?;
            }
        }
    }
    Ok(filled)
}

/// The loss whose page has this name.
fn loss(name: &str) -> Result<&'static Facts, String> {
    list::all().find(|facts| slug(facts) == name).ok_or_else(|| format!("there is no loss {name:?}"))
}

/// What a directive asks for.
fn made(page: &str, directive: &str) -> Result<String, String> {
    let (name, rest) = directive.split_once(' ').unwrap_or((directive, ""));
    let made = match name {
        "facts" => Ok(facts::facts(loss(rest)?, has_playground())),
        "picture" => facts::picture(loss(rest)?),
        "parameters" => facts::parameters(loss(rest)?),
        "peers" => {
            let mut words = rest.split_whitespace();
            let loss = loss(words.next().unwrap_or_default())?;
            peers::peers(loss, &words.collect::<Vec<_>>())
        }
        "over-classes" => Ok(facts::over_classes()),
        "losses" => Ok(facts::index(&losses(rest)?)),
        "run" => {
            let (most, command) = match rest.split_once(' ') {
                Some((lines, command)) if lines.starts_with("lines=") => {
                    (lines["lines=".len()..].parse().ok(), command)
                }
                _ => (None, rest),
            };
            commands::shown(command, most, false)
        }
        "refused" => commands::shown(rest, None, true),
        "figure" => Ok(figure(page, rest)?),
        "playground" => Ok(playground().to_owned()),
        "part" => theory::part(rest).ok_or_else(|| format!("there is no part {rest:?}"))?,
        _ => return Err(format!("there is no directive {name:?}")),
    };
    made.map_err(|error| error.to_string())
}

/// The losses of a kind.
fn losses(kind: &str) -> Result<Vec<&'static Facts>, String> {
    let wanted: fn(&Facts) -> bool = match kind {
        "pointwise" => |facts| !is_of_classes(facts) && facts.is_pointwise,
        "region" => |facts| !is_of_classes(facts) && facts.needs == list::Needs::Nothing && !facts.is_pointwise,
        "classes" => |facts| matches!(facts.needs, list::Needs::Classes | list::Needs::ClassDistances),
        "other" => {
            |facts| !matches!(facts.needs, list::Needs::Nothing | list::Needs::Classes | list::Needs::ClassDistances)
        }
        _ => return Err(format!("there is no kind of losses {kind:?}")),
    };
    Ok(list::all().filter(|facts| wanted(facts)).collect())
}

/// A figure of a run of `ablation run` from `src/figures`, with its caption.
fn figure(page: &str, rest: &str) -> Result<String, String> {
    let (name, caption) = rest.split_once(' ').unwrap_or((rest, ""));
    let files = ["svg", "png"].map(|end| format!("figures/{name}.{end}"));
    let file = files.iter().find(|file| source().join(file).exists());
    let file = file.ok_or_else(|| format!("there is neither {} nor {}", files[0], files[1]))?;
    let (caption, up) = (facts::escaped(caption).replace('`', ""), "../".repeat(page.matches('/').count()));
    Ok(format!(
        "<figure class=\"run\"><a href=\"{up}{file}\"><img src=\"{up}{file}\" alt=\"{caption}\"></a><figcaption>{caption}</figcaption></figure>\n\n"
    ))
}

/// The link to the page that computes, if it was built into `src/playground`.
fn playground() -> &'static str {
    if has_playground() {
        "<p><a href=\"playground/index.html\"><strong>Open the page</strong></a></p>\n\n"
    } else {
        "This copy of the guide was built without it.\n\n"
    }
}

/// Whether the page that computes was built into `src/playground`.
pub(crate) fn has_playground() -> bool {
    source().join("playground/index.html").exists()
}

/// The folder with the guide's pages.
pub(crate) fn source() -> PathBuf {
    repository::path("docs/guide/src")
}

/// Every page of the guide: its path below `src`, and its text as it is written.
///
/// # Errors
/// [`Error`] if one cannot be read.
pub fn pages() -> Result<Vec<(String, String)>, Error> {
    let mut found = Vec::new();
    collect(&source(), &source(), &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
        let path = entry.map_err(Error::file(folder))?.path();
        if path.is_dir() {
            collect(root, &path, found)?;
        } else if path.extension().is_some_and(|end| end == "md") {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).map_err(Error::file(&path))?));
        }
    }
    Ok(())
}
