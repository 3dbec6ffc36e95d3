//! spaCy.
//!
//! - documents (`Doc.to_json`): `{"text","ents":[{"start","end","label"}],"tokens":[{"start","end"}],"sents":[…]}`; one that
//!   names its sentences gives one sentence each, unless the options want documents whole;
//! - examples (`Example.to_dict`): `{"doc_annotation":{"entities":["U-PER",…]},"token_annotation":{"ORTH":[…],"SPACY":[…]}}`;
//! - the training format of v2: `{"paragraphs":[{"sentences":[{"tokens":[{"orth","ner"}]}]}]}`;
//! - the simple training format: `["text",{"entities":[[0,5,"PER"]]}]`;
//! - what other tools write like documents: `{"text","entities":[{"start","end","label"}]}`, with names of their own for these fields.
//!
//! Offsets count characters; tags are BILUO, `-` and `""` for “unknown” are read as `O`.

use serde_json::{Map, Value};
use xlner_core::tags::{self, Scheme};
use xlner_core::{Entity, Sentence, Span};

use super::kind::{Kind, is_range};
use super::offset;
use crate::ReadOptions;
use crate::annotated::{self, Annotation, Tokens};
use crate::error::{ErrorKind, shorten};
use crate::notes::{LeftOut, NoteKind, REPAIRED_TAGS};
use crate::record::own_fields;

/// Where the label of an entity stands; pipelines of `transformers` write `entity_group`, Stanza and services in the cloud others.
const LABELS: [&str; 6] = ["label", "entity_group", "type", "entity_type", "category", "Type"];
/// Where the first character of an entity stands.
pub(super) const STARTS: [&str; 6] = ["start", "start_char", "start_pos", "begin", "BeginOffset", "offset"];
/// Where its exclusive end stands, in the same order; of the last it is a length.
const ENDS: [&str; 6] = ["end", "end_char", "end_pos", "end", "EndOffset", "length"];
const SPAN_GROUPS: NoteKind = NoteKind::new("span-groups", "spans of span groups (left out, the entities count)");

/// Whether a value is in the simple training format, which is a list.
pub(super) fn is_simple(value: &Value) -> bool {
    matches!(value.as_array().map(Vec::as_slice), Some([Value::String(_), Value::Object(_)]))
}

/// Whether an object is one of spaCy's.
pub(super) fn fits(fields: &Map<String, Value>) -> bool {
    let text = fields.get("text").is_some_and(Value::is_string);
    // A generic list of entities, in characters; our records have token ranges and tokens.
    let ents = ["ents", "entities"].iter().any(|&name| {
        fields.get(name).and_then(Value::as_array).is_some_and(|list| match list.first() {
            Some(first) => is_range(first),
            None => name == "ents",
        })
    });
    (text && (ents || fields.get("ents").is_some_and(Value::is_null)))
        || fields.get("paragraphs").is_some_and(Value::is_array)
        || fields.get("doc_annotation").is_some_and(Value::is_object)
}

type Parsed<T> = std::result::Result<T, ErrorKind>;

pub(super) fn parse(value: Value, options: &ReadOptions, left_out: &mut LeftOut) -> Parsed<Vec<Sentence>> {
    match value {
        Value::Array(list) => simple(list, options, left_out).map(|sentence| vec![sentence]),
        Value::Object(fields) if fields.contains_key("paragraphs") => training(&fields, options, left_out),
        Value::Object(fields) if fields.contains_key("doc_annotation") => {
            example(&fields, options, left_out).map(|sentence| vec![sentence])
        }
        Value::Object(fields) => document(fields, Kind::Spacy, options, left_out),
        _ => Err(bad("it is neither an object nor a list")),
    }
}

