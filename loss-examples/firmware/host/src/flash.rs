//! What programs hold in flash, and that nothing of it panics.

use std::error::Error;
use std::fs;
use std::path::Path;

use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, elf};

use crate::board::Board;

/// The configurations: the name of the program, and what it is in the table.
pub const CONFIGURATIONS: [(&str, &str); 14] = [
    ("size_bce_dice_state", "BCE + Dice, counted, state"),
    ("size_bce_dice_nearest", "BCE + Dice, counted, value in integers"),
    ("size_bce_dice_counted", "BCE + Dice, counted, value"),
    ("size_bce_dice", "BCE + Dice, value"),
    ("size_bce_dice_gradient", "BCE + Dice, value and gradient"),
    ("size_focal_tversky", "focal + Tversky, value"),
    ("size_classes", "five classes, CE + Dice, value"),
    ("size_histogram", "int8 histogram, and BCE + Dice of it"),
    ("size_watch", "one model watched, state"),
    ("size_agreement", "two models compared, state"),
    ("size_head_state", "head of 8 int8 features, gradient of BCE, state"),
    ("size_head", "head of 8 int8 features, BCE + Dice, step"),
    ("size_double", "arithmetic of `f64` by itself"),
    ("size_by_hand", "BCE + Dice by hand, sums alone"),
];

/// How the sizes are compiled: the profile, and the optimisation that it asks for.
pub const PROFILES: [(&str, &str); 2] = [("release", "3"), ("small", "\"s\"")];

/// Bytes of flash that each configuration adds to the empty firmware, by profile.
#[derive(Debug)]
pub struct Flash(pub [[i64; CONFIGURATIONS.len()]; PROFILES.len()]);

impl Flash {
    /// Reads the programs of a board.
    pub fn read(board: &Board, programs: &Path) -> Result<Self, Box<dyn Error>> {
        let mut added = [[0; CONFIGURATIONS.len()]; PROFILES.len()];
        for (row, (profile, _)) in added.iter_mut().zip(PROFILES) {
            let size = |name| in_flash(&board.program(programs, profile, name));
            let empty = size("size_empty")?;
            for (added, (name, _)) in row.iter_mut().zip(CONFIGURATIONS) {
                *added = size(name)? - empty;
            }
        }
        Ok(Self(added))
    }

    /// Bytes that a configuration adds.
    pub fn added(&self, profile: &str, name: &str) -> Option<i64> {
        let row = PROFILES.iter().position(|&(of, _)| of == profile)?;
        let column = CONFIGURATIONS.iter().position(|&(of, _)| of == name)?;
        Some(self.0[row][column])
    }
}

fn read(program: &Path) -> Result<Vec<u8>, String> {
    fs::read(program).map_err(|error| format!("{}: {error}", program.display()))
}

/// The bytes of all sections that are loaded: code, constants and initial values.
fn in_flash(program: &Path) -> Result<i64, Box<dyn Error>> {
    let bytes = read(program)?;
    let file = object::File::parse(&*bytes)?;
    let loaded = file.sections().filter(|section| {
        let allocated =
            matches!(section.flags(), SectionFlags::Elf { sh_flags } if sh_flags & u64::from(elf::SHF_ALLOC) != 0);
        allocated && section.kind() != SectionKind::UninitializedData
    });
    let variables = file.sections().filter(|section| matches!(section.name(), Ok(".data" | ".bss")));
    if variables.map(|section| section.size()).sum::<u64>() > 0 {
        return Err(format!("{} has static variables, which the tables leave out", program.display()).into());
    }
    Ok(i64::try_from(loaded.map(|section| section.size()).sum::<u64>())?)
}

/// That a program has nothing of Rust's panics. It would not link either, because the panic handler calls what does not exist.
pub fn cannot_panic(program: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = read(program)?;
    let file = object::File::parse(&*bytes)?;
    let mut names = file.symbols().filter_map(|symbol| symbol.name().ok()).peekable();
    if names.peek().is_none() {
        return Err(format!("{} has no symbols, so it does not tell whether it can panic", program.display()).into());
    }
    match names.find(|name| name.contains("panicking") || *name == "rust_begin_unwind") {
        None => Ok(()),
        Some(name) => Err(format!("{} can panic: it holds {name}", program.display()).into()),
    }
}
