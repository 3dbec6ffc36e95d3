//! Records whose tokens were normalised (NFC or NFD) when their text was not.

use serde_json::Value;
use unicode_normalization::char::decompose_canonical;

/// The record with its tokens as they stand in the text; `None` where they differ in more than normalisation, or not at all.
pub(super) fn tokens_as_in_text(record: &str) -> Option<Value> {
    let mut record: Value = serde_json::from_str(record).ok()?;
    let mut changed = sentence(&mut record)?;
    for side in ["source", "target"] {
        if let Some(side) = record.get_mut(side) {
            changed |= sentence(side)?;
        }
    }
    changed.then_some(record)
}

/// Gives the tokens of a sentence the form that the text has; `None` where one does not occur in it.
fn sentence(sentence: &mut Value) -> Option<bool> {
    let Some((text, tokens)) = sentence.get("text").and_then(Value::as_str).zip(sentence.get("tokens")) else {
        return Some(false);
    };
    let decomposed = Decomposed::of(text);
    let mut from = 0;
    let mut found = Vec::new();
    for token in tokens.as_array()? {
        let (at, end) = decomposed.find(token.as_str()?, from)?;
        found.push(Value::from(&text[decomposed.bytes[at]..decomposed.bytes[end]]));
        from = end;
    }
    let found = Value::from(found);
    let changed = found != *tokens;
    sentence["tokens"] = found;
    Some(changed)
}

/// A text in canonical decomposition, each character with the byte that the one it comes from begins at.
struct Decomposed {
    characters: Vec<char>,
    /// One more than characters: the end. A character inside the decomposition of another has `usize::MAX`.
    bytes: Vec<usize>,
}

impl Decomposed {
    fn of(text: &str) -> Self {
        let (mut characters, mut bytes) = (Vec::new(), Vec::new());
        for (at, character) in text.char_indices() {
            let first = characters.len();
            decompose_canonical(character, |part| characters.push(part));
            bytes.push(at);
            bytes.resize(characters.len(), usize::MAX);
            debug_assert!(characters.len() > first);
        }
        bytes.push(text.len());
        Decomposed { characters, bytes }
    }

    /// Where a token stands from `from` on, not cutting a character of the text.
    fn find(&self, token: &str, from: usize) -> Option<(usize, usize)> {
        let mut wanted = Vec::new();
        token.chars().for_each(|character| decompose_canonical(character, |part| wanted.push(part)));
        (from..=self.characters.len().checked_sub(wanted.len())?).find_map(|at| {
            let end = at + wanted.len();
            let whole = self.bytes[at] != usize::MAX && self.bytes[end] != usize::MAX;
            (whole && self.characters[at..end] == wanted[..]).then_some((at, end))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_take_the_form_of_the_text() {
        let record = "{\"text\":\"Isra\u{65}\u{308}l \u{e9}t\u{e9}\",\"tokens\":[\"Isra\u{eb}l\",\"e\u{301}t\u{e9}\"]}";
        let found = tokens_as_in_text(record).unwrap();
        assert_eq!(found["tokens"], serde_json::json!(["Isra\u{65}\u{308}l", "\u{e9}t\u{e9}"]));
        assert_eq!(tokens_as_in_text("{\"text\":\"a b\",\"tokens\":[\"a\",\"c\"]}"), None);
    }
}
