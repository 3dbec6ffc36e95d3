//! What finds entities.

use super::ModelResult;
use crate::Sentence;

/// Finds the entities of tokenised sentences.
pub trait Tagger: Send + Sync {
    /// The tags it chooses from, in the order of the columns of [`crate::LabelProbabilities`] (`O`, `B-PER`, …).
    fn tags(&self) -> &[String];

    /// Name and checksum of the model: what a result that was kept depends on.
    fn signature(&self) -> String;

    /// The language that it was trained on (BCP 47), in whose tokenisation it takes text; `None` where it does not know, or takes any.
    fn language(&self) -> Option<&str> {
        None
    }

    /// Sets the entities of every sentence, each with its probability as `score`, and, where `probabilities`, the
    /// probability of every tag for every token; whatever was there is replaced. Uses the threads of the current rayon
    /// pool; the result does not depend on their number, nor on which sentences share a batch.
    ///
    /// # Errors
    /// [`ModelError::Sentence`](super::ModelError::Sentence) where a sentence is not tokenised; the sentences may then be changed
    /// in part.
    fn tag(&self, sentences: &mut [Sentence], probabilities: bool) -> ModelResult<()>;
}
