//! Small files that would take all memory: every reader has a limit, and its error says which.

use std::io::Write as _;

use xlner_core::Sentence;
use xlner_formats::{Error, Format, ReadOptions, read_pairs, read_records, read_sentences, read_tags};

/// The errors of all readers for a file.
fn problems(path: &std::path::Path, options: &ReadOptions) -> Vec<String> {
    let mut found: Vec<Error> = Vec::new();
    let mut keep = |error| found.push(error);
    match read_sentences(path, options) {
        Ok(reader) => reader.filter_map(Result::err).for_each(&mut keep),
        Err(error) => keep(error),
    }
    match read_pairs(path, options) {
        Ok(reader) => reader.filter_map(Result::err).for_each(&mut keep),
        Err(error) => keep(error),
    }
    match read_tags(path, options) {
        Ok(reader) => reader.filter_map(Result::err).for_each(&mut keep),
        Err(error) => keep(error),
    }
    if let Err(error) = read_records(path, options) {
        keep(error);
    }
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn every_format_keeps_to_the_longest_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ann");
    std::fs::write(folder.path().join("x.txt"), "Obama spoke.\nYes.\n\n").unwrap();
    let mut tried = 0;
    // Links belong to sentences of other files, and a pair has a limit for each side.
    let others = [Format::Pharaoh, Format::Naacl, Format::Bitext, Format::Jsonl];
    for (format, text) in crate::valid::FILES.iter().filter(|(format, _)| !others.contains(format)) {
        std::fs::write(&path, text).unwrap();
        let options = |limit| ReadOptions {
            format: Some(*format),
            labels: Some(vec!["O".into(), "B-X".into()]),
            max_sentence_tokens: Some(limit),
            ..ReadOptions::default()
        };
        let said = |limit: usize| {
            let sign = format!("more than {limit} tokens");
            problems(&path, &options(limit)).into_iter().filter(|problem| problem.contains(&sign)).count()
        };
        let length = |sentence: Sentence| match sentence.is_tokenized() {
            true => sentence.len(),
            false => sentence.text().split_whitespace().count(),
        };
        let sentences = read_sentences(&path, &options(100)).unwrap().filter_map(Result::ok);
        if sentences.map(length).max() >= Some(2) {
            assert!(said(1) > 0, "{format}: {:?}", problems(&path, &options(1)));
            tried += 1;
        }
        assert_eq!(said(100), 0, "{format}");
    }
    assert!(tried >= 15, "{tried}");
}

#[test]
fn a_sentence_packed_small_is_refused_before_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    // Ten million tokens in some 100 KB: the reader stops at the limit.
    for (name, line) in [("a.conll.gz", "x\tO\n"), ("a.txt.gz", "x "), ("a.conll.zst", "x\tO\n")] {
        let path = folder.path().join(name);
        let mut output = xlner_formats::Output::create(&path).unwrap();
        let block = line.repeat(100_000);
        (0..100).for_each(|_| output.write_all(block.as_bytes()).unwrap());
        output.finish().unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() < 1_000_000, "{name}");
        let options = ReadOptions { max_sentence_tokens: Some(50_000), ..ReadOptions::default() };
        let problem = read_sentences(&path, &options).unwrap().find_map(Result::err).unwrap().to_string();
        assert!(problem.contains(name) && problem.contains("more than 50000 tokens"), "{problem}");
    }
}
