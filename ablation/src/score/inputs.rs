//! Which files are scored together.

use std::path::{Path, PathBuf};

use super::ScoreError;
use crate::arrays::{Array, Pairing, Source, pair, paths};
use crate::cli::ScoreArguments;

/// The arrays of one score, their headers read and their types and shapes checked.
pub(crate) struct Inputs {
    pub(crate) input: Array,
    pub(crate) targets: Array,
    pub(crate) mask: Option<Array>,
    pub(crate) weights: Option<Array>,
    pub(crate) input_path: PathBuf,
    paths: Vec<PathBuf>,
}

impl Inputs {
    /// The arrays in the order in which they are read.
    pub(crate) fn arrays(&self) -> Vec<Array> {
        [Some(&self.input), Some(&self.targets), self.mask.as_ref(), self.weights.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// Whether a file to be written is one of those that are read.
    pub(crate) fn reads(&self, path: &Path) -> bool {
        let same = |other: &PathBuf| match (other.canonicalize(), path.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        self.paths.iter().any(same)
    }
}

/// One option's files, with the member of archives that was named.
struct Files {
    paths: Vec<PathBuf>,
    member: Option<String>,
}

impl Files {
    /// `None` if the option was not given.
    fn find(arguments: &[String]) -> Result<Option<Self>, ScoreError> {
        let mut files: Option<Self> = None;
        for argument in arguments {
            let source = Source::parse(argument);
            let found = match source.path.to_str() {
                Some(pattern) => paths(pattern)?,
                None => vec![source.path],
            };
            match &mut files {
                None => files = Some(Self { paths: found, member: source.member }),
                Some(files) if files.member == source.member => files.paths.extend(found),
                Some(_) => {
                    let message = format!("{argument}: files of one option must name the same array of their archives");
                    return Err(ScoreError::Usage(message));
                }
            }
        }
        Ok(files)
    }

    /// The files in the order of those they go with.
    fn with(&self, inputs: &Self) -> Result<Vec<PathBuf>, ScoreError> {
        let (pairs, pairing) = pair(inputs.paths.clone(), self.paths.clone())?;
        if pairing == Pairing::ByPosition && pairs.len() > 1 {
            let [(a, b), ..] = &pairs[..] else { return Ok(Vec::new()) };
            super::note(&format!(
                "file names do not match, so files are paired in sorted order, {} with {} and so on",
                a.display(),
                b.display()
            ));
        }
        Ok(pairs.into_iter().map(|(_, path)| path).collect())
    }
}

/// Opens all that is to be scored.
pub(crate) fn open(arguments: &ScoreArguments) -> Result<Vec<Inputs>, ScoreError> {
    let (given, what) =
        if arguments.logits.is_empty() { (&arguments.probs, "probabilities") } else { (&arguments.logits, "logits") };
    let (Some(mut inputs), Some(targets)) = (Files::find(given)?, Files::find(&arguments.targets)?) else {
        return Err(ScoreError::Usage("nothing to score: --targets and --logits or --probs are needed".to_owned()));
    };
    inputs.paths.sort();
    let target_paths = targets.with(&inputs)?;
    let beside = |arguments: &[String]| -> Result<Option<(Files, Vec<PathBuf>)>, ScoreError> {
        let Some(files) = Files::find(arguments)? else { return Ok(None) };
        let paths = files.with(&inputs)?;
        Ok(Some((files, paths)))
    };
    let masks = beside(&arguments.mask)?;
    let weights = beside(&arguments.weights)?;
    let nth = |files: &Option<(Files, Vec<PathBuf>)>, index: usize| -> Result<Option<(Array, PathBuf)>, ScoreError> {
        let Some((files, paths)) = files else { return Ok(None) };
        let Some(path) = paths.get(index) else { return Ok(None) };
        Ok(Some((Array::open(path, files.member.as_deref())?, path.clone())))
    };
    let mut all = Vec::new();
    for (index, (input_path, target_path)) in inputs.paths.iter().zip(&target_paths).enumerate() {
        let input = Array::open(input_path, inputs.member.as_deref())?;
        let targets = Array::open(target_path, targets.member.as_deref())?;
        check_input(&input, what)?;
        let (mask, weights) = (nth(&masks, index)?, nth(&weights, index)?);
        let mut paths = vec![input_path.clone(), target_path.clone()];
        paths.extend(mask.iter().chain(&weights).map(|(_, path)| path.clone()));
        let (mask, weights) = (mask.map(|(array, _)| array), weights.map(|(array, _)| array));
        if let Some(mask) = &mask {
            check_mask(mask)?;
        }
        let opened = Inputs { input, targets, mask, weights, input_path: input_path.clone(), paths };
        check_shapes(&opened, arguments.per_image)?;
        all.push(opened);
    }
    Ok(all)
}

fn check_input(input: &Array, what: &'static str) -> Result<(), ScoreError> {
    if input.dtype().is_float() {
        return Ok(());
    }
    Err(ScoreError::WrongDType {
        array: input.name().to_owned(),
        found: input.dtype().to_string(),
        what,
        accepted: "floating-point (f16, f32, f64)",
        remedy: "is it the file of the targets?",
    })
}

fn check_mask(mask: &Array) -> Result<(), ScoreError> {
    if mask.dtype().is_integer() {
        return Ok(());
    }
    Err(ScoreError::WrongDType {
        array: mask.name().to_owned(),
        found: mask.dtype().to_string(),
        what: "a mask",
        accepted: "bool or integers (0: ignored)",
        remedy: "give weights with --weights",
    })
}

fn check_shapes(inputs: &Inputs, per_image: bool) -> Result<(), ScoreError> {
    crate::arrays::check_shapes(&inputs.arrays())?;
    if per_image && inputs.input.shape().len() < 2 {
        return Err(ScoreError::Usage(format!(
            "{}: --per-image needs an axis of images (the first) and at least one of pixels; the shape is {}",
            inputs.input.name(),
            inputs.input.shape_text()
        )));
    }
    Ok(())
}
