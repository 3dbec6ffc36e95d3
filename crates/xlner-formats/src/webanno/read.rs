//! Reading WebAnno TSV.

use std::path::PathBuf;
use std::sync::Arc;

use xlner_core::{Entity, Sentence, Span};

use super::header::{FIRST, Feature, choose, features};
use super::{split_unescaped, unescape};
use crate::ReadOptions;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::limits::{check_text, check_tokens};
use crate::line_reader::{LineReader, byte_lines};
use crate::notes::NoteKind;
use crate::reader::Status;

const LAYERS: NoteKind = NoteKind::new(
    "other-layers",
    "annotated tokens of other layers and features, relations among them (left out; another feature is chosen by its name)",
);
const PARTS: NoteKind =
    NoteKind::new("inside-tokens", "entities that begin or end inside a given token (they take the whole token)");

const CROSSING: NoteKind = NoteKind::new(
    "split-entities",
    "entities that go over the border of a sentence (each part is an entity of its own)",
);
const UNLABELLED: NoteKind = NoteKind::new("no-label", "entities without a label (it is “_”)");
/// The label of those.
const NO_LABEL: &str = "_";

/// Bytes in which the whole header stands.
const HEADER: usize = 1 << 16;

/// Whether a file says that it is WebAnno TSV.
pub(crate) fn fits(lines: &mut LineReader) -> Result<bool> {
    Ok(lines.peek(64)?.starts_with(b"#FORMAT=WebAnno TSV"))
}

/// Reads the sentences of a file.
pub(crate) fn sentences(
    mut lines: LineReader,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> Result<impl Iterator<Item = Result<Sentence>> + Send + 'static> {
    let file = lines.file().to_owned();
    let prefix = lines.peek(HEADER)?;
    let header: Vec<String> = byte_lines(prefix)
        .take_while(|line| line.is_empty() || line.starts_with(b"#"))
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    let features = features(header.iter().map(String::as_str));
    let wanted = match choose(&features, options.tag_column.as_ref()) {
        _ if options.no_tags => None,
        Some(feature) => Some(feature.column),
        None => {
            let known: Vec<String> =
                features.iter().filter(|feature| feature.is_span).map(Feature::full_name).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let name = options.tag_column.as_ref().map_or("NamedEntity.value".to_owned(), ToString::to_string);
            return Err(Error::in_file(&file, ErrorKind::NoSuchColumn { name, known }));
        }
    };
    let mut reader = Reader {
        lines,
        file,
        wanted,
        options: options.clone(),
        status: Arc::clone(status),
        text: None,
        last: Vec::new(),
    };
    Ok(std::iter::from_fn(move || reader.next().transpose()))
}

struct Reader {
    lines: LineReader,
    file: PathBuf,
    /// The column of the labels.
    wanted: Option<usize>,
    options: ReadOptions,
    status: Arc<Status>,
    /// Text of the sentence that comes next, and its line.
    text: Option<(u64, String)>,
    /// Numbers and labels of the annotations of the last token of the sentence before.
    last: Vec<(u64, String)>,
}

/// An annotation while its tokens are gathered.
struct Open {
    /// The number by which its tokens are known.
    number: Option<u64>,
    label: String,
    span: Span,
}

impl Reader {
    fn next(&mut self) -> Result<Option<Sentence>> {
        self.lines.begin();
        let mut rows: Vec<(u64, String)> = Vec::new();
        let mut text = self.text.take();
        let mut tokens = 0;
        while let Some(line) = self.lines.next()? {
            if let Some(of_next) = line.text.strip_prefix("#Text=") {
                let of_next = unescape(of_next);
                match &mut text {
                    None => text = Some((line.number, of_next)),
                    // A text of several lines, unless the sentence has its tokens, or ended without any.
                    Some((at, text))
                        if rows.is_empty() && line.number == *at + text.matches('\n').count() as u64 + 1 =>
                    {
                        text.push('\n');
                        text.push_str(&of_next);
                        check_text(text, &self.options)
                            .map_err(|kind| Error::at_line(&self.file, line.number, kind))?;
                    }
                    Some(_) => {
                        self.text = Some((line.number, of_next));
                        break;
                    }
                }
            } else if line.text.trim().is_empty() {
                if !rows.is_empty() {
                    break;
                }
            } else if !line.text.starts_with('#') {
                // Parts of tokens have a row as well, numbered `1-1.1`.
                tokens += usize::from(!line.text.split('\t').next().unwrap_or_default().contains('.'));
                check_tokens(tokens, &self.options).map_err(|kind| Error::at_line(&self.file, line.number, kind))?;
                rows.push((line.number, line.text.to_owned()));
            }
        }
        if rows.is_empty() && text.is_none() {
            return Ok(None);
        }
        self.sentence(text, &rows).map(Some)
    }

