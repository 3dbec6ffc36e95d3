//! Parquet of others and damaged Parquet: values that JSON cannot hold, names that stand twice, bombs, bytes that were changed.
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, ListBuilder};
use arrow_array::types::Int64Type;
use arrow_array::{
    ArrayRef, BinaryArray, Date32Array, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampSecondArray,
};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use serde_json::{Value, json};
use xlner_core::Sentence;
use xlner_formats::{ErrorKind, ReadOptions, WriteOptions, read_records, read_sentences, write_sentences};

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), columns.into_iter().map(|(_, column)| column).collect()).unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// A note's kind, count and row.
type Told = (&'static str, u64, Option<u64>);

/// The sentences, and the notes.
fn read(path: &Path) -> Result<(Vec<Sentence>, Vec<Told>), String> {
    let options = ReadOptions::default();
    let reader = read_sentences(path, &options).map_err(|error| error.to_string())?;
    let sentences = reader.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let notes = options.notes.list().iter().map(|note| (note.kind.name, note.count, note.first.line)).collect();
    Ok((sentences, notes))
}

fn texts(rows: &[&[&[u8]]]) -> ArrayRef {
    let mut list = ListBuilder::new(BinaryBuilder::new());
    for row in rows {
        row.iter().for_each(|text| list.values().append_value(text));
        list.append(true);
    }
    Arc::new(list.finish())
}

fn tags(rows: usize) -> ArrayRef {
    Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>((0..rows).map(|_| Some(vec![Some(0), Some(0)]))))
}

fn extra(sentence: &Sentence, name: &str) -> Value {
    sentence.extra.get(name).cloned().unwrap_or(Value::Null)
}

/// Options with the labels of `tags`.
fn labelled() -> ReadOptions {
    ReadOptions { labels: Some(vec!["O".into()]), ..ReadOptions::default() }
}

#[test]
fn bytes_that_are_text_are_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let pictures: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"Oslo", b"\xff\xd8", "Zo\u{eb}".as_bytes()]));
    let tokens = texts(&[&[b"Ada", b"won"], &[b"a", "\u{e9}".as_bytes()], &[b"c", b"d"]]);
    write(&path, vec![("tokens", tokens), ("ner_tags", tags(3)), ("picture", pictures)]);
    let options = labelled();
    let found: Vec<Sentence> = read_sentences(&path, &options).unwrap().map(Result::unwrap).collect();
    assert_eq!(found[0].tokens().collect::<Vec<_>>(), ["Ada", "won"]);
    assert_eq!(found[1].token(1), "\u{e9}");
    assert_eq!((extra(&found[0], "picture"), extra(&found[2], "picture")), (json!("Oslo"), json!("Zo\u{eb}")));
    assert_eq!(extra(&found[1], "picture"), Value::Null);
    let notes = options.notes.list();
    assert_eq!((notes[0].kind.name, notes[0].count, notes[0].first.line), ("bytes", 1, Some(2)));
    let strict = ReadOptions { strict: true, ..labelled() };
    let error = read_sentences(&path, &strict).unwrap().find_map(Result::err).unwrap();
    assert_eq!(error.line(), Some(2));
}

#[test]
fn dates_that_do_not_exist_and_numbers_that_are_not_finite_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let entities: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>((0..3).map(|_| Some(vec![]))));
    let columns = vec![
        ("text", text),
        ("entities", entities),
        ("date", Arc::new(Date32Array::from(vec![Some(19_000), Some(i32::MAX), None])) as ArrayRef),
        ("time", Arc::new(TimestampSecondArray::from(vec![i64::MAX, 0, 1]))),
        ("weight", Arc::new(Float64Array::from(vec![1.5, f64::NAN, f64::INFINITY]))),
        ("year", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ];
    write(&path, columns);
    let (found, notes) = read(&path).unwrap();
    assert_eq!((extra(&found[0], "date"), extra(&found[1], "date")), (json!("2022-01-08"), Value::Null));
    assert_eq!((extra(&found[0], "time"), extra(&found[1], "time")), (Value::Null, json!("1970-01-01T00:00:00")));
    assert_eq!((extra(&found[0], "weight"), extra(&found[1], "weight")), (json!(1.5), Value::Null));
    assert_eq!(extra(&found[2], "year"), json!(3));
    assert_eq!(notes, [("dates", 2, Some(1)), ("numbers", 2, Some(2))]);
    let all = found.iter().map(|sentence| serde_json::to_string(sentence).unwrap()).collect::<String>();
    assert!(!all.contains("ERROR"), "{all}");
}

#[test]
fn two_columns_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let text = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    write(&path, vec![("text", text("a")), ("entities", tags(1)), ("text", text("b"))]);
    let error = read(&path).unwrap_err();
    assert!(error.contains("a.parquet: ") && error.contains("two columns are called text"), "{error}");
}

#[test]
fn a_list_of_too_many_tokens_is_an_error_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    // One row holds all, then one of several does.
    for lengths in [vec![3_000_000], vec![2, 2, 3_000_000, 2]] {
        let ids = lengths.iter().map(|&length| Some(vec![Some(7); length]));
        let tokens: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(ids));
        write(&path, vec![("tokens", Arc::clone(&tokens)), ("ner_tags", tokens)]);
        assert!(std::fs::metadata(&path).unwrap().len() < 50_000);
        let error = read_sentences(&path, &labelled()).and_then(|mut reader| reader.next().unwrap()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TooManyTokens { limit: 1_000_000 }), "{error}");
    }
    let few = ReadOptions { max_sentence_tokens: Some(2), ..labelled() };
    write(&path, vec![("tokens", texts(&[&[b"a", b"b"], &[b"a", b"b", b"c"]])), ("ner_tags", tags(2))]);
    let error = read_sentences(&path, &few).and_then(|mut reader| reader.next().unwrap()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooManyTokens { limit: 2 }), "{error}");
}

/// A file of records with some of everything.
fn valid() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let mut writer = write_sentences(&path, &WriteOptions::default()).unwrap();
    for number in 0..40 {
        let record = json!({"text": format!("Ada {number} won"), "tokens": ["Ada", number.to_string(), "won"],
            "entities": [{"start": 0, "end": 1, "label": "PER", "score": 0.5, "wiki": "Q7"}], "doc": number, "lang": "en"});
        writer.write(&serde_json::from_value(record).unwrap()).unwrap();
    }
    writer.finish().unwrap();
    std::fs::read(&path).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Sentences or one error that names the file; never a panic.
    #[test]
    fn changed_bytes(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..4)) {
        thread_local! {
            static VALID: Vec<u8> = valid();
        }
        let mut bytes = VALID.with(Vec::clone);
        for (place, byte, in_metadata) in changes {
            // The metadata is at the end.
            let from = if in_metadata { bytes.len() / 2 } else { 0 };
            let at = from + place.index(bytes.len() - from);
            bytes[at] = byte;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, bytes).unwrap();
        let options = ReadOptions::default();
        if let Err(error) = read(&path) {
            prop_assert!(error.contains("a.parquet"), "{}", error);
        }
        if let Err(error) = read_records(&path, &options) {
            prop_assert!(error.to_string().contains("a.parquet"));
        }
    }
}
