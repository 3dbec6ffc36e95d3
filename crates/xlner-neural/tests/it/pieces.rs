//! Tokenisers that are no `tokenizer.json`, beside `transformers` and SentencePiece (`benches/parity/pieces.py`), where
//! the references are.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use xlner_core::Sentence;
use xlner_neural::seq2seq::Vocabulary;
use xlner_neural::transformer::SubWordTokenizer;

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    tokens: Vec<String>,
    #[serde(default)]
    text: String,
    /// By `transformers`.
    ids: Vec<u32>,
    /// By SentencePiece; what looks like a special token is text.
    #[serde(default)]
    slow: Vec<u32>,
    #[serde(default)]
    words: Vec<Option<u32>>,
}

fn references(name: &str) -> Option<(PathBuf, Vec<Reference>)> {
    let top = std::env::var_os("XLNER_PARITY")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/parity"), PathBuf::from);
    let folder = top.join("pieces").join(name);
    let Ok(text) = std::fs::read_to_string(folder.join("reference.jsonl")) else {
        println!("skipped: no references; write them with benches/parity/pieces.py");
        return None;
    };
    Some((folder, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()))
}

#[test]
fn encoders_without_tokenizer_json() {
    for name in ["xlm-roberta", "deberta-v3", "deberta-v3-lower", "roberta", "deberta-v1"] {
        let Some((folder, references)) = references(name) else { return };
        let tokenizer = SubWordTokenizer::load(&folder).unwrap();
        for Reference { tokens, ids, words, .. } in &references {
            let found = tokenizer.encode(&Sentence::from_tokens(tokens)).unwrap();
            assert_eq!((&found.ids, &found.words), (ids, words), "{name}: {tokens:?}");
        }
        println!("{name}: {} sentences, all as by transformers", references.len());
    }
}

#[test]
fn nllb_without_tokenizer_json() {
    let Some((folder, references)) = references("nllb") else { return };
    let vocabulary = Vocabulary::open(&folder).unwrap();
    let direction = vocabulary.direction("en", "fr").unwrap();
    let mut alike = 0;
    for Reference { text, ids, slow, .. } in &references {
        let found = vocabulary.source(&direction, text).unwrap();
        assert_eq!(found[1..], slow[1..], "{text}");
        alike += usize::from(found[1..] == ids[1..]);
        // Languages stand after the 1,999 pieces that are no unknown and the special ones: eng_Latn is the 47th, fra_Latn the 57th.
        assert_eq!((found[0], direction.first), (2001 + 46, Some(2001 + 56)));
    }
    // `transformers` takes <s> in a text for the special token, and merges and normalises a few others in its own way.
    let spelt = references.iter().filter(|reference| reference.text.contains("<s>")).count();
    assert!(references.len() - alike <= spelt + references.len() / 100, "{alike}");
    println!("nllb: {} sentences, all as by SentencePiece, {alike} as by transformers", references.len());
}
