//! JSON formats: what a value is, is found by looking at it, or said by the format.

mod annotators;
mod container;
mod doccano;
mod gliner;
mod items;
mod kind;
mod label_studio;
mod mafand;
mod prodigy;
mod rows;
mod spacy;
mod values;
mod write;

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;
use xlner_core::extra::id_text;
use xlner_core::{Pair, Sentence};

pub(crate) use items::ItemReader;
pub use label_studio::label_studio_config;
#[cfg(feature = "parquet")]
pub(crate) use rows::TAG_FIELDS;
pub(crate) use write::JsonWriter;

use crate::annotated::Tokens;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::check_sentence;
use crate::reader::Status;
use crate::record::{name_languages, record_id};
use crate::{Format, ReadOptions};
use kind::Kind;
use values::ValueReader;

/// Something that gives JSON values as text, each with the line (or row) it begins at.
pub(crate) trait Items: Send {
    /// The file's name.
    fn file(&self) -> &Path;
    /// The next value.
    fn next(&mut self) -> Result<Option<(u64, &str)>>;
    /// The number of the last value in the file, counted from 1, where its line holds others as well.
    fn number_in_line(&self) -> Option<u64> {
        None
    }
}

impl Items for ItemReader {
    fn file(&self) -> &Path {
        ItemReader::file(self)
    }

    fn next(&mut self) -> Result<Option<(u64, &str)>> {
        ItemReader::next(self)
    }

    fn number_in_line(&self) -> Option<u64> {
        ItemReader::number_in_line(self)
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
    let (file, options, status) = (items.file().to_owned(), options.clone(), Arc::clone(status));
    let mut reader = ValueReader::new(items, format, &options, &status);
    let lang = match options.side {
        Some(crate::Side::Target) => options.target_lang.clone().or_else(|| options.lang.clone()),
        _ => options.lang.clone(),
    };
    std::iter::from_fn(move || reader.next_sentence().transpose()).map(move |sentence| {
        let mut sentence = sentence?;
        check_sentence(&sentence, &options)
            .map_err(|kind| here(&file, &status, kind).in_record(&record_id(&sentence)))?;
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
    let (file, options, status) = (items.file().to_owned(), options.clone(), Arc::clone(status));
    let mut reader = ValueReader::new(items, Format::Jsonl, &options, &status);
    std::iter::from_fn(move || reader.next_pair().transpose()).map(move |pair| {
        let mut pair = pair?;
        for side in [&pair.source, &pair.target] {
            check_sentence(side, &options).map_err(|kind| here(&file, &status, kind).in_record(&pair.id))?;
        }
        name_languages(&mut pair, &options);
        Ok(pair)
    })
}

/// An error at the value that was read last.
fn here(file: &Path, status: &Status, kind: ErrorKind) -> Error {
    match status.line() {
        Some(line) => Error::at_line(file, line, kind),
        None => Error::in_file(file, kind),
    }
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

/// The id of a value, for messages; empty where it has none.
fn id_of(value: &Value) -> String {
    value.get("id").and_then(id_text).unwrap_or_default().into_owned()
}

/// A whole number as an offset; `None` where it is none. Tables make texts (`"3"`) or floating-point numbers (`3.0`) of them.
fn offset(value: &Value) -> Option<usize> {
    match value {
        Value::String(digits) => digits.parse().ok(),
        Value::Number(number) => match number.as_u64() {
            Some(number) => usize::try_from(number).ok(),
            // Beyond 2^32 a text would have no such place.
            None => {
                number.as_f64().filter(|x| x.fract() == 0.0 && (0.0..4_294_967_296.0).contains(x)).map(|x| x as usize)
            }
        },
        _ => None,
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
