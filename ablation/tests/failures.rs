//! What the program does when the world around it fails: closed terminals, full disks, folders that cannot be written into, kills, damage.
//!
//! No test depends on the clock: they wait for states.

mod common;

use std::io::{Read, pipe};
use std::process::{Command, Output, Stdio};

use common::Folder;

fn ablation(folder: &Folder, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ablation"));
    command.args(words.split_whitespace()).current_dir(folder.path("")).stdin(Stdio::null());
    command
}

/// A pipe whose reader has gone, as after `| head -1`.
fn closed() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A log on a full disk.
#[cfg(target_os = "linux")]
fn full() -> Stdio {
    std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Two pixels that can be scored and one that cannot, of which a note tells.
fn arrays() -> Folder {
    let folder = Folder::new();
    folder.c("z.npy", &[3], &[1.5_f32, -2.0, f32::NAN]).c("y.npy", &[3], &[1_u8, 0, 1]);
    folder
}

/// Commands that take no time, and the exit code of each.
const SHORT: &[(&str, i32)] = &[
    ("score --logits z.npy --targets y.npy --on-bad skip", 0),
    ("score --logits z.npy --targets y.npy --on-bad skip --json", 0),
    ("score --logits z.npy --targets y.npy", 2),
    ("inspect y.npy", 0),
    ("inspect --guide", 0),
    ("losses", 0),
    ("losses --json", 0),
    ("--help", 0),
    ("score --help", 0),
    ("--version", 0),
    ("score", 2),
    #[cfg(feature = "train")]
    ("config", 0),
    #[cfg(feature = "train")]
    ("compare none none", 2),
    #[cfg(feature = "train")]
    ("run 99", 2),
];

#[test]
fn a_reader_that_goes_is_no_failure() {
    let folder = arrays();
    for (words, code) in SHORT {
        let whole = ablation(&folder, words).output().unwrap();
        assert_eq!(whole.status.code(), Some(*code), "{words}: {}", err(&whole));

        let unread = ablation(&folder, words).stdout(closed()).output().unwrap();
        assert_eq!(unread.status.code(), Some(*code), "{words}: {}", err(&unread));
        assert_eq!(err(&unread), err(&whole), "{words}");

        let unheard = ablation(&folder, words).stderr(closed()).output().unwrap();
        assert_eq!(unheard.status.code(), Some(*code), "{words}");
        assert_eq!(out(&unheard), out(&whole), "{words}");

        let alone = ablation(&folder, words).stdout(closed()).stderr(closed()).status().unwrap();
        assert_eq!(alone.code(), Some(*code), "{words}");
    }
}

/// A result that is lost is a failure; a note that is lost is not.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_takes_results_and_not_without_a_word() {
    let folder = arrays();
    for (words, code) in SHORT {
        let whole = ablation(&folder, words).output().unwrap();
        let unheard = ablation(&folder, words).stderr(full()).output().unwrap();
        assert_eq!(unheard.status.code(), Some(*code), "{words}");
        assert_eq!(out(&unheard), out(&whole), "{words}");
        let lost = ablation(&folder, words).stdout(full()).output().unwrap();
        if out(&whole).is_empty() {
            assert_eq!(lost.status.code(), Some(*code), "{words}");
        } else {
            assert_eq!(lost.status.code(), Some(1), "{words}");
            assert!(
                err(&lost).contains("error: cannot write the result: No space left on device"),
                "{words}: {}",
                err(&lost)
            );
        }
    }
}

/// The reader takes one line of an output that is longer than a pipe holds, as `head -1` does.
#[test]
fn the_first_line_of_a_long_output_can_be_taken() {
    let folder = Folder::new();
    let count = 4000;
    let shape = [count, 1, 1];
    folder.c("z.npy", &shape, &vec![1.5_f32; count as usize]).c("y.npy", &shape, &vec![1_u8; count as usize]);
    let mut child = ablation(&folder, "score --logits z.npy --targets y.npy --per-image --csv");
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(err(&output), "");
}

