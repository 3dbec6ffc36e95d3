//! Label Studio: tasks of the JSON export (`data`, `annotations[].result[].value`) and of JSON-MIN.
//!
//! Of several annotations of a task, the one marked as ground truth counts, else the first that was not cancelled (in JSON-MIN, where
//! the task stands once for each, the first); a task
//! without annotations gives its first prediction. What is left out is noted: other annotations, results that are no labelled ranges
//! (choices, relations). Offsets count characters, in exports of old versions UTF-16 units, in texts with CRLF sometimes the two as one:
//! the annotated text in the result decides. The fields of a task beside `data` are kept in the field `task`; the fields that we add to
//! `data` are `lang` and `tokens`, a list of `[start, end]`.

use serde_json::{Map, Value};
use xlner_core::Sentence;

use super::annotators::{Annotators, Turn};
use super::kind::Kind;
use super::offset;
use crate::annotated::{self, Annotation};
use crate::error::ErrorKind;
use crate::notes::{LeftOut, NoteKind, SECOND_ANNOTATORS};
use crate::record::own_fields;
use crate::{Column, ReadOptions};

/// The field of a sentence that keeps the fields of its task.
pub(super) const TASK: &str = "task";
/// The field of an entity that a model found, and its value.
pub(super) const ORIGIN: (&str, &str) = ("origin", "prediction");

const CANCELLED: NoteKind = NoteKind::new("cancelled-annotations", "cancelled annotations (left out)");
const PREDICTIONS: NoteKind =
    NoteKind::new("predictions", "predictions beside an annotation or another prediction (left out)");
const RELATIONS: NoteKind = NoteKind::new("relations", "relations between entities (left out)");
const OTHERS: NoteKind =
    NoteKind::new("other-results", "results that are no labelled ranges of text, as choices are (left out)");

/// Fields of JSON-MIN that say who annotated the task.
const MIN_FIELDS: [&str; 3] = ["annotator", "annotation_id", "lead_time"];

/// Whether an object is a task.
pub(super) fn fits(fields: &Map<String, Value>) -> bool {
    let has = |name: &str| fields.contains_key(name);
    if let Some(Value::Object(data)) = fields.get("data") {
        let results = ["annotations", "completions", "predictions"];
        return results.iter().any(|name| fields.get(*name).is_some_and(Value::is_array)) || text_field(data).is_some();
    }
    let annotated = fields.values().any(is_min_list);
    match fields.get("text") {
        Some(Value::String(_)) => annotated || (has("id") && MIN_FIELDS.iter().any(|&name| has(name))),
        _ => annotated && MIN_FIELDS.iter().any(|&name| has(name)),
    }
}

/// Whether a value is the list of ranges of a JSON-MIN task.
fn is_min_list(value: &Value) -> bool {
    let range = value.as_array().and_then(|list| list.first());
    range.is_some_and(|range| {
        range.get("start").is_some() && labels_of(range).is_some_and(Value::is_array) && range.get("label").is_none()
    })
}

fn labels_of(value: &Value) -> Option<&Value> {
    value.get("labels").or_else(|| value.get("hypertextlabels"))
}

/// Reads a task; `None` where it is that of a second annotator.
pub(super) fn parse(
    task: Value,
    annotators: &mut Annotators,
    options: &ReadOptions,
    left_out: &mut LeftOut,
) -> std::result::Result<Option<Sentence>, ErrorKind> {
    let bad = |message: &str| ErrorKind::Json { expected: Kind::LabelStudio.expected(), message: message.to_owned() };
    let Value::Object(mut fields) = task else { return Err(bad("it is no object")) };
    let mut ranges = Vec::new();
    let mut data = match fields.shift_remove("data") {
        Some(Value::Object(mut data)) => {
            if let Some(id) = fields.shift_remove("id").filter(|_| !data.contains_key("id")) {
                data.insert("id".into(), id);
            }
            let (results, from_model) = results(&mut fields, left_out);
            for result in &results {
                annotations_of(result, &mut ranges, left_out)
                    .ok_or_else(|| bad("a range has no whole numbers `start` and `end`"))?;
            }
            if from_model {
                let mark = |range: &mut Annotation| range.extra = range.score.is_none().then_some(ORIGIN);
                ranges.iter_mut().for_each(mark);
            }
            let is_empty = |value: &Value| match value {
                Value::Null => true,
                Value::Array(list) => list.is_empty(),
                Value::Object(fields) => fields.is_empty(),
                _ => false,
            };
            fields.retain(|_, value| !is_empty(value));
            if !fields.is_empty() {
                data.entry(TASK).or_insert_with(|| Value::Object(std::mem::take(&mut fields)));
            }
            data
        }
        Some(_) => return Err(bad("`data` is no object")),
        // JSON-MIN: data and ranges stand side by side, and a task once for each of its annotations.
        None => {
            let (id, annotation) = (fields.get("id"), fields.get("annotation_id").or_else(|| fields.get("annotator")));
            if let (Some(id), Some(annotation)) = (id, annotation)
                && annotators.turn(id.to_string(), &annotation.to_string()) == Turn::Second
            {
                left_out.add(SECOND_ANNOTATORS);
                return Ok(None);
            }
            let lists: Vec<String> =
                fields.iter().filter(|(_, value)| is_min_list(value)).map(|(name, _)| name.clone()).collect();
            for name in lists {
                let list = fields.shift_remove(&name).unwrap_or_default();
                for range in list.as_array().into_iter().flatten() {
                    annotations_of(range, &mut ranges, left_out)
                        .ok_or_else(|| bad("a range has no whole numbers `start` and `end`"))?;
                }
            }
            fields
        }
    };
    let text_field = match (&options.token_column, text_field(&data)) {
        (Some(Column::Name(name)), _) if data.get(name).is_some_and(Value::is_string) => name.clone(),
        (_, Some(name)) => name,
        (_, None) => annotated_field(&data, &ranges).ok_or_else(|| {
            let names: Vec<&str> = texts(&data).map(|(name, _)| name).collect();
            match names.is_empty() {
                true => bad("there is no text in `data`"),
                false => bad(&format!(
                    "several fields hold text ({}); name the one with option `token_column`",
                    names.join(", ")
                )),
            }
        })?,
    };
    let Some(Value::String(text)) = data.shift_remove(&text_field) else { return Err(bad("the text is no text")) };
    let tokens =
        super::take_tokens(&mut data).ok_or_else(|| bad("`tokens` is a list neither of texts nor of [start, end]"))?;
    let lang = super::take_lang(&mut data);
    let mut sentence = annotated::sentence(text, tokens, &ranges, lang, options, left_out)?;
    sentence.extra = own_fields(data);
    Ok(Some(sentence))
}

