//! JSON values one by one, from lines, from an array or one after the other, without holding the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, check_json};
use crate::line_reader::LineReader;
use crate::reader::Status;

/// Cuts a file into JSON values.
pub(crate) struct ItemReader {
    lines: LineReader,
    file: PathBuf,
    shape: Shape,
    item: Vec<u8>,
    /// Line of `item`, if it was looked at and not given yet.
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
    /// Values of JSON lines; blank lines are passed over.
    pub(crate) fn lines(path: &Path, status: &Arc<Status>) -> Result<Self> {
        ItemReader::open(path, status, Shape::Lines)
    }

    /// Elements of an array, or values one after the other.
    pub(crate) fn values(path: &Path, status: &Arc<Status>) -> Result<Self> {
        ItemReader::open(path, status, Shape::Unknown)
    }

    fn open(path: &Path, status: &Arc<Status>, shape: Shape) -> Result<Self> {
        let lines = LineReader::open(path, status)?;
        Ok(ItemReader { lines, file: path.to_owned(), shape, item: Vec::new(), waiting: None, limits: status.limits })
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The next value; it stays to be read.
    pub(crate) fn peek(&mut self) -> Result<Option<&str>> {
        let line = self.next()?.map(|(line, _)| line);
        self.waiting = line;
        Ok(line.and_then(|_| std::str::from_utf8(&self.item).ok()))
    }

    /// The next value and the line it begins at.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &str)>> {
        let line = match self.shape {
            _ if self.waiting.is_some() => self.waiting.take().unwrap_or_default(),
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
        match std::str::from_utf8(&self.item) {
            Ok(text) => {
                check_json(text, self.limits).map_err(|kind| Error::at_line(&self.file, line, kind))?;
                Ok(Some((line, text)))
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
        let mut reader = ItemReader {
            lines: LineReader::new(input)?,
            file: "t".into(),
            shape,
            item: Vec::new(),
            waiting: None,
            limits: Limits::default(),
        };
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
