//! Damaged files of every format: readers end with sentences or one error, in bounds of time and memory, and what was read is
//! written and read again.

use std::path::Path;

use xlner_formats::{
    Format, ReadOptions, Records, WriteOptions, read_pairs, read_records, read_sentences, read_tags, write_pairs,
    write_sentences,
};
use xlner_testing::{Bounded, Case, each_seed, mutate, taken};

/// The file of a seed.
fn damaged(format: Format, seed: u64) -> Vec<u8> {
    let others: Vec<&[u8]> = crate::valid::FILES.iter().map(|(_, text)| text.as_bytes()).collect();
    let (_, text) =
        crate::valid::FILES.iter().find(|(other, _)| *other == format).expect("a valid file of every text format");
    mutate(text.as_bytes(), &others, true, seed)
}

/// Reads a damaged file in every way; what can be read is written as records and must come back.
fn survives(format: Format, seed: u64) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ann");
    std::fs::write(folder.path().join("x.txt"), "Obama spoke.\nYes.\n\n").unwrap();
    std::fs::write(&path, damaged(format, seed)).unwrap();
    let options =
        ReadOptions { format: Some(format), labels: Some(vec!["O".into(), "B-X".into()]), ..ReadOptions::default() };
    if let Ok(tags) = read_tags(&path, &options) {
        tags.for_each(drop);
    }
    match read_records(&path, &options) {
        Ok(Records::Sentences(reader)) => reader.for_each(drop),
        Ok(Records::Pairs(reader)) => reader.for_each(drop),
        Ok(Records::Alignments(reader)) => {
            if reader.filter_map(Result::ok).count() > 0 {
                taken();
            }
        }
        Err(error) => one_line(&error)?,
    }
    sentences(&path, &options, folder.path())?;
    pairs(&path, &options, folder.path())
}

/// A message is one line, and names the file.
fn one_line(error: &xlner_formats::Error) -> Result<(), String> {
    let text = error.to_string();
    match text.contains("x.ann") || text.contains("x.txt") {
        true if !text.contains('\n') => Ok(()),
        _ => Err(format!("the error is {text:?}")),
    }
}

fn sentences(path: &Path, options: &ReadOptions, folder: &Path) -> Result<(), String> {
    let Ok(reader) = read_sentences(path, options) else { return Ok(()) };
    let mut found = Vec::new();
    for sentence in reader {
        match sentence {
            Ok(sentence) => found.push(sentence),
            Err(error) => {
                one_line(&error)?;
                break;
            }
        }
    }
    if !found.is_empty() {
        taken();
    }
    let again = folder.join("again.jsonl");
    let mut writer = write_sentences(&again, &WriteOptions::default()).map_err(|error| error.to_string())?;
    for sentence in &found {
        sentence.validate().map_err(|problem| format!("a sentence that is none: {problem}"))?;
        writer.write(sentence).map_err(|error| format!("cannot be written: {error}"))?;
    }
    writer.finish().map_err(|error| error.to_string())?;
    let reader = read_sentences(&again, &ReadOptions::default()).map_err(|error| format!("own records: {error}"))?;
    let back: Vec<_> = reader.collect::<Result<_, _>>().map_err(|error| format!("own records: {error}"))?;
    match found.iter().zip(&back).find(|(found, back)| found != back) {
        None if back.len() == found.len() => Ok(()),
        other => Err(format!("sentences come back as others: {other:?}")),
    }
}

fn pairs(path: &Path, options: &ReadOptions, folder: &Path) -> Result<(), String> {
    let Ok(reader) = read_pairs(path, options) else { return Ok(()) };
    let mut found = Vec::new();
    for pair in reader {
        match pair {
            Ok(pair) => found.push(pair),
            Err(error) => {
                one_line(&error)?;
                break;
            }
        }
    }
    if !found.is_empty() {
        taken();
    }
    let again = folder.join("pairs.jsonl");
    let mut writer = write_pairs(&again, &WriteOptions::default()).map_err(|error| error.to_string())?;
    for pair in &found {
        pair.validate().map_err(|problem| format!("a pair that is none: {problem}"))?;
        writer.write(pair).map_err(|error| format!("cannot be written: {error}"))?;
    }
    writer.finish().map_err(|error| error.to_string())?;
    let reader = read_pairs(&again, &ReadOptions::default()).map_err(|error| format!("own records: {error}"))?;
    let back: Vec<_> = reader.collect::<Result<_, _>>().map_err(|error| format!("own records: {error}"))?;
    if back == found { Ok(()) } else { Err("pairs come back as others".into()) }
}

/// Seeds of each format.
const SEEDS: u64 = 300;

#[test]
#[cfg_attr(feature = "parquet", ignore = "run without the feature: once in CI is enough")]
fn text_formats() {
    // Every format but Parquet, which has a test of its own.
    let there = |format: &Format| crate::valid::FILES.iter().any(|(other, _)| other == format);
    assert!(Format::ALL.iter().all(|format| there(format) || *format == Format::Parquet));
    let works: Vec<_> = crate::valid::FILES.iter().map(|(format, _)| move |seed| survives(*format, seed)).collect();
    let cases: Vec<Case<'_>> =
        crate::valid::FILES.iter().zip(&works).map(|((format, _), work)| (format.name(), work as _)).collect();
    each_seed("mutations::text_formats", Bounded { seconds: 60, ..Bounded::default() }, SEEDS, &cases);
}

#[cfg(feature = "parquet")]
#[test]
fn parquet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let mut writer = write_sentences(&path, &WriteOptions::default()).unwrap();
    for sentence in xlner_testing::read_sample("en.conll").iter().take(5) {
        writer.write(sentence).unwrap();
    }
    writer.finish().unwrap();
    let valid = std::fs::read(&path).unwrap();
    let work = |seed| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.ann.parquet");
        std::fs::write(&path, mutate(&valid, &[], false, seed)).unwrap();
        let options = ReadOptions { format: Some(Format::Parquet), ..ReadOptions::default() };
        sentences(&path, &options, folder.path())
    };
    each_seed("mutations::parquet", Bounded { seconds: 60, ..Bounded::default() }, SEEDS, &[("parquet", &work)]);
}
