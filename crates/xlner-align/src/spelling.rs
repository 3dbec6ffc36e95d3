//! How alike two words are spelt: names keep their letters across languages and, folded, across scripts.

use xlner_core::text::common_letters;

use crate::views::Kind;
use crate::vocabulary::Word;

/// Words below this similarity count as spelt differently.
const LEAST: f32 = 0.5;
/// Words shorter than this are alike by chance, so their similarity counts less.
const SHORT: f32 = 5.0;

/// Similarity of the folded forms of two words, 0..=1: twice the longest common subsequence over the sum of lengths,
/// raised a little where the words begin alike, lowered where both are short. Numbers are alike when equal or nearly so,
/// punctuation only when equal.
pub(crate) fn similarity(a: &Word<'_>, b: &Word<'_>) -> f32 {
    if a.kind != b.kind {
        return 0.0;
    }
    if a.folded == b.folded {
        return if a.kind == Kind::Word { short(a.folded.len()) } else { 1.0 };
    }
    let (x, y) = (&*a.folded, &*b.folded);
    let total = (x.len() + y.len()) as f32;
    // The letters they share bound the common subsequence; most pairs end here.
    let distinct = (a.letters & b.letters).count_ones() as usize;
    if a.kind == Kind::Punctuation || distinct == 0 || 2.0 * (x.len().min(y.len()) as f32) < LEAST * total {
        return 0.0;
    }
    let dice = 2.0 * common_letters(x, y) as f32 / total;
    match a.kind {
        Kind::Number if dice > 0.75 => 0.5 * dice,
        Kind::Word if dice >= LEAST => {
            let begins = x.iter().zip(y).take_while(|(x, y)| x == y).count().min(4) as f32 / 4.0;
            (dice + 0.1 * begins * (1.0 - dice)) * short(x.len().max(y.len()))
        }
        _ => 0.0,
    }
}

fn short(len: usize) -> f32 {
    (len as f32 / SHORT).min(1.0)
}

/// Letters and digits of a folded form as bits.
pub(crate) fn letters(folded: &[u8]) -> u64 {
    folded.iter().fold(0, |bits, byte| bits | 1 << (byte % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::word;

    #[test]
    fn names_are_alike_and_function_words_are_not() {
        let like = |a, b| similarity(&word(a), &word(b));
        assert_eq!(like("London", "london"), 1.0);
        assert!(like("Moscow", "Москва") > 0.5);
        assert!(like("the", "de") < 0.5);
        assert_eq!(like("1999", "1999"), 1.0);
        assert_eq!(like("1999", "("), 0.0);
        assert_eq!(like(",", "."), 0.0);
        assert_eq!(like("house", "tvrt"), 0.0);
    }
}
