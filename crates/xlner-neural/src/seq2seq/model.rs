//! Encoder, decoder, logits.

use std::path::Path;

use rayon::prelude::*;
use rten_simd::SimdOp as _;
use rten_vecmath::LogSoftmax;

use super::config::{Config, Family};
use super::layer::DecoderLayer;
use super::stack::{self, EncoderStack, last_norm};
use super::state::{Cache, Memory, Rows};
use crate::nn::{Embedding, LayerNorm, Linear, Precision};
use crate::{Error, Result};

/// Tokens of which logits are calculated at once: what a batch needs for them stays in the processor's cache.
const BLOCK: usize = 1 << 13;

/// A checkpoint of M2M100, NLLB-200 or Marian, loaded to be run.
pub struct Seq2SeqModel {
    pub(super) config: Config,
    encoder: EncoderStack,
    /// The decoder's table where it has its own.
    target_words: Option<Embedding>,
    decoder: Vec<DecoderLayer>,
    decoder_norm: Option<LayerNorm>,
    /// The projection to the vocabulary, in blocks of [`BLOCK`] tokens.
    logits: Vec<Linear>,
    precision: Precision,
    checksum: u32,
}

impl std::fmt::Debug for Seq2SeqModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seq2SeqModel").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Seq2SeqModel {
    /// Loads the checkpoint of a folder. Without a precision it calculates in what CTranslate2 keeps the weights in, 8 bits or
    /// floating point, and else in floating point.
    ///
    /// # Errors
    /// [`Error::Model`] where it is of another kind, damaged or incomplete; [`Error::File`] where a file cannot be read.
    pub fn load(folder: &Path, precision: impl Into<Option<Precision>>) -> Result<Seq2SeqModel> {
        let (config, weights) = stack::open(folder)?;
        let kept = if weights.has_int8() { Precision::Int8 } else { Precision::F32 };
        let precision = precision.into().unwrap_or(kept);
        let (root, base, width) = (weights.root(), stack::base(&weights), config.width);
        let mut encoder = EncoderStack::load(&config, &weights, precision)?;
        let shape = [config.target_vocabulary, width];
        let mut target_words = match config.shared {
            true => None,
            false => Some(Embedding::new(base.tensor("decoder.embed_tokens.weight", &shape)?, width)),
        };
        // Written beside the tables they are tied to, or not at all.
        let projection = match root.contains("lm_head.weight") {
            true => Some(Embedding::new(root.tensor("lm_head.weight", &shape)?, width)),
            false => None,
        };
        let projection = projection.as_ref().or(target_words.as_ref()).unwrap_or(&encoder.words).table();
        if projection.len() != config.target_vocabulary * width {
            return Err(Error::model(folder, "its tables have another size than config.json says"));
        }
        let bias = match (root.contains("final_logits_bias"), root.contains("lm_head.bias")) {
            (true, _) => Some(root.tensor("final_logits_bias", &[1, config.target_vocabulary])?),
            (_, true) => Some(root.tensor("lm_head.bias", &[config.target_vocabulary])?),
            _ => None,
        };
        let blocks = projection.chunks(BLOCK * width).enumerate().map(|(number, block)| {
            let start = number * BLOCK;
            let bias = bias.as_ref().map(|bias| bias[start..start + block.len() / width].to_vec());
            Linear::new(block, bias, width, precision)
        });
        let logits = blocks.collect();
        if config.start as usize == config.target_vocabulary {
            target_words.as_mut().unwrap_or(&mut encoder.words).push_zeros();
        }
        let decoder = base.at("decoder");
        let decoder_layers = (0..config.decoder.layers)
            .map(|n| DecoderLayer::load(&config, &decoder.at(format!("layers.{n}")), precision));
        Ok(Seq2SeqModel {
            encoder,
            target_words,
            decoder: decoder_layers.collect::<Result<_>>()?,
            decoder_norm: last_norm(&config, &decoder)?,
            logits,
            precision,
            checksum: weights.checksum()?,
            config,
        })
    }

    /// Checksum of the weights and precision: what a result that was kept depends on.
    pub fn signature(&self) -> String {
        format!("{:08x} {}", self.checksum, self.precision)
    }

    /// Tokens of the decoder's vocabulary.
    pub fn vocabulary(&self) -> usize {
        self.config.target_vocabulary
    }

    /// Whether it is one of Marian.
    pub fn is_marian(&self) -> bool {
        self.config.family == Family::Marian
    }

    /// Whether one of CTranslate2's converters wrote it.
    pub fn is_ctranslate2(&self) -> bool {
        self.config.ctranslate2
    }

    /// Tokens that a sentence may have, those at its ends included.
    pub fn longest(&self) -> usize {
        self.config.positions
    }

    /// Encodes sentences: what the decoder attends to. Panics on a sentence without tokens or longer than
    /// [`longest`](Self::longest), or a token outside the vocabulary.
    pub fn encode(&self, sentences: &[&[u32]]) -> Memory {
        let lengths: Vec<usize> = sentences.iter().map(|sentence| sentence.len()).collect();
        let rows = self.encoder.states(sentences, self.config.encoder.layers);
        let mut starts = vec![0];
        starts.extend(lengths.iter().scan(0, |sum, length| {
            *sum += length;
            Some(*sum)
        }));
        Memory { layers: self.decoder.iter().map(|layer| layer.remember(&rows)).collect(), starts }
    }

    /// A cache for [`decode`](Self::decode).
    pub(super) fn cache(&self) -> Cache {
        Cache::new(self.decoder.len(), self.config.width)
    }

    /// The decoder's states of new rows, which go into the cache.
    pub(super) fn decode(&self, rows: &Rows, cache: &mut Cache, memory: &Memory) -> Vec<f32> {
        let mut states = Vec::with_capacity(rows.len() * self.config.width);
        let table = self.target_words.as_ref().unwrap_or(&self.encoder.words);
        for (token, position) in rows.tokens.iter().zip(&rows.positions) {
            self.encoder.embed(table, *token, *position, &mut states);
        }
        for (number, layer) in self.decoder.iter().enumerate() {
            layer.apply(&mut states, rows, cache, memory, number);
        }
        if let Some(norm) = &self.decoder_norm {
            norm.apply(&mut states);
        }
        states
    }

    /// Logits of the next token, a row of [`vocabulary`](Self::vocabulary) values for every state; what was in `output` is
    /// replaced.
    pub(super) fn logits(&self, states: &[f32], output: &mut Vec<f32>) {
        let (width, tokens) = (self.width(), self.vocabulary());
        output.resize(states.len() / width * tokens, 0.0);
        let (mut part, mut start) = (Vec::new(), 0);
        for block in &self.logits {
            block.forward_into(states, &mut part);
            let rows = part.par_chunks_exact(block.outputs()).zip(output.par_chunks_exact_mut(tokens));
            rows.for_each(|(part, row)| row[start..start + part.len()].copy_from_slice(part));
            start += block.outputs();
        }
    }

    /// Values of a hidden state.
    pub(super) fn width(&self) -> usize {
        self.config.width
    }
}

/// Makes log-probabilities of a row of logits.
pub(super) fn log_probabilities(row: &mut [f32]) {
    LogSoftmax::new_mut(row).dispatch();
}
