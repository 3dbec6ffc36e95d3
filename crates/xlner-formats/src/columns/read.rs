//! Reading columns.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xlner_core::tags::shape::{Shape, first_layer};
use xlner_core::tags::{self, Scheme};

use super::cells::{is_blank, is_docstart, is_range, word_range};
use super::conllu::Rows;
use super::layout::Layout;
use super::line::{Pushed, Range};
use super::quoted::{QUOTED, is_quoted};
use super::{EMPTY_MARKER, PREFIX, Tagged};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::check_tokens;
use crate::line_reader::{LineReader, byte_lines};
use crate::notes::{LeftOut, NoteKind};
use crate::reader::Status;
use crate::{Format, ReadOptions};

const COLUMNS: NoteKind = NoteKind::new("unread-columns", "columns beside tokens and tags (left out)");
const LAYERS: NoteKind =
    NoteKind::new("tag-layers", "further tags of a token that has several (left out, the first counts)");
pub(crate) const MARKS: NoteKind =
    NoteKind::new("outside-marks", "tokens that have another mark than `O`, as `_`, `0` or an empty cell (read as O)");
const SPACED: NoteKind =
    NoteKind::new("spaced-tokens", "tokens with spaces around them, as cells of a spreadsheet may have (kept)");
const LAYER_COLUMNS: NoteKind =
    NoteKind::new("unread-columns", "columns beside tokens and tags (left out; another one is chosen by its name)");

/// Reads a column file sentence by sentence, tags as written.
pub(crate) struct ColumnReader {
    lines: LineReader,
    file: PathBuf,
    status: Arc<Status>,
    /// `None` as long as there was no token line.
    layout: Option<Layout>,
    format: Format,
    options: ReadOptions,
    scheme: Scheme,
    shape: Shape,
    header_pending: bool,
    /// Comments that stand before the next sentence.
    comments: Vec<String>,
    /// The lines of a sentence of CoNLL-U.
    rows: Rows,
    /// Words of a range that has a tag.
    range: Range,
    /// What numbers the sentence, where a column does.
    number: String,
}

impl ColumnReader {
    pub(crate) fn new(
        mut lines: LineReader,
        format: Format,
        options: &ReadOptions,
        status: &Arc<Status>,
    ) -> Result<Self> {
        let file = lines.file().to_owned();
        let prefix = prefix(&mut lines)?;
        let layout = Layout::find(&file, format, prefix, options)?;
        let (scheme, shape) = layout.as_ref().map_or((Scheme::Iob2, Shape::Usual), |layout| find_tags(layout, prefix));
        if let Some(Layout { unread: (columns, line), hipe, .. }) = layout {
            let kind = if hipe { LAYER_COLUMNS } else { COLUMNS };
            status.note(kind, columns, |kind| Error::at_line(&file, line, kind))?;
        }
        Ok(ColumnReader {
            lines,
            file,
            status: Arc::clone(status),
            header_pending: layout.as_ref().is_some_and(|layout| layout.header),
            layout,
            format,
            options: options.clone(),
            scheme: options.scheme.unwrap_or(scheme),
            shape,
            comments: Vec::new(),
            rows: Rows::default(),
            range: Range::default(),
            number: String::new(),
        })
    }

    /// The scheme given or found; IOB2 where there are no tags.
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Reads the next sentence; `false` at the end of the file.
    pub(crate) fn next_into(&mut self, sentence: &mut Tagged) -> Result<bool> {
        sentence.clear();
        self.lines.begin();
        sentence.comments.append(&mut self.comments);
        // Whether the sentence is one without tokens, as its marker says.
        let mut empty = false;
        while let Some(line) = self.lines.next()? {
            let begun = !sentence.is_empty() || !self.rows.is_empty();
            if is_blank(line.text) || is_docstart(line.text) {
                if begun || empty {
                    return self.end(sentence);
                }
                if !self.layout.as_ref().is_some_and(|layout| layout.hipe) {
                    sentence.clear();
                    self.lines.begin();
                }
                continue;
            }
            if line.text.starts_with('#') && !self.layout.as_ref().is_some_and(|layout| layout.is_token(line.text)) {
                if line.text == EMPTY_MARKER && !begun {
                    empty = true;
                    sentence.line = line.number;
                } else if begun && self.layout.as_ref().is_some_and(|layout| layout.hipe) {
                    // Documents follow one another without a blank line.
                    self.comments.push(line.text.to_owned());
                    return self.end(sentence);
                } else {
                    take_comment(line.text, sentence);
                }
                continue;
            }
            if self.header_pending {
                self.header_pending = false;
                continue;
            }
            let layout = match &mut self.layout {
                Some(layout) => layout,
                // No token line in the prefix: this is the first.
                none => match Layout::find(&self.file, self.format, line.text.as_bytes(), &self.options)? {
                    Some(layout) => none.insert(layout),
                    None => continue,
                },
            };
            if !begun {
                sentence.line = line.number;
                empty = false;
            }
            let place = (self.file.as_path(), line.number);
            let fail = |kind| Error::at_line(place.0, place.1, kind).in_record(&sentence.id);
            if layout.conllu {
                self.rows.push(line, layout).map_err(fail)?;
                continue;
            }
            if let Some(value) =
                layout.sentence.and_then(|column| layout.separator.split(line.text).get(column).copied())
                && !value.trim().is_empty()
                && value != self.number
            {
                value.clone_into(&mut self.number);
                if begun {
                    self.lines.give_back();
                    return self.end(sentence);
                }
            }
            let pushed = layout.push(line, self.shape, &mut self.range, sentence);
            let Pushed { layers, marked, spaced, ends } =
                pushed.map_err(|kind| Error::at_line(place.0, place.1, kind).in_record(&sentence.id))?;
            check_tokens(sentence.len(), &self.options)
                .map_err(|kind| Error::at_line(place.0, place.1, kind).in_record(&sentence.id))?;
            if sentence.tokens().next_back().is_some_and(is_quoted) {
                let at = |kind| Error::at_line(place.0, place.1, kind).in_record(&sentence.id);
                self.status.note(QUOTED, 1, at)?;
            }
            if layers > 0 || marked || spaced {
                for (kind, count) in [(LAYERS, layers), (MARKS, marked.into()), (SPACED, spaced.into())] {
                    let at = |kind| Error::at_line(place.0, place.1, kind).in_record(&sentence.id);
                    self.status.note(kind, count, at)?;
                }
            }
            if ends {
                return self.end(sentence);
            }
        }
        let begun = !sentence.is_empty() || !self.rows.is_empty() || empty;
        if begun { self.end(sentence) } else { Ok(false) }
    }