fn bad(message: &str) -> ErrorKind {
    ErrorKind::Json { expected: Kind::Spacy.expected(), message: message.to_owned() }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Start and exclusive end of an object, whatever its tool calls them.
pub(super) fn range(value: &Value) -> Option<(usize, usize)> {
    let field = |name: &str| value.get(name).and_then(offset);
    STARTS.into_iter().zip(ENDS).find_map(|(start, end)| {
        let range = field(start).zip(field(end))?;
        if end == "length" { Some((range.0, range.0.checked_add(range.1)?)) } else { Some(range) }
    })
}

/// The same, or what is wrong.
fn place(value: &Value) -> Parsed<(usize, usize)> {
    range(value).ok_or_else(|| {
        let shown = shorten(&value.to_string());
        bad(&format!("`start` and `end` are not whole numbers: {shown}"))
    })
}

fn simple(mut parts: Vec<Value>, options: &ReadOptions, left_out: &mut LeftOut) -> Parsed<Sentence> {
    let entities = parts.pop();
    let Some(Value::String(text)) = parts.pop() else { return Err(bad("there is no text")) };
    let annotations = list(&entities.unwrap_or_default(), "entities")
        .iter()
        .map(|entity| match entity.as_array().map(Vec::as_slice) {
            Some([start, end, Value::String(label), ..]) => offset(start)
                .zip(offset(end))
                .map(|(start, end)| Annotation::new(start, end, label))
                .ok_or_else(|| bad("an offset is not a whole number")),
            _ => Err(bad("an entity is [start, end, label]")),
        })
        .collect::<Parsed<Vec<_>>>()?;
    annotated::sentence(text, Tokens::Unknown, &annotations, None, options, left_out)
}

/// The sentences of a document, or the one of an example of Prodigy, whose entities are in `spans`.
pub(super) fn document(
    mut fields: Map<String, Value>,
    kind: Kind,
    options: &ReadOptions,
    left_out: &mut LeftOut,
) -> Parsed<Vec<Sentence>> {
    let bad = |message: &str| ErrorKind::Json { expected: kind.expected(), message: message.to_owned() };
    let lang = super::take_lang(&mut fields);
    let Some(Value::String(text)) = fields.shift_remove("text") else { return Err(bad("there is no text in `text`")) };
    let names: &[&str] = if kind == Kind::Prodigy { &["spans"] } else { &["ents", "entities"] };
    let name = names.iter().find(|&&name| fields.contains_key(name));
    let entities = match name.and_then(|&name| fields.shift_remove(name)) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(entities)) => entities,
        Some(_) => return Err(bad("the entities are no list")),
    };
    if let Some(Value::Object(groups)) = fields.get("spans") {
        let spans = groups.values().filter_map(Value::as_array).map(Vec::len).sum();
        left_out.add_many(SPAN_GROUPS, spans);
        fields.shift_remove("spans");
    }
    let annotations = entities
        .iter()
        .map(|entity| {
            let (start, end) = place(entity)?;
            // Flair lists labels, each with its probability.
            let first = || list(entity, "labels").first().map(|label| label.get("value").unwrap_or(label));
            let label = LABELS.iter().find_map(|name| entity.get(*name)).or_else(first).and_then(Value::as_str);
            let label = label.ok_or_else(|| {
                let shown = shorten(&entity.to_string());
                // A pipeline that does not aggregate gives a tag for each piece of a word.
                match entity.get("entity") {
                    Some(_) => bad(&format!(
                        "the entities are predictions for pieces of words; run the pipeline with \
                         `aggregation_strategy=\"simple\"`: {shown}"
                    )),
                    None => bad(&format!("an entity has no label (in `label`): {shown}")),
                }
            })?;
            let mut annotation = Annotation::new(start, end, label);
            annotation.score = entity.get("score").and_then(Value::as_f64);
            Ok(annotation)
        })
        .collect::<Parsed<Vec<_>>>()?;
    let tokens = match fields.shift_remove("tokens") {
        Some(Value::Array(tokens)) if tokens.first().is_none_or(Value::is_object) => {
            Tokens::Characters(tokens.iter().map(place).collect::<Parsed<Vec<_>>>()?)
        }
        Some(Value::Array(tokens)) => Tokens::Texts(texts(&tokens)?.into_iter().map(str::to_owned).collect()),
        _ => Tokens::Unknown,
    };
    let sentences = fields.shift_remove("sents");
    let mut whole = annotated::sentence(text, tokens, &annotations, lang, options, left_out)?;
    whole.extra = own_fields(fields);
    match sentences {
        Some(Value::Array(sentences)) if sentences.len() > 1 && !options.whole_documents => split(&whole, &sentences),
        _ => Ok(vec![whole]),
    }
}

