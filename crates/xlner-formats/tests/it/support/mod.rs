//! Reading texts as files.
#![allow(dead_code, reason = "not every test file needs all")]

use serde_json::Value;
use xlner_core::Sentence;
use xlner_formats::{ReadOptions, read_sentences};

/// Sentences, and notes as kinds with counts.
pub type Found = (Vec<Sentence>, Vec<(&'static str, u64)>);

/// What a file of this name and text gives.
pub fn read(name: &str, text: &str) -> Result<Found, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let options = ReadOptions::default();
    let reader = read_sentences(&path, &options).map_err(|error| error.to_string())?;
    let sentences: Vec<Sentence> = reader.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    for sentence in &sentences {
        sentence.validate().unwrap();
        assert_eq!(sentence.regions.as_ref().map(Vec::len), Some(sentence.len()));
    }
    let notes = options.notes.list().iter().map(|note| (note.kind.name, note.count)).collect();
    Ok((sentences, notes))
}

/// The texts of the sentences.
pub fn texts(name: &str, text: &str) -> Vec<String> {
    read(name, text).unwrap().0.iter().map(|sentence| sentence.text().to_owned()).collect()
}

/// The notes.
pub fn notes(name: &str, text: &str) -> Vec<(&'static str, u64)> {
    read(name, text).unwrap().1
}

/// The region of the first token that is written so.
pub fn region(sentences: &[Sentence], token: &str) -> Value {
    let found = sentences.iter().find_map(|sentence| {
        let at = sentence.tokens().position(|own| own == token)?;
        Some(sentence.regions.as_ref()?[at].clone())
    });
    found.unwrap_or_else(|| panic!("no token {token}"))
}

/// The characters that are neither white space nor hyphens, which a line break may have brought or taken.
pub fn characters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !['-', '\u{ad}', '¬'].contains(c)).collect()
}

/// The same of all sentences.
pub fn all_characters(sentences: &[Sentence]) -> String {
    sentences.iter().map(|sentence| characters(sentence.text())).collect()
}

/// The text as it is written in XML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
