//! Tokenisers of the library `tokenizers`, which panics on damaged files: here that is an error.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tokenizers::{EncodeInput, Encoding};
use xlner_formats::fence;

use crate::{Error, Result};

/// A tokeniser, and where it comes from.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    inner: tokenizers::Tokenizer,
    path: PathBuf,
}

impl Tokenizer {
    /// Reads `tokenizer.json`.
    pub fn open(path: &Path) -> Result<Tokenizer> {
        let text = std::fs::read(path).map_err(|problem| Error::file(path, problem))?;
        let description = serde_json::from_slice(&text).map_err(|problem| damaged(path, &problem.to_string()))?;
        Tokenizer::described(path, description)
    }

    /// The tokeniser that is described as in `tokenizer.json`. Nothing is cut off and nothing filled up, whatever it says.
    pub fn described(path: &Path, mut description: Value) -> Result<Tokenizer> {
        let Some(object) = description.as_object_mut() else {
            return Err(damaged(path, "it is no JSON object"));
        };
        object.insert("truncation".into(), Value::Null);
        object.insert("padding".into(), Value::Null);
        if has_broken_map(&description) {
            return Err(damaged(path, "its precompiled map of characters breaks off"));
        }
        let bytes = serde_json::to_vec(&description).map_err(|problem| damaged(path, &problem.to_string()))?;
        Tokenizer::built(path, || tokenizers::Tokenizer::from_bytes(bytes).map_err(|problem| problem.to_string()))
    }

    /// What `build` makes of a file.
    pub fn built(
        path: &Path,
        build: impl FnOnce() -> std::result::Result<tokenizers::Tokenizer, String>,
    ) -> Result<Tokenizer> {
        let inner = fence(build).and_then(|built| built).map_err(|problem| damaged(path, &problem))?;
        let tokenizer = Tokenizer { inner, path: path.to_owned() };
        // Most of what is wrong with it shows with the first words.
        for special in [true, false] {
            tokenizer.encode(&["a", "Ab", "é1"][..], special).map_err(|problem| damaged(path, &problem))?;
        }
        Ok(tokenizer)
    }

    /// The pieces of a text or its words; `special` ones round them or not.
    pub fn encode<'s>(&self, text: impl Into<EncodeInput<'s>>, special: bool) -> std::result::Result<Encoding, String> {
        let encode = || self.inner.encode(text, special).map_err(|problem| problem.to_string());
        fence(encode).and_then(|encoded| encoded).map_err(|problem| self.failed(&problem))
    }

    /// The text of pieces, without special ones.
    pub fn decode(&self, pieces: &[u32]) -> Result<String> {
        let decode = || self.inner.decode(pieces, true).map_err(|problem| problem.to_string());
        fence(decode).and_then(|decoded| decoded).map_err(|problem| damaged(&self.path, &problem))
    }

    /// The number of a piece.
    pub fn number(&self, piece: &str) -> Option<u32> {
        self.inner.token_to_id(piece)
    }

    /// As `tokenizer.json` describes it.
    #[cfg(feature = "fine-tune")]
    pub fn description(&self) -> Result<Value> {
        let text = self.inner.to_string(false).map_err(|problem| damaged(&self.path, &problem.to_string()))?;
        serde_json::from_str(&text).map_err(|problem| damaged(&self.path, &problem.to_string()))
    }

    /// The parts of a word that are cut into pieces each by itself, as the model of the pieces gets them.
    ///
    /// # Errors
    /// What the library says.
    #[cfg(feature = "fine-tune")]
    pub fn parts(&self, word: &str) -> std::result::Result<Vec<String>, String> {
        use tokenizers::{Normalizer as _, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _};
        let parts = || {
            let mut text = PreTokenizedString::from(word);
            if let Some(normalizer) = self.inner.get_normalizer() {
                text.normalize(|part| normalizer.normalize(part)).map_err(|problem| problem.to_string())?;
            }
            if let Some(cut) = self.inner.get_pre_tokenizer() {
                cut.pre_tokenize(&mut text).map_err(|problem| problem.to_string())?;
            }
            let splits = text.get_splits(OffsetReferential::Normalized, OffsetType::Byte);
            Ok(splits.into_iter().map(|(part, _, _)| part.to_owned()).filter(|part| !part.is_empty()).collect())
        };
        fence(parts).and_then(|parts| parts).map_err(|problem| self.failed(&problem))
    }

    /// The pieces of such a part, by their texts.
    ///
    /// # Errors
    /// What the library says.
    #[cfg(feature = "fine-tune")]
    pub fn cut(&self, part: &str) -> std::result::Result<Vec<String>, String> {
        use tokenizers::Model as _;
        let cut = || self.inner.get_model().tokenize(part).map_err(|problem| problem.to_string());
        let pieces = fence(cut).and_then(|pieces| pieces).map_err(|problem| self.failed(&problem))?;
        Ok(pieces.into_iter().map(|piece| piece.value).collect())
    }

    fn failed(&self, problem: &str) -> String {
        format!("the tokeniser {} fails: {problem}", self.path.display())
    }
}

