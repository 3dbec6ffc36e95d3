//! From tokens to sub-words.

use std::path::Path;

use serde_json::{Value, json};
use tokenizers::Tokenizer;
use xlner_core::Sentence;

use super::pieces::{self, json as json_file};
use crate::{Error, Result};

/// The sub-words of a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Numbers of the sub-words, special ones included.
    pub ids: Vec<u32>,
    /// The token each comes from; `None` for special ones. A token may have none, where the tokeniser drops it.
    pub words: Vec<Option<u32>>,
}

/// Cuts tokens into a model's sub-words, as `transformers` does with `is_split_into_words=True`.
#[derive(Debug)]
pub struct SubWordTokenizer {
    tokenizer: Tokenizer,
}

impl SubWordTokenizer {
    /// Loads the tokeniser of a checkpoint's folder: `tokenizer.json`, else the word pieces of `vocab.txt` (BERT), else
    /// `sentencepiece.bpe.model` (XLM-R), else `spm.model` (DeBERTa-v2 and v3).
    ///
    /// # Errors
    /// [`Error::Model`] where there is none, or one of another kind; [`Error::File`] where it cannot be read.
    pub fn load(folder: &Path) -> Result<SubWordTokenizer> {
        let file = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        let described = |path: &Path, description| {
            SubWordTokenizer::from_description(description).map_err(|problem| Error::model(path, problem))
        };
        if let Some(path) = file("tokenizer.json") {
            described(&path, json_file(&path)?)
        } else if let Some(path) = file("vocab.txt") {
            described(&path, word_pieces(folder, &path)?)
        } else if let Some(path) = file("sentencepiece.bpe.model") {
            Ok(SubWordTokenizer { tokenizer: pieces::xlm_roberta(&path)? })
        } else if let Some(path) = file("spm.model") {
            Ok(SubWordTokenizer { tokenizer: pieces::deberta(&path)? })
        } else {
            Err(Error::model(
                folder,
                "there is no tokeniser: neither tokenizer.json nor vocab.txt, sentencepiece.bpe.model or spm.model;                  `AutoTokenizer.from_pretrained(folder).save_pretrained(folder)` of transformers writes the first",
            ))
        }
    }

    /// From what `tokenizer.json` holds.
    fn from_description(mut description: Value) -> std::result::Result<SubWordTokenizer, String> {
        description["truncation"] = Value::Null;
        description["padding"] = Value::Null;
        space_before_words(&mut description["pre_tokenizer"]);
        let bytes = serde_json::to_vec(&description).map_err(|problem| problem.to_string())?;
        let tokenizer = Tokenizer::from_bytes(bytes).map_err(|problem| problem.to_string())?;
        Ok(SubWordTokenizer { tokenizer })
    }

    /// The sub-words of a sentence's tokens.
    ///
    /// # Errors
    /// What the tokeniser says.
    pub fn encode(&self, sentence: &Sentence) -> std::result::Result<Tokens, String> {
        if !sentence.is_tokenized() {
            return Err("it is not tokenised".into());
        }
        let words: Vec<&str> = sentence.tokens().collect();
        let encoding = self.tokenizer.encode(&words[..], true).map_err(|problem| problem.to_string())?;
        let special = encoding.get_special_tokens_mask();
        let words = encoding.get_word_ids().iter().zip(special).map(|(word, special)| word.filter(|_| *special == 0));
        Ok(Tokens { ids: encoding.get_ids().to_vec(), words: words.collect() })
    }

    /// The sub-words of sentences, on all threads.
    pub(super) fn encode_all(&self, sentences: &[&Sentence]) -> Result<Vec<Tokens>> {
        use rayon::prelude::*;
        let encode = |(index, sentence): (usize, &&Sentence)| {
            self.encode(sentence).map_err(|problem| Error::Sentence { index, problem })
        };
        sentences.par_iter().enumerate().map(encode).collect()
    }
}

/// Byte-level pre-tokenisers are told to put a space before every word: the words come without it.
fn space_before_words(part: &mut Value) {
    if part["type"] == "ByteLevel" {
        part["add_prefix_space"] = Value::Bool(true);
    }
    if let Some(parts) = part.get_mut("pretokenizers").and_then(Value::as_array_mut) {
        parts.iter_mut().for_each(space_before_words);
    }
}

/// BERT's tokeniser by its list of word pieces.
fn word_pieces(folder: &Path, path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).map_err(|problem| Error::file(path, problem))?;
    let vocabulary: serde_json::Map<String, Value> =
        text.lines().enumerate().map(|(id, piece)| (piece.trim_end_matches('\r').to_owned(), id.into())).collect();
    let options = json_file(&folder.join("tokenizer_config.json"))?;
    let id = |piece: &str| {
        let known = vocabulary.get(piece).cloned();
        known.ok_or_else(|| Error::model(path, format!("{piece} is not in the list: it is not that of a BERT")))
    };
    let special = |piece: &str| -> Result<Value> {
        Ok(json!({"id": id(piece)?, "content": piece, "single_word": false, "lstrip": false, "rstrip": false,
                  "normalized": false, "special": true}))
    };
    let mut added = Vec::new();
    for piece in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] {
        if vocabulary.contains_key(piece) {
            added.push(special(piece)?);
        }
    }
    added.sort_by_key(|token| token["id"].as_u64());
    Ok(json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": true,
            "handle_chinese_chars": options["tokenize_chinese_chars"].as_bool().unwrap_or(true),
            "strip_accents": options["strip_accents"], "lowercase": options["do_lower_case"].as_bool().unwrap_or(true)},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [id("[CLS]")?], "tokens": ["[CLS]"]},
                               "[SEP]": {"id": "[SEP]", "ids": [id("[SEP]")?], "tokens": ["[SEP]"]}}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(options: &str) -> SubWordTokenizer {
        let folder = tempfile::tempdir().unwrap();
        let pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nobama\nvisit\n##ed\n.\nbe";
        std::fs::write(folder.path().join("vocab.txt"), pieces).unwrap();
        std::fs::write(folder.path().join("tokenizer_config.json"), options).unwrap();
        SubWordTokenizer::load(folder.path()).unwrap()
    }

    #[test]
    fn word_pieces_keep_their_word() {
        let sentence = Sentence::from_tokens(["Obama", "visited", "\u{200b}\u{0}", "Berlin", "."]);
        let tokens = vocabulary("{}").encode(&sentence).unwrap();
        assert_eq!(tokens.ids, [2, 4, 5, 6, 1, 7, 3]);
        assert_eq!(tokens.words, [None, Some(0), Some(1), Some(1), Some(3), Some(4), None]);
        let cased = vocabulary(r#"{"do_lower_case": false}"#).encode(&sentence).unwrap();
        assert_eq!(cased.ids, [2, 1, 5, 6, 1, 7, 3]);
        assert!(vocabulary("{}").encode(&Sentence::from_text("Obama")).unwrap_err().contains("not tokenised"));
    }

    #[test]
    fn a_folder_without_tokeniser() {
        let folder = tempfile::tempdir().unwrap();
        assert!(SubWordTokenizer::load(folder.path()).unwrap_err().to_string().contains("there is no tokeniser"));
        std::fs::write(folder.path().join("vocab.txt"), "a\nb").unwrap();
        assert!(SubWordTokenizer::load(folder.path()).unwrap_err().to_string().contains("[CLS] is not in the list"));
        std::fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
        assert!(SubWordTokenizer::load(folder.path()).unwrap_err().to_string().contains("tokenizer.json"));
    }
}
