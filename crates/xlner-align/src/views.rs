//! The views of a token: the same word seen more and more coarsely, so that rare forms share what is known of their
//! relatives.

/// Number of views of a token.
pub(crate) const VIEWS: usize = 4;

/// Letters that the views after the first keep of the folded form.
const PREFIXES: [usize; VIEWS - 1] = [5, 4, 3];

/// What kind of token it is; tokens of different kinds are never spelt alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Word = 0,
    Number = 1,
    Punctuation = 2,
}

impl Kind {
    /// The kind of a number, as files have it.
    pub fn from_number(number: u64) -> Kind {
        match number {
            0 => Kind::Word,
            1 => Kind::Number,
            _ => Kind::Punctuation,
        }
    }

    pub fn of(token: &str) -> Kind {
        if token.chars().any(char::is_numeric) {
            Kind::Number
        } else if token.chars().any(char::is_alphabetic) {
            Kind::Word
        } else {
            Kind::Punctuation
        }
    }
}

/// Characters that they keep of a form that has Chinese characters, each of which is about a syllable or a word.
const CHARACTERS: [usize; VIEWS - 1] = [3, 2, 1];

/// The form that the views after the first are prefixes of: the folded form, which joins spellings and scripts; of a word
/// with Chinese characters, whose readings differ from language to language, the form as it is written.
pub(crate) fn stem<'w>(lower: &'w str, folded: &'w str) -> &'w str {
    if lower.chars().any(logographic) { lower } else { folded }
}

fn logographic(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A view of a folded form: its first letters. View 0 is the lower-cased form itself and is not made here.
pub(crate) fn prefix(folded: &str, view: usize) -> &str {
    let letters = if folded.chars().any(logographic) { CHARACTERS } else { PREFIXES }[view - 1];
    folded.char_indices().nth(letters).map_or(folded, |(end, _)| &folded[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_join_relatives_across_scripts() {
        assert_eq!(prefix("parlamentes", 1), "parla");
        assert_eq!(prefix("eu", 3), "eu");
        assert_eq!(prefix("…———", 3), "…——");
        assert_eq!(Kind::of("10pm"), Kind::Number);
        assert_eq!(Kind::of("«"), Kind::Punctuation);
    }
}