    fn sentence(&mut self, text: Option<(u64, String)>, rows: &[(u64, String)]) -> Result<Sentence> {
        let first = text.as_ref().map(|(line, _)| *line).or(rows.first().map(|(line, _)| *line)).unwrap_or_default();
        self.status.set_line(first);
        let mut tokens: Vec<String> = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        for (line, row) in rows {
            let fail = |kind| Error::at_line(&self.file, *line, kind);
            let cells: Vec<&str> = row.split('\t').collect();
            let [numbers, _, token, ..] = cells.as_slice() else {
                let expected = "a token of WebAnno TSV (`1-1<TAB>0-3<TAB>Ada<TAB>…`)";
                return Err(fail(ErrorKind::BadLine { line: shorten(row), expected }));
            };
            let is_part = numbers.contains('.');
            if !is_part {
                tokens.push(unescape(token));
            }
            let Some(index) = tokens.len().checked_sub(1) else { continue };
            let others = cells.iter().enumerate().skip(FIRST);
            let others = others.filter(|(column, cell)| Some(*column) != self.wanted && says_something(cell)).count();
            if self.wanted.is_some() {
                self.status.note(LAYERS, others, fail)?;
            }
            let cell = self.wanted.and_then(|wanted| cells.get(wanted)).copied().unwrap_or("_");
            let before = open.len();
            let parts = self.annotations(cell, index, &mut open);
            self.status.note(PARTS, if is_part { parts } else { 0 }, fail)?;
            let unlabelled = open[before..].iter().filter(|open| open.label == NO_LABEL).count();
            self.status.note(UNLABELLED, unlabelled, fail)?;
        }
        let fail = |error: xlner_core::Error| Error::at_line(&self.file, first, error.into());
        // Numbers are those of the document.
        let goes_on = |open: &&Open| {
            let number = open.number.filter(|_| open.span.start == 0);
            number.is_some_and(|number| self.last.iter().any(|(last, label)| *last == number && *label == open.label))
        };
        let crossing = open.iter().filter(goes_on).count();
        self.status.note(CROSSING, crossing, |kind| Error::at_line(&self.file, first, kind))?;
        self.last = open
            .iter()
            .filter(|open| open.span.end == tokens.len())
            .filter_map(|open| Some((open.number?, open.label.clone())))
            .collect();
        let mut sentence = match text {
            Some((_, text)) => Sentence::from_text_and_tokens(text, &tokens).map_err(fail)?,
            None => Sentence::from_tokens(&tokens),
        };
        sentence.entities = open.into_iter().map(|open| Entity::new(open.span, open.label)).collect();
        sentence.lang.clone_from(&self.options.lang);
        Ok(sentence)
    }

    /// Takes the annotations of a token, and tells how many new ones they are.
    fn annotations(&self, cell: &str, token: usize, open: &mut Vec<Open>) -> usize {
        if cell == "_" || cell.is_empty() {
            return 0;
        }
        let before = open.len();
        for value in split_unescaped(cell, '|') {
            let (label, number) = numbered(value);
            let label = if label == "*" { NO_LABEL.to_owned() } else { unescape(label) };
            let known = open.iter_mut().find(|open| number.is_some() && open.number == number && open.label == label);
            match known {
                Some(known) => known.span.end = token + 1,
                None => open.push(Open { number, label, span: Span::new(token, token + 1) }),
            }
        }
        open.len() - before
    }
}

/// Whether a cell holds an annotation with something to say.
fn says_something(cell: &str) -> bool {
    let empty = |value: &str| matches!(numbered(value).0, "_" | "*" | "");
    !split_unescaped(cell, '|').into_iter().all(empty)
}

/// A value and the number of its annotation (`PER[1]`).
fn numbered(value: &str) -> (&str, Option<u64>) {
    let split = || {
        let (label, number) = value.strip_suffix(']')?.rsplit_once('[')?;
        if label.ends_with('\\') {
            return None;
        }
        Some((label, number.parse().ok()?))
    };
    split().map_or((value, None), |(label, number)| (label, Some(number)))
}
