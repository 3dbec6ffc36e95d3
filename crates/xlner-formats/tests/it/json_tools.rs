//! JSON of annotation tools, as their exports look (the sentences are ours).

use crate::common::{message, message_with, read, read_noted, read_with, shown, shows, written};
use xlner_core::Sentence;
use xlner_formats::{Format, ReadOptions, WriteOptions};

const OSLO: &str = r#"{"text":"Oslo won.","spans":[{"start":0,"end":4,"label":"LOC"}]}"#;

#[test]
fn a_record_without_entities_decides_nothing_for_the_others() {
    for first in [
        r#"{"text":"Nil.","answer":"accept"}"#,
        r#"{"text":"Nil.","spans":null}"#,
        r#"{"text":"Nil."}"#,
        r#"{"text":"Nil.","spans":[]}"#,
        r#"{"text":"Nil.","label":[]}"#,
        r#"{"text":"Nil.","label":null}"#,
        r#"{"tokens":["Nil","."],"entities":[]}"#,
        r#"{"tokens":["Nil","."],"ner_tags":["O","O"]}"#,
    ] {
        let sentences = read("a.jsonl", &format!("{first}\n{OSLO}\n"));
        assert_eq!(shown(&sentences), "|Oslo/LOC", "{first}");
        assert!(sentences[0].text().starts_with("Nil"), "{first}");
    }
}

#[test]
fn dialects_may_be_mixed_in_any_order() {
    let bern = r#"{"text":"Bern won.","label":[[0,4,"LOC"]]}"#;
    let ours = r#"{"tokens":["Riga","won"],"entities":[{"start":0,"end":1,"label":"LOC"}]}"#;
    let row = r#"{"tokens":["Ulm","won"],"ner_tags":["B-LOC","O"]}"#;
    for (first, second, third, fourth) in [(OSLO, bern, ours, row), (ours, row, bern, OSLO), (row, ours, OSLO, bern)] {
        let found = shown(&read("a.jsonl", &[first, second, third, fourth].join("\n")));
        let mut names: Vec<&str> = found.split('|').collect();
        names.sort_unstable();
        assert_eq!(names, ["Bern/LOC", "Oslo/LOC", "Riga/LOC", "Ulm/LOC"]);
    }
    let error = message("a.jsonl", &format!("{OSLO}\n{{\"words\":7}}\n"));
    assert!(error.starts_with("a.jsonl, line 2: not a record"), "{error}");
}

#[test]
fn label_studio_min_is_known_without_regions() {
    let text = r#"[{"id":1,"text":"Nil.","annotator":1},
        {"id":2,"text":"Oslo won.","label":[{"start":0,"end":4,"text":"Oslo","labels":["LOC"]}],"annotator":1}]"#;
    let sentences = read("a.json", text);
    assert_eq!(shown(&sentences), "|Oslo/LOC");
    assert!(sentences[0].is_tokenized());
    let bad = text.replace("\"start\":0", "\"start\":3");
    assert!(message("a.json", &bad).contains("line 2, record “2”"), "{}", message("a.json", &bad));
}

#[test]
fn doccano_in_all_its_exports() {
    shows("a.jsonl", r#"{"id":1,"text":"Oslo won.","label":[[0,4,"LOC"]],"Comments":[]}"#, "Oslo/LOC");
    shows("a.jsonl", r#"{"id":1,"data":"Oslo won.","label":[[0,4,"LOC"]]}"#, "Oslo/LOC");
    shows("a.jsonl", r#"{"id":1,"text":"Oslo won.","labels":[[0,4,"LOC"]],"meta":{}}"#, "Oslo/LOC");
    let relations = r#"{"id":1,"text":"Ada of Oslo","entities":[{"id":5,"label":"PER","start_offset":0,"end_offset":3},
        {"id":6,"label":"LOC","start_offset":7,"end_offset":11}],"relations":[{"from_id":5,"to_id":6,"type":"from"}]}"#;
    let (sentences, notes) = read_noted("a.jsonl", &relations.replace('\n', " "));
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Ada/PER Oslo/LOC", &[("relations", 1)][..]));
    let full = r#"{"id":1,"text":"Oslo won.","annotations":[{"label":"LOC","start_offset":0,"end_offset":4,"user":1},
        {"label":"ORG","start_offset":0,"end_offset":4,"user":2}],"meta":{},"annotation_approver":null}"#;
    let (sentences, notes) = read_noted("a.jsonl", &full.replace('\n', " "));
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Oslo/LOC", &[("second-annotators", 1)][..]));
    let ids = r#"{"text":"Oslo.","annotations":[{"label":7,"start_offset":0,"end_offset":4,"user":1}]}"#;
    assert!(message("a.jsonl", ids).contains("label 7 is an id, and its name is not in the file"));
    // A label of the whole text is none of a range.
    let classified = r#"{"text":"Oslo won.","label":["good"],"spans":[{"start":0,"end":4,"label":"LOC"}]}"#;
    assert_eq!(shown(&read("a.jsonl", classified)), "Oslo/LOC");
}

