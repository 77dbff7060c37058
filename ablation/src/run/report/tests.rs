//! What is written for a report with every kind of block.

mod demonstration;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use self::demonstration::{heading, sections};
use super::{Heading, ReportError, figures, tables, write};
use crate::run::model::{Axis, Block, Cell, Chart, Figure, Panel, Section, Series, Table};

fn chart(id: &str, series: Vec<Series>) -> Figure {
    let panel = Chart { title: String::new(), x: Axis::linear("x"), y: Axis::linear("y"), series, rules: Vec::new() };
    Figure {
        id: id.to_owned(),
        title: "A figure".to_owned(),
        caption: "What is seen.".to_owned(),
        columns: 1,
        panels: vec![Panel::Chart(panel)],
    }
}

fn page(folder: &Path) -> String {
    fs::read_to_string(folder.join("index.html")).unwrap()
}

/// Writes the demonstration to the folder that ABLATION_DEMO names, to be looked at.
#[test]
#[ignore = "for looking at"]
fn demo() {
    let folder =
        std::env::var_os("ABLATION_DEMO").map_or_else(|| std::env::temp_dir().join("ablation-demo"), Into::into);
    write(&folder, &heading(), &sections(), &[]).unwrap();
}

#[test]
fn every_figure_and_table_has_its_files_and_nothing_else_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let sections = sections();
    let written: BTreeSet<_> = write(folder.path(), &heading(), &sections, &[]).unwrap().into_iter().collect();
    let mut expected = BTreeSet::from(["index.html".into()]);
    for figure in figures(&sections) {
        let pictures = figure.panels.iter().any(|panel| matches!(panel, Panel::Pictures(_)));
        expected.insert(format!("figures/{}.png", figure.id).into());
        if !pictures {
            expected.insert(format!("figures/{}.svg", figure.id).into());
            expected.insert(format!("data/{}.csv", figure.id).into());
        }
    }
    expected.extend(tables(&sections).map(|table| format!("data/{}.csv", table.id).into()));
    assert_eq!(written, expected);
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        match fs::read_dir(&path) {
            Ok(entries) => found.extend(entries.map(|entry| entry.unwrap().path())),
            Err(_) => {
                found.insert(path);
            }
        }
    }
    let found: BTreeSet<_> = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap().to_owned()).collect();
    assert_eq!(found, expected);
}

#[test]
fn pages_are_the_same_each_time_and_load_nothing() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let written = folders.each_ref().map(|folder| write(folder.path(), &heading(), &sections(), &[]).unwrap());
    assert_eq!(written[0], written[1]);
    for name in &written[0] {
        let [one, other] = folders.each_ref().map(|folder| fs::read(folder.path().join(name)).unwrap());
        assert!(one == other, "{}", name.display());
    }
    let page = page(folders[0].path());
    for attribute in ["src=\"", "href=\"", "url(\""] {
        let mut links = page.split(attribute).skip(1).map(|rest| &rest[..rest.find('"').unwrap()]).peekable();
        assert!(links.peek().is_some(), "{attribute}");
        for link in links {
            let file = || folders[0].path().join(link).is_file();
            assert!(
                link.starts_with("data:") || link.starts_with('#') || file(),
                "{attribute}{}",
                &link[..link.len().min(80)]
            );
        }
    }
    assert!(!page.contains("@import") && !page.contains("<script"));
}

#[test]
fn anchors_lead_somewhere_and_are_unique() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &heading(), &sections(), &[]).unwrap();
    let page = page(folder.path());
    let ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len());
    for anchor in page.split("href=\"#").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]) {
        assert!(unique.contains(anchor), "{anchor}");
    }
}

#[test]
fn names_are_escaped() {
    let evil = "<script>alert('x')</script> & \"quoted\"";
    let mut section = Section::new("evil", evil);
    section.text(evil);
    section.finding(crate::run::model::Finding::new(evil));
    section.figure(Figure {
        title: evil.to_owned(),
        caption: evil.to_owned(),
        ..chart("evil-figure", vec![Series::line(evil, 0, [(0.0, 1.0), (1.0, 3.0)])])
    });
    section.table(Table {
        id: "evil-table".to_owned(),
        title: evil.to_owned(),
        columns: vec![evil.to_owned(), evil.to_owned()],
        rows: vec![vec![Cell::text(evil), Cell::Missing { missing: evil.to_owned() }]],
        note: evil.to_owned(),
    });
    let folder = tempfile::tempdir().unwrap();
    let mut heading = heading();
    heading.title = evil.to_owned();
    heading.configuration = evil.to_owned();
    heading.facts = vec![(evil.to_owned(), evil.to_owned())];
    write(folder.path(), &heading, &[section], &[]).unwrap();
    let svg = fs::read_to_string(folder.path().join("figures/evil-figure.svg")).unwrap();
    for text in [page(folder.path()), svg] {
        assert!(!text.contains("<script") && !text.contains("& \""));
        assert!(text.contains("script"));
    }
}

