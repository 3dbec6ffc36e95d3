//! Records as rows of a fixed schema, and back.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};
use serde_json::{Map, Value, json};
use xlner_core::extra::{Numbers, protect_integers};

/// Known fields; every other one goes into `extra`.
const PAIR: [&str; 6] = ["id", "source", "target", "alignment", "scores", "projection"];
const SENTENCE: [&str; 6] = ["lang", "text", "tokens", "entities", "regions", "probabilities"];
const ENTITY: [&str; 6] = ["start", "end", "label", "score", "from", "margin"];

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

fn fields(fields: Vec<(&str, DataType)>) -> Fields {
    fields.into_iter().map(|(name, kind)| Field::new(name, kind, true)).collect()
}

fn sentence_fields() -> Fields {
    let entity = fields(vec![
        ("start", DataType::UInt32),
        ("end", DataType::UInt32),
        ("label", DataType::Utf8),
        ("score", DataType::Float64),
        ("from", DataType::UInt32),
        ("margin", DataType::Float64),
        ("extra", DataType::Utf8),
    ]);
    let probabilities = fields(vec![("labels", list(DataType::Utf8)), ("rows", list(list(DataType::Float32)))]);
    fields(vec![
        ("lang", DataType::Utf8),
        ("text", DataType::Utf8),
        ("tokens", list(DataType::Utf8)),
        ("entities", list(DataType::Struct(entity))),
        ("regions", list(DataType::Utf8)),
        ("probabilities", DataType::Struct(probabilities)),
        ("extra", DataType::Utf8),
    ])
}

/// The columns of sentences.
pub(super) fn sentence_schema() -> Schema {
    Schema::new(sentence_fields())
}

/// The columns of pairs.
pub(super) fn pair_schema() -> Schema {
    let score = fields(vec![
        ("name", DataType::Utf8),
        ("entity", DataType::UInt32),
        ("start", DataType::UInt32),
        ("end", DataType::UInt32),
        ("score", DataType::Float64),
    ]);
    let unprojected = fields(vec![("entity", DataType::UInt32), ("reason", DataType::Utf8)]);
    let projection = fields(vec![
        ("objective", DataType::Float64),
        ("bound", DataType::Float64),
        ("unprojected", list(DataType::Struct(unprojected))),
    ]);
    Schema::new(fields(vec![
        ("id", DataType::Utf8),
        ("source", DataType::Struct(sentence_fields())),
        ("target", DataType::Struct(sentence_fields())),
        ("alignment", list(list(DataType::Float64))),
        ("scores", list(DataType::Struct(score))),
        ("projection", DataType::Struct(projection)),
        ("extra", DataType::Utf8),
    ]))
}

/// Whether a file of these columns holds records and not rows of another kind.
pub(super) fn is_record(schema: &Schema) -> bool {
    let is_struct =
        |name: &str| schema.field_with_name(name).is_ok_and(|field| matches!(field.data_type(), DataType::Struct(_)));
    let has = |name: &str| schema.field_with_name(name).is_ok();
    (is_struct("source") && is_struct("target")) || (has("entities") && (has("text") || has("tokens")))
}

/// A pair, from JSON to a row.
pub(super) fn fold_pair(pair: &mut Value) {
    for side in ["source", "target"] {
        if let Some(side) = pair.get_mut(side) {
            fold_sentence(side);
        }
    }
    if let Some(Value::Object(scores)) = pair.get("scores") {
        let rows = scores.iter().flat_map(|(name, scores)| {
            scores.as_array().into_iter().flatten().map(move |score| {
                json!({"name": name, "entity": score[0], "start": score[1], "end": score[2], "score": score[3]})
            })
        });
        pair["scores"] = rows.collect();
    }
    // All values of a list have one type: the mark of a possible link is the number 0.
    for link in pair.get_mut("alignment").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(mark) = link.get_mut(3) {
            *mark = 0.into();
        }
    }
    // A number has its place among the unknown fields; the column holds texts.
    if pair.get("id").is_some_and(|id| !id.is_string())
        && let Some(id) = pair.as_object_mut().and_then(|fields| fields.shift_remove("id"))
    {
        fold_extra(pair, &PAIR, Some(id));
        return;
    }
    fold_extra(pair, &PAIR, None);
}

/// A sentence, from JSON to a row.
pub(super) fn fold_sentence(sentence: &mut Value) {
    for entity in sentence.get_mut("entities").and_then(Value::as_array_mut).into_iter().flatten() {
        fold_extra(entity, &ENTITY, None);
    }
    for region in sentence.get_mut("regions").and_then(Value::as_array_mut).into_iter().flatten() {
        *region = Value::String(region.to_string());
    }
    fold_extra(sentence, &SENTENCE, None);
}

/// Puts the unknown fields, and an id that is no text, into one.
fn fold_extra(value: &mut Value, known: &[&str], id: Option<Value>) {
    let Value::Object(fields) = value else { return };
    let (kept, mut extra): (Map<_, _>, Map<_, _>) =
        std::mem::take(fields).into_iter().partition(|(name, _)| known.contains(&name.as_str()));
    *fields = kept;
    extra.extend(id.map(|id| ("id".to_owned(), id)));
    if !extra.is_empty() {
        let extra = serde_json::to_string(&Numbers(&Value::Object(extra))).unwrap_or_default();
        fields.insert("extra".into(), Value::String(extra));
    }
}

/// A row, back to the JSON of a pair or a sentence.
pub(super) fn unfold(record: &mut Value) {
    for side in ["source", "target"] {
        if let Some(side) = record.get_mut(side) {
            unfold_sentence(side);
        }
    }
    if let Some(Value::Array(rows)) = record.get("scores") {
        let mut scores = Map::new();
        for row in rows {
            let name = row["name"].as_str().unwrap_or_default();
            let score = json!([row["entity"], row["start"], row["end"], row["score"]]);
            let list = scores.entry(name).or_insert_with(|| json!([]));
            if let Value::Array(list) = list {
                list.push(score);
            }
        }
        record["scores"] = Value::Object(scores);
    }
    unfold_sentence(record);
}

fn unfold_sentence(sentence: &mut Value) {
    for entity in sentence.get_mut("entities").and_then(Value::as_array_mut).into_iter().flatten() {
        unfold_extra(entity);
    }
    for region in sentence.get_mut("regions").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(parsed) = region.as_str().and_then(|text| serde_json::from_str(text).ok()) {
            *region = parsed;
        }
    }
    unfold_extra(sentence);
}

fn unfold_extra(value: &mut Value) {
    let Value::Object(fields) = value else { return };
    let parsed =
        fields.get("extra").and_then(Value::as_str).and_then(|text| serde_json::from_str(&protect_integers(text)).ok());
    if let Some(Value::Object(extra)) = parsed {
        fields.shift_remove("extra");
        fields.extend(extra);
    }
}
