//! What the list of the library says of a loss, as a part of a page.

use std::fmt::Write as _;

use loss_core::list::{self, Facts, Kind, Needs, ParameterFacts, Preset};
use loss_expression::Short;

use crate::curves::Scene;
use crate::error::Error;
use crate::multiples::{capital, multiples};
use crate::picture::{panels, slug};
use crate::subject::is_of_classes;

/// The formula, the other names, the paper and the page of the documentation; with a link to the page that computes in the browser, if there is one.
pub(crate) fn facts(facts: &Facts, has_playground: bool) -> String {
    let mut text = format!("<p class=\"formula\">{}</p>\n\n", typeset(facts.formula));
    let _ = writeln!(text, "{}\n", facts.description);
    let _ = writeln!(text, "<div class=\"facts\">\n\n| | |\n|---|---|\n| name in expressions | {} |", name(facts));
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
    if has_playground && !is_of_classes(facts) {
        let _ = writeln!(text, "| in the browser | [move its pixels](../playground/index.html#loss={}) |", facts.name);
    }
    let _ = writeln!(text, "| in Rust | [`loss_core::{}`](doc:{}) |\n\n</div>\n", facts.page, page(facts));
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
    let mut text = table_of(facts.parameters());
    let multiples = multiples(facts)?;
    text += "\nThe small charts show the picture above for four values. Grey lines are the defaults.\n\n";
    text += &multiples.rows;
    if !multiples.without_effect.is_empty() {
        let names: Vec<String> = multiples.without_effect.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(
            text,
            "{} {} no effect on these pixels: the targets are hard, no pixel is weighted or ignored, and the mask is not empty.\n",
            names.join(", "),
            if names.len() == 1 { "has" } else { "have" },
        );
    }
    Ok(text)
}

/// The options that a region loss has over classes.
pub(crate) fn over_classes() -> String {
    table_of(list::PER_CLASS.iter()) + "\n"
}

fn table_of<'a>(parameters: impl Iterator<Item = &'a ParameterFacts>) -> String {
    let mut text =
        "<div class=\"wide\">\n\n| parameter | default | accepted | meaning |\n|---|---|---|---|\n".to_owned();
    for parameter in parameters {
        let (default, accepted) = (default(parameter), accepted(parameter));
        let _ = writeln!(
            text,
            "| `{}` | {default} | {accepted} | {} |",
            parameter.name,
            parameter.meaning.replace('|', "\\|")
        );
    }
    text + "\n</div>\n"
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

/// A formula of the list with raised exponents and lowered indices: `p_t^γ`, `U^(1−γ)`.
pub(crate) fn typeset(formula: &str) -> String {
    let (mut set, mut rest) = (String::new(), formula);
    while let Some(place) = rest.find(['^', '_']) {
        let (before, marked) = rest.split_at(place);
        let before_is_word = before.chars().rev().take_while(|letter| letter.is_alphanumeric()).count() > 2;
        let (mark, after) = marked.split_at(1);
        let length = match (mark, after.strip_prefix('(')) {
            ("^", Some(inside)) => inside.find(')').map_or(after.len(), |end| end + 2),
            _ => after.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(after.len()),
        };
        let (script, following) = after.split_at(length);
        set += &escaped(before);
        // A name such as pos_weight, and not an index.
        if mark == "_" && (before_is_word || script.chars().count() > 3) {
            set += &format!("_{script}");
        } else {
            let tag = if mark == "^" { "sup" } else { "sub" };
            let script = script.strip_prefix('(').and_then(|script| script.strip_suffix(')')).unwrap_or(script);
            set += &format!("<{tag}>{}</{tag}>", escaped(script));
        }
        rest = following;
    }
    set + &escaped(rest)
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_raised_and_names_are_left() {
        assert_eq!(typeset("α_t·(1−p_t)^γ"), "α<sub>t</sub>·(1−p<sub>t</sub>)<sup>γ</sup>");
        assert_eq!(typeset("½·U₁^(1−γ), p < 1"), "½·U₁<sup>1−γ</sup>, p &lt; 1");
        assert_eq!(typeset("pos_weight·t, λ·asymmetric_focal"), "pos_weight·t, λ·asymmetric_focal");
        assert_eq!(typeset("Σ_c M_yc p_c"), "Σ<sub>c</sub> M<sub>yc</sub> p<sub>c</sub>");
    }
}
