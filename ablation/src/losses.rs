//! `ablation losses`: the losses that expressions can name.

use std::fmt::Write as _;

use comfy_table::ContentArrangement;
use serde_json::{Value, json};

use crate::arguments::LossesArguments;
use crate::error::Error;
use crate::tables::{left, table, trimmed};
use loss_core::list::{Facts, Kind, Needs, ParameterFacts, Preset};
use loss_expression::conventions::CONVENTIONS;
use loss_expression::{BinaryLoss, ClassesLoss, Entry, Short, Vocabulary, closest, known_elsewhere};

/// The width of the text, in columns.
const WIDTH: u16 = 112;

pub(crate) fn losses(arguments: &LossesArguments) -> Result<String, Error> {
    if arguments.conventions {
        return Ok(conventions(arguments.json));
    }
    // A loss that exists only for classes does not need --classes.
    let of_classes = |name: &String| BinaryLoss::find(name).is_none() && ClassesLoss::find(name).is_some();
    if arguments.classes || arguments.name.as_ref().is_some_and(of_classes) {
        losses_of::<ClassesLoss>(arguments)
    } else {
        losses_of::<BinaryLoss>(arguments)
    }
}

fn losses_of<L: Vocabulary>(arguments: &LossesArguments) -> Result<String, Error> {
    let entries: Vec<&Entry<L>> = match &arguments.name {
        None => L::entries().iter().collect(),
        Some(name) => vec![L::find(name).ok_or_else(|| unknown::<L>(name))?],
    };
    if arguments.json {
        let described: Vec<Value> = entries.iter().map(|entry| as_json(&entry.facts)).collect();
        return Ok(format!("{:#}\n", json!({ "of": L::OF, "losses": described })));
    }
    Ok(match entries[..] {
        [entry] => detail(&entry.facts),
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
        "`ablation score --convention monai` scores MONAI's losses that fit the input, each part over the batch or\n\
         each image as the library does; `--convention monai.dice` scores one of them. Losses of several independent channels,\n\
         and sorted ones (Lovász, top-k), are not included.\n",
    );
    text
}

fn unknown<L: Vocabulary>(name: &str) -> Error {
    let names = L::entries().iter().flat_map(|entry| entry.facts.names());
    if let Some(message) = known_elsewhere(name) {
        return Error::Usage(format!("{message}\n  losses: {}", L::all_names()));
    }
    let suggestion = closest(name, names).map_or(String::new(), |name| format!("; did you mean {name}?"));
    Error::Usage(format!("there is no loss {name:?} of {}{suggestion}\n  losses: {}", L::OF, L::all_names()))
}

fn overview<L: Vocabulary>() -> String {
    let mut text = String::new();
    let over_classes = ClassesLoss::OF == L::OF;
    for facts in L::entries().iter().map(|entry| &entry.facts) {
        let aliases = match facts.aliases {
            [] => String::new(),
            aliases => format!(" (also {})", aliases.join(", ")),
        };
        let _ = writeln!(text, "{}{aliases}", facts.name);
        let _ = writeln!(text, "    {}", facts.formula);
        let parameters: Vec<String> =
            facts.parameters().map(|parameter| format!("{}={}", parameter.name, default(parameter))).collect();
        match &parameters[..] {
            [] => text.push_str("    no parameters\n\n"),
            all => {
                let _ = writeln!(text, "    {}\n", wrapped(all, usize::from(WIDTH) - 8).join(",\n    "));
            }
        }
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
         These losses are for binary masks; --classes lists those over classes, --conventions those of other libraries.\n"
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

fn detail(facts: &Facts) -> String {
    let mut text = format!("{}: {}\n\n    {}\n\n", facts.name, facts.description, facts.formula);
    if !facts.aliases.is_empty() {
        let _ = writeln!(text, "Also named {}.", facts.aliases.join(", "));
    }
    let kind = match facts.needs {
        _ if facts.is_pointwise => "A sum over pixels: --map writes the loss of each.",
        Needs::AllPixels | Needs::AllPixelsOfClasses => {
            "It ranks all pixels, and keeps them in memory; --per-image ranks those of each image."
        }
        Needs::DistanceMap => "It needs the distance of each pixel from the boundary, which `score` does not compute.",
        _ => "A function of sums over all pixels; --per-image takes them over each image.",
    };
    let _ = writeln!(text, "{kind}");
    if !facts.source.is_empty() {
        let _ = writeln!(text, "{}.", facts.source);
    }
    if facts.parameters().next().is_none() {
        text.push_str("It has no parameters.\n");
        return text;
    }
    let mut table = table(["parameter", "default", "accepted", "meaning"].map(left));
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    for parameter in facts.parameters() {
        let (accepted, meaning) = (accepted(parameter), parameter.meaning.to_owned());
        table.add_row([parameter.name.to_owned(), default(parameter), accepted, meaning]);
    }
    let _ = writeln!(text, "\n{}", trimmed(&table));
    text
}

fn default(parameter: &ParameterFacts) -> String {
    match parameter.default {
        Preset::Number(number) => Short(number).to_string(),
        Preset::Word(word) | Preset::SameAs(word) => word.to_owned(),
        _ => String::new(),
    }
}

fn accepted(parameter: &ParameterFacts) -> String {
    match parameter.kind {
        Kind::Number(range) => range.text.to_owned(),
        Kind::NumberOrNone(range) => format!("{}, or none", range.text),
        Kind::Word(words) => words.join(", "),
        Kind::Matrix => "rows of numbers from 0 to 1, or 1".to_owned(),
        _ => String::new(),
    }
}

fn as_json(facts: &Facts) -> Value {
    let parameters: Vec<Value> = facts
        .parameters()
        .map(|parameter| {
            let default = match parameter.default {
                Preset::Number(number) => json!(number),
                Preset::Word(word) | Preset::SameAs(word) => json!(word),
                _ => Value::Null,
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
        "name": facts.name,
        "aliases": facts.aliases,
        "formula": facts.formula,
        "description": facts.description,
        "paper": facts.source,
        "pointwise": facts.is_pointwise,
        "parameters": parameters,
    })
}
