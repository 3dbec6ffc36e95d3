//! GLiNER: `{"tokenized_text":["Ada","Lovelace","won"],"ner":[[0,1,"person"]]}`. The end of an entity is its last token.

use serde_json::{Map, Value};
use xlner_core::{Entity, Sentence, Span};

use super::kind::Kind;
use super::offset;
use crate::error::{ErrorKind, shorten};
use crate::record::own_fields;

const TOKENS: &str = "tokenized_text";
const ENTITIES: &str = "ner";

/// Whether an object is an example.
pub(super) fn fits(fields: &Map<String, Value>) -> bool {
    fields.get(TOKENS).is_some_and(Value::is_array)
}

/// Reads an example.
pub(super) fn parse(example: Value) -> std::result::Result<Sentence, ErrorKind> {
    let bad = |message: String| ErrorKind::Json { expected: Kind::Gliner.expected(), message };
    let Value::Object(mut fields) = example else { return Err(bad("it is no object".into())) };
    let lang = super::take_lang(&mut fields);
    let tokens = match fields.shift_remove(TOKENS) {
        Some(Value::Array(tokens)) => tokens,
        _ => return Err(bad(format!("there is no list of tokens in `{TOKENS}`"))),
    };
    let tokens: Option<Vec<&str>> = tokens.iter().map(Value::as_str).collect();
    let mut sentence = Sentence::from_tokens(tokens.ok_or_else(|| bad("a token is not text".into()))?);
    let entities = match fields.shift_remove(ENTITIES) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(entities)) => entities,
        Some(_) => return Err(bad(format!("`{ENTITIES}` is no list"))),
    };
    for value in &entities {
        let shown = || shorten(&value.to_string());
        let (start, last, label) = match value.as_array().map(Vec::as_slice) {
            Some([start, last, Value::String(label), ..]) => {
                offset(start).zip(offset(last)).map(|(a, b)| (a, b, label))
            }
            _ => None,
        }
        .ok_or_else(|| bad(format!("an entity is [first token, last token, label], not {}", shown())))?;
        if start > last || last >= sentence.len() {
            let tokens = sentence.len();
            return Err(bad(format!(
                "entity {} leaves its {tokens} tokens; they count from 0, and its end is its last token",
                shown()
            )));
        }
        sentence.entities.push(Entity::new(Span::new(start, last + 1), label.as_str()));
    }
    sentence.lang = lang;
    sentence.extra = own_fields(fields);
    Ok(sentence)
}
