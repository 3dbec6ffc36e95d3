//! Prodigy's JSON lines: `{"text","tokens":[{"start","end"}],"spans":[{"start","end","label"}],"answer":"accept"}`.
//!
//! Offsets count characters. Examples that their annotator rejected or ignored are no data and are left out; of an example that several
//! annotated (`_annotator_id`) the first counts.

use std::collections::HashMap;

use serde_json::{Map, Value};
use xlner_core::Sentence;

use super::kind::{Kind, is_list_of, is_range};
use super::spacy;
use crate::ReadOptions;
use crate::error::ErrorKind;
use crate::notes::{LeftOut, NoteKind};

const REJECTED: NoteKind =
    NoteKind::new("rejected-examples", "examples that their annotator rejected (answer: reject; left out)");
const IGNORED: NoteKind =
    NoteKind::new("ignored-examples", "examples that their annotator ignored (answer: ignore; left out)");
const SECOND: NoteKind = NoteKind::new(
    "second-annotators",
    "annotations of a second annotator of the same text (left out, the first counts)",
);
const RELATIONS: NoteKind = NoteKind::new("relations", "relations between entities (left out)");

/// Whether an object is an example.
pub(super) fn fits(fields: &Map<String, Value>) -> bool {
    let answer = fields.get("answer").and_then(Value::as_str);
    let spans = fields.get("spans");
    fields.get("text").is_some_and(Value::is_string)
        && (matches!(answer, Some("accept" | "reject" | "ignore"))
            || spans.is_some_and(Value::is_null)
            || is_list_of(spans, is_range)
            || fields.get("tokens").and_then(Value::as_array).and_then(|tokens| tokens.first()).is_some_and(is_range)
            || fields.contains_key("_input_hash"))
}

/// Who annotated which texts.
#[derive(Default)]
pub(super) struct Seen(HashMap<String, String>);

/// Reads an example; `None` where it is no data.
pub(super) fn parse(
    example: Value,
    seen: &mut Seen,
    options: &ReadOptions,
    left_out: &mut LeftOut,
) -> std::result::Result<Option<Sentence>, ErrorKind> {
    let Value::Object(mut fields) = example else {
        return Err(ErrorKind::Json { expected: Kind::Prodigy.expected(), message: "it is no object".into() });
    };
    let skipped = match fields.get("answer").and_then(Value::as_str) {
        Some("reject") => Some(REJECTED),
        Some("ignore") => Some(IGNORED),
        _ => None,
    };
    if let Some(kind) = skipped {
        left_out.add(kind);
        return Ok(None);
    }
    if let (Some(input), Some(annotator)) = (fields.get("_input_hash"), fields.get("_annotator_id")) {
        let annotator = annotator.to_string();
        let first = seen.0.entry(input.to_string()).or_insert_with(|| annotator.clone());
        if *first != annotator {
            left_out.add(SECOND);
            return Ok(None);
        }
    }
    if let Some(Value::Array(relations)) = fields.get("relations") {
        left_out.add_many(RELATIONS, relations.len());
        fields.shift_remove("relations");
    }
    spacy::document(fields, Kind::Prodigy, options, left_out).map(|mut sentences| sentences.pop())
}
