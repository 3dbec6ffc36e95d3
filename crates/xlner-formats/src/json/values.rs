//! Sentences and pairs from JSON values of every kind.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use xlner_core::extra::protect_integers;
use xlner_core::tags::Scheme;
use xlner_core::tags::shape::{Shape, is_outside_mark};
use xlner_core::unique::Unique;
use xlner_core::{Pair, Sentence};

use super::annotators::Annotators;
use super::kind::{Kind, is_telling, looks_like_entities};
use super::rows::{self, Row};
use super::{Items, doccano, gliner, label_studio, mafand, parse, prodigy, spacy};
use crate::annotated::same_but_for_spaces;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::notes::{LeftOut, NoteKind};
use crate::reader::Status;
use crate::record::side_of;
use crate::{Format, ReadOptions};

const UNREAD: NoteKind = NoteKind::new(
    "unread-entities",
    "sentences with a field that looks like entities and is not read (rename it to `entities`)",
);

const SKIPPED: NoteKind = NoteKind::new("skipped-texts", "texts that their annotator skipped (`null`; left out)");

const LABELS: NoteKind = NoteKind::new(
    "labels-without-o",
    "lists of labels without `O` (every tag id is that of an entity; are they all, in order?)",
);

/// Rows looked at to find the tag scheme and the shape of the tags.
const LOOK_AHEAD: usize = 1000;

/// Reads values one by one.
pub(super) struct ValueReader<I> {
    items: I,
    options: ReadOptions,
    status: Arc<Status>,
    /// What the format says that all values are.
    given: Option<Kind>,
    /// The format is spaCy's, whose entities count characters even where tokens stand beside them.
    spacy: bool,
    /// What the last value was.
    last: Option<Kind>,
    /// How the tags of rows are written; `None` as long as there was no row.
    tags: Option<(Scheme, Shape)>,
    annotators: Annotators,
    /// The given labels have no `O`, which was not told yet.
    labels_lack_o: bool,
    /// What was read and not given yet, with the lines.
    waiting: VecDeque<(u64, Waiting)>,
    rows_waiting: usize,
    at_end: bool,
}

/// A sentence, or a row whose tags are not read yet.
enum Waiting {
    Sentence(Sentence),
    Row(Row),
}

/// The place of a value.
struct At<'a> {
    file: &'a Path,
    line: u64,
    id: String,
}

impl At<'_> {
    fn fail(&self, kind: ErrorKind) -> Error {
        Error::at_line(self.file, self.line, kind).in_record(&self.id)
    }
}

impl<I: Items> ValueReader<I> {
    pub(super) fn new(items: I, format: Format, options: &ReadOptions, status: &Arc<Status>) -> Self {
        let given = match format {
            Format::HuggingFace => Some(Kind::Rows),
            Format::Doccano => Some(Kind::Doccano),
            Format::LabelStudio => Some(Kind::LabelStudio),
            _ => None,
        };
        ValueReader {
            items,
            options: options.clone(),
            status: Arc::clone(status),
            given,
            spacy: format == Format::Spacy,
            last: None,
            tags: None,
            annotators: Annotators::default(),
            labels_lack_o: options
                .labels
                .as_ref()
                .is_some_and(|labels| !labels.iter().any(|label| label == "O" || is_outside_mark(label))),
            waiting: VecDeque::new(),
            rows_waiting: 0,
            at_end: false,
        }
    }

    pub(super) fn next_sentence(&mut self) -> Result<Option<Sentence>> {
        loop {
            let ready = match self.waiting.front() {
                None if self.at_end => return Ok(None),
                None => false,
                Some((_, Waiting::Sentence(_))) => true,
                Some((_, Waiting::Row(_))) => self.tags.is_some() || self.at_end || self.rows_waiting >= LOOK_AHEAD,
            };
            if !ready {
                self.at_end = !self.read_value()?;
                continue;
            }
            let tags = self.tags;
            let tags = match self.waiting.front() {
                Some((_, Waiting::Row(_))) => *self.tags.insert(tags.unwrap_or_else(|| self.find_tags())),
                _ => tags.unwrap_or((Scheme::Iob2, Shape::Usual)),
            };
            let Some((line, waiting)) = self.waiting.pop_front() else { continue };
            self.status.set_line(line);
            match waiting {
                Waiting::Sentence(sentence) => return Ok(Some(sentence)),
                Waiting::Row(row) => {
                    self.rows_waiting -= 1;
                    let at = At { file: self.items.file(), line, id: row.id() };
                    let mut left_out = LeftOut::default();
                    let sentence = row.decode(tags, &mut left_out).map_err(|kind| at.fail(kind))?;
                    self.status.note_all(&left_out, |kind| at.fail(kind))?;
                    return Ok(Some(sentence));
                }
            }
        }
    }

