//! Writing JSON lines and arrays.

use serde_json::{Map, Value, json};
use xlner_core::extra::Numbers;
use xlner_core::{Entity, Pair, Sentence, tags};

use super::kind::is_telling;
use super::label_studio::{ORIGIN, TASK};

use crate::annotated::Characters;
use crate::error::{Error, ErrorKind, Result};
use crate::record::{PairWriter, SentenceWriter, record_id};
use crate::{Format, Output, WriteOptions};

/// Writes one JSON value for each sentence or pair: a line each, or the elements of an array.
pub(crate) struct JsonWriter {
    output: Output,
    format: Format,
    options: WriteOptions,
    written: u64,
    item: Vec<u8>,
}

impl JsonWriter {
    pub(crate) fn new(output: Output, format: Format, options: &WriteOptions) -> Self {
        JsonWriter { output, format, options: options.clone(), written: 0, item: Vec::new() }
    }

    /// Label Studio and spaCy read arrays.
    fn is_array(&self) -> bool {
        matches!(self.format, Format::LabelStudio | Format::Spacy)
    }

    fn put(&mut self, value: &impl serde::Serialize) -> Result<()> {
        self.item.clear();
        if self.is_array() {
            self.item.extend_from_slice(if self.written == 0 { b"[\n" } else { b",\n" });
        }
        serde_json::to_writer(&mut self.item, value).map_err(|error| self.output.failed(error.into()))?;
        if !self.is_array() {
            self.item.push(b'\n');
        }
        self.written += 1;
        self.output.put(&self.item)
    }

    fn end(mut self) -> Result<()> {
        if self.is_array() {
            self.output.put(if self.written == 0 { b"[]\n" } else { b"\n]\n" })?;
        }
        self.output.finish()
    }

    fn value(&self, sentence: &Sentence) -> std::result::Result<Value, ErrorKind> {
        match self.format {
            Format::HuggingFace => self.row(sentence),
            Format::Doccano => self.doccano(sentence),
            Format::LabelStudio => self.label_studio(sentence),
            _ => self.spacy(sentence),
        }
    }

    fn row(&self, sentence: &Sentence) -> std::result::Result<Value, ErrorKind> {
        self.need_tokens(sentence)?;
        let tags = tags::encode(sentence.len(), &sentence.entities, self.options.scheme())?;
        let tags = match &self.options.labels {
            None => json!(tags),
            Some(labels) => {
                let id = |tag: &String| {
                    let id = labels.iter().position(|label| label == tag);
                    id.ok_or_else(|| ErrorKind::UnknownTag { tag: tag.clone() })
                };
                json!(tags.iter().map(id).collect::<std::result::Result<Vec<_>, _>>()?)
            }
        };
        let mut row = about(sentence, is_telling);
        // The usual text, the tokens joined by spaces, needs no mention.
        if !sentence.tokens().eq(sentence.text().split(' ')) {
            row.insert("text".into(), sentence.text().into());
        }
        row.insert("tokens".into(), sentence.tokens().collect());
        row.insert("ner_tags".into(), tags);
        Ok(Value::Object(row))
    }

    fn spacy(&self, sentence: &Sentence) -> std::result::Result<Value, ErrorKind> {
        self.need_tokens(sentence)?;
        let tokens: Vec<Value> = token_ranges(sentence)
            .enumerate()
            .map(|(index, (start, end))| json!({"id": index, "start": start, "end": end}))
            .collect();
        let ents: Vec<Value> = self
            .ranges(sentence)?
            .into_iter()
            .map(|(start, end, entity)| json!({"start": start, "end": end, "label": entity.label}))
            .collect();
        let mut document = about(sentence, is_telling);
        document.insert("text".into(), sentence.text().into());
        document.insert("ents".into(), ents.into());
        document.insert("tokens".into(), tokens.into());
        Ok(Value::Object(document))
    }

    fn doccano(&self, sentence: &Sentence) -> std::result::Result<Value, ErrorKind> {
        let mut record = about(sentence, is_telling);
        record.insert("text".into(), sentence.text().into());
        let ranges = self.ranges(sentence)?.into_iter();
        let labels: Vec<Value> = ranges.map(|(start, end, entity)| json!([start, end, entity.label])).collect();
        record.insert("label".into(), labels.into());
        if sentence.is_tokenized() {
            record.insert("tokens".into(), token_ranges(sentence).map(|(start, end)| json!([start, end])).collect());
        }
        Ok(Value::Object(record))
    }

