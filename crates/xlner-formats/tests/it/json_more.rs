//! More shapes of JSON that tools write: wrapped records, several annotators, other names for the same things.

use crate::common::{message, message_with, read, read_noted, read_with, shown, shows};
use xlner_formats::{Format, ReadOptions};

#[test]
fn gliner_counts_the_last_token_in() {
    let example =
        r#"{"tokenized_text":["Ada","Lovelace","saw","Oslo"],"ner":[[0,1,"person"],[3,3,"city"]],"label":["person"]}"#;
    shows("a.json", &format!("[{example}]"), "Ada Lovelace/person Oslo/city");
    shows(
        "a.jsonl",
        &format!("{{\"tokenized_text\":[\"Nil\"],\"ner\":[]}}\n{example}\n"),
        "|Ada Lovelace/person Oslo/city",
    );
    let sentences = read("a.jsonl", example);
    assert_eq!(sentences[0].extra.get("label").unwrap()[0], "person");
    for (bad, problem) in
        [("[[0,4,\"x\"]]", "its end is its last token"), ("[[1,0,\"x\"]]", "leaves"), ("[[0,\"x\"]]", "not [0,\"x\"]")]
    {
        let error = message("a.jsonl", &format!("{{\"tokenized_text\":[\"a\",\"b\",\"c\",\"d\"],\"ner\":{bad}}}"));
        assert!(error.starts_with("a.jsonl, line 1: not an example of GLiNER") && error.contains(problem), "{error}");
    }
}

#[test]
fn records_in_an_object() {
    let annotator = r#"{"classes":["PER"],"annotations":[["Ada won.\r",{"entities":[[0,3,"PER"]]}],null,["Nil.",{"entities":[]}]]}"#;
    let (sentences, notes) = read_noted("a.json", annotator);
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Ada/PER|", &[("skipped-texts", 1)][..]));
    let bad = annotator.replace("[0,3", "[0,30");
    assert!(message("a.json", &bad).starts_with("a.json, line 1"), "{}", message("a.json", &bad));
    let bad = annotator.replace("\"entities\":[]", "\"entities\":[[9,12,\"PER\"]]");
    assert!(
        message("a.json", &bad).starts_with("a.json, line 1, record “#3”: annotation 9..12"),
        "{}",
        message("a.json", &bad)
    );

    let rows = "{\"version\":1,\"data\":[\n{\"tokens\":[\"Ada\",\"won\"],\"ner_tags\":[\"B-PER\",\"O\"]},\n{\"tokens\":[\"Bob\"],\"ner_tags\":[\"B-PER\",\"O\"]}\n]}";
    assert!(message("a.json", rows).starts_with("a.json, line 3: "), "{}", message("a.json", rows));
    let viewer = r#"{"features":[],"rows":[{"row_idx":0,"row":{"id":"7","tokens":["Ada"],"ner_tags":[1]},"truncated_cells":[]}]}"#;
    let labels = ReadOptions { labels: Some(vec!["O".into(), "B-PER".into()]), ..ReadOptions::default() };
    assert_eq!(shown(&read_with("a.json", viewer, &labels)), "Ada/PER");
    let columns = r#"{"tokens":[["Ada"],["Bob"]],"ner_tags":[["B-PER"],["B-PER"]]}"#;
    assert!(message("a.json", columns).contains("write one object for each sentence"));
}

#[test]
fn a_value_is_named_where_its_line_does_not_tell() {
    let text = r#"[{"text":"Oslo","label":[[0,4,"LOC"]]},{"text":"Oslo","label":[[0,9,"LOC"]]}]"#;
    assert!(message("a.json", text).starts_with("a.json, line 1, record “#2”: "), "{}", message("a.json", text));
    let text = text.replace("},{", "},\n{");
    assert!(message("a.json", &text).starts_with("a.json, line 2: "), "{}", message("a.json", &text));
}

