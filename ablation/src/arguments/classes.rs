//! The number of classes, or their names.

use std::collections::BTreeSet;
use std::str::FromStr;

/// The most classes that can be named or counted; losses over classes take 256.
const MOST_CLASSES: usize = 1 << 16;

/// The number of classes, and their names if they were given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClassesArgument {
    pub(crate) count: usize,
    pub(crate) names: Vec<String>,
}

impl FromStr for ClassesArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let accepted = format!("accepted: a number from 1 to {MOST_CLASSES}, or as many names separated by commas");
        let text = text.trim();
        if let Ok(count) = text.parse::<i64>() {
            let count = usize::try_from(count).ok().filter(|count| (1..=MOST_CLASSES).contains(count));
            return count.map(|count| Self { count, names: Vec::new() }).ok_or(accepted);
        }
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        let distinct = names.iter().collect::<BTreeSet<_>>().len() == names.len();
        if names.len() > MOST_CLASSES || !distinct || names.iter().any(String::is_empty) {
            return Err(format!("{accepted}, none empty and none twice"));
        }
        let is_number =
            |name: &String| name.parse::<f64>().is_ok() && name.contains(|character: char| character.is_ascii_digit());
        let in_order = names.iter().enumerate().all(|(class, name)| *name == class.to_string());
        if names.iter().all(is_number) && !in_order {
            let (count, last) = (names.len(), names.len() - 1);
            return Err(format!(
                "names are given to the classes from 0 on, so {text} would name classes 0 to {last}; give --classes {count} \
                 for {count} classes, names with letters if these are their names, or the number of all classes if these \
                 are some of their labels"
            ));
        }
        Ok(Self { count: names.len(), names })
    }
}
