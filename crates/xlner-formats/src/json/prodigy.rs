//! Prodigy's JSON lines: `{"text","tokens":[{"start","end"}],"spans":[{"start","end","label"}],"answer":"accept"}`.
//!
//! Offsets count characters. Examples that their annotator rejected or ignored are no data and are left out; of an example that several
//! annotated (`_annotator_id` or `_session_id`, the same `_input_hash` or text) the first counts.

use serde_json::{Map, Value};
use xlner_core::Sentence;

use super::annotators::{Annotators, Turn};
use super::kind::{Kind, is_list_of, is_range};
use super::spacy;
use crate::ReadOptions;
use crate::error::ErrorKind;
use crate::notes::{LeftOut, NoteKind, SECOND_ANNOTATORS};

const REJECTED: NoteKind =
    NoteKind::new("rejected-examples", "examples that their annotator rejected (answer: reject; left out)");
const IGNORED: NoteKind =
    NoteKind::new("ignored-examples", "examples that their annotator ignored (answer: ignore; left out)");
const AGAIN: NoteKind = NoteKind::new(
    "repeated-texts",
    "examples of a text that stands further up (kept; where each has one entity, as in `ner.teach`, merge them with `data-to-spacy`)",
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

/// Reads an example; `None` where it is no data.
pub(super) fn parse(
    example: Value,
    annotators: &mut Annotators,
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
    let annotator =
        ["_annotator_id", "_session_id"].iter().find_map(|name| fields.get(*name).filter(|id| !id.is_null()));
    let input = fields.get("_input_hash");
    if let (Some(input), true) = (input.or_else(|| fields.get("text")), input.or(annotator).is_some()) {
        match annotators.turn(input.to_string(), &annotator.map(Value::to_string).unwrap_or_default()) {
            Turn::First => {}
            Turn::Again => left_out.add(AGAIN),
            Turn::Second => {
                left_out.add(SECOND_ANNOTATORS);
                return Ok(None);
            }
        }
    }
    if let Some(Value::Array(relations)) = fields.get("relations") {
        left_out.add_many(RELATIONS, relations.len());
        fields.shift_remove("relations");
    }
    spacy::document(fields, Kind::Prodigy, options, left_out).map(|mut sentences| sentences.pop())
}
