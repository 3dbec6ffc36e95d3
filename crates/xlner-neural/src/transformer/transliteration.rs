//! Words written in the letters that a model knows best.

use std::borrow::Cow;
use std::path::Path;
use std::str::FromStr;

use serde_json::Value;
use unicode_normalization::char::is_combining_mark;

use super::pieces::json as json_file;
use crate::{Error, Result};

/// The file of a model's folder that says how its words are transliterated.
pub(crate) const TRANSLITERATION: &str = "transliteration.json";

/// How the words of a text are written before they are cut into sub-words. Tokens stay the tokens that they are: one word, one
/// transliteration, so that every sub-word still belongs to the token that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transliteration {
    /// Letters, marks and digits of other scripts in Latin letters and ASCII digits (`any_ascii`); Latin letters, with all their
    /// diacritics, punctuation and symbols stay.
    Latin,
}

impl Transliteration {
    /// What a model's folder says; `None` where it says nothing.
    ///
    /// # Errors
    /// [`Error::Model`] for a file that says something else.
    pub(crate) fn read(folder: &Path) -> Result<Option<Transliteration>> {
        let path = folder.join(TRANSLITERATION);
        match json_file(&path)? {
            Value::Null => Ok(None),
            said => {
                let script = said["to"].as_str().unwrap_or_default();
                script.parse().map(Some).map_err(|problem: Error| Error::model(&path, problem.to_string()))
            }
        }
    }

    /// The file that says so.
    #[cfg(feature = "fine-tune")]
    pub(crate) fn file(self) -> String {
        let Transliteration::Latin = self;
        let note = "Before this tokeniser every word is transliterated: letters, marks and digits that are not Latin, by \
                    any_ascii. xlner does so by itself; with other software do it first.";
        format!("{:#}\n", serde_json::json!({"to": "latin", "note": note}))
    }

    /// The word as the model reads it. A word of which nothing would be left stays as it is.
    pub(crate) fn apply(self, word: &str) -> Cow<'_, str> {
        if !word.chars().any(is_foreign) {
            return Cow::Borrowed(word);
        }
        let mut latin = String::with_capacity(word.len());
        for letter in word.chars() {
            match is_foreign(letter) {
                true => latin.push_str(any_ascii::any_ascii_char(letter)),
                false => latin.push(letter),
            }
        }
        if latin.trim().is_empty() { Cow::Borrowed(word) } else { Cow::Owned(latin) }
    }
}

impl FromStr for Transliteration {
    type Err = Error;

    fn from_str(name: &str) -> Result<Transliteration> {
        match name {
            "latin" => Ok(Transliteration::Latin),
            _ => Err(Error::Options(format!("words are transliterated to `latin`, not to “{name}”"))),
        }
    }
}

/// Whether a character is a letter, mark or digit of another script than Latin.
fn is_foreign(letter: char) -> bool {
    let latin = matches!(letter, '\u{0}'..='\u{36f}' | '\u{1d00}'..='\u{1dbf}' | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}'
        | '\u{a720}'..='\u{a7ff}' | '\u{ab30}'..='\u{ab6f}');
    !latin && (letter.is_alphanumeric() || is_combining_mark(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_scripts_change() {
        let latin = |word| Transliteration::Latin.apply(word).into_owned();
        for (word, expected) in [
            ("Београд", "Beograd"),
            ("Љубав", "Ljubav"),
            ("šećer", "šećer"),
            ("Gạo", "Gạo"),
            ("NATO-у", "NATO-u"),
            ("…", "…"),
            ("٣", "3"),
            ("😀", "😀"),
            ("", ""),
        ] {
            assert_eq!(latin(word), expected, "{word}");
        }
        assert!(latin("दिल्ली").is_ascii());
        // A lone virama has no letters.
        assert_eq!(latin("\u{94d}"), "\u{94d}");
    }

    #[test]
    fn a_folder_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Transliteration::read(folder.path()).unwrap(), None);
        let path = folder.path().join(TRANSLITERATION);
        std::fs::write(&path, r#"{"to": "latin"}"#).unwrap();
        assert_eq!(Transliteration::read(folder.path()).unwrap(), Some(Transliteration::Latin));
        for wrong in [r#"{"to": "klingon"}"#, "[]", "x"] {
            std::fs::write(&path, wrong).unwrap();
            let problem = Transliteration::read(folder.path()).unwrap_err().to_string();
            assert!(problem.contains(TRANSLITERATION), "{problem}");
        }
    }
}
