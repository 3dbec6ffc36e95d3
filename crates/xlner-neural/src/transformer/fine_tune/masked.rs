//! Masked sub-words, and the head that says what they were.

use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Map, Value};

use super::data::Item;
use super::folder;
use super::model::Network;
use super::ops::{Pass, Target, mix, uniform};
use super::parameters::Parameters;
use crate::nn::{Activation, Tensors};
use crate::transformer::config::{Config, Family};
use crate::{Error, Result};

/// What masking needs to know of a vocabulary.
#[derive(Debug, Clone, Copy)]
pub(super) struct Masking {
    /// Share of sub-words that are to be found again, > 0.
    pub share: f64,
    /// Number of the mask.
    pub mask: u32,
    /// Sub-words that there are.
    pub vocabulary: u32,
    /// What the choice follows from.
    pub seed: u64,
}

/// A text, in one window or several, and the rows that may be masked.
pub(super) struct Text {
    pub windows: Vec<Vec<u32>>,
    pub rows: Vec<u32>,
}

impl Masking {
    /// The text as it is seen in an epoch: of the sub-words that are to be found again 80 % are masked, 10 % replaced by any, 10 %
    /// left (Devlin et al. 2019, §3.1). One is chosen at least.
    pub fn apply(&self, text: &Text, index: usize, epoch: u64) -> Item {
        let seed = mix(mix(self.seed, 0x4d41_534b ^ epoch), index as u64);
        let mut windows = text.windows.clone();
        let draw = |at: usize| uniform(seed, 3 * at as u64);
        let mut chosen: Vec<usize> = (0..text.rows.len()).filter(|at| draw(*at) < self.share).collect();
        if chosen.is_empty() {
            chosen.extend((0..text.rows.len()).min_by(|a, b| draw(*a).total_cmp(&draw(*b))));
        }
        let mut targets = Vec::with_capacity(chosen.len());
        for at in chosen {
            let (mut window, mut place) = (0, text.rows[at] as usize);
            while place >= windows[window].len() {
                place -= windows[window].len();
                window += 1;
            }
            let piece = &mut windows[window][place];
            targets.push(Target { row: text.rows[at], class: *piece, weight: 1.0 });
            let fate = uniform(seed, 3 * at as u64 + 1);
            if fate < 0.8 {
                *piece = self.mask;
            } else if fate < 0.9 {
                *piece = (uniform(seed, 3 * at as u64 + 2) * f64::from(self.vocabulary)) as u32;
            }
        }
        Item { weight: targets.len() as f64, windows, targets }
    }
}

/// The names of a masked-language-model head, as `transformers` has them: a layer, a norm, and the scores' bias. The scores'
/// weights are those of the embeddings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    dense: &'static str,
    norm: &'static str,
    /// The name of the bias of the scores.
    pub bias: &'static str,
    activation: Activation,
}

impl Head {
    fn of(config: &Config, legacy: bool) -> Head {
        let [dense, norm, bias] = match config.family {
            Family::Roberta => ["lm_head.dense", "lm_head.layer_norm", "lm_head.bias"],
            Family::Distilbert => ["vocab_transform", "vocab_layer_norm", "vocab_projector.bias"],
            Family::DebertaV1 | Family::Deberta if !legacy => {
                ["lm_predictions.lm_head.dense", "lm_predictions.lm_head.LayerNorm", "lm_predictions.lm_head.bias"]
            }
            Family::Bert | Family::DebertaV1 | Family::Deberta => {
                ["cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias"]
            }
        };
        let activation = if config.family == Family::Roberta { Activation::Gelu } else { config.activation };
        Head { dense, norm, bias, activation }
    }