#[test]
fn sessions_of_prodigy_are_annotators() {
    let example = |session: &str, spans: &str, hash: &str| {
        format!(r#"{{"text":"Oslo won.",{hash}"_session_id":"{session}","spans":[{spans}],"answer":"accept"}}"#)
    };
    let span = r#"{"start":0,"end":4,"label":"LOC"}"#;
    for hash in ["", "\"_input_hash\":5,"] {
        let text =
            [example("db-ann", span, hash), example("db-bob", "", hash), example("db-ann", span, hash)].join("\n");
        let (sentences, notes) = read_noted("a.jsonl", &text);
        assert_eq!(shown(&sentences), "Oslo/LOC|Oslo/LOC");
        assert_eq!(notes, [("second-annotators", 1), ("repeated-texts", 1)]);
        let strict = ReadOptions { strict: true, ..ReadOptions::default() };
        assert!(
            message_with("a.jsonl", &text, &strict).starts_with("a.jsonl, line 2: annotations of a second annotator")
        );
    }
    // A text twice by nobody in particular is twice in the corpus.
    let plain = r#"{"text":"Oslo won.","spans":[{"start":0,"end":4,"label":"LOC"}]}"#;
    let (sentences, notes) = read_noted("a.jsonl", &format!("{plain}\n{plain}\n"));
    assert_eq!((sentences.len(), notes.as_slice()), (2, &[][..]));
}

#[test]
fn a_task_of_json_min_is_there_once_for_each_annotation() {
    let task = |annotation: u32, list: &str| {
        format!(r#"{{"id":2,"text":"Oslo won.","label":{list},"annotator":{annotation},"annotation_id":{annotation}}}"#)
    };
    let range = r#"[{"start":0,"end":4,"text":"Oslo","labels":["LOC"]}]"#;
    let (sentences, notes) = read_noted("a.json", &format!("[{},{}]", task(1, range), task(2, "[]")));
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Oslo/LOC", &[("second-annotators", 1)][..]));
    // As a CSV has it, which the tool writes as well: told, not lost.
    let in_text = task(1, "\"[{\\\"start\\\":0,\\\"end\\\":4,\\\"labels\\\":[\\\"LOC\\\"]}]\"");
    assert_eq!(read_noted("a.json", &format!("[{in_text}]")).1, [("unread-entities", 1)]);
}

#[test]
fn offsets_as_texts_and_other_names() {
    for record in [
        r#"{"text":"Oslo won.","label":[["0","4","LOC"]]}"#,
        r#"{"text":"Oslo won.","label":[[0.0,4.0,"LOC"]]}"#,
        r#"{"text":"Oslo won.","entities":[{"start":"0","end":"4","label":"LOC"}]}"#,
        r#"{"text":"Oslo won.","entities":[{"start":0,"end":4,"type":"LOC"}]}"#,
        r#"{"text":"Oslo won.","entities":[{"start":0,"end":4,"entity_type":"LOC"}]}"#,
        r#"{"text":"Oslo won.","entities":[{"start_char":0,"end_char":4,"type":"LOC","text":"Oslo"}]}"#,
        r#"{"text":"Oslo won.","entities":[{"begin":0,"end":4,"label":"LOC"}]}"#,
        r#"{"text":"Oslo won.","entities":[{"offset":0,"length":4,"category":"LOC","text":"Oslo"}]}"#,
        r#"{"text":"Oslo won.","entities":[{"start_pos":0,"end_pos":4,"text":"Oslo","labels":[{"value":"LOC","confidence":0.9}]}]}"#,
        r#"{"text":"Oslo won.","entities":[{"BeginOffset":0,"EndOffset":4,"Type":"LOC","Score":0.9}]}"#,
    ] {
        shows("a.jsonl", record, "Oslo/LOC");
    }
    for (record, problem) in [
        (r#"{"text":"Oslo","label":[[-1,4,"LOC"]]}"#, r#"[-1,4,"LOC"]"#),
        (r#"{"text":"Oslo","label":[[0.5,4,"LOC"]]}"#, r#"[0.5,4,"LOC"]"#),
        (r#"{"text":"Oslo","entities":[{"start":0,"end":4}]}"#, "has no label"),
        (r#"{"text":"Oslo","entities":[{"start":0,"end":4,"entity":"B-LOC","word":"Oslo"}]}"#, "aggregation_strategy"),
    ] {
        let error = message("a.jsonl", record);
        assert!(error.starts_with("a.jsonl, line 1: ") && error.contains(problem), "{error}");
    }
    assert_eq!(read_noted("a.jsonl", r#"{"text":"Oslo won.","found":[["LOC",0,4]]}"#).1, [("unread-entities", 1)]);
}

#[test]
fn entities_that_count_characters_beside_tokens_are_not_taken_for_token_ranges() {
    let record =
        |entity: &str| format!(r#"{{"text":"Ada saw Oslo.","tokens":["Ada","saw","Oslo","."],"entities":[{entity}]}}"#);
    let spacy = ReadOptions { format: Some(Format::Spacy), ..ReadOptions::default() };
    for (entity, problem) in [
        (r#"{"start":8,"end":12,"label":"LOC"}"#, "span 8..12"),
        (
            r#"{"start":0,"end":3,"label":"PER","text":"Ada"}"#,
            "entity 0..3 (PER) covers “Ada saw Oslo”, but its own text is “Ada”",
        ),
        (r#"{"start":0,"end":3,"label":"PER","word":"Ada"}"#, "but its own text is “Ada”"),
    ] {
        for text in [record(entity), format!("{}\n{}", record(r#"{"start":0,"end":1,"label":"X"}"#), record(entity))] {
            let error = message("a.jsonl", &text);
            assert!(error.contains(problem) && error.contains("option `from_format` spacy"), "{error}");
        }
        assert_eq!(read_with("a.jsonl", &record(entity), &spacy)[0].entities.len(), 1);
    }
    assert_eq!(shown(&read_with("a.jsonl", &record(r#"{"start":8,"end":12,"label":"LOC"}"#), &spacy)), "Oslo/LOC");
    shows("a.jsonl", &record(r#"{"start":2,"end":3,"label":"LOC","text":"Oslo"}"#), "Oslo/LOC");
}

#[test]
fn the_field_of_tags_is_the_one_that_holds_tags() {
    shows("a.jsonl", r#"{"tokens":["Ada","won"],"tags":["NNP","VBD"],"labels":["B-PER","O"]}"#, "Ada/PER");
    shows("a.jsonl", r#"{"tokens":["we","won"],"tags":["PRP","VBD"],"labels":["O","O"]}"#, "");
    shows("a.jsonl", r#"{"tokens":["Ada","won"],"tags":["PER","O"]}"#, "Ada/PER");
    shows("a.jsonl", r#"{"text":["我","在","北","京"],"labels":["O","O","B-LOC","I-LOC"]}"#, "北 京/LOC");
    shows("a.jsonl", r#"{"sentence":["Ada","won"],"tags":["B-PER","O"]}"#, "Ada/PER");
    let parts = r#"{"tokens":["a","b","c","d","e"],"tags":["DT","NN","VBD","JJ","."]}"#;
    assert_eq!(read_noted("a.jsonl", parts).1, [("all-inside", 1)]);
    assert_eq!(read_noted("a.jsonl", r#"{"tokens":["Ada","Lovelace"],"tags":["PER","PER"]}"#).1, []);
}

#[test]
fn a_list_of_labels_without_o_is_told() {
    let rows = "{\"tokens\":[\"Ada\",\"won\"],\"ner_tags\":[1,0]}\n".repeat(2);
    for (labels, notes) in [(["B-PER", "I-PER"], 1), (["O", "B-PER"], 0)] {
        let options = ReadOptions { labels: Some(labels.map(str::to_owned).to_vec()), ..ReadOptions::default() };
        read_with("a.jsonl", &rows, &options);
        assert_eq!(options.notes.list().len(), notes);
    }
}

#[test]
fn label_studio_writes_line_breaks_with_a_backslash() {
    let task = |said: &str| {
        format!(
            r#"[{{"id":1,"data":{{"text":"Ada\nByron won."}},"annotations":[{{"result":[{{"type":"labels","value":{{"start":0,"end":9,"text":"{said}","labels":["PER"]}}}}]}}]}}]"#
        )
    };
    for said in ["Ada\\nByron", "Ada\\\\nByron", "Ada Byron", "Ada\\\\r\\\\nByron"] {
        assert_eq!(read("a.json", &task(said))[0].entities.len(), 1, "{said}");
    }
    assert!(message("a.json", &task("Bob")).contains("its own text"));
}

#[test]
fn a_key_that_appears_twice_is_refused() {
    for (name, text) in [
        ("a.jsonl", r#"{"tokens":["Ada","won"],"ner_tags":["B-PER","O"],"ner_tags":["O","O"]}"#),
        ("a.jsonl", r#"{"text":"Ada won","label":[[0,3,"PER"]],"label":[]}"#),
        ("a.jsonl", r#"{"tokens":["Ada"],"entities":[],"note":{"by":1,"by":2}}"#),
        ("a.json", r#"[{"id":1,"data":{"text":"Ada","text":"Bob"},"annotations":[]}]"#),
    ] {
        let error = message(name, text);
        assert!(error.contains(", line 1") && error.contains("appears twice"), "{error}");
    }
    // Whatever stands before it.
    let records =
        "{\"tokens\":[\"Ada\"],\"entities\":[]}\n{\"tokens\":[\"Bob\"],\"entities\":[],\"note\":1,\"note\":2}\n";
    assert!(message("a.jsonl", records).contains(", line 2: "), "{}", message("a.jsonl", records));
}
