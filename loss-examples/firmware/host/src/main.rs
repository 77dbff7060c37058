//! Runs the firmware on four boards under QEMU, compares what it prints with what this machine computes, and writes what it costs.
#![forbid(unsafe_code)]

mod board;
mod compare;
mod cost;
mod document;
mod flash;
mod pretraining;
mod promises;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use board::{BOARDS, Board};
use cost::Cost;
use flash::{Flash, PROFILES};

/// What a board has shown.
struct Outcome {
    board: &'static Board,
    lines: usize,
    seconds: f64,
    /// By profile.
    cost: [Cost; PROFILES.len()],
    flash: Flash,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments == ["pretrain"] {
        print!("{}", pretraining::file(&pretraining::pretrain()?));
        return Ok(());
    }
    if arguments == ["report"] {
        compare::host_report()?.iter().for_each(|line| println!("{line}"));
        return Ok(());
    }
    let [programs, document] = arguments.as_slice() else {
        return Err("usage: firmware-host <folder of the built programs> <document to write the tables into>, or firmware-host report, or firmware-host pretrain > report/src/net/weights.rs".into());
    };
    let programs = Path::new(programs);
    let expected = compare::host_report()?;
    println!("this machine: {} lines", expected.len());

    // Errors cross threads as text.
    let outcomes = thread::scope(|scope| {
        let threads: Vec<_> = BOARDS
            .iter()
            .map(|board| {
                let expected = &expected;
                scope.spawn(move || check(board, programs, expected).map_err(|error| error.to_string()))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });

    let mut shown = Vec::new();
    let mut failures = 0;
    println!("{:<12} {:<26} {:>6} {:>9}  result", "board", "processor", "lines", "seconds");
    for (board, outcome) in BOARDS.iter().zip(outcomes) {
        let outcome = outcome.map_err(|_| "a thread of this program panicked")?;
        match outcome {
            Ok(outcome) => {
                let Outcome { lines, seconds, .. } = outcome;
                println!(
                    "{:<12} {:<26} {lines:>6} {seconds:>9.1}  equal, line by line",
                    board.machine, board.processor
                );
                shown.push(outcome);
            }
            Err(error) => {
                failures += 1;
                println!("{:<12} {:<26} {:>6} {:>9}  {error}", board.machine, board.processor, "", "");
            }
        }
    }
    if failures > 0 {
        return Err(format!("{failures} of {} boards failed", BOARDS.len()).into());
    }
    let tables = document::tables(&shown);
    println!("\n{tables}");
    document::write(Path::new(document), &tables, &document::tasks(&shown)?)
}

fn check(board: &'static Board, programs: &Path, expected: &[String]) -> Result<Outcome, Box<dyn Error>> {
    let fast = ["release", "checked"].into_iter().filter(|_| board.holds_fast_report);
    for profile in fast.chain(board.reports.iter().copied()) {
        flash::cannot_panic(&board.program(programs, profile, "report"))?;
    }
    for profile in ["release", "checked", "small"] {
        flash::cannot_panic(&board.program(programs, profile, "cost"))?;
    }
    board.reports_faults(&board.program(programs, "release", "fault"))?;
    let start = Instant::now();
    for profile in board.reports {
        let given = board.run(&board.program(programs, profile, "report"), false)?;
        compare::equal(expected, &given).map_err(|error| format!("{profile}: {error}"))?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut cost = [Cost::default(), Cost::default()];
    for (cost, (profile, _)) in cost.iter_mut().zip(PROFILES) {
        *cost = Cost::read(&board.run(&board.program(programs, profile, "cost"), true)?)?;
    }
    let flash = Flash::read(board, programs)?;
    promises::kept(board, &cost, &flash)?;
    Ok(Outcome { board, lines: expected.len(), seconds, cost, flash })
}
