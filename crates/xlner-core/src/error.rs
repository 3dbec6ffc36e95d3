//! What can be wrong with a sentence, an entity, an alignment or a pair.

/// Result of the functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A value that breaks the rules of the record. Readers add the file, the line and the record id.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A token does not occur in the text after the tokens before it.
    #[error("token {index} “{token}” does not occur in the text from byte {from}; correct it, or leave `text` out")]
    TokenNotInText {
        /// Index of the token.
        index: usize,
        /// The token as given.
        token: String,
        /// Byte where the search began.
        from: usize,
    },
    /// A span is empty or leaves the sentence.
    #[error("span {start}..{end} is not a non-empty part of a sentence of {len} tokens")]
    SpanOutOfRange {
        /// First token.
        start: usize,
        /// Exclusive end: one past the last token.
        end: usize,
        /// Tokens in the sentence.
        len: usize,
    },
    /// A link points outside the pair.
    #[error("link {from}-{to} leaves the pair ({source_len} source tokens, {target_len} target tokens)")]
    LinkOutOfRange {
        /// Source token of the link.
        from: usize,
        /// Target token of the link.
        to: usize,
        /// Tokens of the source sentence.
        source_len: usize,
        /// Tokens of the target sentence.
        target_len: usize,
    },
    /// Two entities share a token, which tag sequences cannot say.
    #[error("entities {0} and {1} overlap: a tag sequence holds one entity per token")]
    Overlap(String, String),
    /// A tag is not of the form `O`, `P-LABEL` or `P`.
    #[error("“{tag}” is not a tag: `O`, or one of B, I, E, S, L, U, M, W, a hyphen and a label; correct it")]
    BadTag {
        /// The tag as given.
        tag: String,
    },
    /// A list that goes with the tokens has another length.
    #[error("{what}: {found} given for {expected} tokens")]
    Length {
        /// Which list.
        what: &'static str,
        /// Its length.
        found: usize,
        /// Length it should have.
        expected: usize,
    },
    /// Anything else.
    #[error("{0}")]
    Invalid(String),
}
