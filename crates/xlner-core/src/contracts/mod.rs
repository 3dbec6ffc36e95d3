//! Contracts: what a job asks of a tagger, a translator, an encoder and a scorer of translations. `xlner-models` and
//! `xlner-neural` fulfil them; so can any program.
//!
//! All work on batches, fail with one [`ModelError`], and answer the same to the same question, whatever the number of threads.

mod encoder;
mod error;
mod scorer;
mod tagger;
mod translator;

pub use encoder::{Encoded, Encoder};
pub use error::{ModelError, ModelResult};
pub use scorer::{GivenTranslation, MarkerOptions, Placement, TranslationScorer};
pub use tagger::{Tagger, TaggerFigures};
pub use translator::{Translation, Translator, TranslatorFigures};
