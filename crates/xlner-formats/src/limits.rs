//! How long a sentence may be: a small compressed file may hold one of gigabytes.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use xlner_core::Sentence;

use crate::ReadOptions;
use crate::error::ErrorKind;

/// Tokens that a sentence may have where [`ReadOptions::max_sentence_tokens`] does not say.
pub const MAX_SENTENCE_TOKENS: usize = 1_000_000;

/// Bytes for which a text that is not tokenised counts at least one token.
const BYTES_A_TOKEN: usize = 64;

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

/// Whether a text that is not tokenised may be a sentence.
///
/// # Errors
/// Where its words and marks, or its bytes, are too many.
pub(crate) fn check_text(text: &str, options: &ReadOptions) -> Result<(), ErrorKind> {
    // No token is shorter than a byte.
    if text.len() <= options.sentence_limit() {
        return Ok(());
    }
    check_tokens((text.len() / BYTES_A_TOKEN).max(words_and_marks(text)), options)
}

/// Whether a sentence is not too long.
///
/// # Errors
/// Where it is.
pub(crate) fn check_sentence(sentence: &Sentence, options: &ReadOptions) -> Result<(), ErrorKind> {
    if sentence.is_tokenized() { check_tokens(sentence.len(), options) } else { check_text(sentence.text(), options) }
}

/// Checks the lists `tokens` of a record's JSON before it is read. What is no JSON is for the reader to say.
///
/// # Errors
/// Where one is too long.
pub(crate) fn check_json(json: &str, limit: Option<usize>) -> Result<(), ErrorKind> {
    let limit = limit.unwrap_or(MAX_SENTENCE_TOKENS);
    // An element and its comma are two bytes.
    if json.len() / 2 <= limit {
        return Ok(());
    }
    let mut longest = 0;
    let _ =
        Longest { longest: &mut longest, is_tokens: false }.deserialize(&mut serde_json::Deserializer::from_str(json));
    if longest > limit { Err(ErrorKind::TooManyTokens { limit }) } else { Ok(()) }
}

/// White-space separated words, and marks and unspaced letters one by one.
fn words_and_marks(text: &str) -> usize {
    let (mut count, mut in_word) = (0, false);
    for c in text.chars() {
        let alone = !c.is_alphanumeric() || c >= '\u{2e80}';
        count += usize::from(!c.is_whitespace() && (alone || !in_word));
        in_word = !alone;
    }
    count
}

/// Finds the longest list `tokens` in maps of maps, without keeping anything.
struct Longest<'a> {
    longest: &'a mut usize,
    is_tokens: bool,
}

impl<'de> DeserializeSeed<'de> for Longest<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Longest<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(Longest { longest: self.longest, is_tokens: key == "tokens" })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut count = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        if self.is_tokens {
            *self.longest = count.max(*self.longest);
        }
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(limit: usize) -> ReadOptions {
        ReadOptions { max_sentence_tokens: Some(limit), ..ReadOptions::default() }
    }

    #[test]
    fn texts_count_words_and_marks() {
        assert_eq!(words_and_marks("Ada won, 3.5 km. 漢字"), 10);
        assert!(check_text("a b c d e f", &options(6)).is_ok());
        assert!(check_text("a b c d e f", &options(5)).is_err());
        assert!(check_text("abcdefghijkl", &options(1)).is_ok());
        assert!(check_text(&"x".repeat(64 * 4), &options(3)).is_err());
    }

    #[test]
    fn lists_of_tokens_are_counted_wherever_they_are() {
        for json in
            [r#"{"a":[1,2,3,4,5,6,7,8],"tokens":["a","b","c"]}"#, r#"{"source":{"tokens":[1,2,3]},"x":null,"y":[{}]}"#]
        {
            assert!(check_json(json, Some(3)).is_ok(), "{json}");
            assert!(check_json(json, Some(2)).is_err(), "{json}");
        }
        assert!(check_json("{\"tokens\":[1,2,3", Some(2)).is_ok());
        assert!(check_json(&"[".repeat(100_000), Some(2)).is_ok());
    }
}
