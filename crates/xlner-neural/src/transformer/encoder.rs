//! Transformers that give token vectors.

use std::path::Path;

use xlner_core::Sentence;
use xlner_core::contracts::{Encoded, Encoder, ModelResult};

use super::{EncoderModel, SubWordTokenizer, windows};
use crate::nn::Precision;
use crate::{Error, Result};

/// The layer of mBERT whose vectors say most of words and their translations (Jalili Sabet et al. 2020, Dou and Neubig 2021).
const PUBLISHED: usize = 8;

/// The hidden states of a transformer after one of its layers.
pub struct TransformerEncoder {
    model: EncoderModel,
    tokenizer: SubWordTokenizer,
    layer: usize,
    precision: Precision,
    name: String,
}

impl TransformerEncoder {
    /// Loads the checkpoint of a folder. `layer`: 0 is the embeddings, `None` the eighth, which SimAlign and AWESoME take, or
    /// the last where there are fewer.
    ///
    /// # Errors
    /// Those of [`EncoderModel::load`] and [`SubWordTokenizer::load`]; [`Error::Options`] where there is no such layer.
    pub fn load(folder: &Path, layer: Option<usize>, precision: Precision) -> Result<TransformerEncoder> {
        let model = EncoderModel::load(folder, precision)?;
        let layer = layer.unwrap_or(model.layers().min(PUBLISHED));
        if layer > model.layers() {
            return Err(Error::Options(format!("there is no layer {layer}; the encoder has {}", model.layers())));
        }
        let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(TransformerEncoder { tokenizer: SubWordTokenizer::load(folder)?, model, layer, precision, name })
    }
}

impl Encoder for TransformerEncoder {
    fn dimension(&self) -> usize {
        self.model.hidden()
    }

    fn signature(&self) -> String {
        let (kind, checksum) = (self.model.kind(), self.model.checksum());
        format!("{kind} {} {checksum:08x} {} layer {}", self.name, self.precision, self.layer)
    }

    fn encode(&self, sentences: &[&Sentence]) -> ModelResult<Vec<Encoded>> {
        let tokens = self.tokenizer.encode_all(sentences)?;
        let states = |ids: &[&[u32]]| self.model.hidden_states(ids, self.layer);
        let vectors = windows::run(self.model.longest(), &tokens, self.model.hidden(), states)?;
        let encoded = vectors
            .into_iter()
            .zip(tokens)
            .map(|(vectors, tokens)| Encoded { vectors, tokens: tokens.words.into_iter().flatten().collect() });
        Ok(encoded.collect())
    }
}
