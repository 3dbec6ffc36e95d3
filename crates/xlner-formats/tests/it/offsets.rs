//! What offsets count, where they cut, and what standoff files hold beside entities.

use crate::common::{message, read, read_noted, shown};
use xlner_core::Sentence;
use xlner_formats::{Notes, ReadOptions, read_sentences};

fn brat(text: &str, annotations: &str) -> (Vec<Sentence>, Vec<(&'static str, u64)>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), text).unwrap();
    std::fs::write(folder.path().join("a.ann"), annotations).unwrap();
    let options = ReadOptions { notes: Notes::default(), ..ReadOptions::default() };
    let sentences = read_sentences(&folder.path().join("a.ann"), &options).unwrap().map(Result::unwrap).collect();
    (sentences, options.notes.list().iter().map(|note| (note.kind.name, note.count)).collect())
}

#[test]
fn offsets_that_cut_words_are_noted() {
    for (start, end, cut) in [(3, 7, 0), (4, 8, 1), (3, 6, 1), (4, 6, 1), (12, 16, 0), (12, 17, 0)] {
        let record = format!(r#"{{"text":"In Oslo won Bern.","label":[[{start},{end},"LOC"]]}}"#);
        let (_, notes) = read_noted("a.jsonl", &record);
        assert_eq!(notes, [("cut-words", 1)][..cut], "{start}..{end}");
    }
    let tokens = r#"{"text":"In Oslo","label":[[4,7,"LOC"]],"tokens":[[0,2],[3,7]]}"#;
    let (sentences, notes) = read_noted("a.jsonl", tokens);
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Oslo/LOC", &[("inside-tokens", 1)][..]));
    // Words of these scripts have no borders that one sees.
    assert_eq!(read_noted("a.jsonl", r#"{"text":"他在北京工作","label":[[2,4,"LOC"]]}"#).1, []);
}

#[test]
fn label_studio_counts_crlf_as_one_or_two() {
    for start in [5, 6] {
        let task = format!(
            r#"[{{"id":1,"data":{{"text":"Nil.\r\nOslo won."}},"annotations":[{{"result":[{{"value":{{"start":{start},"end":{},"text":"Oslo","labels":["LOC"]}}}}]}}]}}]"#,
            start + 4
        );
        assert_eq!(shown(&read("a.json", &task)), "Oslo/LOC", "{start}");
    }
    let wrong = r#"[{"id":17,"data":{"text":"Oslo won."},"annotations":[{"result":[{"value":{"start":1,"end":5,"text":"Oslo","labels":["LOC"]}}]}]}]"#;
    assert!(
        message("a.json", wrong).contains("record “17”: annotation 1..5 (LOC) does not stand where its own text does")
    );
}

#[test]
fn brat_counts_characters_utf16_units_or_crlf_as_one() {
    for (text, start) in [
        ("Nil.\nOslo won.\n", 5),
        ("Nil.\r\nOslo won.\r\n", 6),
        ("Nil.\r\nOslo won.\r\n", 5),
        ("💩il.\nOslo won.\n", 5),
        ("💩il.\nOslo won.\n", 6),
        ("💩il.\r\nOslo won.\r\n", 6),
        ("Nil.\rOslo won.\r", 5),
    ] {
        let (sentences, notes) = brat(text, &format!("T1\tLOC {start} {}\tOslo\r\n", start + 4));
        assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("|Oslo/LOC", &[][..]), "{text:?} {start}");
        assert_eq!(sentences[1].text(), "Oslo won.");
    }
}

#[test]
fn brat_notes_what_is_no_entity() {
    let annotations = "T1\tPER 0 3\tAda\nT2\tLOC 8 12\tOslo\nR1\tfrom Arg1:T1 Arg2:T2\nE1\tWin:T1\nA1\tSure T1\nM1\tX T1\n\
                       N1\tReference T1 Wikidata:Q1\tAda\n#1\tAnnotatorNotes T1\tsure?\n*\tEquiv T1 T2\n\n";
    let (sentences, notes) = brat("Ada won Oslo.\n", annotations);
    assert_eq!(shown(&sentences), "Ada/PER Oslo/LOC");
    assert_eq!(
        notes,
        [("relations", 2), ("events", 1), ("attributes", 2), ("normalizations", 1), ("annotator-notes", 1)]
    );
}

#[test]
fn entities_of_several_parts_are_noted() {
    let (sentences, notes) = brat("Ada and Bob Ray\n", "T1\tPER 0 3;12 15\tAda Ray\nT2\tPER 8 15\tBob Ray\n");
    assert_eq!(shown(&sentences), "Ada/PER Bob Ray/PER Ray/PER");
    assert_eq!(notes, [("split-entities", 1)]);
    let (sentences, notes) = brat("Port of\nOslo\n", "T1\tORG 0 12\tPort of Oslo\n");
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Port of/ORG|Oslo/ORG", &[("split-entities", 1)][..]));
}

#[test]
fn doccano_counts_as_its_browser_does() {
    let of = |text: &str, start: usize| {
        let record = serde_json::json!({"text": text, "label": [[start, start + 4, "LOC"]]}).to_string();
        let (sentences, notes) = read_noted("a.jsonl", &record);
        (shown(&sentences), notes)
    };
    let told = vec![("recounted-offsets", 1)];
    assert_eq!(of("Nil.\r\nOslo won.", 6), ("Oslo/LOC".to_owned(), vec![]));
    assert_eq!(of("Nil.\r\nOslo won.", 5), ("Oslo/LOC".to_owned(), told.clone()));
    assert_eq!(of("💩 Oslo won.", 2), ("Oslo/LOC".to_owned(), vec![]));
    assert_eq!(of("💩 Oslo won.", 3), ("Oslo/LOC".to_owned(), told));
    // Wrong however it is counted: told as before.
    assert_eq!(of("Nil.\r\nOslo won.", 7).1, [("cut-words", 1)]);
}

#[test]
fn brat_counts_a_byte_order_mark_or_does_not() {
    for start in [0, 1] {
        let (sentences, notes) = brat("\u{feff}Oslo won.\n", &format!("T1\tLOC {start} {}\tOslo\n", start + 4));
        assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Oslo/LOC", &[][..]), "{start}");
        assert_eq!(sentences[0].text(), "Oslo won.");
    }
}

#[test]
fn offsets_of_html_are_told_as_such() {
    let task = r#"[{"id":5,"data":{"html":"<p>Oslo</p>"},"annotations":[{"result":[{"value":{"start":"/p","end":"/p","globalOffsets":{"start":0,"end":4},"text":"Oslo","hypertextlabels":["LOC"]}}]}]}]"#;
    let error = message("a.json", task);
    assert!(error.contains("record “5”") && error.contains("page of HTML"), "{error}");
}
