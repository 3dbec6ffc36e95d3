//! Whatever the bytes are, readers end with sentences or one error. The fuzz targets do the same for longer.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use xlner_formats::{
    Format, ReadOptions, Records, Side, read_alignments, read_pairs, read_records, read_sentences, read_tags,
};

/// Reads a file in every way the format allows, to the end or the first error.
fn read_all(path: &Path, format: Format) {
    for (side, tokenized) in [(None, false), (Some(Side::Source), true), (Some(Side::Target), false)] {
        let options = ReadOptions {
            format: Some(format),
            side,
            tokenized,
            labels: Some(vec!["O".into(), "B-X".into()]),
            ..ReadOptions::default()
        };
        if let Ok(sentences) = read_sentences(path, &options) {
            for sentence in sentences.map_while(Result::ok) {
                sentence.validate().unwrap();
            }
        }
        if let Ok(pairs) = read_pairs(path, &options) {
            for pair in pairs.map_while(Result::ok) {
                pair.validate().unwrap();
            }
        }
        if let Ok(tags) = read_tags(path, &options) {
            tags.map_while(Result::ok).for_each(|tagged| assert_eq!(tagged.tokens().len(), tagged.tags().len()));
        }
        if let Ok(alignments) = read_alignments(path, &options) {
            for alignment in alignments.map_while(Result::ok) {
                assert!(alignment.sure.links().iter().all(|l| alignment.possible.contains(l.source, l.target)));
            }
        }
        match read_records(path, &options) {
            Ok(Records::Sentences(reader)) => assert!(reader.map_while(Result::ok).count() < usize::MAX),
            Ok(Records::Pairs(reader)) => assert!(reader.map_while(Result::ok).count() < usize::MAX),
            Ok(Records::Alignments(reader)) => assert!(reader.map_while(Result::ok).count() < usize::MAX),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn write(folder: &Path, format: Format, bytes: &[u8]) -> std::path::PathBuf {
    if format == Format::Brat {
        std::fs::write(folder.join("x.txt"), "Obama spoke.\nYes.\n\n").unwrap();
    }
    let path = folder.join("x.ann");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn the_valid_files_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    for (format, text) in crate::valid::FILES {
        let path = write(folder.path(), format, text.as_bytes());
        let options = ReadOptions { format: Some(format), ..ReadOptions::default() };
        let count = match read_records(&path, &options).unwrap() {
            Records::Sentences(reader) => reader.map(Result::unwrap).count(),
            Records::Pairs(reader) => reader.map(Result::unwrap).count(),
            Records::Alignments(reader) => reader.map(Result::unwrap).count(),
        };
        assert!(count > 0, "{format}");
    }
}

fn config() -> ProptestConfig {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 48 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_bytes(bytes in vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        for format in Format::ALL {
            read_all(&write(folder.path(), format, &bytes), format);
        }
    }

    #[test]
    fn arbitrary_text(text in "[\\PC\t\n\r]{0,80}") {
        let folder = tempfile::tempdir().unwrap();
        for format in Format::ALL {
            read_all(&write(folder.path(), format, text.as_bytes()), format);
        }
    }

    /// Valid files with bytes replaced, cut out and doubled.
    #[test]
    fn damaged_files(edits in vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>(), 1..9_usize), 1..5)) {
        let folder = tempfile::tempdir().unwrap();
        for (format, text) in crate::valid::FILES {
            let mut bytes = text.as_bytes().to_vec();
            for (place, kind, byte, length) in &edits {
                if bytes.is_empty() {
                    break;
                }
                let at = place.index(bytes.len());
                let end = (at + length).min(bytes.len());
                match kind {
                    0 => bytes[at] = *byte,
                    1 => drop(bytes.drain(at..end)),
                    2 => {
                        let part = bytes[at..end].to_vec();
                        bytes.splice(at..at, part);
                    }
                    _ => bytes[at] = b"\t\n\"[]{}-:,0O "[usize::from(*byte) % 13],
                }
            }
            read_all(&write(folder.path(), format, &bytes), format);
        }
    }
}

#[test]
fn deep_and_long_input() {
    let folder = tempfile::tempdir().unwrap();
    let deep = "[".repeat(100_000);
    let tokens: String = (0..10_000).map(|index| format!("t{index}\tB-X\n")).collect();
    for text in [deep.as_str(), &format!("{{\"tokens\":{deep}"), &tokens, &"x".repeat(300_000), &"\n".repeat(10_000)] {
        for format in Format::ALL {
            read_all(&write(folder.path(), format, text.as_bytes()), format);
        }
    }
}
