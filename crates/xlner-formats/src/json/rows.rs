//! Rows of Hugging Face datasets: `{"tokens":["Obama",…],"ner_tags":["B-PER",…]}`, or tag ids with a list of labels.
//!
//! The fields are `tokens` (or `words`) and `ner_tags` (or `tags`, `labels`, `ner`), or those that the options name. The
//! other fields are kept. Of the per-token `langs` of WikiANN the first is the language of the sentence.

use std::collections::VecDeque;

use serde_json::{Map, Value};
use xlner_core::tags::{self, Scheme};
use xlner_core::{Extra, Sentence};

use super::{Items, Kind, id_text, parse};
use crate::error::{Error, ErrorKind, Result};
use crate::notes::REPAIRED_TAGS;
use crate::reader::Status;
use crate::record::record_id;
use crate::{Column, ReadOptions};

const TOKEN_FIELDS: [&str; 2] = ["tokens", "words"];
pub(crate) const TAG_FIELDS: [&str; 4] = ["ner_tags", "tags", "labels", "ner"];

/// Rows looked at to find the tag scheme.
const LOOK_AHEAD: usize = 1000;

/// Whether an object is a row.
pub(super) fn fits(fields: &Map<String, Value>, options: &ReadOptions) -> bool {
    let tokens = field(fields, options.token_column.as_ref(), &TOKEN_FIELDS);
    let tags = field(fields, options.tag_column.as_ref(), &TAG_FIELDS);
    let is_list = |name: Option<String>| name.is_some_and(|name| fields[&name].is_array());
    is_list(tokens) && (options.no_tags || is_list(tags)) && !fields.contains_key("entities")
}

/// The name of the field: the one asked for or the first known one that there is.
fn field(fields: &Map<String, Value>, asked: Option<&Column>, known: &[&str]) -> Option<String> {
    match asked {
        Some(Column::Name(name)) => Some(name.clone()).filter(|name| fields.contains_key(name)),
        _ => known.iter().find(|&&name| fields.contains_key(name)).map(|&name| name.to_owned()),
    }
}

/// A row whose tags are not read yet.
pub(super) struct Row {
    line: u64,
    sentence: Sentence,
    tags: Vec<String>,
}

/// Rows that wait until the tag scheme is known.
pub(super) struct Rows {
    options: ReadOptions,
    scheme: Option<Scheme>,
    waiting: VecDeque<Row>,
}

impl Rows {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Rows { options: options.clone(), scheme: options.scheme, waiting: VecDeque::new() }
    }

    /// Puts a row in the queue.
    pub(super) fn hold(&mut self, row: Row) {
        self.waiting.push_back(row);
    }

    /// The next sentence.
    pub(super) fn next(&mut self, items: &mut impl Items, status: &Status) -> Result<Option<Sentence>> {
        let file = items.file().to_owned();
        let wanted = if self.scheme.is_none() { LOOK_AHEAD } else { 1 };
        while self.waiting.len() < wanted {
            let Some((line, text)) = items.next()? else { break };
            let row = self.parse(line, text).map_err(|(id, kind)| Error::at_line(&file, line, kind).in_record(&id))?;
            self.waiting.push_back(row);
        }
        let Some(Row { line, mut sentence, tags }) = self.waiting.pop_front() else { return Ok(None) };
        let scheme = *self.scheme.get_or_insert_with(|| {
            let all: Vec<Vec<&str>> = std::iter::once(&tags)
                .chain(self.waiting.iter().map(|row| &row.tags))
                .map(|tags| tags.iter().map(String::as_str).collect())
                .collect();
            tags::detect(all.iter().map(Vec::as_slice))
        });
        match tags::decode(&tags, scheme) {
            Ok(decoded) => {
                status.note(REPAIRED_TAGS, decoded.repaired, |kind| {
                    Error::at_line(&file, line, kind).in_record(&record_id(&sentence))
                })?;
                sentence.entities = decoded.entities;
                Ok(Some(sentence))
            }
            Err(error) => Err(Error::at_line(&file, line, error.into()).in_record(&record_id(&sentence))),
        }
    }

    /// Reads a row.
    pub(super) fn parse(&self, line: u64, text: &str) -> std::result::Result<Row, (String, ErrorKind)> {
        let mut fields: Map<String, Value> =
            parse(text, Kind::Rows.expected()).map_err(|kind| (String::new(), kind))?;
        let id = fields.get("id").map(id_text).unwrap_or_default();
        self.sentence(&mut fields).map(|(sentence, tags)| Row { line, sentence, tags }).map_err(|kind| (id, kind))
    }

    fn sentence(&self, fields: &mut Map<String, Value>) -> std::result::Result<(Sentence, Vec<String>), ErrorKind> {
        let bad = |message: &str| ErrorKind::Json { expected: Kind::Rows.expected(), message: message.to_owned() };
        let tokens = field(fields, self.options.token_column.as_ref(), &TOKEN_FIELDS)
            .ok_or_else(|| bad("there is no field `tokens`; name it with --token-column"))?;
        let tag_field = field(fields, self.options.tag_column.as_ref(), &TAG_FIELDS);
        let Some(Value::Array(tokens)) = fields.shift_remove(&tokens) else { return Err(bad("`tokens` is no list")) };
        let tokens: Vec<&str> = tokens
            .iter()
            .map(|token| token.as_str().ok_or_else(|| bad("a token is not text")))
            .collect::<std::result::Result<_, _>>()?;
        let mut sentence = Sentence::from_tokens(&tokens);
        let tags = if self.options.no_tags {
            vec!["O".to_owned(); tokens.len()]
        } else {
            let name = tag_field.ok_or_else(|| bad("there is no field `ner_tags`; name it with --tag-column"))?;
            let Some(Value::Array(tags)) = fields.shift_remove(&name) else { return Err(bad("the tags are no list")) };
            tags.iter().map(|tag| self.tag(tag)).collect::<std::result::Result<_, _>>()?
        };
        if tags.len() != tokens.len() {
            return Err(xlner_core::Error::Length { what: "tags", found: tags.len(), expected: tokens.len() }.into());
        }
        sentence.lang = match (fields.get("lang"), fields.get("langs")) {
            (Some(Value::String(lang)), _) => Some(lang.clone()),
            (_, Some(Value::Array(langs))) => langs.first().and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        if fields.get("lang").is_some_and(Value::is_string) {
            fields.shift_remove("lang");
        }
        sentence.extra = Extra::from(std::mem::take(fields));
        Ok((sentence, tags))
    }

    fn tag(&self, tag: &Value) -> std::result::Result<String, ErrorKind> {
        match tag {
            Value::String(tag) => Ok(tag.clone()),
            Value::Number(number) if number.is_i64() => {
                let id = number.as_i64().unwrap_or(-1);
                let labels = self.options.labels.as_deref().unwrap_or_default();
                let label = usize::try_from(id).ok().and_then(|id| labels.get(id));
                label.cloned().ok_or(ErrorKind::UnknownTagId { id, known: labels.len() })
            }
            other => Err(ErrorKind::Json {
                expected: Kind::Rows.expected(),
                message: format!("{other} is neither a tag nor a tag id"),
            }),
        }
    }
}
