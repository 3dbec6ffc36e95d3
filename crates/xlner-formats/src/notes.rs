//! What readers leave out or repair: counted by kind, with the first place.
//!
//! A format that cannot take over something declares a [`NoteKind`] beside its code and notes it with `Status::note`. The reader goes
//! on, and [`Notes`] hold the kind, the count and the first place. With [`ReadOptions::strict`](crate::ReadOptions::strict) the same
//! call is an error at that place.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Serialize, Serializer};

use crate::error::{Error, ErrorKind};

/// A kind of thing that is left out or repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NoteKind {
    /// Its name in reports: lower case, words joined by hyphens.
    #[serde(rename = "kind")]
    pub name: &'static str,
    /// What it is, in the plural, and what became of it: `relations (left out)`.
    #[serde(rename = "what")]
    pub text: &'static str,
}

impl NoteKind {
    /// A kind of this name and text.
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        NoteKind { name, text }
    }
}

/// Tags that break the rules of their scheme.
pub(crate) const REPAIRED_TAGS: NoteKind =
    NoteKind::new("repaired-tags", "tags that break the rules of their scheme (read as conlleval reads them)");

/// What another person than the first made of the same text.
pub(crate) const SECOND_ANNOTATORS: NoteKind = NoteKind::new(
    "second-annotators",
    "annotations of a second annotator of the same text (left out, the first counts)",
);

/// Where something was noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file; `-` is standard input.
    #[serde(serialize_with = "shown")]
    pub file: PathBuf,
    /// The line (the row in Parquet), counted from 1, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Id of the record, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

fn shown<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

impl Place {
    /// A file as a whole.
    pub fn file(file: impl Into<PathBuf>) -> Place {
        Place { file: file.into(), line: None, record: None }
    }

    /// A record in it, by its id or number; or whatever else has a name there.
    #[must_use]
    pub fn record(mut self, record: impl Into<String>) -> Place {
        self.record = Some(record.into()).filter(|record| !record.is_empty());
        self
    }

    /// The place that an error names.
    fn of(error: &Error) -> Place {
        let record = error.record().map(str::to_owned);
        Place { file: error.file().to_owned(), line: error.line(), record }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(record) = &self.record {
            write!(f, ", record “{record}”")?;
        }
        Ok(())
    }
}

/// How often something was left out or repaired, and where first.
///
/// `Display` gives one line for people, `Serialize` `{"kind","what","count","first":{"file","line","record"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What.
    #[serde(flatten)]
    pub kind: NoteKind,
    /// How often.
    pub count: u64,
    /// Where first.
    pub first: Place,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (first: {})", self.kind.text, self.count, self.first)
    }
}

/// The notes of all readers that were opened with it ([`ReadOptions::notes`](crate::ReadOptions::notes)); clones share them. A file that
/// is read twice is counted once.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<(PathBuf, Note)>>>);

impl Notes {
    /// One note for each kind, in the order in which they were first met.
    pub fn list(&self) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        for (_, note) in self.lock().iter() {
            match notes.iter_mut().find(|known| known.kind == note.kind) {
                Some(known) => known.count += note.count,
                None => notes.push(note.clone()),
            }
        }
        notes
    }

    /// Whether nothing was left out or repaired.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(PathBuf, Note)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that one reading of a file has met a kind `note.count` times so far. Of several readings the one with the most counts.
    fn raise(&self, file: &Path, note: &Note) {
        let mut notes = self.lock();
        match notes.iter_mut().find(|(known, earlier)| known == file && earlier.kind == note.kind) {
            Some((_, earlier)) => earlier.count = earlier.count.max(note.count),
            None => notes.push((file.to_owned(), note.clone())),
        }
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}

/// The notes of one reading of a file.
#[derive(Default)]
pub(crate) struct Notebook {
    file: PathBuf,
    strict: bool,
    own: Mutex<Vec<Note>>,
    shared: Notes,
}

impl Notebook {
    pub(crate) fn new(file: &Path, strict: bool, shared: &Notes) -> Self {
        Notebook { file: file.to_owned(), strict, own: Mutex::default(), shared: shared.clone() }
    }

    /// Notes that something was met `count` times; `at` makes an error of the place. 0 times is nothing.
    ///
    /// # Errors
    /// Where the options say strict.
    pub(crate) fn note(
        &self,
        kind: NoteKind,
        count: u64,
        at: impl FnOnce(ErrorKind) -> Error,
    ) -> crate::error::Result<()> {
        if count == 0 {
            return Ok(());
        }
        if self.strict {
            return Err(at(ErrorKind::Strict { what: kind.text }));
        }
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let note = match own.iter().position(|note| note.kind == kind) {
            Some(known) => &mut own[known],
            None => {
                own.push(Note { kind, count: 0, first: Place::of(&at(ErrorKind::Strict { what: kind.text })) });
                let last = own.len() - 1;
                &mut own[last]
            }
        };
        note.count += count;
        self.shared.raise(&self.file, note);
        Ok(())
    }

    /// The file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// What was noted so far.
    pub(crate) fn list(&self) -> Vec<Note> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What was left out of one record, by code that does not know the record's place.
#[derive(Debug, Default)]
pub(crate) struct LeftOut(Vec<(NoteKind, u64)>);

impl LeftOut {
    /// One thing more.
    pub(crate) fn add(&mut self, kind: NoteKind) {
        self.add_many(kind, 1);
    }

    /// So many things more.
    pub(crate) fn add_many(&mut self, kind: NoteKind, count: usize) {
        match self.0.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, known)) => *known += count as u64,
            None if count > 0 => self.0.push((kind, count as u64)),
            None => {}
        }
    }

    /// Kinds and counts, in the order in which they were met.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (NoteKind, u64)> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELATIONS: NoteKind = NoteKind::new("relations", "relations (left out)");

    fn at(line: u64) -> impl FnOnce(ErrorKind) -> Error {
        move |kind| Error::at_line(Path::new("a.ann"), line, kind)
    }

    #[test]
    fn kinds_are_counted_with_their_first_place() {
        let notes = Notes::default();
        let book = Notebook::new(Path::new("a.ann"), false, &notes);
        book.note(RELATIONS, 0, at(1)).unwrap();
        assert!(notes.is_empty());
        book.note(RELATIONS, 2, at(3)).unwrap();
        book.note(REPAIRED_TAGS, 1, at(4)).unwrap();
        book.note(RELATIONS, 1, at(5)).unwrap();
        let list = notes.list();
        assert_eq!(list, book.list());
        assert_eq!(list[0].to_string(), "relations (left out): 3 (first: a.ann, line 3)");
        assert_eq!(list[1].kind, REPAIRED_TAGS);
        let json = r#"{"kind":"relations","what":"relations (left out)","count":3,"first":{"file":"a.ann","line":3}}"#;
        assert_eq!(serde_json::to_string(&list[0]).unwrap(), json);
    }

    #[test]
    fn a_second_reading_counts_once_and_another_file_counts() {
        let notes = Notes::default();
        for file in ["a.ann", "a.ann", "b.ann"] {
            let book = Notebook::new(Path::new(file), false, &notes);
            book.note(RELATIONS, 2, at(1)).unwrap();
        }
        assert_eq!(notes.list()[0].count, 4);
    }

    #[test]
    fn strict_is_an_error_at_the_place() {
        let notes = Notes::default();
        let book = Notebook::new(Path::new("a.ann"), true, &notes);
        let error = book.note(RELATIONS, 1, at(7)).unwrap_err();
        assert_eq!(error.line(), Some(7));
        assert!(error.to_string().contains("relations"));
        assert!(notes.is_empty());
    }
}
