//! Fuzzes texts that claim to be losses. An accepted text has a normal form that reads back the same; a refusal says where the error is.
#![no_main]

use arbitrary::{Result, Unstructured};
use expression::{BinaryLoss, ClassesLoss, Expression, Vocabulary};
use libfuzzer_sys::fuzz_target;
use loss_core::list::Kind;

// Includes the one module, because the evaluating code, instrumented, takes minutes to compile.
#[allow(dead_code, unused_imports)]
#[path = "../../loss-expression/src/expression/mod.rs"]
mod expression;

fuzz_target!(|data: &[u8]| {
    // Too few bytes make no case.
    let _ = case(&mut Unstructured::new(data));
});

fn case(bytes: &mut Unstructured) -> Result<()> {
    match bytes.int_in_range(0..=3)? {
        0 => check::<BinaryLoss>(&any_text(bytes)?),
        1 => check::<ClassesLoss>(&any_text(bytes)?),
        2 => check::<BinaryLoss>(&words::<BinaryLoss>(bytes)?),
        _ => check::<ClassesLoss>(&words::<ClassesLoss>(bytes)?),
    }
    Ok(())
}

fn check<L: Vocabulary>(text: &str) {
    match text.parse::<Expression<L>>() {
        Ok(expression) => {
            let normal = expression.to_string();
            let again: Expression<L> = normal.parse().unwrap_or_else(|error| panic!("{text:?} became\n{error}"));
            assert_eq!(again, expression, "{text:?} became {normal:?}");
            assert_eq!(again.to_string(), normal, "the normal form of {text:?}");
            for term in expression.terms() {
                assert!(term.coefficient.is_finite(), "{text:?}");
            }
        }
        Err(error) => {
            assert!((1..=text.chars().count() + 1).contains(&error.column()), "{text:?} at {}", error.column());
            assert_eq!(error.to_string().lines().nth(1).map(|line| line.starts_with("  | ")), Some(true), "{error}");
        }
    }
}

fn any_text(bytes: &mut Unstructured) -> Result<String> {
    Ok(String::from_utf8_lossy(bytes.bytes(bytes.len())?).into_owned())
}

/// The words of the language in any order. Most of the texts are nearly valid.
fn words<L: Vocabulary>(bytes: &mut Unstructured) -> Result<String> {
    let mut text = String::new();
    let mut entry = bytes.choose(L::entries())?;
    while !bytes.is_empty() && text.len() < 400 {
        match bytes.int_in_range(0..=9)? {
            0..=2 => {
                entry = bytes.choose(L::entries())?;
                text.push_str(entry.facts.names().nth(bytes.int_in_range(0..=1)?).unwrap_or(entry.facts.name));
            }
            3..=5 => {
                let parameters: Vec<_> = entry.facts.parameters().collect();
                if parameters.is_empty() {
                    continue;
                }
                let parameter = bytes.choose(&parameters)?;
                text.push_str(if text.ends_with(')') || text.ends_with('(') {
                    ""
                } else {
                    bytes.choose(&["(", ", "])?
                });
                text.push_str(parameter.name);
                text.push('=');
                match parameter.kind {
                    Kind::Word(words) => text.push_str(bytes.choose(words)?),
                    _ => text.push_str(&number(bytes)?),
                }
            }
            6 => text.push_str(&number(bytes)?),
            7 => text.push_str(bytes.choose(&[" + ", " - ", " * ", "*", "(", ")", ",", "=", "none", " ", "\n"])?),
            8 => text.push_str(") + "),
            _ => text.push(char::from(bytes.arbitrary::<u8>()?)),
        }
    }
    Ok(text)
}

fn number(bytes: &mut Unstructured) -> Result<String> {
    Ok(match bytes.int_in_range(0..=4)? {
        0 => bytes.arbitrary::<u8>()?.to_string(),
        1 => (f32::from(bytes.arbitrary::<u8>()?) / 255.0).to_string(),
        2 => format!("{}e{}", bytes.arbitrary::<u8>()?, bytes.arbitrary::<i8>()? / 4),
        3 => format!("{:e}", f64::from_bits(bytes.arbitrary()?)),
        _ => format!("-.{}", bytes.arbitrary::<u16>()?),
    })
}