    fn label_studio(&self, sentence: &Sentence) -> std::result::Result<Value, ErrorKind> {
        let mut data = about(sentence, |_| false);
        // What the task had beside its data, and its number.
        let mut task = match data.shift_remove(TASK) {
            Some(Value::Object(task)) => task,
            other => {
                data.extend(other.map(|other| (TASK.to_owned(), other)));
                Map::new()
            }
        };
        if data.get("id").is_some_and(|id| id.is_number()) {
            let id = data.shift_remove("id").unwrap_or_default();
            task.insert("id".into(), id);
        }
        data.insert("text".into(), sentence.text().into());
        if sentence.is_tokenized() {
            data.insert("tokens".into(), token_ranges(sentence).map(|(start, end)| json!([start, end])).collect());
        }
        let (mut gold, mut found) = (Vec::new(), Vec::new());
        for (index, (start, end, entity)) in self.ranges(sentence)?.into_iter().enumerate() {
            let mut result = json!({
                "id": format!("e{index}"), "from_name": "label", "to_name": "text", "type": "labels",
                "value": {"start": start, "end": end, "text": sentence.span_text(entity.span), "labels": [entity.label]}
            });
            if let Some(score) = entity.probability.or(entity.score) {
                result["score"] = score.into();
            }
            if is_found(entity) { found.push(result) } else { gold.push(result) }
        }
        task.insert("data".into(), data.into());
        // Annotations are what people made, predictions what machines did.
        if !gold.is_empty() {
            task.insert("annotations".into(), json!([{ "result": gold }]));
        }
        if !found.is_empty() {
            let mut prediction = json!({ "model_version": "xlner" });
            // Tasks are sorted by the score of the prediction: that of the least sure entity.
            let scores: Option<Vec<f64>> = found.iter().map(|result| result.get("score")?.as_f64()).collect();
            if let Some(least) = scores.and_then(|scores| scores.into_iter().reduce(f64::min)) {
                prediction["score"] = least.into();
            }
            prediction["result"] = found.into();
            task.insert("predictions".into(), json!([prediction]));
        }
        Ok(Value::Object(task))
    }

    /// The entities with their ranges of characters.
    fn ranges<'a>(&self, sentence: &'a Sentence) -> std::result::Result<Vec<(usize, usize, &'a Entity)>, ErrorKind> {
        let characters = Characters::of(sentence.text());
        let range = |entity: &'a Entity| {
            let start = characters.before(sentence.byte_range(entity.span.start).start);
            let end = characters.before(sentence.byte_range(entity.span.end - 1).end);
            (start < end).then_some((start, end, entity)).ok_or_else(|| ErrorKind::NotRepresentable {
                what: format!("entity {} ({})", entity.span, entity.label),
                format: self.format.name(),
                why: "its tokens are empty",
            })
        };
        sentence.entities.iter().map(range).collect()
    }

    fn need_tokens(&self, sentence: &Sentence) -> std::result::Result<(), ErrorKind> {
        if sentence.is_tokenized() {
            return Ok(());
        }
        Err(ErrorKind::NotRepresentable {
            what: format!("“{}”", crate::error::shorten(sentence.text())),
            format: self.format.name(),
            why: "the sentence has no tokens yet; tokenise it first",
        })
    }
}

/// Whether an entity was found by a machine, as its score, its source or its origin says.
fn is_found(entity: &Entity) -> bool {
    let probability = entity.probability.is_some() || entity.extra.get("probability").is_some();
    let origin = entity.extra.get(ORIGIN.0).is_some_and(|origin| origin == ORIGIN.1);
    entity.score.is_some() || entity.from.is_some() || probability || origin
}

/// Unknown fields, and the language. Those for which `is_taken` holds, or that have the names of ours, are renamed `original_…`: they would
/// be taken for something else.
fn about(sentence: &Sentence, is_taken: impl Fn(&str) -> bool) -> Map<String, Value> {
    const OURS: [&str; 5] = ["lang", "text", "tokens", "entities", "words"];
    let mut fields = Map::new();
    for (name, value) in sentence.extra.iter() {
        let mut name = name.clone();
        while is_taken(&name) || OURS.contains(&name.as_str()) {
            name = format!("original_{name}");
        }
        fields.insert(name, value.clone());
    }
    if let Some(lang) = &sentence.lang {
        fields.insert("lang".into(), lang.as_str().into());
    }
    fields
}

/// Ranges of characters of the tokens.
fn token_ranges(sentence: &Sentence) -> impl Iterator<Item = (usize, usize)> {
    let characters = Characters::of(sentence.text());
    (0..sentence.len()).map(move |index| {
        let bytes = sentence.byte_range(index);
        (characters.before(bytes.start), characters.before(bytes.end))
    })
}

impl SentenceWriter for JsonWriter {
    fn write(&mut self, sentence: &Sentence) -> Result<()> {
        if self.format == Format::Jsonl {
            return self.put(sentence);
        }
        match self.value(sentence) {
            Ok(value) => self.put(&Numbers(&value)),
            Err(kind) => Err(Error::in_file(self.output.path(), kind).in_record(&record_id(sentence))),
        }
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.end()
    }
}

impl PairWriter for JsonWriter {
    fn write(&mut self, pair: &Pair) -> Result<()> {
        self.put(pair)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.end()
    }
}
