use super::*;
use crate::guide::TASKS;

#[test]
fn numbers_are_places_in_the_list() {
    let numbers: Vec<u8> = ALL.iter().map(|exercise| exercise.number).collect();
    assert_eq!(numbers, (1..=u8::try_from(ALL.len()).unwrap()).collect::<Vec<_>>());
    for (place, exercise) in ALL.iter().enumerate() {
        let others = ALL.iter().take(place);
        assert!(others.clone().all(|other| other.title != exercise.title), "{}", exercise.title);
        assert!(!(exercise.arms)(&Config::preset(Preset::Default)).is_empty(), "{}", exercise.title);
    }
    assert_eq!(chosen(&[]).len(), ALL.len());
    assert_eq!(chosen(&[6, 1, 6]).iter().map(|exercise| exercise.number).collect::<Vec<_>>(), [1, 6]);
}

/// Every file of the folder that holds an exercise is in the list.
#[test]
fn no_exercise_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/run/exercises");
    let texts = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let files = texts.filter(|text| text.contains("\npub(super) static EXERCISE: Exercise")).count();
    assert_eq!(files, ALL.len());
}

/// The table of ablation/README.md is this list.
#[test]
fn the_readme_lists_them() {
    let readme = include_str!("../../../README.md");
    let table = readme.split("| exercise | question |\n|---|---|\n").nth(1).unwrap();
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> =
        ALL.iter().map(|exercise| format!("| {} | {} |", exercise.number, exercise.question)).collect();
    assert_eq!(rows, expected);
}

#[test]
fn every_arm_is_a_loss_and_none_is_trained_twice() {
    let mut config = Config::preset(Preset::Full);
    config.losses.own = vec!["0.7*focal(gamma=2) + 0.3*tversky(alpha=0.3, beta=0.7)".to_owned()];
    let all = arms(&config, ALL);
    for (index, arm) in all.iter().enumerate() {
        match arm.task {
            Task::Binary { .. } | Task::Cell { .. } | Task::Nuclei => assert!(arm.loss.binary().is_ok(), "{arm}"),
            Task::Damage { .. } => assert!(arm.loss.of_classes().is_ok(), "{arm}"),
        }
        assert!(!all[..index].iter().any(|other| other.is_same_training(arm)), "{arm}");
    }
    // Of a seed: 2 + 2 + 5 + 5 of exercise 4 without those it shares, the own loss once for each share, and 5.
    let of_share = 2 + 2 + config.losses.gammas.len() + 1 + 1;
    let of_the_first_six = arms(&config, &chosen(&[1, 2, 3, 4, 5, 6])).len();
    assert_eq!(of_the_first_six, config.seeds as usize * (of_share + config.data.rare_shares.len() * 10 + 5));
}

/// A loss that an exercise points at is one that it trains, and compares with another.
#[test]
fn what_speaks_to_a_task_is_trained() {
    for exercise in ALL {
        let arms = (exercise.arms)(&Config::preset(Preset::Default));
        for (field, shows) in exercise.near {
            assert!(TASKS.iter().any(|task| task.field == *field), "{field:?}");
            if let Shows::Loss(name) = shows {
                assert!(arms.iter().skip(1).any(|(_, loss)| loss.name == *name), "{name}");
            }
        }
    }
}

/// A task that no exercise comes near is one of these; a new task is to be thought of.
#[test]
fn every_task_is_looked_up() {
    for task in TASKS {
        let near = ALL.iter().any(|exercise| exercise.near.iter().any(|(field, _)| *field == task.field));
        assert!(near || [Field::BinaryBalanced, Field::Instances].contains(&task.field), "{}", task.task);
    }
}

#[test]
fn exercises_in_sentences() {
    assert_eq!(told(|exercise| exercise.number == 5), "exercise 5");
    assert_eq!(told(|exercise| exercise.number < 5), "exercises 1 to 4");
    assert_eq!(told(|exercise| [1, 2, 5].contains(&exercise.number)), "exercises 1, 2 and 5");
    assert_eq!(told(|exercise| [2, 3, 4, 6].contains(&exercise.number)), "exercises 2 to 4 and 6");
}
