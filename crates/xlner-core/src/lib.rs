//! The words xlner is written in: [`Sentence`], [`Span`], [`Entity`], [`Alignment`], [`Pair`].
//!
//! No I/O and no models, only what is asked of them ([`contracts`]). Every stage reads and writes [`Pair`]s; the JSON of a pair (the *record*) is described at
//! [`Pair`].

pub mod alignment;
pub mod contracts;
pub mod entity;
pub mod error;
pub mod extra;
pub mod fixed;
pub mod fusion;
pub mod pair;
pub mod posteriors;
pub mod sentence;
pub mod span;
pub mod split;
pub mod tags;
pub mod text;
pub mod tokenize;
pub mod unique;

pub use alignment::{Alignment, Link, ReferenceAlignment};
pub use contracts::{Encoder, ModelError, ServerFigures, Tagger, TranslationScorer, Translator};
pub use entity::Entity;
pub use error::{Error, Result};
pub use extra::Extra;
pub use pair::{CandidateScore, Pair, Projection, Reason, Unprojected};
pub use posteriors::{Evidence, Posteriors};
pub use sentence::{LabelProbabilities, Region, Sentence};
pub use span::Span;
