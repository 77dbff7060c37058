//! The parser: from text to terms.

use loss_core::FinishError;
use loss_core::list::{Arguments, BuildError, Facts, Kind, ParameterFacts, Value};
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pair;
use pest_derive::Parser;

use super::arguments::written;
use super::vocabulary::{Entry, Vocabulary, known_elsewhere};
use super::{ExpressionError, Term, WeightedTerm};

#[derive(Parser)]
#[grammar = "expression/grammar.pest"]
struct Grammar;

/// The parser calls itself for each bracket, and the stack is limited.
const DEEPEST_NESTING: usize = 32;

pub(super) fn parse<L: Vocabulary>(text: &str) -> Result<Vec<WeightedTerm<L>>, ExpressionError> {
    check_nesting(text)?;
    let mut pairs = Grammar::parse(Rule::expression, text).map_err(|error| syntax_error::<L>(text, error))?;
    let mut terms = Vec::new();
    if let Some(sum) = pairs.next() {
        Reader { text }.sum(sum, 1.0, &mut terms)?;
    }
    let sum: f64 = terms.iter().map(|term| term.coefficient.abs()).sum();
    if let Err(error) = FinishError::check_coefficients(sum) {
        return Err(ExpressionError::new(text, 0..text.len(), error.to_string(), String::new()));
    }
    Ok(terms)
}

fn check_nesting(text: &str) -> Result<(), ExpressionError> {
    let mut depth = 0_usize;
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_NESTING {
            let message = format!("more than {DEEPEST_NESTING} brackets inside each other");
            return Err(ExpressionError::new(text, position..position + 1, message, String::new()));
        }
    }
    Ok(())
}

