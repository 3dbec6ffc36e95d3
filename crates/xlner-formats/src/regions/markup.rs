//! XML and HTML as a stream of tags and text, with the line of each. Nothing is expanded but characters' own references: a
//! document cannot grow while it is read, and what is nested without end is refused.

use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::escape::resolve_html5_entity;
use quick_xml::events::{BytesStart, Event};

use super::document::Edges;
use crate::error::{Error, ErrorKind, Result};
use crate::line_reader::LineReader;
use crate::reader::Status;

/// Elements that may stand in one another.
const DEPTH: usize = 1000;
/// Bytes of a tag, or of a text between two.
const LIMIT: usize = 1 << 26;

/// What comes next.
pub(super) enum Node {
    Start(Tag),
    /// Local name of the element.
    End(String),
    Text(String),
}

/// A start tag.
#[derive(Debug)]
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
        Ok(Markup { reader, file: path.to_owned(), buffer, format, html, open: Vec::new(), ending: None })
    }

    /// An error at the line that was read last.
    pub(super) fn fail(&self, message: impl Into<String>) -> Error {
        let kind = ErrorKind::Markup { format: self.format, message: message.into() };
        Error::at_line(&self.file, self.reader.get_ref().lines.lines_read() + 1, kind)
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
                Ok(Event::Start(tag)) => Ok(Some((own(&tag), false))),
                Ok(Event::Empty(tag)) => Ok(Some((own(&tag), true))),
                Ok(Event::End(end)) => {
                    let name = end.local_name().as_ref().to_owned();
                    if let Some(at) = self.open.iter().rposition(|open| *open == name) {
                        self.open.truncate(at);
                        return Ok(Some(Node::End(name)));
                    }
                    continue;
                }
                Ok(Event::Text(text)) => return Ok(Some(Node::Text(text.into_inner().into_owned()))),
                Ok(Event::CData(text)) => return Ok(Some(Node::Text(text.into_inner().into_owned()))),
                Ok(Event::GeneralRef(reference)) => {
                    let character = reference.resolve_char_ref().ok().flatten().map(String::from);
                    let named = || resolve_html5_entity(&reference).map(str::to_owned);
                    return Ok(Some(Node::Text(
                        character.or_else(named).unwrap_or_else(|| format!("&{};", &*reference)),
                    )));
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

    fn start(&mut self, tag: std::result::Result<Tag, String>, empty: bool) -> Result<Node> {
        let tag = tag.map_err(|message| self.fail(message))?;
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

fn own(tag: &BytesStart) -> std::result::Result<Tag, String> {
    let attributes = tag
        .html_attributes()
        .with_checks(false)
        .map(|attribute| {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let name = attribute.key.local_name().as_ref().to_owned();
            // A reference to an entity that is not a character's stays as it is written.
            let value = quick_xml::escape::unescape_with(&attribute.value, resolve_html5_entity);
            Ok((name, value.map_or_else(|_| attribute.value.to_string(), |value| value.into_owned())))
        })
        .collect::<std::result::Result<_, String>>()?;
    Ok(Tag { name: tag.local_name().as_ref().to_owned(), attributes })
}

/// Elements of HTML that have no end.
fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta" | "source" | "wbr"
    )
}

/// The edges that four numbers give.
pub(super) fn edges(numbers: &[f64]) -> Option<Edges> {
    let edges: Edges = numbers.try_into().ok()?;
    edges.iter().all(|edge| edge.is_finite()).then_some(edges)
}

/// Lines of the file as the parser wants them; keeps our error, of which the parser would only keep the text.
struct Source {
    lines: LineReader,
    error: Option<Error>,
    taken: usize,
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > LIMIT {
            let kind = ErrorKind::LineTooLong { limit: LIMIT };
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
