//! Which losses were asked for.

use super::ScoreError;
use super::results::{ConventionScore, Group, LossScore, POOLED, Report};
use crate::arguments::ScoreArguments;
use loss_expression::conventions::{self, Convention, Grouping};
use loss_expression::{Expression, Vocabulary};

/// The expressions to be scored: those given, then those of conventions.
pub(crate) struct Asked<L> {
    pub(crate) expressions: Vec<Expression<L>>,
    conventions: Vec<(usize, &'static Convention)>,
}

impl<L: Vocabulary> Asked<L> {
    pub(crate) fn new(arguments: &ScoreArguments, defaults: &[&str]) -> Result<Self, ScoreError> {
        let given: Vec<&str> = match &arguments.losses[..] {
            [] if arguments.conventions.is_empty() => defaults.to_vec(),
            given => given.iter().map(String::as_str).collect(),
        };
        let mut expressions: Vec<Expression<L>> = given.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        let mut chosen = Vec::new();
        for name in &arguments.conventions {
            for convention in conventions::choose(name, L::OF).map_err(ScoreError::usage)? {
                chosen.push((expressions.len(), convention));
                expressions.push(convention.expression().parse()?);
            }
        }
        if arguments.output.grad.is_some() && !chosen.is_empty() {
            let message = "--grad takes one --loss, not a --convention: give the loss that `ablation losses \
                           --conventions` shows, with --per-image if it says so";
            return Err(ScoreError::usage(message.to_owned()));
        }
        Ok(Self { expressions, conventions: chosen })
    }

    /// Whether images are to be summed one by one.
    pub(crate) fn per_image(&self, arguments: &ScoreArguments) -> bool {
        let by_image = |(_, convention): &(usize, &Convention)| convention.is_per_image();
        arguments.is_per_image() || self.conventions.iter().any(by_image)
    }

    /// Takes the conventions' values from a report, and the means over images if only they wanted them.
    pub(crate) fn conclude(&self, report: &mut Report, arguments: &ScoreArguments) {
        let all = &report.all;
        let pooled = all.pooled.as_ref().map_or(&all.scores.losses, |pooled| &pooled.losses);
        let means = all.mean_over_images.as_ref().map(|mean| &mean.losses);
        let score = |(index, convention): &(usize, &'static Convention)| {
            let part = |losses: Option<&Vec<LossScore>>, part: usize| {
                let part = losses?.get(*index)?.parts.get(part)?;
                Some(part.coefficient * part.value?)
            };
            let parts = convention.terms.iter().enumerate().map(|(place, (_, grouping))| match grouping {
                Grouping::Image => part(means, place),
                Grouping::Batch => part(Some(pooled), place),
            });
            ConventionScore {
                convention: convention.name,
                value: parts.sum(),
                loss: convention.expression(),
                grouping: convention.grouping(),
                note: convention.note,
            }
        };
        report.conventions = self.conventions.iter().map(score).collect();
        if !arguments.is_per_image() {
            let files = report.files.iter_mut().map(|file| &mut file.group);
            std::iter::once(&mut report.all).chain(files).for_each(without_images);
        }
    }
}

fn without_images(group: &mut Group) {
    if let Some(pooled) = group.pooled.take() {
        group.scores.losses = pooled.losses;
        group.scores.reduction = POOLED.into();
    }
    (group.mean_over_images, group.images) = (None, None);
}
