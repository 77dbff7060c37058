//! What the documentation promises of a board: more is an error.

use std::error::Error;
use std::fmt::Display;

use crate::board::Board;
use crate::cost::Cost;
use crate::document::{TASKS, Task, ram_of};
use crate::flash::{Flash, PROFILES};

/// The sums that are bounded, and their bytes.
const SUMS: [(&str, u64); 5] = [
    ("BCE + Dice, counted, stream", 256),
    ("BCE + Dice, stream", 512),
    ("focal + Tversky, stream", 512),
    ("watch, one model", 256),
    ("watch, two models", 128),
];

/// The paths whose stack is bounded.
const STACKS: [&str; 15] = [
    "watch, one model",
    "watch, two models",
    "head of 8 int8 features, first pass",
    "head of 8 int8 features, second pass",
    "head of 8 int8 features, one pass of BCE",
    "BCE + Dice, counted, stream",
    "BCE + Dice, counted, value",
    "BCE + Dice, stream",
    "BCE + Dice, slices",
    "BCE + Dice, value",
    "BCE + Dice, gradient",
    "focal + Tversky, stream",
    "focal + Tversky, slices",
    "focal + Tversky, value",
    "focal + Tversky, gradient",
];
/// Bytes of stack of each.
const STACK: u64 = 512;
/// Bytes of stack of a value in integers, whose numbers are long.
const STACK_OF_INTEGERS: u64 = 768;

/// The boards and paths whose instructions a pixel are bounded, by profile.
const INSTRUCTIONS: [(&str, &str, &str, f64); 6] = [
    ("M4F", "release", "BCE + Dice, counted, stream", 140.0),
    ("M4F", "release", "BCE + Dice, stream", 140.0),
    ("M4F", "small", "BCE + Dice, counted, stream", 140.0),
    ("M4F", "small", "BCE + Dice, stream", 140.0),
    ("M4F", "release", "int8 histogram, slices", 12.0),
    ("M0", "release", "int8 histogram, slices", 12.0),
];

/// Bytes of flash that counted BCE + Dice adds to a Cortex-M4F at "s": with its value in integers in all, with that of `f64` beside the arithmetic of `f64`.
const FLASH: i64 = 5 * 1024;

/// That a board keeps them.
pub fn kept(board: &Board, cost: &[Cost; PROFILES.len()], flash: &Flash) -> Result<(), Box<dyn Error>> {
    for (cost, (profile, _)) in cost.iter().zip(PROFILES) {
        for (path, bytes) in SUMS {
            at_most(&format!("{profile}: {path}: bytes of sums"), cost.state.get(path), bytes)?;
        }
        for path in STACKS {
            at_most(&format!("{profile}: {path}: bytes of stack"), cost.stack.get(path), STACK)?;
        }
        let path = "BCE + Dice, counted, value in integers";
        at_most(&format!("{profile}: {path}: bytes of stack"), cost.stack.get(path), STACK_OF_INTEGERS)?;
        for (of_board, of_profile, path, instructions) in INSTRUCTIONS {
            if (of_board, of_profile) == (board.short, profile) {
                at_most(
                    &format!("{profile}: {path}: instructions a pixel"),
                    cost.instructions.get(path),
                    instructions,
                )?;
            }
        }
    }
    for Task { name, paths, ends, ram, .. } in TASKS {
        for (cost, (profile, _)) in cost.iter().zip(PROFILES) {
            let all = ram_of(cost, paths, ends).map(|[state, stack]| state + stack);
            at_most(&format!("{profile}: {name}: bytes of RAM"), all.as_ref(), ram)?;
        }
    }
    if board.short == "M4F" {
        let added = |name| flash.added("small", name);
        let own = added("size_bce_dice_counted").zip(added("size_double")).map(|(all, double)| all - double);
        at_most("small: BCE + Dice, counted: bytes of flash", own.as_ref(), FLASH)?;
        at_most(
            "small: BCE + Dice, value in integers: bytes of flash",
            added("size_bce_dice_nearest").as_ref(),
            FLASH,
        )?;
    }
    Ok(())
}

fn at_most<N: Copy + PartialOrd + Display>(what: &str, figure: Option<&N>, limit: N) -> Result<(), String> {
    match figure {
        Some(&figure) if figure <= limit => Ok(()),
        Some(figure) => Err(format!("{what}: {figure}, at most {limit} are promised")),
        None => Err(format!("{what}: there is no such figure")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_is_an_error_and_so_is_none() {
        assert_eq!(at_most("Dice", Some(&256), 256), Ok(()));
        assert!(at_most("Dice", Some(&257), 256).is_err());
        assert!(at_most("Dice", None, 256).is_err());
    }
}
