//! Lines of a file, without copying them.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::input::Input;
use crate::reader::Status;

const BLOCK: usize = 1 << 17;

/// A line without its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: u64,
    pub(crate) text: &'a str,
}

/// Reads lines: LF, CRLF or CR ends them, the last one with or without. A byte order mark at the start is passed over.
pub(crate) struct LineReader {
    input: Input,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    line: u64,
    /// Where the line read last lies in the buffer, and whether it is to be given again.
    last: Range<usize>,
    again: bool,
    /// Bytes of the lines since [`begin`](Self::begin), where a sentence is made of several.
    taken: Option<usize>,
    /// The byte before those that follow is a CR that was passed over as the end of a line.
    after_cr: bool,
}

impl LineReader {
    pub(crate) fn open(path: &Path, status: &Arc<Status>) -> Result<LineReader> {
        LineReader::new(Input::open(path, status)?)
    }

    pub(crate) fn new(input: Input) -> Result<LineReader> {
        let mut lines = LineReader {
            input,
            buffer: vec![0; BLOCK],
            start: 0,
            end: 0,
            at_end: false,
            line: 0,
            last: 0..0,
            again: false,
            taken: None,
            after_cr: false,
        };
        let head = lines.peek(3)?;
        if head.starts_with(b"\xef\xbb\xbf") {
            lines.start = 3;
        } else if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(Error::in_file(lines.file(), ErrorKind::Utf16));
        }
        Ok(lines)
    }

    /// Says that a sentence or document begins, of which all lines together may have as many bytes as a line alone.
    pub(crate) fn begin(&mut self) {
        self.taken = Some(0);
    }

    /// Bytes that a line may have.
    pub(crate) fn limit(&self) -> usize {
        self.input.limits().bytes()
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &Path {
        self.input.file()
    }

    /// Says that the file holds nothing, and says so itself: an empty list.
    pub(crate) fn set_empty(&self) {
        self.input.set_empty();
    }

    /// The next line without its end, or `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>> {
        if !std::mem::take(&mut self.again) {
            let Some(range) = self.next_range()? else { return Ok(None) };
            self.last = range;
        }
        let range = self.last.clone();
        match std::str::from_utf8(&self.buffer[range]) {
            Ok(text) => Ok(Some(Line { number: self.line, text })),
            Err(error) => {
                let kind = ErrorKind::NotUtf8 { byte: error.valid_up_to() + 1 };
                Err(Error::at_line(self.input.file(), self.line, kind))
            }
        }
    }

    /// Gives the line that was read last once more.
    pub(crate) fn give_back(&mut self) {
        self.again = true;
    }

    /// At least `count` of the bytes that follow, fewer only at the end of the file. They stay to be read.
    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8]> {
        while self.end - self.start < count && !self.at_end {
            self.fill()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Passes over bytes that were looked at with [`peek`](Self::peek).
    pub(crate) fn consume(&mut self, count: usize) {
        // A CR at the very end may have its LF after; it is counted with that, or with what follows.
        let bytes = &self.buffer[self.start..self.start + count];
        let after_cr = std::mem::replace(&mut self.after_cr, bytes.last() == Some(&b'\r'));
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes)
            .filter(|&at| bytes[at] == b'\r' || at.checked_sub(1).map_or(!after_cr, |before| bytes[before] != b'\r'));
        self.line += ends.count() as u64;
        self.start += count;
    }

    /// Lines that were read to their end.
    pub(crate) fn lines_read(&self) -> u64 {
        self.line
    }

    fn next_range(&mut self) -> Result<Option<Range<usize>>> {
        // The CR of the line before may have been the last byte that was there.
        if std::mem::take(&mut self.after_cr) && self.peek(1)?.first() == Some(&b'\n') {
            self.start += 1;
        }
        let mut searched = 0;
        loop {
            let rest = &self.buffer[self.start..self.end];
            let (length, consumed) = match memchr::memchr2(b'\n', b'\r', &rest[searched..]).map(|at| searched + at) {
                Some(at) if rest[at..].starts_with(b"\r\n") => (at, at + 2),
                Some(at) => {
                    self.after_cr = rest[at] == b'\r' && at + 1 == rest.len();
                    (at, at + 1)
                }
                None if self.at_end && rest.is_empty() => return Ok(None),
                None if self.at_end => (rest.len(), rest.len()),
                None => {
                    searched = rest.len();
                    self.check("a line", searched)?;
                    self.fill()?;
                    continue;
                }
            };
            self.check("a line", length)?;
            if let Some(taken) = self.taken {
                self.check("a sentence or document of several lines", taken + consumed)?;
                self.taken = Some(taken + consumed);
            }
            let start = self.start;
            self.start += consumed;
            self.line += 1;
            return Ok(Some(start..start + length));
        }
    }

    /// Whether so many bytes may be held.
    fn check(&self, what: &'static str, bytes: usize) -> Result<()> {
        let limit = self.limit();
        match bytes > limit {
            true => Err(Error::at_line(self.file(), self.line + 1, ErrorKind::TooLong { what, limit })),
            false => Ok(()),
        }
    }

    /// Reads more after what is there.
    fn fill(&mut self) -> Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
        let count = self.input.read(&mut self.buffer[self.end..], self.line + 1)?;
        self.end += count;
        self.at_end = count == 0;
        Ok(())
    }
}

