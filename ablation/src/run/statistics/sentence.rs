//! What comparisons show, in words.

use super::{Comparison, Verdict};
use crate::run::numbers::{decimals_for, number};

impl Comparison {
    /// One sentence with the numbers it rests on.
    ///
    /// The mean difference is written as an amount, in favour of the arm that is said to be better, and the interval is
    /// that of this amount. So both read the same whichever arm was given first, and whichever way better is.
    pub(crate) fn sentence(&self) -> String {
        let (metric, first, second) = (&self.metric, &self.first, &self.second);
        let Some([low, high]) = self.interval() else { return self.without_interval() };
        let second_leads = self.mean == 0.0 || (self.mean > 0.0) == self.higher_is_better;
        let [of_first, of_second] = self.means;
        let (leader, leading, other, trailing) =
            if second_leads { (second, of_second, first, of_first) } else { (first, of_first, second, of_second) };
        let (amount, [low, high]) =
            if self.mean < 0.0 { (-self.mean, [-high, -low]) } else { (self.mean, [low, high]) };
        let is_clear = self.verdict != Verdict::NoClearDifference;
        let decimals = decimals_of(amount, [low, high], is_clear);
        let shown = |value| number(value, decimals);
        let interval = format!("95 % interval [{}, {}] over {} seeds", shown(low), shown(high), self.seeds());
        let difference = shown(amount);
        if is_clear {
            let kind = if self.higher_is_better { "higher" } else { "lower, so better," };
            let (leading, trailing) = (shown(leading), shown(trailing));
            let leader = capitalised(leader);
            return format!(
                "{leader} has a {kind} {metric} than {other} ({leading} against {trailing}, difference {difference}, \
                 {interval})."
            );
        }
        let all_alike = self.differences.iter().all(|difference| (*difference > 0.0) == (self.mean > 0.0));
        let favour = match amount == 0.0 {
            true => String::new(),
            false if all_alike => format!(" in favour of {leader} in all {} seeds", self.seeds()),
            false => format!(" in favour of {leader}"),
        };
        format!(
            "No clear difference in {metric} between {first} and {second} (mean difference {difference}{favour}, \
             {interval})."
        )
    }

    /// Of one seed, or of none.
    fn without_interval(&self) -> String {
        let Self { metric, first, second, .. } = self;
        if self.differences.is_empty() {
            let first = capitalised(first);
            return format!("{first} and {second} cannot be compared in {metric}: no seed has a value of both.");
        }
        let decimals = decimals_for(self.mean, 2).clamp(3, 4);
        let [first_mean, second_mean] = self.means.map(|mean| number(mean, decimals));
        let metric = capitalised(metric);
        format!(
            "{metric} is {first_mean} with {first} and {second_mean} with {second}; one seed: no interval, so no conclusion."
        )
    }
}

/// The beginning of a sentence. Symbols such as γ stay as they are: Γ is another.
pub(crate) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// The sentences of comparisons, those with a clear difference first; empty of none.
pub(crate) fn sentences(comparisons: &[Comparison]) -> String {
    let (unclear, clear): (Vec<&Comparison>, Vec<&Comparison>) =
        comparisons.iter().partition(|comparison| comparison.verdict == Verdict::NoClearDifference);
    clear.into_iter().chain(unclear).map(Comparison::sentence).collect::<Vec<_>>().join(" ")
}

/// As many decimals as show two digits of the interval's half width and, so that a clear difference is seen to exclude 0,
/// one digit of the end that is nearer to 0.
fn decimals_of(amount: f64, [low, high]: [f64; 2], is_clear: bool) -> usize {
    let half_width = (high - low) / 2.0;
    let of_width = decimals_for(if half_width == 0.0 { amount } else { half_width }, 2);
    if is_clear { of_width.max(decimals_for(low, 1)) } else { of_width }
}
