//! Parquet: records come back as they were, rows of `datasets` are read with their own label list.
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use xlner_core::{Pair, Sentence};
use xlner_formats::{
    ReadOptions, Records, Side, WriteOptions, read_pairs, read_records, read_sentences, write_pairs, write_sentences,
};

const RECORD: &str = r#"{"id":"s1","source":{"lang":"en","text":"Obama visited Berlin .","tokens":["Obama","visited","Berlin","."],"entities":[{"start":0,"end":1,"label":"PER","score":0.98,"probability":0.9,"wiki":{"q":"Q76"}}],"regions":[{"page":1},{"page":1},[2],null],"probabilities":{"labels":["O","B-PER"],"rows":[[0.25,0.75],[1.0,0.0],[1.0,0.0],[1.0,0.0]],"spans":[{"start":0,"end":1,"label":"PER","score":0.75}]},"doc":7},"target":{"text":"Obama besuchte Berlin."},"alignment":[[0,0,0.99],[1,1],[2,2,1.0,"p"]],"scores":{"nmt":[[0,0,1,0.7],[0,1,2,0.1]]},"projection":{"objective":1.5,"bound":1.5,"unprojected":[{"entity":0,"reason":"unaligned"}]},"gold":[1,2]}"#;

#[test]
fn a_record_comes_back_entire() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let pair: Pair = serde_json::from_str(RECORD).unwrap();
    let mut writer = write_pairs(&path, &WriteOptions::default()).unwrap();
    (0..3000).for_each(|_| writer.write(&pair).unwrap());
    writer.finish().unwrap();
    let found: Vec<Pair> = read_pairs(&path, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(found.len(), 3000);
    assert!(found.iter().all(|found| *found == pair));
    assert!(matches!(read_records(&path, &ReadOptions::default()).unwrap(), Records::Pairs(_)));
    let source = ReadOptions { side: Some(Side::Source), ..ReadOptions::default() };
    let sentence = read_sentences(&path, &source).unwrap().next().unwrap().unwrap();
    assert_eq!(sentence.entities, pair.source.entities);
}

#[test]
fn rows_of_datasets_bring_their_labels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.parquet");
    let mut tokens = arrow_array::builder::ListBuilder::new(arrow_array::builder::StringBuilder::new());
    let mut tags = arrow_array::builder::ListBuilder::new(arrow_array::builder::Int64Builder::new());
    for (words, ids) in [(vec!["Obama", "visited", "New", "York"], vec![1, 0, 3, 4]), (vec![], vec![])] {
        words.iter().for_each(|word| tokens.values().append_value(word));
        tokens.append(true);
        ids.iter().for_each(|&id| tags.values().append_value(id));
        tags.append(true);
    }
    let (tokens, tags): (ArrayRef, ArrayRef) = (Arc::new(tokens.finish()), Arc::new(tags.finish()));
    let metadata = r#"{"info":{"features":{"tokens":{"feature":{"dtype":"string","_type":"Value"},"_type":"Sequence"},"ner_tags":{"feature":{"names":["O","B-PER","I-PER","B-LOC","I-LOC"],"_type":"ClassLabel"},"_type":"Sequence"}}}}"#;
    let list = |kind| DataType::List(Arc::new(Field::new_list_field(kind, true)));
    let schema = Schema::new_with_metadata(
        vec![Field::new("tokens", list(DataType::Utf8), true), Field::new("ner_tags", list(DataType::Int64), true)],
        std::collections::HashMap::from([("huggingface".to_owned(), metadata.to_owned())]),
    );
    let schema = Arc::new(schema);
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![tokens, tags]).unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();

    let found: Vec<Sentence> = read_sentences(&path, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(found.len(), 2);
    let entities: Vec<_> = found[0].entities.iter().map(|e| (e.span.range(), e.label.as_str())).collect();
    assert_eq!(entities, [(0..1, "PER"), (2..4, "LOC")]);
    assert!(found[1].is_empty());
}

#[test]
fn times_of_a_named_zone_are_those_of_utc() {
    use arrow_array::types::TimestampMicrosecondType;
    let folder = tempfile::tempdir().unwrap();
    for (zone, expected) in [
        (Some("UTC"), "1970-01-01T00:00:00Z"),
        (Some("Z"), "1970-01-01T00:00:00Z"),
        (Some("Europe/Berlin"), "1970-01-01T00:00:00Z"),
        (Some("+02:00"), "1970-01-01T02:00:00+02:00"),
        (None, "1970-01-01T00:00:00"),
    ] {
        let times = arrow_array::PrimitiveArray::<TimestampMicrosecondType>::from_value(0, 1);
        let times: ArrayRef = Arc::new(times.with_timezone_opt(zone));
        let texts: ArrayRef = Arc::new(arrow_array::StringArray::from(vec!["Ada won."]));
        let batch = RecordBatch::try_from_iter([("text", texts), ("at", times)]).unwrap();
        let path = folder.path().join("a.parquet");
        let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let found = read_sentences(&path, &ReadOptions::default()).unwrap().next().unwrap().unwrap();
        assert_eq!(found.extra.get("at").unwrap(), expected, "{zone:?}");
        let value: serde_json::Value = xlner_formats::arrow::RecordRow::new(&batch, 0).read().unwrap();
        assert_eq!(value["at"], expected, "{zone:?}");
    }
}

#[test]
fn a_file_that_is_no_parquet_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    std::fs::write(&path, "PAR1 but no more").unwrap();
    let error = read_pairs(&path, &ReadOptions::default()).err().unwrap().to_string();
    assert!(error.contains("not a Parquet file"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sentences(texts in proptest::collection::vec(proptest::collection::vec(any::<String>(), 0..5), 0..20)) {
        let sentences: Vec<Sentence> = texts.iter().map(Sentence::from_tokens).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut writer = write_sentences(&path, &WriteOptions::default()).unwrap();
        sentences.iter().for_each(|sentence| writer.write(sentence).unwrap());
        writer.finish().unwrap();
        let found: Vec<Sentence> = read_sentences(&path, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(found.len(), sentences.len());
        for (found, wanted) in found.iter().zip(&sentences) {
            prop_assert_eq!(found.tokens().collect::<Vec<_>>(), wanted.tokens().collect::<Vec<_>>());
        }
    }
}
