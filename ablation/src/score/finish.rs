//! The end of a score, whether of a run or of states: files are written, and the answer is made.

use std::path::PathBuf;

use serde_json::json;

use super::inputs::{Broken, PairedByOption};
use super::metrics::{self, Measured, Summary};
use super::results::Report;
use super::{ScoreError, page, report};
use crate::answer::Answer;
use crate::arguments::{MetricArguments, OutputArguments, ScoreArguments};
use crate::error::Error;
use crate::files::write_whole;
use crate::terminal;

/// What the end of a score depends on.
pub(crate) struct Finishing<'a> {
    pub(crate) metric: &'a MetricArguments,
    pub(crate) output: &'a OutputArguments,
    pub(crate) rows: Option<&'a PathBuf>,
    /// "logits", "probs" or "prediction".
    pub(crate) input: &'a str,
    /// The files that were scored, each with its targets.
    pub(crate) files: Vec<[String; 2]>,
    /// By what they were paired, if that is known.
    pub(crate) paired_by: Option<PairedByOption>,
    /// Where pixels can be read once more, for pictures; states have none.
    #[cfg_attr(not(feature = "report"), expect(dead_code, reason = "only pictures need pixels"))]
    pub(crate) pixels: Option<page::Pixels<'a>>,
}

impl<'a> Finishing<'a> {
    pub(super) fn of(arguments: &'a ScoreArguments, input: &'a str, pixels: page::Pixels<'a>) -> Self {
        let names = |one: &super::Inputs| [one.input.name().to_owned(), one.targets.name().to_owned()];
        Self {
            metric: &arguments.metric,
            output: &arguments.output,
            rows: arguments.rows(),
            input,
            files: pixels.inputs.iter().map(names).collect(),
            paired_by: pixels.inputs.first().map(|inputs| inputs.paired_by),
            pixels: Some(pixels),
        }
    }
}

/// Writes what was asked for, and makes the answer.
pub(super) fn finish(
    mut report: Report,
    measured: &Measured,
    asked: &metrics::Asked,
    finishing: &Finishing<'_>,
    broken: Vec<Broken>,
) -> Result<Answer, ScoreError> {
    let output = finishing.output;
    report.warnings.extend(measured.warnings.iter().cloned());
    if !asked.metrics.is_empty() && measured.unmeasured.is_none() {
        report.metrics = Some(Summary::of(measured, asked, finishing.metric));
    }
    if let Some(path) = finishing.rows {
        metrics::write_rows(path, &measured.rows, asked)?;
    }
    report.broken.clone_from(&broken);
    page::write(&page::Content {
        finishing,
        measured,
        asked,
        report: Some(&report),
        summary: report.metrics.as_ref(),
        warnings: &report.warnings,
        broken: &broken,
    })?;
    let text = report::text(&report, output, finishing.input)?;
    deliver(text, output, &broken)
}

/// As [`finish`], where there are metrics alone.
pub(super) fn finish_labels(
    measured: &Measured,
    asked: &metrics::Asked,
    finishing: &Finishing<'_>,
    warnings: Vec<String>,
    broken: Vec<Broken>,
) -> Result<Answer, ScoreError> {
    let (output, files) = (finishing.output, &finishing.files[..]);
    if let Some(reason) = &measured.unmeasured {
        return Err(ScoreError::usage(reason.clone()));
    }
    if measured.rows.0.iter().all(|row| row.valid == 0) {
        return Err(ScoreError::usage(format!(
            "{}: no valid pixel: all are ignored or masked out, or there are none",
            files.first().map_or("", |[_, targets]| targets)
        )));
    }
    if let Some(path) = finishing.rows {
        metrics::write_rows(path, &measured.rows, asked)?;
    }
    let summary = Summary::of(measured, asked, finishing.metric);
    page::write(&page::Content {
        finishing,
        measured,
        asked,
        report: None,
        summary: Some(&summary),
        warnings: &warnings,
        broken: &broken,
    })?;
    warnings.iter().for_each(terminal::warn);
    let text = if output.json() {
        let names: Vec<_> = files
            .iter()
            .map(|[input, targets]| {
                let mut names = json!({ "prediction": input, "targets": targets });
                if let Some(by) = finishing.paired_by {
                    names["paired_by"] = json!(by);
                }
                names
            })
            .collect();
        let report = json!({ "files": names, "warnings": warnings, "broken": broken, "metrics": summary });
        serde_json::to_string_pretty(&report).map_err(|error| Error::Output(error.into()))? + "\n"
    } else if output.csv() {
        String::from_utf8_lossy(&metrics::csv(&measured.rows, asked)?).into_owned()
    } else {
        let what = match files {
            [[input, targets]] => format!("{input} against {targets}"),
            files => match finishing.paired_by {
                Some(by) => format!("{} files, paired by {}", files.len(), by.targets.word()),
                None => format!("{} files", files.len()),
            },
        };
        format!("{what}\n\n{}", metrics::text(&summary))
    };
    deliver(text, output, &broken)
}

/// The answer, or nothing to print if it goes to a file.
pub(super) fn deliver(text: String, output: &OutputArguments, broken: &[Broken]) -> Result<Answer, ScoreError> {
    let failure = broken_text(broken);
    match &output.output {
        None => Ok(Answer::new(text, failure)),
        Some(path) => {
            write_whole(path, "--output", text.as_bytes())?;
            Ok(Answer::new(String::new(), failure))
        }
    }
}

/// Which files were not scored, if there are any.
pub(super) fn broken_text(broken: &[Broken]) -> Option<String> {
    let what = format!("{} {} not scored", broken.len(), if broken.len() == 1 { "file was" } else { "files were" });
    (!broken.is_empty()).then(|| listed(&what, broken))
}

pub(super) fn listed(what: &str, broken: &[Broken]) -> String {
    const MOST: usize = 20;
    let mut text = what.to_owned();
    for one in broken.iter().take(MOST) {
        text.push_str(&format!("\n  {}", one.error));
    }
    if broken.len() > MOST {
        text.push_str(&format!("\n  and {} more", broken.len() - MOST));
    }
    text
}