    /// Scheme and shape of the tags of the rows that wait.
    fn find_tags(&self) -> (Scheme, Shape) {
        let rows = || {
            self.waiting.iter().filter_map(|(_, waiting)| match waiting {
                Waiting::Row(row) => Some(row),
                Waiting::Sentence(_) => None,
            })
        };
        rows::find_tags(rows, self.options.scheme)
    }

    /// What messages call a value: its id, or its number where its line does not tell which it is.
    fn name_of(&self, value: &Value) -> String {
        match (super::id_of(value), self.items.number_in_line()) {
            (id, Some(number)) if id.is_empty() => format!("#{number}"),
            (id, _) => id,
        }
    }

    /// Reads a value and puts what it holds in the queue; `false` at the end of the file.
    fn read_value(&mut self) -> Result<bool> {
        let file = self.items.file().to_owned();
        let Some((line, text)) = self.items.next()? else { return Ok(false) };
        let text = protect_integers(text).into_owned();
        // A record of ours again: the usual case, and the fast one.
        if self.given.is_none()
            && self.last == Some(Kind::Sentence)
            && let Ok(sentence) = serde_json::from_str::<Sentence>(&text)
            && (!sentence.entities.is_empty() || !sentence.extra.iter().any(|(name, _)| is_telling(name)))
            && !has_unread(&sentence)
            && !self.spacy
            && check_texts(&sentence).is_ok()
        {
            self.waiting.push_back((line, Waiting::Sentence(sentence)));
            return Ok(true);
        }
        let mut at = At { file: &file, line, id: String::new() };
        let expected = self.given.or(self.last).map_or("JSON", Kind::expected);
        let Unique(value) = parse(&text, expected).map_err(|kind| at.fail(kind))?;
        at.id = self.name_of(&value);
        if value.is_null() {
            self.status.note(SKIPPED, 1, |kind| at.fail(kind))?;
            return Ok(true);
        }
        let kind = match kind_of(&value, self.given, &self.options).map_err(|kind| at.fail(kind))? {
            Kind::Sentence if self.spacy && value.as_object().is_some_and(spacy::fits) => Kind::Spacy,
            kind => kind,
        };
        self.last = Some(kind);
        let mut left_out = LeftOut::default();
        let read = self.read_as(kind, value, &text, &mut left_out).map_err(|kind| at.fail(kind))?;
        self.status.note_all(&left_out, |kind| at.fail(kind))?;
        if kind == Kind::Rows && std::mem::take(&mut self.labels_lack_o) {
            self.status.note(LABELS, 1, |kind| at.fail(kind))?;
        }
        self.rows_waiting += usize::from(kind == Kind::Rows);
        self.waiting.extend(read.into_iter().map(|waiting| (line, waiting)));
        Ok(true)
    }

    /// Reads a value of a kind; `text` is the same value.
    fn read_as(
        &mut self,
        kind: Kind,
        value: Value,
        text: &str,
        left_out: &mut LeftOut,
    ) -> std::result::Result<Vec<Waiting>, ErrorKind> {
        let options = &self.options;
        let sentences = match kind {
            Kind::Pair | Kind::Mafand => {
                let side = side_of(parse_pair(kind, text, options, left_out)?, options)?;
                return Ok(vec![Waiting::Sentence(side)]);
            }
            Kind::Rows => return Ok(vec![Waiting::Row(rows::parse(value, options, left_out)?)]),
            Kind::Sentence => vec![parse_sentence(text)?],
            Kind::Doccano => vec![doccano::parse(value, options, left_out)?],
            Kind::LabelStudio => {
                label_studio::parse(value, &mut self.annotators, options, left_out)?.into_iter().collect()
            }
            Kind::Prodigy => prodigy::parse(value, &mut self.annotators, options, left_out)?.into_iter().collect(),
            Kind::Spacy => spacy::parse(value, options, left_out)?,
            Kind::Gliner => vec![gliner::parse(value)?],
        };
        sentences.iter().for_each(|sentence| note_unread(sentence, left_out));
        Ok(sentences.into_iter().map(Waiting::Sentence).collect())
    }

