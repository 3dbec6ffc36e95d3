//! What can be wrong with what is to be evaluated.

/// Result of the functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Something that cannot be evaluated. The caller knows the file and the line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text that is not a tag.
    #[error(transparent)]
    Tag(#[from] xlner_core::Error),
    /// A tag that the scheme does not know, in strict mode.
    #[error(
        "tag “{tag}” is not part of scheme {scheme}; strict mode reads no other (give option `scheme`, or use option `mode` default)"
    )]
    NotInScheme {
        /// The tag.
        tag: String,
        /// The scheme of the evaluation.
        scheme: &'static str,
    },
    /// Gold and prediction of a sentence differ in length.
    #[error("{predicted} predicted tags for a sentence of {gold} tokens")]
    Length {
        /// Tokens of the gold sentence.
        gold: usize,
        /// Tags predicted.
        predicted: usize,
    },
    /// A mode that is not there.
    #[error("“{0}” is not a mode; modes: default, strict")]
    UnknownMode(String),
}
