//! What can go wrong with a file, and where.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::Place;

pub use kind::ErrorKind;

mod kind;

/// Result of the functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Something is wrong with a file. Names the file, the line and the record where they are known, and the cure.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    line: Option<u64>,
    record: Option<String>,
    kind: ErrorKind,
}

impl Error {
    /// An error in a file as a whole.
    pub fn in_file(file: &Path, kind: ErrorKind) -> Self {
        Error(Box::new(Inner { file: file.to_owned(), line: None, record: None, kind }))
    }

    /// The error for a folder that stands where a file is wanted.
    pub(crate) fn folder(path: &Path) -> Self {
        const NAMED: usize = 3;
        let entries = std::fs::read_dir(path).into_iter().flatten().filter_map(io::Result::ok);
        let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        let mut inside: Vec<String> = files.map(|entry| entry.path().display().to_string()).collect();
        inside.sort();
        inside.truncate(NAMED);
        Error::in_file(path, ErrorKind::Folder { inside })
    }

    /// An error at a line, counted from 1.
    pub fn at_line(file: &Path, line: u64, kind: ErrorKind) -> Self {
        Error(Box::new(Inner { file: file.to_owned(), line: Some(line), record: None, kind }))
    }

    /// An error at a place.
    pub(crate) fn at_place(place: &Place, kind: ErrorKind) -> Self {
        let Place { file, line, record } = place.clone();
        Error(Box::new(Inner { file, line, record, kind }))
    }

    /// The same error with the id of the record it happened in; an empty id changes nothing.
    #[must_use]
    pub fn in_record(mut self, id: &str) -> Self {
        if !id.is_empty() {
            self.0.record = Some(id.to_owned());
        }
        self
    }

    /// The same error at the place in the input that what could not be written comes from.
    #[must_use]
    pub fn moved_to(mut self, file: &Path, line: Option<u64>) -> Self {
        self.0.file = file.to_owned();
        self.0.line = line;
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The file; `-` is standard input or output.
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// The line, counted from 1.
    pub fn line(&self) -> Option<u64> {
        self.0.line
    }

    /// Id of the record.
    pub fn record(&self) -> Option<&str> {
        self.0.record.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { file, line, record, kind } = &*self.0;
        write!(f, "{}", tame(&file.display().to_string()))?;
        if let Some(line) = line {
            write!(f, ", line {line}")?;
        }
        if let Some(record) = record {
            write!(f, ", record “{}”", tame(record))?;
        }
        write!(f, ": {}", tame(&kind.to_string()))
    }
}

/// A message in one line that people can read, whatever the file holds that it quotes: control characters, which a terminal
/// would obey, are spelt out, and of a very long text the middle is left out.
fn tame(message: &str) -> String {
    const LIMIT: usize = 600;
    let mut tame = String::with_capacity(message.len());
    let count = message.chars().count();
    for (at, char) in message.chars().enumerate() {
        match char {
            _ if count > LIMIT && (LIMIT / 2..count - LIMIT / 2).contains(&at) => {
                if at == LIMIT / 2 {
                    tame.push('…');
                }
            }
            char if char.is_control() => tame.extend(char.escape_default()),
            char => tame.push(char),
        }
    }
    tame
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.kind)
    }
}

/// A text cut to a length that fits a message.
pub(crate) fn shorten(text: &str) -> String {
    const LIMIT: usize = 60;
    match text.char_indices().nth(LIMIT) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line_and_not_endless() {
        let quoted = |text: &str| {
            let kind = ErrorKind::Markup { format: "hOCR", message: format!("“{text}” is no box") };
            Error::at_line(Path::new("a.hocr"), 3, kind).to_string()
        };
        assert_eq!(
            quoted("1\n2\u{1b}[31m\u{9b}Ω"),
            "a.hocr, line 3: this is not the hOCR it should be: “1\\n2\\u{1b}[31m\\u{9b}Ω” is no box"
        );
        let long = quoted(&"x\n".repeat(10_000));
        assert!(long.chars().count() < 1300 && long.ends_with("” is no box") && long.contains('…'), "{long}");
    }
}
