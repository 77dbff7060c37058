//! The losses that expressions can name, made from the list of the library.

use loss_core::list::{self, Arguments, BuildError, Facts, Needs};

/// The losses of one kind of expression: of binary masks, or over classes.
pub trait Vocabulary: Clone + PartialEq + std::fmt::Debug + 'static {
    /// The kind of targets, in words.
    const OF: &'static str;

    /// All losses.
    fn entries() -> &'static [Entry<Self>];

    /// The reason why no loss has this name here, if the library has it for other targets.
    fn elsewhere(name: &str) -> Option<String>;

    /// The entry with this name or alias.
    fn find(name: &str) -> Option<&'static Entry<Self>> {
        Self::entries().iter().find(|entry| entry.facts.names().any(|other| other == name))
    }

    /// All names, for messages: `bce, …, iou (jaccard), …`.
    fn all_names() -> String {
        let name = |entry: &Entry<Self>| match entry.facts.aliases {
            [] => entry.facts.name.to_owned(),
            aliases => format!("{} ({})", entry.facts.name, aliases.join(", ")),
        };
        Self::entries().iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

type Build<L> = dyn Fn(&Arguments<'_>) -> Result<L, BuildError> + Send + Sync;

/// A loss that expressions can name; it becomes an `L`.
pub struct Entry<L> {
    /// Its facts from the library's list.
    pub facts: Facts,
    build: Box<Build<L>>,
}

impl<L> std::fmt::Debug for Entry<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("facts", &self.facts).finish_non_exhaustive()
    }
}

impl<L> Entry<L> {
    pub(super) fn new(
        facts: Facts,
        build: impl Fn(&Arguments<'_>) -> Result<L, BuildError> + Send + Sync + 'static,
    ) -> Self {
        Self { facts, build: Box::new(build) }
    }

    /// Makes the loss of arguments.
    ///
    /// # Errors
    /// [`BuildError`] if the arguments contradict each other.
    pub fn build(&self, arguments: &Arguments<'_>) -> Result<L, BuildError> {
        (self.build)(arguments)
    }
}

/// Known losses that the library does not have, and the reason.
const IMPOSSIBLE: [(&str, &str); 3] = [
    ("hausdorff", "it needs a distance transform of the whole prediction at every step; use boundary, which does not"),
    (
        "hausdorff_dt",
        "it needs a distance transform of the whole prediction at every step; use boundary, which does not",
    ),
    ("cldice", "it compares soft skeletons, which no fixed number of sums can replace"),
];

/// The message for a name in no vocabulary, if it belongs to a known loss; `dice_loss` and `Dice-Loss` are names of `dice`.
#[must_use]
pub fn known_elsewhere(name: &str) -> Option<String> {
    let plain = name.to_lowercase().replace('-', "_");
    let stem = plain.strip_suffix("_loss").unwrap_or(&plain);
    if let Some((_, why)) = IMPOSSIBLE.iter().find(|(other, _)| *other == plain || *other == stem) {
        return Some(format!("{name} cannot be evaluated: {why}"));
    }
    let facts = list::all().find(|facts| facts.names().any(|other| other == plain || other == stem))?;
    if facts.needs == Needs::ClassDistances {
        return Some(format!(
            "{name} needs the distances between classes, which an expression cannot hold; the library has it as loss_core::{}",
            facts.page
        ));
    }
    // If it were written as in the list, it would have been found.
    let written = facts.names().any(|other| other == name);
    (!written).then(|| format!("there is no loss {name:?}; did you mean {}?", facts.name))
}
