//! Which losses meet which data, and with which seeds.

use std::collections::BTreeSet;
use std::fmt;

use super::config::Config;
use super::task::Task;
use crate::expression::{BinaryLoss, ClassesLoss, Expression, ExpressionError};

/// A mini-exercise, by its number in the course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exercise {
    BceAndDice,
    DiceAndIou,
    FocalGamma,
    GradientMagnitudes,
    ExtremeImbalance,
    DamageMapping,
}

impl Exercise {
    pub(crate) const ALL: [Exercise; 6] = [
        Exercise::BceAndDice,
        Exercise::DiceAndIou,
        Exercise::FocalGamma,
        Exercise::GradientMagnitudes,
        Exercise::ExtremeImbalance,
        Exercise::DamageMapping,
    ];

    pub(crate) fn number(self) -> u8 {
        self as u8 + 1
    }

    pub(crate) fn of_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|exercise| exercise.number() == number)
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Exercise::BceAndDice => "BCE alone against BCE + Dice",
            Exercise::DiceAndIou => "Dice against IoU",
            Exercise::FocalGamma => "Focal loss and its γ",
            Exercise::GradientMagnitudes => "Gradient magnitudes",
            Exercise::ExtremeImbalance => "Extreme imbalance",
            Exercise::DamageMapping => "Damage mapping in five classes",
        }
    }
}

/// A loss under the name that it has in the report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NamedLoss {
    pub(crate) name: String,
    /// In the language of `ablation score --loss`.
    pub(crate) expression: String,
    /// Its place in the palette.
    pub(crate) colour: usize,
}

/// One training: a loss, its data, a seed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arm {
    pub(crate) task: Task,
    pub(crate) loss: NamedLoss,
    pub(crate) seed: u64,
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, seed {}", self.loss.name, self.task, self.seed)
    }
}

/// The losses of the exercises, with the settings of a run.
pub(crate) struct Catalogue<'a> {
    config: &'a Config,
}

impl<'a> Catalogue<'a> {
    pub(crate) fn new(config: &'a Config) -> Self {
        Self { config }
    }

    fn named(name: impl Into<String>, expression: impl Into<String>, colour: usize) -> NamedLoss {
        NamedLoss { name: name.into(), expression: expression.into(), colour }
    }

    fn bce(&self) -> NamedLoss {
        Self::named("BCE", "bce", 0)
    }

    /// Foreground and background weigh the same in total.
    fn weighted_bce(&self, share: f64) -> NamedLoss {
        // Four digits are enough of a weight, and make the expression readable.
        let weight: f64 = format!("{:.3e}", (1.0 - share) / share).parse().unwrap_or(1.0);
        Self::named("weighted BCE", format!("bce(pos_weight={weight})"), 6)
    }

    fn smoothed(&self, name: &str) -> String {
        format!("{name}(smooth={})", self.config.losses.smooth)
    }

    fn focal_expression(gamma: f64) -> String {
        format!("focal(gamma={gamma})")
    }

    fn tversky_expression(&self) -> String {
        let [alpha, beta] = self.config.losses.tversky;
        format!("tversky(alpha={alpha}, beta={beta}, smooth={})", self.config.losses.smooth)
    }

    fn dice(&self) -> NamedLoss {
        Self::named("Dice", self.smoothed("dice"), 2)
    }

    fn iou(&self) -> NamedLoss {
        Self::named("IoU", self.smoothed("iou"), 3)
    }

    fn focal(&self) -> NamedLoss {
        Self::named("focal", Self::focal_expression(self.config.losses.gamma), 4)
    }

    fn tversky(&self) -> NamedLoss {
        Self::named("Tversky", self.tversky_expression(), 5)
    }

    fn bce_and_dice(&self) -> NamedLoss {
        Self::named("BCE + Dice", format!("bce + {}", self.smoothed("dice")), 1)
    }

    fn focal_and_dice(&self) -> NamedLoss {
        let focal = Self::focal_expression(self.config.losses.gamma);
        Self::named("focal + Dice", format!("{focal} + {}", self.smoothed("dice")), 7)
    }

    fn focal_and_tversky(&self) -> NamedLoss {
        let focal = Self::focal_expression(self.config.losses.gamma);
        Self::named("focal + Tversky", format!("{focal} + {}", self.tversky_expression()), 8)
    }

