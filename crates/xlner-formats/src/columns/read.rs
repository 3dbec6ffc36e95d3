//! Reading columns.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xlner_core::tags::shape::{Shape, first_layer, has_bar, is_outside_mark};
use xlner_core::tags::{self, Scheme};

use super::cells::{is_blank, is_docstart, is_placeholder, is_range, is_tag, lang_of, word_range};
use super::conllu::{self, Rows};
use super::layout::{Layout, Separator, TagCell};
use super::quoted::{QUOTED, is_quoted};
use super::{EMPTY_MARKER, PREFIX, Tagged};
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::limits::check_tokens;
use crate::line_reader::{Line, LineReader, byte_lines};
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
            for (kind, count) in [(LAYERS, layers), (MARKS, marked.into()), (SPACED, spaced.into())] {
                let at = |kind| Error::at_line(place.0, place.1, kind).in_record(&sentence.id);
                self.status.note(kind, count, at)?;
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

/// What stands in the columns that count.
#[derive(Default)]
pub(super) struct Cells<'a> {
    /// The number of the token, where the layout has numbers.
    pub(super) id: &'a str,
    pub(super) token: &'a str,
    pub(super) tag: &'a str,
    /// The tag was another mark than `O` for “outside”.
    pub(super) marked: bool,
    lang: &'a str,
    pub(super) misc: &'a str,
}

/// What became of a line.
#[derive(Default)]
struct Pushed {
    /// Tags that were left out, where a token has several.
    layers: usize,
    /// The tag was another mark than `O`.
    marked: bool,
    /// The token had spaces around it.
    spaced: bool,
    /// The sentence ends with it.
    ends: bool,
}

/// The words that a range with a tag stands for (`2-3`), as far as they are still to come.
#[derive(Default)]
struct Range {
    last: u32,
    tags: std::vec::IntoIter<String>,
}

impl Layout {
    /// Whether a line that begins with `#` is a token all the same.
    fn is_token(&self, line: &str) -> bool {
        !self.ids
            && match self.cells(line) {
                Ok(cells) => self.tag == TagCell::None || (is_tag(cells.tag) && !cells.marked) || self.columns == 1,
                Err(_) => false,
            }
    }

    /// Reads a token line into the sentence.
    #[inline]
    fn push(
        &self,
        line: Line<'_>,
        shape: Shape,
        range: &mut Range,
        sentence: &mut Tagged,
    ) -> std::result::Result<Pushed, ErrorKind> {
        if let Some((token, tag)) = self.token_and_tag(line.text).filter(|_| shape == Shape::Usual)
            && (tag == "O" || tag.as_bytes().get(1) == Some(&b'-'))
            && !has_bar(tag)
            && !is_spaced(token)
        {
            sentence.push_at(line.number, token, tag);
            return Ok(Pushed::default());
        }
        let cells = self.cells(line.text)?;
        let (tag, layers) = first_layer(cells.tag).unwrap_or((cells.tag, 0));
        let mut tag = shape.usual(tag);
        // `o` is the `O` of tags in small letters.
        let marked = cells.marked && shape != Shape::Small;
        if is_range(cells.id) {
            // A range of words, or an empty node; a tag on a range is that of its words.
            if let (true, Some((first, last))) = (tag != "O", word_range(cells.id)) {
                *range = Range { last, tags: conllu::spread(&tag, (last - first + 1) as usize).into_iter() };
            }
            return Ok(Pushed { layers, ..Pushed::default() });
        }
        if self.ids && cells.id.parse().is_ok_and(|id: u32| id <= range.last) {
            let of_range = range.tags.next().unwrap_or_default();
            if tag == "O" && !of_range.is_empty() {
                tag = of_range.into();
            }
        }
        if !cells.lang.is_empty() && sentence.lang.is_empty() {
            sentence.lang.push_str(cells.lang);
        }
        sentence.push_at(line.number, cells.token, &tag);
        if self.uner {
            let cells = line.text.splitn(4, '\t').nth(3).unwrap_or_default();
            sentence.annotators.push(cells.to_owned());
        }
        if self.misc.is_some() {
            let glued = if self.hipe { "NoSpaceAfter" } else { "SpaceAfter=No" };
            sentence.glue.push(cells.misc.split('|').any(|part| part == glued));
        }
        let ends = self.hipe && cells.misc.split('|').any(|part| matches!(part, "EndOfSentence" | "PySBDSegment"));
        Ok(Pushed { layers, marked, spaced: is_spaced(cells.token), ends })
    }

