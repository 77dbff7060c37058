//! Presets of the settings.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::{Config, Damage, Data, HeadBias, Losses, Robustness, Sensitivity, Shapes, Training};

/// The amount of computation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Preset {
    /// One seed with few steps, to see that everything works; it supports no conclusion
    Quick,
    /// Five seeds
    #[default]
    Default,
    /// Five seeds, a larger network, more steps, larger images and rarer objects
    Full,
}

impl Config {
    pub(crate) fn preset(preset: Preset) -> Self {
        let default = standard();
        match preset {
            Preset::Default => default,
            Preset::Quick => Self {
                seeds: 1,
                training: Training { steps: 50, damage_steps: 50, evaluations: 5, ..default.training },
                data: Data { size: 48, training_images: 128, held_out_images: 16, ..default.data },
                damage: Damage { training_images: 96, held_out_images: 24, ..default.damage },
                sensitivity: Sensitivity {
                    steps: 20,
                    learning_rates: vec![0.001, 0.01, 0.1],
                    gammas: vec![0.0, 2.0, 4.0],
                    alphas: vec![0.1, 0.5, 0.9],
                    lambdas: vec![0.1, 0.5, 0.9],
                    smooths: vec![0.0, 1.0, 100.0],
                    ..default.sensitivity
                },
                ..default
            },
            Preset::Full => Self {
                training: Training { steps: 200, damage_steps: 400, base_channels: 8, ..default.training },
                data: Data { size: 96, rare_shares: vec![0.01, 0.001], ..default.data },
                ..default
            },
        }
    }
}

fn standard() -> Config {
    Config {
        seeds: 5,
        first_seed: 0,
        training: Training {
            steps: 80,
            damage_steps: 160,
            evaluations: 8,
            batch: 8,
            learning_rate: 0.01,
            damage_learning_rate: 0.02,
            base_channels: 4,
            head_bias: HeadBias::Zero,
        },
        data: Data {
            size: 64,
            training_images: 256,
            held_out_images: 128,
            share: 0.05,
            rare_shares: vec![0.01],
            contrast: 1.0,
            noise: 0.4,
            soft_edge: 1.5,
            label_noise: 0.02,
            shapes: Shapes { blobs: 1.0, ellipses: 1.0, roads: 0.7, small_objects: 0.7 },
        },
        damage: Damage {
            shares: [0.960, 0.027, 0.001, 0.001, 0.001],
            training_images: 192,
            held_out_images: 96,
            class_weights: [1.0, 5.0, 20.0, 20.0, 20.0],
            lambdas: [0.4, 0.6, 1.0],
        },
        losses: Losses {
            smooth: 1.0,
            tversky: [0.3, 0.7],
            gamma: 2.0,
            gammas: vec![1.0, 1.5, 2.0, 2.5, 3.0],
            own: Vec::new(),
        },
        robustness: Robustness { seeds: 3, label_noise: 0.1, annotators: 5 },
        sensitivity: Sensitivity {
            seeds: 1,
            steps: 40,
            size: 32,
            training_images: 128,
            held_out_images: 64,
            learning_rates: vec![0.001, 0.003, 0.01, 0.03, 0.1],
            gammas: vec![0.0, 1.0, 2.0, 4.0],
            alphas: vec![0.1, 0.3, 0.5, 0.7, 0.9],
            lambdas: vec![0.0, 0.1, 0.5, 0.9, 1.0],
            smooths: vec![0.0, 1.0, 100.0, 10000.0],
        },
        images: None,
    }
}