    pub(super) fn next_pair(&mut self) -> Result<Option<Pair>> {
        let file = self.items.file().to_owned();
        let Some((line, text)) = self.items.next()? else { return Ok(None) };
        self.status.set_line(line);
        let text = protect_integers(text);
        if self.last == Some(Kind::Pair)
            && let Ok(pair) = serde_json::from_str::<Pair>(&text)
            && pair.validate().is_ok()
            && !has_unread(&pair.source)
            && !has_unread(&pair.target)
        {
            return Ok(Some(pair));
        }
        let text = text.into_owned();
        let mut at = At { file: &file, line, id: String::new() };
        let expected = self.given.or(self.last).map_or("JSON", Kind::expected);
        let Unique(value) = parse(&text, expected).map_err(|kind| at.fail(kind))?;
        at.id = self.name_of(&value);
        let kind = kind_of(&value, None, &self.options).map_err(|kind| at.fail(kind))?;
        self.last = Some(kind);
        if !matches!(kind, Kind::Pair | Kind::Mafand) {
            let message = format!("it is {}", kind.expected());
            return Err(at.fail(ErrorKind::Json { expected: Kind::Pair.expected(), message }));
        }
        let mut left_out = LeftOut::default();
        let pair = parse_pair(kind, &text, &self.options, &mut left_out).map_err(|kind| at.fail(kind))?;
        self.status.note_all(&left_out, |kind| at.fail(kind))?;
        Ok(Some(pair))
    }
}

/// What a value is: what the format says, else what it looks like.
fn kind_of(value: &Value, given: Option<Kind>, options: &ReadOptions) -> std::result::Result<Kind, ErrorKind> {
    given.or_else(|| Kind::of(value, options)).ok_or_else(|| ErrorKind::Json {
        expected: "a record",
        message: "it has neither `source` and `target`, nor `tokens`, nor `text`, and no annotation tool writes this; \
                  give the format with option `from_format`, or the fields with option `token_column` and option `tag_column`"
            .into(),
    })
}

fn parse_pair(
    kind: Kind,
    text: &str,
    options: &ReadOptions,
    left_out: &mut LeftOut,
) -> std::result::Result<Pair, ErrorKind> {
    if kind == Kind::Mafand {
        return mafand::parse(text, options, left_out);
    }
    let pair: Pair = parse(text, kind.expected())?;
    pair.validate()?;
    note_unread(&pair.source, left_out);
    note_unread(&pair.target, left_out);
    Ok(pair)
}

/// A record of ours.
fn parse_sentence(text: &str) -> std::result::Result<Sentence, ErrorKind> {
    const COUNT: &str =
        "entities beside `tokens` count tokens; where they count characters, give option `from_format` spacy";
    let bad = |message: String| ErrorKind::Json {
        expected: Kind::Sentence.expected(),
        message: format!("{message}; {COUNT}"),
    };
    let sentence: Sentence = parse(text, Kind::Sentence.expected()).map_err(|kind| match kind {
        ErrorKind::Json { message, .. } if message.contains("is not a non-empty part of a sentence") => bad(message),
        kind => kind,
    })?;
    check_texts(&sentence).map_err(bad)?;
    Ok(sentence)
}

/// Checks that the text which a tool has written beside an entity is that of its tokens.
fn check_texts(sentence: &Sentence) -> std::result::Result<(), String> {
    for entity in sentence.entities.iter().filter(|entity| !entity.extra.is_empty()) {
        let own = ["text", "word", "surface"].iter().find_map(|name| entity.extra.get(name)?.as_str());
        let Some(own) = own else { continue };
        let covered = sentence.span_text(entity.span);
        if !same_but_for_spaces(covered, own) {
            let (start, end) = (entity.span.start, entity.span.end);
            let (covered, own) = (shorten(covered), shorten(own));
            return Err(format!(
                "entity {start}..{end} ({}) covers “{covered}”, but its own text is “{own}”",
                entity.label
            ));
        }
    }
    Ok(())
}

/// Whether a sentence without entities has a field of another name that looks like some.
fn has_unread(sentence: &Sentence) -> bool {
    sentence.entities.is_empty()
        && sentence.extra.iter().any(|(name, value)| !name.starts_with("original_") && looks_like_entities(value))
}

fn note_unread(sentence: &Sentence, left_out: &mut LeftOut) {
    left_out.add_many(UNREAD, usize::from(has_unread(sentence)));
}
