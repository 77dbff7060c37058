//! What a command has to say at its end.

/// The text to print, and what is nevertheless wrong: the exit code is 1 then.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) failure: Option<String>,
}

impl Answer {
    pub(crate) fn new(text: String, failure: Option<String>) -> Self {
        Self { text, failure }
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self { text, failure: None }
    }
}
