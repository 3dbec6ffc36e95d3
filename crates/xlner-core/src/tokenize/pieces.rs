//! Unicode's word boundaries: the pieces the rules put together.

use std::sync::LazyLock;

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};

use super::chars::is_separator;

/// Part of the text between two of Unicode's word boundaries, without separators at its ends.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// First byte.
    pub start: usize,
    /// One behind the last byte.
    pub end: usize,
    /// Whether it has letters or digits.
    pub word: bool,
}

static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_auto(WordBreakInvariantOptions::default()));

/// Appends the pieces of the text, in order.
pub fn cut(text: &str, pieces: &mut Vec<Piece>) {
    let mut start = 0;
    for (end, kind) in SEGMENTER.segment_str(text).iter_with_word_type() {
        let raw = &text[start..end];
        let piece = raw.trim_start_matches(is_separator);
        let from = end - piece.len();
        let piece = piece.trim_end_matches(is_separator);
        if !piece.is_empty() {
            let alphanumeric = piece.chars().next().is_some_and(char::is_alphanumeric);
            let word = alphanumeric || kind.is_word_like() && piece.chars().any(char::is_alphanumeric);
            pieces.push(Piece { start: from, end: from + piece.len(), word });
        }
        start = end;
    }
}
