//! The picture of a loss: value and gradient side by side.

use loss_core::list::{self, Facts};

use crate::curves::{Curves, Scene, curves};
use crate::draw::{Look, Panel, wrapped};
use crate::error::Error;

/// The name of a loss's page and picture: its own, or where an earlier loss has that, its first other name.
#[must_use]
pub fn slug(facts: &Facts) -> &'static str {
    let first = list::all().find(|other| other.name == facts.name);
    let is_first = first.is_some_and(|first| first.page == facts.page);
    if is_first { facts.name } else { facts.aliases.first().copied().unwrap_or(facts.name) }
}

/// Points of a curve in a picture.
const POINTS: usize = 46;

/// The panels of values and of gradients.
pub(crate) fn panels(facts: &Facts) -> Result<[Panel; 2], Error> {
    let scene = Scene::of(facts);
    let Curves { values, slopes } = curves(facts, &[], POINTS)?;
    let panel = |[title, x]: [&str; 2], [first, second]: [Vec<(f64, f64)>; 2]| Panel {
        title: title.to_owned(),
        x: x.to_owned(),
        // The first lies over the second.
        curves: vec![(Look::Second, second), (Look::First, first)],
        x_range: [0.0, 1.0],
        y_range: None,
        size: [680, 440],
    };
    Ok([panel(scene.of_values(), values), panel(scene.of_slopes(), slopes)])
}

/// What the lines are, as a row of SVG.
pub(crate) fn legend(names: [&str; 2], width: u32) -> String {
    let entry = |look: Look, name: &str, x: u32| {
        let (colour, dashes) = (look.hexadecimal(), look.dashes());
        let dashes = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
        format!(
            "<line x1=\"{x}\" y1=\"24\" x2=\"{}\" y2=\"24\" stroke=\"{colour}\" stroke-width=\"5\"{dashes}/>\
             <text x=\"{}\" y=\"33\" font-size=\"26\">{name}</text>",
            x + 64,
            x + 78,
        )
    };
    entry(Look::First, names[0], 76) + &entry(Look::Second, names[1], 76 + width / 2)
}

/// The picture of a loss as one SVG, for its page in the documentation of Rust.
///
/// # Errors
/// [`Error`] if the loss has no value, or cannot be drawn.
pub fn loss_picture(facts: &Facts) -> Result<String, Error> {
    let [left, right] = panels(facts)?;
    let [width, height] = left.size;
    let scene = Scene::of(facts);
    let (top, note) = (44, scene.note());
    let (note, bottom) = if note.is_empty() {
        (String::new(), 0)
    } else {
        (format!("<text x=\"76\" y=\"{}\" font-size=\"23\" opacity=\".8\">{note}</text>", top + height + 24), 36)
    };
    let inside = format!(
        "{}<g transform=\"translate(0 {top})\">{}</g><g transform=\"translate({width} {top})\">{}</g>{note}",
        legend(scene.names(), 2 * width),
        left.drawn()?,
        right.drawn()?,
    );
    let label = format!("Value and gradient of {} over the probability p", facts.name);
    Ok(wrapped([2 * width, top + height + bottom], &label, &inside) + "\n")
}
