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

/// A view of a folded form: its first letters. View 0 is the lower-cased form itself and is not made here.
pub(crate) fn prefix(folded: &str, view: usize) -> &str {
    let letters = PREFIXES[view - 1];
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
