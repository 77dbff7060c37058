//! What each parameter does, as rows of small charts.

use loss_core::list::{Facts, ParameterFacts};

use crate::curves::{Curve, Curves, Scene, curves};
use crate::draw::{Look, Panel, range};
use crate::error::Error;
use crate::facts::typeset;
use crate::values::{is_default, shown};

/// Points of a curve in a small chart.
const POINTS: usize = 33;
/// Curves that differ by less than this share of their range look the same.
const SAME: f64 = 2e-3;

/// The rows of charts of a loss's parameters, and the names of those that change nothing on these pixels.
pub(crate) struct Multiples {
    /// HTML.
    pub(crate) rows: String,
    pub(crate) without_effect: Vec<&'static str>,
}

pub(crate) fn multiples(facts: &Facts) -> Result<Multiples, Error> {
    let usual = curves(facts, &[], POINTS)?;
    let mut multiples = Multiples { rows: String::new(), without_effect: Vec::new() };
    for parameter in facts.parameters() {
        let values = shown(parameter);
        let mut drawn = Vec::new();
        for value in values {
            drawn.push((value, curves(facts, &arguments(facts, parameter, value), POINTS)?));
        }
        if drawn.iter().all(|(_, curves)| is_same(curves, &usual)) {
            multiples.without_effect.push(parameter.name);
        } else {
            multiples.rows += &row(facts, parameter, &drawn, &usual)?;
        }
    }
    Ok(multiples)
}

/// With α and β of a log Dice loss of a Tversky score that they are the prices of.
fn arguments<'a>(facts: &Facts, parameter: &ParameterFacts, value: &'a str) -> Vec<(&'static str, &'a str)> {
    let mut arguments = vec![(parameter.name, value)];
    if facts.parameter("of").is_some() && ["alpha", "beta"].contains(&parameter.name) {
        arguments.push(("of", "tversky"));
    }
    arguments
}

fn is_same(one: &Curves, other: &Curves) -> bool {
    let pairs = one.values.iter().zip(&other.values).chain(one.slopes.iter().zip(&other.slopes));
    pairs.into_iter().all(|(one, other)| {
        let [low, high] = range([one, other]);
        one.iter().zip(other).all(|(one, other)| (one.1 - other.1).abs() <= SAME * (high - low))
    })
}

fn row(facts: &Facts, parameter: &ParameterFacts, drawn: &[(&str, Curves)], usual: &Curves) -> Result<String, Error> {
    let all = |of: fn(&Curves) -> &[Curve; 2]| {
        let [low, high] = range(drawn.iter().map(|(_, curves)| curves).chain([usual]).flat_map(of));
        [low, high]
    };
    let (values, slopes) = (all(|curves| &curves.values), all(|curves| &curves.slopes));
    let mut charts = String::new();
    for (value, curves) in drawn {
        let note = if is_default(parameter, value) { " (default)" } else { "" };
        charts += "<figure>";
        for (title, of, of_usual, y_range) in
            [("value", &curves.values, &usual.values, values), ("gradient", &curves.slopes, &usual.slopes, slopes)]
        {
            let faint = of_usual.iter().map(|curve| (Look::Faint, curve.clone()));
            let own = [(Look::Second, of[1].clone()), (Look::First, of[0].clone())];
            let panel = Panel {
                title: title.to_owned(),
                x: String::new(),
                curves: faint.chain(own).collect(),
                x_range: [0.0, 1.0],
                y_range: Some(y_range),
                size: [320, 230],
            };
            charts += &panel.svg(&format!("{title} of {} with {} = {value}", facts.name, parameter.name))?;
        }
        charts += &format!("<figcaption><code>{}={value}</code>{note}</figcaption></figure>", parameter.name);
    }
    let [first, second] = Scene::of(facts).names();
    Ok(format!(
        "<h3 id=\"{name}\"><a class=\"header\" href=\"#{name}\"><code>{name}</code></a></h3>\n<p>{meaning}.</p>\n\
         <div class=\"multiples\" title=\"full line: {first}; dashed: {second}; grey: the defaults\">{charts}</div>\n\n",
        name = parameter.name,
        meaning = typeset(&capital(parameter.meaning)),
    ))
}

/// A sentence's first letter, unless it is a symbol of a formula.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first)
            if first.is_ascii_lowercase() && letters.clone().next().is_some_and(|next| next.is_alphabetic()) =>
        {
            first.to_uppercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
