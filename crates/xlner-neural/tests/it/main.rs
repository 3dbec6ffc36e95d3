//! The crate as its users see it.

#[cfg(feature = "fine-tune")]
mod adapt;
#[cfg(feature = "fine-tune")]
mod adapt_parity;
#[cfg(feature = "fine-tune")]
mod fine_tune;
#[cfg(feature = "fine-tune")]
mod fine_tune_aligner;
#[cfg(feature = "fine-tune")]
mod fine_tune_small;
mod hostile;
mod markers;
mod mutations;
mod pieces;
mod seq2seq;
mod seq2seq_encoder;
mod support;
mod transformer;
mod transformer_naive;
