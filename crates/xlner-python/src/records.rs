//! Records as lines of JSON, in and out.

use std::path::PathBuf;

use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use xlner_core::extra::{id_text, protect_integers};
use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Pair, Sentence};
use xlner_formats::MAX_SENTENCE_TOKENS;

use crate::error::{Failure, Result};

/// Pairs of lines; the first that is none is the error.
pub fn pairs(lines: &[String]) -> Result<Vec<Pair>> {
    parse(lines, |pair: &Pair| {
        pair.validate().map_err(|error| error.to_string())?;
        short(&pair.source).and_then(|()| short(&pair.target))
    })
}

/// Pairs of lines, tokenised.
pub fn tokenized_pairs(lines: &[String]) -> Result<Vec<Pair>> {
    let mut pairs = pairs(lines)?;
    for (number, pair) in (1..).zip(&mut pairs) {
        for side in [&mut pair.source, &mut pair.target] {
            if !side.is_tokenized() {
                tokenize_sentence(side).map_err(|error| Failure::record(number, &pair.id, error))?;
            }
        }
    }
    Ok(pairs)
}

/// Sentences of lines as they are.
pub fn raw_sentences(lines: &[String]) -> Result<Vec<Sentence>> {
    parse(lines, short)
}

/// Sentences of lines, tokenised.
pub fn sentences(lines: &[String]) -> Result<Vec<Sentence>> {
    let mut sentences = raw_sentences(lines)?;
    for (number, sentence) in (1..).zip(&mut sentences) {
        if !sentence.is_tokenized() {
            tokenize_sentence(sentence).map_err(|error| Failure::record(number, &id(sentence), error))?;
        }
    }
    Ok(sentences)
}

/// Records as lines.
pub fn lines<T: Serialize + Sync>(records: &[T]) -> Result<Vec<String>> {
    records.par_iter().map(|record| serde_json::to_string(record).map_err(Failure::model)).collect()
}

/// A folder for the files of jobs that read files; it goes away with the value.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// A new one.
    pub fn new() -> Result<Folder> {
        let made = tempfile::Builder::new().prefix("xlner-").tempdir();
        Ok(Folder(made.map_err(|error| Failure::file(&std::env::temp_dir(), error))?))
    }

    /// Writes a file of records.
    pub fn write(&self, name: &str, lines: &[String]) -> Result<PathBuf> {
        let path = self.0.path().join(name);
        let mut text = lines.join("\n");
        text.push('\n');
        std::fs::write(&path, text).map_err(|error| Failure::file(&path, error))?;
        Ok(path)
    }

    /// A failure without the name of the folder, which means nothing to the caller.
    pub fn forget(&self, failure: Failure) -> Failure {
        failure.without_folder(self.0.path())
    }
}

/// The id of a sentence; empty where it has none.
pub fn id(sentence: &Sentence) -> String {
    sentence.extra.get("id").and_then(id_text).unwrap_or_default().into_owned()
}

fn parse<T: DeserializeOwned + Send>(
    lines: &[String],
    check: impl Fn(&T) -> std::result::Result<(), String> + Sync,
) -> Result<Vec<T>> {
    let results: Vec<Result<T>> = lines
        .par_iter()
        .enumerate()
        .map(|(index, line)| {
            let json = protect_integers(line);
            let record = serde_json::from_str(&json).map_err(|error| without_place(&error));
            record.and_then(|record| check(&record).map(|()| record)).map_err(|problem| {
                let value: Value = serde_json::from_str(&json).unwrap_or_default();
                let id = value.get("id").and_then(id_text).unwrap_or_default();
                Failure::record(index as u64 + 1, &id, problem)
            })
        })
        .collect();
    // Of several errors the first record's.
    results.into_iter().collect()
}

/// What the parser says, without its place in a line that nobody sees.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rfind(" at line ").map_or(message.clone(), |at| message[..at].to_owned())
}

fn short(sentence: &Sentence) -> std::result::Result<(), String> {
    match sentence.len() <= MAX_SENTENCE_TOKENS {
        true => Ok(()),
        false => Err(format!("a sentence of more than {MAX_SENTENCE_TOKENS} tokens; cut it into sentences")),
    }
}
