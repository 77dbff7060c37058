//! The closing section: which loss for which task, in common practice and in these runs.

use super::ALL;
use crate::guide::{TASKS, Task};
use crate::run::model::{Cell, Section, Table};

pub(crate) fn closing(sections: &[Section]) -> Section {
    let mut section = Section::new("which-loss", "Which loss for which task");
    section.text(
        "Left: the losses that the field commonly uses for a task. Right: the result of this run, if one of its exercises is close to the task. Short trainings of a small network on \
         synthetic images show a direction, not a law.",
    );
    let row = |task: &Task| {
        vec![
            Cell::text(task.task),
            Cell::text(task.losses.join(" or ")),
            Cell::text(task.why),
            Cell::text(task.mind),
            Cell::text(shown(sections, task)),
        ]
    };
    section.table(Table {
        id: "which-loss".to_owned(),
        title: "Common practice, and this run".to_owned(),
        columns: ["task", "losses", "why", "watch for", "this run"].map(str::to_owned).to_vec(),
        rows: TASKS.iter().map(row).collect(),
        note: "`ablation inspect` examines your own masks and names the rows that fit them.".to_owned(),
    });
    section
}

/// The findings of the first exercise that is close to the task.
fn shown(sections: &[Section], task: &Task) -> String {
    let near = ALL.iter().find_map(|exercise| {
        let (_, shows) = exercise.near.iter().find(|(field, _)| *field == task.field)?;
        Some((exercise, shows))
    });
    let Some((exercise, shows)) = near else { return "no exercise is close to it".to_owned() };
    let section = sections.iter().find(|section| section.id == exercise.id());
    section.and_then(|section| shows.finding(section)).map_or_else(
        || "not part of this run".to_owned(),
        |finding| format!("Exercise {}: {}", exercise.number, finding.sentence),
    )
}
