//! Small files that would take all memory: every reader has a limit, and its error says which.

use std::io::Write as _;

use xlner_core::Sentence;
use xlner_formats::{Error, Format, ReadOptions, Records, read_pairs, read_records, read_sentences, read_tags};

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

/// What each limit is, a file that goes beyond it, and what the error says: the file, the line, the limit and the option.
#[test]
fn errors_of_limits_name_the_place_and_the_option() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(64_000_001);
    let tokens = |count: usize| vec!["\"x\""; count].join(",");
    let many = "1 ".repeat(1_000_001);
    let values = format!("[{}0]", "0,".repeat(8_000_000));
    let cases: [(Format, String, &str); 32] = [
        (Format::Conll, format!("a\tO\n\n{long}\tO\n"), "line 3: a line of more than 64000000 bytes"),
        (
            Format::Conll,
            format!("{}\tO\n", "x".repeat(600)).repeat(110_000),
            "a sentence or document of several lines of more than 64000000 bytes",
        ),
        (Format::Conll, "a\tO\n".repeat(1_000_001), "line 1000001: a sentence of more than 1000000 tokens"),
        (Format::ConllU, format!("# x = {long}\n1\ta\n"), "line 1: a line of more than 64000000 bytes"),
        (Format::PanX, format!("en:a\tO\nen:{long}\tO\n"), "line 2: a line of more than 64000000 bytes"),
        (Format::Hipe, format!("TOKEN\tNE-COARSE-LIT\n{long}\tO\n"), "line 2: a line of more than 64000000 bytes"),
        (
            Format::WebAnno,
            format!("#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.NamedEntity|value\n\n\n#Text={long}\n"),
            "line 5: a line of more than 64000000 bytes",
        ),
        (Format::Tsv, format!("a\tO\n{long}\tO\n"), "line 2: a line of more than 64000000 bytes"),
        (Format::Text, format!("a\n{long}\n"), "line 2: a line of more than 64000000 bytes"),
        (Format::Text, format!("a\n{many}\n"), "line 2: a sentence of more than 1000000 tokens"),
        (Format::Bitext, format!("a ||| b\na ||| {long}\n"), "line 2: a line of more than 64000000 bytes"),
        (Format::Bitext, format!("a ||| b\na ||| {many}\n"), "line 2: a sentence of more than 1000000 tokens"),
        (
            Format::Jsonl,
            format!("{{\"text\":\"a\"}}\n{{\"text\":\"{long}\"}}\n"),
            "line 2: a line of more than 64000000 bytes",
        ),
        (
            Format::Jsonl,
            format!("{{\"text\":\"a\"}}\n{{\"text\":\"{many}\"}}\n"),
            "line 2: a sentence of more than 1000000 tokens",
        ),
        (
            Format::Jsonl,
            format!("{{\"text\":\"a\"}}\n{{\"tokens\":[{}]}}\n", tokens(1_000_001)),
            "line 2: a sentence of more than 1000000 tokens",
        ),
        (
            Format::Jsonl,
            format!("{{\"text\":\"a\"}}\n{{\"text\":\"a\",\"x\":{values}}}\n"),
            "line 2: a record of more than 8000000 values",
        ),
        (Format::Json, format!("[\n{{\"text\":\"{long}\"}}]"), "line 2: a JSON value of more than 64000000 bytes"),
        (
            Format::Spacy,
            format!("[\n{{\"text\":\"{many}\",\"ents\":[]}}]"),
            "line 2: a sentence of more than 1000000 tokens",
        ),
        (Format::Uner, format!("1\ta\tO\t-\t-\n2\t{long}\tO\t-\t-\n"), "line 2: a line of more than 64000000 bytes"),
        (
            Format::Doccano,
            format!("{{\"text\":\"a\",\"label\":[]}}\n{{\"text\":\"{long}\",\"label\":[]}}\n"),
            "line 2: a line of more than 64000000 bytes",
        ),
        (
            Format::Doccano,
            format!("{{\"text\":\"a\",\"label\":[]}}\n{{\"text\":\"{many}\",\"label\":[]}}\n"),
            "line 2: a sentence of more than 1000000 tokens",
        ),
        (
            Format::LabelStudio,
            format!("[\n{{\"data\":{{\"text\":\"{many}\"}},\"annotations\":[]}}]"),
            "line 2: a sentence of more than 1000000 tokens",
        ),
        (
            Format::Jsonl,
            format!("{{\"tokenized_text\":[{}],\"ner\":[]}}\n", tokens(1_000_001)),
            "line 1: a sentence of more than 1000000 tokens",
        ),
        (
            Format::Json,
            format!("{{\"data\":[\n{{\"text\":\"{many}\",\"label\":[]}}]}}"),
            "line 2: a sentence of more than 1000000 tokens",
        ),
        (
            Format::Alto,
            format!(
                "<alto><Layout><Page><TextBlock><TextLine>\n<String CONTENT='{long}{long}'/></TextLine></TextBlock></Page></Layout></alto>"
            ),
            "a tag, or text without one, of more than 64000000 bytes",
        ),
        (
            Format::Page,
            format!(
                "<PcGts><Page><TextRegion><TextEquiv>\n<Unicode>{long}{long}</Unicode></TextEquiv></TextRegion></Page></PcGts>"
            ),
            "a tag, or text without one, of more than 64000000 bytes",
        ),
        (
            Format::Hocr,
            format!("<html>\n<p>{long}{long}</p></html>"),
            "a tag, or text without one, of more than 64000000 bytes",
        ),
        (
            Format::Ctm,
            "r A 1 1 nairobi_nairobi\n".repeat(2_700_000),
            "line 2666667: a sentence or document of several lines of more than 64000000 bytes",
        ),
        (
            Format::Vtt,
            format!("WEBVTT\n\n00:01.000 --> 00:04.000\n{long}\n"),
            "line 4: a line of more than 64000000 bytes",
        ),
        (
            Format::Whisper,
            format!("{{\"segments\":[{{\"text\":\"{long}\",\"start\":1,\"end\":2}}]}}"),
            "line 1: a JSON value of more than 64000000 bytes",
        ),
        (
            Format::Pharaoh,
            format!("0-0\n{}\n", "0-0 ".repeat(8_000_001)),
            "line 2: an alignment of more than 8000000 values",
        ),
        (
            Format::Naacl,
            "1 1 1\n".repeat(10_666_670),
            "line 10666668: a sentence or document of several lines of more than 64000000 bytes",
        ),
    ];
    for (format, text, wanted) in cases {
        let path = folder.path().join("x.zst");
        let mut output = xlner_formats::Output::create(&path).unwrap();
        output.write_all(text.as_bytes()).unwrap();
        output.finish().unwrap();
        let options = ReadOptions { format: Some(format), ..ReadOptions::default() };
        let problem = first_problem(&path, &options).unwrap_or_else(|| panic!("{format}: all is read"));
        assert!(problem.contains("x.zst") && problem.contains(wanted), "{format}: {problem}");
        assert!(problem.contains("option `max_sentence_tokens`") && problem.contains("line "), "{format}: {problem}");
    }
}

