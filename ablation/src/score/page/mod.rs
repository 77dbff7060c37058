//! The page that `--report` writes: tables, figures and the worst images of a score, in one file that loads nothing.

#[cfg(feature = "report")]
mod agreement;
#[cfg(feature = "report")]
mod contents;
#[cfg(feature = "report")]
mod distribution;
#[cfg(feature = "report")]
mod facts;
#[cfg(feature = "report")]
mod html;
#[cfg(feature = "report")]
mod picture;
#[cfg(feature = "report")]
mod scores;
#[cfg(feature = "report")]
mod thresholds;
#[cfg(feature = "report")]
mod worst;

use std::path::Path;

use super::ScoreError;
use super::finish::Finishing;
use super::inputs::{Broken, Inputs};
use super::metrics::{Asked, Measured, Of, Summary};
use super::results::Report;
use crate::arguments::{OutputArguments, ScoreArguments};

/// Where pixels can be read once more.
#[cfg_attr(not(feature = "report"), expect(dead_code, reason = "only pictures need pixels"))]
pub(crate) struct Pixels<'a> {
    pub(crate) arguments: &'a ScoreArguments,
    pub(crate) inputs: &'a [Inputs],
    pub(crate) of: Of<'a>,
}

/// Everything that the page shows. Its numbers are those of the answer.
#[cfg_attr(not(feature = "report"), expect(dead_code, reason = "only a page needs all of it"))]
pub(crate) struct Content<'a> {
    pub(crate) finishing: &'a Finishing<'a>,
    pub(crate) measured: &'a Measured,
    pub(crate) asked: &'a Asked,
    /// None of label maps.
    pub(crate) report: Option<&'a Report>,
    /// None if no image was measured.
    pub(crate) summary: Option<&'a Summary>,
    pub(crate) warnings: &'a [String],
    pub(crate) broken: &'a [Broken],
}

#[cfg(feature = "report")]
impl Content<'_> {
    /// The files that were scored, without those that were left out on the way.
    fn files(&self) -> Vec<&[String; 2]> {
        let is_broken = |file: &str| self.broken.iter().any(|broken| broken.file == file);
        self.finishing.files.iter().filter(|[input, _]| !is_broken(input)).collect()
    }
}

/// Refuses --report if nothing is built in that could draw it, or if it would be printed. `written::check` looks at its place.
pub(crate) fn check(output: &OutputArguments) -> Result<(), ScoreError> {
    let Some(path) = &output.report else { return Ok(()) };
    let refuse = |message: &str| Err(ScoreError::usage(message.to_owned()));
    if !cfg!(feature = "report") {
        return refuse(
            "--report: this ablation was built without figures; `cargo build --release -p ablation --no-default-features \
             --features report` builds one with them",
        );
    }
    if path == Path::new("-") {
        return refuse("--report -: a page is not printed; name a file, such as --report report.html");
    }
    Ok(())
}

/// Writes the page, if one is asked for.
#[cfg(feature = "report")]
pub(crate) fn write(content: &Content<'_>) -> Result<(), ScoreError> {
    let Some(path) = &content.finishing.output.report else { return Ok(()) };
    let page = html::render(content)?;
    Ok(crate::files::write_whole(path, "--report", page.as_bytes())?)
}

/// Nothing: the option was refused.
#[cfg(not(feature = "report"))]
pub(crate) fn write(_: &Content<'_>) -> Result<(), ScoreError> {
    Ok(())
}
