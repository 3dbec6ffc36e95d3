//! Taggers, translators and encoders: what finds entities, translates, and gives token vectors.
//!
//! Each is one trait with several implementations behind it: [`Tagger`], [`Translator`], [`Encoder`].

mod capitals;
pub mod crf;
pub mod datasets;
mod encoder;
mod encoders;
mod error;
pub mod hub;
pub mod languages;
#[cfg(feature = "transformers")]
pub mod nn;
mod precision;
mod scorer;
mod scorers;
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

pub use capitals::CapitalsTagger;
pub use encoder::{Encoded, Encoder};
pub use encoders::open_encoder;
pub use error::{Error, Result};
pub use precision::Precision;
pub use scorer::{
    CODEC, GivenTranslation, MarkerOptions, NMT, NmtOptions, Placement, TranslationScorer, nmt_score, score_candidates,
    score_markers,
};
pub use scorers::open_scorer;
pub use tagger::Tagger;
pub use taggers::{SubWords, TransformerTaggerOptions, open_crf, open_tagger, open_tagger_with};
pub use translator::{Translation, Translator, TranslatorFigures};
pub use translators::{
    ApertiumOptions, Engine, HttpApi, HttpOptions, LookupOptions, Missing, TranslatorOptions, open_translator,
};
