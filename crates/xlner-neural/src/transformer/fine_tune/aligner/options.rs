//! How an encoder is fine-tuned to align.

use super::super::options::{DeviceChoice, FineTuneOptions};
use crate::{Error, Result};

/// How an encoder is fine-tuned; the usual values are those of awesome-align.
#[derive(Debug, Clone, PartialEq)]
pub struct FineTuneAlignerOptions {
    /// The layer whose vectors are compared; only it and those below are trained.
    pub layer: usize,
    /// Probability, in both directions, from which two sub-words are taken to belong together.
    pub threshold: f64,
    /// Whether sub-words that seem to belong together are to do so more (self-training, eq. 4 of the paper).
    pub self_training: bool,
    /// Whether both directions are to agree, too (consistency, eq. 5).
    pub consistency: bool,
    /// Whether masked sub-words of each sentence are to be found again (masked language modelling, eq. 1).
    pub masked: bool,
    /// Whether masked sub-words of a pair are, by both sentences (translation language modelling, eq. 2 and 3).
    pub translation: bool,
    /// Whether the pair is to be told from one whose sides do not belong together (parallel sentence identification, eq. 6).
    pub identification: bool,
    /// Passes over the pairs, ≥ 1.
    pub epochs: usize,
    /// Pairs of a batch, ≥ 1.
    pub batch_size: usize,
    /// Largest learning rate, > 0.
    pub learning_rate: f64,
    /// Share of the steps over which the learning rate rises, 0 to below 1.
    pub warmup: f64,
    /// Gradients whose norm is larger are scaled down to it; > 0.
    pub max_grad_norm: f64,
    /// Share of values dropped, from 0 to below 1; `None`: as `config.json` says.
    pub dropout: Option<f64>,
    /// Whether pairs come in an order of their own in every epoch.
    pub shuffle: bool,
    /// What the order and what is dropped follow from.
    pub seed: u64,
    /// What computes.
    pub device: DeviceChoice,
}

impl Default for FineTuneAlignerOptions {
    fn default() -> Self {
        FineTuneAlignerOptions {
            layer: 8,
            threshold: 1e-3,
            self_training: true,
            consistency: false,
            masked: false,
            translation: false,
            identification: false,
            epochs: 1,
            batch_size: 8,
            learning_rate: 2e-5,
            warmup: 0.0,
            max_grad_norm: 1.0,
            dropout: None,
            shuffle: true,
            seed: 42,
            device: DeviceChoice::Auto,
        }
    }
}

impl FineTuneAlignerOptions {
    /// The same for the trainer.
    pub(super) fn training(&self) -> FineTuneOptions {
        FineTuneOptions {
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            warmup: self.warmup,
            weight_decay: 0.0,
            max_grad_norm: self.max_grad_norm,
            dropout: self.dropout,
            shuffle: self.shuffle,
            seed: self.seed,
            device: self.device,
            ..FineTuneOptions::default()
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let problem = if self.epochs == 0 || self.batch_size == 0 {
            "epochs and the batch size are 1 at least"
        } else if !positive(self.learning_rate) || !positive(self.max_grad_norm) {
            "the learning rate and the largest norm of gradients are greater than 0"
        } else if !(0.0..1.0).contains(&self.warmup) || self.dropout.is_some_and(|share| !(0.0..1.0).contains(&share)) {
            "shares, of warm-up and of what is dropped, are from 0 to below 1"
        } else if !(0.0..1.0).contains(&self.threshold) {
            "the threshold is a probability below 1"
        } else if !(self.self_training || self.consistency || self.masked || self.translation || self.identification) {
            "there is no objective: self-training, consistency, masked words, translation or identification"
        } else {
            return Ok(());
        };
        Err(Error::Options(problem.into()))
    }
}