#[cfg(all(unix, feature = "train"))]
mod training {
    use std::collections::BTreeSet;
    use std::fs;
    use std::os::unix::process::ExitStatusExt;
    use std::path::{Path, PathBuf};
    use std::process::Child;
    use std::sync::OnceLock;

    use super::*;
    use common::{TINY, tiny};

    /// Four trainings: Dice and IoU, with two seeds each.
    const RUN: &str = "run 2 --config tiny.toml --output out";
    const TRAININGS: usize = 4;

    /// A folder in which nothing has gone wrong.
    struct Undisturbed {
        folder: Folder,
        results: Vec<u8>,
    }

    fn undisturbed() -> &'static Undisturbed {
        static ONCE: OnceLock<Undisturbed> = OnceLock::new();
        ONCE.get_or_init(|| {
            let folder = tiny();
            folder.run(RUN, &[]).text();
            let results = fs::read(folder.path("out/results.json")).unwrap();
            Undisturbed { folder, results }
        })
    }

    /// Another folder with the trainings of the undisturbed one, and no report.
    fn trained() -> Folder {
        let folder = tiny();
        fs::create_dir_all(folder.path("out/trainings")).unwrap();
        for path in trainings(&undisturbed().folder.path("out")) {
            fs::copy(&path, folder.path("out/trainings").join(path.file_name().unwrap())).unwrap();
        }
        folder
    }

    /// Everything in a folder and below, sorted.
    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        // What is being renamed away while this reads is not there.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => files.extend(super::training::files(&path)),
                path => files.push(path),
            }
        }
        files.sort();
        files
    }

    /// The stored trainings of a report's folder.
    fn trainings(out: &Path) -> Vec<PathBuf> {
        let mut found = files(&out.join("trainings"));
        found.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        found
    }

    fn half_written(out: &Path) -> Vec<PathBuf> {
        let is_part = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "part");
        files(out).into_iter().filter(is_part).collect()
    }

    /// The report is whole, and its results are those of the undisturbed run.
    #[track_caller]
    fn assert_whole(folder: &Folder) {
        let out = folder.path("out");
        let results = fs::read(out.join("results.json")).unwrap();
        assert!(results == undisturbed().results, "the results differ from those of an undisturbed run");
        let names = |out: &Path| -> BTreeSet<PathBuf> {
            files(out).iter().map(|path| path.strip_prefix(out).unwrap().to_owned()).collect()
        };
        assert_eq!(names(&out), names(&undisturbed().folder.path("out")));
        assert!(fs::read_to_string(out.join("index.html")).unwrap().trim_end().ends_with("</html>"));
    }

    /// Waits for a state; fails if the program ends before it.
    #[track_caller]
    fn wait_for(child: &mut Child, what: &str, state: impl Fn() -> bool) {
        while !state() {
            assert!(child.try_wait().unwrap().is_none(), "it ended before {what}");
            std::thread::yield_now();
        }
    }

    /// As `kill -9`.
    #[track_caller]
    fn kill(mut child: Child) {
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn a_closed_terminal_costs_no_report() {
        for (stdout, stderr) in [(closed(), Stdio::null()), (Stdio::null(), closed()), (closed(), closed())] {
            let folder = trained();
            // Two trainings are there, so that it has something to say, and two are not.
            let [first, second, ..] = &trainings(&folder.path("out"))[..] else { panic!("no trainings") };
            fs::remove_file(first).unwrap();
            fs::write(second, b"damaged").unwrap();
            let status = ablation(&folder, RUN).stdout(stdout).stderr(stderr).status().unwrap();
            assert_eq!(status.code(), Some(0));
            assert_whole(&folder);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_log_costs_no_report() {
        let folder = trained();
        let output = ablation(&folder, RUN).stderr(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(out(&output).contains("index.html"), "{}", out(&output));
        assert_whole(&folder);

        fs::remove_file(folder.path("out/results.json")).unwrap();
        let output = ablation(&folder, RUN).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(err(&output).contains("cannot write the result: No space left"), "{}", err(&output));
        assert_whole(&folder);
    }

    /// A terminal with progress bars, whose window is closed.
    #[test]
    fn a_terminal_that_goes_away_costs_no_report() {
        let folder = tiny();
        let terminal = nix::pty::openpty(None, None).unwrap();
        let mut child = ablation(&folder, RUN).stdout(Stdio::null()).stderr(terminal.slave).spawn().unwrap();
        let mut first = [0; 1];
        fs::File::from(terminal.master).read_exact(&mut first).unwrap();
        // The master is closed now, and every further write fails with EIO.
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_whole(&folder);
    }

    /// Killed again and again while it trains, also while a training is being written.
    #[test]
    fn killed_while_it_trains_it_goes_on() {
        let folder = tiny();
        let out = folder.path("out");
        let mut killed = 0;
        for count in 1..TRAININGS {
            let spawn = || ablation(&folder, RUN).args(["--threads", "1"]).stderr(Stdio::piped()).spawn().unwrap();
            // The name of the half-written file is there from before its first byte until it is whole.
            let mut child = spawn();
            wait_for(&mut child, "a training is written", || {
                trainings(&out).len() >= count || !half_written(&out.join("trainings")).is_empty()
            });
            kill(child);
            let mut child = spawn();
            wait_for(&mut child, "a training is there", || trainings(&out).len() >= count);
            kill(child);
            killed += 2;
        }
        assert_eq!(killed, 2 * (TRAININGS - 1));
        let output = ablation(&folder, RUN).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        assert!(!err(&output).contains("note: "), "a kill leaves nothing damaged: {}", err(&output));
        assert_whole(&folder);
    }

    /// Killed while the report is written, after as many files as a fixed generator says.
    #[test]
    fn killed_while_it_reports_it_goes_on() {
        let reported = files(&undisturbed().folder.path("out")).len();
        let folder = trained();
        let out = folder.path("out");
        let before = files(&out).len() + 1;
        let mut random: usize = 20_261_129;
        let mut killed = 0;
        for _ in 0..40 {
            if killed == 4 {
                break;
            }
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let after = before + 1 + (random >> 33) % (reported - before - 10);
            let mut child = ablation(&folder, RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while files(&out).len() < after && child.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
            // On a busy machine the report can be whole before this is seen, and is then no attempt.
            child.kill().unwrap();
            if child.wait().unwrap().signal() == Some(9) {
                killed += 1;
                match fs::read(out.join("results.json")) {
                    Ok(results) => assert!(results == undisturbed().results, "half written results"),
                    Err(_) => assert!(!out.join("run.json").exists(), "run.json is the last"),
                }
            }
            // So that the next one can be followed by the number of its files.
            for path in files(&out).iter().filter(|path| !path.starts_with(out.join("trainings"))) {
                if !half_written(&out).contains(path) {
                    fs::remove_file(path).unwrap();
                }
            }
        }
        assert_eq!(killed, 4);
        folder.run(RUN, &[]).text();
        assert_whole(&folder);
    }

    #[test]
    fn two_runs_do_not_share_a_folder() {
        let folder = tiny();
        let out = folder.path("out");
        // So many seeds that it is still at work when the second begins.
        let mut first = ablation(&folder, "run 2 --config tiny.toml --output out --seeds 1000 --threads 1");
        let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for(&mut first, "a training is there", || !trainings(&out).is_empty());
        for words in [RUN, "run --quick --output out", "run 5 --config tiny.toml --output ./out/ --quiet"] {
            let second = ablation(&folder, words).output().unwrap();
            assert_eq!(second.status.code(), Some(1), "{}", err(&second));
            let told = err(&second);
            assert!(
                told.starts_with("error: ")
                    && told.contains("out")
                    && told.contains(&format!("process {}", first.id())),
                "{told}"
            );
        }
        assert!(first.try_wait().unwrap().is_none(), "the first goes on");
        kill(first);
        // The lock goes with the process.
        folder.run("run 2 --config tiny.toml --output out --quiet", &[]).text();
        assert!(fs::read(out.join("results.json")).unwrap() == undisturbed().results);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_refused_before_training() {
        let folder = tiny();
        let output = ablation(&folder, "run 2 --config tiny.toml --output tiny.toml/out").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(out(&output), "");
        let told = err(&output);
        assert!(told.starts_with("error: tiny.toml/out") && told.lines().count() == 1, "{told}");
        assert_eq!(fs::read_to_string(folder.path("tiny.toml")).unwrap(), TINY);
    }

    /// Each stored training is damaged in another way: it is trained again, and the results are the same.
    #[test]
    fn damaged_trainings_are_trained_again() {
        let emptied = |text: &str| {
            let steps = text.find("\"steps\":[").unwrap() + "\"steps\":[".len();
            let end = steps + text[steps..].find(']').unwrap();
            format!("{}{}", &text[..steps], &text[end..])
        };
        let folder = trained();
        let paths = trainings(&folder.path("out"));
        let [truncated, random, steps, version] = &paths[..] else { panic!("{paths:?}") };
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        fs::write(truncated, &text(truncated)[..1000]).unwrap();
        fs::write(
            random,
            (0..5000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>(),
        )
        .unwrap();
        fs::write(steps, emptied(&text(steps))).unwrap();
        // As a version without hashes wrote it.
        let mut json: serde_json::Value = serde_json::from_str(&text(version)).unwrap();
        json.as_object_mut().unwrap().retain(|name, _| name == "trained" || name == "seconds");
        fs::write(version, json.to_string()).unwrap();
        assert_trained_again(&folder, &paths);

        let folder = trained();
        let paths = trainings(&folder.path("out"));
        let [one, other, empty, digit] = &paths[..] else { panic!("{paths:?}") };
        let of_other = text(other);
        fs::copy(one, other).unwrap();
        fs::write(one, of_other).unwrap();
        fs::write(empty, "").unwrap();
        let changed = text(digit).replacen("\"loss\":0.", "\"loss\":1.", 1);
        assert_ne!(changed, text(digit));
        fs::write(digit, changed).unwrap();
        assert_trained_again(&folder, &paths);
    }

    #[track_caller]
    fn assert_trained_again(folder: &Folder, paths: &[PathBuf]) {
        // The damage is told without progress too.
        let output = ablation(folder, RUN).arg("--quiet").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        assert!(out(&output).contains("4 of 4 trainings (0 from before)"), "{}", out(&output));
        let notes = err(&output);
        for path in paths {
            let name = path.file_name().unwrap().to_str().unwrap();
            let note = notes.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name} in {notes}"));
            assert!(note.starts_with("note: ") && note.ends_with("it is trained again"), "{note}");
        }
        assert_whole(folder);
    }

    #[test]
    fn damaged_results_are_refused() {
        let folder = tiny();
        let whole = &undisturbed().results;
        fs::write(folder.path("whole.json"), whole).unwrap();
        let text = String::from_utf8(whole.clone()).unwrap();
        let middle = text.len() / 2;
        let with = |position: usize, byte: u8| {
            let mut bytes = whole.clone();
            bytes[position] = byte;
            bytes
        };
        let digit = text.find("\"loss\": 0.").unwrap() + "\"loss\": 0.".len();
        let damaged: [(&str, Vec<u8>, &str); 7] = [
            ("empty", Vec::new(), "not JSON, or not all of it"),
            ("truncated", whole[..middle].to_vec(), "not JSON, or not all of it"),
            (
                "random",
                (0..5000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
                "not JSON",
            ),
            ("digit", with(digit, if whole[digit] == b'5' { b'6' } else { b'5' }), "damaged or edited"),
            ("cut", text.replacen("\"complete\": true", "\"complete\": false", 1).into_bytes(), "damaged or edited"),
            ("version", text.replacen("\"format\": 3", "\"format\": 1", 1).into_bytes(), "has format 1"),
            ("other", b"{\"format\": 3, \"configuration\": {}}".to_vec(), "damaged results"),
        ];
        for (name, bytes, told) in damaged {
            assert!(bytes != *whole, "{name}");
            fs::write(folder.path("damaged.json"), bytes).unwrap();
            for words in ["compare whole.json damaged.json", "compare damaged.json whole.json --json"] {
                let refusal = folder.run(words, &[]).refusal();
                assert!(refusal.contains("damaged.json") && refusal.contains(told), "{name}: {refusal}");
            }
        }
        // In another form the same numbers are whole.
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        fs::write(folder.path("compact.json"), json.to_string()).unwrap();
        assert!(folder.run("compare whole.json compact.json", &[]).text().contains("identical"));
    }

    /// What run.json says is removed with the next report, so it is not believed when it is damaged.
    #[test]
    fn a_damaged_record_removes_nothing() {
        let folder = trained();
        fs::write(folder.path("out/mine.txt"), "mine").unwrap();
        let record = r#"{"command":[],"threads":1,"training_seconds":0.0,"system":"","vector_registers":"","arms":[],"files":["mine.txt"]}"#;
        fs::write(folder.path("out/run.json"), record).unwrap();
        folder.run(RUN, &[]).text();
        assert_eq!(fs::read_to_string(folder.path("out/mine.txt")).unwrap(), "mine");
        fs::remove_file(folder.path("out/mine.txt")).unwrap();
        assert_whole(&folder);
    }

    /// Settings that no machine can hold are refused before anything is made.
    #[test]
    fn settings_beyond_all_bounds_are_refused() {
        let folder = tiny();
        let refusal = |settings: &str| {
            fs::write(folder.path("large.toml"), settings).unwrap();
            let refusal = folder.run("run --config large.toml --output large", &[]).refusal();
            assert!(!folder.path("large").exists(), "{refusal}");
            refusal
        };
        for count in ["4000000000", "9223372036854775807"] {
            for key in
                ["data.training_images", "data.held_out_images", "damage.training_images", "damage.held_out_images"]
            {
                let told = refusal(&format!("{key} = {count}"));
                assert!(
                    told.contains(&format!("{key} is {count}; accepted: a whole number from 1 to 1000000")),
                    "{told}"
                );
            }
        }
        let told = refusal("[data]\nsize = 512\ntraining_images = 1000000\n[damage]\ntraining_images = 1000000");
        assert!(
            told.contains("this run takes about ")
                && told.contains(" of memory, and ")
                && told.contains("lower data.training_images"),
            "{told}"
        );
        for (words, told) in [
            ("run --seeds 1001", "1001 is not in 1..=1000"),
            ("run --seeds 18446744073709551616", "--seeds"),
            ("run --seeds 0", "0 is not in 1..=1000"),
            ("run --threads 0", "0 is not in 1..=1024"),
            ("run --threads 18446744073709551615", "--threads"),
            ("run --first-seed 9007199254740992", "9007199254740992 is not in 0..=9007199254740991"),
            ("run --first-seed 9007199254740991 --seeds 2", "first_seed is 9007199254740991; accepted: "),
        ] {
            let refusal = folder.run(words, &[]).refusal();
            assert!(refusal.contains(told), "{refusal}");
        }
    }

    #[test]
    fn settings_that_are_no_text_are_refused() {
        let folder = tiny();
        fs::write(folder.path("binary.toml"), [0x93, b'N', b'U', b'M', 0xff]).unwrap();
        assert!(
            folder.run("run --config binary.toml --output out", &[]).refusal().contains("binary.toml: cannot be read")
        );
        assert!(!folder.path("out").exists());
    }

    /// Small disks of their own, which root can make.
    #[cfg(target_os = "linux")]
    mod disks {
        use nix::mount::{MntFlags, MsFlags, mount, umount2};

        use super::*;

        /// A mounted disk in memory, gone when this is.
        struct Disk(PathBuf);

        impl Disk {
            /// None, with a word, for whoever may not mount. Root may, so that the tests do not pass unseen where they can run.
            fn new(path: PathBuf, size: &str) -> Option<Self> {
                fs::create_dir_all(&path).unwrap();
                match mount(Some("tmpfs"), &path, Some("tmpfs"), MsFlags::empty(), Some(size)) {
                    Ok(()) => Some(Self(path)),
                    Err(error)
                        if !nix::unistd::geteuid().is_root() || std::env::var_os("ABLATION_NO_MOUNT").is_some() =>
                    {
                        eprintln!("SKIPPED: no disk can be mounted: {error}");
                        None
                    }
                    Err(error) => {
                        panic!("root cannot mount a disk ({error}); ABLATION_NO_MOUNT=1 leaves these tests out")
                    }
                }
            }

            fn read_only(&self) {
                let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
                mount(None::<&str>, &self.0, None::<&str>, flags, None::<&str>).unwrap();
            }
        }

        impl Drop for Disk {
            fn drop(&mut self) {
                let _ = umount2(&self.0, MntFlags::MNT_DETACH);
            }
        }

        /// Fills a disk but for so many bytes.
        fn fill(disk: &Disk, but: u64) -> PathBuf {
            let space = nix::sys::statvfs::statvfs(&disk.0).unwrap();
            let bytes = space.blocks_available() * space.fragment_size();
            let path = disk.0.join("filling");
            fs::write(&path, vec![1; (bytes - but) as usize]).unwrap();
            path
        }

        #[test]
        fn a_full_disk_is_told_and_nothing_half_written_is_taken_for_whole() {
            let folder = tiny();
            let Some(disk) = Disk::new(folder.path("out"), "size=32m") else { return };
            // Before the first training is stored, before all are, and before the report is whole.
            let stored = fs::metadata(&trainings(&undisturbed().folder.path("out"))[0]).unwrap().len();
            let mut kept = 0;
            for (free, at_least) in [(8192, 0), (8192 + 3 * stored, 1), (300_000, TRAININGS)] {
                let filling = fill(&disk, free);
                let output = ablation(&folder, RUN).args(["--threads", "1"]).output().unwrap();
                assert_eq!(output.status.code(), Some(1), "{free}: {}", err(&output));
                let told = err(&output);
                let error = told.lines().find(|line| line.starts_with("error: ")).unwrap();
                assert!(error.contains("out/") && error.contains("No space left on device"), "{told}");
                assert!(!told.contains("panicked"), "{told}");
                assert!(!folder.path("out/results.json").exists());
                assert!(half_written(&disk.0).is_empty(), "{:?}", half_written(&disk.0));
                // None of those that were stored before is lost.
                let now = trainings(&disk.0).len();
                assert!(now >= kept.max(at_least), "{now} trainings with {free} bytes free");
                kept = now;
                fs::remove_file(filling).unwrap();
            }
            let output = ablation(&folder, RUN).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", err(&output));
            assert!(!err(&output).contains("note: "), "{}", err(&output));
            assert_whole(&folder);
        }

        #[test]
        fn a_read_only_folder_is_refused_before_training() {
            let folder = tiny();
            let Some(disk) = Disk::new(folder.path("disk"), "size=4m") else { return };
            // A folder that a run has written into, one that is there, and one that is to be made.
            fs::create_dir_all(folder.path("disk/old/trainings")).unwrap();
            fs::write(folder.path("disk/old/.lock"), "1\n").unwrap();
            fs::create_dir_all(folder.path("disk/there")).unwrap();
            disk.read_only();
            for out in ["disk/old", "disk/there", "disk/new"] {
                let output = ablation(&folder, &format!("run 2 --config tiny.toml --output {out}")).output().unwrap();
                assert_eq!(output.status.code(), Some(1));
                let told = err(&output);
                assert!(told.starts_with(&format!("error: {out}")) && told.contains("Read-only file system"), "{told}");
                assert_eq!(told.lines().count(), 1, "nothing is trained: {told}");
            }
        }
    }
}
