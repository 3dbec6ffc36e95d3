//! What a JSON value is: a record of ours, or of which tool. Each value is looked at by itself, so that one without entities, or of
//! another tool, in front of the others changes nothing for them.

use serde_json::{Map, Value};

use super::{doccano, gliner, label_studio, offset, prodigy, rows, spacy};
use crate::ReadOptions;

/// What a value of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Pair,
    Sentence,
    Mafand,
    Rows,
    Doccano,
    LabelStudio,
    Prodigy,
    Spacy,
    Gliner,
}

impl Kind {
    /// What a value of this kind is called in messages.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Kind::Pair => "a record of a pair",
            Kind::Sentence => "a record of a sentence",
            Kind::Mafand => "a MasakhaNER × MAFAND item",
            Kind::Rows => "a Hugging Face row",
            Kind::Doccano => "a doccano record",
            Kind::LabelStudio => "a Label Studio task",
            Kind::Prodigy => "a Prodigy example",
            Kind::Spacy => "a spaCy document",
            Kind::Gliner => "an example of GLiNER",
        }
    }

    /// The kind of a value; `None` where it is none of them.
    pub(super) fn of(value: &Value, options: &ReadOptions) -> Option<Kind> {
        if spacy::is_simple(value) {
            return Some(Kind::Spacy);
        }
        let fields = value.as_object()?;
        let has = |name: &str| fields.contains_key(name);
        let is_object = |name: &str| fields.get(name).is_some_and(Value::is_object);
        if is_object("source") && is_object("target") {
            Some(Kind::Pair)
        } else if fields.get("target_tokens").is_some_and(Value::is_array) {
            Some(Kind::Mafand)
        } else if is_ours(fields) {
            Some(Kind::Sentence)
        } else if gliner::fits(fields) {
            Some(Kind::Gliner)
        } else if label_studio::fits(fields) {
            Some(Kind::LabelStudio)
        } else if spacy::fits(fields) {
            Some(Kind::Spacy)
        } else if prodigy::fits(fields) {
            Some(Kind::Prodigy)
        } else if doccano::fits(fields) {
            Some(Kind::Doccano)
        } else if rows::fits(fields, options) {
            Some(Kind::Rows)
        } else if has("tokens") || has("text") {
            Some(Kind::Sentence)
        } else {
            None
        }
    }
}

/// Whether an object has tokens and entities as our records have them, which decides before all other fields.
fn is_ours(fields: &Map<String, Value>) -> bool {
    let tokens = fields.get("tokens").and_then(Value::as_array);
    let entities = fields.get("entities").and_then(Value::as_array);
    let has_ends = |entity: &Value| entity.get("start").is_some() && entity.get("end").is_some();
    tokens.is_some_and(|tokens| tokens.first().is_none_or(Value::is_string))
        && entities.is_some_and(|entities| entities.first().is_none_or(has_ends))
}

/// Fields by which a value without entities may belong to a tool. Where a record that was read as ours has one, it is looked at again.
pub(super) fn is_telling(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "answer",
        "annotations",
        "annotator",
        "completions",
        "data",
        "doc_annotation",
        "ents",
        "label",
        "labels",
        "ner",
        "ner_tags",
        "paragraphs",
        "predictions",
        "spans",
        "tags",
        "target_tokens",
        "tokenized_text",
    ];
    NAMES.contains(&name) || name.starts_with('_')
}

/// Whether a value looks like entities: a list of ranges with labels, or of tags with prefixes; labels with ranges; any of it as JSON
/// in a text.
pub(super) fn looks_like_entities(value: &Value) -> bool {
    let list = match value {
        Value::Array(list) => list,
        Value::Object(labels) => return holds_ranges(labels.values(), 2),
        Value::String(text) if text.starts_with(['[', '{']) => {
            let inner = serde_json::from_str::<Value>(text);
            return inner.is_ok_and(|inner| !inner.is_string() && looks_like_entities(&inner));
        }
        _ => return false,
    };
    let is_entity = |value: &Value| match value {
        Value::Object(fields) => {
            let has = |names: &[&str]| names.iter().any(|name| fields.contains_key(*name));
            (has(&["start_offset"]) || has(&spacy::STARTS))
                && has(&[
                    "label",
                    "labels",
                    "entity",
                    "entity_group",
                    "entity_type",
                    "type",
                    "Type",
                    "tag",
                    "category",
                    "class",
                ])
        }
        Value::Array(parts) => {
            let is_place = |value: &Value| offset(value).is_some();
            match parts.as_slice() {
                [start, end, Value::String(_)] => is_place(start) && is_place(end),
                [Value::String(_), start, end] => is_place(start) && is_place(end),
                _ => false,
            }
        }
        _ => false,
    };
    let mut inside = false;
    let mut is_tag = |value: &Value| {
        let tag = value.as_str().unwrap_or_default();
        inside |= matches!(tag.as_bytes(), [b'B' | b'I' | b'S' | b'U', b'-', _, ..]);
        crate::columns::is_tag(tag)
    };
    list.first().is_some_and(is_entity) || list.iter().all(&mut is_tag) && inside
}

/// Whether some value is a list of ranges, `[[start, end], …]`, or an object of some within so many levels.
fn holds_ranges<'a>(mut values: impl Iterator<Item = &'a Value>, levels: usize) -> bool {
    let is_range =
        |value: &Value| value.as_array().is_some_and(|range| range.len() == 2 && range.iter().all(Value::is_u64));
    values.any(|value| match value {
        Value::Array(list) => list.first().is_some_and(is_range),
        Value::Object(inner) if levels > 1 => holds_ranges(inner.values(), levels - 1),
        _ => false,
    })
}

/// Whether a value is a list whose first element, if it has one, fits.
pub(super) fn is_list_of(value: Option<&Value>, fits: impl Fn(&Value) -> bool) -> bool {
    value.and_then(Value::as_array).is_some_and(|list| list.first().is_none_or(fits))
}

/// Whether a value is an object with a start and an end.
pub(super) fn is_range(value: &Value) -> bool {
    spacy::range(value).is_some() || (value.get("start").is_some() && value.get("end").is_some())
}
