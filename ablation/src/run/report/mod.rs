//! The report: its content as data, the drawings, the page and the files.

mod files;
mod numbers;
mod page;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread;

use self::files::Folder;
use super::model::{Block, Figure, Section, Table};
use crate::report::draw::{self, DrawError, Drawing, Sheet};

/// The head and the foot of the page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heading {
    pub(crate) title: String,
    /// The reason why the report lacks arms, if it does.
    pub(crate) partial: Option<String>,
    /// Command, versions, seeds, machine, times: name and value.
    pub(crate) facts: Vec<(String, String)>,
    /// The settings as TOML.
    pub(crate) configuration: String,
}

/// The reason why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error("{path}: cannot be written: {error}")]
    File { path: PathBuf, error: std::io::Error },
    #[error("figure {figure}: cannot be drawn: {error}")]
    Figure { figure: String, error: DrawError },
    #[error("{file}: cannot be written as CSV: {error}")]
    Csv { file: String, error: csv::Error },
    #[error("index.html: cannot be rendered: {0}")]
    Page(#[from] askama::Error),
    #[error("internal error: two parts of the report have the id {0}")]
    SameId(String),
    #[error("internal error: the id {0:?} is not of lower-case letters, digits and hyphens")]
    BadId(String),
}

/// Draws all figures and writes `index.html`, `figures/<id>.svg` and `.png` (for pictures only PNG), and `data/<id>.csv` for each table and each figure with numbers. The page also links some files that exist already. Returns the paths of the written files within the folder.
pub(crate) fn write(
    folder: &Path,
    heading: &Heading,
    sections: &[Section],
    beside: &[(&str, &[u8])],
) -> Result<Vec<PathBuf>, ReportError> {
    check_ids(sections)?;
    let figures: Vec<&Figure> = figures(sections).collect();
    let (drawings, sheets): (Vec<Drawing>, Vec<Sheet>) = draw_all(&figures)?.into_iter().unzip();

    let mut folder = Folder::new(folder);
    for (figure, sheet) in figures.iter().zip(&sheets) {
        if let Some(svg) = &sheet.svg {
            folder.write(&format!("figures/{}.svg", figure.id), svg.as_bytes())?;
        }
        folder.write(&format!("figures/{}.png", figure.id), &sheet.png)?;
        for (file, csv) in numbers::of_figure(figure)? {
            folder.write(&file, &csv)?;
        }
    }
    for table in tables(sections) {
        let (file, csv) = numbers::of_table(table)?;
        folder.write(&file, &csv)?;
    }
    for (file, bytes) in beside {
        folder.write(file, bytes)?;
    }
    let page = page::render(heading, sections, &drawings, folder.written())?;
    folder.write("index.html", page.as_bytes())?;
    Ok(folder.into_written())
}

/// The figures in the order of the page.
fn figures(sections: &[Section]) -> impl Iterator<Item = &Figure> {
    sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
        Block::Figure(figure) => Some(figure),
        _ => None,
    })
}

fn tables(sections: &[Section]) -> impl Iterator<Item = &Table> {
    sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    })
}

/// Checks the ids, which are anchors and file names.
fn check_ids(sections: &[Section]) -> Result<(), ReportError> {
    let unique = |ids: &mut dyn Iterator<Item = &String>| {
        let mut seen = BTreeSet::new();
        for id in ids {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if id.is_empty() || !id.bytes().all(fits) {
                return Err(ReportError::BadId(id.clone()));
            }
            if !seen.insert(id) {
                return Err(ReportError::SameId(id.clone()));
            }
        }
        Ok(())
    };
    unique(&mut sections.iter().map(|section| &section.id))?;
    unique(&mut figures(sections).map(|figure| &figure.id).chain(tables(sections).map(|table| &table.id)))
}

/// Draws the figures on all cores, and returns the drawings in the order of the figures.
fn draw_all(figures: &[&Figure]) -> Result<Vec<(Drawing, Sheet)>, ReportError> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(figures.len()).max(1);
    let both = |figure: &Figure| -> Result<(Drawing, Sheet), DrawError> {
        let laid = draw::lay(figure)?;
        Ok((laid.drawing()?, laid.sheet()?))
    };
    let mut drawn: Vec<(usize, Result<(Drawing, Sheet), DrawError>)> = thread::scope(|scope| {
        let shares: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let share = figures.iter().enumerate().skip(worker).step_by(workers);
                    share.map(|(index, figure)| (index, both(figure))).collect::<Vec<_>>()
                })
            })
            .collect();
        shares
            .into_iter()
            .flat_map(|share| share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    drawn.sort_by_key(|(index, _)| *index);
    drawn
        .into_iter()
        .zip(figures)
        .map(|((_, drawn), figure)| drawn.map_err(|error| ReportError::Figure { figure: figure.id.clone(), error }))
        .collect()
}
