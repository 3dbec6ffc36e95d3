//! How a file is to be read or written.

use std::fmt;
use std::str::FromStr;

use xlner_core::tags::Scheme;

use crate::error::{Error, Result};
use crate::notes::Notebook;
use crate::{Format, NoteKind, Notes, Place};

/// How a file is to be read; by default everything is found by looking.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format; `None`: from the name.
    pub format: Option<Format>,
    /// The tag scheme; `None`: found by looking at the first [`PREFIX`](crate::PREFIX) bytes of the file.
    pub scheme: Option<Scheme>,
    /// The column of the tokens (column formats); in JSON rows the field.
    pub token_column: Option<Column>,
    /// The column of the tags (column formats, the key in MISC of CoNLL-U); in JSON rows the field.
    pub tag_column: Option<Column>,
    /// Tokens are wanted and tags are not: a column file needs none, and none is read.
    pub no_tags: bool,
    /// The tags that tag ids stand for, in order (Hugging Face rows).
    pub labels: Option<Vec<String>>,
    /// Links count tokens from 1 (Pharaoh; NAACL always does).
    pub one_based: bool,
    /// Language of sentences that do not name one.
    pub lang: Option<String>,
    /// Language of the target side of pairs that do not name one; `lang` is the source side's.
    pub target_lang: Option<String>,
    /// Which sentence of a pair to read where sentences are asked for and the file holds pairs.
    pub side: Option<Side>,
    /// Texts without tokens are tokenised already: spaces and tabs separate the tokens.
    pub tokenized: bool,
    /// Tokens that a sentence may have; more are an error. `None`: [`MAX_SENTENCE_TOKENS`](crate::MAX_SENTENCE_TOKENS). In a text that is
    /// not tokenised words and marks count, and at least one for 64 bytes.
    pub max_sentence_tokens: Option<usize>,
    /// A document that names its sentences stays one sentence (spaCy).
    pub whole_documents: bool,
    /// What would be left out or repaired is an error.
    pub strict: bool,
    /// What was left out or repaired by the readers that were opened with these options, or with clones of them.
    pub notes: Notes,
}

impl ReadOptions {
    /// Notes something about a file that shows only when all of it is read, as readers note what they leave out: `count`
    /// times, first at `first`. 0 times is nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Strict`](crate::ErrorKind::Strict) where the options say strict.
    pub fn note(&self, kind: NoteKind, count: u64, first: &Place) -> Result<()> {
        Notebook::new(&first.file, self.strict, &self.notes).note(kind, count, |kind| Error::at_place(first, kind))
    }
}

/// How a file is to be written.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// The format; `None`: from the name.
    pub format: Option<Format>,
    /// The tag scheme; `None` is IOB2.
    pub scheme: Option<Scheme>,
    /// Plain lines and bitext get the tokens separated by spaces instead of the text.
    pub tokenized: bool,
    /// Links get their probabilities, `i-j:p` (Pharaoh), and as confidence (NAACL).
    pub probabilities: bool,
    /// Links count tokens from 1 (Pharaoh; NAACL always does).
    pub one_based: bool,
    /// Language for formats that name one (PAN-X), where the sentence has none.
    pub lang: Option<String>,
    /// Hugging Face rows get ids into this list instead of tags.
    pub labels: Option<Vec<String>>,
}

impl WriteOptions {
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme.unwrap_or(Scheme::Iob2)
    }
}

/// A column, by name or place.
///
/// From text: `3` is the third, `-1` the last, anything else a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// Counted from 1.
    Place(usize),
    /// Counted from the end, the last is 1.
    FromEnd(usize),
    /// As the header, `# global.columns` or CoNLL-U names it.
    Name(String),
}

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.parse::<i64>() {
            Ok(0) => Err("columns count from 1 (-1 is the last)".into()),
            Ok(place @ 1..) => Ok(Column::Place(place as usize)),
            Ok(place) => Ok(Column::FromEnd(place.unsigned_abs() as usize)),
            Err(_) => Ok(Column::Name(text.to_owned())),
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Column::Place(place) => write!(f, "{place}"),
            Column::FromEnd(place) => write!(f, "-{place}"),
            Column::Name(name) => f.write_str(name),
        }
    }
}

/// A side of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The sentence with known entities.
    Source,
    /// Its translation.
    Target,
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "source" => Ok(Side::Source),
            "target" => Ok(Side::Target),
            _ => Err("a side is `source` or `target`".into()),
        }
    }
}
