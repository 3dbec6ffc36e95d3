//! JSON values one by one, from lines, from an array or one after the other, without holding the file.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::container::records_in;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, check_json};
use crate::line_reader::LineReader;
use crate::reader::Status;

/// Bytes that are looked at at least to find the layout; more would wait for more lines of a pipe.
const LOOK: usize = 16;

/// Cuts a file into JSON values.
pub(crate) struct ItemReader {
    lines: LineReader,
    file: PathBuf,
    shape: Shape,
    item: Vec<u8>,
    /// The value that is given, in `item`.
    current: Range<usize>,
    /// Values of `item` that are still to come, where the file wraps its records in one object, with their lines.
    inside: VecDeque<(u64, Range<usize>)>,
    /// Values given so far.
    given: u64,
    /// Line of the last value, and whether the one before it was on the same.
    last: (u64, bool),
    /// Line of the value, if it was looked at and not given yet.
    waiting: Option<u64>,
    limits: Limits,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One value a line.
    Lines,
    /// Not known yet: an array or values.
    Unknown,
    /// Values one after the other.
    Values,
    /// Elements of an array; before an element but the first comes a comma.
    Array { first: bool },
    /// After the array.
    Closed,
}

impl ItemReader {
    /// Values of JSON lines; blank lines are passed over. A file that begins with a list of objects, or with a brace or bracket alone on
    /// its line, is JSON of another layout under a wrong name, and read as [`values`](Self::values).
    pub(crate) fn lines(path: &Path, status: &Arc<Status>) -> Result<Self> {
        let mut reader = ItemReader::open(path, status, Shape::Lines)?;
        let start = reader.lines.peek(LOOK)?.trim_ascii_start();
        let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
        let line = start.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default().trim_ascii_end();
        let of_objects = line.strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"));
        if of_objects || matches!(line, b"{" | b"[") {
            reader.shape = Shape::Unknown;
        }
        Ok(reader)
    }

    /// Elements of an array, or values one after the other.
    pub(crate) fn values(path: &Path, status: &Arc<Status>) -> Result<Self> {
        ItemReader::open(path, status, Shape::Unknown)
    }

    fn open(path: &Path, status: &Arc<Status>, shape: Shape) -> Result<Self> {
        let lines = LineReader::open(path, status)?;
        Ok(ItemReader::of(lines, path, shape, status.limits))
    }

    fn of(lines: LineReader, path: &Path, shape: Shape, limits: Limits) -> Self {
        ItemReader {
            lines,
            file: path.to_owned(),
            shape,
            item: Vec::new(),
            current: 0..0,
            inside: VecDeque::new(),
            given: 0,
            last: (0, false),
            waiting: None,
            limits,
        }
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The next value; it stays to be read.
    pub(crate) fn peek(&mut self) -> Result<Option<&str>> {
        let line = self.next()?.map(|(line, _)| line);
        self.waiting = line;
        Ok(line.and_then(|_| std::str::from_utf8(&self.item[self.current.clone()]).ok()))
    }

    /// The number of the last value in the file, counted from 1, where its line holds others as well.
    pub(crate) fn number_in_line(&self) -> Option<u64> {
        let (line, shared) = self.last;
        (shared || self.inside.front().is_some_and(|&(next, _)| next == line)).then_some(self.given)
    }

    /// The next value and the line it begins at.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &str)>> {
        let line = match self.waiting.take() {
            Some(line) => line,
            None => {
                let Some(line) = self.take_next()? else { return Ok(None) };
                self.given += 1;
                self.last = (line, self.last.0 == line);
                line
            }
        };
        self.text(line).map(|text| Some((line, text)))
    }

    /// Makes the next value the current one, and returns its line.
    fn take_next(&mut self) -> Result<Option<u64>> {
        if let Some((line, range)) = self.inside.pop_front() {
            self.current = range;
            return Ok(Some(line));
        }
        let is_first = self.given == 0;
        let line = match self.shape {
            Shape::Lines => loop {
                let Some(line) = self.lines.next()? else { return Ok(None) };
                if !line.text.trim_ascii().is_empty() {
                    self.item.clear();
                    self.item.extend_from_slice(line.text.as_bytes());
                    break line.number;
                }
            },
            _ => {
                if !self.find_value()? {
                    return Ok(None);
                }
                let line = self.here();
                self.take_value(line)?;
                line
            }
        };
        self.current = 0..self.item.len();
        let records = if is_first { records_in(self.text(line)?) } else { None };
        let Some(records) = records else { return Ok(Some(line)) };
        let mut from = (0, line);
        for record in records {
            let breaks = memchr::memchr_iter(b'\n', &self.item[from.0..record.start]).count();
            from = (record.start, from.1 + breaks as u64);
            self.inside.push_back((from.1, record));
        }
        let Some((line, range)) = self.inside.pop_front() else { return Ok(None) };
        self.current = range;
        Ok(Some(line))
    }

    /// The text of the current value.
    fn text(&self, line: u64) -> Result<&str> {
        match std::str::from_utf8(&self.item[self.current.clone()]) {
            Ok(text) => {
                check_json(text, self.limits).map_err(|kind| Error::at_line(&self.file, line, kind))?;
                Ok(text)
            }
            Err(error) => {
                let byte = error.valid_up_to() + 1;
                Err(Error::at_line(&self.file, line, ErrorKind::NotUtf8 { byte }))
            }
        }
    }

    fn here(&self) -> u64 {
        self.lines.lines_read() + 1
    }

    fn fail(&self, message: &str) -> Error {
        let kind = ErrorKind::Json { expected: "JSON", message: message.to_owned() };
        Error::at_line(&self.file, self.here(), kind)
    }

