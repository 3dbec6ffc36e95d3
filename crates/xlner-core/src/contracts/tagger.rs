//! What finds entities.

use super::{ModelResult, ServerFigures};
use crate::Sentence;

/// Finds the entities of tokenised sentences.
pub trait Tagger: Send + Sync {
    /// The tags it chooses from, in the order of the columns of [`crate::LabelProbabilities`] (`O`, `B-PER`, …); none where they
    /// are not known before it has tagged, and differ from sentence to sentence.
    fn tags(&self) -> &[String];

    /// Name and checksum of the model: what a result that was kept depends on.
    fn signature(&self) -> String;

    /// The language that it was trained on (BCP 47), in whose tokenisation it takes text; `None` where it does not know, or takes any.
    fn language(&self) -> Option<&str> {
        None
    }

    /// Whether it reads a sentence beside its tagged translation: what [`fuse`](crate::fusion::fuse) makes of both. It then finds
    /// entities of the sentence only, and refuses one that stands alone.
    fn reads_translation(&self) -> bool {
        false
    }

    /// Sets the entities of every sentence, each with its probability as `score`, and, where `probabilities`, the
    /// probability of every tag for every token; whatever was there is replaced. Uses the threads of the current rayon
    /// pool; the result does not depend on their number, nor on which sentences share a batch.
    ///
    /// # Errors
    /// [`ModelError::Sentence`](super::ModelError::Sentence) where a sentence is not tokenised; the sentences may then be changed
    /// in part.
    fn tag(&self, sentences: &mut [Sentence], probabilities: bool) -> ModelResult<()>;

    /// Ends what was started to tag, when no more sentences come: a program is asked for nothing more, and may have failed at
    /// the last.
    ///
    /// # Errors
    /// [`ModelError::Failed`](super::ModelError::Failed).
    fn finish(&self) -> ModelResult<()> {
        Ok(())
    }

    /// What it has done so far, where it is behind a server; all 0 for one that works here.
    fn figures(&self) -> ServerFigures {
        ServerFigures::default()
    }
}
