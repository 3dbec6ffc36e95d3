//! JSON formats: what a file holds is found by looking at its first value, or said by the format.

mod doccano;
mod items;
mod label_studio;
mod mafand;
mod rows;
mod spacy;
mod write;

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;
use xlner_core::{Pair, Sentence};

#[cfg(feature = "parquet")]
pub(crate) use rows::TAG_FIELDS;
pub(crate) use write::JsonWriter;

use crate::annotated::Tokens;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::check_sentence;
use crate::notes::LeftOut;
use crate::reader::Status;
use crate::record::{name_languages, record_id, side_of};
use crate::{Format, ReadOptions};
pub(crate) use items::ItemReader;

/// What the values of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pair,
    Sentence,
    Mafand,
    Rows,
    Doccano,
    LabelStudio,
    Spacy,
}

impl Kind {
    /// What a value of this kind is called in messages.
    const fn expected(self) -> &'static str {
        match self {
            Kind::Pair => "a record of a pair",
            Kind::Sentence => "a record of a sentence",
            Kind::Mafand => "a MasakhaNER × MAFAND item",
            Kind::Rows => "a Hugging Face row",
            Kind::Doccano => "a doccano record",
            Kind::LabelStudio => "a Label Studio task",
            Kind::Spacy => "a spaCy document",
        }
    }

    /// The kind of a value; `None` where it is none of them.
    fn of(value: &Value, options: &ReadOptions) -> Option<Kind> {
        if spacy::fits(value) {
            return Some(Kind::Spacy);
        }
        let fields = value.as_object()?;
        let has = |name: &str| fields.contains_key(name);
        let is_object = |name: &str| fields.get(name).is_some_and(Value::is_object);
        if is_object("source") && is_object("target") {
            Some(Kind::Pair)
        } else if has("target_tokens") {
            Some(Kind::Mafand)
        } else if label_studio::fits(fields) {
            Some(Kind::LabelStudio)
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

/// Something that gives JSON values as text, each with the line (or row) it begins at.
pub(crate) trait Items: Send {
    /// The file's name.
    fn file(&self) -> &Path;
    /// The next value.
    fn next(&mut self) -> Result<Option<(u64, &str)>>;
}

impl Items for ItemReader {
    fn file(&self) -> &Path {
        ItemReader::file(self)
    }

    fn next(&mut self) -> Result<Option<(u64, &str)>> {
        ItemReader::next(self)
    }
}

/// Opens a file of JSON values.
pub(crate) fn open(path: &Path, format: Format, status: &Arc<Status>) -> Result<ItemReader> {
    match format {
        Format::Jsonl | Format::Doccano => ItemReader::lines(path, status),
        _ => ItemReader::values(path, status),
    }
}

/// Whether the values of a file are pairs; `false` for a file without values.
pub(crate) fn has_pairs(items: &mut ItemReader, options: &ReadOptions) -> Result<bool> {
    let Some(text) = items.peek()? else { return Ok(false) };
    // What is no JSON is for the reader to say.
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    Ok(matches!(Kind::of(&value, options), Some(Kind::Pair | Kind::Mafand)))
}

/// The sentences of JSON values.
pub(crate) fn sentences_of(
    items: impl Items + 'static,
    format: Format,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> impl Iterator<Item = Result<Sentence>> + Send + 'static {
    let (file, options) = (items.file().to_owned(), options.clone());
    let mut reader = ValueReader::new(items, format, &options, status);
    let lang = match options.side {
        Some(crate::Side::Target) => options.target_lang.clone().or_else(|| options.lang.clone()),
        _ => options.lang.clone(),
    };
    std::iter::from_fn(move || reader.next_sentence().transpose()).map(move |sentence| {
        let mut sentence = sentence?;
        check_sentence(&sentence, &options)
            .map_err(|kind| Error::in_file(&file, kind).in_record(&record_id(&sentence)))?;
        if sentence.lang.is_none() {
            sentence.lang.clone_from(&lang);
        }
        Ok(sentence)
    })
}

/// The pairs of JSON values.
pub(crate) fn pairs_of(
    items: impl Items + 'static,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> impl Iterator<Item = Result<Pair>> + Send + 'static {
    let file = items.file().to_owned();
    let mut reader = ValueReader::new(items, Format::Jsonl, options, status);
    let options = options.clone();
    std::iter::from_fn(move || reader.next_pair().transpose()).map(move |pair| {
        let mut pair = pair?;
        for side in [&pair.source, &pair.target] {
            check_sentence(side, &options).map_err(|kind| Error::in_file(&file, kind).in_record(&pair.id))?;
        }
        name_languages(&mut pair, &options);
        Ok(pair)
    })
}

struct ValueReader<I> {
    items: I,
    options: ReadOptions,
    status: Arc<Status>,
    /// What the values are; `None` before the first.
    kind: Option<Kind>,
    rows: rows::Rows,
    /// Sentences of a document that holds several.
    waiting: std::vec::IntoIter<Sentence>,
}

impl<I: Items> ValueReader<I> {
    fn new(items: I, format: Format, options: &ReadOptions, status: &Arc<Status>) -> Self {
        let kind = match format {
            Format::HuggingFace => Some(Kind::Rows),
            Format::Doccano => Some(Kind::Doccano),
            Format::LabelStudio => Some(Kind::LabelStudio),
            Format::Spacy => Some(Kind::Spacy),
            _ => None,
        };
        ValueReader {
            items,
            options: options.clone(),
            status: Arc::clone(status),
            kind,
            rows: rows::Rows::new(options),
            waiting: Vec::new().into_iter(),
        }
    }

    fn next_sentence(&mut self) -> Result<Option<Sentence>> {
        loop {
            if let Some(sentence) = self.waiting.next() {
                return Ok(Some(sentence));
            }
            // Rows wait until the tag scheme is known.
            if self.kind == Some(Kind::Rows) {
                return self.rows.next(&mut self.items, &self.status);
            }
            let file = self.items.file().to_owned();
            let Some((line, text)) = self.items.next()? else { return Ok(None) };
            let fail = |(id, kind): (String, ErrorKind)| Error::at_line(&file, line, kind).in_record(&id);
            let kind = match self.kind {
                Some(kind) => kind,
                None => *self.kind.insert(look(text, &self.options).map_err(|kind| fail((String::new(), kind)))?),
            };
            let mut left_out = LeftOut::default();
            match kind {
                Kind::Pair | Kind::Mafand => {
                    let pair = parse_pair(kind, text, &self.options, &mut left_out).map_err(fail)?;
                    let id = pair.id.clone();
                    self.status.note_all(&left_out, |kind| fail((id.clone(), kind)))?;
                    return side_of(pair, &self.options).map(Some).map_err(|kind| fail((id, kind)));
                }
                Kind::Sentence => {
                    let sentence = parse::<Sentence>(text, kind.expected());
                    return sentence.map(Some).map_err(|kind| fail((id_in(text), kind)));
                }
                Kind::Rows => {
                    let row = self.rows.parse(line, text).map_err(fail)?;
                    self.rows.hold(row);
                }
                Kind::Doccano => return doccano::parse(text, &self.options).map(Some).map_err(fail),
                Kind::LabelStudio => return label_studio::parse(text, &self.options).map(Some).map_err(fail),
                Kind::Spacy => {
                    let sentences = spacy::parse(text, &self.options, &mut left_out).map_err(fail)?;
                    self.status.note_all(&left_out, |kind| fail((id_in(text), kind)))?;
                    self.waiting = sentences.into_iter();
                }
            }
        }
    }

    fn next_pair(&mut self) -> Result<Option<Pair>> {
        let file = self.items.file().to_owned();
        let Some((line, text)) = self.items.next()? else { return Ok(None) };
        let fail = |(id, kind): (String, ErrorKind)| Error::at_line(&file, line, kind).in_record(&id);
        let kind = match self.kind {
            Some(kind) => kind,
            None => *self.kind.insert(look(text, &self.options).map_err(|kind| fail((String::new(), kind)))?),
        };
        match kind {
            Kind::Pair | Kind::Mafand => {
                let mut left_out = LeftOut::default();
                let pair = parse_pair(kind, text, &self.options, &mut left_out).map_err(fail)?;
                self.status.note_all(&left_out, |kind| fail((pair.id.clone(), kind)))?;
                Ok(Some(pair))
            }
            _ => {
                let message = format!("it is {}", kind.expected());
                Err(fail((String::new(), ErrorKind::Json { expected: Kind::Pair.expected(), message })))
            }
        }
    }
}

/// What the first value is.
fn look(text: &str, options: &ReadOptions) -> std::result::Result<Kind, ErrorKind> {
    let value: Value = parse(text, "JSON")?;
    Kind::of(&value, options).ok_or_else(|| ErrorKind::Json {
        expected: "a record",
        message: "it has neither `source` and `target`, nor `tokens`, nor `text`, and no annotation tool writes this; \
                  give the format with --from-format, or the fields with --token-column and --tag-column"
            .into(),
    })
}

fn parse_pair(
    kind: Kind,
    text: &str,
    options: &ReadOptions,
    left_out: &mut LeftOut,
) -> std::result::Result<Pair, (String, ErrorKind)> {
    if kind == Kind::Mafand {
        return mafand::parse(text, options, left_out);
    }
    let pair: Pair = parse(text, kind.expected()).map_err(|kind| (id_in(text), kind))?;
    pair.validate().map_err(|error| (pair.id.clone(), error.into()))?;
    Ok(pair)
}

/// A value of a type, or what is wrong with it and at which column.
fn parse<'a, T: serde::Deserialize<'a>>(text: &'a str, expected: &'static str) -> std::result::Result<T, ErrorKind> {
    serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let message = match message.rfind(" at line ") {
            Some(at) if error.line() > 0 => format!("{} (column {})", &message[..at], error.column()),
            _ => message,
        };
        ErrorKind::Json { expected, message }
    })
}

/// The id of a record that cannot be read as what it should be; empty where there is none.
fn id_in(text: &str) -> String {
    serde_json::from_str::<Value>(text).ok().and_then(|value| value.get("id").map(id_text)).unwrap_or_default()
}

/// An id as text.
fn id_text(value: &Value) -> String {
    match value {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => String::new(),
    }
}

/// Takes the field `tokens` out, ranges of characters (ours) or texts; `None` where it is there and is neither.
fn take_tokens(fields: &mut serde_json::Map<String, Value>) -> Option<Tokens> {
    let tokens = match fields.shift_remove("tokens") {
        None | Some(Value::Null) => return Some(Tokens::Unknown),
        Some(tokens) => tokens,
    };
    if let Ok(ranges) = Vec::<(usize, usize)>::deserialize(&tokens) {
        return Some(Tokens::Characters(ranges));
    }
    Vec::<String>::deserialize(&tokens).ok().map(Tokens::Texts)
}

/// Takes the field `lang` out.
fn take_lang(fields: &mut serde_json::Map<String, Value>) -> Option<String> {
    match fields.get("lang") {
        Some(Value::String(_)) => match fields.shift_remove("lang") {
            Some(Value::String(lang)) => Some(lang),
            _ => None,
        },
        _ => None,
    }
}
