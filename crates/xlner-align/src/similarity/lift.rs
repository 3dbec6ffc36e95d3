//! From sub-words to words.

use xlner_core::{Alignment, Error, Link, Result};

/// Links of words from links of sub-words: two words are linked where any of their sub-words are, with the probability of the
/// most probable such link (SimAlign §3.1, AWESoME §2.1). `source_words[i]` is the word of source sub-word `i`.
///
/// # Errors
/// [`Error::LinkOutOfRange`] where a link leaves the sub-words.
pub fn lift(alignment: &Alignment, source_words: &[u32], target_words: &[u32]) -> Result<Alignment> {
    let word = |link: &Link| -> Result<Link> {
        match (source_words.get(link.source as usize), target_words.get(link.target as usize)) {
            (Some(&source), Some(&target)) => Ok(Link { source, target, ..*link }),
            _ => Err(Error::LinkOutOfRange {
                from: link.source as usize,
                to: link.target as usize,
                source_len: source_words.len(),
                target_len: target_words.len(),
            }),
        }
    };
    alignment.links().iter().map(word).collect()
}
