//! Which loss for which task: what the field takes, beside what these runs showed.

use crate::inspect::TASKS;
use crate::run::model::{Cell, Finding, Section, Table};

/// What this run says on a task: the exercise, and the loss whose comparison tells, if it is not the first finding that does.
const SHOWN_BY: &[(&str, Option<(u8, &str)>)] = &[
    ("binary, balanced", None),
    ("multi-class", Some((6, "weighted CE"))),
    ("medical", Some((5, ""))),
    ("remote sensing", Some((6, "focal + Dice"))),
    ("small objects", Some((5, ""))),
    ("instances", None),
    ("change detection", Some((6, "focal + Dice"))),
];

pub(crate) fn closing(sections: &[Section]) -> Section {
    let mut section = Section::new("which-loss", "Which loss for which task");
    section.text(
        "On the left what the field commonly takes; on the right what this run's figures say on it, where an exercise comes near the task. Synthetic images and short trainings of a small network show a direction, not a law.",
    );
    let row = |task: &crate::inspect::Task| {
        let shown = SHOWN_BY.iter().find(|(name, _)| *name == task.task).and_then(|(_, shown)| *shown);
        let shown = match shown {
            None => "no exercise comes near it".to_owned(),
            Some((exercise, loss)) => {
                sentence(sections, exercise, loss).unwrap_or_else(|| "not part of this run".to_owned())
            }
        };
        vec![
            Cell::text(task.task),
            Cell::text(task.losses.join(" or ")),
            Cell::text(task.why),
            Cell::text(task.mind),
            Cell::text(shown),
        ]
    };
    section.table(Table {
        id: "which-loss".to_owned(),
        title: "Common practice, and this run".to_owned(),
        columns: ["task", "losses", "why", "watch for", "this run"].map(str::to_owned).to_vec(),
        rows: TASKS.iter().map(row).collect(),
        note: "`ablation inspect` looks at masks of your own and says which rows they come near.".to_owned(),
    });
    section
}

fn sentence(sections: &[Section], exercise: u8, loss: &str) -> Option<String> {
    let section = sections.iter().find(|section| section.id == format!("exercise-{exercise}"))?;
    let is_of = |finding: &&Finding| finding.comparisons.iter().any(|comparison| comparison.second == loss);
    let finding = section.findings().find(|finding| loss.is_empty() || is_of(finding))?;
    Some(format!("Exercise {exercise}: {}", finding.sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_looked_up() {
        for task in TASKS {
            assert!(SHOWN_BY.iter().any(|(name, _)| *name == task.task), "{}", task.task);
        }
        assert_eq!(SHOWN_BY.len(), TASKS.len());
    }
}
