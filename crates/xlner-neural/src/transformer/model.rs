//! The encoder as a whole.

use std::path::{Path, PathBuf};

use super::config::{Config, Family};
use super::conv::Convolution;
use super::deberta;
use super::layer::{Layer, Room};
use crate::nn::{Embedding, LayerNorm, Linear, Precision, Scope, Tensors};
use crate::{Error, Result};

/// An encoder, and a head that classifies tokens where the checkpoint has one.
pub struct EncoderModel {
    folder: PathBuf,
    pub(super) config: Config,
    words: Embedding,
    /// One row per position, the vector of the first sentence's type added.
    positions: Option<Embedding>,
    /// The vector of the first sentence's type, where there are no positions.
    kind: Option<Vec<f32>>,
    projection: Option<Linear>,
    norm: LayerNorm,
    layers: Vec<Layer>,
    convolution: Option<Convolution>,
    head: Option<Linear>,
    checksum: u32,
}

impl EncoderModel {
    /// Loads the checkpoint of a folder.
    ///
    /// # Errors
    /// [`Error::Model`] where it is of another kind, damaged or incomplete; [`Error::File`] where a file cannot be read.
    pub fn load(folder: &Path, precision: Precision) -> Result<EncoderModel> {
        let config = Config::read(folder)?;
        let weights = Tensors::open(folder)?;
        let prefix = config.family.prefix();
        let base = if weights.names().any(|name| name.starts_with(&format!("{prefix}."))) {
            weights.root().at(prefix)
        } else {
            weights.root()
        };
        let embeddings = base.at("embeddings");
        let words = embeddings.tensor("word_embeddings.weight", &[config.vocabulary, config.embedded])?;
        let (positions, kind) = positions(&config, &embeddings)?;
        let encoder = base.at(if config.family == Family::Distilbert { "transformer" } else { "encoder" });
        let table = deberta::table(&config, &encoder)?;
        let layers = (0..config.layers)
            .map(|layer| Layer::load(&config, &encoder.at(format!("layer.{layer}")), table.as_ref(), precision));
        let head = weights.root().at("classifier");
        let head = match config.labels.len() {
            0 => None,
            classes if head.contains("weight") => Some(Linear::load(&head, config.hidden, classes, Precision::F32)?),
            _ => None,
        };
        Ok(EncoderModel {
            folder: folder.to_owned(),
            words: Embedding::new(words, config.embedded),
            positions,
            kind,
            projection: match config.embedded == config.hidden {
                true => None,
                false => {
                    Some(Linear::load(&embeddings.at("embed_proj"), config.embedded, config.hidden, Precision::F32)?)
                }
            },
            norm: LayerNorm::load(&embeddings.at("LayerNorm"), config.hidden, config.epsilon)?,
            layers: layers.collect::<Result<_>>()?,
            convolution: Convolution::load(&config, &encoder.at("conv"), precision)?,
            head,
            checksum: weights.checksum()?,
            config,
        })
    }

    /// Its kind, as `config.json` calls it.
    pub fn kind(&self) -> &str {
        &self.config.name
    }

    /// Values of a hidden state.
    pub fn hidden(&self) -> usize {
        self.config.hidden
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.config.layers
    }

    /// Number of sub-words that it knows.
    pub fn vocabulary(&self) -> usize {
        self.config.vocabulary
    }

    /// Sub-words of a sentence that it takes at most, special ones included.
    pub fn longest(&self) -> usize {
        self.config.longest()
    }

    /// The names of the classes; empty without a head.
    pub fn classes(&self) -> &[String] {
        if self.head.is_some() { &self.config.labels } else { &[] }
    }

    /// CRC-32 of the weights.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }

