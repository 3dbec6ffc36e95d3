//! Small things that several tests share.
#![allow(dead_code)]

use std::path::PathBuf;

use xlner_core::Sentence;
use xlner_formats::{Notes, ReadOptions, WriteOptions, read_sentences, write_sentences};

/// A file in a folder of its own.
pub struct File {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
}

pub fn file(name: &str, content: &str) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    File { _folder: folder, path }
}

pub fn read_with(name: &str, content: &str, options: &ReadOptions) -> Vec<Sentence> {
    let file = file(name, content);
    read_sentences(&file.path, options).unwrap().map(|sentence| sentence.unwrap()).collect()
}

pub fn read(name: &str, content: &str) -> Vec<Sentence> {
    read_with(name, content, &ReadOptions::default())
}

/// The sentences, and the names and counts of what was noted.
pub fn read_noted(name: &str, content: &str) -> (Vec<Sentence>, Vec<(&'static str, u64)>) {
    let options = ReadOptions { notes: Notes::default(), ..ReadOptions::default() };
    let sentences = read_with(name, content, &options);
    (sentences, options.notes.list().iter().map(|note| (note.kind.name, note.count)).collect())
}

/// `text/LABEL` of every entity, and `|` between sentences.
pub fn shown(sentences: &[Sentence]) -> String {
    let of = |sentence: &Sentence| {
        let entities = sentence.entities.iter();
        entities.map(|entity| format!("{}/{}", sentence.span_text(entity.span), entity.label)).collect::<Vec<_>>()
    };
    sentences.iter().map(|sentence| of(sentence).join(" ")).collect::<Vec<_>>().join("|")
}

pub fn shows(name: &str, content: &str, expected: &str) {
    assert_eq!(shown(&read(name, content)), expected, "{content}");
}

/// The error that reading ends with; the file's name without its folder.
pub fn message_with(name: &str, content: &str, options: &ReadOptions) -> String {
    let file = file(name, content);
    let error = match read_sentences(&file.path, options) {
        Err(error) => error,
        Ok(reader) => reader.filter_map(Result::err).next().expect("an error"),
    };
    error.to_string().replace(&file.path.display().to_string(), name)
}

pub fn message(name: &str, content: &str) -> String {
    message_with(name, content, &ReadOptions::default())
}

/// What is written under a name.
pub fn written(sentences: &[Sentence], name: &str, options: &WriteOptions) -> String {
    let file = file(name, "");
    let mut writer = write_sentences(&file.path, options).unwrap();
    sentences.iter().for_each(|sentence| writer.write(sentence).unwrap());
    writer.finish().unwrap();
    std::fs::read_to_string(&file.path).unwrap()
}
