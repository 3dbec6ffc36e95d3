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
    /// Exclusive end: one past the last byte.
    pub end: usize,
    /// Whether it has letters or digits.
    pub word: bool,
}

/// Dictionaries for the scripts without spaces. ICU's LSTMs for Thai, Lao, Khmer and Burmese need 25 times as long, and where a
/// dictionary does not know a name it cuts too often, which projection forgives; a model cuts wrongly.
static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));

const NARROW_SPACE: char = '\u{202F}';

/// Appends the pieces of the text, in order.
pub fn cut(text: &str, pieces: &mut Vec<Piece>) {
    let mut start = 0;
    for (end, kind) in SEGMENTER.segment_str(text).iter_with_word_type() {
        // The narrow no-break space is to Unicode part of a word.
        for raw in text[start..end].split(NARROW_SPACE) {
            let piece = raw.trim_start_matches(is_separator);
            let from = start + raw.len() - piece.len();
            start += raw.len() + NARROW_SPACE.len_utf8();
            let piece = piece.trim_end_matches(is_separator);
            if !piece.is_empty() {
                let alphanumeric = piece.chars().next().is_some_and(char::is_alphanumeric);
                let word = alphanumeric || kind.is_word_like() && piece.chars().any(char::is_alphanumeric);
                pieces.push(Piece { start: from, end: from + piece.len(), word });
            }
        }
        start = end;
    }
}
