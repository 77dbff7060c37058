//! Commands that a page shows: run when the guide is built, with what they print.

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

/// A command with what it prints, at most so many lines, run at the root of the repository. A command that is shown to be refused has to be.
pub(crate) fn shown(command: &str, most: Option<usize>, refused: bool) -> Result<String, Error> {
    let failed = |cause: String| Error::Command { command: command.to_owned(), cause };
    let words = words(command);
    let Some(("ablation", arguments)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
        return Err(failed("only `ablation` is run here".to_owned()));
    };
    let output = Command::new(ablation()?)
        .args(arguments)
        .current_dir(repository::root())
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
    Ok(format!("```console\n$ {command}\n{}{rest}\n```\n\n", lines[..kept].join("\n")))
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
    fn quotes_keep_words_together() {
        let found = words("ablation score --loss \"bce + dice(smooth=1)\" 'a b' c''");
        assert_eq!(found, ["ablation", "score", "--loss", "bce + dice(smooth=1)", "a b", "c"]);
    }
}
