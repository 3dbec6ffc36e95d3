//! Models without networks: the CRF tagger and its training, and the engines that translate (Apertium, servers, tables). Beside
//! them what is needed to have models: languages, the Hub and its cache, public data.
//!
//! Taggers and translators fulfil [the contracts](xlner_core::contracts) of the core. Networks are in `xlner-neural`.

mod built_in;
mod capitals;
#[cfg(feature = "http")]
mod chat;
pub mod crf;
pub mod datasets;
mod error;
mod group;
pub mod hub;
#[cfg(feature = "http")]
mod judge;
pub mod languages;
mod precision;
mod program;
mod tagger_options;
mod taggers;
mod translators;

pub use built_in::{is_built_in, open_crf};
pub use capitals::CapitalsTagger;
pub use error::{Error, Result, what_failed};
pub use group::Group;
#[cfg(feature = "http")]
pub use judge::ServerJudge;
pub use precision::Precision;
pub use tagger_options::{SubWords, TransformerTaggerOptions};
#[cfg(feature = "http")]
pub use taggers::ServerTagger;
pub use taggers::{CommandOptions, CommandTagger};
#[cfg(feature = "http")]
pub use translators::HttpTranslator;
pub use translators::{Apertium, ApertiumOptions, HttpApi, HttpOptions, Lookup, LookupOptions, Missing};
