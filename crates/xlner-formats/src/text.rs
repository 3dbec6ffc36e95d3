//! Plain lines and bitext: one line, one sentence or pair. An empty line is an empty sentence (a pair of two).

use std::path::Path;
use std::sync::Arc;

use xlner_core::{Pair, Sentence};

use crate::columns::{QUOTED, is_quoted, is_tag};
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::limits::check_text;
use crate::line_reader::{LineReader, byte_lines};
use crate::notes::NoteKind;
use crate::reader::Status;
use crate::record::{PairWriter, SentenceWriter, from_line, record_id, to_line};
use crate::{Format, Output, ReadOptions, WriteOptions};

const BLANK_END: NoteKind =
    NoteKind::new("blank-lines-at-the-end", "empty lines at the end of a text (each is an empty sentence)");
const HEADER: NoteKind = NoteKind::new("header", "first lines that look like names of columns (read as a pair)");
const JSON: NoteKind = NoteKind::new("json-as-text", "lines that are JSON records (read as text)");
const COLUMNS: NoteKind = NoteKind::new("columns-as-text", "lines that are a token and its tag (each read as a text)");
const SUBTITLES: NoteKind =
    NoteKind::new("subtitles-as-text", "lines with the times of subtitles (read as text, and so are the others)");
const MARKUP: NoteKind = NoteKind::new("markup-as-text", "lines that begin a page of HTML or XML (read as text)");
/// Names that the columns of a bitext go by.
const COLUMN_NAMES: [&str; 12] = [
    "source",
    "src",
    "source_text",
    "original",
    "text",
    "sentence",
    "target",
    "tgt",
    "trg",
    "target_text",
    "translation",
    "translated",
];

/// Empty lines since the last that was not.
#[derive(Default)]
struct Blank {
    count: usize,
    /// The line of the first.
    first: u64,
    /// Whether there was a line with text.
    after_text: bool,
}

impl Blank {
    fn add(&mut self, text: &str, number: u64) {
        if text.trim_ascii().is_empty() {
            self.first = if self.count == 0 { number } else { self.first };
            self.count += 1;
        } else {
            (self.count, self.after_text) = (0, true);
        }
    }

    /// Notes at the end of the file those that end it.
    fn note(&mut self, file: &Path, status: &Status) -> Result<()> {
        let count = if self.after_text { std::mem::take(&mut self.count) } else { 0 };
        status.note(BLANK_END, count, |kind| Error::at_line(file, self.first, kind))
    }
}

/// Reads plain lines.
pub(crate) fn sentences(
    mut lines: LineReader,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> impl Iterator<Item = Result<Sentence>> + Send + 'static {
    let (file, options, status) = (lines.file().to_owned(), options.clone(), Arc::clone(status));
    let mut blank = Blank::default();
    std::iter::from_fn(move || {
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => return blank.note(&file, &status).err().map(Err),
            Err(error) => return Some(Err(error)),
        };
        blank.add(line.text, line.number);
        if let Some(kind) = other_format(line.text)
            && let Err(error) = status.note(kind, 1, |kind| Error::at_line(&file, line.number, kind))
        {
            return Some(Err(error));
        }
        Some(match check_text(line.text, &options) {
            Ok(()) => Ok(from_line(line.text, options.tokenized, options.lang.as_ref())),
            Err(kind) => Err(Error::at_line(&file, line.number, kind)),
        })
    })
}

/// Whether the first line that is not blank holds the bars of a bitext.
pub(crate) fn has_bars(lines: &mut LineReader) -> Result<bool> {
    let prefix = lines.peek(1 << 16)?;
    let first = byte_lines(prefix).find(|line| !line.trim_ascii().is_empty());
    Ok(first.is_some_and(|line| memchr::memmem::find(line, b"|||").is_some()))
}

/// What separates the sides of a bitext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Divider {
    Tab,
    Bars,
}

impl Divider {
    /// That of a format that is written.
    fn of(format: Format) -> Divider {
        if format == Format::Tsv { Divider::Tab } else { Divider::Bars }
    }

    /// That of a file; in plain text the first line that is not blank tells.
    fn in_file(format: Format, lines: &mut LineReader) -> Result<Divider> {
        if format != Format::Text || has_bars(lines)? {
            return Ok(Divider::of(format));
        }
        let first = byte_lines(lines.peek(1 << 16)?).find(|line| !line.trim_ascii().is_empty());
        Ok(if first.is_some_and(|line| line.contains(&b'\t')) { Divider::Tab } else { Divider::Bars })
    }

    const fn name(self) -> &'static str {
        match self {
            Divider::Tab => "TAB",
            Divider::Bars => "|||",
        }
    }

    /// The two sides of a line, or the number of columns where there are not two.
    ///
    /// The bars have a space on either side; an editor may have cut the one at an end of the line.
    fn split(self, line: &str) -> std::result::Result<(&str, &str), usize> {
        let found = match self {
            Divider::Tab => line.split('\t').count(),
            Divider::Bars => line.split("|||").count(),
        };
        if line.is_empty() {
            return Ok(("", ""));
        }
        if found != 2 {
            return Err(found);
        }
        match self {
            Divider::Tab => line.split_once('\t').ok_or(found),
            Divider::Bars => {
                let (source, target) = line.split_once("|||").ok_or(found)?;
                Ok((source.strip_suffix(' ').unwrap_or(source), target.strip_prefix(' ').unwrap_or(target)))
            }
        }
    }
}

