//! `ablation losses`: what expressions can name.

use std::fmt::Write as _;

use comfy_table::ContentArrangement;
use serde_json::{Value, json};

use crate::arguments::LossesArguments;
use crate::conventions::CONVENTIONS;
use crate::error::Error;
use crate::expression::registry::{Kind, LossEntry, Parameter, Preset};
use crate::expression::{BinaryLoss, ClassesLoss, Short, Vocabulary, closest, in_the_library};
use crate::tables::{left, table, trimmed};

/// Columns of text.
const WIDTH: u16 = 112;

pub(crate) fn losses(arguments: &LossesArguments) -> Result<String, Error> {
    if arguments.conventions {
        return Ok(conventions(arguments.json));
    }
    // A name that only classes have needs no --classes.
    let of_classes = |name: &String| BinaryLoss::find(name).is_none() && ClassesLoss::find(name).is_some();
    if arguments.classes || arguments.name.as_ref().is_some_and(of_classes) {
        losses_of::<ClassesLoss>(arguments)
    } else {
        losses_of::<BinaryLoss>(arguments)
    }
}

fn losses_of<L: Vocabulary>(arguments: &LossesArguments) -> Result<String, Error> {
    let entries: Vec<&LossEntry<L>> = match &arguments.name {
        None => L::losses().iter().collect(),
        Some(name) => vec![L::find(name).ok_or_else(|| unknown::<L>(name))?],
    };
    if arguments.json {
        let described: Vec<Value> = entries.iter().map(|entry| as_json(entry)).collect();
        return Ok(format!("{:#}\n", json!({ "of": L::OF, "losses": described })));
    }
    Ok(match entries[..] {
        [entry] => detail(entry),
        _ => overview::<L>(),
    })
}

/// The losses of other libraries.
fn conventions(as_json: bool) -> String {
    if as_json {
        let described: Vec<Value> = CONVENTIONS
            .iter()
            .map(|convention| {
                json!({
                    "convention": convention.name,
                    "of": convention.of,
                    "loss": convention.expression(),
                    "grouping": convention.grouping(),
                    "note": convention.note,
                })
            })
            .collect();
        return format!("{:#}\n", json!({ "conventions": described }));
    }
    let mut text = String::new();
    for convention in CONVENTIONS {
        let _ = writeln!(text, "{}  ({}, {})", convention.name, convention.of, convention.grouping());
        let _ = writeln!(text, "    {}", convention.expression());
        if !convention.note.is_empty() {
            let _ = writeln!(text, "    {}", convention.note);
        }
        text.push('\n');
    }
    text.push_str(
        "`ablation score --convention monai` scores those of a library that fit the input, each part over the batch or\n\
         each image as the library does; `--convention monai.dice` one of them. Losses of several independent channels,\n\
         and sorted ones (Lovász, top-k), are not among them.\n",
    );
    text
}

fn unknown<L: Vocabulary>(name: &str) -> Error {
    let names = L::losses().iter().flat_map(LossEntry::names);
    if let Some(message) = in_the_library(name) {
        return Error::Usage(format!("{message}\n  losses: {}", L::all_names()));
    }
    let suggestion = closest(name, names).map_or(String::new(), |name| format!("; did you mean {name}?"));
    Error::Usage(format!("there is no loss {name:?} of {}{suggestion}\n  losses: {}", L::OF, L::all_names()))
}

fn overview<L: Vocabulary>() -> String {
    let mut text = String::new();
    let over_classes = ClassesLoss::OF == L::OF;
    for entry in L::losses() {
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
        "t target, p prediction, w weight; I = Σ w p t, P = Σ w p, T = Σ w t; TP = I, FP = P − I, FN = T − I.\n",
    );
    text.push_str(if over_classes {
        "y the label, w_y the weight of its class; p by a softmax.\n\
         Parameters are shown with their defaults; `ablation losses focal --classes` describes those of focal.\n\
         An expression sums losses: ce + 0.5 * dice(smooth=1e-5, classes=foreground).\n"
    } else {
        "Parameters are shown with their defaults; `ablation losses focal` describes those of focal.\n\
         An expression sums losses: bce + 0.5 * dice(smooth=1e-5).\n\
         These are losses of binary masks; --classes lists those over classes, --conventions those of other libraries.\n"
    });
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

fn detail<L>(entry: &LossEntry<L>) -> String {
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

fn as_json<L>(entry: &LossEntry<L>) -> Value {
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