    /// Puts the head of a checkpoint among the parameters, or a new one where it has none; whether it had one. `raw`, the model's
    /// `config.json`, says afterwards which kind of head it is.
    ///
    /// # Errors
    /// [`Error::Model`] where it is damaged, or its scores have weights of their own.
    pub fn load(
        config: &Config,
        raw: &mut Map<String, Value>,
        (init, weights): (&Path, &Tensors),
        parameters: &mut Parameters,
        seed: u64,
        device: &Device,
    ) -> Result<(Head, bool)> {
        // DeBERTa's published files have the head of the other kind, and do not say so.
        let legacy = raw.get("legacy").and_then(Value::as_bool);
        let legacy = legacy.unwrap_or_else(|| !weights.contains("lm_predictions.lm_head.dense.weight"));
        if matches!(config.family, Family::DebertaV1 | Family::Deberta) && !legacy {
            raw.insert("legacy".into(), false.into());
        }
        let head = Head::of(config, legacy);
        if raw.get("tie_word_embeddings") == Some(&Value::Bool(false)) {
            let problem = "tie_word_embeddings is false: the scores of its masked words have weights of their own, and only \
                           those of the embeddings can be trained on";
            return Err(Error::model(&init.join("config.json"), problem));
        }
        let [dense, norm] = [head.dense, head.norm].map(|name| [format!("{name}.weight"), format!("{name}.bias")]);
        let (hidden, embedded) = (config.hidden, config.embedded);
        let found = weights.contains(&dense[0]);
        if found {
            let decoder = head.bias.replace(".bias", ".decoder.bias");
            let bias = if weights.contains(head.bias) { head.bias } else { &decoder };
            for (name, from, shape) in [
                (&*dense[0], &*dense[0], vec![embedded, hidden]),
                (&dense[1], &dense[1], vec![embedded]),
                (&norm[0], &norm[0], vec![embedded]),
                (&norm[1], &norm[1], vec![embedded]),
                (head.bias, bias, vec![config.vocabulary]),
            ] {
                let tensor = Tensor::from_vec(weights.tensor(from, &shape)?, shape, device)?;
                parameters.add(name.to_owned(), tensor, true)?;
            }
        } else {
            parameters.add_random(head.dense, [embedded, hidden], folder::deviation(raw), seed, device)?;
            let ones = Tensor::ones(embedded, candle_core::DType::F32, device)?;
            parameters.add(norm[1].clone(), ones.zeros_like()?, true)?;
            parameters.add(norm[0].clone(), ones, true)?;
            let bias = Tensor::zeros(config.vocabulary, candle_core::DType::F32, device)?;
            parameters.add(head.bias.to_owned(), bias, true)?;
        }
        Ok((head, found))
    }

    /// The sum of the losses of targets, whose rows are those of `states`.
    pub fn loss(&self, network: &Network<'_>, pass: &Pass, states: &Tensor, targets: &[Target]) -> Result<Tensor> {
        let rows: Vec<u32> = targets.iter().map(|target| target.row).collect();
        let rows = Tensor::from_vec(rows, targets.len(), states.device())?;
        let of = |name: &str, part: &str| network.parameters.whole(&format!("{name}.{part}"));
        let states = states.index_select(&rows, 0)?;
        let states = pass.linear(&states, of(self.dense, "weight"), Some(of(self.dense, "bias")))?;
        let states = pass.activation(&states, self.activation)?;
        let states = pass.norm(&states, of(self.norm, "weight"), of(self.norm, "bias"), network.config.epsilon)?;
        let words = network.parameters.of("embeddings.word_embeddings.weight");
        let scores = pass.linear(&states, words, Some(network.parameters.whole(self.bias)))?;
        let numbered = targets.iter().zip(0..).map(|(target, row)| Target { row, ..*target });
        Ok(pass.cross_entropy(&scores, &numbered.collect::<Vec<_>>())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_what_is_masked() {
        let masking = Masking { share: 0.15, mask: 4, vocabulary: 1000, seed: 1 };
        // Windows of 100 sub-words, of which the first and the last are a frame.
        let text = Text {
            windows: (0..200u32).map(|_| [vec![2], vec![500; 98], vec![3]].concat()).collect(),
            rows: (0..20_000).filter(|row| !matches!(row % 100, 0 | 99)).collect(),
        };
        let count = text.rows.len() as f64;
        let mut all = Vec::new();
        for epoch in 0..2 {
            let item = masking.apply(&text, 0, epoch);
            let ids = item.windows.concat();
            let chosen = item.targets.len() as f64;
            assert!(((chosen / count) - 0.15).abs() < 0.01, "{chosen}");
            let of = |what: &dyn Fn(u32) -> bool| {
                item.targets.iter().filter(|target| what(ids[target.row as usize])).count() as f64 / chosen
            };
            assert!((of(&|id| id == 4) - 0.8).abs() < 0.03);
            assert!((of(&|id| id == 500) - 0.1).abs() < 0.02);
            assert!((of(&|id| id != 4 && id != 500) - 0.1).abs() < 0.02);
            assert!(item.targets.iter().all(|target| target.class == 500 && target.row % 100 % 99 != 0));
            let rows: Vec<u32> = item.targets.iter().map(|target| target.row).collect();
            let others = (0..ids.len()).filter(|row| !rows.contains(&(*row as u32)));
            assert!(others.into_iter().all(|row| [2, 500, 3].contains(&ids[row])));
            all.push(ids);
        }
        assert_ne!(all[0], all[1], "every epoch masks others");
        assert_eq!(all[0], masking.apply(&text, 0, 0).windows.concat());
        let short = Text { windows: vec![vec![2, 7, 3]], rows: vec![1] };
        for index in 0..20 {
            assert_eq!(masking.apply(&short, index, 0).targets, [Target { row: 1, class: 7, weight: 1.0 }]);
        }
    }
}