fn damaged(path: &Path, problem: &str) -> Error {
    Error::model(path, format!("{problem}; the file is damaged, fetch it again"))
}

/// Whether a map of characters anywhere in a description says that it is longer than it is. The library would reserve memory for
/// what is not there.
fn has_broken_map(description: &Value) -> bool {
    match description {
        Value::Object(parts) => parts.iter().any(|(name, part)| match (name.as_str(), part) {
            ("precompiled_charsmap", Value::String(map)) => !is_whole_map(&start_of_base64(map), map.len() / 4 * 3),
            (_, part) => has_broken_map(part),
        }),
        Value::Array(parts) => parts.iter().any(has_broken_map),
        _ => false,
    }
}

/// Whether a map of characters of `length` bytes, of which the first are given, holds the table whose length it begins with.
pub(crate) fn is_whole_map(start: &[u8], length: usize) -> bool {
    let Some(table) = start.first_chunk::<4>().map(|size| u32::from_le_bytes(*size) as usize) else { return false };
    table >= 4 && table.is_multiple_of(4) && table + 4 <= length
}

/// The first bytes that Base64 stands for; fewer where it is none.
fn start_of_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = |letter: u8| LETTERS.iter().position(|known| *known == letter);
    let values: Vec<usize> = text.bytes().take(8).map_while(value).collect();
    let bytes = values.chunks_exact(4).flat_map(|four| {
        let bits = four.iter().fold(0, |bits, value| bits << 6 | value);
        [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn description() -> Value {
        json!({
            "version": "1.0", "truncation": {"max_length": 1, "strategy": "LongestFirst", "stride": 0}, "padding": null,
            "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null,
            "decoder": null, "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "a": 1, "b": 2}, "unk_token": "<unk>"}
        })
    }

    #[test]
    fn nothing_is_cut_off() {
        let tokenizer = Tokenizer::described(Path::new("x"), description()).unwrap();
        assert_eq!(tokenizer.encode("a b c", false).unwrap().get_ids(), [1, 2, 0]);
    }

    #[test]
    fn damaged_files_are_errors() {
        let changed = |name: &str, part: Value| {
            let mut description = description();
            description[name] = part;
            description
        };
        let template = json!({"type": "TemplateProcessing", "pair": [], "special_tokens": {},
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]});
        let second = json!({"type": "TemplateProcessing", "pair": [], "special_tokens": {},
            "single": [{"Sequence": {"id": "B", "type_id": 0}}]});
        let map = |map: &str| json!({"type": "Precompiled", "precompiled_charsmap": map});
        let cases = [
            json!([]),
            json!(5),
            json!("x"),
            Value::Null,
            json!({}),
            changed("model", json!({"type": "WordLevel", "vocab": 5, "unk_token": "a"})),
            changed("post_processor", template),
            changed("post_processor", second),
            changed("pre_tokenizer", json!({"type": "FixedLength", "length": 0})),
            // A table of 0 bytes, one of 4 GiB, one with a link that leads out of it.
            changed("normalizer", map("AAAAAA==")),
            changed("normalizer", map("/////w==")),
            changed("normalizer", json!({"type": "Sequence", "normalizers": [map("/P///w==")]})),
            changed("normalizer", map("BAAAAAD8//8=")),
        ];
        for case in cases {
            let shown = case.to_string();
            let error = Tokenizer::described(Path::new("model/tokenizer.json"), case).unwrap_err().to_string();
            assert!(error.starts_with("model/tokenizer.json: ") && error.contains("damaged"), "{shown}: {error}");
        }
        assert_eq!(start_of_base64("AQIDBAUG"), [1, 2, 3, 4, 5, 6]);
    }
}
