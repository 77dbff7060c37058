//! A command as it would be typed.

/// The words of a command, each quoted where a shell needs it. The first is left out: it is the path of the program.
pub(crate) fn line<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words = words.into_iter().skip(1).map(quoted);
    std::iter::once("ablation".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// A word of a command, quoted for a shell.
fn quoted(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || "-_=./,:".contains(letter));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_command_are_quoted_where_a_shell_needs_it() {
        let words = ["--seeds", "3", "bce + dice", "it's", ""].map(quoted);
        assert_eq!(words, ["--seeds", "3", "'bce + dice'", "'it'\\''s'", "''"]);
        assert_eq!(line(["/usr/bin/ablation", "score", "a b"]), "ablation score 'a b'");
    }
}
