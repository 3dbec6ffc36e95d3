//! What finds entities.

use serde::Serialize;

use super::ModelResult;
use crate::Sentence;

/// What a tagger behind a server has done so far; all 0 for one that works here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TaggerFigures {
    /// Sentences tagged.
    pub sentences: u64,
    /// Requests sent, those that were sent again left out.
    pub requests: u64,
    /// Failures that were made good: a request sent again.
    pub retries: u64,
    /// Requests whose answer did not hold every sentence, and whose sentences were asked for one by one.
    pub split_batches: u64,
    /// Entities that were told and not taken, as their text does not stand in the sentence.
    pub refused: u64,
    /// Tokens of the language model that were sent, as the server counts them; what it does not say is 0.
    pub tokens_sent: u64,
    /// Tokens of the language model that were received.
    pub tokens_received: u64,
}

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

    /// What it has done so far.
    fn figures(&self) -> TaggerFigures {
        TaggerFigures::default()
    }
}
