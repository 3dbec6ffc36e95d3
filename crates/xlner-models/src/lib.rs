//! Taggers, translators and encoders: what finds entities, translates, and gives token vectors.
//!
//! Each is one trait with several implementations behind it: [`Tagger`], [`Translator`], [`Encoder`].

pub mod crf;
mod encoder;
mod encoders;
mod error;
pub mod hub;
pub mod languages;
#[cfg(feature = "transformers")]
pub mod nn;
mod precision;
mod scorer;
#[cfg(feature = "transformers")]
mod sentencepiece;
#[cfg(feature = "transformers")]
pub mod seq2seq;
mod tagger;
mod taggers;
#[cfg(feature = "transformers")]
pub mod transformer;
mod translator;
mod translators;

pub use encoder::{Encoded, Encoder};
pub use encoders::open_encoder;
pub use error::{Error, Result};
pub use precision::Precision;
pub use scorer::{GivenTranslation, NMT, NmtOptions, TranslationScorer, nmt_score, score_candidates};
pub use tagger::Tagger;
pub use taggers::{SubWords, TransformerTaggerOptions, open_tagger, open_tagger_with};
pub use translator::{Translation, Translator, TranslatorFigures};
pub use translators::{
    ApertiumOptions, Engine, HttpApi, HttpOptions, LookupOptions, Missing, TranslatorOptions, open_translator,
};