/// Reads a bitext.
///
/// # Errors
/// Where the first lines cannot be read.
pub(crate) fn pairs(
    mut lines: LineReader,
    format: Format,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> Result<impl Iterator<Item = Result<Pair>> + Send + 'static> {
    let divider = Divider::in_file(format, &mut lines)?;
    let (file, options, status) = (lines.file().to_owned(), options.clone(), Arc::clone(status));
    let mut blank = Blank::default();
    Ok(std::iter::from_fn(move || {
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => return blank.note(&file, &status).err().map(Err),
            Err(error) => return Some(Err(error)),
        };
        blank.add(line.text, line.number);
        if let Err(kind) = check_text(line.text, &options) {
            return Some(Err(Error::at_line(&file, line.number, kind)));
        }
        Some(match divider.split(line.text) {
            Ok((source, target)) => {
                let at = |kind| Error::at_line(&file, line.number, kind);
                let header = line.number == 1 && is_name(source) && is_name(target);
                let quoted = [source, target].into_iter().filter(|side| is_quoted(side)).count();
                let noted = status.note(HEADER, header.into(), at).and_then(|()| status.note(QUOTED, quoted, at));
                noted.map(|()| Pair {
                    source: from_line(source, options.tokenized, options.lang.as_ref()),
                    target: from_line(target, options.tokenized, options.target_lang.as_ref()),
                    ..Pair::default()
                })
            }
            Err(found) => {
                let kind = ErrorKind::NotAPair { found, separator: divider.name(), sample: shorten(line.text) };
                Err(Error::at_line(&file, line.number, kind))
            }
        })
    }))
}

/// What speaks for a line of another format than plain text.
fn other_format(line: &str) -> Option<NoteKind> {
    if line.starts_with("{\"") && line.ends_with('}') {
        return serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line).is_ok().then_some(JSON);
    }
    if let Some((start, end)) = line.split_once(" --> ") {
        let is_time = |text: &str| {
            text.contains(':')
                && text.trim_end().ends_with(|c: char| c.is_ascii_digit())
                && text.bytes().all(|byte| byte.is_ascii_digit() || b":,. ".contains(&byte))
        };
        return (is_time(start) && end.split(' ').next().is_some_and(is_time)).then_some(SUBTITLES);
    }
    let begins = |name: &str| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    if ["<!doctype html", "<html", "<?xml "].into_iter().any(begins) {
        return Some(MARKUP);
    }
    // CoNLL-U numbers its words.
    if line.split('\t').count() == 10 && line.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(COLUMNS);
    }
    let (token, tag) = line.rsplit_once('\t')?;
    (!token.is_empty() && !token.contains(' ') && is_tag(tag)).then_some(COLUMNS)
}

/// Whether a cell is a name that a column goes by.
fn is_name(cell: &str) -> bool {
    COLUMN_NAMES.contains(&cell.trim().to_ascii_lowercase().as_str())
}

/// Writes plain lines and bitext.
pub(crate) struct TextWriter {
    output: Output,
    format: Format,
    tokenized: bool,
}

impl TextWriter {
    pub(crate) fn new(output: Output, format: Format, options: &WriteOptions) -> Self {
        TextWriter { output, format, tokenized: options.tokenized }
    }

    fn refuse(&self, sentence: &Sentence, id: &str, why: &'static str) -> Error {
        let what = format!("“{}”", shorten(sentence.text()));
        let kind = ErrorKind::NotRepresentable { what, format: self.format.name(), why };
        Error::in_file(self.output.path(), kind).in_record(id)
    }
}

impl SentenceWriter for TextWriter {
    fn write(&mut self, sentence: &Sentence) -> Result<()> {
        let line = to_line(sentence, self.tokenized).map_err(|why| self.refuse(sentence, &record_id(sentence), why))?;
        let line = format!("{line}\n");
        self.output.put(line.as_bytes())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.output.finish()
    }
}

impl PairWriter for TextWriter {
    fn write(&mut self, pair: &Pair) -> Result<()> {
        let divider = Divider::of(self.format);
        let side = |sentence| to_line(sentence, self.tokenized).map_err(|why| self.refuse(sentence, &pair.id, why));
        let (source, target) = (side(&pair.source)?, side(&pair.target)?);
        let line = match divider {
            Divider::Tab => format!("{source}\t{target}"),
            Divider::Bars => format!("{source} ||| {target}"),
        };
        if divider.split(&line) != Ok((&source, &target)) {
            let why = match divider {
                Divider::Tab => "the text holds a tab, which separates the sides here; replace it by a space",
                Divider::Bars => "the text holds bars like those that separate the sides here; write TSV or JSONL",
            };
            return Err(self.refuse(&pair.source, &pair.id, why));
        }
        self.output.put(line.as_bytes())?;
        self.output.put(b"\n")
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.output.finish()
    }
}