/// The results of the annotation or prediction that counts, and whether it is a prediction. Takes all of them out.
fn results(fields: &mut Map<String, Value>, left_out: &mut LeftOut) -> (Vec<Value>, bool) {
    let flag = |annotation: &Value, name: &str| annotation.get(name).and_then(Value::as_bool).unwrap_or(false);
    let mut chosen: Option<(Value, bool)> = None;
    for (name, is_model) in [("annotations", false), ("completions", false), ("predictions", true)] {
        if !fields.get(name).is_some_and(Value::is_array) {
            continue;
        }
        let Some(Value::Array(mut list)) = fields.shift_remove(name) else { continue };
        let all = list.len();
        list.retain(|annotation| !flag(annotation, "was_cancelled"));
        left_out.add_many(CANCELLED, all - list.len());
        if chosen.is_none() && !list.is_empty() {
            let best = list.iter().position(|annotation| flag(annotation, "ground_truth")).unwrap_or(0);
            chosen = Some((list.swap_remove(best), is_model));
        }
        left_out.add_many(if is_model { PREDICTIONS } else { SECOND_ANNOTATORS }, list.len());
    }
    let Some((mut chosen, is_model)) = chosen else { return (Vec::new(), false) };
    let score = chosen.get("score").cloned().filter(|score| is_model && score.is_number());
    let results = chosen.get_mut("result").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    let with_score = |mut result: Value| {
        if let (Some(score), Some(fields)) = (&score, result.as_object_mut()) {
            fields.entry("score").or_insert_with(|| score.clone());
        }
        result
    };
    (results.into_iter().map(with_score).collect(), is_model)
}

/// The labelling configuration that a project needs for tasks with these labels: without it the tasks are shown without entities.
pub fn label_studio_config<'a>(labels: impl IntoIterator<Item = &'a str>) -> String {
    let mut config = String::from("<View>\n  <Labels name=\"label\" toName=\"text\">\n");
    for label in labels {
        let label = quick_xml::escape::escape(label);
        config.push_str(&format!("    <Label value=\"{label}\"/>\n"));
    }
    config.push_str("  </Labels>\n  <Text name=\"text\" value=\"$text\"/>\n</View>");
    config
}

/// The field that holds the text: `text`, or the only one that holds text at all.
fn text_field(data: &Map<String, Value>) -> Option<String> {
    if data.get("text").is_some_and(Value::is_string) {
        return Some("text".into());
    }
    let mut texts = texts(data);
    let only = texts.next()?.0.to_owned();
    texts.next().is_none().then_some(only)
}

/// The fields that hold text; not those that say who annotated it, and when.
fn texts(data: &Map<String, Value>) -> impl Iterator<Item = (&str, &str)> {
    const OTHERS: [&str; 6] = ["id", "lang", "created_at", "updated_at", "annotator", "annotation_id"];
    let texts = data.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    texts.filter(|(name, _)| !OTHERS.contains(name))
}

/// The only field in which the annotated texts stand where their offsets say.
fn annotated_field(data: &Map<String, Value>, ranges: &[Annotation]) -> Option<String> {
    let stands = |text: &str, range: &Annotation| {
        let found = text.chars().skip(range.start).take(range.end.saturating_sub(range.start));
        range.text.as_deref().is_some_and(|said| found.eq(said.chars()))
    };
    let mut fields =
        texts(data).filter(|(_, text)| !ranges.is_empty() && ranges.iter().all(|range| stands(text, range)));
    let only = fields.next()?.0.to_owned();
    fields.next().is_none().then_some(only)
}

/// Reads a result; one that is no labelled range adds nothing. `None` where its offsets are no numbers.
fn annotations_of(result: &Value, annotations: &mut Vec<Annotation>, left_out: &mut LeftOut) -> Option<()> {
    let value = result.get("value").unwrap_or(result);
    let Some(Value::Array(labels)) = labels_of(value).filter(|labels| !labels.as_array().is_some_and(Vec::is_empty))
    else {
        let is_relation = result.get("type").is_some_and(|kind| kind == "relation");
        left_out.add(if is_relation { RELATIONS } else { OTHERS });
        return Some(());
    };
    // The offsets of HTML are paths; what counts there stands beside.
    let place = value.get("globalOffsets").unwrap_or(value);
    let number = |name: &str| offset(place.get(name)?);
    for label in labels.iter().filter_map(Value::as_str) {
        let mut annotation = Annotation::new(number("start")?, number("end")?, label);
        annotation.text = value.get("text").and_then(Value::as_str).map(str::to_owned);
        annotation.in_markup = value.get("hypertextlabels").is_some();
        annotation.score = result.get("score").and_then(Value::as_f64);
        annotations.push(annotation);
    }
    Some(())
}
