//! Translation models: M2M100, NLLB-200 and Marian checkpoints as Hugging Face or CTranslate2 keep them, run on the CPU.
//!
//! [`Seq2SeqModel`] is the network: it [encodes](Seq2SeqModel::encode) sentences, [searches](Seq2SeqModel::generate) translations of them and
//! [scores](Seq2SeqModel::log_probabilities) given ones, and [puts markers](Seq2SeqModel::insert) into them, all on token numbers. A [`Vocabulary`] makes these of text.
//! [`Seq2Seq`] is both of them for a pair of languages: a [`Translator`](xlner_core::Translator) and a
//! [`TranslationScorer`](xlner_core::TranslationScorer). [`Seq2SeqEncoder`] is the encoder alone, which aligns words.
//!
//! Keys and values of the encoder's states are calculated once a sentence, those of a translation once a token; hypotheses
//! with a common beginning share it.

mod beam;
mod codes;
mod config;
mod ctranslate2;
mod encoder;
mod generate;
mod insert;
mod layer;
mod model;
mod positions;
mod score;
mod sentencepiece;
mod split;
mod stack;
mod state;
mod translator;
mod vocabulary;

pub use beam::{Hypothesis, Search};
pub use encoder::{Seq2SeqEncoder, is_translation_model};
pub use insert::{InsertSearch, Inserted, Insertion};
pub use model::Seq2SeqModel;
pub use score::Target;
pub use state::Memory;
pub use translator::{Seq2Seq, Seq2SeqOptions};
pub use vocabulary::{TranslationDirection, Vocabulary};

/// Restricts what is decoded, and sees how probable the model finds it.
pub trait DecodingConstraint: Sync {
    /// Called for every hypothesis before the next token is chosen. `tokens` are those it has, forced ones included, the
    /// one that starts the decoder not; `log_probabilities` is one value per token of the vocabulary (natural logarithm), which
    /// may be changed: −∞ forbids a token.
    fn restrict(&self, sentence: usize, tokens: &[u32], log_probabilities: &mut [f32]);
}
