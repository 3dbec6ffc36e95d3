//! The network of an encoder: what translates reads it, and what aligns.

use std::path::Path;

use super::config::{Config, Family, Stack};
use super::layer::EncoderLayer;
use super::{ctranslate2, positions};
use crate::nn::{Embedding, LayerNorm, Precision, Scope, Tensors, adapter};
use crate::{Error, Result};

/// Tokens that a model must take at once, at least: a word's, those at the ends of a sentence, markers.
const SHORTEST: usize = 8;

/// Tables, layers and norm of an encoder.
pub(super) struct EncoderStack {
    pub(super) words: Embedding,
    pub(super) positions: Embedding,
    /// What the vectors of words are multiplied by.
    scale: f32,
    layers: Vec<EncoderLayer>,
    norm: Option<LayerNorm>,
}

/// Finds the weights of a folder and what kind of model they are; those of an adapter (PEFT's layout) are on those of the
/// model that it changes.
pub(super) fn open(folder: &Path) -> Result<(Config, Tensors)> {
    let mut weights = Tensors::open(folder)?;
    let config = match weights.is_ctranslate2() {
        true => ctranslate2::read(folder, &mut weights)?,
        false => Config::read(&adapter::holding(folder, "config.json")?)?,
    };
    if config.positions < SHORTEST {
        let problem = format!("it takes {} tokens at once, and a sentence needs {SHORTEST}", config.positions);
        return Err(Error::model(folder, problem));
    }
    Ok((config, weights))
}

/// The part of a checkpoint that holds encoder and decoder: `model`, but for models that were saved without a head.
pub(super) fn base(weights: &Tensors) -> Scope<'_> {
    let root = weights.root();
    if weights.names().any(|name| name.starts_with("model.")) { root.at("model") } else { root }
}

/// The norm after all layers of a side.
pub(super) fn last_norm(config: &Config, side: &Scope<'_>) -> Result<Option<LayerNorm>> {
    match config.family {
        Family::M2m100 => LayerNorm::load(&side.at("layer_norm"), config.width, 1e-5).map(Some),
        Family::Marian => Ok(None),
    }
}

/// The table of the source side's words.
pub(super) fn source_words(config: &Config, weights: &Tensors) -> Result<Vec<f32>> {
    let (base, root) = (base(weights), weights.root());
    let names = ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];
    let names = if config.shared { &names[..] } else { &names[1..2] };
    let shape = [config.source_vocabulary, config.width];
    match names.iter().find(|name| base.contains(name)) {
        None if config.shared && root.contains("lm_head.weight") => root.tensor("lm_head.weight", &shape),
        name => base.tensor(name.unwrap_or(&names[0]), &shape),
    }
}

impl EncoderStack {
    pub(super) fn load(config: &Config, weights: &Tensors, precision: Precision) -> Result<EncoderStack> {
        let (width, root, side) = (config.width, weights.root(), base(weights).at("encoder"));
        let positions = match root.contains(ctranslate2::POSITIONS) {
            true => Embedding::new(root.tensor(ctranslate2::POSITIONS, &[config.positions, width])?, width),
            false => positions::table(config.family, config.positions, width, config.padding),
        };
        let Stack { layers, .. } = config.encoder;
        let layers = (0..layers).map(|n| EncoderLayer::load(config, &side.at(format!("layers.{n}")), precision));
        Ok(EncoderStack {
            words: Embedding::new(source_words(config, weights)?, width),
            positions,
            scale: config.scale,
            layers: layers.collect::<Result<_>>()?,
            norm: last_norm(config, &side)?,
        })
    }

    /// Adds the vector of a token at a place of its sentence, whose word stands in `table`.
    pub(super) fn embed(&self, table: &Embedding, token: u32, position: usize, rows: &mut Vec<f32>) {
        let (word, position) = (table.row(token as usize), self.positions.row(position));
        rows.extend(word.iter().zip(position).map(|(word, position)| word * self.scale + position));
    }

    /// The states of sentences after the first `layers` layers, packed one after another; after the last one they are
    /// normalised, as `hidden_states` of `transformers` are. Panics on a sentence without tokens, on one with more than
    /// there are positions, on a token outside the vocabulary, and where there are not so many layers.
    pub(super) fn states(&self, sentences: &[&[u32]], layers: usize) -> Vec<f32> {
        let lengths: Vec<usize> = sentences.iter().map(|sentence| sentence.len()).collect();
        let mut rows = Vec::with_capacity(lengths.iter().sum::<usize>() * self.words.width());
        for sentence in sentences {
            let fits = (1..=self.positions.len()).contains(&sentence.len());
            assert!(fits, "a sentence of {} tokens", sentence.len());
            for (position, token) in sentence.iter().enumerate() {
                self.embed(&self.words, *token, position, &mut rows);
            }
        }
        for layer in &self.layers[..layers] {
            layer.apply(&mut rows, &lengths);
        }
        match &self.norm {
            Some(norm) if layers == self.layers.len() => norm.apply(&mut rows),
            _ => {}
        }
        rows
    }
}
