//! The encoder of a translation model as an aligner's.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;
use xlner_core::Sentence;
use xlner_core::contracts::{Encoded, Encoder, ModelResult};

use super::Vocabulary;
use super::config::Family;
use super::stack::{self, EncoderStack};
use crate::nn::{Precision, adapter};
use crate::transformer::{Tokens, windows};
use crate::{Error, Result};

/// The hidden states of a translation model's encoder after one of its layers: TransAlign (Ebing and Glavaš 2025, arXiv
/// 2510.27337, code at github.com/bebing93/transalign), which takes those of NLLB-200's 600 million parameters after layer 12, the last.
///
/// A sentence stands there as a text to be translated from its own language, on either side of a pair: NLLB-200 and M2M100
/// get the token of [`Sentence::lang`], which must be known. Marian gets none, as its tokens name the language that it
/// translates into; both languages of a pair must be such that it translates from. Every token is cut into pieces by itself.
pub struct Seq2SeqEncoder {
    folder: PathBuf,
    stack: EncoderStack,
    vocabulary: Vocabulary,
    layer: usize,
    /// Tokens of a sentence that are encoded together.
    longest: usize,
    signature: String,
}

/// Whether a folder holds a translation model, or an adapter (PEFT's layout) of one.
///
/// # Errors
/// Where an adapter is in it whose model cannot be found.
pub fn is_translation_model(folder: &Path) -> Result<bool> {
    let path = adapter::holding(folder, "config.json")?.join("config.json");
    let read = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    // CTranslate2 keeps no kind; a folder without a readable description is left to who wants it.
    let Some(config) = read else { return Ok(false) };
    let of_ctranslate2 = config["model_type"].is_null() && path.with_file_name("model.bin").is_file();
    Ok(of_ctranslate2 || matches!(config["model_type"].as_str(), Some("m2m_100" | "marian")))
}

impl Seq2SeqEncoder {
    /// Loads the encoder of a checkpoint's folder (Hugging Face's or CTranslate2's); where an adapter (PEFT's layout) is in
    /// it, with what that adds. `layer`: 0 is the embeddings, `None` the last layer.
    ///
    /// # Errors
    /// Those of [`Seq2SeqModel::load`](super::Seq2SeqModel::load) and [`Vocabulary::open`]; [`Error::Options`] where there is no such
    /// layer.
    pub fn load(folder: &Path, layer: Option<usize>, precision: Precision) -> Result<Seq2SeqEncoder> {
        let (config, weights) = stack::open(folder)?;
        let layers = config.encoder.layers;
        let layer = layer.unwrap_or(layers);
        if layer > layers {
            return Err(Error::Options(format!("there is no layer {layer}; the encoder has {layers}")));
        }
        let kind = if config.family == Family::Marian { "marian" } else { "m2m_100" };
        let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(Seq2SeqEncoder {
            folder: folder.to_owned(),
            stack: EncoderStack::load(&config, &weights, precision)?,
            vocabulary: Vocabulary::open(&adapter::holding(folder, "config.json")?)?,
            layer,
            longest: config.positions,
            signature: format!("{kind} {name} {:08x} {precision} layer {layer}", weights.checksum()?),
        })
    }

    /// The pieces of a sentence, all known to the network.
    fn pieces(&self, index: usize, sentence: &Sentence) -> Result<Tokens> {
        let wrong = |problem| Error::Sentence { index, problem };
        let tokens = self.vocabulary.sentence(sentence).map_err(wrong)?;
        let known = self.stack.words.len();
        match tokens.ids.iter().find(|id| **id as usize >= known) {
            Some(id) => Err(wrong(format!(
                "the tokeniser in {} gives piece {id}, and the model knows {known}; they belong to different models",
                self.folder.display()
            ))),
            None => Ok(tokens),
        }
    }

    fn states(&self, sentences: &[&[u32]]) -> Result<Vec<f32>> {
        let states = self.stack.states(sentences, self.layer);
        match states.iter().all(|value| value.is_finite()) {
            true => Ok(states),
            false => Err(Error::model(
                &self.folder,
                "its weights give values that are no numbers; they are damaged, fetch them again",
            )),
        }
    }
}

impl Encoder for Seq2SeqEncoder {
    fn dimension(&self) -> usize {
        self.stack.words.width()
    }

    fn signature(&self) -> String {
        self.signature.clone()
    }

    fn encode(&self, sentences: &[&Sentence]) -> ModelResult<Vec<Encoded>> {
        let pieces = sentences.par_iter().enumerate().map(|(index, sentence)| self.pieces(index, sentence));
        let pieces: Vec<Tokens> = pieces.collect::<Result<_>>()?;
        let vectors = windows::run(self.longest, &pieces, self.dimension(), |ids| self.states(ids))?;
        let encoded = vectors
            .into_iter()
            .zip(pieces)
            .map(|(vectors, pieces)| Encoded { vectors, tokens: pieces.words.into_iter().flatten().collect() });
        Ok(encoded.collect())
    }
}
