//! What can go wrong with a model file.

use std::path::PathBuf;

/// Result of the functions of this crate that read or write files.
pub type Result<T> = std::result::Result<T, Error>;

/// A model that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("{}: cannot open", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The model cannot be written.
    #[error("the model cannot be written")]
    Write(#[from] std::io::Error),
    /// Not a model, or not one of this version, or damaged.
    #[error("{}: {problem}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
}
