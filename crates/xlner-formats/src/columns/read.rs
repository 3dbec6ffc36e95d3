//! Reading columns.

use std::path::{Path, PathBuf};

use xlner_core::tags::{self, Scheme};

use super::layout::{Layout, Separator, TagCell, is_blank, is_docstart, is_placeholder, is_range, is_tag, lang_of};
use super::{EMPTY_MARKER, PREFIX, Tagged};
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::limits::check_tokens;
use crate::line_reader::{Line, LineReader, lines_in};
use crate::{Format, ReadOptions};

/// Reads a column file sentence by sentence, tags as written.
pub(crate) struct ColumnReader {
    lines: LineReader,
    file: PathBuf,
    /// `None` as long as there was no token line.
    layout: Option<Layout>,
    format: Format,
    options: ReadOptions,
    scheme: Scheme,
    header_pending: bool,
}

impl ColumnReader {
    pub(crate) fn new(mut lines: LineReader, format: Format, options: &ReadOptions) -> Result<Self> {
        let file = lines.file().to_owned();
        let prefix = prefix(&mut lines)?;
        let layout = Layout::find(&file, format, prefix, options)?;
        let scheme = match (&layout, options.scheme) {
            (_, Some(scheme)) => scheme,
            (Some(layout), None) => detect_scheme(layout, prefix),
            (None, None) => Scheme::Iob2,
        };
        let header_pending = layout.as_ref().is_some_and(|layout| layout.header);
        let options = options.clone();
        Ok(ColumnReader { lines, file, layout, format, options, scheme, header_pending })
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
        // Whether the sentence is one without tokens, as its marker says.
        let mut empty = false;
        while let Some(line) = self.lines.next()? {
            if is_blank(line.text) {
                if !sentence.is_empty() || empty {
                    return Ok(true);
                }
                sentence.clear();
                continue;
            }
            if sentence.is_empty() && is_docstart(line.text) {
                continue;
            }
            if line.text.starts_with('#') && !self.layout.as_ref().is_some_and(|layout| layout.is_token(line.text)) {
                if line.text == EMPTY_MARKER && sentence.is_empty() {
                    empty = true;
                    sentence.line = line.number;
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
            if sentence.is_empty() {
                sentence.line = line.number;
                empty = false;
            }
            let pushed = layout.push(line, sentence).and_then(|()| check_tokens(sentence.len(), &self.options));
            if let Err(kind) = pushed {
                return Err(Error::at_line(&self.file, line.number, kind).in_record(&sentence.id));
            }
        }
        Ok(!sentence.is_empty() || empty)
    }
}

/// The first lines of a file.
fn prefix(lines: &mut LineReader) -> Result<&[u8]> {
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
        Err(error) if matches!(error.kind(), ErrorKind::MissingTagColumn { .. }) => Ok(false),
        result => result.map(|_| true),
    }
}

/// Finds the scheme of the sentences in a file's first bytes.
fn detect_scheme(layout: &Layout, prefix: &[u8]) -> Scheme {
    let mut sentences: Vec<Vec<&str>> = vec![Vec::new()];
    let mut header = layout.header;
    for line in lines_in(prefix) {
        let Ok(line) = std::str::from_utf8(line) else { continue };
        if is_blank(line) {
            sentences.push(Vec::new());
            continue;
        }
        if is_docstart(line) || (line.starts_with('#') && !layout.is_token(line)) || std::mem::take(&mut header) {
            continue;
        }
        if let (Ok(Some(cells)), Some(sentence)) = (layout.cells(line), sentences.last_mut()) {
            sentence.push(cells.tag);
        }
    }
    tags::detect(sentences.iter().map(Vec::as_slice))
}

/// Keeps what a comment says of the sentence.
fn take_comment(line: &str, sentence: &mut Tagged) {
    let Some((key, value)) = line[1..].split_once('=') else { return };
    match key.trim() {
        "sent_id" => sentence.id = value.trim().to_owned(),
        "text" => sentence.text = Some(value.strip_prefix(' ').unwrap_or(value).to_owned()),
        _ => {}
    }
}

/// What stands in the columns that count.
#[derive(Default)]
struct Cells<'a> {
    token: &'a str,
    tag: &'a str,
    lang: &'a str,
    misc: &'a str,
}

impl Layout {
    /// Whether a line that begins with `#` is a token all the same.
    fn is_token(&self, line: &str) -> bool {
        !self.ids
            && match self.cells(line) {
                Ok(Some(cells)) => self.tag == TagCell::None || is_tag(cells.tag) || self.columns == 1,
                _ => false,
            }
    }

    /// Reads a token line into the sentence.
    #[inline]
    fn push(&self, line: Line<'_>, sentence: &mut Tagged) -> std::result::Result<(), ErrorKind> {
        if let Some((token, tag)) = self.token_and_tag(line.text) {
            sentence.push(token, tag);
            return Ok(());
        }
        let Some(cells) = self.cells(line.text)? else { return Ok(()) };
        if !cells.lang.is_empty() && sentence.lang.is_empty() {
            sentence.lang.push_str(cells.lang);
        }
        sentence.push(cells.token, cells.tag);
        if self.misc.is_some() {
            sentence.glue.push(cells.misc.split('|').any(|part| part == "SpaceAfter=No"));
        }
        Ok(())
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
        one.then(|| (&line[..at], &line[at + 1..]))
    }

    /// The cells that count; `None` for a line that is no token (`3-4`, `5.1`).
    fn cells<'a>(&self, line: &'a str) -> std::result::Result<Option<Cells<'a>>, ErrorKind> {
        let mut cells = Cells { tag: "O", ..Cells::default() };
        let mut id = "";
        let mut columns = 0;
        let mut visit = |cell: &'a str| {
            if columns == self.token {
                cells.token = cell;
            }
            match &self.tag {
                TagCell::Column(column) if *column == columns => cells.tag = cell,
                TagCell::Misc { column, key } if *column == columns => cells.tag = misc_value(cell, key).unwrap_or("O"),
                _ => {}
            }
            if self.ids && columns == 0 {
                id = cell;
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
        if is_range(id) {
            return Ok(None);
        }
        if self.blank_is_outside && is_placeholder(cells.tag) {
            cells.tag = "O";
        }
        if self.lang_prefix {
            let Some(lang) = lang_of(cells.token) else {
                let expected = "a token of PAN-X (`lang:token`)";
                return Err(ErrorKind::BadLine { line: shorten(line), expected });
            };
            cells.lang = lang;
            cells.token = &cells.token[lang.len() + 1..];
        }
        Ok(Some(cells))
    }
}

fn misc_value<'a>(misc: &'a str, key: &str) -> Option<&'a str> {
    misc.split('|').filter_map(|part| part.split_once('=')).find_map(|(name, value)| (name == key).then_some(value))
}
