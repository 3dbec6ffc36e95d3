//! Texts in Apertium's stream format, and back.
//!
//! Characters that delimit things in the stream are escaped with a backslash (wiki.apertium.org, "Apertium stream format").
//! Four more need a stand-in: `*`, `#` (and `@`, where it is not escaped) mark words in the output, `~` wakes the
//! post-generator, and an escaped `^` at the end of a text makes `lrx-proc` of Apertium 3.8 swallow what follows.

/// Characters with a meaning in the stream, of which the output keeps the backslash.
const ESCAPED: [char; 10] = ['[', ']', '{', '}', '$', '/', '\\', '<', '>', '@'];
/// Characters that pass as private-use ones.
const REPLACED: [char; 4] = ['*', '#', '~', '^'];

/// A text as it goes through the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Escaped {
    /// The text, without zero bytes and line breaks.
    pub text: String,
    /// What stands for [`REPLACED`]: characters that the text has not.
    stand_ins: [char; REPLACED.len()],
}

impl Escaped {
    /// Escapes a text. Line breaks and zero bytes become spaces.
    pub fn new(text: &str) -> Escaped {
        let mut free = ('\u{e000}'..='\u{f8ff}').filter(|stand_in| !text.contains(*stand_in));
        let stand_ins = REPLACED.map(|plain| free.next().unwrap_or(plain));
        let mut escaped = String::with_capacity(text.len() + text.len() / 8);
        for c in text.chars() {
            if let Some(at) = REPLACED.iter().position(|plain| *plain == c) {
                escaped.push(stand_ins[at]);
            } else if matches!(c, '\n' | '\r' | '\0') {
                escaped.push(' ');
            } else {
                if ESCAPED.contains(&c) {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
        }
        Escaped { text: escaped, stand_ins }
    }

    /// The text of an answer: without escapes, and without the marks of unknown words, which are counted: `*word` is in no
    /// dictionary, `@word` not in the bilingual one, `#word` cannot be inflected.
    pub fn plain(&self, answer: &str) -> (String, u64) {
        let mut plain = String::with_capacity(answer.len());
        let mut unknown = 0;
        let mut chars = answer.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => plain.extend(chars.next()),
                '*' | '@' | '#' => unknown += 1,
                c => match self.stand_ins.iter().position(|stand_in| *stand_in == c) {
                    Some(at) => plain.push(REPLACED[at]),
                    None => plain.push(c),
                },
            }
        }
        (plain, unknown)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_go_and_literal_ones_stay() {
        let escaped = Escaped::new("5 * 4 #tag a@b [x] ^~");
        assert!(!escaped.text.contains(['*', '#', '~', '^']));
        let answer = format!("*{} *unknown @word #take# out", escaped.text);
        assert_eq!(escaped.plain(&answer), ("5 * 4 #tag a@b [x] ^~ unknown word take out".into(), 5));
    }

    #[test]
    fn private_use_characters_of_the_text_are_not_taken_for_ours() {
        let text = "\u{e000}*\u{e001}#\u{e003}";
        assert_eq!(Escaped::new(text).plain(&Escaped::new(text).text), (text.into(), 0));
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in r"([\[\]{}^$/\\<>@*#~+|a-z \n\u{0}\u{e000}-\u{e005}]|\PC){0,40}") {
            let escaped = Escaped::new(&text);
            prop_assert!(!escaped.text.contains(['\0', '\n', '\r', '*', '#', '~', '^']));
            let (plain, unknown) = escaped.plain(&escaped.text);
            prop_assert_eq!(plain, text.replace(['\n', '\r', '\0'], " "));
            prop_assert_eq!(unknown, 0);
        }
    }
}
