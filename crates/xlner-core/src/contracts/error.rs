//! What can go wrong while a model works.

/// Result of the methods of the contracts.
pub type ModelResult<T> = std::result::Result<T, ModelError>;

/// Why a batch could not be worked on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// One item of the batch is at fault. Callers add the file, the line and the record id.
    #[error("sentence {index} of the batch: {problem}")]
    Sentence {
        /// Index in the batch.
        index: usize,
        /// What is wrong with it, and the cure.
        problem: String,
    },
    /// The model is asked for what it does not know: a language, a way to work.
    #[error("{0}")]
    Options(String),
    /// Anything else: the model is damaged, a program or a server failed after every retry.
    #[error(transparent)]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl ModelError {
    /// One item of the batch is at fault.
    pub fn sentence(index: usize, problem: impl Into<String>) -> ModelError {
        ModelError::Sentence { index, problem: problem.into() }
    }
}
