//! The boards, and QEMU.

use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use wait_timeout::ChildExt;

/// How long a program may take: many times what the slowest does, so that only one that hangs is ended.
const LIMIT: Duration = Duration::from_secs(600);
/// The line of a program that ends in a fault of the processor.
const FAULT: &str = "fault: the processor could not go on";

/// A board that QEMU knows.
#[derive(Debug)]
pub struct Board {
    /// QEMU's name of it.
    pub machine: &'static str,
    /// What it computes with.
    pub processor: &'static str,
    /// In a table's head.
    pub short: &'static str,
    /// Rust's name of the target.
    pub target: &'static str,
    /// The profiles whose report is run. Soft float takes QEMU a minute or two, so its boards share the work.
    pub reports: &'static [&'static str],
    /// Whether the report has room in flash where it is compiled for speed.
    pub holds_fast_report: bool,
    qemu: &'static str,
    arguments: &'static [&'static str],
}

/// All of them.
pub const BOARDS: [Board; 4] = [
    Board {
        machine: "mps2-an386",
        processor: "Cortex-M4F",
        short: "M4F",
        target: "thumbv7em-none-eabihf",
        reports: &["release", "checked", "small"],
        holds_fast_report: true,
        qemu: "qemu-system-arm",
        arguments: &[],
    },
    Board {
        machine: "mps2-an385",
        processor: "Cortex-M3, soft float",
        short: "M3",
        target: "thumbv7m-none-eabi",
        reports: &["release"],
        holds_fast_report: true,
        qemu: "qemu-system-arm",
        arguments: &[],
    },
    Board {
        machine: "microbit",
        processor: "Cortex-M0, soft float",
        short: "M0",
        target: "thumbv6m-none-eabi",
        reports: &["small"],
        holds_fast_report: false,
        qemu: "qemu-system-arm",
        arguments: &[],
    },
    Board {
        machine: "virt",
        processor: "RISC-V RV32IMAC, soft float",
        short: "RV32",
        target: "riscv32imac-unknown-none-elf",
        reports: &["small"],
        holds_fast_report: true,
        qemu: "qemu-system-riscv32",
        arguments: &["-bios", "none"],
    },
];

impl Board {
    /// Where a program of this board was built.
    pub fn program(&self, programs: &Path, profile: &str, name: &str) -> PathBuf {
        programs.join(self.target).join(profile).join(name)
    }

    /// What a program prints, line by line. With `count_instructions`, each takes a nanosecond of the board's time.
    pub fn run(&self, program: &Path, count_instructions: bool) -> Result<Vec<String>, Box<dyn Error>> {
        let mut command = Command::new(self.qemu);
        command.args(["-machine", self.machine, "-display", "none", "-monitor", "none", "-serial", "null"]);
        command.args(["-chardev", "stdio,id=out", "-semihosting-config", "enable=on,target=native,chardev=out"]);
        command.args(self.arguments);
        if count_instructions {
            command.args(["-icount", "shift=0"]);
        }
        command.arg("-kernel").arg(program);
        let Ended { status, lines, errors } = run_for(&mut command, LIMIT).map_err(|error| {
            format!("{}: {error} (on Debian: apt-get install qemu-system-arm qemu-system-misc)", self.qemu)
        })?;
        let last = lines.last().map_or("nothing", String::as_str);
        let program = program.display();
        match status {
            Some(status) if status.success() => Ok(lines),
            Some(status) => Err(format!("{program} ended with {status}; its last line is: {last}\n{errors}").into()),
            None => {
                Err(format!("{program} did not end in {} s and was stopped; its last line is: {last}", LIMIT.as_secs())
                    .into())
            }
        }
    }

    /// That a fault of the processor is an error here, with a line that says so.
    pub fn reports_faults(&self, fault: &Path) -> Result<(), String> {
        match self.run(fault, false) {
            Err(error) if error.to_string().contains(FAULT) => Ok(()),
            Err(error) => Err(format!("a fault should end with the line \"{FAULT}\": {error}")),
            Ok(_) => Err(format!("{} should fail, and did not", fault.display())),
        }
    }
}

/// How a command came to its end.
struct Ended {
    /// None if it was stopped.
    status: Option<ExitStatus>,
    lines: Vec<String>,
    errors: String,
}

/// Runs a command, and stops it after a while.
fn run_for(command: &mut Command, limit: Duration) -> std::io::Result<Ended> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // Read at the same time, or else a command that writes much would wait for its reader.
    let reader = |mut pipe: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).map(|_| String::from_utf8_lossy(&bytes).into_owned())
        })
    };
    let output = child.stdout.take().map(|pipe| reader(Box::new(pipe)));
    let errors = child.stderr.take().map(|pipe| reader(Box::new(pipe)));
    let status = child.wait_timeout(limit)?;
    if status.is_none() {
        child.kill()?;
        child.wait()?;
    }
    let text = |reader: Option<thread::JoinHandle<std::io::Result<String>>>| {
        reader.map_or_else(|| Ok(String::new()), |reader| reader.join().unwrap_or_else(|_| Ok(String::new())))
    };
    let lines = text(output)?.lines().map(String::from).collect();
    Ok(Ended { status, lines, errors: text(errors)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_is_stopped() {
        let ended = run_for(Command::new("sleep").arg("1000000"), Duration::ZERO).expect("a command");
        assert!(ended.status.is_none());
    }

    #[test]
    fn what_fails_says_how() {
        let mut fails = Command::new("sh");
        let ended = run_for(fails.args(["-c", "echo out; echo why >&2; exit 3"]), LIMIT).expect("a shell");
        assert_eq!(ended.status.and_then(|status| status.code()), Some(3));
        assert_eq!((ended.lines, ended.errors), (vec!["out".to_owned()], "why\n".to_owned()));
    }
}
