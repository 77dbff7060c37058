//! `ablation losses`: what expressions can name.

use std::fmt::Write as _;

use comfy_table::ContentArrangement;
use serde_json::{Value, json};

use crate::cli::LossesArguments;
use crate::expression::registry::{self, Kind, LOSSES, LossEntry, Parameter, Preset};
use crate::expression::{Short, closest};
use crate::score::ScoreError;
use crate::tables::{left, table, trimmed};

/// Columns of text.
const WIDTH: u16 = 112;

pub(crate) fn losses(arguments: &LossesArguments) -> Result<String, ScoreError> {
    let entries: Vec<&LossEntry> = match &arguments.name {
        None => LOSSES.iter().collect(),
        Some(name) => vec![registry::find(name).ok_or_else(|| unknown(name))?],
    };
    if arguments.json {
        let described: Vec<Value> = entries.iter().map(|entry| as_json(entry)).collect();
        return Ok(format!("{:#}\n", json!({ "losses": described })));
    }
    Ok(match entries[..] {
        [entry] => detail(entry),
        _ => overview(),
    })
}

fn unknown(name: &str) -> ScoreError {
    let names = LOSSES.iter().flat_map(LossEntry::names);
    let suggestion = closest(name, names).map_or(String::new(), |name| format!("; did you mean {name}?"));
    ScoreError::Usage(format!("there is no loss {name:?}{suggestion}\n  losses: {}", registry::all_names()))
}

fn overview() -> String {
    let mut text = String::new();
    for entry in LOSSES {
        let aliases = match entry.aliases {
            [] => String::new(),
            aliases => format!(" (also {})", aliases.join(", ")),
        };
        let _ = writeln!(text, "{}{aliases}", entry.name);
        let _ = writeln!(text, "    {}", entry.formula);
        let parameters: Vec<String> =
            entry.parameters().map(|parameter| format!("{}={}", parameter.name, default(parameter))).collect();
        let _ = writeln!(text, "    {}\n", wrapped(&parameters, usize::from(WIDTH) - 8).join(",\n    "));
    }
    text.push_str(
        "t target, p prediction, w weight; I = Σ w p t, P = Σ w p, T = Σ w t; TP = I, FP = P − I, FN = T − I.\n\
         Parameters are shown with their defaults; `ablation losses focal` describes those of focal.\n\
         An expression sums losses: bce + 0.5 * dice(smooth=1e-5).\n",
    );
    text
}

fn wrapped(items: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.len() + item.len() + 2 <= width => {
                line.push_str(", ");
                line.push_str(item);
            }
            _ => lines.push(item.clone()),
        }
    }
    lines
}

fn detail(entry: &LossEntry) -> String {
    let mut text = format!("{}: {}\n\n    {}\n\n", entry.name, entry.description, entry.formula);
    if !entry.aliases.is_empty() {
        let _ = writeln!(text, "Also named {}.", entry.aliases.join(", "));
    }
    let kind = if entry.is_pointwise() {
        "A sum over pixels: --map writes the loss of each."
    } else {
        "A function of sums over all pixels; --per-image takes them over each image."
    };
    let _ = writeln!(text, "{kind}");
    if !entry.paper.is_empty() {
        let _ = writeln!(text, "{}.", entry.paper);
    }
    let mut table = table(["parameter", "default", "accepted", "meaning"].map(left));
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    for parameter in entry.parameters() {
        let (accepted, meaning) = (accepted(parameter), parameter.meaning.to_owned());
        table.add_row([parameter.name.to_owned(), default(parameter), accepted, meaning]);
    }
    let _ = writeln!(text, "\n{}", trimmed(&table));
    text
}

fn default(parameter: &Parameter) -> String {
    match parameter.default {
        Preset::Number(number) => Short(number).to_string(),
        Preset::Word(word) | Preset::SameAs(word) => word.to_owned(),
    }
}

fn accepted(parameter: &Parameter) -> String {
    match parameter.kind {
        Kind::Number(range) => range.text.to_owned(),
        Kind::NumberOrNone(range) => format!("{}, or none", range.text),
        Kind::Word(words) => words.join(", "),
    }
}

fn as_json(entry: &LossEntry) -> Value {
    let parameters: Vec<Value> = entry
        .parameters()
        .map(|parameter| {
            let default = match parameter.default {
                Preset::Number(number) => json!(number),
                Preset::Word(word) | Preset::SameAs(word) => json!(word),
            };
            json!({
                "name": parameter.name,
                "default": default,
                "accepted": accepted(parameter),
                "meaning": parameter.meaning,
            })
        })
        .collect();
    json!({
        "name": entry.name,
        "aliases": entry.aliases,
        "formula": entry.formula,
        "description": entry.description,
        "paper": entry.paper,
        "pointwise": entry.is_pointwise(),
        "parameters": parameters,
    })
}
