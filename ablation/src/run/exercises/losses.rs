//! The losses that several exercises compare, with the settings of a run. A loss of a single exercise is in that exercise's file.

use crate::run::arm::NamedLoss;
use crate::run::config::Losses;

/// The shared losses, with these settings.
pub(super) struct Shared<'a>(pub(super) &'a Losses);

pub(super) fn named(name: impl Into<String>, expression: impl Into<String>, colour: usize) -> NamedLoss {
    NamedLoss { name: name.into(), expression: expression.into(), colour }
}

pub(super) fn focal_expression(gamma: f64) -> String {
    format!("focal(gamma={gamma})")
}

impl Shared<'_> {
    pub(super) fn bce(&self) -> NamedLoss {
        named("BCE", "bce", 0)
    }

    fn smoothed(&self, name: &str) -> String {
        format!("{name}(smooth={})", self.0.smooth)
    }

    fn tversky_expression(&self) -> String {
        let [alpha, beta] = self.0.tversky;
        format!("tversky(alpha={alpha}, beta={beta}, smooth={})", self.0.smooth)
    }

    pub(super) fn dice(&self) -> NamedLoss {
        named("Dice", self.smoothed("dice"), 2)
    }

    pub(super) fn iou(&self) -> NamedLoss {
        named("IoU", self.smoothed("iou"), 3)
    }

    pub(super) fn focal(&self) -> NamedLoss {
        named("focal", focal_expression(self.0.gamma), 4)
    }

    pub(super) fn tversky(&self) -> NamedLoss {
        named("Tversky", self.tversky_expression(), 5)
    }

    pub(super) fn bce_and_dice(&self) -> NamedLoss {
        named("BCE + Dice", format!("bce + {}", self.smoothed("dice")), 1)
    }

    pub(super) fn focal_and_dice(&self) -> NamedLoss {
        let focal = focal_expression(self.0.gamma);
        named("focal + Dice", format!("{focal} + {}", self.smoothed("dice")), 7)
    }

    pub(super) fn focal_and_tversky(&self) -> NamedLoss {
        let focal = focal_expression(self.0.gamma);
        named("focal + Tversky", format!("{focal} + {}", self.tversky_expression()), 8)
    }

    /// The user's own losses.
    pub(super) fn own(&self) -> Vec<NamedLoss> {
        let own = self.0.own.iter().enumerate();
        own.map(|(index, text)| named(text.clone(), text.clone(), 9 + index)).collect()
    }
}
