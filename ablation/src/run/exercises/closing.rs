//! Which loss for which task: what the field takes, beside what these runs showed.

use crate::inspect::TASKS;
use crate::run::report::model::{Cell, Section, Table};

/// The exercises that say something on a task.
const SHOWN_BY: &[(&str, &[u8])] = &[
    ("binary, balanced", &[]),
    ("multi-class", &[6]),
    ("medical", &[5]),
    ("remote sensing", &[6]),
    ("small objects", &[5]),
    ("instances", &[]),
    ("change detection", &[6]),
];

pub(crate) fn closing(sections: &[Section]) -> Section {
    let mut section = Section::new("which-loss", "Which loss for which task");
    section.text(
        "On the left what the field commonly takes; on the right the first sentence that this run's figures give on it, where an exercise comes \
         near the task. Synthetic images and short trainings of a small network show a direction, not a law.",
    );
    let row = |task: &crate::inspect::Task| {
        let exercises = SHOWN_BY.iter().find(|(name, _)| *name == task.task).map_or(&[][..], |(_, numbers)| numbers);
        let shown: Vec<String> = exercises.iter().filter_map(|number| sentence(sections, *number)).collect();
        let shown = if shown.is_empty() { "not part of this run".to_owned() } else { shown.join(" ") };
        vec![
            Cell::text(task.task),
            Cell::text(task.losses.iter().map(|loss| format!("`{loss}`")).collect::<Vec<_>>().join(" or ")),
            Cell::text(task.why),
            Cell::text(task.mind),
            Cell::text(shown),
        ]
    };
    section.table(Table {
        id: "which-loss".to_owned(),
        title: "Common practice, and this run".to_owned(),
        columns: ["task", "losses", "why", "mind", "this run"].map(str::to_owned).to_vec(),
        rows: TASKS.iter().map(row).collect(),
        note: "`ablation inspect` looks at masks of your own and says which rows they come near.".to_owned(),
    });
    section
}

fn sentence(sections: &[Section], exercise: u8) -> Option<String> {
    let section = sections.iter().find(|section| section.id == format!("exercise-{exercise}"))?;
    let finding = section.findings().next()?;
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