/// The lines of a text that is there as a whole, without their ends: LF, CRLF or CR.
pub(crate) fn line_ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    byte_line_ranges(text.as_bytes())
}

/// The lines of bytes, without their ends.
pub(crate) fn byte_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    byte_line_ranges(bytes).map(|range| &bytes[range])
}

fn byte_line_ranges(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= bytes.len() {
            return None;
        }
        let from = start;
        let end = memchr::memchr2(b'\n', b'\r', &bytes[from..]).map_or(bytes.len(), |at| from + at);
        start = end + if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
        Some(from..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(bytes: &'static [u8]) -> Vec<std::result::Result<String, String>> {
        let input = Input::from_reader(Path::new("t"), bytes, &Arc::default()).unwrap();
        let mut reader = match LineReader::new(input) {
            Ok(reader) => reader,
            Err(error) => return vec![Err(error.to_string())],
        };
        let mut lines = Vec::new();
        loop {
            match reader.next() {
                Ok(None) => return lines,
                Ok(Some(line)) => lines.push(Ok(line.text.to_owned())),
                Err(error) => lines.push(Err(error.to_string())),
            }
        }
    }

    #[test]
    fn line_ends_and_byte_order_mark() {
        let ok = |lines: &[&str]| lines.iter().map(|line| Ok((*line).to_owned())).collect::<Vec<_>>();
        assert_eq!(lines_of(b""), ok(&[]));
        assert_eq!(lines_of(b"\n"), ok(&[""]));
        assert_eq!(lines_of(b"a\r\n\r\nb"), ok(&["a", "", "b"]));
        assert_eq!(lines_of(b"a\r\rb\rc\n\rd\r"), ok(&["a", "", "b", "c", "", "d"]));
        assert_eq!(lines_of(b"\r"), ok(&[""]));
        assert_eq!(lines_of("\u{feff}a\u{a0}b\n".as_bytes()), ok(&["a\u{a0}b"]));
        assert_eq!(lines_of("\u{feff}".as_bytes()), ok(&[]));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_named_by_line_and_place() {
        let lines = lines_of(b"a\nb\xff\nc\n");
        assert!(lines[1].as_ref().unwrap_err().starts_with("t, line 2: byte 2 of the line is not UTF-8"));
        assert_eq!(lines[2], Ok("c".to_owned()));
        assert!(lines_of(b"\xff\xfea\0")[0].as_ref().unwrap_err().contains("UTF-16"));
    }

    #[test]
    fn a_line_longer_than_the_buffer_comes_whole() {
        let long: &'static str = "x".repeat(3 * BLOCK).leak();
        assert_eq!(lines_of(long.as_bytes()), [Ok(long.to_owned())]);
    }

    #[test]
    fn crlf_is_one_end_wherever_the_buffer_ends() {
        for before in BLOCK - 3..BLOCK + 3 {
            let text: &'static str = format!("{}\r\nb\rc", "x".repeat(before)).leak();
            let lines = lines_of(text.as_bytes());
            assert_eq!(lines.len(), 3, "{before}");
            assert_eq!(lines[1..], [Ok("b".to_owned()), Ok("c".to_owned())]);
        }
    }

    #[test]
    fn lines_of_a_whole_text_are_the_same() {
        for text in ["", "a", "a\n", "a\r\n\r\nb", "\r\ra\n\rb\r\n"] {
            let whole: Vec<_> = line_ranges(text).map(|line| Ok(text[line].to_owned())).collect();
            assert_eq!(whole, lines_of(text.as_bytes()), "{text:?}");
        }
    }
}