#[test]
fn csv_gives_the_numbers_back() {
    let mut series = Series::line("a, \"quoted\"", 0, [(0.1, 1.0 / 3.0), (2e-300, f64::NAN), (3.0, -7.25e10)]);
    series.spread = vec![Some([0.3, 0.4]), None, Some([-8e10, 0.1 + 0.2])];
    let mut section = Section::new("one", "One");
    section.figure(chart("numbers", vec![series.clone()]));
    section.table(Table {
        id: "cells".to_owned(),
        title: "Cells".to_owned(),
        columns: vec!["loss".to_owned(), "Dice".to_owned()],
        rows: vec![
            vec![
                Cell::text("BCE"),
                Cell::Spread { mean: 0.1 + 0.7, low: 1.0 / 7.0, high: 0.9, decimals: 2, seeds: None },
            ],
            vec![Cell::text("Dice"), Cell::number(None, 2)],
            vec![Cell::text("IoU"), Cell::number(2.0 / 3.0, 1)],
        ],
        note: String::new(),
    });
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &heading(), &[section], &[]).unwrap();
    let rows = |name: &str| -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_path(folder.path().join(name)).unwrap();
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    };
    let found = rows("data/numbers.csv");
    assert_eq!(found.len(), 3);
    for (index, row) in found.iter().enumerate() {
        let parsed: Vec<Option<f64>> = row[2..].iter().map(|text| text.parse().ok()).collect();
        let ends = series.spread[index];
        assert_eq!((row[0].as_str(), row[1].as_str()), ("1", "a, \"quoted\""));
        assert_eq!(
            parsed,
            [Some(series.x[index]), series.y[index], ends.map(|ends| ends[0]), ends.map(|ends| ends[1])]
        );
    }
    let table = rows("data/cells.csv");
    assert_eq!(
        table[0][1..].iter().map(|text| text.parse().unwrap()).collect::<Vec<f64>>(),
        [0.1 + 0.7, 1.0 / 7.0, 0.9]
    );
    assert_eq!(table[1], ["Dice", "", "", ""]);
    assert_eq!(table[2][1].parse::<f64>().unwrap(), 2.0 / 3.0);
    assert!(page(folder.path()).contains(">0.80 [0.14, 0.90]<"));
}

#[test]
fn a_partial_report_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for partial in [None, Some("3 of 9 trainings are missing.".to_owned())] {
        let heading = Heading { partial: partial.clone(), ..heading() };
        write(folder.path(), &heading, &[Section::new("one", "One")], &[]).unwrap();
        assert_eq!(page(folder.path()).contains("This report is partial"), partial.is_some());
        assert_eq!(page(folder.path()).contains("3 of 9 trainings"), partial.is_some());
    }
}

#[test]
fn ids_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let mut section = Section::new("one", "One");
    section.figure(chart("same", Vec::new()));
    section.blocks.push(Block::Table(Table {
        id: "same".to_owned(),
        title: String::new(),
        columns: Vec::new(),
        rows: Vec::new(),
        note: String::new(),
    }));
    let error = write(folder.path(), &heading(), &[section], &[]).unwrap_err();
    assert!(matches!(&error, ReportError::SameId(id) if id == "same"), "{error}");
    let twice = [Section::new("two", "Two"), Section::new("two", "Two again")];
    assert!(matches!(write(folder.path(), &heading(), &twice, &[]), Err(ReportError::SameId(_))));
    for bad in ["", "../up", "Upper", "a b"] {
        assert!(matches!(write(folder.path(), &heading(), &[Section::new(bad, "")], &[]), Err(ReportError::BadId(_))));
    }
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

/// What has no number, or one only, or none above 0 on a logarithmic axis, is drawn all the same.
#[test]
fn poor_data_are_drawn() {
    let none = chart("none", Vec::new());
    let undefined =
        chart("undefined", vec![Series { y: vec![None; 2], ..Series::line("a", 3, [(0.0, 0.0), (1.0, 0.0)]) }]);
    let point = chart("point", vec![Series::line("a", 1, [(3.0, 3.0)])]);
    let mut log = chart("log", vec![Series::line("a", 1, [(0.0, 0.0), (1.0, -3.0)])]);
    if let Panel::Chart(chart) = &mut log.panels[0] {
        chart.y = Axis::log("y");
        chart.x = Axis::log("x");
    }
    let mut empty = chart("empty", Vec::new());
    empty.panels.clear();
    let mut section = Section::new("one", "One");
    let count = [none, undefined, point, log, empty].map(|figure| section.figure(figure)).len();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &heading(), &[section], &[]).unwrap();
    assert_eq!(page(folder.path()).matches("<figure ").count(), count);
}
