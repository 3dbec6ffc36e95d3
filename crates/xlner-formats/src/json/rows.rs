//! Rows of Hugging Face datasets: `{"tokens":["Obama",…],"ner_tags":["B-PER",…]}`, or tag ids with a list of labels.
//!
//! The fields are `tokens` (or `words`, `token`, `text`, `sentence`, where it is a list) and `ner_tags` (or `tags`, `labels`, `ner`), or those that the options name. The
//! other fields are kept; a `text` in which the tokens stand is the sentence's. Of the per-token `langs` of WikiANN the first is the
//! language of the sentence. Ids may be quoted; -100, which training code ignores, is read as `O`, and so are other marks than `O`.

use serde_json::{Map, Value};
use xlner_core::Sentence;
use xlner_core::tags::shape::{Shape, is_outside_mark};
use xlner_core::tags::{self, Scheme};

use super::kind::Kind;
use crate::columns::{OUTSIDE_MARKS, is_tag};
use crate::error::ErrorKind;
use crate::notes::{LeftOut, NoteKind, REPAIRED_TAGS};
use crate::record::{own_fields, record_id};
use crate::{Column, ReadOptions};

const TOKEN_FIELDS: [&str; 5] = ["tokens", "words", "token", "text", "sentence"];
pub(crate) const TAG_FIELDS: [&str; 4] = ["ner_tags", "tags", "labels", "ner"];

const IGNORED_IDS: NoteKind =
    NoteKind::new("ignored-tag-ids", "tokens with the tag id -100, which training code ignores (read as O)");

const ALL_INSIDE: NoteKind = NoteKind::new(
    "all-inside",
    "rows of which every token has a label (each is an entity; are these tags those of entities?)",
);

/// Whether an object is a row.
pub(super) fn fits(fields: &Map<String, Value>, options: &ReadOptions) -> bool {
    let tokens = field(fields, options.token_column.as_ref(), &TOKEN_FIELDS);
    let tags = tag_field(fields, options);
    let is_list = |name: Option<String>| name.is_some_and(|name| fields[&name].is_array());
    is_list(tokens) && (options.no_tags || is_list(tags))
}

/// The name of the field: the one asked for, or the first known one that is a list, or that is there at all.
fn field(fields: &Map<String, Value>, asked: Option<&Column>, known: &[&str]) -> Option<String> {
    match asked {
        Some(Column::Name(name)) => Some(name.clone()).filter(|name| fields.contains_key(name)),
        _ => {
            let list = known.iter().find(|&&name| fields.get(name).is_some_and(Value::is_array));
            list.or_else(|| known.iter().find(|&&name| fields.contains_key(name))).map(|&name| name.to_owned())
        }
    }
}

/// The name of the field of tags: the one asked for, or of the known ones the first whose values may be tags, which `NNP` in `tags` is not
/// beside `B-PER` in `labels`.
fn tag_field(fields: &Map<String, Value>, options: &ReadOptions) -> Option<String> {
    let is_tag = |value: &Value| match value {
        Value::String(tag) => is_tag(tag) || is_outside_mark(tag) || tag.parse::<i64>().is_ok(),
        value => value.is_number(),
    };
    let may_be = |name: &&str| fields.get(*name).and_then(Value::as_array).is_some_and(|tags| tags.iter().all(is_tag));
    match options.tag_column.is_none().then(|| TAG_FIELDS.iter().find(|name| may_be(name))).flatten() {
        Some(name) => Some((*name).to_owned()),
        None => field(fields, options.tag_column.as_ref(), &TAG_FIELDS),
    }
}

/// A row whose tags are not read yet.
pub(super) struct Row {
    sentence: Sentence,
    tags: Vec<String>,
}

impl Row {
    pub(super) fn id(&self) -> String {
        record_id(&self.sentence).into_owned()
    }

    /// The sentence of the row, its tags being of this scheme and shape.
    pub(super) fn decode(
        self,
        (scheme, shape): (Scheme, Shape),
        left_out: &mut LeftOut,
    ) -> std::result::Result<Sentence, ErrorKind> {
        let Row { mut sentence, tags } = self;
        let marks = tags.iter().filter(|tag| is_outside_mark(tag) && shape != Shape::Small).count();
        left_out.add_many(OUTSIDE_MARKS, marks);
        // Five words that all are names are hardly a sentence.
        let no_outside = |tag: &String| !(tag == "O" || is_outside_mark(tag) || is_tag(&shape.usual(tag)));
        left_out.add_many(ALL_INSIDE, usize::from(tags.len() >= 5 && tags.iter().all(no_outside)));
        let tags: Vec<_> =
            tags.iter().map(|tag| if is_outside_mark(tag) { "O".into() } else { shape.usual(tag) }).collect();
        let decoded = tags::decode(&tags, scheme)?;
        left_out.add_many(REPAIRED_TAGS, decoded.repaired);
        sentence.entities = decoded.entities;
        Ok(sentence)
    }
}

