//! What every target does: reads the bytes in every way the format allows, then writes what was read and reads it again.

use std::cell::RefCell;
use std::path::Path;

use xlner_core::{Pair, ReferenceAlignment, Sentence};
use xlner_formats::{
    Format, ReadOptions, Side, WriteOptions, read_alignments, read_pairs, read_sentences, read_tags, write_alignments,
    write_pairs, write_sentences,
};

/// Reads `bytes` as a file of this format. Panics where a reader breaks a promise.
pub fn drive(format: Format, bytes: &[u8]) {
    // One folder for the life of the process, in memory where the system has such a place.
    thread_local! {
        static FOLDER: RefCell<tempfile::TempDir> = RefCell::new({
            let memory = Path::new("/dev/shm");
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
        });
    }
    FOLDER.with_borrow(|folder| {
        let input = folder.path().join("x.ann");
        std::fs::write(&input, bytes).unwrap();
        if format == Format::Brat {
            std::fs::write(folder.path().join("x.txt"), "Zoë visited New York.\r\n\nIn May.\n").unwrap();
        }
        for (side, tokenized) in [(None, false), (Some(Side::Source), true), (Some(Side::Target), false)] {
            let labels = Some(["O", "B-PER", "I-PER"].map(str::to_owned).to_vec());
            let read = ReadOptions { format: Some(format), side, tokenized, labels, ..ReadOptions::default() };
            sentences(&input, &read, folder.path());
            if side.is_none() {
                pairs(&input, &read, folder.path());
                alignments(&input, &read, folder.path());
            }
        }
    });
}

fn sentences(input: &Path, read: &ReadOptions, folder: &Path) {
    if let Ok(tags) = read_tags(input, read) {
        tags.map_while(Result::ok).for_each(|tagged| assert_eq!(tagged.tokens().len(), tagged.tags().len()));
    }
    let Ok(reader) = read_sentences(input, read) else { return };
    let found: Vec<Sentence> = reader.map_while(Result::ok).collect();
    found.iter().for_each(|sentence| sentence.validate().unwrap());
    // Columns hold all tokens and tags that do not hold a separator; what they refuse, they refuse with an error.
    let output = folder.join("y.conll");
    let mut writer = write_sentences(&output, &WriteOptions::default()).unwrap();
    let written: Vec<&Sentence> = found.iter().filter(|sentence| writer.write(sentence).is_ok()).collect();
    writer.finish().unwrap();
    let again = read_sentences(&output, &ReadOptions { format: Some(Format::Conll), ..ReadOptions::default() });
    // Tokens that look like tags or like `lang:` may make a tiny file another layout: only its length is sure.
    if let Ok(again) = again {
        assert_eq!(again.map_while(Result::ok).count(), written.len());
    }
}

fn pairs(input: &Path, read: &ReadOptions, folder: &Path) {
    let Ok(reader) = read_pairs(input, read) else { return };
    let found: Vec<Pair> = reader.map_while(Result::ok).collect();
    found.iter().for_each(|pair| pair.validate().unwrap());
    let output = folder.join("y.jsonl");
    let mut writer = write_pairs(&output, &WriteOptions::default()).unwrap();
    found.iter().for_each(|pair| writer.write(pair).unwrap());
    writer.finish().unwrap();
    let again: Vec<Pair> = read_pairs(&output, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(again.len(), found.len());
}

fn alignments(input: &Path, read: &ReadOptions, folder: &Path) {
    let Ok(reader) = read_alignments(input, read) else { return };
    let found: Vec<ReferenceAlignment> = reader.take(10_000).map_while(Result::ok).collect();
    let output = folder.join("y.pharaoh");
    let write = WriteOptions { probabilities: true, ..WriteOptions::default() };
    let mut writer = write_alignments(&output, &write).unwrap();
    found.iter().for_each(|alignment| writer.write_reference(alignment).unwrap());
    writer.finish().unwrap();
    let again: Vec<_> = read_alignments(&output, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(again, found);
}