    /// The hidden states of sentences after layer `layer` (0: the embeddings; [`layers`](Self::layers): the last), one row of
    /// [`hidden`](Self::hidden) values per sub-word, the sentences one after another.
    ///
    /// # Errors
    /// [`Error::Sentence`] for one longer than [`longest`](Self::longest) or with a sub-word that the model does not know;
    /// [`Error::Options`] where there is no such layer; [`Error::Model`] where its weights give values that are no numbers.
    pub fn hidden_states(&self, sentences: &[&[u32]], layer: usize) -> Result<Vec<f32>> {
        if layer > self.layers.len() {
            return Err(Error::Options(format!("there is no layer {layer}; the model has {}", self.layers.len())));
        }
        let mut states = self.embed(sentences)?;
        let lengths: Vec<usize> = sentences.iter().map(|sentence| sentence.len()).collect();
        let (mut room, mut output) = (Room::default(), Vec::new());
        for (index, layer) in self.layers[..layer].iter().enumerate() {
            layer.forward(&states, &lengths, &mut room, &mut output);
            if index == 0
                && let Some(convolution) = &self.convolution
            {
                convolution.apply(&states, &lengths, &mut output);
            }
            std::mem::swap(&mut states, &mut output);
        }
        self.numbers(states)
    }

    /// The scores (logits) of every class for every sub-word: rows of as many values as [`classes`](Self::classes).
    ///
    /// # Errors
    /// Those of [`hidden_states`](Self::hidden_states); [`Error::Options`] where there is no head.
    pub fn logits(&self, sentences: &[&[u32]]) -> Result<Vec<f32>> {
        let head = self.head.as_ref().ok_or_else(|| Error::Options("the model does not classify tokens".into()))?;
        self.numbers(head.forward(&self.hidden_states(sentences, self.layers.len())?))
    }

    /// Values, where all are numbers; with weights out of all proportion they overflow.
    fn numbers(&self, values: Vec<f32>) -> Result<Vec<f32>> {
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => Err(Error::model(
                &self.folder,
                "its weights give values that are no numbers; they are damaged, fetch them again",
            )),
        }
    }

    fn embed(&self, sentences: &[&[u32]]) -> Result<Vec<f32>> {
        let mut states = Vec::with_capacity(sentences.iter().map(|s| s.len()).sum::<usize>() * self.config.embedded);
        for (index, sentence) in sentences.iter().enumerate() {
            let wrong = |problem| Error::Sentence { index, problem };
            if sentence.len() > self.longest() {
                return Err(wrong(format!("{} sub-words, and the model takes {}", sentence.len(), self.longest())));
            }
            let mut position = self.config.padding;
            for (at, &id) in sentence.iter().enumerate() {
                let id = id as usize;
                if id >= self.words.len() {
                    let known = self.words.len();
                    return Err(wrong(format!("the tokeniser gives sub-word {id}, and the model knows {known}")));
                }
                let from = states.len();
                states.extend_from_slice(self.words.row(id));
                let row = match (&self.positions, self.config.family) {
                    // Padding has the position of padding, and is not counted.
                    (Some(positions), Family::Roberta) if id == self.config.padding => Some(positions.row(id)),
                    (Some(positions), Family::Roberta) => {
                        position += 1;
                        Some(positions.row(position))
                    }
                    (Some(positions), _) => Some(positions.row(at)),
                    (None, _) => self.kind.as_deref(),
                };
                if let Some(row) = row {
                    states[from..].iter_mut().zip(row).for_each(|(state, value)| *state += value);
                }
            }
        }
        if let Some(projection) = &self.projection {
            states = projection.forward(&states);
        }
        self.norm.apply(&mut states);
        Ok(states)
    }
}

/// The table of positions, with the vector of the first sentence's type in each; or that vector alone.
fn positions(config: &Config, embeddings: &Scope<'_>) -> Result<(Option<Embedding>, Option<Vec<f32>>)> {
    let width = config.embedded;
    let kind = match config.types {
        0 => None,
        types => Some(embeddings.tensor("token_type_embeddings.weight", &[types, width])?[..width].to_vec()),
    };
    if !config.absolute {
        return Ok((None, kind));
    }
    let mut table = embeddings.tensor("position_embeddings.weight", &[config.positions, width])?;
    if let Some(kind) = &kind {
        for row in table.chunks_exact_mut(width) {
            row.iter_mut().zip(kind).for_each(|(value, kind)| *value += kind);
        }
    }
    Ok((Some(Embedding::new(table, width)), None))
}
