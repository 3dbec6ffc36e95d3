//! Transformers and translation models, run on the CPU: taggers, encoders, translators and scorers of translations that
//! fulfil [the contracts](xlner_core::contracts) of the core. With the feature `fine-tune` transformers are trained as well.
//!
//! [`nn`] holds the parts of networks, [`transformer`] encoders and taggers, [`seq2seq`] translation models.

mod error;
pub mod nn;
mod sentencepiece;
pub mod seq2seq;
mod tokenizer;
pub mod transformer;

pub use error::{Error, Result};
pub use xlner_models::{Precision, SubWords, TransformerTaggerOptions};
