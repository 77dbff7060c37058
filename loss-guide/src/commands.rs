//! Commands that a page shows: run when the guide is built, with what they print.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;
use crate::repository;

/// The environment variable with the program `ablation`, if it does not lie beside this program.
pub const ABLATION: &str = "ABLATION";

/// The program `ablation`.
fn ablation() -> Result<PathBuf, Error> {
    let given = std::env::var_os(ABLATION).map(PathBuf::from);
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name("ablation"));
    let found = given.into_iter().chain(beside).find(|path| path.exists());
    found.ok_or_else(|| Error::Command {
        command: "ablation".to_owned(),
        cause: format!("there is no such program; build it by `cargo build --release -p ablation --no-default-features`, or name it in {ABLATION}"),
    })
}

/// The words of a command, where quotes keep spaces.
pub(crate) fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    for letter in command.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') => (quote, begun) = (Some(letter), true),
            (None, ' ') => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            _ => {
                word.push(letter);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// Files of the reference vectors, under the names that commands have for them.
const FILES: [(&str, &str); 4] = [
    ("logits.npy", "pub_bin.logits.npy"),
    ("masks.npy", "pub_bin.targets.npy"),
    ("class-logits.npy", "pub_cls.logits.npy"),
    ("labels.npy", "pub_cls.targets.npy"),
];

/// The folder that commands are run in, with these files.
fn folder() -> Result<PathBuf, Error> {
    let folder = repository::path("target/guide-files");
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    for (name, vector) in FILES {
        let (from, to) = (repository::path("loss-core/tests/vectors").join(vector), folder.join(name));
        fs::copy(&from, &to).map_err(Error::file(&from))?;
    }
    Ok(folder)
}

/// Columns of a command; a longer one goes on in further lines.
const WIDTH: usize = 84;

/// A command as it is typed: broken before options, if it is long.
fn typed(command: &str) -> String {
    let (mut lines, mut width) = (String::new(), 2);
    for (place, piece) in command.split(" --").enumerate() {
        let piece = if place == 0 { piece.to_owned() } else { format!("--{piece}") };
        let length = piece.chars().count() + 1;
        if place > 0 && width + length > WIDTH {
            lines += " \\\n    ";
            width = 4;
        } else if place > 0 {
            lines.push(' ');
        }
        lines += &piece;
        width += length;
    }
    lines
}

/// A command with what it prints, at most so many lines. A command that is shown to be refused has to be.
pub(crate) fn shown(command: &str, most: Option<usize>, refused: bool) -> Result<String, Error> {
    let failed = |cause: String| Error::Command { command: command.to_owned(), cause };
    let words = words(command);
    let Some(("ablation", arguments)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
        return Err(failed("only `ablation` is run here".to_owned()));
    };
    let output = Command::new(ablation()?)
        .args(arguments)
        .current_dir(folder()?)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .output()
        .map_err(|cause| failed(cause.to_string()))?;
    let (printed, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() == refused {
        return Err(failed(format!("{}\n{complaint}", output.status)));
    }
    let printed = if refused { complaint } else { printed };
    let lines: Vec<&str> = printed.trim_end().lines().collect();
    let kept = most.unwrap_or(lines.len()).min(lines.len());
    let rest = if kept < lines.len() { "\n…" } else { "" };
    Ok(format!("```console\n$ {}\n{}{rest}\n```\n\n", typed(command), lines[..kept].join("\n")))
}

/// A line of a shell that a page shows and that is not run, because it trains: its options have to be `ablation`'s. Other lines pass.
pub(crate) fn check(line: &str) -> Result<(), Error> {
    let command = line.split(" #").next().unwrap_or_default().trim();
    let words = words(command);
    let Some(("ablation", arguments)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
        return Ok(());
    };
    let help = |arguments: &[String]| {
        let output = Command::new(ablation()?).args(arguments).arg("--help").current_dir(repository::root()).output();
        output.map_err(|cause| Error::Command { command: command.to_owned(), cause: cause.to_string() })
    };
    // The program without training has no `run`.
    if !help(&arguments[..arguments.len().min(1)])?.status.success() {
        return Ok(());
    }
    let output = help(arguments)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Command { command: command.to_owned(), cause: String::from_utf8_lossy(&output.stderr).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_commands_are_broken_before_options() {
        assert_eq!(typed("ablation losses --conventions"), "ablation losses --conventions");
        let long = format!("ablation score --logits z.npy --loss \"{}\" --json", "bce + ".repeat(12));
        assert_eq!(typed(&long).replace(" \\\n    ", " "), long);
        assert_eq!(typed(&long).lines().count(), 3, "{}", typed(&long));
    }

    #[test]
    fn quotes_keep_words_together() {
        let found = words("ablation score --loss \"bce + dice(smooth=1)\" 'a b' c''");
        assert_eq!(found, ["ablation", "score", "--loss", "bce + dice(smooth=1)", "a b", "c"]);
    }
}
