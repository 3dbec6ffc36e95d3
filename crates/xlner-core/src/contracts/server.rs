//! What a model behind a server costs.

use serde::Serialize;

/// What a model behind a server has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ServerFigures {
    /// Sentences worked on.
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
