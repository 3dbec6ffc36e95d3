//! Tags as people write them, and lines of column files that are no tokens.

use crate::common::{message, message_with, read, read_noted, shown, shows};
use xlner_formats::ReadOptions;

#[test]
fn prefixes_before_and_after_with_any_separator() {
    for tags in [["B-PER", "I-PER"], ["B_PER", "I_PER"], ["PER-B", "PER-I"], ["B:PER", "I:PER"], ["PER_B", "PER_I"]] {
        shows("a.conll", &format!("Ada\t{}\nLovelace\t{}\nwon\tO\n\n", tags[0], tags[1]), "Ada Lovelace/PER");
        let row = format!(r#"{{"tokens":["Ada","Lovelace","won"],"ner_tags":["{}","{}","O"]}}"#, tags[0], tags[1]);
        shows("a.jsonl", &row, "Ada Lovelace/PER");
    }
    // Labels with underscores and hyphens stay whole.
    shows("a.conll", "Ada\tB-GPE_LOC\nwon\tO\n", "Ada/GPE_LOC");
    shows("a.conll", "Ada\tB_GPE_LOC\nwon\tO\n", "Ada/GPE_LOC");
}

#[test]
fn bmes_bmeow_and_bilou() {
    shows("a.conll", "New\tB-LOC\nYork\tM-LOC\nCity\tE-LOC\nwon\tO\nOslo\tS-LOC\n", "New York City/LOC Oslo/LOC");
    shows("a.conll", "New\tB-LOC\nYork\tE-LOC\nOslo\tW-LOC\nwon\tO\n", "New York/LOC Oslo/LOC");
    shows("a.conll", "New\tB-LOC\nYork\tL-LOC\nOslo\tU-LOC\nwon\tO\n", "New York/LOC Oslo/LOC");
}

#[test]
fn spaces_around_tags_are_no_part_of_them() {
    shows("a.conll", "Oslo\tB-LOC\nFjord\tI-LOC \nwon\tO\n\n", "Oslo Fjord/LOC");
    shows("a.conll", "Oslo\tN\tB-LOC  \nFjord\tN\tI-LOC \nwon\tV\tO \n\n", "Oslo Fjord/LOC");
    shows("a.conll", "Oslo B-LOC \nwon O\n", "Oslo/LOC");
}

#[test]
fn of_several_tags_the_first_counts_and_the_others_are_noted() {
    let (sentences, notes) = read_noted("a.conll", "Ada\tB-PER|B-HUM\nwon\tO|O\nOslo\tB-LOC\n\n");
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Ada/PER Oslo/LOC", &[("tag-layers", 1)][..]));
    // A bar in a label is no separator.
    shows("a.conll", "Ada\tB-PER|HUM\nwon\tO\n", "Ada/PER|HUM");
    let strict = ReadOptions { strict: true, ..ReadOptions::default() };
    let error = message_with("a.conll", "won\tO\nAda\tB-PER|B-HUM\n\n", &strict);
    assert!(error.starts_with("a.conll, line 2: further tags"), "{error}");
}

#[test]
fn the_start_of_a_document_ends_a_sentence() {
    let sentences =
        read("a.conll", "Bob\tB-PER\nwon\tO\n-DOCSTART-\tO\nEve\tB-PER\nlost\tO\n\n-DOCSTART- O\n\nAda\tB-PER\n");
    assert_eq!(sentences.iter().map(|sentence| sentence.text()).collect::<Vec<_>>(), ["Bob won", "Eve lost", "Ada"]);
}

#[test]
fn a_wrong_tag_names_its_own_line() {
    for bad in 0..40 {
        let line = |index: usize| if index == bad { "x\tX-LOC\n" } else { "x\tO\n" };
        let text = format!("Bern\tB-LOC\nwon\tI-LOC\n{}\n", (0..40).map(line).collect::<String>());
        let error = message("a.conll", &text);
        assert!(error.starts_with(&format!("a.conll, line {}: “X-LOC” is not a tag", bad + 3)), "{error}");
    }
}

#[test]
fn numbers_in_front_are_no_tokens() {
    shows("a.conll", "1-1\tJohn\tB-PER\n1-2\tran\tO\n\n2-1\tAda\tB-PER\n", "John/PER|Ada/PER");
    shows("a.tsv", "1-1\t0-4\tJohn\tB-PER\n1-2\t5-8\tran\tO\n", "John/PER");
    // Ranges among numbers are none either, and a tag on one is that of its words.
    shows("a.conll", "1\tvai\tO\n2-3\tao\tB-LOC\n2\ta\tO\n3\to\tO\n4\tRio\tI-LOC\n\n", "a o Rio/LOC");
}

#[test]
fn hipe_with_its_header_documents_and_flags() {
    let text = "TOKEN\tNE-COARSE-LIT\tNE-COARSE-METO\tNE-FINE-LIT\tNE-NESTED\tMISC\n# hipe2022:document_id = a\n\
                Ada\tB-pers\tO\tB-pers.ind\tO\tNoSpaceAfter\n,\tO\tO\tO\tO\t_\nwon\tO\tO\tO\tO\t_\n.\tO\tO\tO\tO\tEndOfSentence\n\
                Oslo\tB-loc\tB-org\tO\tO\t_\n# hipe2022:document_id = b\nRiga\tB-loc\tO\tO\tO\t_\n\n";
    let (sentences, notes) = read_noted("a.tsv", text);
    assert_eq!(shown(&sentences), "Ada/pers|Oslo/loc|Riga/loc");
    assert_eq!(sentences[0].text(), "Ada, won .");
    assert_eq!(sentences[2].extra.get("comments").unwrap()[0], "# hipe2022:document_id = b");
    assert_eq!(notes, [("unread-columns", 3)]);
    let fine = ReadOptions { tag_column: Some("NE-FINE-LIT".parse().unwrap()), ..ReadOptions::default() };
    assert_eq!(shown(&crate::common::read_with("a.tsv", text, &fine)), "Ada/pers.ind||");
}

#[test]
fn columns_that_are_not_read_are_noted() {
    assert_eq!(read_noted("a.conll03", "EU NNP I-NP I-ORG\nsays VBZ I-VP O\n\n").1, [("unread-columns", 2)]);
    assert_eq!(read_noted("a.conll03", "EU _ _ I-ORG\nsays _ _ O\n\n").1, []);
    let tokens = ReadOptions { no_tags: true, ..ReadOptions::default() };
    crate::common::read_with("a.conll03", "EU NNP I-NP I-ORG\nsays VBZ I-VP O\n\n", &tokens);
    assert!(tokens.notes.is_empty());
}

#[test]
fn lone_carriage_returns_end_lines() {
    shows("a.conll", "Ada\tB-PER\rwon\tO\r\rOslo\tB-LOC\r", "Ada/PER|Oslo/LOC");
    shows(
        "a.jsonl",
        "{\"text\":\"Oslo.\",\"label\":[[0,4,\"LOC\"]]}\r{\"text\":\"Ulm.\",\"label\":[[0,3,\"LOC\"]]}\r",
        "Oslo/LOC|Ulm/LOC",
    );
    assert_eq!(read("a.txt", "a\rb\r\nc\n").len(), 3);
    shows("a.conllu", "1\tOslo\t_\t_\t_\t_\t_\t_\t_\tNER=B-LOC\r\r", "Oslo/LOC");
    let pairs = crate::common::file("a.tsv", "a\tx\rb\ty\r");
    assert_eq!(xlner_formats::read_pairs(&pairs.path, &ReadOptions::default()).unwrap().count(), 2);
    let links = crate::common::file("a.pharaoh", "0-0\r\r1-0\r");
    assert_eq!(xlner_formats::read_alignments(&links.path, &ReadOptions::default()).unwrap().count(), 3);
}

#[test]
fn other_spaces_and_other_bars() {
    shows("a.conll", "Oslo\tB-LOC\u{a0}\nwon\tO\n", "Oslo/LOC");
    shows("a.conll", "Oslo\tN\tB-LOC\u{3000}\nwon\tV\tO\n", "Oslo/LOC");
    for bar in [';', ','] {
        let (sentences, notes) = read_noted("a.conll", &format!("Ada\tB-PER{bar}B-HUM\nwon\tO\n\n"));
        assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Ada/PER", &[("tag-layers", 1)][..]));
    }
    shows("a.conll", "Ada\tB-PER,HUM\nwon\tO\n", "Ada/PER,HUM");
}

#[test]
fn a_label_that_begins_like_a_tag_is_no_label() {
    for tag in ["X-LOC", "Q-PER"] {
        let error = message("a.conll", &format!("won\tO\nAda\t{tag}\n\n"));
        assert!(error.starts_with(&format!("a.conll, line 2: “{tag}” is not a tag")), "{error}");
        let error = message("a.jsonl", &format!(r#"{{"tokens":["won","Ada"],"ner_tags":["O","{tag}"]}}"#));
        assert!(error.starts_with(&format!("a.jsonl, line 1: “{tag}” is not a tag")), "{error}");
    }
    shows("a.conll", "won\tO\nAda\tPER\nOslo\tGPE-LOC\n", "Ada/PER Oslo/GPE-LOC");
}

#[test]
fn tags_in_small_letters() {
    shows("a.conll", "Ada\tb-per\nLovelace\ti-per\nwon\to\n\n", "Ada Lovelace/per");
    // A column of words that may be an `o` is none of tags.
    assert!(message("a.conll", "um\to\ndois\tb\n\n").contains("no column of tags"));
}

#[test]
fn other_marks_for_outside_are_read_and_noted() {
    for mark in ["_", "-", "*", "0", "o", "OUT", "out", "Outside", "NONE", "null", ""] {
        let (sentences, notes) = read_noted("a.conll", &format!("Ada\tB-PER\nwon\t{mark}\n\nOslo\tB-LOC\n\n"));
        assert_eq!(
            (shown(&sentences).as_str(), notes.as_slice()),
            ("Ada/PER|Oslo/LOC", &[("outside-marks", 1)][..]),
            "{mark}"
        );
        let row = format!(r#"{{"tokens":["Ada","won"],"ner_tags":["B-PER","{mark}"]}}"#);
        let (sentences, notes) = read_noted("a.jsonl", &row);
        assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Ada/PER", &[("outside-marks", 1)][..]), "{mark}");
    }
    // Beside `O`, and with columns between.
    let (sentences, notes) = read_noted("a.conll", "Ada\tNNP\tB-PER\nwon\tVBD\tO\n.\t.\t_\n\n");
    assert_eq!(shown(&sentences), "Ada/PER");
    assert_eq!(notes, [("unread-columns", 1), ("outside-marks", 1)]);
    // Labels alone: a word will do for “outside”, a number does not, which other columns hold as well.
    shows("a.conll", "Ada\tPER\nwon\tOUT\n\n", "Ada/PER");
    assert!(message("a.conll", "Ada\t1\nwon\t0\n\n").contains("no column of tags"));
    let strict = ReadOptions { strict: true, ..ReadOptions::default() };
    let error = message_with("a.conll", "Ada\tB-PER\nwon\t_\n\n", &strict);
    assert!(error.starts_with("a.conll, line 2: tokens that have another mark"), "{error}");
    // Among CoNLL-U's columns `_` is what an empty cell has, and in small letters `o` is `O`.
    assert_eq!(read_noted("a.conll", "1\tAda\tB-PER\n2\twon\t_\n\n").1, []);
    assert_eq!(read_noted("a.conll", "Ada\tb-per\nwon\to\n\n").1, []);
    // A comment is none because its last word is a mark.
    let sentences = read("a.conll", "# a\t_\nAda\tB-PER\nwon\t_\n\n");
    assert_eq!(sentences[0].text(), "Ada won");
}

#[test]
fn a_column_of_the_header_may_number_the_sentences() {
    let kaggle = "Sentence #\tWord\tPOS\tTag\nSentence: 1\tAda\tNNP\tB-per\n\tcame\tVBD\tO\nSentence: 2\tOslo\tNNP\tB-geo\n\twon\tVBD\tO\n";
    let (sentences, notes) = read_noted("a.tsv", kaggle);
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Ada/per|Oslo/geo", &[("unread-columns", 1)][..]));
    shows(
        "a.tsv",
        "sentence_id\ttoken\ttag\n1\tAda\tB-PER\n1\twon\tO\n2\tBob\tB-PER\n\n2\tEve\tB-PER\n3\tIda\tB-PER\n",
        "Ada/PER|Bob/PER|Eve/PER|Ida/PER",
    );
    // Without blank lines a wrong tag still names its line.
    let error = message("a.tsv", "sentence_id\ttoken\ttag\n1\tAda\tB-PER\n1\twon\tO\n2\tBob\tX-PER\n");
    assert!(error.starts_with("a.tsv, line 4: “X-PER”"), "{error}");
}

#[test]
fn spaces_around_tokens_are_noted() {
    let (sentences, notes) = read_noted("a.conll", "Ada \tB-PER\n Lovelace\tI-PER\nwon\tO\n \tO\n\n");
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Ada   Lovelace/PER", &[("spaced-tokens", 2)][..]));
    let (_, notes) = read_noted("a.conll", "Ada \tNNP\tB-PER\nwon\tVBD\tO\n\n");
    assert_eq!(notes, [("unread-columns", 1), ("spaced-tokens", 1)]);
}

#[test]
fn lines_of_another_format_name_it() {
    for (line, format) in [
        (r#"{"tokens":["Ada"],"ner_tags":["B-PER"]}"#, "option `from_format`: jsonl"),
        ("WEBVTT", "option `from_format`: vtt"),
        ("<?xml version=\"1.0\"?>", "option `from_format`: alto, page, hocr"),
    ] {
        let error = message("a.conll", &format!("{line}\n"));
        assert!(error.starts_with("a.conll, line 1: the line looks like") && error.contains(format), "{error}");
    }
}

#[test]
fn any_separator_between_prefix_and_label() {
    for separator in ['_', ':', '.', '/', '|', '#', '=', '+', '~', '\u{2010}', '\u{2013}', '\u{2014}'] {
        let text = format!("Ada\tB{separator}PER\nLovelace\tI{separator}PER\nwon\tO\n\n");
        shows("a.conll", &text, "Ada Lovelace/PER");
    }
}

#[test]
fn universal_ner_is_known_under_a_treebank_s_name() {
    shows("a.conllu", "# sent_id = 1\n# text = Ada won\n1\tAda\tB-PER\t-\tx\n2\twon\tO\t-\tx\n\n", "Ada/PER");
    let error = message("a.conllu", "1\tAda\tAda\tX\t_\n\n");
    assert!(error.contains("5 columns instead of 10"), "{error}");
}

#[test]
fn what_is_no_tag_among_tags_is_named_with_its_line() {
    for odd in ["X", "PER", "1", "\"B-PER\""] {
        let error = message("a.conll", &format!("Ada\tB-PER\nwon\tO\nin\t{odd}\nOslo\tB-LOC\n\n"));
        assert!(error.starts_with(&format!("a.conll, line 3: “{odd}” is not a tag")), "{error}");
    }
    let error = message("a.conll", "Ada\tB-PER\nLovelace\tI- PER\nwon\tO\n\n");
    assert!(error.starts_with("a.conll, line 2: “I- PER” is not a tag"), "{error}");
    let error = message("a.conll", "Ada\tB-PER\nwon\n\n");
    assert!(error.contains("1 column instead of 2"), "{error}");
}

#[test]
fn names_that_columns_and_keys_of_tags_go_by() {
    for name in ["NER", "ner_tag", "NamedEntity", "named_entity", "BIO", "IOB", "Labels"] {
        shows("a.tsv", &format!("word\t{name}\nAda\tB-PER\nwon\tO\n"), "Ada/PER");
        shows(
            "a.conllu",
            &format!("1\tAda\t_\t_\t_\t_\t_\t_\t_\t{name}=B-PER\n2\twon\t_\t_\t_\t_\t_\t_\t_\t{name}=O\n\n"),
            "Ada/PER",
        );
    }
}

#[test]
fn other_formats_under_the_name_of_text_are_told() {
    for (text, kind) in [
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nAda won.\n", "subtitles-as-text"),
        ("1\n00:00:01,000 --> 00:00:02,000 X1:1\nAda won.\n", "subtitles-as-text"),
        ("<!DOCTYPE html><html><body>Ada won.</body></html>\n", "markup-as-text"),
        ("<?xml version=\"1.0\"?>\n<TEI/>\n", "markup-as-text"),
        ("# text = Ada\n1\tAda\tAda\tX\t_\t_\t0\tx\t_\t_\n", "columns-as-text"),
        ("Ada\tB-PER\n", "columns-as-text"),
        ("{\"text\":\"Ada\"}\n", "json-as-text"),
    ] {
        assert_eq!(read_noted("a.txt", text).1, [(kind, 1)], "{text}");
    }
    assert_eq!(read_noted("a.txt", "From 3 --> 4: go\n10:30 --> home\n3 < 4 and <html\n").1, []);
    for (text, what) in [("%PDF-1.4\n", "PDF"), ("{\\rtf1 Ada}\n", "RTF")] {
        let error = message("a.txt", text);
        assert!(
            error.starts_with(&format!("a.txt: xlner does not read {what}; ")) && error.contains(".txt)"),
            "{error}"
        );
    }
}
