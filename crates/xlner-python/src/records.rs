//! Records in and out: lines of JSON, or rows of a table.

use std::path::PathBuf;

use pyo3::prelude::*;
use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use xlner_core::extra::{id_text, protect_integers};
use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Pair, Sentence};
use xlner_formats::MAX_SENTENCE_TOKENS;

use crate::error::{Failure, Result};
use crate::table::Table;

/// Records as Python hands them over, and gets them back.
#[derive(FromPyObject, IntoPyObject)]
pub enum Records {
    /// A line of JSON each.
    Lines(Vec<String>),
    /// A row each.
    Table(Table),
}

impl Records {
    /// Number of records.
    pub fn len(&self) -> usize {
        match self {
            Records::Lines(lines) => lines.len(),
            Records::Table(table) => table.len(),
        }
    }

    /// Pairs, in the form that these records have.
    pub fn with_pairs(&self, pairs: Vec<Pair>) -> Result<Records> {
        Ok(match self {
            Records::Lines(_) => Records::Lines(lines(&pairs)?),
            Records::Table(table) => Records::Table(table.with_pairs(pairs)?),
        })
    }

    /// Sentences, in the form that these records have.
    pub fn with_sentences(&self, sentences: Vec<Sentence>) -> Result<Records> {
        Ok(match self {
            Records::Lines(_) => Records::Lines(lines(&sentences)?),
            Records::Table(table) => Records::Table(table.with_sentences(sentences)?),
        })
    }
}

/// Pairs; the first that is none is the error.
pub fn pairs(records: &Records) -> Result<Vec<Pair>> {
    match records {
        Records::Lines(lines) => parse(lines, check_pair),
        Records::Table(table) => table.pairs(),
    }
}

/// Checks that a pair's parts fit each other, and that its sentences are none of a whole book.
pub fn check_pair(pair: &Pair) -> std::result::Result<(), String> {
    pair.validate().map_err(|error| error.to_string())?;
    short(&pair.source).and_then(|()| short(&pair.target))
}

/// Pairs, tokenised.
pub fn tokenized_pairs(records: &Records) -> Result<Vec<Pair>> {
    let mut pairs = pairs(records)?;
    for (number, pair) in (1..).zip(&mut pairs) {
        for side in [&mut pair.source, &mut pair.target] {
            if !side.is_tokenized() {
                tokenize_sentence(side).map_err(|error| Failure::record(number, &pair.id, error))?;
            }
        }
    }
    Ok(pairs)
}

/// Sentences as they are.
pub fn raw_sentences(records: &Records) -> Result<Vec<Sentence>> {
    match records {
        Records::Lines(lines) => parse(lines, short),
        Records::Table(table) => table.sentences(),
    }
}

/// Sentences, tokenised.
pub fn sentences(records: &Records) -> Result<Vec<Sentence>> {
    let mut sentences = raw_sentences(records)?;
    for (number, sentence) in (1..).zip(&mut sentences) {
        if !sentence.is_tokenized() {
            tokenize_sentence(sentence).map_err(|error| Failure::record(number, &id(sentence), error))?;
        }
    }
    Ok(sentences)
}

/// Records as lines.
fn lines<T: Serialize + Sync>(records: &[T]) -> Result<Vec<String>> {
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

/// Checks that a sentence is none of a whole book.
pub fn short(sentence: &Sentence) -> std::result::Result<(), String> {
    match sentence.len() <= MAX_SENTENCE_TOKENS {
        true => Ok(()),
        false => Err(format!("a sentence of more than {MAX_SENTENCE_TOKENS} tokens; cut it into sentences")),
    }
}
