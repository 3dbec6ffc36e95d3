//! XML and HTML as a stream of tags and text, with the line of each. Nothing is expanded but characters' own references: a
//! document cannot grow while it is read, and what is nested without end is refused.

use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::references::{resolve, unescape};
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::line_reader::LineReader;
use crate::notes::NoteKind;
use crate::reader::Status;

/// Elements that may stand in one another.
const DEPTH: usize = 1000;

/// What comes next.
pub(super) enum Node {
    Start(Tag),
    /// Local name of the element.
    End(String),
    Text(String),
}

/// A start tag.
#[derive(Debug, Default)]
pub(super) struct Tag {
    /// Local name.
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// The value of an attribute, by its local name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

const OUTSIDE: NoteKind = NoteKind::new("stray-text", "texts that stand outside of the elements for text (left out)");

/// Reads nodes.
pub(super) struct Markup {
    reader: Reader<Source>,
    file: PathBuf,
    buffer: Vec<u8>,
    format: &'static str,
    html: bool,
    open: Vec<String>,
    /// End of the empty element that was just given.
    ending: Option<String>,
    /// The outermost element is closed.
    closed: bool,
    status: Arc<Status>,
}

impl Markup {
    /// Opens a file; `format` serves messages, `html` allows elements that are not closed.
    pub(super) fn open(path: &Path, status: &Arc<Status>, format: &'static str, html: bool) -> Result<Markup> {
        let source = Source { lines: LineReader::open(path, status)?, error: None, taken: 0 };
        let mut reader = Reader::from_reader(source);
        let config = reader.config_mut();
        config.check_end_names = !html;
        config.allow_unmatched_ends = html;
        config.allow_dangling_amp = true;
        let buffer = Vec::new();
        let (file, status) = (path.to_owned(), Arc::clone(status));
        Ok(Markup { reader, file, buffer, format, html, open: Vec::new(), ending: None, closed: false, status })
    }

    /// The line that was read last, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.reader.get_ref().lines.lines_read() + 1
    }

    /// An error at the line that was read last.
    pub(super) fn fail(&self, message: impl Into<String>) -> Error {
        let kind = ErrorKind::Markup { format: self.format, message: message.into() };
        Error::at_line(&self.file, self.line(), kind)
    }

    /// Notes that something was left out or repaired at the line that was read last.
    pub(super) fn note(&self, kind: NoteKind, count: usize) -> Result<()> {
        self.note_at(self.line(), kind, count)
    }

    /// Notes that something was left out or repaired at a line.
    pub(super) fn note_at(&self, line: u64, kind: NoteKind, count: usize) -> Result<()> {
        self.status.note(kind, count, |error| Error::at_line(&self.file, line, error))
    }

    /// Notes a text where none should be, if it is not blank.
    pub(super) fn note_stray(&self, text: &str) -> Result<()> {
        self.note(OUTSIDE, usize::from(!text.trim().is_empty()))
    }

    /// The next node; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Node>> {
        if let Some(name) = self.ending.take() {
            return Ok(Some(Node::End(name)));
        }
        loop {
            self.buffer.clear();
            self.reader.get_mut().taken = 0;
            let read = match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Start(tag)) => Ok(Some((own(&tag, self.html), false))),
                Ok(Event::Empty(tag)) => Ok(Some((own(&tag, self.html), true))),
                Ok(Event::End(end)) => {
                    let name = name(end.local_name().as_ref(), self.html);
                    if let Some(at) = self.open.iter().rposition(|open| *open == name) {
                        self.open.truncate(at);
                        self.closed = at == 0;
                        return Ok(Some(Node::End(name)));
                    }
                    continue;
                }
                Ok(Event::Text(text)) => {
                    let text = text.into_inner().into_owned();
                    return self.text(text).map(Some);
                }
                Ok(Event::CData(text)) => {
                    let text = text.into_inner().into_owned();
                    return self.text(text).map(Some);
                }
                Ok(Event::GeneralRef(reference)) => {
                    let text = resolve(&reference).unwrap_or_else(|| format!("&{};", &*reference));
                    return self.text(text).map(Some);
                }
                Ok(Event::Eof) => Ok(None),
                Ok(_) => continue,
                Err(error) => Err(error.to_string()),
            };
            return match read {
                Ok(Some((tag, empty))) => self.start(tag, empty).map(Some),
                Ok(None) if self.html || self.open.is_empty() => Ok(None),
                Ok(None) => Err(self.fail("the file is cut off: elements are not closed")),
                Err(message) => Err(self.reader.get_mut().error.take().unwrap_or_else(|| self.fail(message))),
            };
        }
    }

    /// A text, which XML has only inside of its outermost element.
    fn text(&self, text: String) -> Result<Node> {
        if !self.html && self.open.is_empty() && !text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() {
            return Err(self.fail(format!("“{}” stands outside of the outermost element", shorten(text.trim()))));
        }
        Ok(Node::Text(text))
    }

    fn start(&mut self, tag: std::result::Result<Tag, String>, empty: bool) -> Result<Node> {
        let tag = tag.map_err(|message| self.fail(message))?;
        if !self.html && self.open.is_empty() && std::mem::replace(&mut self.closed, empty) {
            let message = format!("a second outermost element, {}, follows the first; split the file in two", tag.name);
            return Err(self.fail(message));
        }
        if empty || self.html && is_void(&tag.name) {
            self.ending = Some(tag.name.clone());
        } else {
            if self.open.len() == DEPTH {
                return Err(self.fail(format!("more than {DEPTH} elements in one another")));
            }
            self.open.push(tag.name.clone());
        }
        Ok(Node::Start(tag))
    }
}

/// The name of an element or attribute; in HTML capitals do not count.
fn name(name: &str, html: bool) -> String {
    if html { name.to_ascii_lowercase() } else { name.to_owned() }
}

fn own(tag: &BytesStart, html: bool) -> std::result::Result<Tag, String> {
    let attributes = tag
        .html_attributes()
        .with_checks(false)
        .map(|attribute| {
            let attribute = attribute.map_err(|error| error.to_string())?;
            Ok((name(attribute.key.local_name().as_ref(), html), unescape(&attribute.value).into_owned()))
        })
        .collect::<std::result::Result<_, String>>()?;
    Ok(Tag { name: name(tag.local_name().as_ref(), html), attributes })
}

/// Elements of HTML that have no end.
fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta" | "source" | "wbr"
    )
}

/// Lines of the file as the parser wants them; keeps our error, of which the parser would only keep the text.
struct Source {
    lines: LineReader,
    error: Option<Error>,
    taken: usize,
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > self.lines.limit() {
            let kind = ErrorKind::TooLong { what: "a tag, or text without one,", limit: self.lines.limit() };
            self.error = Some(Error::at_line(self.lines.file(), self.lines.lines_read() + 1, kind));
        } else if let Err(error) = self.lines.peek(1) {
            self.error = Some(error);
        }
        if self.error.is_some() {
            return Err(io::Error::other("the file cannot be read on"));
        }
        self.lines.peek(1).map_err(|_| io::Error::other("the file cannot be read on"))
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
        self.lines.consume(count);
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.consume(count);
        Ok(count)
    }
}