/// Scheme and shape of the tags of rows; a scheme that is given stays.
pub(super) fn find_tags<'a, R: Iterator<Item = &'a Row> + Clone>(
    rows: impl Fn() -> R,
    given: Option<Scheme>,
) -> (Scheme, Shape) {
    let shape = Shape::find(rows().flat_map(|row| row.tags.iter().map(String::as_str)));
    let scheme = given.unwrap_or_else(|| {
        let usual = |row: &'a Row| row.tags.iter().map(|tag| shape.usual(tag)).collect::<Vec<_>>();
        let all: Vec<Vec<_>> = rows().map(usual).collect();
        tags::detect(all.iter().map(Vec::as_slice))
    });
    (scheme, shape)
}

/// Reads a row.
pub(super) fn parse(row: Value, options: &ReadOptions, left_out: &mut LeftOut) -> std::result::Result<Row, ErrorKind> {
    let bad = |message: &str| ErrorKind::Json { expected: Kind::Rows.expected(), message: message.to_owned() };
    let Value::Object(mut fields) = row else { return Err(bad("it is no object")) };
    let tokens = field(&fields, options.token_column.as_ref(), &TOKEN_FIELDS)
        .ok_or_else(|| bad("there is no field `tokens`; name it with option `token_column`"))?;
    let tag_field = tag_field(&fields, options);
    let Some(Value::Array(tokens)) = fields.shift_remove(&tokens) else { return Err(bad("`tokens` is no list")) };
    if tokens.first().is_some_and(Value::is_array) {
        return Err(bad(
            "its fields hold the lists of all sentences; write one object for each sentence (`Dataset.to_json`)",
        ));
    }
    let tokens: Vec<&str> = tokens
        .iter()
        .map(|token| token.as_str().ok_or_else(|| bad("a token is not text")))
        .collect::<std::result::Result<_, _>>()?;
    let mut sentence = match fields.get("text").and_then(Value::as_str) {
        Some(text) => Sentence::from_text_and_tokens(text, &tokens).ok(),
        None => None,
    };
    if sentence.is_some() {
        fields.shift_remove("text");
    }
    let mut sentence = sentence.take().unwrap_or_else(|| Sentence::from_tokens(&tokens));
    let tags = if options.no_tags {
        vec!["O".to_owned(); tokens.len()]
    } else {
        let name = tag_field.ok_or_else(|| bad("there is no field `ner_tags`; name it with option `tag_column`"))?;
        let Some(Value::Array(tags)) = fields.shift_remove(&name) else { return Err(bad("the tags are no list")) };
        // Beside tags, a `0` is a mark and no id.
        let named =
            options.labels.is_none() && tags.iter().filter_map(Value::as_str).any(|tag| tag != "O" && is_tag(tag));
        let read = |value: &Value| match value.as_str().filter(|tag| named && is_outside_mark(tag)) {
            Some(mark) => Ok(mark.to_owned()),
            None => tag(value, options, left_out),
        };
        tags.iter().map(read).collect::<std::result::Result<_, _>>()?
    };
    if tags.len() != tokens.len() {
        return Err(xlner_core::Error::Length { what: "tags", found: tags.len(), expected: tokens.len() }.into());
    }
    sentence.lang = super::take_lang(&mut fields).or_else(|| {
        let langs = fields.get("langs").and_then(Value::as_array);
        langs.and_then(|langs| langs.first()).and_then(Value::as_str).map(str::to_owned)
    });
    sentence.extra = own_fields(fields);
    Ok(Row { sentence, tags })
}

fn tag(tag: &Value, options: &ReadOptions, left_out: &mut LeftOut) -> std::result::Result<String, ErrorKind> {
    let id = match tag {
        Value::String(tag) => match tag.parse::<i64>() {
            Ok(id) => id,
            Err(_) => return Ok(tag.clone()),
        },
        // Whole numbers may have become floating-point ones on their way through a table.
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i64))
            .unwrap_or(i64::MAX),
        other => {
            let message = format!("{other} is neither a tag nor a tag id");
            return Err(ErrorKind::Json { expected: Kind::Rows.expected(), message });
        }
    };
    if id == -100 {
        left_out.add(IGNORED_IDS);
        return Ok("O".to_owned());
    }
    let labels = options.labels.as_deref().unwrap_or_default();
    let label = usize::try_from(id).ok().and_then(|id| labels.get(id));
    label.cloned().ok_or(ErrorKind::UnknownTagId { id, known: labels.len() })
}
