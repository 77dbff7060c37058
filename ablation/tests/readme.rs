//! The commands of the README with an answer beneath them print that answer.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_readme_shows_what_the_command_prints() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let readme = fs::read_to_string(workspace.join("README.md")).expect("the README");
    let mut checked = 0;
    for block in readme.split("```sh\n").skip(1) {
        let Some((command, answer)) = block.split_once("```\n\n```text\n") else { continue };
        if command.contains("```") {
            continue;
        }
        let arguments = command.trim().split_once(" -- ").expect("arguments of the program").1;
        // Outside of quotes a space ends a word.
        let quoted = arguments.split('"').zip([false, true].into_iter().cycle());
        let words = quoted.flat_map(|(part, is_quoted)| match is_quoted {
            true => vec![part],
            false => part.split_whitespace().collect(),
        });
        let output = Command::new(env!("CARGO_BIN_EXE_ablation"))
            .args(words)
            .current_dir(workspace)
            .output()
            .expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8_lossy(&output.stdout);
        let shown = answer.split_once("```").expect("its end").0;
        // Of a long answer, the README shows the beginning.
        match shown.strip_suffix("…\n") {
            Some(beginning) => assert!(printed.len() > beginning.len() && printed.starts_with(beginning), "{printed}"),
            None => assert_eq!(printed, shown),
        }
        checked += 1;
    }
    assert!(checked > 0, "README.md shows no answer");
}
