//! The tables of `docs/embedded.md`.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::cost::Cost;
use crate::flash::{CONFIGURATIONS, PROFILES};

const BEGIN: &str = "<!-- tables: written by `just firmware` -->";
const END: &str = "<!-- end of tables -->";

/// A path, and the loop by hand that it is compared with.
const PATHS: [(&str, Option<&str>); 16] = [
    ("BCE + Dice, counted, stream", Some("BCE + Dice, by hand")),
    ("BCE + Dice, counted, stream of sure pixels", Some("BCE + Dice, by hand")),
    ("BCE + Dice, stream", Some("BCE + Dice, by hand")),
    ("BCE + Dice, slices", Some("BCE + Dice, by hand")),
    ("BCE + Dice, by hand", None),
    ("BCE + Dice, gradient", Some("BCE + Dice, gradient by hand")),
    ("BCE + Dice, gradient by hand", None),
    ("focal + Tversky, stream", Some("focal + Tversky, by hand")),
    ("focal + Tversky, by hand", None),
    ("focal + Tversky, gradient", None),
    ("five classes, CE + Dice, stream", Some("five classes, CE + Dice, by hand")),
    ("five classes, CE + Dice, by hand", None),
    ("five classes, CE + Dice, gradient", None),
    ("int8 histogram, stream", Some("BCE + Dice, by hand")),
    ("int8 histogram, slices", Some("BCE + Dice, by hand")),
    ("int8 histogram, gradient", Some("BCE + Dice, gradient by hand")),
];

/// All tables.
pub fn tables(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    let boards =
        |suffix: &str| outcomes.iter().map(|outcome| format!(" {}{suffix} |", outcome.board.short)).collect::<String>();
    let rule = |columns: usize| format!("|---|{}\n", "---:|".repeat(columns));
    let row = |text: &mut String, name: &str, cells: &mut dyn Iterator<Item = String>| {
        let cells: String = cells.map(|cell| format!(" {cell} |")).collect();
        // Writing to a `String` does not fail.
        let _ = writeln!(text, "| {name} |{cells}");
    };

    text += "### Boards\n\n| QEMU machine | processor | target | lines, equal to the host's | instructions a tick |\n|---|---|---|---:|---:|\n";
    for Outcome { board, lines, cost, .. } in outcomes {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {lines} | {:.3} |",
            board.machine, board.processor, board.target, cost[0].instructions_a_tick
        );
    }

    for (index, (_, level)) in PROFILES.iter().enumerate() {
        let _ = writeln!(
            text,
            "\n### Instructions a pixel, `opt-level = {level}`\n\nIn brackets: how many times as many the loop by hand takes.\n"
        );
        let _ = writeln!(text, "| path |{}", boards(""));
        text += &rule(outcomes.len());
        for (path, by_hand) in PATHS {
            let cell =
                |cost: &Cost| match (cost.instructions.get(path), by_hand.and_then(|path| cost.instructions.get(path)))
                {
                    (Some(own), Some(by_hand)) => format!("{own:.1} ({:.2})", by_hand / own),
                    (Some(own), None) => format!("{own:.1}"),
                    (None, _) => "—".to_owned(),
                };
            row(&mut text, path, &mut outcomes.iter().map(|outcome| cell(&outcome.cost[index])));
        }
    }

    text +=
        "\n### Flash\n\nBytes that are added to a firmware without a loss, by optimisation level.\n\n| configuration |";
    for (_, level) in PROFILES {
        text += &boards(&format!(", {level}"));
    }
    text += "\n";
    text += &rule(PROFILES.len() * outcomes.len());
    for (index, (_, name)) in CONFIGURATIONS.iter().enumerate() {
        let sizes =
            (0..PROFILES.len()).flat_map(|profile| outcomes.iter().map(move |outcome| outcome.flash.0[profile][index]));
        row(&mut text, name, &mut sizes.map(|size| size.to_string()));
    }

    text += "\n### Stack\n\nBytes below the caller, the deepest, by optimisation level.\n\n| path |";
    for (_, level) in PROFILES {
        text += &boards(&format!(", {level}"));
    }
    text += "\n";
    text += &rule(PROFILES.len() * outcomes.len());
    let columns = || (0..PROFILES.len()).flat_map(|profile| outcomes.iter().map(move |outcome| &outcome.cost[profile]));
    for path in columns().take(1).flat_map(|cost| cost.stack.keys()) {
        row(&mut text, path, &mut columns().map(|cost| bytes(cost.stack.get(path))));
    }

    text += "\n### State\n\nBytes that are kept between pixels.\n\n";
    let _ = writeln!(text, "| path |{}", boards(""));
    text += &rule(outcomes.len());
    for path in outcomes.iter().take(1).flat_map(|outcome| outcome.cost[0].state.keys()) {
        row(&mut text, path, &mut outcomes.iter().map(|outcome| bytes(outcome.cost[0].state.get(path))));
    }
    text
}

fn bytes(size: Option<&u64>) -> String {
    size.map_or_else(|| "—".to_owned(), u64::to_string)
}

/// Puts the tables between the markers of a document.
pub fn write(document: &Path, tables: &str) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(document).map_err(|error| format!("{}: {error}", document.display()))?;
    let changed = between_markers(&text, tables)
        .ok_or_else(|| format!("{} lacks the lines {BEGIN} and {END}, in this order", document.display()))?;
    if changed != text {
        fs::write(document, changed)?;
    }
    Ok(())
}

fn between_markers(text: &str, tables: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", tables.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let once = between_markers(&format!("a\n{BEGIN}\nold\n{END}\nb"), "new").expect("markers");
        assert_eq!(once, format!("a\n{BEGIN}\n\nnew\n\n{END}\nb"));
        assert_eq!(between_markers(&once, "new").as_ref(), Some(&once));
        assert_eq!(between_markers(END, "new"), None);
    }
}