#[test]
fn a_text_of_brat_has_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ann");
    std::fs::write(&path, "").unwrap();
    std::fs::write(folder.path().join("x.txt"), format!("Oslo.\n{}\n", "1 ".repeat(1_000_001))).unwrap();
    let problem = first_problem(&path, &ReadOptions::default()).unwrap();
    assert!(problem.contains("x.txt, line 2: a sentence of more than 1000000 tokens"), "{problem}");
    std::fs::write(&path, format!("T1\tLOC 0 4\tOslo\n#1\tAnnotatorNotes T1\t{}\n", "x".repeat(64_000_001))).unwrap();
    let problem = first_problem(&path, &ReadOptions::default()).unwrap();
    assert!(problem.contains("x.ann, line 2: a line of more than 64000000 bytes"), "{problem}");
}

/// The first error of the reader of what the file holds.
fn first_problem(path: &std::path::Path, options: &ReadOptions) -> Option<String> {
    let problem = match read_records(path, options) {
        Ok(Records::Sentences(mut reader)) => reader.find_map(Result::err),
        Ok(Records::Pairs(mut reader)) => reader.find_map(Result::err),
        Ok(Records::Alignments(mut reader)) => reader.find_map(Result::err),
        Err(error) => Some(error),
    };
    problem.map(|problem| problem.to_string())
}
