//! The machine, the versions and the date, which stand beside the figures.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::{SystemTime, UNIX_EPOCH};

use loss_bench::groups::workspace;
use loss_core::SimdLevel;

/// Describes the processor and the memory.
pub fn machine() -> String {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = field(&information, "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let threads = available_parallelism().map_or(1, usize::from);
    let mut parts = vec![model, format!("{threads} threads"), format!("best level {}", SimdLevel::best())];
    parts.extend(caches());
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| field(&text, "MemTotal"));
    let kilobytes = memory.and_then(|memory| memory.split_whitespace().next()?.parse::<f64>().ok());
    parts.extend(kilobytes.map(|kilobytes| format!("{:.0} GB of memory", kilobytes * 1024.0 / 1e9)));
    parts.push(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    parts.join(", ")
}

/// The value of the first line `name : value`.
fn field(text: &str, name: &str) -> Option<String> {
    let (_, value) = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

fn caches() -> Vec<String> {
    let directory = Path::new("/sys/devices/system/cpu/cpu0/cache");
    let of = |index: usize| {
        let read = |name: &str| fs::read_to_string(directory.join(format!("index{index}")).join(name)).ok();
        let (level, kind, size) = (read("level")?, read("type")?, read("size")?);
        let letter = if kind.trim() == "Data" { "d" } else { "" };
        (kind.trim() != "Instruction").then(|| format!("L{}{letter} {}", level.trim(), size.trim()))
    };
    (0..8).filter_map(of).collect()
}

/// The first line that a program prints.
pub fn first_line(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}

/// The versions of the measured packages and of the measuring ones, from the lock files.
pub fn packages() -> Vec<String> {
    let read = |path: &str| fs::read_to_string(workspace().join(path)).unwrap_or_default();
    let (ours, rivals) = (read("Cargo.lock"), read("loss-bench/rivals/Cargo.lock"));
    let of = |lock: &str, name: &str| {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", rest.split('"').next()?))
    };
    let of_ours = ["loss-core", "libm", "rayon", "criterion"].into_iter().filter_map(|name| of(&ours, name));
    let names = ["ndarray", "burn", "candle-core", "oxicuda-vision"];
    let newest = |name| {
        // A lock file may have two versions of a crate. The last is the newest, which the manifest asks for.
        rivals.rsplit("[[package]]").find_map(|package| of(package, name))
    };
    of_ours.chain(names.into_iter().filter_map(newest)).collect()
}

/// The year, month and day in UTC.
pub fn date(at: SystemTime) -> String {
    let days = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    // Years that begin in March, so a leap day is the last day of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates() {
        let of = |day: u64| date(UNIX_EPOCH + Duration::from_secs(day * 86_400 + 3600));
        assert_eq!([of(0), of(59), of(11_016), of(19_782)], ["1970-01-01", "1970-03-01", "2000-02-29", "2024-02-29"]);
    }

    #[test]
    fn fields() {
        assert_eq!(field("processor\t: 0\nmodel name\t: A: B\n", "model name").as_deref(), Some("A: B"));
        assert_eq!(field("", "model name"), None);
    }
}
