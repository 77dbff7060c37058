//! What the list of the library says of a loss, as a part of a page.

use std::fmt::Write as _;

use loss_core::list::{Facts, Kind, Needs, ParameterFacts, Preset};
use loss_expression::Short;

use crate::curves::Scene;
use crate::error::Error;
use crate::multiples::{capital, multiples};
use crate::picture::{panels, slug};

/// The formula, the other names, the paper and the page of the documentation.
pub(crate) fn facts(facts: &Facts) -> String {
    let mut text = format!("<p class=\"formula\">{}</p>\n\n", escaped(facts.formula));
    let _ = writeln!(text, "{}\n", facts.description);
    let _ = writeln!(text, "| | |\n|---|---|\n| name in expressions | {} |", name(facts));
    if !facts.aliases.is_empty() {
        let aliases: Vec<String> = facts.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let _ = writeln!(text, "| other names | {} |", aliases.join(", "));
    }
    let _ = writeln!(text, "| kind | {} |", kind(facts));
    if facts.is_per_class {
        let _ = writeln!(
            text,
            "| over classes | of each class against the rest, see [Several classes](../choosing/several-classes.md) |"
        );
    }
    if !facts.source.is_empty() {
        let _ = writeln!(text, "| source | {} |", facts.source);
    }
    let _ = writeln!(text, "| in Rust | [`loss_core::{}`](doc:{}) |\n", facts.page, page(facts));
    text + SYMBOLS
}

const SYMBOLS: &str = "<p class=\"symbols\">t target, p prediction, w weight, z logit; I = Σ w p t, P = Σ w p, T = Σ w t; TP = I, FP = P − I, FN = T − I. \
                       The <a href=\"../glossary.html\">glossary</a> explains each.</p>\n\n";

fn name(facts: &Facts) -> String {
    if facts.needs == Needs::ClassDistances {
        "none: an expression cannot hold its table of distances".to_owned()
    } else {
        format!("`{}`", facts.name)
    }
}

fn kind(facts: &Facts) -> &'static str {
    match (facts.needs, facts.is_pointwise) {
        (Needs::Classes, true) => "a sum over pixels of several classes",
        (Needs::Classes, false) => "a function of sums over pixels of several classes",
        (Needs::ClassDistances, _) => {
            "a function of sums over pixels of several classes, and of the distances between the classes"
        }
        (Needs::AllPixels, _) => "it ranks all pixels, and keeps them in memory for that",
        (Needs::AllPixelsOfClasses, _) => "it ranks all pixels of each class, and keeps them in memory for that",
        (Needs::DistanceMap, _) => "a sum over pixels that needs the distance of each from the boundary of the mask",
        (_, true) => "a sum over pixels",
        _ => "a function of sums over all pixels",
    }
}

/// The file of the documentation of Rust.
pub(crate) fn page(facts: &Facts) -> String {
    let (folder, item) = facts.page.rsplit_once("::").map_or(("", facts.page), |(module, item)| (module, item));
    let kind = match item {
        "LovaszHinge" => "type",
        item if item.starts_with(char::is_lowercase) => "fn",
        _ => "struct",
    };
    let folder = if folder.is_empty() { String::new() } else { format!("{}/", folder.replace("::", "/")) };
    format!("loss_core/{folder}{kind}.{item}.html")
}

/// The picture of a loss in two panels, which stand below each other on a phone.
pub(crate) fn picture(facts: &Facts) -> Result<String, Error> {
    let [values, slopes] = panels(facts)?;
    let scene = Scene::of(facts);
    let [first, second] = scene.names();
    Ok(format!(
        "<figure class=\"picture\"><div class=\"panels\">{}{}</div>\
         <p class=\"legend\"><span class=\"first\">{first}</span> <span class=\"second\">{second}</span></p>\
         <figcaption>{}</figcaption></figure>\n\n",
        values.svg(&format!("{} over p", facts.name))?,
        slopes.svg(&format!("gradient of {} over p", facts.name))?,
        scene.caption(),
    ))
}

/// The table of parameters, and what each does to the picture.
pub(crate) fn parameters(facts: &Facts) -> Result<String, Error> {
    if facts.parameters().next().is_none() {
        return Ok("It has no parameters.\n\n".to_owned());
    }
    let mut text = "| parameter | default | accepted | meaning |\n|---|---|---|---|\n".to_owned();
    for parameter in facts.parameters() {
        let (default, accepted) = (default(parameter), accepted(parameter));
        let _ = writeln!(
            text,
            "| `{}` | {default} | {accepted} | {} |",
            parameter.name,
            parameter.meaning.replace('|', "\\|")
        );
    }
    let multiples = multiples(facts)?;
    text += "\nThe small charts show the picture above for four values. Grey lines are the defaults.\n\n";
    text += &multiples.rows;
    if !multiples.without_effect.is_empty() {
        let names: Vec<String> = multiples.without_effect.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(
            text,
            "{} {} nothing on these pixels, which are hard, unweighted and neither ignored nor empty.\n",
            names.join(", "),
            if names.len() == 1 { "changes" } else { "change" },
        );
    }
    Ok(text)
}

fn default(parameter: &ParameterFacts) -> String {
    match parameter.default {
        Preset::Number(number) => Short(number).to_string(),
        Preset::Word(word) => word.to_owned(),
        Preset::SameAs(other) => format!("that of `{other}`"),
        _ => String::new(),
    }
}

fn accepted(parameter: &ParameterFacts) -> String {
    match parameter.kind {
        Kind::Number(range) => range.text.to_owned(),
        Kind::NumberOrNone(range) => format!("{}, or `none`", range.text),
        Kind::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Kind::Matrix => "rows of numbers from 0 to 1, or `1`".to_owned(),
        _ => String::new(),
    }
}

/// A row for each loss: its page, and its sentence.
pub(crate) fn index(losses: &[&Facts]) -> String {
    let mut text = "| loss | what it is |\n|---|---|\n".to_owned();
    for facts in losses {
        let _ = writeln!(text, "| [`{}`](losses/{}.md) | {} |", slug(facts), slug(facts), capital(facts.description));
    }
    text + "\n"
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