#[test]
fn prodigy_answers_and_annotators() {
    let example = |text: &str, rest: &str| {
        format!(r#"{{"text":"{text} won.","spans":[{{"start":0,"end":4,"label":"LOC"}}]{rest}}}"#)
    };
    let all = [
        example("Oslo", r#","answer":"reject""#),
        example("Riga", r#","answer":"ignore""#),
        example("Bern", r#","answer":"accept","_input_hash":1,"_annotator_id":"ann""#),
        example("Bern", r#","answer":"accept","_input_hash":1,"_annotator_id":"bob""#),
        r#"{"text":"No span.","answer":"accept","tokens":[{"text":"No","start":0,"end":2,"id":0},{"text":"span.","start":3,"end":8,"id":1}]}"#.to_owned(),
    ];
    let (sentences, notes) = read_noted("a.jsonl", &all.join("\n"));
    assert_eq!(shown(&sentences), "Bern/LOC|");
    assert_eq!(notes, [("rejected-examples", 1), ("ignored-examples", 1), ("second-annotators", 1)]);
    assert_eq!(sentences[1].tokens().collect::<Vec<_>>(), ["No", "span."]);
    let strict = ReadOptions { strict: true, ..ReadOptions::default() };
    let error = message_with("a.jsonl", &all.join("\n"), &strict);
    assert!(error.starts_with("a.jsonl, line 1: examples that their annotator rejected"), "{error}");
}

#[test]
fn tag_ids_of_rows() {
    let row = |tags: &str| format!(r#"{{"tokens":["Oslo","is","far"],"ner_tags":{tags}}}"#);
    let labels = ReadOptions { labels: Some(vec!["O".into(), "B-LOC".into()]), ..ReadOptions::default() };
    for tags in ["[1,0,0]", r#"["1","0","0"]"#, "[1.0,0.0,0.0]", r#"["B-LOC","O","O"]"#] {
        assert_eq!(shown(&read_with("a.jsonl", &row(tags), &labels)), "Oslo/LOC", "{tags}");
    }
    for tags in ["[1,0,0]", r#"["1","0","0"]"#] {
        assert!(message("a.jsonl", &row(tags)).contains("option `labels`"), "{tags}");
    }
    assert!(message_with("a.jsonl", &row("[7,0,0]"), &labels).contains("tag id 7"));
    let sentences = read_with("a.jsonl", &row("[1,0,-100]"), &labels);
    assert_eq!(shown(&sentences), "Oslo/LOC");
    assert_eq!(labels.notes.list().iter().map(|note| note.kind.name).collect::<Vec<_>>(), ["ignored-tag-ids"]);
}

#[test]
fn label_studio_keeps_gold_and_predictions_apart() {
    let task = |results: &str| format!(r#"[{{"id":9,"data":{{"text":"Oslo won."}},{results}}}]"#);
    let result = r#"[{"from_name":"label","to_name":"text","type":"labels","value":{"start":0,"end":4,"text":"Oslo","labels":["LOC"]}}]"#;
    let name = "a.json";
    let options = WriteOptions { format: Some(Format::LabelStudio), ..WriteOptions::default() };
    for (results, kept, other) in [
        (format!(r#""annotations":[{{"result":{result}}}]"#), "annotations", "predictions"),
        (format!(r#""predictions":[{{"score":0.5,"result":{result}}}]"#), "predictions", "annotations"),
        (format!(r#""predictions":[{{"result":{result}}}]"#), "predictions", "annotations"),
    ] {
        let sentences = read(name, &task(&results));
        assert_eq!(shown(&sentences), "Oslo/LOC");
        let again = written(&sentences, name, &options);
        assert!(again.contains(kept) && !again.contains(other) && again.contains(r#""id":9"#), "{again}");
        assert_eq!(read(name, &again), sentences);
    }
    let nothing = read(name, &task(r#""annotations":[]"#));
    let again = written(&nothing, name, &options);
    assert!(!again.contains("annotations") && !again.contains("predictions"), "{again}");
    assert_eq!(read(name, &again), nothing);
}

#[test]
fn label_studio_notes_what_it_leaves_out() {
    let result = r#"[{"type":"labels","value":{"start":0,"end":4,"text":"Oslo","labels":["LOC"]}},{"type":"relation","from_id":"a","to_id":"b"},{"type":"choices","value":{"choices":["good"]}}]"#;
    let task = format!(
        r#"[{{"id":9,"data":{{"text":"Oslo won."}},"annotations":[{{"was_cancelled":true,"result":[]}},{{"result":{result}}},{{"result":[]}}],"predictions":[{{"result":[]}}]}}]"#
    );
    let (sentences, notes) = read_noted("a.json", &task);
    assert_eq!(shown(&sentences), "Oslo/LOC");
    let names = ["cancelled-annotations", "second-annotators", "predictions", "relations", "other-results"];
    assert_eq!(notes, names.map(|name| (name, 1)));
}

#[test]
fn spacy_documents_whole_or_in_sentences() {
    let document = r#"{"text":"Oslo won. Riga too.","ents":[{"start":0,"end":4,"label":"LOC"},{"start":10,"end":14,"label":"LOC"}],
        "sents":[{"start":0,"end":9},{"start":10,"end":19}],"spans":{"sc":[{"start":0,"end":4,"label":"X"}]},
        "tokens":[{"start":0,"end":4},{"start":5,"end":8},{"start":8,"end":9},{"start":10,"end":14},{"start":15,"end":18},{"start":18,"end":19}]}"#;
    assert_eq!(shown(&read("a.json", document)), "Oslo/LOC|Riga/LOC");
    let whole = ReadOptions { whole_documents: true, ..ReadOptions::default() };
    assert_eq!(shown(&read_with("a.json", document, &whole)), "Oslo/LOC Riga/LOC");
    assert_eq!(whole.notes.list()[0].kind.name, "span-groups");
    let training = r#"[{"id":0,"paragraphs":[{"raw":"Oslo won","sentences":[{"tokens":[{"orth":"Oslo","ner":"U-LOC"}]},{"tokens":[{"orth":"won","ner":"-"}]}]}]}]"#;
    assert_eq!(read("a.json", training).len(), 2);
    assert_eq!(read_with("a.json", training, &whole).len(), 1);
    assert!(message("a.spacy", "x").contains("DocBin"));
    shows("a.jsonl", r#"{"text":"Oslo won.","entities":[{"start":0,"end":4,"label":"LOC"}]}"#, "Oslo/LOC");
}

#[test]
fn fields_with_names_of_ours_are_renamed() {
    let row = r#"{"id":3,"tokens":["Amina","x"],"ner_tags":["B-PER","O"],"text":"Amina  x","entities":"none","lang":7,"regions":"x","spans":["PER: Amina"]}"#;
    let sentence = &read("a.jsonl", row)[0];
    assert_eq!(sentence.text(), "Amina  x");
    let again: Vec<Sentence> =
        read("a.jsonl", &written(std::slice::from_ref(sentence), "a.jsonl", &WriteOptions::default()));
    assert_eq!(again, std::slice::from_ref(sentence));
    for (name, value) in
        [("original_entities", "\"none\""), ("original_lang", "7"), ("original_regions", "\"x\""), ("id", "3")]
    {
        assert_eq!(sentence.extra.get(name).unwrap().to_string(), value);
    }
    assert!(sentence.extra.get("spans").is_some());
}

#[test]
fn prodigy_examples_with_tokens_and_without_spans() {
    let bare =
        r#"{"text":"Nil.","tokens":[{"text":"Nil","start":0,"end":3,"id":0},{"text":".","start":3,"end":4,"id":1}]}"#;
    let sentences = read("a.jsonl", &format!("{bare}\n{OSLO}\n{bare}\n"));
    assert_eq!(shown(&sentences), "|Oslo/LOC|");
    assert_eq!(sentences[2].tokens().collect::<Vec<_>>(), ["Nil", "."]);
}

#[test]
fn fields_that_look_like_entities_are_noted() {
    for field in [
        r#""annotation":[[0,4,"LOC"]]"#,
        r#""ents_":[{"start":0,"end":4,"label":"LOC"}]"#,
        r#""result":[{"start_offset":0,"end_offset":4,"entity_type":"LOC"}]"#,
    ] {
        let (sentences, notes) =
            read_noted("a.jsonl", &format!("{{\"text\":\"Nil.\"}}\n{{\"text\":\"Oslo won.\",{field}}}\n"));
        assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("|", &[("unread-entities", 1)][..]), "{field}");
    }
    // Lists of tags on a side of a pair.
    let pair = r#"{"source":{"tokens":["Oslo"],"ner_tags":["B-LOC"]},"target":{"tokens":["Oslo"]}}"#;
    let options = ReadOptions { side: Some(xlner_formats::Side::Source), ..ReadOptions::default() };
    read_with("a.jsonl", &format!("{pair}\n{pair}\n"), &options);
    let notes = options.notes.list();
    assert_eq!((notes[0].kind.name, notes[0].count), ("unread-entities", 2));
    // Other lists are what they are.
    for field in [r#""pos":["NOUN","VERB"]"#, r#""dates":[[1,2]]"#, r#""o":["O","O"]"#] {
        assert!(read_noted("a.jsonl", &format!("{{\"tokens\":[\"Oslo\",\"won\"],{field}}}\n")).1.is_empty(), "{field}");
    }
}

#[test]
fn tags_of_texts_that_have_no_tokens_yet() {
    let file = crate::common::file("a.jsonl", &format!("{{\"text\":\"Nil.\"}}\n{OSLO}\n"));
    let tagged: Vec<String> = xlner_formats::read_tags(&file.path, &ReadOptions::default())
        .unwrap()
        .map(|sentence| sentence.unwrap().tags().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(tagged, ["O O", "B-LOC O O"]);
    let overlapping = r#"{"text":"Port of Oslo.","label":[[0,12,"ORG"],[8,12,"LOC"]]}"#;
    let file = crate::common::file("a.jsonl", &format!("{{\"text\":\"Nil.\"}}\n{overlapping}\n"));
    let error = xlner_formats::read_tags(&file.path, &ReadOptions::default()).unwrap().find_map(Result::err).unwrap();
    assert_eq!(error.line(), Some(2));
}

#[test]
fn label_studio_finds_the_text_that_was_annotated() {
    let task = |data: &str| {
        format!(
            r#"[{{"id":7,"data":{data},"annotations":[{{"result":[{{"from_name":"label","to_name":"t","type":"labels","value":{{"start":0,"end":4,"text":"Oslo","labels":["LOC"]}}}}]}}]}}]"#
        )
    };
    shows("a.json", &task(r#"{"title":"News","body":"Oslo won."}"#), "Oslo/LOC");
    shows("a.json", &task(r#"{"body":"Oslo won.","created_at":"2024"}"#), "Oslo/LOC");
    let error = message("a.json", &task(r#"{"a":"Oslo won.","b":"Oslo lost."}"#));
    assert!(
        error.contains("record “7”") && error.contains("a, b") && error.contains("option `token_column`"),
        "{error}"
    );
    let named = ReadOptions { token_column: Some("b".parse().unwrap()), ..ReadOptions::default() };
    let sentences = read_with("a.json", &task(r#"{"a":"Oslo won.","b":"Oslo lost."}"#), &named);
    assert_eq!(sentences[0].text(), "Oslo lost.");
    let min = r#"[{"id":1,"body":"Oslo won.","ner":[{"start":0,"end":4,"text":"Oslo","labels":["LOC"]}],"annotator":1,"created_at":"2024"}]"#;
    shows("a.json", min, "Oslo/LOC");
}

#[test]
fn predictions_carry_the_probability_and_the_least_of_all() {
    let record = r#"{"tokens":["Ada","of","Oslo"],"entities":[{"start":0,"end":1,"label":"PER","score":5.5,"probability":0.75,"from":0},{"start":2,"end":3,"label":"LOC","score":4,"probability":0.5,"from":1}]}"#;
    let options = WriteOptions { format: Some(Format::LabelStudio), ..WriteOptions::default() };
    let text = written(&read("a.jsonl", record), "a.json", &options);
    let task: serde_json::Value = serde_json::from_str(&text).unwrap();
    let prediction = &task[0]["predictions"][0];
    assert_eq!(prediction["score"], 0.5);
    assert_eq!(prediction["result"][0]["score"], 0.75);
    assert!(task[0].get("annotations").is_none());
}

#[test]
fn a_binary_of_spacy_is_refused_with_the_way_out_both_ways() {
    let file = crate::common::file("a.spacy", "");
    let error = xlner_formats::write_sentences(&file.path, &WriteOptions::default()).err().unwrap().to_string();
    assert!(error.contains("spacy convert"), "{error}");
    assert!(message("a.spacy", "x").contains("to_json"));
}

#[test]
fn a_file_of_which_all_is_left_out_says_so() {
    let rejected = r#"{"text":"Oslo won.","spans":[{"start":0,"end":4,"label":"LOC"}],"answer":"reject"}"#;
    let error = crate::common::message("a.jsonl", rejected);
    assert!(error.contains("all that is in the file was left out"), "{error}");
}

#[test]
fn entities_of_a_pipeline() {
    let record =
        r#"{"text":"Oslo won.","entities":[{"entity_group":"LOC","score":0.9,"word":"Oslo","start":0,"end":4}]}"#;
    let sentences = crate::common::read("a.jsonl", record);
    assert_eq!(crate::common::shown(&sentences), "Oslo/LOC");
    assert_eq!(sentences[0].entities[0].score, Some(0.9));
}

#[test]
fn files_of_other_programs_are_told_with_the_way_out() {
    for (name, cure) in
        [("a.xlsx", "save it as text, with tabs"), ("a.docx", "one sentence a line"), ("a.zip", "unpack it first")]
    {
        let error = crate::common::message(name, "PK");
        assert!(error.contains(cure), "{error}");
    }
}

#[test]
fn entities_in_a_shape_of_their_own_are_noted() {
    for entities in [
        r#"{"LOC":[[0,4]]}"#,
        r#"{"LOC":{"Oslo":[[0,3]]}}"#,
        r#""[{\"start\":0,\"end\":4,\"labels\":[\"LOC\"]}]""#,
        r#"[{"start":0,"end":4,"label":"LOC"}]"#,
    ] {
        let (_, notes) = crate::common::read_noted("a.jsonl", &format!(r#"{{"text":"Oslo won.","label":{entities}}}"#));
        assert_eq!(notes, [("unread-entities", 1)], "{entities}");
    }
    for other in [r#"{"a":[1,2]}"#, r#""[a note]""#, r#"{"a":{"b":{"c":{"d":[[0,1]]}}}}"#] {
        let (_, notes) = crate::common::read_noted("a.jsonl", &format!(r#"{{"text":"Oslo won.","meta":{other}}}"#));
        assert_eq!(notes, [], "{other}");
    }
}

#[test]
fn json_of_another_layout_under_the_name_of_json_lines() {
    let record = r#"{"text":"Oslo won.","label":[[0,4,"LOC"]]}"#;
    for text in [
        format!("[{record}]"),
        format!("\u{feff}[\r\n{record},\r\n{record}\r\n]\r\n"),
        record.replace(',', ",\n").replace('{', "{\n"),
        format!("{record}\n{record}\n"),
    ] {
        let sentences = crate::common::read("a.jsonl", &text);
        assert!(sentences.iter().all(|one| crate::common::shown(std::slice::from_ref(one)) == "Oslo/LOC"), "{text}");
        assert_eq!(sentences.len(), text.matches("Oslo").count());
    }
    // A line of spaCy's simple format is a list, too.
    assert_eq!(
        crate::common::shown(&crate::common::read("a.jsonl", r#"["Oslo won.",{"entities":[[0,4,"LOC"]]}]"#)),
        "Oslo/LOC"
    );
}
