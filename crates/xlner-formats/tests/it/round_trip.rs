//! What is written is read again as it was, in every format.

use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use xlner_core::tags::Scheme;
use xlner_core::{Alignment, Entity, Link, Pair, ReferenceAlignment, Sentence, Span};
use xlner_formats::{
    Format, ReadOptions, WriteOptions, read_alignments, read_pairs, read_sentences, read_tags, write_alignments,
    write_pairs, write_sentences,
};

/// Characters that formats and readers of formats stumble over.
const ODD: [char; 24] = [
    '\u{a0}', '\u{202f}', '\u{3000}', '\u{2028}', '\u{85}', '\u{feff}', '\u{301}', 'é', '💩', '\u{200d}', '\u{0}',
    '\u{b}', '#', ':', '-', '_', '|', '"', '\\', '\'', ',', '{', 'ـ', 'ན',
];

fn text(spaces: bool, from: usize) -> impl Strategy<Value = String> {
    let any_char = any::<char>().prop_filter("line breaks and tabs", |c| !matches!(c, '\n' | '\r' | '\t'));
    let character = prop_oneof![3 => prop::char::range('a', 'z'), 2 => prop::sample::select(&ODD[..]), 1 => any_char, 1 => Just(' ')];
    let character = character.prop_filter("spaces", move |c| spaces || *c != ' ');
    vec(character, from..6).prop_map(String::from_iter)
}

fn entities(len: usize) -> impl Strategy<Value = Vec<Entity>> {
    let label = prop::sample::select(&["PER", "LOC", "a-b", "Ö", "O", "B-X"][..]);
    vec((0..4_usize, 1..4_usize, label), 0..4).prop_map(move |parts| {
        let mut entities = Vec::new();
        let mut from = 0;
        for (gap, length, label) in parts {
            let span = Span::new(from + gap, from + gap + length);
            if span.end <= len {
                entities.push(Entity::new(span, label));
            }
            from = span.end;
        }
        entities
    })
}

/// Sentences of tokens; `glue` says what may stand between them.
fn sentence(spaces: bool, from: usize, glue: &'static [&'static str]) -> impl Strategy<Value = Sentence> {
    vec((text(spaces, from), prop::sample::select(glue)), 0..6).prop_flat_map(|parts| {
        entities(parts.len()).prop_map(move |entities| {
            let mut text = String::new();
            let mut ranges = Vec::new();
            for (index, (token, glue)) in parts.iter().enumerate() {
                if index > 0 {
                    text.push_str(glue);
                }
                ranges.push(text.len()..text.len() + token.len());
                text.push_str(token);
            }
            let mut sentence = Sentence::from_text(text);
            sentence.set_token_ranges(ranges).unwrap();
            sentence.entities = entities;
            sentence
        })
    })
}

const SPACE: &[&str] = &[" "];
const GLUE: &[&str] = &[" ", "", "  ", "\u{a0}"];

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Writes and reads again.
fn through(sentences: &[Sentence], name: &str, write: &WriteOptions, read: &ReadOptions) -> Vec<Sentence> {
    let folder = Folder::new();
    let path = folder.file(name);
    let mut writer = write_sentences(&path, write).unwrap();
    for sentence in sentences {
        writer.write(sentence).unwrap();
    }
    writer.finish().unwrap();
    read_sentences(&path, read).unwrap().map(|sentence| sentence.unwrap()).collect()
}

fn tokens(sentence: &Sentence) -> Vec<&str> {
    sentence.tokens().collect()
}

fn spans(sentence: &Sentence) -> Vec<(Span, &str)> {
    sentence.entities.iter().map(|entity| (entity.span, entity.label.as_str())).collect()
}

/// Same tokens and entities.
fn assert_same(found: &[Sentence], wanted: &[Sentence]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert_eq!(tokens(found), tokens(wanted));
        assert_eq!(spans(found), spans(wanted));
    }
}

fn as_format(format: Format) -> (WriteOptions, ReadOptions) {
    let write = WriteOptions { format: Some(format), ..WriteOptions::default() };
    (write, ReadOptions { format: Some(format), ..ReadOptions::default() })
}

