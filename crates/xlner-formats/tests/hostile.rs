//! Whatever the bytes are, readers end with sentences or one error. The fuzz targets do the same for longer.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use xlner_formats::{
    Format, ReadOptions, Records, Side, read_alignments, read_pairs, read_records, read_sentences, read_tags,
};

/// A small valid file of every format.
const VALID: [(Format, &str); 23] = [
    (Format::Conll, "-DOCSTART- O\n\n# id 1\nObama\tB-PER\nspoke\tO\n\n# sentence without tokens\n\n#x\tO\n"),
    (Format::Conll2003, "Obama NNP B-NP I-PER\nspoke VBD B-VP O\n\nYes UH O O\n"),
    (Format::PanX, "en:Obama\tB-PER\nen:spoke\tO\n"),
    (Format::Uner, "# sent_id = a\n# text = Obama spoke\n1\tObama\tB-PER\t-\t-\n2\tspoke\tO\t-\t-\n"),
    (
        Format::ConllU,
        "# global.columns = ID FORM NER MISC\n# text = don't\n1-2\tdon't\t_\t_\n1\tdo\tO\tSpaceAfter=No\n2\tn't\tB-X\t_\n2.1\tx\t_\t_\n",
    ),
    (Format::Tsv, "token\ttag\nObama\tB-PER\n"),
    (Format::Text, "Obama ||| Obama\n\na\u{a0}b ||| c\n"),
    (Format::Bitext, "Obama ||| Obama\n |||\n"),
    (
        Format::Jsonl,
        r#"{"id":"s","source":{"tokens":["a"],"entities":[{"start":0,"end":1,"label":"X"}]},"target":{"text":"b"},"alignment":[[0,0,0.5]]}"#,
    ),
    (Format::Json, r#"[["Obama spoke",{"entities":[[0,5,"PER"]]}]]"#),
    (Format::HuggingFace, r#"[{"id":1,"tokens":["a","b"],"ner_tags":["B-X","O"]},{"tokens":[],"ner_tags":[]}]"#),
    (
        Format::LabelStudio,
        r#"[{"id":1,"data":{"text":"💩 Obama"},"annotations":[{"result":[{"type":"labels","value":{"start":2,"end":7,"text":"Obama","labels":["PER"]}}]}]}]"#,
    ),
    (Format::Doccano, r#"{"id":1,"text":"Obama","label":[[0,5,"PER"]]}"#),
    (
        Format::Spacy,
        r#"[{"text":"Obama spoke. Yes.","ents":[{"start":0,"end":5,"label":"PER"}],"sents":[{"start":0,"end":12},{"start":13,"end":17}],"tokens":[{"start":0,"end":5},{"start":6,"end":12},{"start":13,"end":17}]}]"#,
    ),
    (Format::Brat, "T1\tPER 0 5;6 11\tObama spoke\nR1\tx Arg1:T1\nT2\tX 13 16\tYes\n"),
    (
        Format::Hocr,
        "<div class='ocr_page' title='bbox 0 0 9 9'><p class=ocr_par><span class='ocr_line' title=\"bbox 1 1 8 2\"><span class='ocrx_word' title='bbox 1 1 4 2; x_wconf 9'>Nai-</span></span><br><span class='ocr_line'><span class='ocrx_word'>robi. &amp; Zoë</span></span></div>",
    ),
    (
        Format::Alto,
        "<alto><Page WIDTH='9' HEIGHT='9'><TextBlock><TextLine HPOS='1' VPOS='1' WIDTH='7' HEIGHT='1'><String CONTENT='Nai' HPOS='1' VPOS='1' WIDTH='2' HEIGHT='1' SUBS_TYPE='HypPart1' SUBS_CONTENT='Nairobi'/><HYP CONTENT='-'/></TextLine><TextLine><String CONTENT='robi'/></TextLine></TextBlock></Page></alto>",
    ),
    (
        Format::Page,
        "<PcGts><Page imageWidth='9' imageHeight='9'><ReadingOrder><RegionRef regionRef='b'/></ReadingOrder><TextRegion id='b'><TextLine><Coords points='1,1 8,2'/><Word><Coords points='1,1 4,2'/><TextEquiv conf='0.5'><Unicode>Zo\u{eb}.</Unicode></TextEquiv></Word></TextLine></TextRegion></Page></PcGts>",
    ),
    (Format::Ctm, ";; c\nr A 0.5 0.25 nairobi 0.9\nr A 3 1 zo\u{eb}\nq B 1 1 <ALT_BEGIN>\nq B 1 1 x\n"),
    (Format::Vtt, "WEBVTT\n\nNOTE x\n\n1\n00:01.000 --> 00:04.000\n<v A>Nai<00:02.000>robi &amp; <c>Zo\u{eb}</c>.\n"),
    (
        Format::Whisper,
        r#"{"language":"sw","segments":[{"text":" Nairobi. Zoë","start":1,"end":2.5,"words":[{"word":" Nai","start":1,"end":1.2,"probability":0.5},{"word":"robi."},{"word":" Zoë","start":2,"end":2.5}]}]}"#,
    ),
    (Format::Pharaoh, "0-0 1?1 2p2 3-3:0.5\n\n"),
    (Format::Naacl, "1 1 1 S\n0003 2 1 P 0.5\n"),
];

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
    for (format, text) in VALID {
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
        for (format, text) in VALID {
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
