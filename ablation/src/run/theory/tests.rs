//! What holds for all sections.

use std::collections::BTreeSet;

use super::*;
use crate::run::model::{Axis, Cell, Figure, Panel, Table};

/// Settings of the report's losses.
pub(super) fn losses() -> Losses {
    Losses { smooth: 1e-5, tversky: [0.3, 0.7], gamma: 2.0, gammas: vec![0.5, 1.0, 2.0, 5.0], own: Vec::new() }
}

pub(super) fn fill_default(fill: Fill, section: &mut Section) {
    fill(section, &losses()).unwrap();
}

pub(super) fn table<'a>(section: &'a Section, id: &str) -> &'a Table {
    let table = section.blocks.iter().find_map(|block| match block {
        Block::Table(table) if table.id == id => Some(table),
        _ => None,
    });
    table.unwrap_or_else(|| panic!("no table {id}"))
}

fn everything(losses: &Losses) -> Vec<Section> {
    let mut sections = sections(losses);
    let mut gradients = Section::new("gradients", "Gradients");
    gradients.blocks = gradient_blocks(losses);
    sections.push(gradients);
    sections
}

#[test]
fn ids_are_unique_and_plain() {
    let sections = everything(&losses());
    let mut ids = BTreeSet::new();
    let mut add = |id: &str| {
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{id}");
        assert!(ids.insert(id.to_owned()), "{id} twice");
    };
    for section in &sections {
        add(&section.id);
        for block in &section.blocks {
            match block {
                Block::Table(table) => add(&table.id),
                Block::Figure(figure) => add(&figure.id),
                Block::Text(_) | Block::Finding(_) => {}
            }
        }
    }
}

#[test]
fn every_section_has_figures_tables_or_findings_and_no_failure() {
    for section in everything(&losses()) {
        assert!(section.findings().count() > 0, "{}", section.id);
        assert!(section.blocks.iter().any(|block| matches!(block, Block::Figure(_))), "{}", section.id);
        for text in texts(&section) {
            assert!(!text.contains("could not be computed"), "{text}");
            assert!(!text.contains("NaN ") || section.id == "stability", "{text}");
            assert!(!text.contains(" inf") || text.contains("infini"), "{text}");
        }
    }
}

fn texts(section: &Section) -> Vec<String> {
    let text = |block: &Block| match block {
        Block::Text(text) => text.clone(),
        Block::Finding(finding) => finding.sentence.clone(),
        Block::Table(table) => format!("{} {}", table.title, table.note),
        Block::Figure(figure) => figure.caption.clone(),
    };
    section.blocks.iter().map(text).collect()
}

#[test]
fn shapes_fit() {
    for section in everything(&losses()) {
        for block in &section.blocks {
            match block {
                Block::Table(table) => {
                    assert!(!table.rows.is_empty());
                    for row in &table.rows {
                        assert_eq!(row.len(), table.columns.len(), "{}", table.id);
                        assert!(!row.iter().any(|cell| matches!(cell, Cell::Missing { .. })), "{}: {row:?}", table.id);
                    }
                }
                Block::Figure(figure) => check_figure(figure),
                Block::Text(_) | Block::Finding(_) => {}
            }
        }
    }
}

fn check_figure(figure: &Figure) {
    assert!(!figure.caption.is_empty() && figure.columns > 0 && !figure.panels.is_empty(), "{}", figure.id);
    let labelled = |axis: &Axis| assert!(!axis.label.is_empty(), "{}", figure.id);
    for panel in &figure.panels {
        match panel {
            Panel::Chart(chart) => {
                labelled(&chart.x);
                labelled(&chart.y);
                for series in &chart.series {
                    assert_eq!(series.x.len(), series.y.len(), "{}", series.name);
                    assert!(series.spread.is_empty());
                    assert!(series.x.iter().all(|x| x.is_finite()));
                    assert!(series.y.iter().flatten().count() > 1, "{} {}", figure.id, series.name);
                    assert!(series.y.iter().flatten().all(|y| y.is_finite()));
                }
            }
            Panel::Heat(heat) => {
                labelled(&heat.value);
                assert!(heat.x_values.windows(2).all(|pair| pair[0] < pair[1]));
                assert!(heat.y_values.windows(2).all(|pair| pair[0] < pair[1]));
            }
            Panel::Cells(cells) => assert!(!cells.marks.is_empty(), "{}", figure.id),
            Panel::Pictures(pictures) => {
                for row in &pictures.rows {
                    assert_eq!(row.pictures.len(), pictures.columns.len());
                    for picture in &row.pictures {
                        assert_eq!(picture.pixels.len(), picture.width * picture.height);
                    }
                }
            }
        }
    }
}

#[test]
fn the_same_settings_give_the_same_report() {
    assert_eq!(everything(&losses()), everything(&losses()));
}

#[test]
fn bad_settings_are_said_and_do_not_stop_the_rest() {
    let bad = Losses { smooth: -1.0, gamma: f64::NAN, ..losses() };
    let sections = everything(&bad);
    let failed: Vec<&str> = sections
        .iter()
        .filter(|section| texts(section).iter().any(|text| text.contains("could not be computed")))
        .map(|section| section.id.as_str())
        .collect();
    assert_eq!(failed, ["stability", "exactness", "gradients"]);
}

/// Losses without a gradient, or without smoothing, leave gaps and no "NaN" in a sentence.
#[test]
fn settings_at_their_ends_read_well() {
    for losses in [
        Losses { tversky: [0.0, 0.0], ..losses() },
        Losses { smooth: 0.0, gamma: 0.0, ..losses() },
        Losses { smooth: 1e4, gamma: 0.5, ..losses() },
    ] {
        for section in everything(&losses) {
            for finding in section.findings() {
                let sentence = finding.sentence.replace("infinite or NaN", "");
                assert!(!sentence.contains("NaN") && !sentence.contains("inf "), "{sentence}");
            }
        }
    }
}

/// Not a check but a help: `cargo test … -- --ignored --nocapture print` shows every sentence and table.
#[test]
#[ignore = "prints what the sections say"]
fn print_everything() {
    for section in everything(&losses()) {
        println!("\n## {}\n", section.title);
        for block in &section.blocks {
            match block {
                Block::Text(text) => println!("{text}\n"),
                Block::Finding(finding) => println!("* {}\n", finding.sentence),
                Block::Figure(figure) => println!("[{}] {}\n", figure.id, figure.caption),
                Block::Table(table) => {
                    println!("{} | {}", table.id, table.columns.join(" | "));
                    for row in &table.rows {
                        let cells = row.iter().map(|cell| match cell {
                            Cell::Text(text) => text.clone(),
                            Cell::Number { value, decimals } => format!("{value:.decimals$}"),
                            other => format!("{other:?}"),
                        });
                        println!("  {}", cells.collect::<Vec<_>>().join(" | "));
                    }
                    println!("{}\n", table.note);
                }
            }
        }
    }
}
