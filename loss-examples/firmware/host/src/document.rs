//! The tables of `docs/embedded.md`.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use firmware_report::tuning::{HELD_OUT, STEPS, fine_tuned};

use crate::Outcome;
use crate::cost::Cost;
use crate::flash::{CONFIGURATIONS, PROFILES};

/// What tables stand between.
const TABLES: [&str; 2] = ["<!-- tables: written by `just firmware` -->", "<!-- end of tables -->"];
const TASK_TABLE: [&str; 2] = ["<!-- tasks: written by `just firmware` -->", "<!-- end of tasks -->"];

/// A path, and the loop by hand that it is compared with.
const PATHS: [(&str, Option<&str>); 21] = [
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
    ("watch, one model", None),
    ("watch, two models", None),
    ("head of 8 int8 features, first pass", None),
    ("head of 8 int8 features, second pass", None),
    ("head of 8 int8 features, one pass of BCE", None),
];

/// What a small device can do: the task, the program that shows its flash, the paths of its pixels, whose instructions add up, and what is done once at the end.
pub const TASKS: [Task; 7] = [
    Task {
        name: "BCE + Dice of labelled pixels, its state sent",
        program: "size_bce_dice_state",
        paths: &["BCE + Dice, counted, stream"],
        ends: &[],
        ram: 1024,
    },
    Task {
        name: "the same, its value on the board",
        program: "size_bce_dice_nearest",
        paths: &["BCE + Dice, counted, stream"],
        ends: &["BCE + Dice, counted, value in integers"],
        ram: 1024,
    },
    Task {
        name: "one model watched without labels, its state sent",
        program: "size_watch",
        paths: &["watch, one model"],
        ends: &[],
        ram: 1024,
    },
    Task {
        name: "two models compared without labels, the state sent",
        program: "size_agreement",
        paths: &["watch, two models"],
        ends: &[],
        ram: 1024,
    },
    Task {
        name: "gradient of a last layer, 8 int8 features, sum of BCE, its state sent",
        program: "size_head_state",
        paths: &["head of 8 int8 features, one pass of BCE"],
        ends: &[],
        ram: 1024,
    },
    Task {
        name: "last layer trained, 8 int8 features, BCE + Dice, both passes and the step",
        program: "size_head",
        paths: &["head of 8 int8 features, first pass", "head of 8 int8 features, second pass"],
        ends: &["head of 8 int8 features, step"],
        ram: 2048,
    },
    Task {
        name: "BCE + Dice and its gradient for each pixel",
        program: "size_bce_dice_gradient",
        paths: &["BCE + Dice, stream", "BCE + Dice, gradient"],
        ends: &["BCE + Dice, value"],
        ram: 1024,
    },
];

/// A row of the table of tasks.
pub struct Task {
    /// What is done.
    pub name: &'static str,
    program: &'static str,
    /// Passes over the pixels.
    pub paths: &'static [&'static str],
    /// What is done once.
    pub ends: &'static [&'static str],
    /// Bytes of RAM that are promised.
    pub ram: u64,
}

/// Bytes that are kept between pixels, and of the deepest stack.
pub fn ram_of(cost: &Cost, paths: &[&str], ends: &[&str]) -> Option<[u64; 2]> {
    let state = paths.iter().filter_map(|path| cost.state.get(*path)).max()?;
    let stack = paths.iter().chain(ends).map(|path| cost.stack.get(*path)).max()??;
    Some([*state, *stack])
}

/// The table of tasks, compiled for size, as small devices are, and what fine-tuning a head gives.
pub fn tasks(outcomes: &[Outcome]) -> Result<String, Box<dyn Error>> {
    let mut text = String::from(
        "| task | board | flash, bytes | RAM, bytes: state + stack | instructions a pixel |\n|---|---|---:|---:|---:|\n",
    );
    let small = PROFILES.len() - 1;
    for Task { name, program, paths, ends, .. } in TASKS {
        for Outcome { board, cost, flash, .. } in outcomes {
            let cost = &cost[small];
            let sum: Option<f64> = paths.iter().map(|path| cost.instructions.get(*path)).sum();
            let ram = ram_of(cost, paths, ends)
                .map_or_else(|| "—".to_owned(), |[state, stack]| format!("{}: {state} + {stack}", state + stack));
            let flash =
                flash.added(PROFILES[small].0, program).map_or_else(|| "—".to_owned(), |bytes| bytes.to_string());
            let instructions = sum.map_or_else(|| "—".to_owned(), |sum| format!("{sum:.0}"));
            let _ = writeln!(text, "| {name} | {} | {flash} | {ram} | {instructions} |", board.short);
        }
    }
    let (_, dice) = fine_tuned().map_err(|error| format!("this machine cannot fine-tune the head: {error:?}"))?;
    let [accepted, before, after] = dice.map(Option::unwrap_or_default);
    let _ = writeln!(
        text,
        "\nThe last layer of an int8 network, fine-tuned on each board for another camera in {STEPS} steps: the Dice of {} scenes that nothing was trained on is {accepted:.3} by the camera that it was trained for, {before:.3} by the other one, and {after:.3} by that one after fine-tuning. Every board prints these numbers with the bits of the host.",
        HELD_OUT.len()
    );
    Ok(text)
}

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
pub fn write(document: &Path, tables: &str, tasks: &str) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(document).map_err(|error| format!("{}: {error}", document.display()))?;
    let mut changed = text.clone();
    for (markers, table) in [(TABLES, tables), (TASK_TABLE, tasks)] {
        changed = between_markers(&changed, markers, table).ok_or_else(|| {
            format!("{} lacks the lines {} and {}, in this order", document.display(), markers[0], markers[1])
        })?;
    }
    if changed != text {
        fs::write(document, changed)?;
    }
    Ok(())
}

fn between_markers(text: &str, [begin, end]: [&str; 2], table: &str) -> Option<String> {
    let (before, rest) = text.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}\n\n{}\n\n{end}{after}", table.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let [begin, end] = TABLES;
        let once = between_markers(&format!("a\n{begin}\nold\n{end}\nb"), TABLES, "new").expect("markers");
        assert_eq!(once, format!("a\n{begin}\n\nnew\n\n{end}\nb"));
        assert_eq!(between_markers(&once, TABLES, "new").as_ref(), Some(&once));
        assert_eq!(between_markers(end, TABLES, "new"), None);
    }
}
