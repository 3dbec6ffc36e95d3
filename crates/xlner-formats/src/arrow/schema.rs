//! The columns of records. Integers are signed, as Spark knows no others.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};

/// A list of values that may be null.
pub(super) fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

fn fields<const N: usize>(fields: [(&str, DataType); N]) -> Fields {
    fields.into_iter().map(|(name, kind)| Field::new(name, kind, true)).collect()
}

fn entity() -> DataType {
    DataType::Struct(fields([
        ("start", DataType::Int32),
        ("end", DataType::Int32),
        ("label", DataType::Utf8),
        ("score", DataType::Float64),
        ("probability", DataType::Float64),
        ("from", DataType::Int32),
        ("margin", DataType::Float64),
        ("extra", DataType::Utf8),
    ]))
}

fn sentence() -> Fields {
    let probabilities = fields([
        ("labels", list_of(DataType::Utf8)),
        ("rows", list_of(list_of(DataType::Float32))),
        ("spans", list_of(entity())),
    ]);
    fields([
        ("lang", DataType::Utf8),
        ("text", DataType::Utf8),
        ("tokens", list_of(DataType::Utf8)),
        ("entities", list_of(entity())),
        ("regions", list_of(DataType::Utf8)),
        ("probabilities", DataType::Struct(probabilities)),
        ("extra", DataType::Utf8),
    ])
}

/// The columns of sentences.
pub fn sentence_schema() -> Schema {
    Schema::new(sentence())
}

/// The columns of pairs.
pub fn pair_schema() -> Schema {
    let score = fields([
        ("name", DataType::Utf8),
        ("entity", DataType::Int32),
        ("start", DataType::Int32),
        ("end", DataType::Int32),
        ("score", DataType::Float64),
    ]);
    let unprojected = fields([("entity", DataType::Int32), ("reason", DataType::Utf8)]);
    let projection = fields([
        ("objective", DataType::Float64),
        ("bound", DataType::Float64),
        ("unprojected", list_of(DataType::Struct(unprojected))),
    ]);
    Schema::new(fields([
        ("id", DataType::Utf8),
        ("source", DataType::Struct(sentence())),
        ("target", DataType::Struct(sentence())),
        ("alignment", list_of(list_of(DataType::Float64))),
        ("scores", list_of(DataType::Struct(score))),
        ("projection", DataType::Struct(projection)),
        ("extra", DataType::Utf8),
    ]))
}

/// Whether a table of these columns holds records and not rows of another kind.
pub fn is_record(schema: &Schema) -> bool {
    let is_struct =
        |name: &str| schema.field_with_name(name).is_ok_and(|field| matches!(field.data_type(), DataType::Struct(_)));
    let has = |name: &str| schema.field_with_name(name).is_ok();
    (is_struct("source") && is_struct("target")) || (has("entities") && (has("text") || has("tokens")))
}