    /// Ends a sentence: puts the tokens of CoNLL-U together.
    fn end(&mut self, sentence: &mut Tagged) -> Result<bool> {
        self.range = Range::default();
        if let Some(layout) = self.layout.as_ref().filter(|layout| layout.conllu) {
            let mut left_out = LeftOut::default();
            self.rows.put_into(sentence, layout, self.shape, &mut left_out);
            let at = |kind| Error::at_line(&self.file, sentence.line, kind).in_record(&sentence.id);
            self.status.note_all(&left_out, at)?;
        }
        Ok(true)
    }
}

/// The first lines of a file.
pub(super) fn prefix(lines: &mut LineReader) -> Result<&[u8]> {
    let prefix = lines.peek(PREFIX)?;
    if prefix.len() < PREFIX {
        return Ok(prefix);
    }
    // The last line may be cut.
    Ok(&prefix[..memchr::memrchr2(b'\n', b'\r', prefix).unwrap_or(prefix.len())])
}

/// Whether a file has a column of tags, or no lines that would need one.
pub(crate) fn has_tags(lines: &mut LineReader, format: Format, options: &ReadOptions) -> Result<bool> {
    let file = lines.file().to_owned();
    match Layout::find(&file, format, prefix(lines)?, options) {
        Err(error) if matches!(error.kind(), ErrorKind::MissingTagColumn { .. } | ErrorKind::OtherFormat { .. }) => {
            Ok(false)
        }
        result => result.map(|_| true),
    }
}

/// Finds scheme and shape of the tags in a file's first bytes.
fn find_tags(layout: &Layout, prefix: &[u8]) -> (Scheme, Shape) {
    let mut sentences: Vec<Vec<&str>> = vec![Vec::new()];
    let mut header = layout.header;
    let mut until = 0;
    for line in byte_lines(prefix) {
        let Ok(line) = std::str::from_utf8(line) else { continue };
        if is_blank(line) || is_docstart(line) {
            sentences.push(Vec::new());
            until = 0;
            continue;
        }
        if (line.starts_with('#') && !layout.is_token(line)) || std::mem::take(&mut header) {
            continue;
        }
        if let (Ok(cells), Some(sentence)) = (layout.cells(line), sentences.last_mut()) {
            let is_outside = cells.tag == "O";
            if is_range(cells.id) {
                until = word_range(cells.id).filter(|_| !is_outside).map_or(0, |(_, last)| last);
            }
            // A range without a tag, and the words of one that has a tag, say nothing.
            if !(is_outside && (is_range(cells.id) || cells.id.parse().is_ok_and(|id: u32| id <= until))) {
                sentence.push(first_layer(cells.tag).map_or(cells.tag, |(first, _)| first));
            }
        }
    }
    let shape = Shape::find(sentences.iter().flatten().copied());
    let usual: Vec<Vec<_>> = sentences.iter().map(|tags| tags.iter().map(|tag| shape.usual(tag)).collect()).collect();
    (tags::detect(usual.iter().map(Vec::as_slice)), shape)
}

/// Keeps what a comment says of the sentence.
fn take_comment(line: &str, sentence: &mut Tagged) {
    let Some((key, value)) = line[1..].split_once('=') else { return sentence.comments.push(line.to_owned()) };
    match key.trim() {
        "sent_id" => sentence.id = value.trim().to_owned(),
        "text" => sentence.text = Some(value.strip_prefix(' ').unwrap_or(value).to_owned()),
        _ => return sentence.comments.push(line.to_owned()),
    }
    // Their place among the comments.
    sentence.comments.push(format!("# {}", key.trim()));
}
