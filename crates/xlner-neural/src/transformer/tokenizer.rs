//! From tokens to sub-words.

use std::path::Path;

use serde_json::{Value, json};
use xlner_core::Sentence;

use super::pieces::{self, json as json_file};
use super::transliteration::{TRANSLITERATION, Transliteration};
use crate::nn::adapter;
use crate::tokenizer::Tokenizer;
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
    pub(super) tokenizer: Tokenizer,
    /// What words go through first.
    pub(super) transliteration: Option<Transliteration>,
}

impl SubWordTokenizer {
    /// Loads the tokeniser of a checkpoint's folder: `tokenizer.json`, else the word pieces of `vocab.txt` (BERT), else
    /// `sentencepiece.bpe.model` (XLM-R), else `spm.model` (DeBERTa-v2 and v3), else `vocab.json` and `merges.txt` (RoBERTa,
    /// DeBERTa). Where the folder says so, words are transliterated first.
    ///
    /// # Errors
    /// [`Error::Model`] where there is none, or one of another kind; [`Error::File`] where it cannot be read.
    pub fn load(folder: &Path) -> Result<SubWordTokenizer> {
        Ok(SubWordTokenizer {
            tokenizer: pieces_of(folder)?,
            transliteration: Transliteration::read(&adapter::holding(folder, TRANSLITERATION)?)?,
        })
    }

    /// The tokeniser that is described as in `tokenizer.json`.
    #[cfg(feature = "fine-tune")]
    pub(super) fn of(
        path: &Path,
        description: Value,
        transliteration: Option<Transliteration>,
    ) -> Result<SubWordTokenizer> {
        Ok(SubWordTokenizer { tokenizer: described(path, description)?, transliteration })
    }

    /// The sub-words of a sentence's tokens.
    ///
    /// # Errors
    /// What the tokeniser says.
    pub fn encode(&self, sentence: &Sentence) -> std::result::Result<Tokens, String> {
        if !sentence.is_tokenized() {
            return Err("it is not tokenised".into());
        }
        let encoding = match self.transliteration {
            None => self.tokenizer.encode(&sentence.tokens().collect::<Vec<_>>()[..], true)?,
            Some(to) => {
                self.tokenizer.encode(&sentence.tokens().map(|word| to.apply(word)).collect::<Vec<_>>()[..], true)?
            }
        };
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

/// The tokeniser of a folder, without transliteration.
fn pieces_of(folder: &Path) -> Result<Tokenizer> {
    let file = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    if let Some(path) = file("tokenizer.json") {
        described(&path, json_file(&path)?)
    } else if let Some(path) = file("vocab.txt") {
        described(&path, word_pieces(folder, &path)?)
    } else if let Some(path) = file("sentencepiece.bpe.model") {
        pieces::xlm_roberta(&path)
    } else if let Some(path) = file("spm.model") {
        pieces::deberta(&path)
    } else if let (Some(path), Some(merges)) = (file("vocab.json"), file("merges.txt")) {
        described(&path, byte_pairs(&path, &merges)?)
    } else if let Some(base) = adapter::base(folder)? {
        pieces_of(&base)
    } else {
        Err(Error::model(
            folder,
            "there is no tokeniser: neither tokenizer.json nor vocab.txt, sentencepiece.bpe.model, spm.model, or \
             vocab.json with merges.txt; `AutoTokenizer.from_pretrained(folder).save_pretrained(folder)` of \
             transformers writes the first",
        ))
    }
}

/// From what `tokenizer.json` holds.
fn described(path: &Path, mut description: Value) -> Result<Tokenizer> {
    if let Some(part) = description.get_mut("pre_tokenizer") {
        space_before_words(part);
    }
    Tokenizer::described(path, description)
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

/// The tokeniser of RoBERTa and of DeBERTa's version 1 by its pieces and the merges that make them of bytes (GPT-2's).
fn byte_pairs(path: &Path, merges: &Path) -> Result<Value> {
    let vocabulary = json_file(path)?;
    let text = std::fs::read_to_string(merges).map_err(|problem| Error::file(merges, problem))?;
    let merges: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with("#version")).collect();
    let known = [["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"], ["<s>", "</s>", "<pad>", "<unk>", "<mask>"]];
    let known = known.into_iter().find(|names| names[..2].iter().all(|name| vocabulary[name].is_u64()));
    let special = known.ok_or_else(|| {
        Error::model(path, "neither [CLS] and [SEP] nor <s> and </s> are in it: it is not that of a DeBERTa or RoBERTa")
    })?;
    let mut added: Vec<Value> =
        special.iter().filter_map(|name| Some(special_token(name, vocabulary.get(name)?))).collect();
    added.sort_by_key(|token| token["id"].as_u64());
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true});
    Ok(json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
        "pre_tokenizer": bytes, "decoder": bytes,
        "post_processor": framed([special[0], special[1]], [&vocabulary[special[0]], &vocabulary[special[1]]]),
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": false, "byte_fallback": false, "vocab": vocabulary, "merges": merges},
    }))
}

