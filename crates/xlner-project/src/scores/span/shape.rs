//! What kind of token it is, as far as its characters tell.

/// What kind of token it is, as far as its characters tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Neither letters nor digits.
    Punctuation,
    /// Has a digit.
    Digit,
    /// Has an upper-case letter.
    Capital,
    /// Has letters, none of them upper-case.
    Lower,
    /// Letters of a script without case.
    Caseless,
}

impl Shape {
    /// The shape of a token.
    pub(crate) fn of(token: &str) -> Shape {
        let (mut letters, mut cased, mut capital) = (false, false, false);
        for c in token.chars() {
            if c.is_numeric() {
                return Shape::Digit;
            }
            letters |= c.is_alphabetic();
            cased |= c.is_lowercase() || c.is_uppercase();
            capital |= c.is_uppercase();
        }
        match (letters, cased, capital) {
            (_, _, true) => Shape::Capital,
            (_, true, false) => Shape::Lower,
            (true, false, false) => Shape::Caseless,
            (false, false, false) => Shape::Punctuation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        assert_eq!(Shape::of("e-Kampala"), Shape::Capital);
        assert_eq!(Shape::of("europea"), Shape::Lower);
        assert_eq!(Shape::of("10pm"), Shape::Digit);
        assert_eq!(Shape::of("—"), Shape::Punctuation);
        assert_eq!(Shape::of("北京"), Shape::Caseless);
    }
}
