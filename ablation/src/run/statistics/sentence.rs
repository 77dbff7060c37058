//! The conclusions of comparisons, in words.

use super::{Comparison, MOST_SEEDS};
use crate::report::numbers::{decimals_for, number};

impl Comparison {
    /// One sentence with the numbers that support it.
    ///
    /// The mean difference is written as a positive amount in favour of the better arm, and the interval belongs to
    /// this amount. So the sentence does not depend on which arm is first, nor on whether higher is better.
    pub(crate) fn sentence(&self) -> String {
        let (metric, first, second) = (&self.metric, &self.first, &self.second);
        let Some([low, high]) = self.interval() else { return self.without_interval() };
        let second_leads = self.mean == 0.0 || (self.mean > 0.0) == self.higher_is_better;
        let [of_first, of_second] = self.means;
        let (leader, leading, other, trailing) =
            if second_leads { (second, of_second, first, of_first) } else { (first, of_first, second, of_second) };
        let (amount, [low, high]) =
            if self.mean < 0.0 { (-self.mean, [-high, -low]) } else { (self.mean, [low, high]) };
        let decimals = decimals_of(amount, [low, high], self.is_clear());
        let shown = |value| number(value, decimals);
        let interval = format!("95 % interval {} to {}", shown(low), shown(high));
        let difference = shown(amount);
        if self.is_clear() {
            let direction = if self.higher_is_better { "" } else { " (lower is better)" };
            let (leading, trailing) = (shown(leading), shown(trailing));
            let leader = capitalised(leader);
            return format!(
                "{leader} beats {other} in {metric}: {leading} against {trailing}{direction}, a difference of {difference} ({interval}, {}).",
                self.evidence()
            );
        }
        if amount == 0.0 {
            return format!(
                "{} and {second} have the same {metric} ({interval}, {}).",
                capitalised(first),
                self.evidence()
            );
        }
        format!(
            "{} seeds do not tell {first} and {second} apart in {metric}: {leader} leads by {difference} on average ({interval}, {}){}.{}",
            capitalised(&in_words(self.seeds())),
            self.evidence(),
            self.remedy(),
            self.why_unclear([low, high])
        )
    }

    /// Why a difference whose interval excludes 0 is not called clear.
    fn why_unclear(&self, [low, high]: [f64; 2]) -> String {
        if self.family < 2 || (low <= 0.0 && high >= 0.0) {
            return String::new();
        }
        format!(
            " The interval belongs to this comparison alone and excludes 0; among {} comparisons that is no evidence yet.",
            self.family
        )
    }

    /// "p = 0.012", or "corrected p = 0.024" if several comparisons were corrected.
    fn evidence(&self) -> String {
        let p = self.adjusted_p.map_or_else(String::new, p_text);
        if self.family > 1 { format!("corrected {p}") } else { p }
    }

    /// The number of seeds that would show the observed difference; empty if it is not known.
    fn remedy(&self) -> String {
        if self.by_image.is_none() {
            return String::new();
        }
        match self.seeds_for_power() {
            Some(seeds) => format!("; about {seeds} seeds would show a difference of that size"),
            None => format!("; not even {MOST_SEEDS} seeds would show a difference of that size"),
        }
    }

    /// The sentence for one seed, or for none.
    fn without_interval(&self) -> String {
        let Self { metric, first, second, .. } = self;
        if self.differences.is_empty() {
            let first = capitalised(first);
            return format!("{first} and {second} cannot be compared in {metric}: no seed has a value of both.");
        }
        let decimals = decimals_for(self.mean, 2).clamp(3, 4);
        let [first_mean, second_mean] = self.means.map(|mean| number(mean, decimals));
        format!(
            "In {metric}, {first} has {first_mean} and {second} has {second_mean}. One seed supports no conclusion."
        )
    }
}

/// "p = 0.012", with two digits; "p < 0.001" below that.
pub(crate) fn p_text(p: f64) -> String {
    if p < 0.001 {
        return "p < 0.001".to_owned();
    }
    format!("p = {}", number(p, decimals_for(p, 2).min(3)))
}

/// Small numbers as words.
fn in_words(count: usize) -> String {
    const WORDS: [&str; 11] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    WORDS.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// Makes the first letter a capital. Symbols such as γ stay, because Γ is another symbol.
pub(crate) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// The sentences of comparisons, those with a clear difference first; empty without comparisons.
pub(crate) fn sentences(comparisons: &[Comparison]) -> String {
    let (clear, unclear): (Vec<&Comparison>, Vec<&Comparison>) =
        comparisons.iter().partition(|comparison| comparison.is_clear());
    clear.into_iter().chain(unclear).map(Comparison::sentence).collect::<Vec<_>>().join(" ")
}

/// Enough decimals to show two digits of the interval's half width. For a clear difference they also show one digit of the end nearer to 0, so that the
/// interval is seen to exclude 0.
fn decimals_of(amount: f64, [low, high]: [f64; 2], is_clear: bool) -> usize {
    let half_width = (high - low) / 2.0;
    let of_width = decimals_for(if half_width == 0.0 { amount } else { half_width }, 2);
    if is_clear { of_width.max(decimals_for(low, 1)) } else { of_width }
}