/// A special token as `tokenizer.json` describes it.
fn special_token(name: &str, id: &Value) -> Value {
    json!({"id": id, "content": name, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})
}

/// A sentence between two special tokens, as `tokenizer.json` describes it.
fn framed([first, last]: [&str; 2], ids: [&Value; 2]) -> Value {
    json!({"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": first, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": last, "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {first: {"id": first, "ids": [ids[0]], "tokens": [first]},
                           last: {"id": last, "ids": [ids[1]], "tokens": [last]}}})
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
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    let mut added: Vec<Value> =
        special.iter().filter_map(|piece| Some(special_token(piece, vocabulary.get(*piece)?))).collect();
    added.sort_by_key(|token| token["id"].as_u64());
    Ok(json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": true,
            "handle_chinese_chars": options["tokenize_chinese_chars"].as_bool().unwrap_or(true),
            "strip_accents": options["strip_accents"], "lowercase": options["do_lower_case"].as_bool().unwrap_or(true)},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": framed(["[CLS]", "[SEP]"], [&id("[CLS]")?, &id("[SEP]")?]),
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
    fn byte_pairs_have_a_space_before_every_word() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
        write("vocab.json", r#"{"[PAD]":0,"[CLS]":1,"[SEP]":2,"[UNK]":3,"a":4,"b":5,"Ġ":6,"ab":7,"Ġab":8}"#);
        write("merges.txt", "#version: 0.2\na b\nĠ ab\n");
        let tokens = SubWordTokenizer::load(folder.path()).unwrap().encode(&Sentence::from_tokens(["ab", "ba", "aab"]));
        let tokens = tokens.unwrap();
        assert_eq!(tokens.ids, [1, 8, 6, 5, 4, 6, 4, 7, 2]);
        assert_eq!(tokens.words[1..4], [Some(0), Some(1), Some(1)]);
        write("vocab.json", r#"{"a":0}"#);
        assert!(SubWordTokenizer::load(folder.path()).unwrap_err().to_string().contains("neither [CLS]"));
    }

    #[test]
    fn transliterated_words_keep_their_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nbeo\n##grad\n.\nu";
        std::fs::write(folder.path().join("vocab.txt"), pieces).unwrap();
        let load = || SubWordTokenizer::load(folder.path()).unwrap();
        let sentence = Sentence::from_tokens(["У", "Београд", "."]);
        assert_eq!(load().encode(&sentence).unwrap().ids, [2, 1, 1, 6, 3]);
        std::fs::write(folder.path().join("transliteration.json"), r#"{"to": "latin"}"#).unwrap();
        let tokens = load().encode(&sentence).unwrap();
        assert_eq!(tokens.ids, [2, 7, 4, 5, 6, 3]);
        assert_eq!(tokens.words, [None, Some(0), Some(1), Some(1), Some(2), None]);
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
