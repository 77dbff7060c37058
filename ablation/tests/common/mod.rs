//! Runs the program on small arrays.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use npyz::{AutoSerialize, Order, WriterBuilder};
use serde_json::Value;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What the program answered.
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Answer {
    /// The output of a success.
    #[track_caller]
    pub fn text(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    #[track_caller]
    pub fn json(self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The message of a refusal.
    #[track_caller]
    pub fn refusal(self) -> String {
        assert_eq!(self.code, Some(2), "{}{}", self.out, self.err);
        assert_eq!(self.out, "");
        assert!(self.err.starts_with("error: "), "{}", self.err);
        self.err
    }

    /// The message of bad input: one line.
    #[track_caller]
    pub fn one_line(self) -> String {
        let message = self.refusal();
        assert_eq!(message.trim_end().lines().count(), 1, "{message}");
        message
    }
}

/// A folder to run the program in.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Writes values, which are given in the order of the file.
    pub fn array<T: AutoSerialize + Clone>(&self, name: &str, order: Order, shape: &[u64], values: &[T]) -> &Self {
        if let Some(folder) = self.path(name).parent() {
            fs::create_dir_all(folder).expect("a folder");
        }
        let file = fs::File::create(self.path(name)).expect("a file");
        write(file, order, shape, values);
        self
    }

    pub fn c<T: AutoSerialize + Clone>(&self, name: &str, shape: &[u64], values: &[T]) -> &Self {
        self.array(name, Order::C, shape, values)
    }

    pub fn npz(&self, name: &str, shape: &[u64], logits: &[f32], targets: &[u8]) -> &Self {
        let mut archive = ZipWriter::new(fs::File::create(self.path(name)).expect("an archive"));
        archive.start_file("logits.npy", SimpleFileOptions::default()).expect("a member");
        write(&mut archive, Order::C, shape, logits);
        archive.start_file("targets.npy", SimpleFileOptions::default()).expect("a member");
        write(&mut archive, Order::C, shape, targets);
        archive.finish().expect("an archive");
        self
    }

    pub fn read(&self, name: &str) -> (Vec<u64>, Order, Vec<f32>) {
        let bytes = fs::read(self.path(name)).expect("a file");
        let file = npyz::NpyFile::new(&bytes[..]).expect("an array");
        let (shape, order) = (file.shape().to_vec(), file.order());
        (shape, order, file.into_vec().expect("f32 values"))
    }

    /// Runs `ablation` with words that are separated by spaces, and then with others.
    pub fn run(&self, words: &str, others: &[&str]) -> Answer {
        self.run_os(words, others)
    }

    /// As [`run`](Self::run), with words that need not be UTF-8.
    pub fn run_os(&self, words: &str, others: &[impl AsRef<OsStr>]) -> Answer {
        let words = words.split_whitespace().map(OsStr::new);
        run(self.0.path(), &words.chain(others.iter().map(AsRef::as_ref)).collect::<Vec<_>>())
    }
}

/// Images and networks that are as small as they can be.
pub const TINY: &str = "
seeds = 2
[training]
steps = 3
damage_steps = 3
evaluations = 2
batch = 2
base_channels = 2
[data]
size = 16
training_images = 4
held_out_images = 3
share = 0.1
rare_shares = [0.05]
[damage]
shares = [0.8, 0.05, 0.05, 0.05, 0.05]
training_images = 4
held_out_images = 3
[sensitivity]
steps = 2
size = 16
training_images = 4
held_out_images = 3
learning_rates = [0.01, 0.1]
gammas = [1, 2]
alphas = [0.3, 0.5]
lambdas = [0.5, 1]
smooths = [0, 1]
";

/// A folder with these settings.
pub fn tiny() -> Folder {
    let folder = Folder::new();
    fs::write(folder.path("tiny.toml"), TINY).unwrap();
    folder
}

fn write<T: AutoSerialize + Clone>(file: impl Write, order: Order, shape: &[u64], values: &[T]) {
    let options = npyz::WriteOptions::new().default_dtype().order(order).shape(shape);
    let mut writer = options.writer(file).begin_nd().expect("a header");
    writer.extend(values.iter().cloned()).expect("values");
    writer.finish().expect("an array");
}

pub fn run(folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Answer {
    let output = Command::new(env!("CARGO_BIN_EXE_ablation"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program runs");
    Answer {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// The path of a value in JSON, such as `losses/0/value`.
#[track_caller]
pub fn number(json: &Value, path: &str) -> f64 {
    let value = json.pointer(&format!("/{path}"));
    value.and_then(Value::as_f64).unwrap_or_else(|| panic!("no number {path} in {json:#}"))
}

#[track_caller]
pub fn close(given: f64, expected: f64, relative: f64) {
    assert!((given - expected).abs() <= relative * expected.abs().max(1e-300), "{given} is not {expected}");
}
