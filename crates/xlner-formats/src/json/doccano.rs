//! doccano: `{"id":1,"text":"…","label":[[0,5,"PER"]]}`, or with relations `"entities":[{"start_offset":0,"end_offset":5,"label":"PER"}]`.
//!
//! Offsets count characters. doccano keeps the other fields of what it imports; ours are `lang` and
//! `tokens`, a list of `[start, end]`.

use serde_json::{Map, Value};
use xlner_core::{Extra, Sentence};

use super::{Kind, id_text, parse as parse_json};
use crate::ReadOptions;
use crate::annotated::{self, Annotation};
use crate::error::ErrorKind;

const FIELDS: [&str; 3] = ["label", "labels", "entities"];

/// Whether an object is a record of doccano.
pub(super) fn fits(fields: &Map<String, Value>) -> bool {
    let is_annotation = |value: &Value| value.is_array() || value.get("start_offset").is_some();
    fields.get("text").is_some_and(Value::is_string)
        && FIELDS.iter().any(|&name| match fields.get(name) {
            Some(Value::Array(list)) => match list.first() {
                Some(first) => is_annotation(first),
                None => name != "entities" || !fields.contains_key("tokens"),
            },
            _ => false,
        })
}

pub(super) fn parse(text: &str, options: &ReadOptions) -> std::result::Result<Sentence, (String, ErrorKind)> {
    let mut fields: Map<String, Value> =
        parse_json(text, Kind::Doccano.expected()).map_err(|kind| (String::new(), kind))?;
    let id = fields.get("id").map(id_text).unwrap_or_default();
    sentence(&mut fields, options).map_err(|kind| (id, kind))
}

fn sentence(fields: &mut Map<String, Value>, options: &ReadOptions) -> std::result::Result<Sentence, ErrorKind> {
    let bad = |message: &str| ErrorKind::Json { expected: Kind::Doccano.expected(), message: message.to_owned() };
    let Some(Value::String(text)) = fields.shift_remove("text") else {
        return Err(bad("there is no text in `text`"));
    };
    let mut annotations = Vec::new();
    for name in FIELDS {
        let Some(Value::Array(list)) = fields.shift_remove(name) else { continue };
        for value in &list {
            annotations.push(
                annotation(value)
                    .ok_or_else(|| bad("an annotation is [start, end, label] or {start_offset, end_offset, label}"))?,
            );
        }
    }
    let tokens =
        super::take_tokens(fields).ok_or_else(|| bad("`tokens` is a list neither of texts nor of [start, end]"))?;
    let lang = super::take_lang(fields);
    let mut sentence = annotated::sentence(text, tokens, &annotations, lang, options)?;
    sentence.extra = Extra::from(std::mem::take(fields));
    Ok(sentence)
}

fn annotation(value: &Value) -> Option<Annotation> {
    let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
    match value {
        Value::Array(list) => match list.as_slice() {
            [start, end, label] => Some(Annotation::new(number(start)?, number(end)?, label.as_str()?)),
            _ => None,
        },
        _ => Some(Annotation::new(
            number(value.get("start_offset")?)?,
            number(value.get("end_offset")?)?,
            value.get("label")?.as_str()?,
        )),
    }
}
