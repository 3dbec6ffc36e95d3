//! Whatever is written as a record is read as the same, with any other fields.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use xlner_core::{Pair, Sentence};
use xlner_formats::{ReadOptions, WriteOptions, read_pairs, read_sentences, write_pairs};

/// Names that records and the formats of tools use, and others.
const NAMES: [&str; 34] = [
    "id",
    "lang",
    "langs",
    "text",
    "tokens",
    "entities",
    "regions",
    "probabilities",
    "source",
    "target",
    "target_tokens",
    "alignment",
    "scores",
    "projection",
    "gold",
    "label",
    "labels",
    "spans",
    "ents",
    "annotations",
    "annotator",
    "answer",
    "data",
    "ner_tags",
    "tags",
    "words",
    "paragraphs",
    "doc_annotation",
    "relations",
    "_input_hash",
    "original_text",
    "task",
    "comments",
    "meta",
];

fn extra_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(7)),
        Just(json!("x")),
        Just(json!("accept")),
        Just(json!([])),
        Just(json!(["PER: Amina"])),
        Just(json!([[0, 1, "LOC"]])),
        Just(json!([{"start": 0, "end": 1, "label": "LOC"}])),
        Just(json!([{"start_offset": 0, "end_offset": 1, "label": 7}])),
        Just(json!({"text": "a"})),
        Just(json!({"tokens": ["a"], "entities": []})),
        Just(json!(18_446_744_073_709_551_615_u64)),
    ]
}

fn extra_fields() -> impl Strategy<Value = Map<String, Value>> {
    vec((prop::sample::select(&NAMES[..]), extra_value()), 0..5)
        .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Reads a line, and what is written of it again.
fn twice(line: &str) -> (Vec<Sentence>, Vec<Sentence>) {
    let file = crate::common::file("a.jsonl", line);
    let sentences = read_sentences(&file.path, &ReadOptions::default()).unwrap();
    let Ok(first) = sentences.collect::<Result<Vec<_>, _>>() else {
        // What cannot be read is not written.
        return (Vec::new(), Vec::new());
    };
    let again = crate::common::read("b.jsonl", &crate::common::written(&first, "b.jsonl", &WriteOptions::default()));
    (first, again)
}

proptest! {
    /// Whatever is read from a row, a doccano record or a Prodigy example with any other fields is written as a record that is read as the
    /// same.
    #[test]
    fn records_with_any_other_fields_are_read_as_they_were(extra in extra_fields(), kind in 0..5) {
        let mut fields = extra;
        let own = match kind {
            0 => json!({"tokens": ["Amina", "won"], "ner_tags": ["B-PER", "O"]}),
            1 => json!({"text": "Amina won", "label": [[0, 5, "PER"]]}),
            2 => json!({"text": "Amina won", "spans": [{"start": 0, "end": 5, "label": "PER"}]}),
            3 => json!({"tokens": ["Amina", "won"], "entities": [{"start": 0, "end": 1, "label": "PER"}]}),
            _ => json!({"data": {"text": "Amina won"}, "annotations": [{"result": []}]}),
        };
        if let Value::Object(own) = own {
            fields.extend(own);
        }
        let (first, again) = twice(&Value::Object(fields).to_string());
        prop_assert_eq!(first, again);
    }

    /// A pair keeps all its fields, in JSON lines.
    #[test]
    fn pairs_with_any_other_fields_are_read_as_they_were(extra in extra_fields(), id in prop_oneof![Just("7"), Just("\"7\""), Just("99999999999999999999")]) {
        let mut fields = extra;
        for name in ["id", "scores", "projection"] {
            fields.shift_remove(name);
        }
        fields.insert("source".into(), json!({"tokens": ["a", "b"], "spans": ["x"]}));
        fields.insert("target".into(), json!({"tokens": ["c", "d"], "label": [[0, 1, "X"]]}));
        fields.insert("alignment".into(), json!([[0, 0], [1, 1, 0.5, "p"]]));
        let rest = Value::Object(fields).to_string();
        let line = format!("{{\"id\":{id},{}", &rest[1..]);
        let (first, second) = (crate::common::file("a.jsonl", &line), crate::common::file("b.jsonl", ""));
        let read = |path: &Path| read_pairs(path, &ReadOptions::default()).unwrap().map(Result::unwrap).collect::<Vec<Pair>>();
        let pairs = read(&first.path);
        let mut writer = write_pairs(&second.path, &WriteOptions::default()).unwrap();
        pairs.iter().for_each(|pair| writer.write(pair).unwrap());
        writer.finish().unwrap();
        prop_assert_eq!(read(&second.path), pairs);
        let text = std::fs::read_to_string(&second.path).unwrap();
        prop_assert!(text.contains(&format!("\"id\":{id}")), "{}", text);
    }
}
