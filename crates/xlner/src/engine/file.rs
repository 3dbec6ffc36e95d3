//! Files as pairs, one by one and side by side.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xlner_core::{Pair, Sentence};
use xlner_formats::{
    AlignmentReader, PairReader, ReadOptions, Records, SentenceReader, Side, read_alignments, read_pairs, read_records,
    read_sentences,
};

use crate::{Error, Result};

/// Something that is read item by item.
pub(crate) trait Items {
    /// What is read.
    type Item;

    /// The next item; `None` at the end.
    fn next(&mut self) -> Result<Option<Self::Item>>;

    /// The file.
    fn path(&self) -> &Path;

    /// Items read so far.
    fn count(&self) -> u64;

    /// What an item is called.
    fn noun(&self) -> &'static str;
}

/// Where an item stands: the file of a folder, where one is read, and the line, where the format tells it.
pub(crate) type At = (Option<Arc<Path>>, Option<u64>);

/// Files of which item n of one belongs to item n of every other.
pub(crate) struct Parallel<F> {
    /// The files.
    pub files: Vec<F>,
}

impl<F: Items> Parallel<F> {
    /// The next item of every file; `None` where all end.
    ///
    /// # Errors
    /// [`Error::UnequalFiles`] where some end and others do not; says how many items they hold.
    pub fn next(&mut self) -> Result<Option<Vec<F::Item>>> {
        let items = self.files.iter_mut().map(F::next).collect::<Result<Vec<_>>>()?;
        if items.is_empty() {
            return Ok(None);
        }
        match items.iter().position(|item| item.is_some() != items[0].is_some()) {
            Some(other) => Err(self.unequal(other)),
            None => Ok(items.into_iter().collect()),
        }
    }

    /// The error for the first file and another of a different length, all of which is read to count it.
    fn unequal(&mut self, other: usize) -> Error {
        let mut counted = |at: usize| {
            let file = &mut self.files[at];
            while let Ok(Some(_)) = file.next() {}
            (file.path().to_owned(), counted(file.count(), file.noun()))
        };
        let ((first, first_count), (second, second_count)) = (counted(0), counted(other));
        Error::UnequalFiles { first, first_count, second, second_count }
    }
}

/// A number of things, in words.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A file whose items are pairs, or parts of pairs: a sentence alone is one side, an alignment alone a pair without sentences.
pub(crate) struct File {
    path: PathBuf,
    reader: Reader,
    count: u64,
}

enum Reader {
    Pairs(PairReader),
    Sentences(SentenceReader, Side),
    Links(AlignmentReader),
}

/// What the items of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Pairs,
    Sentences(Side),
    Links,
}

impl File {
    /// A file of pairs.
    pub fn pairs(path: &Path, options: &ReadOptions) -> Result<File> {
        Ok(File::new(path, Reader::Pairs(read_pairs(path, options)?)))
    }

    /// A file of sentences, which become that side of pairs.
    pub fn sentences(path: &Path, options: &ReadOptions, side: Side) -> Result<File> {
        Ok(File::new(path, Reader::Sentences(read_sentences(path, options)?, side)))
    }

    /// A file of alignments.
    pub fn links(path: &Path, options: &ReadOptions) -> Result<File> {
        Ok(File::new(path, Reader::Links(read_alignments(path, options)?)))
    }

    /// Whatever the file holds; sentences become that side of pairs.
    pub fn any(path: &Path, options: &ReadOptions, side: Side) -> Result<File> {
        let reader = match read_records(path, options)? {
            Records::Sentences(reader) => Reader::Sentences(reader, side),
            Records::Pairs(reader) => Reader::Pairs(reader),
            Records::Alignments(reader) => Reader::Links(reader),
        };
        Ok(File::new(path, reader))
    }

    /// A file of pairs or of sentences, which become that side of pairs.
    ///
    /// # Errors
    /// [`Error::Place`] for a file of alignments.
    pub fn records(path: &Path, options: &ReadOptions, side: Side) -> Result<File> {
        let file = File::any(path, options, side)?;
        match file.reader {
            Reader::Links(_) => Err(Error::of_file(
                path,
                "alignments hold no sentences; give sentences or pairs (option `from_format`)",
            )),
            _ => Ok(file),
        }
    }

    fn new(path: &Path, reader: Reader) -> File {
        File { path: path.to_owned(), reader, count: 0 }
    }

    /// What the items are.
    pub fn holds(&self) -> Holds {
        match self.reader {
            Reader::Pairs(_) => Holds::Pairs,
            Reader::Sentences(_, side) => Holds::Sentences(side),
            Reader::Links(_) => Holds::Links,
        }
    }

    /// Bytes read so far, as they lie on the disk.
    pub fn bytes_read(&self) -> u64 {
        match &self.reader {
            Reader::Pairs(reader) => reader.bytes_read(),
            Reader::Sentences(reader, _) => reader.bytes_read(),
            Reader::Links(reader) => reader.bytes_read(),
        }
    }

    /// Where the item read last stands.
    pub fn place(&self) -> At {
        match &self.reader {
            Reader::Pairs(reader) => (reader.part(), reader.line()),
            Reader::Sentences(reader, _) => (reader.part(), reader.line()),
            Reader::Links(reader) => (reader.part(), reader.line()),
        }
    }

    /// Tags so far that were read with repairs.
    pub fn repaired(&self) -> u64 {
        match &self.reader {
            Reader::Pairs(reader) => reader.repaired(),
            Reader::Sentences(reader, _) => reader.repaired(),
            Reader::Links(_) => 0,
        }
    }
}

impl Items for File {
    type Item = Pair;

    fn next(&mut self) -> Result<Option<Pair>> {
        let pair = match &mut self.reader {
            Reader::Pairs(reader) => reader.next().transpose()?,
            Reader::Sentences(reader, side) => reader.next().transpose()?.map(|sentence| alone(sentence, *side)),
            Reader::Links(reader) => {
                let links = reader.next().transpose()?;
                links.map(|links| Pair { alignment: Some(links.into()), ..Pair::default() })
            }
        };
        self.count += u64::from(pair.is_some());
        Ok(pair)
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn noun(&self) -> &'static str {
        match self.reader {
            Reader::Pairs(_) => "pair",
            Reader::Sentences(..) => "sentence",
            Reader::Links(_) => "alignment",
        }
    }
}

/// A sentence as a side of a pair, which takes its id.
fn alone(sentence: Sentence, side: Side) -> Pair {
    let id = sentence.extra.get("id").cloned().unwrap_or_default();
    let mut pair = match side {
        Side::Source => Pair { source: sentence, ..Pair::default() },
        Side::Target => Pair { target: sentence, ..Pair::default() },
    };
    // What is neither text nor number stays with its sentence alone.
    pair.set_id(&id).unwrap_or_default();
    pair
}
