//! Writing brat's documents.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use xlner_core::{Entity, Sentence};

use super::files;
use crate::annotated::Characters;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::input::Input;
use crate::record::{SentenceWriter, record_id, to_line};
use crate::{Format, Output};

/// The text of a document.
enum Text {
    New(Output),
    /// There already, and not named: the annotations are of it, or they are not written. A text that nobody named is never
    /// replaced.
    There(Input),
}

impl Text {
    fn path(&self) -> &Path {
        match self {
            Text::New(output) => output.path(),
            Text::There(input) => input.file(),
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Text::New(output) => output.put(bytes),
            Text::There(input) => {
                let mut there = vec![0; bytes.len()];
                let mut length = 0;
                while length < there.len() {
                    match input.read(&mut there[length..], 1)? {
                        0 => break,
                        count => length += count,
                    }
                }
                // The last line may lack its end.
                let same = match bytes.strip_suffix(b"\n") {
                    Some(line) if length == line.len() => there[..length] == *line,
                    _ => there[..length] == *bytes,
                };
                if same { Ok(()) } else { Err(Error::in_file(input.file(), ErrorKind::OtherText)) }
            }
        }
    }

    fn finish(self) -> Result<()> {
        match self {
            Text::New(output) => output.finish(),
            Text::There(mut input) => match input.read(&mut [0], 1)? {
                0 => Ok(()),
                _ => Err(Error::in_file(input.file(), ErrorKind::OtherText)),
            },
        }
    }
}

/// Writes one document, a line for each sentence.
pub(crate) struct BratWriter {
    text: Text,
    annotations: Output,
    /// Characters written so far.
    written: usize,
    /// Number of the annotation that comes next.
    next: u64,
}

impl BratWriter {
    pub(crate) fn new(path: &Path) -> Result<Self> {
        if path == Path::new("-") || path.is_dir() {
            return Err(Error::in_file(path, ErrorKind::TwoFiles));
        }
        let (text, annotations) = files(path);
        let text = match text.is_file() && path != text {
            true => Text::There(Input::open(&text, &Arc::default())?),
            false => Text::New(Output::create(&text)?),
        };
        Ok(BratWriter { text, annotations: Output::create(&annotations)?, written: 0, next: 1 })
    }

    fn annotation_lines(&self, sentence: &Sentence) -> std::result::Result<(String, u64), ErrorKind> {
        // A text that begins with a byte order mark gets another one in front.
        let mark = usize::from(self.written == 0 && sentence.text().starts_with('\u{feff}'));
        let characters = Characters::of(sentence.text());
        let (mut lines, mut next) = (String::new(), self.next);
        for parts in annotations(sentence) {
            let label = &parts[0].label;
            if label.is_empty() || label.contains(char::is_whitespace) {
                return Err(refuse(label, "the label is empty or holds white space; map it to another"));
            }
            write!(lines, "T{next}\t{label} ").map_err(|_| refuse(label, "it cannot be formatted"))?;
            let mut text = String::new();
            for (index, part) in parts.iter().enumerate() {
                let offset = |byte| self.written + mark + characters.before(byte);
                let start = offset(sentence.byte_range(part.span.start).start);
                let end = offset(sentence.byte_range(part.span.end - 1).end);
                if start == end {
                    return Err(refuse(label, "an entity covers no character"));
                }
                let (semicolon, space) = if index == 0 { ("", "") } else { (";", " ") };
                lines.push_str(&format!("{semicolon}{start} {end}"));
                text.push_str(space);
                text.push_str(sentence.span_text(part.span));
            }
            lines.push('\t');
            lines.push_str(&text.replace(['\t', '\r'], " "));
            lines.push('\n');
            next += 1;
        }
        Ok((lines, next))
    }
}

/// The entities of a sentence; parts of a discontinuous one, which share label and `id`, together.
fn annotations(sentence: &Sentence) -> Vec<Vec<&Entity>> {
    let mut groups: Vec<Vec<&Entity>> = Vec::new();
    for entity in &sentence.entities {
        let id = entity.extra.get("id").filter(|id| Value::is_string(id));
        let group = groups.iter_mut().find(|group| {
            id.is_some()
                && group[0].extra.get("id") == id
                && group[0].label == entity.label
                && group.iter().all(|part| part.span.end <= entity.span.start)
        });
        match group {
            Some(group) => group.push(entity),
            None => groups.push(vec![entity]),
        }
    }
    groups
}

fn refuse(what: &str, why: &'static str) -> ErrorKind {
    ErrorKind::NotRepresentable { what: format!("“{}”", shorten(what)), format: Format::Brat.name(), why }
}

impl SentenceWriter for BratWriter {
    fn write(&mut self, sentence: &Sentence) -> Result<()> {
        let fail = |kind| Error::in_file(self.text.path(), kind).in_record(&record_id(sentence));
        let line = to_line(sentence, false).map_err(|why| fail(refuse(sentence.text(), why)))?;
        let (lines, next) = self.annotation_lines(sentence).map_err(fail)?;
        let doubled = usize::from(self.written == 0 && line.starts_with('\u{feff}'));
        self.text.put(format!("{line}\n").as_bytes())?;
        self.annotations.put(lines.as_bytes())?;
        self.written += doubled + line.chars().count() + 1;
        self.next = next;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.text.finish()?;
        self.annotations.finish()
    }
}