/// The sentences of a document, by its `sents`.
fn split(whole: &Sentence, sentences: &[Value]) -> Parsed<Vec<Sentence>> {
    if !whole.is_tokenized() {
        return Err(bad("`sents` without `tokens`"));
    }
    let characters = annotated::Characters::of(whole.text());
    let mut parts = Vec::new();
    let mut placed = 0;
    for sentence in sentences {
        let (start, end) = place(sentence)?;
        let bytes = characters.range(&Annotation::new(start, end, "sents"))?;
        let mut part = Sentence::from_text(&whole.text()[bytes.clone()]);
        let span = whole.span_of_bytes(bytes.clone()).unwrap_or(Span::new(0, 0));
        let tokens = span.range().map(|index| whole.byte_range(index));
        if tokens.clone().any(|token| token.start < bytes.start || token.end > bytes.end) {
            return Err(bad("a token crosses the border of a sentence"));
        }
        part.set_token_ranges(tokens.map(|token| token.start - bytes.start..token.end - bytes.start))?;
        part.lang.clone_from(&whole.lang);
        part.extra.clone_from(&whole.extra);
        for entity in whole.entities.iter().filter(|entity| span.encloses(entity.span)) {
            let span = Span::new(entity.span.start - span.start, entity.span.end - span.start);
            part.entities.push(Entity { span, ..entity.clone() });
            placed += 1;
        }
        parts.push(part);
    }
    if placed != whole.entities.len() {
        return Err(bad(
            "an entity crosses the border of a sentence, or lies in none; correct it, or read documents whole (option `split` none)",
        ));
    }
    Ok(parts)
}

/// A sentence of words and BILUO tags.
fn tagged(
    words: &[&str],
    spaces: Option<&[Value]>,
    tags: &[&str],
    options: &ReadOptions,
    left_out: &mut LeftOut,
) -> Parsed<Sentence> {
    if words.len() != tags.len() {
        return Err(xlner_core::Error::Length { what: "entities", found: tags.len(), expected: words.len() }.into());
    }
    let mut sentence = match spaces {
        Some(spaces) => {
            let mut text = String::new();
            for (index, word) in words.iter().enumerate() {
                text.push_str(word);
                if index + 1 < words.len() && spaces.get(index).and_then(Value::as_bool).unwrap_or(true) {
                    text.push(' ');
                }
            }
            Sentence::from_text_and_tokens(text, words)?
        }
        None => Sentence::from_tokens(words),
    };
    let tags: Vec<&str> = tags.iter().map(|&tag| if matches!(tag, "-" | "") { "O" } else { tag }).collect();
    let decoded = tags::decode(&tags, options.scheme.unwrap_or(Scheme::Bilou))?;
    left_out.add_many(REPAIRED_TAGS, decoded.repaired);
    sentence.entities = decoded.entities;
    Ok(sentence)
}

fn texts(values: &[Value]) -> Parsed<Vec<&str>> {
    // `null` is “unknown” among tags.
    values
        .iter()
        .map(|value| if value.is_null() { Some("-") } else { value.as_str() })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| bad("a word or tag is not text"))
}

fn example(fields: &Map<String, Value>, options: &ReadOptions, left_out: &mut LeftOut) -> Parsed<Sentence> {
    let part = |name: &str| fields.get(name).unwrap_or(&Value::Null);
    let words = texts(list(part("token_annotation"), "ORTH"))?;
    let entities = texts(list(part("doc_annotation"), "entities"))?;
    let spaces = part("token_annotation").get("SPACY").and_then(Value::as_array);
    tagged(&words, spaces.map(Vec::as_slice), &entities, options, left_out)
}

fn training(fields: &Map<String, Value>, options: &ReadOptions, left_out: &mut LeftOut) -> Parsed<Vec<Sentence>> {
    let paragraphs = fields.get("paragraphs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let sentences = paragraphs.iter().flat_map(|paragraph| list(paragraph, "sentences"));
    let mut all: Vec<Vec<&Value>> = sentences.map(|sentence| list(sentence, "tokens").iter().collect()).collect();
    if options.whole_documents {
        all = vec![all.concat()];
    }
    let read = |tokens: Vec<&Value>| {
        let words = tokens.iter().map(|token| token.get("orth").and_then(Value::as_str));
        let words = words.collect::<Option<Vec<_>>>().ok_or_else(|| bad("a token has no `orth`"))?;
        let tags: Vec<&str> =
            tokens.iter().map(|token| token.get("ner").and_then(Value::as_str).unwrap_or("-")).collect();
        tagged(&words, None, &tags, options, left_out)
    };
    all.into_iter().map(read).collect()
}
