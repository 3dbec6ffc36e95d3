//! How long a sentence may be.

use crate::ReadOptions;
use crate::error::ErrorKind;

/// Tokens that a sentence may have where [`ReadOptions::max_sentence_tokens`] does not say.
pub const MAX_SENTENCE_TOKENS: usize = 1_000_000;

impl ReadOptions {
    /// Tokens that a sentence may have.
    pub(crate) fn sentence_limit(&self) -> usize {
        self.max_sentence_tokens.unwrap_or(MAX_SENTENCE_TOKENS)
    }
}

/// Whether a sentence may have so many tokens.
///
/// # Errors
/// Where it may not.
pub(crate) fn check_tokens(tokens: usize, options: &ReadOptions) -> Result<(), ErrorKind> {
    let limit = options.sentence_limit();
    if tokens > limit { Err(ErrorKind::TooManyTokens { limit }) } else { Ok(()) }
}
