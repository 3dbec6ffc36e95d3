//! Contracts: what a job asks of a tagger, a translator, an encoder, a scorer of translations and a judge. `xlner-models` and
//! `xlner-neural` fulfil them; so can any program.
//!
//! All work on batches, fail with one [`ModelError`], and answer the same to the same question, whatever the number of threads.

mod encoder;
mod error;
mod judge;
mod scorer;
mod server;
mod tagger;
mod translator;

pub use encoder::{Encoded, Encoder};
pub use error::{ModelError, ModelResult};
pub use judge::{Doubt, Judge, Ruling};
pub use scorer::{GivenTranslation, MarkerOptions, Placement, TranslationScorer};
pub use server::ServerFigures;
pub use tagger::Tagger;
pub use translator::{Translation, Translator, TranslatorFigures};
