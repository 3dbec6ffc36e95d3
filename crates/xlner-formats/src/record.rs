//! Small things that every format asks of sentences and pairs.

use std::borrow::Cow;

use serde_json::{Map, Value};
use xlner_core::extra::id_text;
use xlner_core::{Extra, Pair, Sentence};

use crate::error::{ErrorKind, Result};
use crate::reader::Reader;
use crate::{ReadOptions, Side};

/// Reads sentences.
pub type SentenceReader = Reader<Sentence>;
/// Reads pairs.
pub type PairReader = Reader<Pair>;

/// Writes sentences to a file that appears when it is finished.
pub trait SentenceWriter: Send {
    /// Writes one.
    ///
    /// # Errors
    /// Where the format cannot hold it, or writing fails. Nothing of the sentence is written then.
    fn write(&mut self, sentence: &Sentence) -> Result<()>;

    /// Ends the file.
    ///
    /// # Errors
    /// Where writing fails; the file is then as it was before.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Writes pairs to a file that appears when it is finished.
pub trait PairWriter: Send {
    /// Writes one.
    ///
    /// # Errors
    /// Where the format cannot hold it, or writing fails. Nothing of the pair is written then.
    fn write(&mut self, pair: &Pair) -> Result<()>;

    /// Ends the file.
    ///
    /// # Errors
    /// Where writing fails; the file is then as it was before.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// The id of a sentence, from its unknown field `id`; empty where it has none.
pub(crate) fn record_id(sentence: &Sentence) -> Cow<'_, str> {
    sentence.extra.get("id").and_then(id_text).unwrap_or_default()
}

/// Fields of ours that a sentence cannot have as unknown ones.
const SENTENCE: [&str; 6] = ["lang", "text", "tokens", "entities", "regions", "probabilities"];
/// The same of a pair.
const PAIR: [&str; 6] = ["id", "source", "target", "alignment", "scores", "projection"];

/// The unknown fields of a sentence that comes from another format. Those that have names of ours are renamed `original_…`, and so are
/// those that would make a pair of the record.
pub(crate) fn own_fields(fields: Map<String, Value>) -> Extra {
    let is_object = |name: &str| fields.get(name).is_some_and(Value::is_object);
    let pair = is_object("source") && is_object("target");
    let item = fields.get("target_tokens").is_some_and(Value::is_array);
    rename(fields, |name| SENTENCE.contains(&name) || (pair && name == "source") || (item && name == "target_tokens"))
}

/// The unknown fields of a pair that comes from another format.
pub(crate) fn own_fields_of_pair(fields: Map<String, Value>) -> Extra {
    rename(fields, |name| PAIR.contains(&name))
}

fn rename(fields: Map<String, Value>, is_ours: impl Fn(&str) -> bool) -> Extra {
    if !fields.keys().any(|name| is_ours(name)) {
        return Extra::from(fields);
    }
    let mut renamed = Map::new();
    for name in fields.keys() {
        let mut new = name.clone();
        while is_ours(&new) || (new != *name && fields.contains_key(&new)) {
            new = format!("original_{new}");
        }
        renamed.insert(new, fields[name].clone());
    }
    Extra::from(renamed)
}

/// A sentence from a line of text: split at spaces and tabs where the options say that it is tokenised.
pub(crate) fn from_line(text: &str, tokenized: bool, lang: Option<&String>) -> Sentence {
    let mut sentence = Sentence::from_text(text);
    if tokenized {
        let ranges = text.split([' ', '\t']).filter(|token| !token.is_empty()).map(|token| {
            let start = token.as_ptr() as usize - text.as_ptr() as usize;
            start..start + token.len()
        });
        sentence.set_token_ranges(ranges).expect("tokens split from a text lie in it");
    }
    sentence.lang = lang.cloned();
    sentence
}

/// The text that stands for a sentence in a line: its text, or with `tokenized` its tokens separated by spaces.
///
/// # Errors
/// A remark why it would not be read as the same sentence.
pub(crate) fn to_line(sentence: &Sentence, tokenized: bool) -> std::result::Result<Cow<'_, str>, &'static str> {
    let line = if tokenized {
        if !sentence.is_tokenized() {
            return Err("the sentence has no tokens yet; tokenise it first");
        }
        if sentence.tokens().any(|token| token.is_empty() || token.contains([' ', '\t'])) {
            return Err("a token is empty or holds a space, and spaces separate tokens here");
        }
        Cow::Owned(sentence.tokens().collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(sentence.text())
    };
    if line.contains(['\n', '\r']) {
        return Err("the text has a line break, and a sentence is one line here; replace it by a space");
    }
    Ok(line)
}

/// The side of a pair that the options ask for, with the pair's id.
pub(crate) fn side_of(pair: Pair, options: &ReadOptions) -> std::result::Result<Sentence, ErrorKind> {
    let id = pair.id_value();
    let mut sentence = match options.side {
        Some(Side::Source) => pair.source,
        Some(Side::Target) => pair.target,
        None => return Err(ErrorKind::SideNeeded),
    };
    if let (Some(id), None) = (id, sentence.extra.get("id")) {
        sentence.extra.insert("id", id);
    }
    Ok(sentence)
}

/// Gives the sides of a pair the languages that the options name, where they have none.
pub(crate) fn name_languages(pair: &mut Pair, options: &ReadOptions) {
    for (sentence, lang) in [(&mut pair.source, &options.lang), (&mut pair.target, &options.target_lang)] {
        if sentence.lang.is_none() {
            sentence.lang.clone_from(lang);
        }
    }
}
