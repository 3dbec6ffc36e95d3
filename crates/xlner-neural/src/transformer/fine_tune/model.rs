//! The encoder, as it is trained.

use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use serde_json::{Map, Value};

use super::ops::{Distances, Pass, Sentences, Tables};
use super::parameters::{LayerNames, Parameters, encoder};
use crate::transformer::config::{Config, Family};
use crate::{Error, Result};

/// Shares of values that are dropped in training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dropout {
    pub hidden: f64,
    pub attention: f64,
    pub classifier: f64,
}

impl Dropout {
    /// What `config.json` of `init` says, or the `given` share for all.
    ///
    /// # Errors
    /// [`Error::Model`] for what is no share from 0 on and under 1.
    pub fn read(config: &Config, raw: &Map<String, Value>, init: &Path, given: Option<f64>) -> Result<Dropout> {
        let said = Dropout::of(config, raw).map_err(|problem| Error::model(&init.join("config.json"), problem))?;
        Ok(given.map_or(said, |share| Dropout { hidden: share, attention: share, classifier: share }))
    }

    /// As `config.json` says, by the defaults of `transformers` where it is silent.
    ///
    /// # Errors
    /// What is no share from 0 on and under 1.
    fn of(config: &Config, raw: &Map<String, Value>) -> std::result::Result<Dropout, String> {
        let [hidden, attention] = match config.family {
            Family::Distilbert => ["dropout", "attention_dropout"],
            _ => ["hidden_dropout_prob", "attention_probs_dropout_prob"],
        };
        let share = |name: &str| match raw.get(name).and_then(Value::as_f64) {
            Some(share) if !(0.0..1.0).contains(&share) => {
                Err(format!("{name} is {share}; it is from 0 on and under 1"))
            }
            share => Ok(share),
        };
        let hidden = share(hidden)?.unwrap_or(0.1);
        let classifier = match config.family {
            Family::Bert | Family::Roberta => share("classifier_dropout")?.unwrap_or(hidden),
            Family::Distilbert | Family::DebertaV1 | Family::Deberta => hidden,
        };
        Ok(Dropout { hidden, attention: share(attention)?.unwrap_or(0.1), classifier })
    }
}

/// Sub-words of several sentences, one after another.
pub(super) struct Packed {
    ids: Tensor,
    positions: Tensor,
    sentences: Sentences,
}

impl Packed {
    pub fn new(config: &Config, sentences: &[&[u32]], device: &Device) -> Result<Packed> {
        let lengths: Vec<usize> = sentences.iter().map(|sentence| sentence.len()).collect();
        let rows = lengths.iter().sum();
        let (mut ids, mut positions) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for sentence in sentences {
            let mut position = config.padding as u32;
            for (at, &id) in sentence.iter().enumerate() {
                ids.push(id);
                // As in `transformer::model`: RoBERTa counts from after the padding's id, and padding is not counted.
                positions.push(match config.family {
                    Family::Roberta if id as usize == config.padding => config.padding as u32,
                    Family::Roberta => {
                        position += 1;
                        position
                    }
                    _ => at as u32,
                });
            }
        }
        Ok(Packed {
            ids: Tensor::from_vec(ids, rows, device)?,
            positions: Tensor::from_vec(positions, rows, device)?,
            sentences: Sentences { lengths: Arc::new(lengths) },
        })
    }
}

/// An encoder by its weights.
pub(super) struct Network<'a> {
    pub config: &'a Config,
    pub parameters: &'a Parameters,
    pub dropout: Dropout,
}