    /// The user's own.
    fn own(&self) -> impl Iterator<Item = NamedLoss> + 'a {
        let own = self.config.losses.own.iter().enumerate();
        own.map(|(index, text)| Self::named(text.clone(), text.clone(), 9 + index))
    }

    /// The losses of an exercise on binary masks, in the order of the report.
    pub(crate) fn binary(&self, exercise: Exercise, share: f64) -> Vec<NamedLoss> {
        let mut losses = match exercise {
            Exercise::BceAndDice => vec![self.bce(), self.bce_and_dice()],
            Exercise::DiceAndIou => vec![self.dice(), self.iou()],
            Exercise::FocalGamma => {
                let gammas = self.config.losses.gammas.iter().enumerate();
                let named = |(index, gamma): (usize, &f64)| {
                    Self::named(format!("γ = {gamma}"), Self::focal_expression(*gamma), index)
                };
                return gammas.map(named).collect();
            }
            Exercise::GradientMagnitudes => {
                return vec![self.bce(), self.dice(), self.iou(), self.focal(), self.tversky()];
            }
            Exercise::ExtremeImbalance => vec![
                self.bce(),
                self.weighted_bce(share),
                self.focal(),
                self.dice(),
                self.iou(),
                self.tversky(),
                self.bce_and_dice(),
                self.focal_and_dice(),
                self.focal_and_tversky(),
            ],
            Exercise::DamageMapping => Vec::new(),
        };
        losses.extend(self.own());
        losses
    }

    /// The arms of exercise 6: each differs from the one before in one thing.
    pub(crate) fn damage(&self) -> Vec<(Task, NamedLoss)> {
        let gamma = self.config.losses.gamma;
        let [shallow, deep] = [false, true].map(|deep_supervision| Task::Damage { deep_supervision });
        // Over the same denominator as the weighted cross-entropy, so that γ is all that differs.
        let focal = format!("focal(gamma={gamma}, reduction=weighted_mean)");
        let focal_and_dice = format!("{focal} + dice(smooth={}, classes=foreground)", self.config.losses.smooth);
        vec![
            (shallow, Self::named("CE", "ce(weights=none)", 0)),
            (shallow, Self::named("weighted CE", "ce", 6)),
            (shallow, Self::named("focal", focal, 4)),
            (shallow, Self::named("focal + Dice", focal_and_dice.clone(), 7)),
            (deep, Self::named("focal + Dice, deep", focal_and_dice, 5)),
        ]
    }

    /// The tasks of an exercise on binary masks.
    pub(crate) fn shares(&self, exercise: Exercise) -> Vec<f64> {
        match exercise {
            Exercise::ExtremeImbalance => self.config.data.rare_shares.clone(),
            Exercise::DamageMapping => Vec::new(),
            _ => vec![self.config.data.share],
        }
    }

    /// All trainings of some exercises, without repetition: those of a seed together, the longest of them first.
    pub(crate) fn arms(&self, exercises: &BTreeSet<Exercise>) -> Vec<Arm> {
        self.config.seeds().flat_map(|seed| self.arms_of_seed(exercises, seed)).collect()
    }

    /// Those of one seed.
    pub(crate) fn arms_of_seed(&self, exercises: &BTreeSet<Exercise>, seed: u64) -> Vec<Arm> {
        let mut arms: Vec<Arm> = Vec::new();
        // Under the name that it has beside other losses, whatever exercise asks for it first.
        let focal = self.focal();
        let named = |loss: NamedLoss| if loss.expression == focal.expression { focal.clone() } else { loss };
        if exercises.contains(&Exercise::DamageMapping) {
            arms.extend(self.damage().into_iter().map(|(task, loss)| Arm { task, loss, seed }));
        }
        for exercise in exercises {
            for share in self.shares(*exercise) {
                for loss in self.binary(*exercise, share) {
                    let arm = Arm { task: Task::Binary { share }, loss: named(loss), seed };
                    let known = arms.iter().any(|other| other.is_same_training(&arm));
                    if !known {
                        arms.push(arm);
                    }
                }
            }
        }
        arms
    }
}

impl Arm {
    /// Whether nothing but the loss's name differs.
    pub(crate) fn is_same_training(&self, other: &Arm) -> bool {
        self.task == other.task && self.seed == other.seed && self.loss.expression == other.loss.expression
    }
}

impl NamedLoss {
    pub(crate) fn binary(&self) -> Result<Expression<BinaryLoss>, ExpressionError> {
        self.expression.parse()
    }

    pub(crate) fn of_classes(&self) -> Result<Expression<ClassesLoss>, ExpressionError> {
        self.expression.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::config::Preset;

    #[test]
    fn every_arm_is_a_loss_and_none_is_trained_twice() {
        let mut config = Config::preset(Preset::Full);
        config.losses.own = vec!["0.7*focal(gamma=2) + 0.3*tversky(alpha=0.3, beta=0.7)".to_owned()];
        let arms = Catalogue::new(&config).arms(&Exercise::ALL.into());
        for (index, arm) in arms.iter().enumerate() {
            match arm.task {
                Task::Binary { .. } => assert!(arm.loss.binary().is_ok(), "{arm}"),
                Task::Damage { .. } => assert!(arm.loss.of_classes().is_ok(), "{arm}"),
            }
            assert!(!arms[..index].iter().any(|other| other.is_same_training(arm)), "{arm}");
        }
        // Of a seed: 2 + 2 + 5 + 5 of exercise 4 without those it shares, the own loss once for each share, and 5.
        let of_share = 2 + 2 + config.losses.gammas.len() + 1 + 1;
        assert_eq!(arms.len(), config.seeds as usize * (of_share + config.data.rare_shares.len() * 10 + 5));
    }
}
