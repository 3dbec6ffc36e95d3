//! Transformer encoders as Hugging Face keeps them: a folder with `config.json`, a tokeniser and weights.
//!
//! BERT (Devlin et al. 2019), RoBERTa and XLM-RoBERTa (Liu et al. 2019, Conneau et al. 2020), DistilBERT (Sanh et al. 2019),
//! DeBERTa (He et al. 2021), its versions 1, 2 and 3, each with or without a head that classifies tokens. Sentences come
//! tokenised: every token is cut into sub-words by itself, as `is_split_into_words` of `transformers` does. A sentence longer
//! than the model takes is read in windows that overlap.

mod config;
mod conv;
mod deberta;
mod encoder;
#[cfg(feature = "fine-tune")]
pub mod fine_tune;
mod labels;
mod language;
mod layer;
mod model;
mod pieces;
mod tagger;
mod tokenizer;
mod transliteration;
pub(crate) mod windows;

pub use crate::{SubWords, TransformerTaggerOptions};
pub use encoder::TransformerEncoder;
pub use model::EncoderModel;
pub use tagger::TransformerTagger;
pub use tokenizer::{SubWordTokenizer, Tokens};
pub use transliteration::Transliteration;

/// Sub-words of sentences that go through a model together.
const BATCH: usize = 512;