impl Network<'_> {
    /// Where its weights lie.
    pub fn device(&self) -> &Device {
        self.parameters.of("embeddings.word_embeddings.weight").device()
    }

    /// The hidden states after `layers` layers, a row per sub-word.
    pub fn hidden_states(&self, pass: &Pass, batch: &Packed, layers: usize) -> Result<Tensor> {
        let mut states = self.embed(pass, batch)?;
        let table = self.table(pass)?;
        for layer in 0..layers {
            let output = self.layer(pass, &states, batch, layer, table.as_ref())?;
            states = match self.config.convolution.is_some() && layer == 0 {
                true => self.convolve(pass, &states, batch, &output)?,
                false => output,
            };
        }
        Ok(states)
    }

    /// The scores of every class for every sub-word.
    pub fn logits(&self, pass: &Pass, batch: &Packed) -> Result<Tensor> {
        let states = self.hidden_states(pass, batch, self.config.layers)?;
        let states = pass.dropout(&states, self.dropout.classifier)?;
        let parameters = self.parameters;
        Ok(pass.linear(&states, parameters.whole("classifier.weight"), Some(parameters.whole("classifier.bias")))?)
    }

    fn embed(&self, pass: &Pass, batch: &Packed) -> Result<Tensor> {
        let of = |name: &str| self.parameters.optional(&format!("embeddings.{name}.weight"));
        let mut states = self.parameters.of("embeddings.word_embeddings.weight").index_select(&batch.ids, 0)?;
        if let Some(types) = of("token_type_embeddings") {
            states = states.broadcast_add(&types.narrow(0, 0, 1)?)?;
        }
        if let Some(positions) = of("position_embeddings") {
            states = (states + positions.index_select(&batch.positions, 0)?)?;
        }
        if let Some(projection) = of("embed_proj") {
            states = pass.linear(&states, projection, None)?;
        }
        Ok(pass.dropout(&self.norm(pass, &states, "embeddings.LayerNorm")?, self.dropout.hidden)?)
    }

    fn norm(&self, pass: &Pass, states: &Tensor, name: &str) -> Result<Tensor> {
        let [scale, shift] = ["weight", "bias"].map(|part| self.parameters.of(&format!("{name}.{part}")));
        Ok(pass.norm(states, scale, shift, self.config.epsilon)?)
    }

    fn linear(&self, pass: &Pass, states: &Tensor, name: &str) -> Result<Tensor> {
        let weight = self.weight(name)?;
        Ok(pass.linear(states, &weight, self.parameters.optional(&format!("{name}.bias")))?)
    }

    /// The matrix of a layer, with the product of an adapter's factors added where it has some.
    fn weight(&self, name: &str) -> Result<Tensor> {
        let of = |part: &str| self.parameters.optional(&format!("{name}.{part}.weight"));
        let weight = self.parameters.of(&format!("{name}.weight"));
        Ok(match (of("lora_A"), of("lora_B")) {
            (Some(a), Some(b)) => (weight + (b.matmul(a)? * self.parameters.scale)?)?,
            _ => weight.clone(),
        })
    }

    fn layer(
        &self,
        pass: &Pass,
        states: &Tensor,
        batch: &Packed,
        number: usize,
        table: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (config, names) = (self.config, LayerNames::of(self.config.family));
        let at = |name: &str| format!("{}.layer.{number}.{name}", encoder(config.family));
        let projected = match names.projections {
            Some(names) => {
                let [queries, keys, values] = names.map(|name| self.linear(pass, states, &at(name)));
                Tensor::cat(&[queries?, keys?, values?], 1)?
            }
            None => self.projections(pass, states, &at("attention.self"))?,
        };
        let tables = table.map(|table| self.tables(pass, table, batch, &at("attention.self"))).transpose()?;
        let (sentences, dropout) = (&batch.sentences, self.dropout.attention);
        let context = pass.attention(&projected, sentences, config.heads, tables.as_ref(), dropout)?;
        let mut attended = self.linear(pass, &context, &at(names.attended))?;
        if config.family != Family::Distilbert {
            attended = pass.dropout(&attended, self.dropout.hidden)?;
        }
        let rows = self.norm(pass, &(attended + states)?, &at(names.attended_norm))?;
        let inner = pass.activation(&self.linear(pass, &rows, &at(names.inner))?, config.activation)?;
        let outer = pass.dropout(&self.linear(pass, &inner, &at(names.outer))?, self.dropout.hidden)?;
        self.norm(pass, &(outer + rows)?, &at(names.outer_norm))
    }

    /// Queries, keys and values of DeBERTa's version 1, which keeps them in one matrix, head by head; keys have no bias.
    fn projections(&self, pass: &Pass, states: &Tensor, attention: &str) -> Result<Tensor> {
        let of = |name: &str| self.parameters.of(&format!("{attention}.{name}"));
        let (hidden, heads) = (self.config.hidden, self.config.heads);
        let weight = self
            .weight(&format!("{attention}.in_proj"))?
            .reshape((heads, 3, hidden / heads, hidden))?
            .permute((1, 0, 2, 3))?;
        let weight = weight.contiguous()?.reshape((3 * hidden, hidden))?;
        let bias = Tensor::cat(&[of("q_bias"), &of("q_bias").zeros_like()?, of("v_bias")], 0)?;
        Ok(pass.linear(states, &weight, Some(&bias))?)
    }

    /// DeBERTa's vectors of distances.
    fn table(&self, pass: &Pass) -> Result<Option<Tensor>> {
        let Some(relative) = &self.config.relative else { return Ok(None) };
        let table = self.parameters.of("encoder.rel_embeddings.weight").narrow(0, 0, 2 * relative.span)?;
        Ok(Some(if relative.norm { self.norm(pass, &table, "encoder.LayerNorm")? } else { table }))
    }

    /// The vectors of the distances that occur, as keys and as queries of a layer.
    fn tables(&self, pass: &Pass, table: &Tensor, batch: &Packed, attention: &str) -> Result<Tables> {
        let relative = self.config.relative.as_ref().expect("a model with a table has distances");
        let longest = batch.sentences.lengths.iter().copied().max().unwrap_or(1);
        let rows: Vec<usize> = (0..2 * longest - 1).map(|at| relative.row(at as i64 + 1 - longest as i64)).collect();
        // They ascend.
        let (first, last) = (rows[0], rows[rows.len() - 1]);
        let rows = rows.iter().map(|row| (row - first) as u32).collect();
        let table = table.narrow(0, first, last + 1 - first)?;
        // Of distances values are dropped too (DebertaV2, `pos_dropout`).
        let table = pass.dropout(&table, self.dropout.hidden)?;
        let [own_keys, own_queries] = relative.own;
        let project = |wanted: bool, shared: &str, own: &str| -> Result<Option<Tensor>> {
            let name = if relative.shared { shared } else { own };
            wanted.then(|| self.linear(pass, &table, &format!("{attention}.{name}"))).transpose()
        };
        Ok(Tables {
            keys: project(relative.content_to_position, "key_proj", own_keys)?,
            queries: project(relative.position_to_content, "query_proj", own_queries)?,
            distances: Distances { rows: Arc::new(rows), longest },
        })
    }

    /// DeBERTa's convolution of the first layer's `input`, added to its `output`.
    fn convolve(&self, pass: &Pass, input: &Tensor, batch: &Packed, output: &Tensor) -> Result<Tensor> {
        let convolution = self.config.convolution.as_ref().expect("a model that convolves has a convolution");
        let (rows, hidden) = input.dims2()?;
        let (mut neighbours, mut start) = (Vec::with_capacity(rows * convolution.width), 0);
        for &length in batch.sentences.lengths.iter() {
            for at in 0..length {
                for neighbour in 0..convolution.width {
                    let at = (at + neighbour).checked_sub(convolution.width / 2).filter(|at| *at < length);
                    // Beyond the ends of a sentence is the row of zeros after the last.
                    neighbours.push(at.map_or(rows, |at| start + at) as u32);
                }
            }
            start += length;
        }
        let neighbours = Tensor::from_vec(neighbours, rows * convolution.width, input.device())?;
        let zeros = Tensor::zeros((1, hidden), input.dtype(), input.device())?;
        let windows = Tensor::cat(&[input, &zeros], 0)?.index_select(&neighbours, 0)?;
        let windows = windows.reshape((rows, convolution.width * hidden))?;
        let weight = self.parameters.of("encoder.conv.conv.weight").permute((0, 2, 1))?.contiguous()?;
        let weight = weight.reshape((hidden, convolution.width * hidden))?;
        let convolved = pass.linear(&windows, &weight, Some(self.parameters.of("encoder.conv.conv.bias")))?;
        let convolved = pass.activation(&pass.dropout(&convolved, self.dropout.hidden)?, convolution.activation)?;
        self.norm(pass, &(output + convolved)?, "encoder.conv.LayerNorm")
    }
}
