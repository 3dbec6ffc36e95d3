//! Label Studio: tasks of the JSON export (`data`, `annotations[].result[].value`) and of JSON-MIN.
//!
//! Of several annotations of a task, the one marked as ground truth counts, else the first that was not cancelled; a task
//! without annotations gives its first prediction. Results that are no labelled ranges (choices, relations) are passed
//! over. Offsets count characters, in exports of old versions UTF-16 units: the annotated text in the result decides.
//! The fields that we add to `data` are `lang` and `tokens`, a list of `[start, end]`.

use serde_json::{Map, Value};
use xlner_core::{Extra, Sentence};

use super::{Kind, id_text, parse as parse_json};
use crate::ReadOptions;
use crate::annotated::{self, Annotation};
use crate::error::ErrorKind;

/// Whether an object is a task.
pub(super) fn fits(fields: &Map<String, Value>) -> bool {
    let has_list = |name: &str| fields.get(name).is_some_and(Value::is_array);
    if fields.get("data").is_some_and(Value::is_object) {
        return has_list("annotations") || has_list("completions") || has_list("predictions");
    }
    fields.get("text").is_some_and(Value::is_string) && fields.values().any(is_min_list)
}

/// Whether a value is the list of ranges of a JSON-MIN task.
fn is_min_list(value: &Value) -> bool {
    value
        .as_array()
        .and_then(|list| list.first())
        .is_some_and(|range| range.get("start").is_some() && range.get("labels").is_some_and(Value::is_array))
}

pub(super) fn parse(text: &str, options: &ReadOptions) -> std::result::Result<Sentence, (String, ErrorKind)> {
    let mut fields: Map<String, Value> =
        parse_json(text, Kind::LabelStudio.expected()).map_err(|kind| (String::new(), kind))?;
    let id = fields.get("id").map(id_text).unwrap_or_default();
    sentence(&mut fields, options).map_err(|kind| (id, kind))
}

fn sentence(fields: &mut Map<String, Value>, options: &ReadOptions) -> std::result::Result<Sentence, ErrorKind> {
    let bad = |message: &str| ErrorKind::Json { expected: Kind::LabelStudio.expected(), message: message.to_owned() };
    let (mut data, annotations) = match fields.shift_remove("data") {
        Some(Value::Object(mut data)) => {
            if let Some(id) = fields.shift_remove("id").filter(|_| !data.contains_key("id")) {
                data.insert("id".into(), id);
            }
            (data, results(fields))
        }
        Some(_) => return Err(bad("`data` is no object")),
        // JSON-MIN: data and ranges stand side by side.
        None => {
            let list = fields.iter().find(|(_, value)| is_min_list(value)).map(|(name, _)| name.clone());
            let list = list.and_then(|name| fields.shift_remove(&name));
            (std::mem::take(fields), list.map(|list| list.as_array().cloned().unwrap_or_default()).unwrap_or_default())
        }
    };
    let text_field = text_field(&data).ok_or_else(|| bad("there is no text in `data`"))?;
    let Some(Value::String(text)) = data.shift_remove(&text_field) else { return Err(bad("the text is no text")) };
    let mut ranges = Vec::new();
    for result in &annotations {
        annotations_of(result, &mut ranges).ok_or_else(|| bad("a range has no whole numbers `start` and `end`"))?;
    }
    let tokens =
        super::take_tokens(&mut data).ok_or_else(|| bad("`tokens` is a list neither of texts nor of [start, end]"))?;
    let lang = super::take_lang(&mut data);
    let mut sentence = annotated::sentence(text, tokens, &ranges, lang, options)?;
    sentence.extra = Extra::from(data);
    Ok(sentence)
}

/// The results of the annotation that counts.
fn results(fields: &mut Map<String, Value>) -> Vec<Value> {
    let flag = |annotation: &Value, name: &str| annotation.get(name).and_then(Value::as_bool).unwrap_or(false);
    for name in ["annotations", "completions", "predictions"] {
        let Some(Value::Array(list)) = fields.get(name) else { continue };
        let valid = || list.iter().filter(|annotation| !flag(annotation, "was_cancelled"));
        let chosen = valid().find(|annotation| flag(annotation, "ground_truth")).or_else(|| valid().next());
        if let Some(Value::Array(results)) = chosen.and_then(|annotation| annotation.get("result")) {
            return results.clone();
        }
    }
    Vec::new()
}

/// The field that holds the text: `text`, or the only one that holds text at all.
fn text_field(data: &Map<String, Value>) -> Option<String> {
    if data.get("text").is_some_and(Value::is_string) {
        return Some("text".into());
    }
    let mut texts = data.iter().filter(|(name, value)| value.is_string() && *name != "id" && *name != "lang");
    let only = texts.next()?;
    texts.next().is_none().then(|| only.0.clone())
}

/// Reads a result; one that is no labelled range adds nothing. `None` where its offsets are no numbers.
fn annotations_of(result: &Value, annotations: &mut Vec<Annotation>) -> Option<()> {
    let value = result.get("value").unwrap_or(result);
    let labels = value.get("labels").or_else(|| value.get("hypertextlabels"));
    let Some(Value::Array(labels)) = labels else { return Some(()) };
    let number = |name: &str| value.get(name)?.as_u64().and_then(|number| usize::try_from(number).ok());
    for label in labels.iter().filter_map(Value::as_str) {
        let mut annotation = Annotation::new(number("start")?, number("end")?, label);
        annotation.text = value.get("text").and_then(Value::as_str).map(str::to_owned);
        annotation.score = result.get("score").and_then(Value::as_f64);
        annotations.push(annotation);
    }
    Some(())
}
