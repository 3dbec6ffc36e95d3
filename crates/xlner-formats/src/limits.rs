//! How much a sentence, a line and a document may hold: a small compressed file may hold gigabytes.

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use xlner_core::Sentence;

use crate::ReadOptions;
use crate::error::ErrorKind;

/// Tokens that a sentence may have where [`ReadOptions::max_sentence_tokens`] does not say.
pub const MAX_SENTENCE_TOKENS: usize = 1_000_000;

/// Bytes for which a text that is not tokenised counts at least one token.
const BYTES_A_TOKEN: usize = 64;

/// What may be read at once. Everything follows from the tokens that a sentence may have, so that one option raises it; whoever
/// allows fewer tokens than usual still reads lines as long as ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Tokens of a sentence.
    pub(crate) tokens: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { tokens: MAX_SENTENCE_TOKENS }
    }
}

impl Limits {
    fn times(self, factor: usize) -> usize {
        self.tokens.max(MAX_SENTENCE_TOKENS).saturating_mul(factor)
    }

    /// Bytes of a line, of a JSON value, or of the lines that make a sentence: 64 MB, if nothing else is said.
    pub(crate) fn bytes(self) -> usize {
        self.times(BYTES_A_TOKEN)
    }

    /// Values in a JSON value, as [`check_json`] weighs them, and links of a pair.
    pub(crate) fn values(self) -> usize {
        self.times(8)
    }

    /// Bytes of a document that is read whole: 1 GB, if nothing else is said.
    pub(crate) fn document(self) -> usize {
        self.times(1000)
    }
}

impl ReadOptions {
    pub(crate) fn limits(&self) -> Limits {
        self.max_sentence_tokens.map_or_else(Limits::default, |tokens| Limits { tokens })
    }

    /// Tokens that a sentence may have.
    pub(crate) fn sentence_limit(&self) -> usize {
        self.limits().tokens
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

/// Checks the lists `tokens` of a record's JSON, and all that it holds, before it is read. What is no JSON is for the reader to say.
///
/// # Errors
/// Where a list of tokens, or the whole, is too long.
pub(crate) fn check_json(json: &str, limits: Limits) -> Result<(), ErrorKind> {
    // An element and its comma are two bytes; what little there is left fits.
    if json.len() / 2 <= limits.tokens {
        return Ok(());
    }
    let mut found = Found { longest: 0, weight: 0 };
    let _ = Counter { found: &mut found, is_tokens: false, depth: DEPTH }
        .deserialize(&mut serde_json::Deserializer::from_str(json));
    if found.longest > limits.tokens {
        Err(ErrorKind::TooManyTokens { limit: limits.tokens })
    } else if found.weight > limits.values() {
        Err(ErrorKind::TooManyValues { what: "a record", limit: limits.values() })
    } else {
        Ok(())
    }
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

/// Levels of lists and maps that are looked at; the parsers refuse deeper ones.
const DEPTH: usize = 128;
/// What a list or map weighs beside its values: each has a block of memory of its own.
const OF_A_CONTAINER: usize = 4;

/// What a JSON value holds.
struct Found {
    /// Elements of the longest list `tokens`.
    longest: usize,
    /// Its values, and [`OF_A_CONTAINER`] for each list and map.
    weight: usize,
}

/// Counts the values of a JSON text without keeping anything.
struct Counter<'a> {
    found: &'a mut Found,
    is_tokens: bool,
    depth: usize,
}

impl Counter<'_> {
    fn below(&mut self, is_tokens: bool) -> Counter<'_> {
        Counter { found: self.found, is_tokens, depth: self.depth.saturating_sub(1) }
    }
}

impl<'de> DeserializeSeed<'de> for Counter<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.found.weight += 1;
        match self.depth {
            0 => IgnoredAny::deserialize(deserializer).map(drop),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Counter<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.found.weight += OF_A_CONTAINER;
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(self.below(key == "tokens"))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut count = 0;
        while list.next_element_seed(self.below(false))?.is_some() {
            count += 1;
        }
        if count > 0 {
            self.found.weight += OF_A_CONTAINER;
        }
        if self.is_tokens {
            self.found.longest = self.found.longest.max(count);
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
        let allowed = |json: &str, tokens| check_json(json, Limits { tokens }).is_ok();
        for json in
            [r#"{"a":[1,2,3,4,5,6,7,8],"tokens":["a","b","c"]}"#, r#"{"source":{"tokens":[1,2,3]},"x":null,"y":[{}]}"#]
        {
            assert!(allowed(json, 3) && !allowed(json, 2), "{json}");
        }
        assert!(allowed("{\"tokens\":[1,2,3", 2));
        assert!(allowed(&"[".repeat(100_000), 2));
    }

    #[test]
    fn all_values_are_counted() {
        let values = Limits::default().values();
        for (part, weight) in [("0", 1), ("[]", 1), ("[0]", 6), ("{}", 5), ("{\"a\":0}", 6)] {
            let list = |count: usize| format!("[{}0]", format!("{part},").repeat(count));
            let most = (values - 6) / weight;
            assert!(check_json(&list(most), Limits::default()).is_ok(), "{part}");
            let refused = check_json(&list(most + 1), Limits::default());
            assert!(matches!(refused, Err(ErrorKind::TooManyValues { .. })), "{part}");
        }
    }
}