/// Reads the parsed pairs of a text that follows the grammar.
#[derive(Clone, Copy)]
struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn error(self, at: &Pair<'_, Rule>, message: String, possible: String) -> ExpressionError {
        let span = at.as_span();
        ExpressionError::new(self.text, span.start()..span.end(), message, possible)
    }

    fn sum<L: Vocabulary>(
        self,
        sum: Pair<'_, Rule>,
        factor: f64,
        terms: &mut Vec<WeightedTerm<L>>,
    ) -> Result<(), ExpressionError> {
        let mut sign = 1.0;
        for pair in sum.into_inner() {
            match pair.as_rule() {
                Rule::sign => sign = sign_of(&pair),
                _ => self.term(pair, factor * sign, terms)?,
            }
        }
        Ok(())
    }

    fn term<L: Vocabulary>(
        self,
        term: Pair<'_, Rule>,
        factor: f64,
        terms: &mut Vec<WeightedTerm<L>>,
    ) -> Result<(), ExpressionError> {
        let mut coefficient = factor;
        for pair in term.clone().into_inner() {
            match pair.as_rule() {
                Rule::sign => coefficient *= sign_of(&pair),
                Rule::number => coefficient *= self.number(&pair)?,
                _ => {}
            }
        }
        if FinishError::check_coefficients(coefficient.abs()).is_err() {
            let possible = "coefficients: at most 3.4e38".to_owned();
            return Err(self.error(&term, "the coefficient is too large".to_owned(), possible));
        }
        for pair in term.into_inner() {
            match pair.as_rule() {
                Rule::loss => terms.push(WeightedTerm { coefficient, term: self.loss(pair)? }),
                Rule::sum => self.sum(pair, coefficient, terms)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn number(self, pair: &Pair<'_, Rule>) -> Result<f64, ExpressionError> {
        match pair.as_str().parse() {
            Ok(number) if f64::is_finite(number) => Ok(number),
            _ => Err(self.error(pair, "the number is too large".to_owned(), String::new())),
        }
    }

    fn loss<L: Vocabulary>(self, loss: Pair<'_, Rule>) -> Result<Term<L>, ExpressionError> {
        let mut entry = None;
        let mut given = Vec::new();
        for pair in loss.clone().into_inner() {
            match pair.as_rule() {
                Rule::name => entry = Some(self.entry::<L>(&pair)?),
                Rule::arguments => given.extend(pair.into_inner().filter(|pair| pair.as_rule() == Rule::argument)),
                _ => {}
            }
        }
        let Some(entry) = entry else {
            return Err(self.error(&loss, "a loss without a name".to_owned(), String::new()));
        };
        let facts = &entry.facts;
        let mut values: Vec<(&'static ParameterFacts, Value)> = Vec::new();
        for pair in &given {
            let (parameter, value) = self.argument(facts, pair.clone())?;
            if values.iter().any(|(other, _)| other.name == parameter.name) {
                return Err(self.error(pair, format!("{} is given twice", parameter.name), String::new()));
            }
            values.push((parameter, value));
        }
        let loss = entry.build(&Arguments::new(facts, &values)).map_err(|error| match error {
            BuildError::Conflict { parameter, message } => {
                let at = given.iter().find(|pair| pair.as_str().starts_with(parameter)).unwrap_or(&loss);
                self.error(at, format!("{parameter} {message}"), parameters_of(facts))
            }
            other => self.error(&loss, other.to_string(), String::new()),
        })?;
        Ok(Term { name: facts.name, text: text_of(facts, &values), loss })
    }

    fn entry<L: Vocabulary>(self, name: &Pair<'_, Rule>) -> Result<&'static Entry<L>, ExpressionError> {
        let written = name.as_str();
        L::find(written).ok_or_else(|| {
            let names = L::entries().iter().flat_map(|entry| entry.facts.names());
            let message = L::elsewhere(written)
                .or_else(|| known_elsewhere(written))
                .unwrap_or_else(|| format!("there is no loss {written:?}{}", did_you_mean(written, names)));
            self.error(name, message, format!("losses: {}", L::all_names()))
        })
    }

    fn argument(
        self,
        facts: &Facts,
        argument: Pair<'_, Rule>,
    ) -> Result<(&'static ParameterFacts, Value), ExpressionError> {
        let (mut name, mut value) = (None, None);
        for pair in argument.clone().into_inner() {
            match pair.as_rule() {
                Rule::name => name = Some(pair),
                Rule::value => value = Some(pair),
                _ => {}
            }
        }
        let (Some(name), Some(value)) = (name, value) else {
            let message = format!("arguments of {} are named: name={}", facts.name, argument.as_str());
            return Err(self.error(&argument, message, parameters_of(facts)));
        };
        let written = name.as_str();
        let parameter = facts.parameter(written).ok_or_else(|| {
            let names = facts.parameters().map(|parameter| parameter.name);
            let message = format!("{} has no parameter {written:?}{}", facts.name, did_you_mean(written, names));
            self.error(&name, message, parameters_of(facts))
        })?;
        Ok((parameter, self.value(parameter, value)?))
    }

    fn value(self, parameter: &ParameterFacts, value: Pair<'_, Rule>) -> Result<Value, ExpressionError> {
        let written = value.as_str().trim_end();
        let is_number = value.clone().into_inner().any(|pair| pair.as_rule() == Rule::signed_number);
        let name = parameter.name;
        let (range, none) = match parameter.kind {
            Kind::Word(words) => {
                return words.iter().find(|word| **word == written).map(|word| Value::Word(word)).ok_or_else(|| {
                    let suggestion = did_you_mean(written, words.iter().copied());
                    let message = format!("{name} cannot be {written}{suggestion}");
                    self.error(&value, message, format!("{name}: {}", words.join(", ")))
                });
            }
            Kind::NumberOrNone(range) => (range, ", or none"),
            Kind::Number(range) => (range, ""),
            _ => return Err(self.error(&value, format!("{name} cannot be written in an expression"), String::new())),
        };
        if !none.is_empty() && written == "none" {
            return Ok(Value::Word("none"));
        }
        let number: Option<f64> = if is_number { written.parse().ok() } else { None };
        match number {
            Some(number) if range.contains(number) => Ok(Value::Number(number)),
            Some(_) => Err(self.error(
                &value,
                format!("{name} is {written}, out of range"),
                format!("{name}: a number, {}{none}", range.text),
            )),
            None => Err(self.error(
                &value,
                format!("{name} is {written}, not a number"),
                format!("{name}: a number, {}{none}", range.text),
            )),
        }
    }
}

fn sign_of(pair: &Pair<'_, Rule>) -> f64 {
    if pair.as_str() == "-" { -1.0 } else { 1.0 }
}

fn text_of(facts: &Facts, given: &[(&'static ParameterFacts, Value)]) -> String {
    match given {
        [] => facts.name.to_owned(),
        given => {
            let given: Vec<String> = given.iter().map(|(parameter, value)| written(parameter, *value)).collect();
            format!("{}({})", facts.name, given.join(", "))
        }
    }
}

fn parameters_of(facts: &Facts) -> String {
    let names: Vec<&str> = facts.parameters().map(|parameter| parameter.name).collect();
    format!("parameters of {}: {} (see `ablation losses {}`)", facts.name, names.join(", "), facts.name)
}

fn did_you_mean(written: &str, names: impl Iterator<Item = &'static str>) -> String {
    closest(written, names).map_or(String::new(), |name| format!("; did you mean {name}?"))
}

/// The name most like the written one, if any is similar.
#[must_use]
pub fn closest(written: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    const ALIKE: f64 = 0.7;
    let written = written.to_lowercase();
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(&written, name).max(begins(&written, name)), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

/// A name that begins the written one, or is begun by it, counts as a misspelling: `dice_loss`, `tver`.
fn begins(written: &str, name: &str) -> f64 {
    const SHORTEST: usize = 3;
    let alike = written.len() >= SHORTEST && (written.starts_with(name) || name.starts_with(written));
    if alike { 0.8 } else { 0.0 }
}

fn syntax_error<L: Vocabulary>(text: &str, error: pest::error::Error<Rule>) -> ExpressionError {
    let start = match error.location {
        InputLocation::Pos(position) | InputLocation::Span((position, _)) => position,
    };
    let found = text.get(start..).and_then(|rest| rest.chars().next());
    let span = start..start + found.map_or(0, char::len_utf8);
    let mut expected: Vec<&str> = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => {
            positives.iter().filter_map(|rule| description(*rule)).collect()
        }
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    expected.sort_unstable();
    expected.dedup();
    let found = found.map_or("the end".to_owned(), |character| format!("{character:?}"));
    let message = match expected.split_last() {
        None => format!("unexpected {found}"),
        Some((last, [])) => format!("expected {last}, found {found}"),
        Some((last, rest)) => format!("expected {} or {last}, found {found}", rest.join(", ")),
    };
    let possible = if expected.contains(&A_LOSS) {
        format!("losses: {}", L::all_names())
    } else {
        "an expression is a sum such as bce + 0.5 * dice(smooth=1e-5)".to_owned()
    };
    ExpressionError::new(text, span, message, possible)
}

const A_LOSS: &str = "a loss";

fn description(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::sum | Rule::term | Rule::loss => A_LOSS,
        Rule::name => "a name",
        Rule::arguments | Rule::argument => "name=value",
        Rule::value | Rule::signed_number => "a value",
        Rule::number => "a number",
        Rule::sign => "'+', '-'",
        Rule::times => "'*'",
        Rule::open => "'('",
        Rule::close => "')'",
        Rule::comma => "','",
        Rule::equals => "'='",
        Rule::EOI => "the end",
        Rule::WHITESPACE | Rule::expression => return None,
    })
}
