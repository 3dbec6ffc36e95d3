//! What a training tells.

use serde::{Deserialize, Serialize};

/// One step of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Its number, from 1.
    pub step: u64,
    /// Steps at most.
    pub steps: u64,
    /// Loss of its batches: mean cross-entropy, in nats.
    pub loss: f64,
    /// Learning rate.
    pub learning_rate: f64,
    /// Norm of all gradients, before it was cut.
    pub gradient_norm: f64,
}

/// Figures of an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochFigures {
    /// Its number, from 1.
    pub epoch: usize,
    /// Mean loss of its steps.
    pub loss: f64,
    /// What the model was worth after it, as far as somebody measured.
    pub dev: Option<f64>,
}

/// What a training came to.
#[derive(Debug, Clone, PartialEq)]
pub struct FineTuned {
    /// The classes of the model: `O`, `B-` and `I-` of every label.
    pub classes: Vec<String>,
    /// Weights of the model, and those that were trained.
    pub weights: [usize; 2],
    /// Steps made, those before a resumption among them.
    pub steps: u64,
    /// The step at which a checkpoint was found.
    pub resumed: Option<u64>,
    /// Epochs in turn.
    pub history: Vec<EpochFigures>,
    /// The epoch whose model was kept: the best by the dev figures, else the last.
    pub epoch: usize,
}
