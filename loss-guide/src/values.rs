//! Which values of a parameter the small multiples show.

use loss_core::list::{Kind, ParameterFacts, Preset};

/// Values that teach, by the name of the parameter; of a name that means two things, the first whose values all lie in its range.
const VALUES: [(&str, &[&str]); 24] = [
    ("pos_weight", &["0.5", "1", "3", "10"]),
    ("label_smoothing", &["0", "0.05", "0.1", "0.2"]),
    ("gamma", &["0", "1", "2", "5"]),
    ("gamma", &["0", "0.25", "0.5", "0.75"]),
    ("gamma", &["0.3", "0.75", "1", "2"]),
    ("alpha", &["none", "0.25", "0.5", "0.75"]),
    ("alpha", &["0.1", "0.3", "0.7", "1"]),
    ("beta", &["0.1", "0.5", "1", "2"]),
    ("epsilon", &["-1", "0", "1", "3"]),
    ("delta", &["0.2", "0.4", "0.6", "0.8"]),
    ("lambda", &["0", "0.25", "0.5", "1"]),
    ("q", &["0.1", "0.4", "0.7", "1"]),
    ("threshold", &["0.3", "0.5", "0.6", "0.7"]),
    ("thresh", &["0.5", "0.6", "0.7", "0.9"]),
    ("foreground_weight", &["0.5", "1", "2", "3"]),
    ("background_weight", &["0.5", "1", "2", "3"]),
    ("smooth", &["1e-5", "1", "10", "100"]),
    ("smooth_numerator", &["0", "1", "3", "10"]),
    ("smooth_denominator", &["0", "1", "10", "100"]),
    ("floor", &["0", "1e-5", "20", "40"]),
    ("percent", &["1", "10", "30", "100"]),
    ("k", &["none", "1", "10", "50"]),
    ("at_least", &["none", "1", "10", "50"]),
    ("distances", &["1", "0.5", "0.25", "0"]),
];

/// The values of a parameter that its pictures show, in the order of the pictures.
pub(crate) fn shown(parameter: &ParameterFacts) -> Vec<&'static str> {
    let accepts = |text: &&str| match parameter.kind {
        Kind::Number(range) => text.parse().is_ok_and(|number| range.contains(number)),
        Kind::NumberOrNone(range) => *text == "none" || text.parse().is_ok_and(|number| range.contains(number)),
        Kind::Matrix => true,
        _ => false,
    };
    if let Kind::Word(words) = parameter.kind {
        return words.to_vec();
    }
    let rows = VALUES.iter().filter(|(name, _)| *name == parameter.name);
    let accepted = rows.map(|(_, values)| values.iter().copied().filter(|text| accepts(text)).collect::<Vec<_>>());
    // Of equally many, the first.
    accepted.rev().max_by_key(Vec::len).unwrap_or_default()
}

/// Whether a value is the one that holds if none is given.
pub(crate) fn is_default(parameter: &ParameterFacts, value: &str) -> bool {
    match parameter.default {
        Preset::Number(number) => value.parse() == Ok(number),
        Preset::Word(word) => value == word,
        _ => false,
    }
}
