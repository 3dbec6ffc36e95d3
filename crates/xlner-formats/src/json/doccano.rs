//! doccano: `{"id":1,"text":"…","label":[[0,5,"PER"]]}`, or with relations
//! `"entities":[{"start_offset":0,"end_offset":5,"label":"PER"}]`, or in its full export `"annotations":[{…,"user":1}]`.
//!
//! Offsets count characters, or, as the browser counts, UTF-16 units or grapheme clusters: the borders of words tell. The text is in `text`, in some versions in `data`. Of several annotators the first counts. doccano keeps
//! the other fields of what it imports; ours are `lang` and `tokens`, a list of `[start, end]`.

use serde_json::{Map, Value};
use xlner_core::Sentence;

use super::kind::Kind;
use super::offset;
use crate::ReadOptions;
use crate::annotated::{self, Annotation, Tokens};
use crate::error::{ErrorKind, shorten};
use crate::notes::{LeftOut, NoteKind, SECOND_ANNOTATORS};
use crate::record::own_fields;

const FIELDS: [&str; 4] = ["label", "labels", "entities", "annotations"];
const TEXTS: [&str; 2] = ["text", "data"];

const RELATIONS: NoteKind = NoteKind::new("relations", "relations between entities (left out)");
const RECOUNTED: NoteKind = NoteKind::new(
    "recounted-offsets",
    "offsets that count as a browser does, CRLF or an emoji as one or two (read so, as the borders of words tell)",
);

/// Whether an object is a record of doccano.
pub(super) fn fits(fields: &Map<String, Value>) -> bool {
    let is_range = |value: &Value| {
        let start = value.as_array().and_then(|range| range.first());
        start.is_some_and(|start| start.is_number() || offset(start).is_some())
    };
    let is_annotation = |value: &Value| is_range(value) || value.get("start_offset").is_some();
    TEXTS.iter().any(|&name| fields.get(name).is_some_and(Value::is_string))
        && FIELDS.iter().any(|&name| match fields.get(name) {
            Some(Value::Array(list)) => match list.first() {
                Some(first) => is_annotation(first),
                None => name != "entities" || !fields.contains_key("tokens"),
            },
            _ => false,
        })
}

pub(super) fn parse(
    record: Value,
    options: &ReadOptions,
    left_out: &mut LeftOut,
) -> std::result::Result<Sentence, ErrorKind> {
    let Value::Object(mut fields) = record else { return Err(bad("it is no object")) };
    let text = TEXTS.iter().find(|&&name| fields.get(name).is_some_and(Value::is_string));
    let Some(Value::String(text)) = text.and_then(|&name| fields.shift_remove(name)) else {
        return Err(bad("there is no text in `text`"));
    };
    let mut annotations = Vec::new();
    let mut annotator = None;
    for name in FIELDS {
        let Some(Value::Array(list)) = fields.get(name) else { continue };
        // A list of texts classifies the record as a whole.
        if list.first().is_some_and(Value::is_string) {
            continue;
        }
        for value in list {
            if let Some(user) = value.get("user").filter(|user| !user.is_null())
                && *annotator.get_or_insert_with(|| user.clone()) != *user
            {
                left_out.add(SECOND_ANNOTATORS);
                continue;
            }
            annotations.push(annotation(value)?);
        }
        fields.shift_remove(name);
    }
    if let Some(Value::Array(relations)) = fields.get("relations") {
        left_out.add_many(RELATIONS, relations.len());
        fields.shift_remove("relations");
    }
    let tokens = super::take_tokens(&mut fields)
        .ok_or_else(|| bad("`tokens` is a list neither of texts nor of [start, end]"))?;
    let lang = super::take_lang(&mut fields);
    if matches!(tokens, Tokens::Unknown) {
        left_out.add_many(RECOUNTED, annotated::recount(&text, &mut annotations));
    }
    let mut sentence = annotated::sentence(text, tokens, &annotations, lang, options, left_out)?;
    sentence.extra = own_fields(fields);
    Ok(sentence)
}

fn bad(message: &str) -> ErrorKind {
    ErrorKind::Json { expected: Kind::Doccano.expected(), message: message.to_owned() }
}

fn annotation(value: &Value) -> std::result::Result<Annotation, ErrorKind> {
    let (start, end, label) = match value {
        Value::Array(list) => match list.as_slice() {
            [start, end, label] => (start, end, label),
            _ => return Err(bad("an annotation is [start, end, label]")),
        },
        value => {
            let field = |name: &str| value.get(name).unwrap_or(&Value::Null);
            (field("start_offset"), field("end_offset"), field("label"))
        }
    };
    let label = match label {
        Value::String(label) => label.as_str(),
        Value::Number(id) => {
            return Err(ErrorKind::Json {
                expected: Kind::Doccano.expected(),
                message: format!(
                    "label {id} is an id, and its name is not in the file; export as JSONL with the names of the labels"
                ),
            });
        }
        _ => return Err(bad("an annotation has no label")),
    };
    let (start, end) = offset(start).zip(offset(end)).ok_or_else(|| {
        bad(&format!("an annotation has no whole numbers as its start and end: {}", shorten(&value.to_string())))
    })?;
    Ok(Annotation::new(start, end, label))
}