/// Every case writes files: fewer than usual, unless PROPTEST_CASES says how many.
fn config() -> ProptestConfig {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 64 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn conll(sentences in vec(sentence(true, 0, SPACE), 0..6), scheme in prop::sample::select(&Scheme::ALL[..6])) {
        let write = WriteOptions { scheme: Some(scheme), ..WriteOptions::default() };
        for name in ["a.conll", "a.tsv", "a.iob2.gz", "a.bio.zst"] {
            let found = through(&sentences, name, &write, &ReadOptions::default());
            assert_same(&found, &sentences);
        }
    }

    #[test]
    fn conll_2003(sentences in vec(sentence(false, 1, SPACE), 0..6)) {
        let found = through(&sentences, "a.conll03", &WriteOptions::default(), &ReadOptions::default());
        assert_same(&found, &sentences);
    }

    #[test]
    fn panx(mut sentences in vec(sentence(true, 0, SPACE), 0..6)) {
        let (write, read) = as_format(Format::PanX);
        let write = WriteOptions { lang: Some("zh-classical".into()), ..write };
        if let Some(first) = sentences.first_mut() {
            first.lang = Some("sw".into());
        }
        let found = through(&sentences, "train", &write, &read);
        assert_same(&found, &sentences);
        if !found.is_empty() && !found[0].is_empty() {
            assert_eq!(found[0].lang.as_deref(), Some("sw"));
        }
    }

    #[test]
    fn uner_and_conllu(mut sentences in vec(sentence(true, 1, GLUE), 0..6)) {
        for (index, sentence) in sentences.iter_mut().enumerate() {
            sentence.extra.insert("id", format!("doc-{index}").into());
        }
        for format in [Format::Uner, Format::ConllU] {
            let (write, read) = as_format(format);
            let found = through(&sentences, "x", &write, &read);
            assert_same(&found, &sentences);
            for (found, wanted) in found.iter().zip(&sentences) {
                assert_eq!(found.text(), wanted.text());
                assert_eq!(found.extra, wanted.extra);
            }
        }
    }

    #[test]
    fn lines(texts in vec(text(true, 0), 0..6)) {
        let sentences: Vec<Sentence> = texts.into_iter().map(Sentence::from_text).collect();
        let found = through(&sentences, "a.txt", &WriteOptions::default(), &ReadOptions::default());
        assert_eq!(found, sentences);
    }

    #[test]
    fn tokenized_lines(sentences in vec(sentence(false, 1, SPACE), 0..6)) {
        let write = WriteOptions { tokenized: true, ..WriteOptions::default() };
        let read = ReadOptions { tokenized: true, ..ReadOptions::default() };
        let found = through(&sentences, "a.txt", &write, &read);
        assert_eq!(found.iter().map(tokens).collect::<Vec<_>>(), sentences.iter().map(tokens).collect::<Vec<_>>());
    }

    #[test]
    fn records(mut sentences in vec(sentence(true, 1, SPACE), 0..6), score in 0.0..1.0) {
        for entity in sentences.iter_mut().flat_map(|sentence| &mut sentence.entities) {
            entity.score = Some(score);
            entity.extra.insert("wiki", "Q76".into());
        }
        let found = through(&sentences, "a.jsonl", &WriteOptions::default(), &ReadOptions::default());
        assert_same(&found, &sentences);
        for (found, wanted) in found.iter().zip(&sentences) {
            assert_eq!(&found.entities, &wanted.entities);
            assert_eq!(found.text(), wanted.text());
        }
    }

    #[test]
    fn hugging_face(sentences in vec(sentence(true, 0, SPACE), 0..6)) {
        let (write, read) = as_format(Format::HuggingFace);
        assert_same(&through(&sentences, "a.jsonl", &write, &read), &sentences);
        // Found by looking.
        if !sentences.is_empty() {
            assert_same(&through(&sentences, "a.jsonl", &write, &ReadOptions::default()), &sentences);
            assert_same(&through(&sentences, "a.json", &write, &ReadOptions::default()), &sentences);
        }
        // Ids.
        let mut labels = vec!["O".to_owned()];
        for label in ["PER", "LOC", "a-b", "Ö", "O", "B-X"] {
            labels.extend([format!("B-{label}"), format!("I-{label}")]);
        }
        let write = WriteOptions { labels: Some(labels.clone()), ..write };
        let read = ReadOptions { labels: Some(labels), ..read };
        assert_same(&through(&sentences, "a.jsonl", &write, &read), &sentences);
    }

    #[test]
    fn annotation_tools(sentences in vec(sentence(true, 1, GLUE), 0..6)) {
        for (format, name) in
            [(Format::LabelStudio, "a.json"), (Format::Doccano, "a.jsonl"), (Format::Spacy, "a.json")]
        {
            let (write, read) = as_format(format);
            let found = through(&sentences, name, &write, &read);
            assert_same(&found, &sentences);
            for (found, wanted) in found.iter().zip(&sentences) {
                assert_eq!(found.text(), wanted.text());
            }
            if !sentences.is_empty() {
                assert_same(&through(&sentences, name, &write, &ReadOptions::default()), &sentences);
            }
        }
    }

    #[test]
    fn brat(sentences in vec(sentence(false, 1, SPACE), 0..6)) {
        let read = ReadOptions { tokenized: true, ..ReadOptions::default() };
        let found = through(&sentences, "a.ann", &WriteOptions::default(), &read);
        assert_same(&found, &sentences);
    }

    #[test]
    fn pairs(
        sides in vec((sentence(true, 1, SPACE), sentence(true, 1, SPACE)), 0..5),
        links in vec((0..9_u32, 0..9_u32, 0.0..1.0), 0..9),
    ) {
        let pairs: Vec<Pair> = sides
            .into_iter()
            .enumerate()
            .map(|(index, (source, target))| {
                let mut alignment: Alignment =
                    links.iter().map(|&(source, target, probability)| Link { source, target, probability }).collect();
                alignment.retain_inside(source.len(), target.len());
                Pair { id: format!("p{index}"), source, target, alignment: Some(alignment), ..Pair::default() }
            })
            .collect();
        let folder = Folder::new();
        let path = folder.file("a.jsonl.zst");
        let mut writer = write_pairs(&path, &WriteOptions::default()).unwrap();
        pairs.iter().for_each(|pair| writer.write(pair).unwrap());
        writer.finish().unwrap();
        let found: Vec<Pair> = read_pairs(&path, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
        assert_eq!(found.len(), pairs.len());
        for (found, wanted) in found.iter().zip(&pairs) {
            assert_same(std::slice::from_ref(&found.source), std::slice::from_ref(&wanted.source));
            assert_same(std::slice::from_ref(&found.target), std::slice::from_ref(&wanted.target));
            assert_eq!((&found.id, &found.alignment), (&wanted.id, &wanted.alignment));
        }
    }

    #[test]
    fn bitext(texts in vec((text(true, 0), text(true, 0)), 0..6)) {
        let folder = Folder::new();
        for name in ["a.tsv", "a.bitext", "a.txt.gz"] {
            let path = folder.file(name);
            let mut writer = write_pairs(&path, &WriteOptions::default()).unwrap();
            for (source, target) in &texts {
                let (source, target) = (Sentence::from_text(source), Sentence::from_text(target));
                writer.write(&Pair { source, target, ..Pair::default() }).unwrap();
            }
            writer.finish().unwrap();
            let found: Vec<(String, String)> = read_pairs(&path, &ReadOptions::default())
                .unwrap()
                .map(|pair| pair.unwrap())
                .map(|pair| (pair.source.text().to_owned(), pair.target.text().to_owned()))
                .collect();
            assert_eq!(&found, &texts);
        }
    }

    #[test]
    fn alignments(
        all in vec((vec((0..50_u32, 0..50_u32, 0.0..=1.0), 0..9), vec((0..50_u32, 0..50_u32), 0..9)), 0..6),
        one_based in any::<bool>(),
    ) {
        let references: Vec<ReferenceAlignment> = all
            .into_iter()
            .map(|(sure, possible)| {
                let sure: Alignment =
                    sure.into_iter().map(|(source, target, probability)| Link { source, target, probability }).collect();
                let more = possible.into_iter().map(|(source, target)| Link { source, target, probability: 1.0 });
                let more = more.filter(|link| !sure.contains(link.source, link.target));
                let possible = sure.links().iter().copied().chain(more).collect();
                ReferenceAlignment { sure, possible }
            })
            .collect();
        let folder = Folder::new();
        for name in ["a.pharaoh", "a.naacl"] {
            let path = folder.file(name);
            let options = WriteOptions { probabilities: true, one_based, ..WriteOptions::default() };
            let mut writer = write_alignments(&path, &options).unwrap();
            references.iter().for_each(|alignment| writer.write_reference(alignment).unwrap());
            writer.finish().unwrap();
            let options = ReadOptions { one_based, ..ReadOptions::default() };
            let mut found: Vec<_> = read_alignments(&path, &options).unwrap().map(Result::unwrap).collect();
            if name == "a.naacl" {
                // Sentences without links at the end have no line.
                assert!(found.len() <= references.len());
                found.resize(references.len(), ReferenceAlignment::default());
            }
            assert_eq!(&found, &references);
        }
    }

    #[test]
    fn tags_are_as_written(sentences in vec(sentence(true, 0, SPACE), 0..6)) {
        let folder = Folder::new();
        let path = folder.file("a.conll");
        let mut writer = write_sentences(&path, &WriteOptions::default()).unwrap();
        sentences.iter().for_each(|sentence| writer.write(sentence).unwrap());
        writer.finish().unwrap();
        let tagged: Vec<_> = read_tags(&path, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
        assert_eq!(tagged.len(), sentences.len());
        let mut line = 1;
        for (tagged, sentence) in tagged.iter().zip(&sentences) {
            assert_eq!(tagged.tokens().collect::<Vec<_>>(), tokens(sentence));
            let tags = xlner_core::tags::encode(sentence.len(), &sentence.entities, Scheme::Iob2).unwrap();
            assert_eq!(tagged.tags().collect::<Vec<_>>(), tags);
            assert_eq!(tagged.line, line);
            line += sentence.len().max(1) as u64 + 1;
        }
    }
}
