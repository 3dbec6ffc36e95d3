//! Lines of a file, without copying them.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::input::Input;
use crate::reader::Status;

/// Bytes that a line may have.
const LINE_LIMIT: usize = 1 << 28;
const BLOCK: usize = 1 << 17;

/// A line without its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: u64,
    pub(crate) text: &'a str,
}

/// Reads lines: LF, CRLF or CR ends one, the last may have no end. A byte order mark at the start is passed over.
pub(crate) struct LineReader {
    input: Input,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    line: u64,
    /// The last byte that was passed over with `consume` was a CR.
    behind_cr: bool,
}

impl LineReader {
    pub(crate) fn open(path: &Path, status: &Arc<Status>) -> Result<LineReader> {
        LineReader::new(Input::open(path, status)?)
    }

    pub(crate) fn new(input: Input) -> Result<LineReader> {
        let buffer = vec![0; BLOCK];
        let mut lines = LineReader { input, buffer, start: 0, end: 0, at_end: false, line: 0, behind_cr: false };
        let head = lines.peek(3)?;
        if head.starts_with(b"\xef\xbb\xbf") {
            lines.start = 3;
        } else if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(Error::in_file(lines.file(), ErrorKind::Utf16));
        }
        Ok(lines)
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &Path {
        self.input.file()
    }

    /// The next line without its end, or `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>> {
        let Some(range) = self.next_range()? else { return Ok(None) };
        match std::str::from_utf8(&self.buffer[range]) {
            Ok(text) => Ok(Some(Line { number: self.line, text })),
            Err(error) => {
                let kind = ErrorKind::NotUtf8 { byte: error.valid_up_to() + 1 };
                Err(Error::at_line(self.input.file(), self.line, kind))
            }
        }
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
        let bytes = &self.buffer[self.start..self.start + count];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let behind_cr = if at == 0 { self.behind_cr } else { bytes[at - 1] == b'\r' };
            // The LF of a CRLF was counted with its CR.
            self.line += u64::from(bytes[at] == b'\r' || !behind_cr);
        }
        self.behind_cr = bytes.last().map_or(self.behind_cr, |&byte| byte == b'\r');
        self.start += count;
    }

    /// Lines that were read to their end.
    pub(crate) fn lines_read(&self) -> u64 {
        self.line
    }

    fn next_range(&mut self) -> Result<Option<Range<usize>>> {
        let mut searched = 0;
        loop {
            let rest = &self.buffer[self.start..self.end];
            let (length, consumed) = match memchr::memchr2(b'\n', b'\r', &rest[searched..]) {
                // Whether an LF follows the CR is not known yet.
                Some(at) if rest[searched + at] == b'\r' && searched + at + 1 == rest.len() && !self.at_end => {
                    searched += at;
                    self.fill()?;
                    continue;
                }
                Some(at) => {
                    let at = searched + at;
                    (at, at + if rest[at..].starts_with(b"\r\n") { 2 } else { 1 })
                }
                None if self.at_end && rest.is_empty() => return Ok(None),
                None if self.at_end => (rest.len(), rest.len()),
                None => {
                    searched = rest.len();
                    if searched > LINE_LIMIT {
                        self.line += 1;
                        let kind = ErrorKind::LineTooLong { limit: LINE_LIMIT };
                        return Err(Error::at_line(self.file(), self.line, kind));
                    }
                    self.fill()?;
                    continue;
                }
            };
            let start = self.start;
            self.start += consumed;
            self.line += 1;
            return Ok(Some(start..start + length));
        }
    }

    /// Reads more behind what is there.
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

/// The lines of some bytes, without their ends; a line end behind the last is followed by an empty line.
pub(crate) fn lines_in(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let Some(at) = memchr::memchr2(b'\n', b'\r', bytes) else { return rest.take() };
        let end = if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = Some(&bytes[at + end..]);
        Some(&bytes[..at])
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
        assert_eq!(lines_of(b"a\r\rb\r"), ok(&["a", "", "b"]));
        assert_eq!(lines_of(b"a\r\r\nb\n\rc"), ok(&["a", "", "b", "", "c"]));
        assert_eq!(lines_of("\u{feff}a\u{a0}b\n".as_bytes()), ok(&["a\u{a0}b"]));
        assert_eq!(lines_of("\u{feff}".as_bytes()), ok(&[]));
    }

    #[test]
    fn a_line_end_of_two_bytes_that_the_buffer_divides_is_one() {
        for length in BLOCK - 3..BLOCK + 3 {
            let text: &'static str = format!("{}\r\nb\rc", "x".repeat(length)).leak();
            let found = lines_of(text.as_bytes());
            assert_eq!(found.len(), 3, "{length}");
            assert_eq!(found[2], Ok("c".to_owned()));
        }
    }

    #[test]
    fn lines_that_are_passed_over_are_counted_alike() {
        for (text, lines) in [("a\r\nb\n", 2), ("a\rb\r", 2), ("\r\n\r\n\r", 3)] {
            let input = Input::from_reader(Path::new("t"), text.as_bytes(), &Arc::default()).unwrap();
            let mut reader = LineReader::new(input).unwrap();
            (0..text.len()).for_each(|_| {
                reader.peek(1).unwrap();
                reader.consume(1);
            });
            assert_eq!(reader.lines_read(), lines, "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_named_by_line_and_place() {
        let lines = lines_of(b"a\nb\xff\nc\n");
        assert!(lines[1].as_ref().unwrap_err().starts_with("t, line 2: byte 2 of the line is not UTF-8"));
        assert_eq!(lines[2], Ok("c".to_owned()));
        assert!(lines_of(b"\xff\xfea\0")[0].as_ref().unwrap_err().contains("UTF-16"));
    }

    #[test]
    fn lines_of_bytes() {
        let found: Vec<&[u8]> = lines_in(b"a\r\nb\rc\n\nd").collect();
        assert_eq!(found, [&b"a"[..], b"b", b"c", b"", b"d"]);
        assert_eq!(lines_in(b"a\n").count(), 2);
        assert_eq!(lines_in(b"").count(), 1);
    }

    #[test]
    fn a_line_longer_than_the_buffer_comes_whole() {
        let long: &'static str = "x".repeat(3 * BLOCK).leak();
        assert_eq!(lines_of(long.as_bytes()), [Ok(long.to_owned())]);
    }
}
