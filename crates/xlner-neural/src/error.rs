//! What can go wrong with a network.

use std::path::{Path, PathBuf};

use xlner_core::ModelError;

/// Result of the functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A network that cannot be loaded, run or trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that cannot be read or written.
    #[error("{}: {}", path.display(), xlner_models::what_failed(problem))]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says; it stands in the message, so it is no source of its own.
        problem: std::io::Error,
    },
    /// A model file or folder that is damaged, incomplete, or not what it should be; says what to do about it.
    #[error("{}: {problem}", path.display())]
    Model {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and the cure.
        problem: String,
    },
    /// A sentence of a batch that cannot be worked on, counted from 0 in the batch.
    #[error("sentence {index} of the batch: {problem}")]
    Sentence {
        /// Index in the batch.
        index: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Options that do not go together or are out of range.
    #[error("{0}")]
    Options(String),
    /// Training data that cannot be learnt from.
    #[error("training: {0}")]
    Training(String),
    /// The library that computes gradients failed: there is no such device, say, or its memory is full.
    #[cfg(feature = "fine-tune")]
    #[error("candle: {0}")]
    Candle(#[from] candle_core::Error),
    /// A model that cannot be found or pulled, or a language that is not known.
    #[error(transparent)]
    Models(#[from] xlner_models::Error),
}

impl Error {
    /// A file that cannot be read or written.
    pub fn file(path: &Path, problem: std::io::Error) -> Error {
        Error::File { path: path.to_owned(), problem }
    }

    /// A model file or folder that is not as it should be.
    pub fn model(path: &Path, problem: impl Into<String>) -> Error {
        Error::Model { path: path.to_owned(), problem: problem.into() }
    }
}

impl From<Error> for ModelError {
    fn from(error: Error) -> ModelError {
        match error {
            Error::Sentence { index, problem } => ModelError::Sentence { index, problem },
            Error::Options(problem) => ModelError::Options(problem),
            Error::Models(error) => error.into(),
            error => ModelError::Failed(Box::new(error)),
        }
    }
}