    /// Token and tag where the layout is these two columns and nothing is special about the line; the way most lines go.
    #[inline]
    fn token_and_tag<'a>(&self, line: &'a str) -> Option<(&'a str, &'a str)> {
        if !self.plain {
            return None;
        }
        let bytes = line.as_bytes();
        let at = match self.separator {
            Separator::Tab => memchr::memchr(b'\t', bytes)?,
            Separator::Spaces => bytes.iter().position(|byte| matches!(byte, b' ' | b'\t')).filter(|&at| at > 0)?,
        };
        let tag = &bytes[at + 1..];
        let one = match self.separator {
            Separator::Tab => !tag.contains(&b'\t'),
            Separator::Spaces => !tag.is_empty() && !tag.iter().any(|byte| matches!(byte, b' ' | b'\t')),
        };
        one.then(|| (&line[..at], line[at + 1..].trim()))
    }

    /// The cells that count.
    pub(super) fn cells<'a>(&self, line: &'a str) -> std::result::Result<Cells<'a>, ErrorKind> {
        let mut cells = Cells { tag: "O", ..Cells::default() };
        let mut columns = 0;
        let mut visit = |cell: &'a str| {
            if columns == self.token {
                cells.token = cell;
            }
            match &self.tag {
                TagCell::Column(column) if *column == columns => cells.tag = cell.trim(),
                TagCell::Misc { column, key } if *column == columns => cells.tag = misc_value(cell, key).unwrap_or("O"),
                _ => {}
            }
            if self.ids && columns == 0 {
                cells.id = cell;
            }
            if self.misc == Some(columns) {
                cells.misc = cell;
            }
            columns += 1;
        };
        match self.separator {
            Separator::Tab => {
                let mut start = 0;
                for tab in memchr::memchr_iter(b'\t', line.as_bytes()) {
                    visit(&line[start..tab]);
                    start = tab + 1;
                }
                visit(&line[start..]);
            }
            Separator::Spaces => line.split([' ', '\t']).filter(|cell| !cell.is_empty()).for_each(visit),
        }
        if columns != self.columns {
            return Err(ErrorKind::UnequalColumns {
                found: columns,
                expected: self.columns,
                sample: shorten(line),
                separator: self.separator.name(),
            });
        }
        if (self.blank_is_outside || self.hipe) && is_placeholder(cells.tag) {
            cells.tag = "O";
        } else if is_outside_mark(cells.tag) {
            cells.tag = "O";
            cells.marked = true;
        }
        if self.lang_prefix {
            let Some(lang) = lang_of(cells.token) else {
                let expected = "a token of PAN-X (`lang:token`)";
                return Err(ErrorKind::BadLine { line: shorten(line), expected });
            };
            cells.lang = lang;
            cells.token = &cells.token[lang.len() + 1..];
        }
        Ok(cells)
    }
}

/// Whether a token has spaces around it.
fn is_spaced(token: &str) -> bool {
    (token.starts_with(' ') || token.ends_with(' ')) && !token.trim_matches(' ').is_empty()
}

fn misc_value<'a>(misc: &'a str, key: &str) -> Option<&'a str> {
    misc.split('|').filter_map(|part| part.split_once('=')).find_map(|(name, value)| (name == key).then_some(value))
}
