//! What every reader offers.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::notes::{LeftOut, NoteKind, Notebook, REPAIRED_TAGS};
use crate::{Note, ReadOptions};

/// Reads items one by one; memory follows the item, not the file. Ends after the first error.
pub struct Reader<T> {
    items: Box<dyn Iterator<Item = Result<T>> + Send>,
    status: Arc<Status>,
    /// Whether an item was given.
    given: bool,
    failed: bool,
}

impl<T> Reader<T> {
    pub(crate) fn new(items: impl Iterator<Item = Result<T>> + Send + 'static, status: &Arc<Status>) -> Self {
        Reader { items: Box::new(items), status: Arc::clone(status), given: false, failed: false }
    }

    /// Bytes read from the file so far, as they lie on the disk. For progress.
    pub fn bytes_read(&self) -> u64 {
        self.status.bytes_read()
    }

    /// Line at which the item given last begins (in Parquet its row), counted from 1; `None` where the format does not tell.
    pub fn line(&self) -> Option<u64> {
        self.status.line()
    }

    /// The file of which the item given last is one, where a folder is read.
    pub fn part(&self) -> Option<Arc<Path>> {
        self.status.part()
    }

    /// What was left out or repaired so far, by kind.
    pub fn notes(&self) -> Vec<Note> {
        self.status.notes()
    }

    /// Tags so far that broke the rules of their scheme and were read as `conlleval` reads them; also a note.
    pub fn repaired(&self) -> u64 {
        let repaired = |note: &Note| (note.kind == REPAIRED_TAGS).then_some(note.count);
        self.status.notes().iter().find_map(repaired).unwrap_or_default()
    }
}

impl<T> Reader<T> {
    pub(crate) fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }
}

impl<T> Iterator for Reader<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        if self.failed {
            return None;
        }
        let item = self.items.next().or_else(|| self.status.check_read(self.given).err().map(Err));
        self.given = true;
        self.failed = matches!(item, Some(Err(_)));
        item
    }
}

/// What a reader counts while it reads.
#[derive(Default)]
pub(crate) struct Status {
    bytes: AtomicU64,
    line: AtomicU64,
    /// The file of the folder that is read.
    part: Mutex<Option<Arc<Path>>>,
    /// Whether the file holds something that its reader should have made items of.
    has_text: AtomicBool,
    notebook: Notebook,
    /// What may be read at once.
    pub(crate) limits: Limits,
}

impl Status {
    /// Of a file that is read with these options.
    pub(crate) fn new(path: &Path, options: &ReadOptions) -> Arc<Status> {
        Arc::new(Status {
            notebook: Notebook::new(path, options.strict, &options.notes),
            limits: options.limits(),
            ..Status::default()
        })
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Says at which line the item begins that is given next.
    pub(crate) fn set_line(&self, line: u64) {
        self.line.store(line, Ordering::Relaxed);
    }

    /// The line at which the item begins that was given last, where the reader says it.
    pub(crate) fn line(&self) -> Option<u64> {
        Some(self.line.load(Ordering::Relaxed)).filter(|&line| line > 0)
    }

    /// Says of which file of a folder the item is that is given next.
    pub(crate) fn set_part(&self, part: &Arc<Path>) {
        *self.part.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(part));
    }

    /// The file of a folder of which the item is one that was given last.
    pub(crate) fn part(&self) -> Option<Arc<Path>> {
        self.part.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn add_bytes(&self, count: usize) {
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Looks at bytes of the file, decompressed.
    pub(crate) fn look(&self, bytes: &[u8]) {
        const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
        if !self.has_text.load(Ordering::Relaxed)
            && bytes.iter().any(|byte| !byte.is_ascii_whitespace() && !MARK.contains(byte))
        {
            self.has_text.store(true, Ordering::Relaxed);
        }
    }

    /// Says that the file holds nothing, and says so itself: an empty list.
    pub(crate) fn set_empty(&self) {
        self.has_text.store(false, Ordering::Relaxed);
    }

    /// Checks at the end of a file that it gave an item, where it has text.
    ///
    /// # Errors
    /// [`ErrorKind::NothingRead`]; [`ErrorKind::AllLeftOut`] where notes say why.
    pub(crate) fn check_read(&self, given: bool) -> Result<()> {
        match given || !self.has_text.load(Ordering::Relaxed) {
            true => Ok(()),
            false => {
                let kind = if self.notes().is_empty() { ErrorKind::NothingRead } else { ErrorKind::AllLeftOut };
                Err(Error::in_file(self.notebook.file(), kind))
            }
        }
    }

    /// Notes that something was left out or repaired `count` times. `at` makes an error of its place, the same one that a fault
    /// there would be: `|kind| Error::at_line(file, line, kind).in_record(id)`.
    ///
    /// # Errors
    /// That error, where the options say strict.
    pub(crate) fn note(&self, kind: NoteKind, count: usize, at: impl FnOnce(ErrorKind) -> Error) -> Result<()> {
        self.notebook.note(kind, count as u64, at)
    }

    /// Notes all that was left out of a record.
    ///
    /// # Errors
    /// As [`note`](Self::note).
    pub(crate) fn note_all(&self, left_out: &LeftOut, at: impl Fn(ErrorKind) -> Error) -> Result<()> {
        left_out.iter().try_for_each(|(kind, count)| self.notebook.note(kind, count, &at))
    }

    /// What was noted so far.
    pub(crate) fn notes(&self) -> Vec<Note> {
        self.notebook.list()
    }
}