    /// The next byte that is no white space; it stays to be read.
    fn peek_byte(&mut self) -> Result<Option<u8>> {
        loop {
            let chunk = self.lines.peek(1)?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let blank = chunk.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let byte = chunk.get(blank).copied();
            self.lines.consume(blank);
            if byte.is_some() {
                return Ok(byte);
            }
        }
    }

    /// Goes to the start of the next value; `false` at the end.
    fn find_value(&mut self) -> Result<bool> {
        loop {
            let byte = self.peek_byte()?;
            match (self.shape, byte) {
                (Shape::Array { .. }, None) => {
                    return Err(self.fail("the array is not closed; the file is cut off"));
                }
                (_, None) => return Ok(false),
                (Shape::Unknown, Some(b'[')) => {
                    self.lines.consume(1);
                    self.shape = Shape::Array { first: true };
                }
                (Shape::Unknown, Some(_)) => self.shape = Shape::Values,
                (Shape::Values, Some(_)) => return Ok(true),
                (Shape::Array { first }, Some(b']')) => {
                    if first {
                        self.lines.set_empty();
                    }
                    self.lines.consume(1);
                    self.shape = Shape::Closed;
                }
                (Shape::Array { first: true }, Some(_)) => {
                    self.shape = Shape::Array { first: false };
                    return Ok(true);
                }
                (Shape::Array { first: false }, Some(b',')) => {
                    self.lines.consume(1);
                    if matches!(self.peek_byte()?, None | Some(b']' | b',')) {
                        return Err(self.fail("a value is missing after a comma"));
                    }
                    return Ok(true);
                }
                (Shape::Array { first: false }, Some(_)) => {
                    return Err(self.fail("a comma is missing between two values"));
                }
                (Shape::Closed, Some(_)) => return Err(self.fail("something follows the closing bracket of the array")),
                (Shape::Lines, Some(_)) => unreachable!("lines are not searched for values"),
            }
        }
    }

    /// Takes the bytes of one value: to the bracket that closes it, or up to what ends a number or a word.
    fn take_value(&mut self, line: u64) -> Result<()> {
        self.item.clear();
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        loop {
            let chunk = self.lines.peek(1)?;
            if chunk.is_empty() {
                if depth > 0 || in_string {
                    return Err(self.fail("the value is not closed; the file is cut off"));
                }
                return Ok(());
            }
            let mut taken = 0;
            let mut done = false;
            for &byte in chunk {
                if in_string {
                    taken += 1;
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => in_string = false,
                        _ => {}
                    }
                    done = !in_string && depth == 0;
                } else {
                    match byte {
                        b'"' => in_string = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' if depth > 0 => depth -= 1,
                        // What ends a bare word, but never nothing at all.
                        b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n'
                            if depth == 0 && (taken > 0 || !self.item.is_empty()) =>
                        {
                            done = true;
                            break;
                        }
                        _ => {}
                    }
                    taken += 1;
                    done = depth == 0 && matches!(byte, b'}' | b']');
                }
                if done {
                    break;
                }
            }
            self.item.extend_from_slice(&chunk[..taken]);
            self.lines.consume(taken);
            if self.item.len() > self.limits.bytes() {
                let kind = ErrorKind::TooLong { what: "a JSON value", limit: self.limits.bytes() };
                return Err(Error::at_line(&self.file, line, kind));
            }
            if done {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Input;

    fn items(text: &str, shape: Shape) -> Result<Vec<(u64, String)>> {
        let input = Input::from_reader(Path::new("t"), std::io::Cursor::new(text.to_owned()), &Arc::default())?;
        let mut reader = ItemReader::of(LineReader::new(input)?, Path::new("t"), shape, Limits::default());
        let mut found = Vec::new();
        while let Some((line, item)) = reader.next()? {
            found.push((line, item.to_owned()));
        }
        Ok(found)
    }

    #[test]
    fn arrays_and_values_are_cut() {
        let own = |items: &[(u64, &str)]| items.iter().map(|&(line, item)| (line, item.to_owned())).collect::<Vec<_>>();
        let array = " [\n{\"a\":\"]}\\\"\"},\n[1,\n2] , 3,\"x\" ]\n";
        assert_eq!(
            items(array, Shape::Unknown).unwrap(),
            own(&[(2, "{\"a\":\"]}\\\"\"}"), (3, "[1,\n2]"), (4, "3"), (4, "\"x\"")])
        );
        assert_eq!(items("{\"a\":1}\n{}", Shape::Unknown).unwrap(), own(&[(1, "{\"a\":1}"), (2, "{}")]));
        assert_eq!(items("{}\r\n\n[]\n", Shape::Lines).unwrap(), own(&[(1, "{}"), (3, "[]")]));
        let wrapped = "{\"data\": [\n{\"id\":1},\n\n{\"id\":2}, {}\n]}\n";
        let records = own(&[(2, "{\"id\":1}"), (4, "{\"id\":2}"), (4, "{}")]);
        assert_eq!(items(wrapped, Shape::Unknown).unwrap(), records);
        assert_eq!(items("[]", Shape::Unknown).unwrap(), own(&[]));
        assert_eq!(items("", Shape::Unknown).unwrap(), own(&[]));
    }

    #[test]
    fn broken_arrays_are_errors() {
        for bad in ["[", "[{}", "[{},", "[{},]", "[{} {}]", "[{}] x", "{", "[\"", "[1,,2]"] {
            assert!(items(bad, Shape::Unknown).is_err(), "{bad}");
        }
    }
}
