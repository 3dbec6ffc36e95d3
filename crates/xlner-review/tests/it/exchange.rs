//! Out and back.

use serde_json::{Value, json};
use xlner_formats::{Format, ReadOptions};
use xlner_review::store::NewEvent;
use xlner_review::version::{Operation, State};
use xlner_review::{Store, export, import, offline};

use crate::support::{pairs, store_of};

/// A store in which s1 to s3 are done.
fn done(path: &std::path::Path) -> Store {
    let mut store = store_of(path, pairs());
    for item in 0..3 {
        let event = NewEvent { uuid: item.to_string(), base: 0, round: None, operation: Operation::Submit };
        store.append(item, "ada", "ada", &[event]).unwrap();
    }
    store
}

#[test]
fn every_format_goes_out_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = done(&folder.path().join("a.db"));
    let formats = [
        Format::Jsonl,
        Format::Conll,
        Format::LabelStudio,
        Format::Doccano,
        Format::ConllU,
        Format::HuggingFace,
        Format::Spacy,
        Format::WebAnno,
    ];
    for format in formats {
        let path = folder.path().join(format!("gold.{}", format.name()));
        let options = export::ExportOptions { format: Some(format), ..export::ExportOptions::default() };
        let written = export::export(&store, &path, &options).unwrap();
        assert_eq!((written.gold, written.open, written.undecided), (3, 1, 0), "{format}");
        let mut other = store_of(&folder.path().join(format!("{}.db", format.name())), pairs());
        let read = ReadOptions { format: Some(format), ..ReadOptions::default() };
        let imported = import::import(&mut other, &path, &read, Some("ben")).unwrap();
        assert_eq!((imported.taken, imported.strangers), (3, 0), "{format}");
        for item in 0..3 {
            let (one, two) = (store.version(item, "ada").unwrap(), other.version(item, "ben").unwrap());
            assert_eq!(two.state, State::Submitted, "{format}");
            let marks = |version: &xlner_review::version::Version| -> Vec<_> {
                version.entities.iter().map(|e| (e.span, e.label.clone())).collect()
            };
            assert_eq!(marks(&one), marks(&two), "{format}");
        }
    }
}

#[test]
fn what_nobody_touched_is_byte_for_byte_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("odd.jsonl");
    let odd = [
        json!({"id": "emoji", "source": {"text": "a 👩‍👩‍👧 b", "tokens": ["a", "👩‍👩‍👧", "b"], "entities": []}, "target": {"text": "e\u{301}te\u{301} \u{928}\u{93f}", "tokens": ["e\u{301}te\u{301}", "\u{928}\u{93f}"], "entities": [{"start": 0, "end": 1, "label": "PER", "score": 0.25, "mine": [1]}]}, "other": {"x": 1.5}}),
        json!({"id": "crlf", "source": {"text": "x\r\ny", "tokens": ["x", "y"], "entities": []}, "target": {"text": "x\r\ny  z", "tokens": ["x", "y", "z"], "entities": []}}),
    ];
    let text: String = odd.iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(&file, &text).unwrap();
    let mut store = Store::open(&folder.path().join("a.db")).unwrap();
    store.load(&file, &ReadOptions::default()).unwrap();
    let out = folder.path().join("out.jsonl");
    export::export(&store, &out, &export::ExportOptions { all: true, ..export::ExportOptions::default() }).unwrap();
    assert_eq!(std::fs::read_to_string(&out).unwrap(), text);
    // Done without a change: the same but for the fields that are added.
    let event = NewEvent { uuid: "1".into(), base: 0, round: None, operation: Operation::Submit };
    store.append(0, "ada", "ada", &[event]).unwrap();
    export::export(&store, &out, &export::ExportOptions::default()).unwrap();
    let written = std::fs::read_to_string(&out).unwrap();
    let first = text.lines().next().unwrap();
    assert!(written.starts_with(&first[..first.len() - 1]), "{written}");
    let record: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(record["gold"], json!([{"start": 0, "end": 1, "label": "PER"}]));
}

#[test]
fn the_offline_page_is_whole_and_what_it_saves_is_taken_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = pairs();
    records[3].target = xlner_core::Sentence::from_tokens(["</script><script>alert(1)</script>", "<!--", "x"]);
    records[3].alignment = None;
    let mut store = store_of(&folder.path().join("a.db"), records);
    let page = offline::page(&store, "ada", &[], Some("What is a name?"), None).unwrap();
    assert!(!page.contains("src=\"") && !page.contains("alert(1)</script>"), "nothing from outside, and data is data");
    let name = store.name().unwrap();
    let saved = json!({"xlner-review": 1, "store": name, "annotator": "ada", "items": [
        {"id": "s1", "events": [{"uuid": "o1", "base": 0, "round": 0, "op": "remove", "start": 0, "end": 1, "label": "PER"}, {"uuid": "o2", "base": 0, "round": 0, "op": "submit"}]},
        {"id": "gone", "events": []},
    ]});
    let file = folder.path().join("review-ada.json");
    std::fs::write(&file, saved.to_string()).unwrap();
    let first = import::import(&mut store, &file, &ReadOptions::default(), None).unwrap();
    assert_eq!((first.taken, first.known, first.strangers), (1, 0, 1));
    let second = import::import(&mut store, &file, &ReadOptions::default(), None).unwrap();
    assert_eq!((second.taken, second.known), (0, 1));
    assert_eq!(store.version(0, "ada").unwrap().entities.len(), 1);
    // Changed in the store since: told, not overwritten.
    let other = saved.to_string().replace("\"o1\"", "\"p1\"").replace("\"o2\"", "\"p2\"");
    std::fs::write(&file, other).unwrap();
    let third = import::import(&mut store, &file, &ReadOptions::default(), None).unwrap();
    assert_eq!(third.conflicts, ["s1"]);
}

#[test]
fn corrected_links_and_numeric_ids_go_out() {
    let mut store = Store::in_memory().unwrap();
    let json = r#"{"id":7,"source":{"tokens":["a","b"]},"target":{"tokens":["c","d"]},"alignment":[[0,0,0.5,"p"],[1,1,0.25]]}"#;
    store.add(vec![serde_json::from_str(json).unwrap()], std::path::Path::new("test.jsonl")).unwrap();
    let event = |uuid: &str, operation| NewEvent { uuid: uuid.into(), base: 0, round: None, operation };
    let events = [
        event("1", Operation::Unlink { source: 1, target: 1 }),
        event("2", Operation::Link { source: 0, target: 1 }),
        event("3", Operation::Submit),
    ];
    store.append(0, "ada", "ada", &events).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.jsonl");
    export::export(&store, &out, &export::ExportOptions::default()).unwrap();
    let record: Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!((&record["id"], &record["alignment"]), (&json!(7), &json!([[0, 0, 0.5, "p"], [0, 1]])));
}
