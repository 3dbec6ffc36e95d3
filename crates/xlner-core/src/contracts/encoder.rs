//! What gives token vectors.

use super::ModelResult;
use crate::Sentence;

/// Vectors of the sub-words of a sentence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Encoded {
    /// Row-major, sub-words × [`Encoder::dimension`]; special tokens are left out.
    pub vectors: Vec<f32>,
    /// The token each sub-word belongs to, ascending; a token may have none (the tokeniser drops it).
    pub tokens: Vec<u32>,
}

/// Gives the vectors of tokenised sentences.
pub trait Encoder: Send + Sync {
    /// Length of a vector.
    fn dimension(&self) -> usize;

    /// Name, checksum and layer: what a result that was kept depends on.
    fn signature(&self) -> String;

    /// Encodes sentences. The result does not depend on which sentences share a batch, up to rounding.
    ///
    /// # Errors
    /// [`ModelError::Sentence`](super::ModelError::Sentence) where a sentence is not tokenised.
    fn encode(&self, sentences: &[&Sentence]) -> ModelResult<Vec<Encoded>>;
}
